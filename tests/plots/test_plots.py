"""Figures are checked for what they say: bars as long as their numbers, signs beside colours, nothing global."""

import sys

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from scnlib import plots
from scnlib.plots.style import as_pictures
from tests.plots.reading import texts
from tests.plots.test_results import forest, ledger, swept

EPOCHS = np.arange(1, 4)


def example_figures():
    images = np.random.default_rng(0).integers(0, 255, (6, 3, 8, 8), dtype=np.uint8)
    curve = pd.DataFrame({"epoch": EPOCHS, "train_loss": [2.0, 1.5, 1.0], "test_accuracy": [0.2, 0.4, 0.5]})
    fitted = curve.assign(right=[0.2, 0.5, 0.9], memorised=[0.1, 0.1, 0.5], seen_through=0.4, test=[0.2, 0.4, 0.3])
    flow = pd.DataFrame({"epoch": EPOCHS, "cured": [0, 5, 7], "harmed": [0, 6, 9], "other": [0, 1, 1]})
    flow = flow.assign(precision=[np.nan, 0.4, 0.4], given_right=[np.nan, 0.5, 0.5], recall=[0, 0.1, 0.2])
    results = pd.DataFrame({"method": ["baseline", "SCN"] * 2, "noise_rate": [0, 0, 0.3, 0.3]})
    results["accuracy"] = [80, 81, 70, 60]
    alpha, wrong = np.linspace(0, 1, 20), np.arange(20) < 5
    counts, names = np.array([[8, 2], [3, 7]]), ["a", "b"]
    marks = ["wrong", "right", "relabelled", "cured", "harmed", ""]
    clean = fitted.assign(memorised=np.nan)
    return {
        "face_grid": plots.face_grid(images, list("abcdef"), marks, columns=3),
        "uncertainty_ladder": plots.uncertainty_ladder(images, list("abcdef"), steps=["easy", "so", "hard"]),
        "lowest_alpha_faces": plots.lowest_alpha_faces(images, np.arange(6) / 6, list("abcdef"), count=2),
        "alpha_rows": plots.alpha_rows(images[:2], [("original", names, [0.2, 0.9], ["", "wrong"])]),
        "class_counts": plots.class_counts({"all": {"a": 10, "b": 4}, "wrong": {"a": 3, "b": 1}}),
        "transition_matrix": plots.transition_matrix(counts, names, names),
        "confusion_matrix": plots.confusion_matrix(counts, names),
        "commonest_mistake": plots.commonest_mistake(counts, names, names),
        "training_curves": plots.training_curves({"one": curve, "two": curve}),
        "memorisation_curves": plots.memorisation_curves({"clean": clean, "noisy": fitted}, chance=0.1),
        "label_accuracy_curves": plots.label_accuracy_curves({"SCN": (EPOCHS, [0.7, 0.6, 0.5])}, 0.7),
        "relabel_flow": plots.relabel_flow(flow),
        "alpha_histogram": plots.alpha_histogram(alpha, wrong),
        "alpha_over_epochs": plots.alpha_over_epochs(EPOCHS, np.stack([alpha] * 3), wrong),
        "alpha_ridge": plots.alpha_ridge(EPOCHS, np.stack([alpha] * 3), wrong, title="α"),
        "by_bins": plots.by_bins(np.arange(20), alpha, quantity_name="blur", title="α"),
        "sweep": plots.sweep({"β": swept(), "γ": swept()}, defaults={"γ": 0.7}, title="two options", note="n"),
        "effects": plots.effects(forest(), title="gains", note="n"),
        "claims_ledger": plots.claims_ledger(ledger(), note="n"),
        "claims_ledger of one dataset": plots.claims_ledger(ledger().iloc[:2]),
        "results_bars": plots.results_bars(results, results.iloc[2:]),
        "scn_diagram": plots.scn_diagram(),
    }  # fmt: skip


FIGURES = example_figures()


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    figure = FIGURES[name]
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.x0 >= -0.02 and drawn.y0 >= -0.02, drawn
    assert drawn.x1 <= width + 0.02 and drawn.y1 <= height + 0.02, drawn


def test_a_long_note_is_broken_into_lines():
    figure = plots.class_counts({"all": {"a": 1}}, note="said at length " * 20)
    figure.draw_without_rendering()
    assert figure.get_tightbbox().x1 <= figure.get_size_inches()[0] + 0.02


def test_drawing_leaves_no_trace_in_the_readers_settings():
    before = dict(matplotlib.rcParams)
    plots.class_counts({"all": {"a": 1}})
    assert dict(matplotlib.rcParams) == before


def test_pyplot_is_not_needed():
    import subprocess

    code = "import sys, scnlib.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_wrong_labels_there_is_no_auroc():
    assert "no wrong labels" in texts(plots.alpha_histogram(np.array([0.1, 0.2]), np.array([False, False])))


def test_a_histogram_tells_its_auroc_and_its_counts():
    said = texts(FIGURES["alpha_histogram"])
    assert "AUROC 1.00" in said  # all wrong labels have the lowest alpha
    assert "right labels (n = 15)" in said and "wrong labels (n = 5)" in said


