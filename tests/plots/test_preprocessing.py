"""Boxes and points are drawn where they are."""

import io

import numpy as np
import torch

from scnlib import plots

IMAGES = torch.zeros(3, 3, 20, 30, dtype=torch.uint8)
BOXES = [torch.tensor([[1.0, 2.0, 11.0, 14.0]]), torch.zeros(0, 4), torch.tensor([[0.0, 0.0, 5.0, 5.0]] * 2)]
POINTS = [torch.arange(10.0).view(1, 5, 2), torch.zeros(0, 5, 2), torch.ones(2, 5, 2)]


def test_found_faces():
    figure = plots.found_faces(IMAGES, BOXES, POINTS, POINTS, captions=["a", "b", "c"], columns=2, title="t", note="n")
    first, second, third, rest = figure.axes
    box = first.patches[-1]
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (1, 2, 10, 12)
    assert [len(axes.patches) for axes in (first, second, third)] == [2, 0, 4]
    marks = {line.get_marker(): line for line in first.lines}
    for sign in ("+", "o"):
        np.testing.assert_array_equal(marks[sign].get_xydata(), np.arange(10).reshape(5, 2))
    assert first.get_xlim() == (0, 30) and first.get_ylim() == (20, 0)
    assert first.get_xlabel() == "a" and not rest.axison
    figure.savefig(io.BytesIO(), format="png")


def test_found_faces_without_truth():
    figure = plots.found_faces(IMAGES[:1], BOXES[:1], POINTS[:1])
    assert {line.get_marker() for line in figure.axes[0].lines} == {"+"}
