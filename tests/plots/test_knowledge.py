"""Figures of what signals know, and of the appendix on paper and code."""

import numpy as np
import pandas as pd
import pytest

from scnlib import plots
from tests.plots.reading import all_inside, texts

KNOWN = pd.DataFrame(
    {
        "title": ["blur"] * 2 + ["covered"] * 2,
        "signal": ["alpha", "taught"] * 2,
        "knowledge": [-0.1, 0.4, 0.02, 0.9],
        "chance": [0.05, 0.05, 0.1, 0.1],
    }
)
MATRIX = pd.DataFrame({"alpha": [0.01, -0.2], "−loss of\ngiven label": [0.74, np.nan]}, index=["wrong label", "blur"])
CURVES = pd.DataFrame({"epoch": [1, 2, 3], "α": [0.5, 0.52, 0.49], "prediction ≠ given label": [0.5, 0.7, 0.6]})
METRICS = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "train_accuracy_current": [0.1, 0.3, 0.8],
        "train_accuracy_given": [0.1, 0.3, 0.35],
        "train_accuracy_true": [0.2, 0.4, 0.45],
        "label_accuracy": [0.7, 0.7, 0.5],
    }
)
GAINS = pd.DataFrame(
    [(s, d, n, g) for s in ("scratch", "pretrained") for d in ("A", "B") for n, g in ((10, 2.0), (20, 1.0), (30, 3.0))],
    columns=["scheme", "dataset", "noise", "gain"],
)
BONUS = pd.DataFrame({"label": ["SCN"] * 3 + ["baseline"], "group": "FER+", "bonus": [0.0, 0.5, 4.0, 1.0]})
FIGURES = {
    "dots": plots.knowledge_dots(KNOWN, title="Known", note="n = 9"),
    "dots without chance": plots.knowledge_dots(KNOWN.drop(columns="chance")),
    "matrix": plots.knowledge_matrix(MATRIX, title="Rivals", note="n = 9"),
    "curves": plots.auroc_curves({"short": CURVES, "long": CURVES}, title="Who tells?", note="n = 9"),
    "common class": plots.common_class_over_alpha(
        [0, 0.5, 1], {"scaled": [0.1, 0.2, 0.3]}, share=0.3, guess=0.1, note="n"
    ),
    "label kinds": plots.label_kinds(METRICS, relabelled_from=2, title="Kinds", note="n"),
    "bonus": plots.epoch_bonus(BONUS, title="Bonus", note="n"),
    "gains": plots.published_gains(GAINS, note="published"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    assert all_inside(FIGURES[name])


def test_dots_stand_where_the_table_says():
    (axes,) = FIGURES["dots"].axes
    dots = {line.get_label(): list(line.get_xdata()) for line in axes.lines if line.get_linestyle() == "None"}
    assert dots == {"alpha": [-0.1, 0.02], "taught": [0.4, 0.9]}
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(-0.05, 0.1), (-0.1, 0.2)]


def test_matrix_prints_each_number_and_a_dash_for_none():
    assert all(text in texts(FIGURES["matrix"]) for text in ("+0.01", "−0.20", "+0.74", "–"))


def test_curves_name_each_run_and_signal_once():
    text = texts(FIGURES["curves"])
    assert text.count("prediction ≠ given label") == 1 and "short" in text and "long" in text


def test_four_kinds_of_right_are_four_lines():
    (axes,) = FIGURES["label kinds"].axes
    drawn = [list(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 3]
    assert drawn == METRICS.drop(columns="epoch").T.to_numpy().tolist()


def test_each_run_is_a_dot_and_nothing_lies_below_zero():
    (axes,) = FIGURES["bonus"].axes
    assert [list(line.get_xdata()) for line in axes.lines] == [[0.0, 0.5, 4.0], [1.0]]
    assert "median 0.50, largest 4.00, n = 3" in texts(FIGURES["bonus"])
    with pytest.raises(ValueError, match="at least one run"):
        plots.epoch_bonus(BONUS.iloc[:0])


def test_falls_are_ringed():
    rings = [line for axes in FIGURES["gains"].axes for line in axes.lines if line.get_markersize() == 13]
    assert [list(ring.get_xdata()) for ring in rings] == [[20]] * 4


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match="needs a column 'knowledge'"):
        plots.knowledge_dots(KNOWN.drop(columns="knowledge"))
    with pytest.raises(ValueError, match="1 to 4 signals can be told apart, got 5"):
        plots.knowledge_dots(pd.concat([KNOWN.assign(signal=str(i)) for i in range(5)]))
    with pytest.raises(ValueError, match="at least one quantity"):
        plots.knowledge_matrix(MATRIX.iloc[:0])
    with pytest.raises(ValueError, match="at least one panel"):
        plots.auroc_curves({})
