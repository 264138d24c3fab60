"""Figures of the Label-noise Robust Network: words inside, and what was given is what is drawn."""

import numpy as np
import pytest

from scnlib import plots
from tests.plots.reading import all_inside, texts

GENERATOR = np.random.default_rng(0)
POINTS, CENTRES = GENERATOR.normal(size=(30, 2)), GENERATOR.normal(size=(4, 2))
NAMES = ("neutral", "happiness", "surprise")
MATRIX = np.array([[9.0, 0.2, 0.1], [0.0, 9.0, 0.3], [0.0, 0.0, 9.0]])
FIGURES = {
    "diagram": plots.lrn_diagram(),
    "diagram with faces": plots.lrn_diagram(np.zeros((4, 3, 48, 48), dtype=np.uint8)),
    "noise": plots.probabilities_over_noise([0.1, 1, 10], {"a": [0.9, 0.8, 0.5], "b": [0.1, 0.2, 0.5]}, note="n = 1"),
    "centres": plots.centre_moves({"with σ": ((POINTS, POINTS / 2), (CENTRES, CENTRES * 2), np.array([1.5, 6.0]))}),
    "maps": plots.class_maps({"first": MATRIX, "flat": np.zeros((3, 3))}, NAMES, note="n = 3"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_all_words_lie_inside_the_figure(name):
    assert all_inside(FIGURES[name])


def test_no_way_leads_from_the_labels_to_the_centres():
    (axes,) = FIGURES["diagram"].axes
    arrows = [patch for patch in axes.patches if hasattr(patch, "set_arrowstyle")]
    ends = [patch._posA_posB for patch in arrows]
    from_labels = [end for start, end in ends if start[1] > 50]
    assert from_labels == [(90.7, 47)]  # the top of L_cls
    assert "no label asked" in texts(FIGURES["diagram"])


def test_a_centre_is_joined_to_where_it_came_from():
    (axes,) = FIGURES["centres"].axes
    ways = [line.get_xydata() for line in axes.lines if len(line.get_xydata()) == 2]
    np.testing.assert_allclose(np.array(ways), np.stack([CENTRES, 2 * CENTRES], axis=1))
    assert "σ² from 1.50 to 6" in texts(FIGURES["centres"])


def test_maps_leave_the_diagonal_out_and_frame_the_largest_cell_of_a_row():
    first, flat = FIGURES["maps"].axes
    assert not any(text.get_text() == "9" for text in first.texts)
    frames = [line.get_xydata().mean(0)[:2].round(1).tolist() for line in first.lines]
    assert [[int(x), int(y)] for x, y in frames] == [[1, 0], [2, 1]]
    assert len(flat.lines) == 0
