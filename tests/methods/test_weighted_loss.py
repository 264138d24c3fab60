"""The weighted loss: a loop, balance, and what it does where all classes are alike."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods import Batch
from scnlib.methods.weighted_loss import WeightedLoss, inverse_frequency

from .test_scn import batch, build  # noqa: F401 (a fixture)


def with_memory(method, given, classes=5):
    model = build(method)
    model.memory = method.memory(given, classes)
    return model


def test_equals_the_equation():
    generator = torch.Generator().manual_seed(0)
    labels = torch.tensor([0] * 6 + [1] * 3 + [2])
    sample = Batch(torch.rand(10, 3, 2, 2, generator=generator), labels, labels, torch.arange(10))
    method = WeightedLoss()
    model = with_memory(method, labels, 3)
    total = 0.0
    for z, y in zip(model(sample.images)[0].tolist(), labels.tolist(), strict=True):
        weight = 10 / (3 * labels.tolist().count(y))
        total += weight * (math.log(sum(map(math.exp, z))) - z[y])
    assert method.step(model, sample, 1).loss.item() == pytest.approx(total / 10, rel=1e-5)


def test_every_class_counts_alike_and_the_mean_weight_is_one():
    labels = torch.tensor([0] * 50 + [1] * 9 + [2])
    weights = inverse_frequency(labels, 3)
    sums = [float(weights[labels[labels == c]].sum()) for c in range(3)]
    assert sums == pytest.approx([20.0] * 3)
    assert float(weights[labels].mean()) == pytest.approx(1.0)


def test_on_balanced_classes_it_is_the_baseline(batch):  # noqa: F811
    method = WeightedLoss()
    model = with_memory(method, batch.given)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.loss, F.cross_entropy(model(batch.images)[0], batch.labels))
    assert step.alpha is None


def test_a_class_without_samples_has_a_finite_weight():
    assert inverse_frequency(torch.tensor([0, 0]), 3).isfinite().all()
