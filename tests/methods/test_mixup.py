"""Mixup against its definition, drawn again with the same random numbers, and its expectations."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.mixup import Mixup

from .made import losses_by_hand
from .test_scn import batch, build  # noqa: F401 (a fixture)


class Watching:
    """A network that remembers what it was shown and answers with the mean colour."""

    def __call__(self, images):
        self.shown = images
        return images.mean((2, 3)), None


def test_the_step_blends_images_and_losses(batch):  # noqa: F811
    method = Mixup(concentration=0.4)
    model = build(method)
    torch.manual_seed(7)
    step = method.step(model, batch, epoch=1)
    torch.manual_seed(7)
    drawn = torch.distributions.Beta(0.4, 0.4).sample()
    share, partner = float(max(drawn, 1 - drawn)), torch.randperm(40)
    images = batch.images.double()
    blends = share * images + (1 - share) * images[partner]
    own, other = (losses_by_hand(model, blends, labels) for labels in (batch.labels, batch.labels[partner]))
    total = sum(share * a + (1 - share) * b for a, b in zip(own, other, strict=True))
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-5)
    assert step.alpha is None


def test_the_mean_image_stays_and_the_spread_shrinks_by_what_the_beta_distribution_says(batch):  # noqa: F811
    # E[l^2 + (1 - l)^2] = (a + 1) / (2 a + 1) for Beta(a, a): 2/3 at a = 1.
    method, model = Mixup(), Watching()
    batch = dataclasses.replace(batch, labels=batch.labels % 3)
    images = batch.images - batch.images.mean(0)
    torch.manual_seed(0)
    kept = []
    for _ in range(800):
        method.step(model, batch, 1)
        shown = model.shown - batch.images.mean(0)
        torch.testing.assert_close(shown.mean(0), torch.zeros_like(shown[0]), atol=1e-5, rtol=0)
        kept.append(float(shown.square().sum() / images.square().sum()))
    # A partner is the sample itself in 1 of n batches and then keeps all; other partners are slightly anticorrelated.
    assert sum(kept) / len(kept) == pytest.approx(2 / 3, abs=0.02)


def test_the_own_face_is_the_stronger(batch):  # noqa: F811
    method, model = Mixup(), Watching()
    for seed in range(20):
        torch.manual_seed(seed)
        method.step(model, dataclasses.replace(batch, labels=batch.labels % 3), 1)
        own = (model.shown - batch.images).square().sum((1, 2, 3))
        torch.manual_seed(seed)
        torch.distributions.Beta(1.0, 1.0).sample()
        other = (model.shown - batch.images[torch.randperm(40)]).square().sum((1, 2, 3))
        assert (own <= other + 1e-6).all()


def test_hardly_blended_it_is_the_cross_entropy(batch):  # noqa: F811
    method = Mixup(concentration=1e-4)
    model = build(method)
    torch.manual_seed(1)
    expected = F.cross_entropy(model(batch.images)[0], batch.labels)
    torch.testing.assert_close(method.step(model, batch, 1).loss, expected, rtol=1e-3, atol=1e-3)


def test_a_wrong_concentration_is_refused():
    with pytest.raises(ValueError, match="concentration must be above 0"):
        Mixup(concentration=0.0)
