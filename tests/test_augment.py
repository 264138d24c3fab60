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
    how = Augmentation(erase=0.5)
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


def test_erasing_covers_what_it_says():
    ones = torch.ones(4000, 1, 40, 40)
    seen = views(ones, torch.arange(4000), 1, 0, dataclasses.replace(NONE, erase=0.25))
    share = (seen == 0).float().mean((1, 2, 3))
    assert (share > 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    assert 0.12 < share.max() < 0.17  # at most 15 %, and the pixels that a border cuts
