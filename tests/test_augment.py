"""Views: keyed by sample and epoch, and geometrically what they say."""

import dataclasses

import pytest
import torch

from scnlib.augment import Augmentation, views

NONE = Augmentation(flip=0.0, shift=0.0, rotation=0.0, scale=0.0)
INDEX = torch.arange(16)


@pytest.fixture
def images():
    return torch.randn(16, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def test_without_strength_nothing_changes(images):
    torch.testing.assert_close(views(images, INDEX, 1, 0, NONE), images, atol=1e-5, rtol=1e-5)


def test_a_certain_flip_is_a_mirror(images):
    flipped = views(images, INDEX, 1, 0, dataclasses.replace(NONE, flip=1.0))
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
    seen = views(ramp, torch.arange(2000), 1, 0, dataclasses.replace(NONE, flip=0.5))
    mirrored = (seen[:, 0, 0, 0] > seen[:, 0, 0, -1]).float().mean().item()
    assert mirrored == pytest.approx(0.5, abs=0.04)


def test_shifts_stay_within_their_range():
    dot = torch.zeros(500, 1, 65, 65)
    dot[:, :, 32, 32] = 1
    seen = views(dot, torch.arange(500), 1, 0, dataclasses.replace(NONE, shift=0.1))[:, 0]
    where = seen.flatten(1).argmax(1)
    moved = torch.stack([where // 65 - 32, where % 65 - 32]).abs()
    assert moved.max() <= 7
    assert moved.max() >= 5


def test_what_moves_in_from_outside_repeats_the_border(images):
    """Against torch's own padding_mode="border", which not every device has."""
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
