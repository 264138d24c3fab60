"""Views: keyed by sample and epoch, and geometrically what they say."""

import dataclasses

import pytest
import torch

from scnlib.augment import STILL, Augmentation, views

INDEX = torch.arange(16)


@pytest.fixture
def images():
    return torch.randn(16, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def test_without_strength_nothing_changes(images):
    torch.testing.assert_close(views(images, INDEX, 1, 0, STILL), images, atol=1e-5, rtol=1e-5)


def test_a_certain_flip_is_a_mirror(images):
    flipped = views(images, INDEX, 1, 0, dataclasses.replace(STILL, flip=1.0))
    torch.testing.assert_close(flipped, images.flip(-1), atol=1e-5, rtol=1e-5)


def test_a_view_belongs_to_its_sample_and_epoch_not_to_its_batch(images):
    how = Augmentation()
    whole = views(images, INDEX, 3, 7, how)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(views(images[order], INDEX[order], 3, 7, how), whole[order])
    torch.testing.assert_close(views(images[5:6], INDEX[5:6], 3, 7, how), whole[5:6])
    assert not torch.allclose(views(images, INDEX, 4, 7, how), whole)
    assert not torch.allclose(views(images, INDEX, 3, 8, how), whole)


def test_half_of_the_faces_are_mirrored():
    ramp = torch.linspace(0, 1, 8).expand(2000, 1, 8, 8)
    seen = views(ramp, torch.arange(2000), 1, 0, dataclasses.replace(STILL, flip=0.5))
    mirrored = (seen[:, 0, 0, 0] > seen[:, 0, 0, -1]).float().mean().item()
    assert mirrored == pytest.approx(0.5, abs=0.04)


def test_shifts_stay_within_their_range():
    dot = torch.zeros(500, 1, 65, 65)
    dot[:, :, 32, 32] = 1
    seen = views(dot, torch.arange(500), 1, 0, dataclasses.replace(STILL, shift=0.1))[:, 0]
    where = seen.flatten(1).argmax(1)
    moved = torch.stack([where // 65 - 32, where % 65 - 32]).abs()
    assert moved.max() <= 7
    assert moved.max() >= 5


def where_views_look(n, how, side=33):
    """The affine maps of n views, ``(n, 2, 3)``, solved from what they make of a picture of its own coordinates."""
    place = (2 * torch.arange(side) + 1) / side - 1
    x, y = place.expand(side, side), place[:, None].expand(side, side)
    seen = views(torch.stack([x, y]).expand(n, 2, side, side), torch.arange(n), 1, 0, how)
    inside = slice(side // 3, -(side // 3))  # read from within the picture, whatever the view
    rows = torch.stack([x, y, torch.ones(side, side)])[:, inside, inside].flatten(1).T.double()
    wanted = seen[:, :, inside, inside].flatten(2).transpose(1, 2).double()
    return torch.linalg.lstsq(rows.expand(n, -1, -1), wanted).solution.transpose(1, 2)


def test_a_view_is_a_mirrored_turned_scaled_and_moved_face_and_nothing_else():
    """Lines stay at right angles and as long as each other; each amount is spread evenly over its range."""
    maps = where_views_look(2000, Augmentation(flip=0.5, shift=0.06, rotation=10.0, scale=0.1))
    linear, shift = maps[:, :, :2], maps[:, :, 2]
    zoom = linear.det().abs().sqrt()
    square = zoom[:, None, None] ** 2 * torch.eye(2, dtype=torch.float64)
    torch.testing.assert_close(linear.transpose(1, 2) @ linear, square, atol=1e-5, rtol=0)
    turn = torch.rad2deg(torch.atan2(linear[:, 1, 0], linear[:, 1, 1]))
    for amount, middle, most in ((turn, 0, 10), (zoom, 1, 0.1), (shift[:, 0], 0, 0.12), (shift[:, 1], 0, 0.12)):
        offset = (amount - middle) / most
        assert offset.abs().max() < 1.001
        assert torch.quantile(offset, torch.tensor([0.1, 0.5, 0.9]).double()).tolist() == pytest.approx(
            [-0.8, 0, 0.8], abs=0.1
        )
    mirrored = (linear.det() < 0).double()
    assert mirrored.mean().item() == pytest.approx(0.5, abs=0.04)
    together = torch.corrcoef(torch.stack([turn, zoom, *shift.T, mirrored])) - torch.eye(5)
    assert together.abs().max() < 0.1


@pytest.mark.parametrize("flip", [0.2, 0.8])
def test_faces_are_mirrored_as_often_as_asked(flip):
    mirrored = where_views_look(2000, dataclasses.replace(STILL, flip=flip)).double()[:, 0, 0] < 0
    assert mirrored.float().mean().item() == pytest.approx(flip, abs=0.04)


@pytest.mark.parametrize("width", [24, 36])
def test_what_moves_in_from_outside_repeats_the_border(width):
    """Against torch's own padding_mode="border", which not every device has."""
    images = torch.randn(16, 3, 24, width, generator=torch.Generator().manual_seed(0))
    how = Augmentation(shift=0.3, rotation=30.0, scale=0.3)
    unclamped, affine = {}, torch.nn.functional.affine_grid

    def keep(theta, size, **options):
        unclamped["grid"] = affine(theta, size, **options)
        return unclamped["grid"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.nn.functional, "affine_grid", keep)
        ours = views(images, INDEX, 1, 0, how)
    expected = torch.nn.functional.grid_sample(images, unclamped["grid"], padding_mode="border", align_corners=False)
    assert unclamped["grid"].abs().max() > 1.2
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)
