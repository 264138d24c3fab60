"""JoCoR against a loop over samples, and at two networks that are the same."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.jocor import JoCoR, symmetric_divergence

from .made import build, make_batch


def joint_by_hand(first, second, label, agreement):
    """(1 - lambda)(CE + CE) + lambda (KL + KL) of two lists of probabilities, divided by 1 - lambda."""
    classification = -math.log(first[label]) - math.log(second[label])
    there = sum(p * math.log(p / q) for p, q in zip(first, second, strict=True))
    back = sum(q * math.log(q / p) for p, q in zip(first, second, strict=True))
    return ((1 - agreement) * classification + agreement * (there + back)) / (1 - agreement)


@pytest.mark.parametrize("agreement", [0.0, 0.5, 0.9])
def test_the_loss_is_the_papers_over_the_kept_samples(agreement):
    method, batch = JoCoR(agreement=agreement, forget_rate=0.3, warm_up=2), make_batch()
    model = build(method, batch)
    step = method.step(model, batch, epoch=5)
    first, second = (torch.softmax(m(batch.images)[0].double(), 1).tolist() for m in (model.first, model.second))
    joint = [joint_by_hand(*row, agreement) for row in zip(first, second, batch.labels.tolist(), strict=True)]
    kept = sorted(range(40), key=lambda i: joint[i])[:28]
    assert step.loss.item() == pytest.approx(sum(joint[i] for i in kept) / 28, rel=1e-5)
    assert step.alpha.nonzero().squeeze(1).tolist() == sorted(kept)
    assert step.alpha.sum() == 28


def test_two_networks_that_are_the_same_have_twice_the_loss_of_one():
    method, batch = JoCoR(forget_rate=0.0), make_batch()
    model = build(method, batch)
    model.second.load_state_dict(model.first.state_dict())
    step = method.step(model, batch, epoch=1)
    torch.testing.assert_close(step.loss, 2 * F.cross_entropy(model.first(batch.images)[0], batch.labels))


def test_divergence_is_symmetric_and_zero_only_where_both_say_the_same():
    first, second = torch.randn(2, 30, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    between = symmetric_divergence(first, second)
    assert (between > 0).all()
    torch.testing.assert_close(between, symmetric_divergence(second, first + 7))
    assert symmetric_divergence(first, first - 2).abs().max() < 1e-12


def test_disagreement_alone_pulls_the_networks_together():
    first, second = torch.randn(2, 30, 4, generator=torch.Generator().manual_seed(3)).requires_grad_().unbind()
    pull = torch.autograd.grad(symmetric_divergence(first, second).mean(), (first, second))
    nearer = [z - 2.0 * g for z, g in zip((first, second), pull, strict=True)]
    assert symmetric_divergence(*nearer).mean() < symmetric_divergence(first, second).mean()


def test_an_agreement_that_leaves_no_label_is_refused():
    with pytest.raises(ValueError, match="jocor: agreement must lie"):
        JoCoR(agreement=1.0)
