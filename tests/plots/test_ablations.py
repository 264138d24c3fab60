"""Figures of lessons 09 to 11: words inside, every seed drawn, the chosen setting ringed."""

import numpy as np
import pandas as pd
import pytest

from scnlib import plots
from tests.plots.reading import all_inside, texts

GAINS = pd.DataFrame(
    {"label": ["10 %"] * 3 + ["20 %", "30 %"], "seed": [0, 1, 2, 0, 0], "gain": [-1.0, 0.5, -2.0, -3.0, np.nan]}
)
CURVE = pd.DataFrame(
    {"value": [0.05, 0.1, 0.05], "series": ["baseline", "baseline", "SCN"], "mean": [60.0, 61.0, 50.0],
     "low": [59.0, np.nan, 49.0], "high": [61.0, np.nan, 51.0]}
)  # fmt: skip
FIGURES = {
    "seeds": plots.seed_gains(GAINS, {"10 %": 8.8}, title="Gains", note="n = 3"),
    "nothing": plots.seed_gains(GAINS.iloc[4:]),
    "tuning": plots.tuning_curves({"noisy validation": CURVE, "test": CURVE}, chosen={"baseline": 0.1}, note="n"),
    "leads": plots.lucky_leads(np.linspace(0, 2, 101), {"the paper's": 1.0}, title="Luck"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    assert all_inside(FIGURES[name])


def test_every_seed_is_a_dot_and_what_was_not_measured_says_so():
    (axes,) = FIGURES["seeds"].axes
    dots = sorted(x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata())
    assert dots == [-3, -2, -1, 0.5]
    assert "not measured" in texts(FIGURES["seeds"]) and "published" in texts(FIGURES["seeds"])
    assert "published" not in texts(FIGURES["nothing"])


def test_the_chosen_value_wears_a_ring_in_each_panel():
    for axes in FIGURES["tuning"].axes:
        rings = [line for line in axes.lines if line.get_markersize() > 10 and len(line.get_xdata())]
        assert [(*line.get_xdata(), *line.get_ydata()) for line in rings] == [(0.1, 61.0)]


def test_the_long_bars_of_two_seeds_do_not_set_the_axis():
    table = CURVE.assign(low=-50.0, high=150.0)
    low, high = plots.tuning_curves({"test": table}).axes[0].get_ylim()
    assert 35 < low < 50 and 61 < high < 75


def test_a_lead_tells_how_often_luck_reaches_it():
    assert "the paper's: 1.00 (luck reaches it in 50.5 %)" in texts(FIGURES["leads"])
