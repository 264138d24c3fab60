"""Generalised cross-entropy against its equation, one sample at a time, and against the losses at its two ends."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from scnlib.methods.gce import GCE, generalized_cross_entropy

from .test_scn import batch, build  # noqa: F401 (a fixture)


@pytest.fixture
def some():
    generator = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(12, 5, generator=generator, dtype=torch.float64)
    labels = torch.arange(12) % 5
    return logits, labels, F.one_hot(labels, 5).double()


@pytest.mark.parametrize("q", [0.2, 0.7, 1.0])
def test_equals_the_equation(some, q):
    logits, labels, targets = some
    total = 0.0
    for z, y in zip(logits.tolist(), labels.tolist(), strict=True):
        p = math.exp(z[y]) / sum(math.exp(s) for s in z)
        total += (1 - p**q) / q
    assert generalized_cross_entropy(logits, targets, q).item() == pytest.approx(total / 12, rel=1e-12)


def test_its_ends_are_cross_entropy_and_half_the_absolute_error(some):
    logits, labels, targets = some
    near_zero = generalized_cross_entropy(logits, targets, 1e-7)
    torch.testing.assert_close(near_zero, F.cross_entropy(logits, labels), rtol=1e-6, atol=0)
    absolute = (logits.softmax(1) - targets).abs().sum(1).mean()
    torch.testing.assert_close(generalized_cross_entropy(logits, targets, 1.0), absolute / 2)


def test_between_its_ends_it_lies_between_them(some):
    logits, _, targets = some
    values = [generalized_cross_entropy(logits, targets, q).item() for q in (1e-6, 0.3, 0.7, 1.0)]
    assert values == sorted(values, reverse=True)


def test_its_pull_is_that_of_cross_entropy_times_alpha(batch):  # noqa: F811
    method = GCE(q=0.7)
    model = build(method)
    step = method.step(model, batch, epoch=1)
    pull, plain = [], []
    for loss, into in (
        (generalized_cross_entropy, pull),
        (lambda z, t, q: -(t * z.log_softmax(1)).sum(1).mean(), plain),
    ):
        logits = model(batch.images)[0].detach().requires_grad_()
        loss(logits, F.one_hot(batch.labels, 5), 0.7).backward()
        into.append(logits.grad)
    torch.testing.assert_close(pull[0], step.alpha[:, None] * plain[0])
    assert not step.alpha.requires_grad


def test_symmetric_noise_adds_a_constant_to_the_absolute_error(some):
    # Flip each label to any other with equal chance: the expected loss is (1 - C r / (C - 1)) L + const for every p.
    logits, labels, targets = some
    rate, classes = 0.3, 5
    noisy = (1 - rate) * targets + rate / (classes - 1) * (1 - targets)
    gap = [
        generalized_cross_entropy(z[None], t[None], 1.0) - (1 - classes * rate / (classes - 1)) * (1 - z.softmax(0)[y])
        for z, t, y in zip(logits, noisy, labels, strict=True)
    ]
    assert max(gap) - min(gap) < 1e-12


def test_gradients_and_extremes(some):
    logits, _, targets = some
    assert gradcheck(lambda z: generalized_cross_entropy(z, targets, 0.7), logits.clone().requires_grad_())
    extreme = torch.tensor([[200.0, 0.0], [200.0, 0.0]], requires_grad=True)  # p = 1 and p = 0 in float32
    loss = generalized_cross_entropy(extreme, F.one_hot(torch.tensor([0, 1])), 0.7)
    loss.backward()
    assert loss.item() == pytest.approx(1 / 0.7 / 2)
    assert extreme.grad.isfinite().all()


def test_label_distributions_have_their_mean_loss(batch):  # noqa: F811
    method = GCE()
    model = build(method)
    halves = [F.one_hot((batch.labels + shift) % 5, 5).float() for shift in (0, 1)]
    mixed = method.step(model, dataclasses.replace(batch, targets=sum(halves) / 2), 1).loss
    single = [method.step(model, dataclasses.replace(batch, targets=half), 1).loss for half in halves]
    torch.testing.assert_close(mixed, sum(single) / 2)


@pytest.mark.parametrize("q", [0.0, 1.1])
def test_a_wrong_q_is_refused(q):
    with pytest.raises(ValueError, match=r"q must lie in 0\.\.1"):
        GCE(q=q)
