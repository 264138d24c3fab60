"""Second opinion: memory and loss by hand in float64, what trust means, and that a sure opinion outweighs a label."""

import dataclasses
import math

import pytest
import torch

from scnlib.methods.second_opinion import SecondOpinion, targets, trust_in

from .made import build, make_batch, train_and_watch


def by_hand(label: int, q: list[float], kappa: float) -> list[float]:
    trust = q[label] / max(q)
    powers = [v**kappa for v in q]
    return [trust * (c == label) + (1 - trust) * powers[c] / sum(powers) for c in range(len(q))]


def test_the_opinion_is_the_weighted_mean_of_all_predictions():
    method, batch = SecondOpinion(momentum=0.6, warm_up=9), make_batch()
    model = build(method, batch)
    step, seen = train_and_watch(method, model, batch)
    weights = [0.6**2, 0.6, 1.0]
    for i, label in enumerate(batch.labels.tolist()):
        q = [sum(w * p[i][c] for w, p in zip(weights, seen, strict=True)) / sum(weights) for c in range(5)]
        assert step.alpha[i].item() == pytest.approx(q[label] / max(q), rel=1e-4)


def test_the_loss_by_hand():
    method, batch = SecondOpinion(momentum=0.5, sharpness=2.0, warm_up=1), make_batch()
    model = build(method, batch)
    model.memory.opinions.copy_(torch.softmax(torch.randn(40, 5, generator=torch.Generator().manual_seed(2)), 1))
    before = model.memory.opinions.tolist()
    step = method.step(model, batch, 2)
    total = 0.0
    rows = zip(torch.softmax(model(batch.images)[0].double(), 1).tolist(), batch.labels.tolist(), before, strict=True)
    for p, label, m in rows:
        q = [0.5 * a + 0.5 * b for a, b in zip(m, p, strict=True)]
        t = by_hand(label, [v / sum(q) for v in q], 2.0)
        total -= sum(a * math.log(b) for a, b in zip(t, p, strict=True))
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-4)


def test_the_warm_up_is_plain_cross_entropy_and_remembers():
    method, batch = SecondOpinion(warm_up=2), make_batch()
    model = build(method, batch)
    plain = torch.nn.functional.cross_entropy(model(batch.images)[0], batch.labels)
    assert method.step(model, batch, 2).loss.item() == pytest.approx(plain.item())
    assert (model.memory.opinions.sum(1) > 0).all()
    assert method.step(model, batch, 3).loss.item() != pytest.approx(plain.item())


def test_an_opinion_that_is_the_label_leaves_it_alone():
    opinion = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    labels = torch.eye(3)[[0, 0]]
    trust = trust_in(labels, opinion)
    torch.testing.assert_close(trust, torch.tensor([1.0, 1 / 3]))
    mixed = targets(labels, opinion, trust, 1.0)
    torch.testing.assert_close(mixed[0], labels[0])
    torch.testing.assert_close(mixed.sum(1), torch.ones(2))


def test_targets_follow_a_renaming_of_the_classes():
    generator = torch.Generator().manual_seed(5)
    opinion = torch.softmax(2 * torch.randn(20, 6, generator=generator), 1)
    labels = torch.eye(6)[torch.randint(6, (20,), generator=generator)]
    order = torch.randperm(6, generator=generator)
    renamed = targets(labels[:, order], opinion[:, order], trust_in(labels[:, order], opinion[:, order]), 2.0)
    torch.testing.assert_close(renamed, targets(labels, opinion, trust_in(labels, opinion), 2.0)[:, order])


def test_a_sure_opinion_outweighs_a_label_that_says_otherwise():
    """Descent raises p_0 against the label 1, which plain cross-entropy would not do."""
    logits = torch.tensor([[1.0, 0.0, 0.0]], requires_grad=True)
    opinion = torch.tensor([[0.94, 0.03, 0.03]])
    label = torch.eye(3)[[1]]
    target = targets(label, opinion, trust_in(label, opinion), 1.0)
    loss = -(target * torch.log_softmax(logits, 1)).sum()
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient[0, 0] < 0


def test_a_sample_twice_in_a_batch_is_remembered_by_its_last_view():
    method, batch = SecondOpinion(), make_batch()
    model = build(method, batch)
    method.step(model, dataclasses.replace(batch, index=torch.arange(40) % 20), 1)
    shown = torch.softmax(model(batch.images)[0][20:], 1)
    torch.testing.assert_close(model.memory.opinions[:20], 0.5 * shown)
    assert not model.memory.opinions[20:].any()


@pytest.mark.parametrize("options", [{"momentum": 1.0}, {"sharpness": 0.5}, {"warm_up": 0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match=f"second_opinion: {next(iter(options))}"):
        SecondOpinion(**options)
