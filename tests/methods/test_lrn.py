"""The Label-noise Robust Network's step against the paper's equations, each switch, and evaluation without luck."""

import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F

from scnlib import losses_lrn
from scnlib.config import profile_config
from scnlib.methods import METHODS, Batch, make_method
from scnlib.methods.baseline import Baseline
from scnlib.methods.lrn import LRN
from scnlib.paper import grid
from scnlib.precision import Precision
from scnlib.training import Training
from tests.conftest import make_faces
from tests.methods.test_scn import Features
from tests.test_losses_lrn import discriminative_loss_by_hand, log_probabilities_by_hand

N, C = 40, 5


@pytest.fixture
def batch():
    images = torch.rand(N, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    given = torch.arange(N) % C
    return Batch(images, labels=(given + (torch.arange(N) < 4)) % C, given=given, index=torch.arange(N))


def build(method, scale=4.0):
    torch.manual_seed(1)
    model = method.build(Features(), C)
    with torch.no_grad():
        model.classifier.weight.mul_(scale)
        if model.covariance is not None:
            model.covariance.weight.mul_(500 * scale)
    return model


def start(method, n=64, **fields):
    config = dataclasses.replace(profile_config("smoke", epochs=3, **fields), method=method)
    test = dataclasses.replace(make_faces(32, seed=9, noise=0.0), true_labels=None)
    return Training(config, make_faces(n), {"test": test}, torch.device("cpu"), Precision(torch.float32, "test"))


def test_the_step_is_the_papers_joint_loss(batch):
    method = LRN(discriminative_weight=0.4, samples=50)
    model = build(method)
    torch.manual_seed(3)
    step = method.step(model, batch, epoch=1)
    torch.manual_seed(3)
    noise = torch.randn(50, C)
    f = Features()(batch.images).double()
    parts = model.classifier.weight, model.covariance.weight, model.centres
    weights, covariance, centres = (part.detach().double() for part in parts)
    log_p = log_probabilities_by_hand(f @ weights.T, (f @ covariance.T).view(N, C, C), noise.double(), 0.7).tolist()
    classification = -sum(row[label] for row, label in zip(log_p, batch.labels.tolist(), strict=True)) / N
    centred = discriminative_loss_by_hand(f, centres, spread=True)
    assert step.loss.item() == pytest.approx(classification + 0.4 * centred, rel=1e-5)
    assert step.parts["classification_loss"].item() == pytest.approx(classification, rel=1e-5)
    trust = [math.exp(row[given]) for row, given in zip(log_p, batch.given.tolist(), strict=True)]
    assert step.alpha.tolist() == pytest.approx(trust, rel=1e-4)
    assert step.labels is None and not step.alpha.requires_grad


def test_the_confidence_is_a_constant_of_the_step(batch):
    method = LRN(heteroscedastic=False)
    model = build(method)
    with torch.no_grad():
        model.centres.mul_(0.1)  # near the features, so that confidences are soft
    method.step(model, batch, 1).loss.backward()
    centres = model.centres.detach().clone().requires_grad_()
    f = Features()(batch.images)
    free = losses_lrn.centre_confidence(f, centres)
    expected = torch.autograd.grad(losses_lrn.discriminative_loss(f, centres, free.detach()), centres)[0]
    other = torch.autograd.grad(losses_lrn.discriminative_loss(f, centres, free), centres)[0]
    torch.testing.assert_close(model.centres.grad, expected)
    assert not torch.allclose(expected, other)


def test_centres_that_trust_labels_pull_each_feature_to_its_label_s_centre(batch):
    method = LRN(heteroscedastic=False, centre_labels=True)
    model = build(method)
    f = Features()(batch.images)
    spread = sum((own - model.centres.mean(0)).square().sum() for own in model.centres) / (C - 1)
    pull = sum((f[i] - model.centres[batch.labels[i]]).square().sum() for i in range(N)) / (spread * N * C)
    plain = F.cross_entropy(f @ model.classifier.weight.T, batch.labels)
    torch.testing.assert_close(method.step(model, batch, epoch=1).loss, plain + pull)
    shares = dataclasses.replace(batch, targets=F.one_hot(batch.labels, C).float())
    torch.testing.assert_close(method.step(model, shares, epoch=1).loss, plain + pull)


def test_the_rows_of_table_2_are_switches():
    rows = {cell.published.row: cell.runs for cell in grid("lrn-2")}
    methods = [make_method(runs.method, **runs.options) for runs in rows.values()]
    parts = [(getattr(m, "heteroscedastic", False), getattr(m, "discriminative", False)) for m in methods]
    assert parts == [(False, False), (False, True), (True, False), (True, True)]
    assert METHODS["lrn"] is LRN


def test_without_its_parts_it_is_the_baseline():
    plain, empty = start(Baseline()), start(LRN(heteroscedastic=False, discriminative=False))
    assert plain.train_epoch()["train_loss"] == empty.train_epoch()["train_loss"]
    ours, theirs = empty.model.state_dict(), plain.model.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_training_starts_near_the_softmax_at_temperature_t_and_every_part_gets_a_gradient(batch):
    method = LRN()
    torch.manual_seed(1)
    model = method.build(Features(), C)
    step = method.step(model, batch, 1)
    mean = Features()(batch.images) @ model.classifier.weight.T
    torch.testing.assert_close(step.logits, torch.log_softmax(mean / 0.7, dim=1), atol=1e-3, rtol=1e-3)
    step.loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("covariance", losses_lrn.COVARIANCES)
def test_a_prediction_is_the_same_twice_and_in_any_company(batch, covariance):
    method = LRN(covariance=covariance, samples=200)
    model = build(method)
    first, alpha = method.predict(model, batch.images)
    torch.rand(7)
    again, _ = method.predict(model, batch.images)
    alone, _ = method.predict(model, batch.images[5:6])
    assert torch.equal(first, again) and alpha is None
    torch.testing.assert_close(alone, first[5:6])
    p = method.probabilities(first, None)
    torch.testing.assert_close(p, first.exp())
    plain = torch.softmax(model(batch.images)[1] / 0.7, dim=1)
    assert (p - plain).abs().max() > 0.02  # the noise says something in this network


def test_the_temperature_is_the_methods_own(batch):
    """Almost without noise the prediction is the softmax at that temperature."""
    method = LRN(temperature=2.0)
    torch.manual_seed(1)
    model = method.build(Features(), C)
    mean = Features()(batch.images) @ model.classifier.weight.T
    expected = torch.log_softmax(mean / 2.0, dim=1)
    torch.testing.assert_close(method.predict(model, batch.images)[0], expected, atol=1e-3, rtol=1e-3)


def test_training_noise_differs_from_step_to_step(batch):
    method = LRN(samples=20)
    model = build(method)
    assert not torch.equal(method.step(model, batch, 1).loss, method.step(model, batch, 1).loss)


def test_the_head_computes_in_float32_under_autocast(batch):
    method = LRN(samples=50)
    model = build(method)
    results = []
    for enabled in (True, False):
        torch.manual_seed(0)
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            step = method.step(model, batch, 1)
            results.append((step.loss, method.predict(model, batch.images)[0]))
    assert results[0][0].dtype == results[0][1].dtype == torch.float32
    torch.testing.assert_close(*results, rtol=0, atol=0)


def test_label_distributions_are_trained_on_and_trusted_by_their_share(batch):
    method = LRN(discriminative=False, samples=50)
    model = build(method)
    certain = dataclasses.replace(batch, targets=F.one_hot(batch.labels, C).float(), given=batch.labels)
    steps = []
    for each in (certain, dataclasses.replace(certain, targets=None)):
        torch.manual_seed(0)
        steps.append(method.step(model, each, 1))
    torch.testing.assert_close(steps[0].loss, steps[1].loss)
    torch.testing.assert_close(steps[0].alpha, steps[1].alpha)


def test_a_resumed_run_ends_bit_equal():
    whole = start(LRN(samples=20))
    for _ in range(3):
        whole.train_epoch()
    first, second = start(LRN(samples=20)), start(LRN(samples=20))
    first.train_epoch()
    second.restore(first.state(), first.records)
    second.train_epoch()
    second.train_epoch()
    ours, theirs = second.state(), whole.state()
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_it_learns_and_its_trust_tells_wrong_labels():
    training = start(LRN(samples=100), n=256, lr=0.05)
    rows = [training.train_epoch() for _ in range(3)]
    assert rows[-1]["test_accuracy"] > 0.9
    assert rows[-1]["alpha_auroc"] > 0.9  # a quarter of the labels is wrong


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "banded"}, "method lrn: covariance='banded' is unknown; known: 'full', 'diagonal', 'low_rank'"),
        ({"samples": 0}, "lrn: samples must be at least 1, got 0"),
        ({"rank": 0}, "lrn: rank must be at least 1, got 0"),
        ({"temperature": 0.0}, "lrn: temperature must be above 0 and finite, got 0.0"),
        ({"discriminative_weight": -1.0}, "lrn: discriminative_weight must be at least 0 and finite, got -1.0"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make_method("lrn", **options)


def test_the_papers_recipe_is_a_profile():
    config = profile_config("lrn", dataset="rafdb", method="lrn")
    assert (config.size, config.batch_size, config.lr, config.momentum, config.weight_decay) == (
        112,
        64,
        1e-4,
        0.9,
        1e-4,
    )
    assert (config.schedule, config.milestones, config.optimizer) == ("steps", (10, 20), "sgd")
    assert (config.augmentation.flip, config.augmentation.shift) == (0.5, 0.0)
    method = config.method
    assert (method.temperature, method.samples, method.discriminative_weight) == (0.7, 1000, 1.0)


def test_centres_of_labels_without_centres_are_refused():
    with pytest.raises(ValueError, match="lrn: centre_labels is of the discriminative loss"):
        LRN(discriminative=False, centre_labels=True)
