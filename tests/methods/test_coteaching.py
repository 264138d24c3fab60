"""Co-teaching against a loop: who keeps what, and that each network learns from the other's choice."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.coteaching import CoTeaching, keep_share

from .made import build, make_batch


def smallest_by_hand(losses, count):
    return sorted(range(len(losses)), key=lambda i: losses[i])[:count]


def test_the_keep_rate_falls_by_the_papers_ramp():
    for epoch in range(1, 13):
        assert keep_share(epoch, 0.3, 5) == pytest.approx(1 - min(epoch / 5 * 0.3, 0.3))
    assert keep_share(1, 0.0, 5) == keep_share(99, 0.0, 5) == 1


@pytest.mark.parametrize("epoch", [1, 2, 4, 9])
def test_each_network_is_trained_on_what_the_other_one_keeps(epoch):
    method, batch = CoTeaching(forget_rate=0.4, warm_up=4), make_batch()
    model = build(method, batch)
    step = method.step(model, batch, epoch)
    first, second = (
        [-math.log(p[y]) for p, y in zip(torch.softmax(z.double(), 1).tolist(), batch.labels.tolist(), strict=True)]
        for z in (model.first(batch.images)[0], model.second(batch.images)[0])
    )
    count = math.floor((1 - 0.4 * min(epoch / 4, 1)) * 40 + 1e-9)
    kept_first, kept_second = smallest_by_hand(first, count), smallest_by_hand(second, count)
    expected = sum(first[i] for i in kept_second) / count + sum(second[i] for i in kept_first) / count
    assert step.loss.item() == pytest.approx(expected, rel=1e-5)
    votes = [((i in kept_first) + (i in kept_second)) / 2 for i in range(40)]
    assert step.alpha.tolist() == votes
    assert 0 < sum(v == 0.5 for v in votes) < 40  # the two do not keep the same


def test_a_sample_that_one_network_drops_teaches_the_other_nothing():
    method, batch = CoTeaching(forget_rate=0.5, warm_up=1), make_batch()
    model = build(method, batch)
    method.step(model, batch, 1).loss.backward()
    own = F.cross_entropy(model.second(batch.images)[0], batch.labels, reduction="none")
    kept = own.argsort()[:20]
    alone = build(method, batch)
    F.cross_entropy(alone.first(batch.images[kept])[0], batch.labels[kept]).backward()
    torch.testing.assert_close(model.first.classifier.weight.grad, alone.first.classifier.weight.grad)


def test_the_first_network_predicts():
    method, batch = CoTeaching(), make_batch()
    model = build(method, batch)
    assert torch.equal(method.predict(model, batch.images)[0], model.first(batch.images)[0])
    assert not torch.equal(model.first(batch.images)[0], model.second(batch.images)[0])


@pytest.mark.parametrize("options", [{"forget_rate": 1.0}, {"forget_rate": -0.1}, {"warm_up": 0}])
def test_a_schedule_that_keeps_nothing_is_refused(options):
    with pytest.raises(ValueError, match=f"coteaching: {next(iter(options))}"):
        CoTeaching(**options)
