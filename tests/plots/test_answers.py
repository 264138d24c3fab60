"""Figures of a face beside an answer: bars and lines are the numbers that were given."""

import numpy as np
import pytest

from scnlib import plots
from tests.plots.reading import all_inside, texts

FACE = np.zeros((3, 48, 48), dtype=np.uint8)


def test_bars_are_the_probabilities_and_the_likeliest_is_named():
    figure = plots.face_and_answer(FACE, ["calm", "glad"], [0.3, 0.7], 0.9, note="one face")
    bars = figure.axes[1].patches
    assert [bar.get_width() for bar in bars] == [0.3, 0.7, 0.9]
    assert [bool(bar.get_hatch()) for bar in bars[:2]] == [False, True]
    assert "the network says: glad" in texts(figure) and "importance α" in texts(figure)
    assert all_inside(figure)


def test_a_method_without_importance_has_no_bar_for_it():
    figure = plots.face_and_answer(FACE, ["calm", "glad"], [0.3, 0.7])
    assert len(figure.axes[1].patches) == 2 and "α" not in texts(figure)


def test_a_mixture_marks_its_step_and_shows_its_face():
    images = np.stack([FACE, FACE + 100, FACE + 200])
    answers = {"calm": [0.9, 0.5, 0.1], "glad": [0.05, 0.4, 0.8]}
    figure = plots.mixture(images, [0, 0.5, 1], answers, 1)
    assert (figure.axes[0].images[0].get_array() == 100).all()
    assert "calm: 0.50" in texts(figure) and "glad: 0.40" in texts(figure)
    points = [line.get_xydata()[0] for line in figure.axes[1].lines if len(line.get_xydata()) == 1]
    assert points == [pytest.approx([0.5, 0.5]), pytest.approx([0.5, 0.4])]
