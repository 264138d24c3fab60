"""ELR: the memory's recursion, the loss by hand, and its gradient in closed form."""

import dataclasses
import math

import pytest
import torch

from scnlib.methods.elr import ELR, early_learning_term

from .made import build, make_batch, train_and_watch


def test_memory_is_the_weighted_sum_of_all_earlier_predictions():
    method, batch = ELR(momentum=0.6), make_batch()
    model = build(method, batch)
    _, seen = train_and_watch(method, model, batch)
    for i in range(40):
        for c in range(5):
            value = sum(0.4 * 0.6 ** (2 - k) * seen[k][i][c] for k in range(3))
            assert model.memory.targets[i, c].item() == pytest.approx(value, abs=3e-4)  # p is clamped to 1e-4


def test_the_loss_by_hand():
    method, batch = ELR(strength=2.0, momentum=0.5), make_batch()
    model = build(method, batch)
    model.memory.targets.copy_(torch.softmax(torch.randn(40, 5, generator=torch.Generator().manual_seed(2)), 1))
    before = model.memory.targets.tolist()
    step = method.step(model, batch, 1)
    total, agreement = 0.0, []
    rows = zip(torch.softmax(model(batch.images)[0].double(), 1).tolist(), batch.labels.tolist(), before, strict=True)
    for p, y, t in rows:
        clamped = [min(max(v, 1e-4), 1 - 1e-4) for v in p]
        now = [0.5 * a + 0.5 * b / sum(clamped) for a, b in zip(t, clamped, strict=True)]
        total += -math.log(p[y]) + 2.0 * math.log(1 - sum(a * b for a, b in zip(now, clamped, strict=True)))
        agreement.append(now[y] / sum(now))
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-4)
    assert step.alpha.tolist() == pytest.approx(agreement, rel=1e-4)


def test_gradient_of_the_term_is_the_papers():
    """d/dz_c log(1 - <t, p>) = p_c sum_k (t_k - t_c) p_k / (1 - <t, p>)."""
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn(1, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    targets = torch.softmax(torch.randn(1, 6, generator=generator, dtype=torch.float64), 1)
    (gradient,) = torch.autograd.grad(early_learning_term(targets, torch.softmax(logits, 1)), logits)
    p, t = torch.softmax(logits, 1)[0].tolist(), targets[0].tolist()
    inner = sum(a * b for a, b in zip(t, p, strict=True))
    expected = [p[c] * sum((t[k] - t[c]) * p[k] for k in range(6)) / (1 - inner) for c in range(6)]
    assert gradient[0].tolist() == pytest.approx(expected, rel=1e-9)


def test_a_believed_class_outweighs_a_label_that_says_otherwise():
    """Early learning: with a target sure of class 0, descent on the whole loss raises p_0 against the label 1."""
    logits = torch.tensor([[2.0, 0.0, 0.0]], requires_grad=True)
    target = torch.tensor([[0.95, 0.03, 0.02]])
    p = torch.softmax(logits, 1)
    loss = -p[0, 1].log() + 3 * early_learning_term(target, p)
    (gradient,) = torch.autograd.grad(loss, logits)
    (alone,) = torch.autograd.grad(-torch.softmax(logits, 1)[0, 1].log(), logits)
    assert gradient[0, 0] < 0 < alone[0, 0]


def test_a_sample_twice_in_a_batch_is_remembered_by_its_last_view():
    method, batch = ELR(), make_batch()
    model = build(method, batch)
    twice = dataclasses.replace(batch, index=torch.arange(40) % 20)
    method.step(model, twice, 1)
    shown = torch.softmax(model(batch.images)[0][20:], 1).clamp(1e-4, 1 - 1e-4)
    torch.testing.assert_close(model.memory.targets[:20], 0.3 * shown / shown.sum(1, keepdim=True))
    assert not model.memory.targets[20:].any()


@pytest.mark.parametrize("options", [{"strength": -1.0}, {"momentum": 1.0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match=f"elr: {next(iter(options))}"):
        ELR(**options)
