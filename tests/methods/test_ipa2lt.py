"""LTNet: the likelihood by hand, and that it finds a transition matrix that is known."""

import math

import pytest
import torch

from scnlib.methods import Batch
from scnlib.methods.ipa2lt import IPA2LT, observed, transition_matrices

from .made import Features, build, make_batch


def test_what_a_source_says_by_hand():
    generator = torch.Generator().manual_seed(0)
    truth, transitions = (torch.softmax(torch.randn(*s, generator=generator), 1) for s in ((12, 4), (4, 4)))
    labels = torch.arange(12) % 4
    for i in range(12):
        expected = sum(truth[i, c].item() * transitions[c, labels[i]].item() for c in range(4))
        assert observed(truth, transitions, labels)[i].item() == pytest.approx(expected, rel=1e-6)


def test_matrices_are_row_stochastic_whatever_a_step_did_to_them():
    weights = torch.nn.Parameter(torch.tensor([[[1.2, -0.4], [0.3, 0.6]]]))
    matrices = transition_matrices(weights)
    torch.testing.assert_close(matrices[0], torch.tensor([[0.99, 0.01], [0.01 + 0.98 / 3, 0.01 + 0.98 * 2 / 3]]))
    torch.testing.assert_close(weights[0], torch.tensor([[1.0, 0.0], [1 / 3, 2 / 3]]))
    torch.testing.assert_close(transition_matrices(weights), matrices)
    (gradient,) = torch.autograd.grad(transition_matrices(weights)[0, 1, 0], weights)
    assert (gradient[0, 1] * weights[0, 1]).sum().item() == pytest.approx(0, abs=1e-6)  # a longer row is the same row


def test_the_step_is_the_mean_likelihood_of_both_sources_after_pretraining():
    method, batch = IPA2LT(pretraining=2), make_batch()
    model = build(method, batch)
    model.memory.predicted.copy_(torch.arange(40).flip(0) % 5)
    plain, step = method.step(model, batch, 2), method.step(model, batch, 3)
    truth = torch.softmax(model(batch.images)[0].double(), 1).tolist()
    matrices = transition_matrices(model.transitions).double().tolist()
    total, trust = 0.0, []
    for i, p in enumerate(truth):
        for T, y in ((matrices[0], batch.labels[i].item()), (matrices[1], (39 - i) % 5)):
            total -= math.log(sum(p[c] * T[c][y] for c in range(5))) / 2
        y, T = batch.labels[i].item(), matrices[0]
        trust.append(p[y] * T[y][y] / sum(p[c] * T[c][y] for c in range(5)))
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-5)
    assert step.alpha.tolist() == pytest.approx(trust, rel=1e-5)
    assert plain.loss.item() == pytest.approx(
        -sum(math.log(p[y]) for p, y in zip(truth, batch.labels, strict=True)) / 40, rel=1e-5
    )


def test_why_the_gradient_sees_the_division():
    """Expected steps where p is sure: outside of the gradient, the division leads to the square roots of the rows."""
    true = torch.tensor([[0.7, 0.25, 0.05], [0.1, 0.8, 0.1], [0.0, 0.3, 0.7]])
    seen, unseen = torch.eye(3)[None].clone().requires_grad_(), torch.full((3, 3), 1 / 3)
    for _ in range(2000):
        (gradient,) = torch.autograd.grad(-(true * transition_matrices(seen)[0].log()).sum(), seen)
        with torch.no_grad():
            seen -= 0.01 * gradient
            unseen = unseen + 0.01 * true / unseen
            unseen /= unseen.sum(1, keepdim=True)
    torch.testing.assert_close(transition_matrices(seen)[0], true.clamp(0.01, 0.98), atol=0.01, rtol=0)
    torch.testing.assert_close(unseen, true.sqrt() / true.sqrt().sum(1, keepdim=True), atol=0.01, rtol=0)


def test_the_second_source_speaks_once():
    """At the end of the pretraining, and never again: else it would be the network's present self."""
    method, batch = IPA2LT(pretraining=2), make_batch()
    model = build(method, batch)
    features, said = model.backbone(batch.images), []
    for epoch in range(1, 5):
        method.after_epoch(model, epoch, batch.given, lambda: features)
        said.append(model.memory.predicted.clone())
        with torch.no_grad():
            model.classifier.weight.neg_()
    first = (features @ -model.classifier.weight.T).argmax(1)  # as the weights were after an odd number of changes
    assert torch.equal(said[0], batch.given)
    assert all(torch.equal(later, first) for later in said[1:]) and not torch.equal(first, batch.given)


def test_it_finds_the_transitions_of_a_known_noise():
    """Three classes that are easy to tell apart, 30 % and 20 % of two of them called something else."""
    generator = torch.Generator().manual_seed(0)
    true = torch.tensor([[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [0.1, 0.1, 0.8]])
    method = IPA2LT(pretraining=1)
    classes = torch.arange(600) % 3
    images = (5.0 * torch.eye(3)[classes] + 0.3 * torch.randn(600, 3, generator=generator))[:, :, None, None]
    given = torch.multinomial(true[classes], 1, generator=generator).squeeze(1)
    whole = Batch(images, given, given, torch.arange(600))
    model = build(method, whole, num_classes=3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for epoch in range(1, 31):
        optimizer.param_groups[0]["lr"] = 0.05 if epoch < 20 else 0.005
        for part in torch.randperm(600, generator=generator).split(50):
            batch = Batch(images[part], given[part], given[part], part)
            optimizer.zero_grad()
            method.step(model, batch, epoch).loss.backward()
            optimizer.step()
        method.after_epoch(model, epoch, given, lambda: model.backbone(images))
    measured = torch.stack([torch.bincount(given[classes == c], minlength=3) / 200 for c in range(3)])
    human, machine = transition_matrices(model.transitions).detach()
    assert (human - measured).abs().max() < 0.05
    assert machine.diagonal().min() > 0.9  # what it said itself after the first epoch is right here
    logits, _ = model(images)
    alpha = method.step(model, whole, 31).alpha
    assert (logits.argmax(1) == classes).float().mean() > 0.98
    assert alpha[given == classes].mean() > 0.9 > 0.2 > alpha[given != classes].mean()


def test_no_pretraining_is_refused():
    with pytest.raises(ValueError, match="ipa2lt: pretraining"):
        IPA2LT(pretraining=0)


def test_more_classes_than_the_floor_leaves_room_for_are_refused():
    """At 100 classes every entry is the floor, beyond it the rest would be negative."""
    for classes in (100, 250):
        with pytest.raises(ValueError, match=f"ipa2lt: a row of {classes} .* fewer than 100 classes"):
            IPA2LT(pretraining=1).build(Features(), classes)
    weights = IPA2LT(pretraining=1).build(Features(), 99).transitions
    matrices = transition_matrices(weights.detach())
    assert matrices.min() >= 0.01 - 1e-7 and matrices.diagonal(dim1=1, dim2=2).min() > 0.015
    torch.testing.assert_close(matrices.sum(2), torch.ones(2, 99))
