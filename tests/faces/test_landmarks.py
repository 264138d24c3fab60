"""Landmarks, against the rendered pixels and against symmetry."""

import pytest
import torch

from scnlib.faces import Preset, landmarks, render, render_float, sample_latents
from scnlib.faces.action_units import COLUMN
from scnlib.faces.geometry import both_sides, cast_head, make_canvas, nose_tip

CALM = Preset((0.0, 0.0), 0.0, 0.0, 0.0, 0.0, distractors=0.0, jitter=0.0, asymmetry=0.0, pose=1.0)
FRONTAL = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "shift_x": 0.0, "shift_y": 0.0}
LEFT_EYE, RIGHT_EYE, NOSE, LEFT_CORNER, RIGHT_CORNER = range(5)


def faces(count=12, **fixed):
    return sample_latents(5, range(count), CALM, crop="loose", **fixed)


def centre_of_change(first, second, columns):
    """Centre of mass, in pixels, of the difference of two pictures, within some columns."""
    change = (first - second).abs().sum(dim=0)
    keep = torch.zeros_like(change)
    keep[:, columns] = 1
    change = change * keep
    place = torch.arange(len(change)) + 0.5
    return torch.stack([(change.sum(dim=0) * place).sum(), (change.sum(dim=1) * place).sum()]) / change.sum()


def test_the_eyes_are_where_the_irises_are():
    """Two renderings that differ in nothing but the colour of the irises differ at the irises."""
    size = 128
    # Wide eyes (AU5), so that no lid cuts the irises; the gaze that puts them in the middle of the eyes.
    units = torch.zeros(16)
    units[COLUMN[5]] = 1.3
    pinned = {"action_units": units, "gaze_x": 0.0, "gaze_y": 0.012, "glasses": 0.0, "fringe": 0.0}
    brown, blue = (faces(iris=iris, **pinned) for iris in (0.0, 1.0))
    points = landmarks(brown, size)
    pictures = [render_float(latents, size, supersample=1, degrade=False) for latents in (brown, blue)]
    for first, second, (left, right, *_) in zip(*pictures, points, strict=True):
        between = int((left[0] + right[0]) / 2)
        assert (centre_of_change(first, second, slice(0, between)) - left).norm() < 0.02 * size
        assert (centre_of_change(first, second, slice(between, size)) - right).norm() < 0.02 * size


def test_the_corners_of_the_mouth_are_where_the_lips_end():
    """Lipstick changes the lips only, below the eyes: its leftmost and rightmost pixels are the corners."""
    size = 160
    pinned = FRONTAL | {"beard": 0.0, "moustache": 0.0, "stubble": 0.0}
    bare, painted = (faces(makeup=makeup, **pinned) for makeup in (0.0, 1.0))
    points = landmarks(bare, size)
    pictures = [render_float(latents, size, supersample=1, degrade=False) for latents in (bare, painted)]
    for first, second, corners in zip(*pictures, points, strict=True):
        change = (first - second).abs().sum(dim=0)[int(corners[NOSE, 1]) :]
        columns = (change.amax(dim=0) > 0.02).nonzero()[:, 0]
        assert abs(columns[0] + 0.5 - corners[LEFT_CORNER, 0]) < 0.025 * size
        assert abs(columns[-1] + 0.5 - corners[RIGHT_CORNER, 0]) < 0.025 * size


