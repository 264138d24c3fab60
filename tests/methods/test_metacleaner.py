"""MetaCleaner: sets of one label, their weights, the example made of them, and a set of one."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.metacleaner import MetaCleaner, same_label_sets, sum_by_set

from .made import build, make_batch


def linear(layer, values):
    """A linear layer of a list, in float64."""
    weight = layer.weight.double().tolist()
    bias = [0.0] * len(weight) if layer.bias is None else layer.bias.double().tolist()
    return [sum(w * v for w, v in zip(row, values, strict=True)) + b for row, b in zip(weight, bias, strict=True)]


def sets_by_hand(labels, size):
    """Lists of indices: the samples of each label in their order, cut after every ``size``."""
    found = []
    for label in sorted(set(labels)):
        own = [i for i, y in enumerate(labels) if y == label]
        found += [own[k : k + size] for k in range(0, len(own), size)]
    return found


@pytest.mark.parametrize("size", [1, 3, 5, 99])
def test_sets_hold_one_label_and_no_more_than_their_size(size):
    labels = torch.randint(0, 4, (37,), generator=torch.Generator().manual_seed(0))
    numbers = same_label_sets(labels, size).tolist()
    groups = sets_by_hand(labels.tolist(), size)
    assert len(set(numbers)) == len(groups)
    for group in groups:
        assert len({numbers[i] for i in group}) == 1


def test_the_step_by_hand():
    method, batch = MetaCleaner(set_size=3), make_batch()
    model = build(method, batch)
    step = method.step(model, batch, 1)
    features = batch.images.double().mean((2, 3)).tolist()
    first, _, last = model.scorer
    total = 0.0
    for group in sets_by_hand(batch.labels.tolist(), 3):
        own = [features[i] for i in group]
        mean = [sum(column) / len(group) for column in zip(*own, strict=True)]
        scores = [linear(last, [max(0.0, v) for v in linear(first, f + mean)])[0] for f in own]
        confidence = [1 / (1 + math.exp(-score)) for score in scores]
        assert step.alpha[group].tolist() == pytest.approx(confidence, rel=1e-5)
        example = [
            sum(a * f[d] for a, f in zip(confidence, own, strict=True)) / sum(confidence) for d in range(len(mean))
        ]
        logits = linear(model.classifier, example)
        loss = math.log(sum(map(math.exp, logits))) - logits[batch.labels[group[0]]]
        total += len(group) * loss
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-5)
    torch.testing.assert_close(step.logits, model(batch.images)[0])


def test_weights_of_a_set_sum_to_one():
    sets = same_label_sets(make_batch().labels, 5)
    confidence = torch.rand(40, 1, generator=torch.Generator().manual_seed(0)) + 0.01
    weights = confidence / sum_by_set(confidence, sets)
    for number in sets.unique():
        assert weights[sets == number].sum() == pytest.approx(1, abs=1e-6)


def test_a_set_of_one_is_plain_cross_entropy():
    method, batch = MetaCleaner(set_size=1), make_batch()
    model = build(method, batch)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.loss, F.cross_entropy(model(batch.images)[0], batch.labels))


def test_the_scorer_learns_to_leave_out_what_does_not_fit():
    """Sets of four true samples and one stranger: training on the true label alone turns the scorer against it."""
    generator = torch.Generator().manual_seed(0)
    method = MetaCleaner(set_size=5)
    labels = torch.arange(3).repeat_interleave(100)
    stranger = torch.arange(300) % 5 == 4
    shown = torch.where(stranger, (labels + 1) % 3, labels)
    images = (2.0 * torch.eye(3)[shown] + 0.2 * torch.randn(300, 3, generator=generator))[:, :, None, None]
    batch = type(make_batch())(images, labels, labels, torch.arange(300))
    model = build(method, batch, num_classes=3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        step = method.step(model, batch, 1)
        step.loss.backward()
        optimizer.step()
    assert step.alpha[~stranger].mean() > 2 * step.alpha[stranger].mean()


def test_an_empty_set_is_refused():
    with pytest.raises(ValueError, match="metacleaner: set_size"):
        MetaCleaner(set_size=0)
