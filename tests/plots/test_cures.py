"""Figures of relabelling say what their numbers say."""

import numpy as np
import pandas as pd
import pytest

from scnlib import plots
from tests.plots.reading import all_inside, texts

MARGINS = pd.DataFrame(
    {
        "margin": [0.0, 0.2, 0.4], "cured": [60, 40, 10], "other": [20, 5, 1], "harmed": [90, 10, 0],
        "precision": [0.35, 0.73, 0.91], "given_right": [0.53, 0.18, 0.0], "recall": [0.6, 0.4, 0.1],
        "gain": [-3.0, 3.0, 1.0], "interval": [1.0, 0.7, 0.3],
    }
)  # fmt: skip
DOCTOR = pd.DataFrame(
    {"epoch": [1, 2, 1, 2], "group": ["low"] * 2 + ["all"] * 2, "precision": [0.1, 0.2, 0.3, 0.6], "given_right": 0.5}
)
FATES = pd.DataFrame(
    {"epoch": [1, 2, 3], "kept": [0, 1, 2], "another": [0, 0, 1], "risen": [0, 3, 4], "unsure": [0, 2, 2]}
)
FLOW = {"cured": np.array([[0, 8], [1, 0]]), "harmed": np.array([[0, 4], [2, 0]]), "other": np.array([[0, 4], [0, 0]])}


def figures():
    return {
        "margin_sweep": plots.margin_sweep(MARGINS, title="a title", note="n = 3"),
        "margin_gains": plots.margin_gains({"all": MARGINS, "low": MARGINS}, title="a title", note="n = 3"),
        "doctor_over_epochs": plots.doctor_over_epochs(DOCTOR, note="n = 3"),
        "class_flow": plots.class_flow(FLOW, ["first", "second"], title="a title", note="n = 3"),
        "cure_fates": plots.cure_fates(FATES, title="a title", note="n = 3"),
    }


FIGURES = figures()


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    assert all_inside(FIGURES[name])


@pytest.mark.parametrize("name", FIGURES)
def test_title_and_note_are_there(name):
    assert "n = 3" in texts(FIGURES[name])
    assert "a title" in texts(FIGURES[name]) or name == "doctor_over_epochs", "its panels have titles"


def test_bars_are_as_long_as_the_counts():
    bars = plots.margin_sweep(MARGINS).axes[0].patches
    assert [bar.get_height() for bar in bars] == [60, 40, 10, 20, 5, 1, -90, -10, 0]
    assert [bar.get_y() for bar in bars[3:6]] == [60, 40, 10]


def test_gains_stand_beside_nobody_relabelled():
    axes = plots.margin_gains({"all": MARGINS}).axes[0]
    assert axes.lines[0].get_ydata()[0] == 0
    assert list(axes.lines[1].get_ydata()) == [-3, 3, 1]


def test_each_group_has_a_panel():
    assert [axes.get_title(loc="left") for axes in plots.doctor_over_epochs(DOCTOR).axes] == ["low", "all"]


def test_squares_are_cut_by_what_the_change_did():
    patches = plots.class_flow(FLOW, ["first", "second"]).axes[0].patches
    squares = [p for p in patches if p.get_height() > 0 and p.get_y() < 1]  # first row: 8 cured, 4 other, 4 harmed
    assert [round(p.get_width() / p.get_height(), 6) for p in squares] == [0.5, 0.25, 0.25]
    assert {p.get_hatch() for p in squares} == {"", "---", "///"}


def test_every_fate_is_counted_once():
    bars = plots.cure_fates(FATES).axes[0].patches
    assert sum(bar.get_height() for bar in bars) == 15
    assert "nobody" in texts(plots.cure_fates(FATES.assign(kept=0, another=0, risen=0, unsure=0)))


def test_a_margin_is_marked_where_it_stands_and_its_counts_are_shown():
    table = pd.DataFrame(
        {"margin": [0.0, 0.2, 0.4], "cured": [300, 200, 50], "harmed": [400, 100, 5], "other": [30, 20, 1],
         "precision": [0.4, 0.6, 0.9], "given_right": [0.5, 0.3, 0.1], "recall": [0.6, 0.4, 0.1],
         "gain": [-1.0, 1.0, 0.5], "interval": [0.5, 0.3, 0.1]}
    )  # fmt: skip
    figure = plots.margin_choice(table, 0.21)
    stars = [line.get_xydata()[0].tolist() for line in figure.axes[0].lines if line.get_marker() == "*"]
    assert stars == [[0.4, 0.6], [0.4, 0.3]]
    assert sorted(patch.get_width() for patch in figure.axes[1].patches) == [20, 100, 200]
    assert "δ₂ = 0.20: right labels +1.0 ± 0.3 points" in texts(figure)
    assert figure.axes[1].get_xlim() == plots.margin_choice(table, 0.4).axes[1].get_xlim(), "one scale for all margins"