def test_a_matrix_shows_shares_of_rows_and_their_counts():
    said = texts(plots.transition_matrix(np.array([[8, 2], [0, 0]]), ["a", "b"], ["a", "b"]))
    assert "80" in said and "20" in said and "n = 10" in said and "n = 0" in said and "nan" not in said


def test_the_commonest_mistake_ignores_the_right_answers():
    said = texts(plots.commonest_mistake(np.array([[90, 6, 4], [0, 10, 0]]), ["a", "b"], ["a", "b", "c"]))
    assert "a → b" in said and "60 % of 10" in said and "b →" not in said
    assert "if mistakes were uniform: 50 %" in said


def test_the_commonest_mistake_stands_beside_what_sinks_explain():
    null = pd.DataFrame({"true": ["a"], "expected": [0.3], "excess": [0.3], "low": [-0.1], "high": [0.6]})
    figure = plots.commonest_mistake(np.array([[90, 6, 4], [5, 10, 0]]), ["a", "b"], ["a", "b", "c"], expected=null)
    (diamonds,) = [line for line in figure.axes[0].lines if line.get_marker() == "D"]
    assert list(diamonds.get_xdata()) == [0.3] and list(diamonds.get_ydata()) == [0]  # a → b has the smaller share
    assert [0.2, 0.9] in [pytest.approx(list(line.get_xdata())) for line in figure.axes[0].lines]
    assert "60 % of 10:  +30 [−10, +60]" in texts(figure) and "100 % of 5" in texts(figure)


def test_the_diagram_draws_labels_and_their_way_back():
    said = texts(FIGURES["scn_diagram"])
    for words in ("labels", "cross-entropy", "rank regularisation", "relabel", "from the next epoch on", "low group"):
        assert words in said
    assert said.count(" | y | ") >= 2, "y enters the loss and the relabelling"


def test_the_diagrams_bars_are_the_same_alphas_ranked():
    heights = [bar.get_height() for bar in FIGURES["scn_diagram"].axes[0].patches if hasattr(bar, "get_height")]
    bars = np.array([height for height in heights if height != 8.6])[-20:]
    assert bars[10:] / bars[10] == pytest.approx(sorted(bars[:10] / bars[:10].max(), reverse=True))


def test_kinds_of_uncertainty_are_in_no_order():
    assert not FIGURES["uncertainty_ladder"].findobj(matplotlib.patches.FancyArrowPatch)


def test_bars_are_as_long_as_their_numbers():
    figure = plots.results_bars(
        pd.DataFrame({"method": ["m"] * 2, "noise_rate": [0.3] * 2, "accuracy": [60, 70]}), low=0
    )
    (bar,) = [patch for patch in figure.axes[0].patches if patch.get_height()]
    assert bar.get_height() == 65
    assert "65.0" in texts(figure) and "30 % wrong labels" in texts(figure)


def test_published_numbers_are_open_markers():
    markers = [line for line in FIGURES["results_bars"].axes[0].lines if line.get_marker() == "D"]
    assert sorted(y for line in markers for y in line.get_ydata()) == [60, 70]
    assert all(line.get_markerfacecolor() == "white" for line in markers)


def test_cut_axes_say_so():
    assert "axis begins at" in texts(FIGURES["results_bars"])


def test_lines_differ_in_more_than_colour():
    lines = FIGURES["training_curves"].axes[0].lines
    assert len({line.get_linestyle() for line in lines}) == len({line.get_marker() for line in lines}) == 2


def test_marks_carry_a_sign():
    said = texts(FIGURES["face_grid"])
    assert "✗" in said and "✓" in said and "→" in said


def test_the_lowest_alpha_comes_first():
    said = texts(FIGURES["lowest_alpha_faces"]).split(" | ")
    captions = [word for word in said if "α 0" in word]
    assert captions == ["a\nα 0.00", "b\nα 0.17", "f\nα 0.83", "e\nα 0.67"]


@pytest.mark.parametrize("shape", [(2, 1, 5, 6), (2, 5, 6, 1), (2, 3, 5, 6), (2, 5, 6, 3)])
def test_images_of_any_kind_become_rgb(shape):
    assert as_pictures(np.zeros(shape)).shape == (2, 5, 6, 3)
    assert as_pictures(np.ones(shape)).max() == 255


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"got \(2, 5, 6\)"):
        as_pictures(np.zeros((2, 5, 6)))
    with pytest.raises(ValueError, match="1 captions for 2 images"):
        plots.face_grid(np.zeros((2, 3, 4, 4)), ["a"])
    with pytest.raises(ValueError, match="unknown mark 'bad'"):
        plots.face_grid(np.zeros((1, 3, 4, 4)), marks=["bad"])
    with pytest.raises(ValueError, match="run 'x' has no column 'train_loss'"):
        plots.training_curves({"x": pd.DataFrame({"epoch": [1]})})
