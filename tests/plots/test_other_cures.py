"""Figures of the other cures say what their numbers say."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from scnlib import plots
from tests.plots.reading import all_inside, texts

P = np.linspace(0.05, 0.95, 19)
CURVES = pd.DataFrame({"cross-entropy": 1 - P, "other": P * (1 - P)}, index=pd.Index(P, name="p"))
GRID = np.linspace(0.05, 0.95, 10)
POINTS = np.random.default_rng(0).normal(size=(30, 2))
MATRIX = np.array([[0.75, 0.25], [0.0, 1.0]])
SCATTER = pd.DataFrame({"label": ["first", "second", "third"], "x": [1.0, 2.0, 1.5], "y": [-3.0, 4.0, 0.5]})
ATTENTION = np.array([[[1.0, -2.0], [0.5, 0.0]], [[0.1, 0.2], [0.3, -0.4]]])
FACES = np.zeros((2, 1, 8, 8), dtype=np.uint8)


def figures():
    said = {"title": "a title", "note": "n = 3"}
    weights = np.where(np.add.outer(GRID, GRID) <= 1, np.add.outer(GRID, 2 * GRID), np.nan)
    return {
        "label_pulls": plots.label_pulls(CURVES, **said),
        "share_bars": plots.share_bars({"one": 0.42, "two": 0.1}, reference=("the line", 0.3), **said),
        "density_curriculum": plots.density_curriculum(POINTS, np.arange(30) % 3, np.arange(30) < 9, **said),
        "schedules": plots.schedules({"all": [1, 1, 1], "fewer": [0.9, 0.8, 0.7]}, **said),
        "matrix_pair": plots.matrix_pair({"counted": MATRIX, "found": MATRIX}, ["aa", "bb"], **said),
        "weight_maps": plots.weight_maps({"early": weights, "late": weights / 2}, GRID, **said),
        "mirror_attention": plots.mirror_attention(FACES, ATTENTION, -ATTENTION, ["one\nface", "two"], **said),
        "method_scatter": plots.method_scatter(SCATTER, x="time", y="gain", lines=(1.0, 0.0), **said),
    }


FIGURES = figures()


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    assert all_inside(FIGURES[name])


@pytest.mark.parametrize("name", FIGURES)
def test_title_and_note_are_there(name):
    assert "a title" in texts(FIGURES[name]) and "n = 3" in texts(FIGURES[name])


def test_numbers_are_written_beside_their_marks():
    assert "42 %" in texts(FIGURES["share_bars"]) and "the line" in texts(FIGURES["share_bars"])
    assert "75" in texts(FIGURES["matrix_pair"]) and "100" in texts(FIGURES["matrix_pair"])
    assert "−2.0" in texts(FIGURES["mirror_attention"])
    assert "of 10" in texts(FIGURES["density_curriculum"])
    for name in SCATTER["label"]:
        assert name in texts(FIGURES["method_scatter"])


def test_lines_lie_where_the_numbers_say():
    lines = FIGURES["label_pulls"].axes[0].get_lines()
    drawn = {line.get_label(): line.get_ydata() for line in lines}
    np.testing.assert_allclose(drawn["cross-entropy"], 1 - P)
    (dots,) = [line for line in FIGURES["method_scatter"].axes[0].get_lines() if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(dots.get_ydata(), SCATTER["y"])


def test_names_lie_beside_their_dots_and_never_on_each_other():
    """Ten methods, two of them on one dot, three in a heap."""
    x = [1.0, 1.0, 0.8, 0.81, 0.8, 2.2, 1.7, 1.1, 0.7, 0.9]
    y = [-9.3, -9.3, -0.7, -0.8, -0.9, -6.0, -2.0, 0.3, 0.1, -12.0]
    table = pd.DataFrame({"label": [f"method {i} of ten" for i in range(10)], "x": x, "y": y})
    figure = plots.method_scatter(table, x="time", y="gain", lines=(1.0, 0.0))
    figure.draw_without_rendering()
    axes = figure.axes[0]
    names = [text for text in axes.texts if text.get_text().startswith("method")]
    boxes = [text.get_tightbbox() if text.arrow_patch is None else Text.get_window_extent(text) for text in names]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))
    far = [text.arrow_patch is not None for text in names]
    assert any(far) and all(led == (text.xyann[1] != 0) for text, led in zip(names, far, strict=True))
    assert max(abs(text.xyann[1]) for text in names) <= 27


def test_a_weight_map_has_a_colour_bar_and_no_numbers_on_its_lines():
    on_maps = [text.get_text() for axes in FIGURES["weight_maps"].axes for text in axes.texts]
    assert not any(character.isdigit() for text in on_maps for character in text)


def test_a_group_of_the_density_curriculum_may_be_empty():
    figure = plots.density_curriculum(POINTS, np.zeros(30, dtype=int), np.zeros(30, dtype=bool))
    assert "of 0" in texts(figure)


def test_eight_classes_fit_beside_each_other():
    names = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]
    figure = plots.matrix_pair({"counted: truth → label": np.eye(8), "estimated": np.eye(8)}, names, note="a note")
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert drawn.y1 <= height + 0.02 and drawn.y0 >= -0.02 and drawn.x1 <= width + 0.02