def test_the_nose_is_where_the_ray_cast_meets_its_tip():
    """The projection from head to picture undoes the ray-cast from picture to head."""
    size = 200
    latents = faces()
    face = latents.as_fields()
    both = both_sides(face.action_units)
    head = cast_head(face, face, both, make_canvas(face, size))
    distance = head.u**2 + (head.v - nose_tip(face, both[9])) ** 2
    nearest = distance.flatten(1).argmin(dim=1)
    met = torch.stack([nearest % size, nearest // size], dim=1) + 0.5
    assert (met - landmarks(latents, size)[:, NOSE]).norm(dim=1).max() < 0.02 * size


def test_left_is_left_of_the_picture_and_the_mouth_is_below():
    points = landmarks(sample_latents(0, range(200), "hard"), 48)
    assert points.shape == (200, 5, 2)
    assert (points[:, LEFT_EYE, 0] < points[:, RIGHT_EYE, 0]).all()
    assert (points[:, LEFT_CORNER, 0] < points[:, RIGHT_CORNER, 0]).all()
    assert (points[:, LEFT_EYE, 1] < points[:, NOSE, 1]).all()
    assert (points[:, NOSE, 1] < points[:, [LEFT_CORNER, RIGHT_CORNER], 1].amax(dim=1)).all()


def test_turning_moves_the_nose_the_way_it_points():
    frontal, turned, bowed = (landmarks(faces(**FRONTAL | pin), 100) for pin in ({}, {"yaw": 0.3}, {"pitch": 0.2}))
    eyes = (LEFT_EYE, RIGHT_EYE)
    assert ((turned - frontal)[:, NOSE, 0] > (turned - frontal)[:, eyes, 0].mean(dim=1)).all()
    assert ((turned - frontal)[:, NOSE, 0] > 3).all()
    assert ((bowed - frontal)[:, NOSE, 1] > 3).all()


def test_rolling_lowers_the_right_eye():
    points = landmarks(faces(**FRONTAL | {"roll": 0.2}), 100)
    slope = points[:, RIGHT_EYE] - points[:, LEFT_EYE]
    torch.testing.assert_close(slope[:, 1] / slope[:, 0], torch.tensor(0.2).tan().expand(len(points)))


def test_zooming_out_shrinks_and_shifting_moves():
    near, far = (landmarks(faces(**FRONTAL | {"zoom": zoom}), 100) for zoom in (1.0, 2.0))
    torch.testing.assert_close((near[:, RIGHT_EYE] - near[:, LEFT_EYE]) / 2, far[:, RIGHT_EYE] - far[:, LEFT_EYE])
    moved = landmarks(faces(**FRONTAL | {"zoom": 1.0, "shift_x": 0.1, "shift_y": -0.2}), 100)
    torch.testing.assert_close(moved - near, torch.tensor([5.0, -10.0]).expand_as(near))


def test_landmarks_scale_with_the_picture():
    latents = faces()
    torch.testing.assert_close(landmarks(latents, 48) * 2, landmarks(latents, 96))


def test_the_mirrored_pose_has_the_mirrored_landmarks():
    latents = sample_latents(0, range(40), "hard")
    mirrored = latents.replace(
        yaw=-latents.yaw, roll=-latents.roll, shift_x=-latents.shift_x, action_units=latents.action_units.flip(2)
    )
    swapped = landmarks(mirrored, 100)[:, [RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_CORNER, LEFT_CORNER]]
    expected = landmarks(latents, 100) * torch.tensor([-1.0, 1.0]) + torch.tensor([100.0, 0.0])
    torch.testing.assert_close(swapped, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("unit", [12, 15])
def test_corners_follow_the_muscles_of_their_own_side(unit):
    units = torch.zeros(16, 2)
    units[COLUMN[unit], 0] = 1.0
    moved = landmarks(faces(**FRONTAL, action_units=units), 100) - landmarks(faces(**FRONTAL), 100)
    assert (moved[:, LEFT_CORNER, 1] * {12: -1, 15: 1}[unit] > 1).all()
    torch.testing.assert_close(moved[:, RIGHT_CORNER], torch.zeros(len(moved), 2))


def test_a_smile_on_the_left_changes_the_left_half_of_the_picture():
    units = torch.zeros(16, 2)
    units[COLUMN[12], 0] = 1.0
    calm, smiling = (render(faces(4, **FRONTAL, action_units=u), 64, supersample=1).float() for u in (0 * units, units))
    change = (calm - smiling).abs().sum(dim=(0, 1, 2))
    assert change[:32].sum() > 5 * change[36:].sum()
