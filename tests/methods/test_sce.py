"""Symmetric cross-entropy against both of its sums, written as loops."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.sce import SymmetricCrossEntropy, reverse_cross_entropy

from .test_scn import batch, build  # noqa: F401 (a fixture)


def by_hand(logits, labels, forward, reverse, log_zero):
    total = 0.0
    for z, y in zip(logits.tolist(), labels.tolist(), strict=True):
        p = [math.exp(s) / sum(math.exp(other) for other in z) for s in z]
        total += -forward * math.log(p[y])
        total += -reverse * sum(share * (0.0 if c == y else log_zero) for c, share in enumerate(p))
    return total / len(labels)


@pytest.mark.parametrize(("forward", "reverse", "log_zero"), [(0.1, 1.0, -4.0), (6.0, 0.1, -4.0), (0.0, 1.0, -9.0)])
def test_equals_both_sums(batch, forward, reverse, log_zero):  # noqa: F811
    method = SymmetricCrossEntropy(forward=forward, reverse=reverse, log_zero=log_zero)
    model = build(method)
    expected = by_hand(model(batch.images)[0].double(), batch.labels, forward, reverse, log_zero)
    assert method.step(model, batch, 1).loss.item() == pytest.approx(expected, rel=1e-5)


def test_the_reverse_term_is_four_times_the_missing_probability():
    logits = torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(9) % 4
    own = logits.softmax(1).gather(1, labels[:, None]).squeeze(1)
    reverse = reverse_cross_entropy(logits, F.one_hot(labels, 4).double())
    torch.testing.assert_close(reverse, 4 * (1 - own).mean())


def test_without_the_reverse_term_it_is_the_cross_entropy(batch):  # noqa: F811
    method = SymmetricCrossEntropy(forward=1.0, reverse=0.0)
    model = build(method)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.loss, F.cross_entropy(model(batch.images)[0], batch.labels))
    torch.testing.assert_close(step.alpha, torch.ones(40))


def test_its_pull_is_proportional_to_alpha(batch):  # noqa: F811
    method = SymmetricCrossEntropy()
    model = build(method)
    step = method.step(model, batch, 1)
    (pull,) = torch.autograd.grad(step.loss, step.logits)
    logits = step.logits.detach().requires_grad_()
    (plain,) = torch.autograd.grad(F.cross_entropy(logits, batch.labels), logits)
    torch.testing.assert_close(pull, 4.1 * step.alpha[:, None] * plain)
    assert (step.alpha > 0).all() and (step.alpha <= 1).all()


def test_a_certain_and_wrong_prediction_is_finite():
    logits = torch.tensor([[300.0, 0.0], [300.0, 0.0]], requires_grad=True)
    loss = reverse_cross_entropy(logits, F.one_hot(torch.tensor([0, 1])).float())
    loss.backward()
    assert loss.item() == pytest.approx(2.0)
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("options", [{"forward": -1.0}, {"forward": 0.0, "reverse": 0.0}, {"log_zero": 0.0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="sce: "):
        SymmetricCrossEntropy(**options)
