"""Faces that were cut out before, with detectors whose answer is known."""

import numpy as np
import pytest
import torch

from scnlib.datasets import tight_crops
from scnlib.datasets.face_detection import Found
from scnlib.datasets.face_geometry import template

POINTS = template(40)[None].expand(3, -1, -1)


def test_errors_are_counted_in_eye_distances():
    nobody = Found(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2))
    apart = float((POINTS[0, 1] - POINTS[0, 0]).norm())
    off = Found(torch.zeros(1, 4), torch.ones(1), POINTS[:1] + torch.tensor([apart / 2, 0.0]))
    errors = tight_crops.point_errors([nobody, off], POINTS[:2])
    assert np.isnan(errors[0]) and errors[1] == pytest.approx(0.5)


class Sees:
    """Stands in for a detector: finds a face wherever a picture is wide."""

    def find(self, images):
        wide = images.shape[3] > 40
        one = Found(torch.zeros(1, 4), torch.ones(1), POINTS[:1] + (images.shape[3] - 40) / 2)
        return [one if wide else Found(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 5, 2))] * len(images)


def test_tight_crops_compares_in_the_coordinates_of_the_crop():
    table = tight_crops.compared(torch.zeros(3, 1, 40, 40, dtype=torch.uint8), POINTS, Sees())
    assert list(table["found"]) == [0, 1, 1, 1, 1, 1]
    assert table["error"].isna().tolist() == [True] + 5 * [False]
    assert table["error"].max() < 1e-5
    assert tight_crops.compared(torch.zeros(3, 1, 40, 40, dtype=torch.uint8), None, Sees())["error"].isna().all()
