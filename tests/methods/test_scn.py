"""The Self-Cure Network's step against the paper's equations, and each switch."""

import dataclasses
import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scnlib import losses
from scnlib.methods import METHODS, SCN, Batch, make_method, method_options
from scnlib.relabel import relabel


class Features(nn.Module):
    """A backbone that hands its input on: features are what the test says."""

    num_features = 6

    def forward(self, images):
        return images.mean((2, 3)).repeat(1, 2)


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(40, 3, 2, 2, generator=generator)
    given = torch.arange(40) % 5
    return Batch(images, labels=(given + (torch.arange(40) < 4)) % 5, given=given, index=torch.arange(40))


def build(method, scale=6.0):
    torch.manual_seed(1)
    model = method.build(Features(), 5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim:
                parameter.mul_(scale)
    return model


def heads(model, batch):
    features = Features()(batch.images)
    logits = features @ model.classifier.weight.T
    alpha = 1 / (1 + torch.exp(-(features @ model.importance.weight.T)[:, 0]))
    return logits, alpha


def test_the_step_is_the_papers_loss(batch):
    method = SCN(gamma=0.3)
    model = build(method)
    logits, alpha = heads(model, batch)
    step = method.step(model, batch, epoch=1)
    rank = losses.rank_regularization(alpha)
    weighted = F.cross_entropy(alpha[:, None] * logits, batch.labels)
    torch.testing.assert_close(step.loss, 0.3 * rank + 0.7 * weighted)
    torch.testing.assert_close(step.alpha, alpha)
    assert step.labels is None


def test_without_ranking_the_loss_is_the_whole_classification_loss(batch):
    method = SCN(ranking=False)
    model = build(method)
    logits, alpha = heads(model, batch)
    torch.testing.assert_close(
        method.step(model, batch, 1).loss, F.cross_entropy(alpha[:, None] * logits, batch.labels)
    )


def test_ranking_without_weighting_leaves_the_logits_alone(batch):
    method = SCN(weighting="none")
    model = build(method)
    logits, alpha = heads(model, batch)
    expected = 0.5 * losses.rank_regularization(alpha) + 0.5 * F.cross_entropy(logits, batch.labels)
    torch.testing.assert_close(method.step(model, batch, 1).loss, expected)


def test_without_both_there_is_no_importance(batch):
    method = SCN(weighting="none", ranking=False)
    model = build(method)
    step = method.step(model, batch, epoch=12)
    assert step.alpha is None
    probabilities = (Features()(batch.images) @ model.classifier.weight.T).softmax(1)
    assert torch.equal(step.labels, relabel(probabilities, batch.given)[0])  # all samples are candidates


@pytest.mark.parametrize("group", ["low", "all"])
@pytest.mark.parametrize("softmax", ["alpha_scaled", "plain"])
@pytest.mark.parametrize("fallback", ["given", "current"])
def test_relabelling_by_every_switch(batch, group, softmax, fallback):
    method = SCN(relabel_group=group, relabel_softmax=softmax, fallback=fallback, margin_relabel=0.05, relabel_epoch=3)
    model = build(method)
    logits, alpha = heads(model, batch)
    probabilities = (logits * alpha[:, None] if softmax == "alpha_scaled" else logits).softmax(1)
    reference = batch.given if fallback == "given" else batch.labels
    expected, changed = relabel(probabilities, reference, alpha if group == "low" else None, margin=0.05)
    assert changed.any()
    assert method.step(model, batch, epoch=2).labels is None
    assert torch.equal(method.step(model, batch, epoch=3).labels, expected)


@pytest.mark.parametrize("learnable", [False, True])
def test_sizes_of_groups_and_margins_are_the_methods_own(batch, learnable):
    """Nothing here is at its default: neither loss nor relabelling reads another option in its place."""
    method = SCN(beta=0.5, margin_rank=0.9, margin_relabel=0.05, relabel_epoch=1, learnable_margin=learnable)
    model = build(method)
    logits, alpha = heads(model, batch)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.parts["rank_loss"], losses.rank_regularization(alpha, 0.5, 0.9))
    assert not torch.isclose(step.parts["rank_loss"], losses.rank_regularization(alpha, 0.7, 0.9))
    expected, _ = relabel((alpha[:, None] * logits).softmax(1), batch.given, alpha, beta=0.5, margin=0.05)
    other, _ = relabel((alpha[:, None] * logits).softmax(1), batch.given, alpha, beta=0.7, margin=0.05)
    assert torch.equal(step.labels, expected) and not torch.equal(expected, other)


def test_without_ranking_there_are_no_groups(batch):
    method = SCN(ranking=False, margin_relabel=0.05, relabel_epoch=1)
    model = build(method)
    logits, alpha = heads(model, batch)
    expected, changed = relabel((alpha[:, None] * logits).softmax(1), batch.given, None, margin=0.05)
    assert int(changed.sum()) > 12  # more than a low group of three tenths holds
    assert torch.equal(method.step(model, batch, 1).labels, expected)


@pytest.mark.parametrize("weighting", ["loss", "none"])
def test_where_the_logits_are_not_weighted_plain_probabilities_relabel(batch, weighting):
    method = SCN(weighting=weighting, margin_relabel=0.1, relabel_epoch=1)
    model = build(method)
    logits, alpha = heads(model, batch)
    expected, _ = relabel(logits.softmax(1), batch.given, alpha, margin=0.1)
    scaled, _ = relabel((alpha[:, None] * logits).softmax(1), batch.given, alpha, margin=0.1)
    assert torch.equal(method.step(model, batch, 1).labels, expected) and not torch.equal(expected, scaled)


@pytest.mark.parametrize("weighting", ["logits", "loss"])
def test_distributions_are_weighted_like_labels(batch, weighting):
    method = SCN(weighting=weighting, ranking=False, relabelling=False)
    model = build(method)
    logits, alpha = (tensor.double() for tensor in heads(model, batch))
    shares = torch.softmax(torch.randn(40, 5, generator=torch.Generator().manual_seed(4)), 1)
    total = 0.0
    for z, a, t in zip(logits.tolist(), alpha.tolist(), shares.double().tolist(), strict=True):
        scores, weight = ([a * s for s in z], 1) if weighting == "logits" else (z, a)
        norm = math.log(sum(map(math.exp, scores)))
        total += weight * sum(p * (norm - s) for p, s in zip(t, scores, strict=True))
    step = method.step(model, dataclasses.replace(batch, targets=shares), 1)
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-5)


def test_the_epoch_from_which_evaluation_mode_relabels_counts():
    asked = [SCN(relabel_mode="eval", relabel_epoch=3).relabels_after(epoch) for epoch in (2, 3, 4)]
    assert asked == [False, True, True]
    assert not SCN(relabel_epoch=3).relabels_after(4)
    assert not SCN(relabel_mode="eval", relabelling=False).relabels_after(99)


def test_losses_that_are_added_do_without_a_ranking(batch):
    method = SCN(variant="released_code", ranking=False)
    model = build(method)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.loss, step.parts["classification_loss"])
    assert "rank_loss" not in step.parts


def test_the_defaults_are_the_papers_numbers():
    method = SCN()
    numbers = (method.gamma, method.beta, method.margin_rank, method.margin_relabel, method.relabel_epoch)
    assert numbers == (0.5, 0.7, 0.15, 0.2, 10)


def test_the_released_code_adds_the_losses_and_has_biases(batch):
    method = SCN(variant="released_code")
    assert (method.relabel_group, method.fallback, method.loss, method.bias) == ("all", "current", "sum", True)
    model = build(method)
    step = method.step(model, batch, 1)
    torch.testing.assert_close(step.loss, step.parts["rank_loss"] + step.parts["classification_loss"])
    assert model.importance.bias is not None


def test_a_reward_without_a_margin_that_learns_is_refused():
    with pytest.raises(
        ValueError, match=r"^method scn: margin_reward=0.5 is of a learnable margin; set learnable_margin=true"
    ):
        SCN(margin_reward=0.5)


def test_a_learnable_margin_is_a_parameter_that_descent_shrinks(batch):
    method = SCN(learnable_margin=True, margin_rank=0.9)  # more than any gap of these alphas: the loss is active
    model = build(method)
    step = method.step(model, batch, 1)
    step.loss.backward()
    assert step.parts["margin_rank"].item() == pytest.approx(0.9)
    assert model.margin_rank.grad.item() == pytest.approx(0.5)  # gamma times +1


def test_what_is_logged_of_a_rewarded_margin_is_of_one_moment_and_without_the_reward(batch):
    method = SCN(learnable_margin=True, margin_reward=0.5, margin_rank=0.9, gamma=0.3)
    model = build(method)
    step = method.step(model, batch, 1)
    hinge = losses.rank_regularization(heads(model, batch)[1], margin=0.9)
    torch.testing.assert_close(step.parts["rank_loss"], hinge)
    whole = 0.3 * (hinge - 0.5 * 0.9) + 0.7 * step.parts["classification_loss"]
    torch.testing.assert_close(step.loss, whole)
    with torch.no_grad():
        model.margin_rank -= 0.1  # as the optimiser does before the log is written
    assert step.parts["margin_rank"].item() == pytest.approx(0.9)


def test_a_rewarded_margin_settles_where_that_share_of_the_batches_is_active():
    """Descent on the loss of made-up gaps ends at their quantile, a closed form that shares no code with the loss."""
    method = SCN(learnable_margin=True, margin_reward=0.25)
    model = build(method)
    gaps = torch.linspace(0.1, 0.3, 41)
    for _ in range(400):
        total = 0
        for gap in gaps.tolist():
            alpha = torch.tensor([0.5 + gap] * 7 + [0.5] * 3)
            total = total + method._total_loss(model, torch.tensor(0.0), method._rank_loss(model, alpha))
        model.margin_rank.grad = None
        (total / len(gaps)).backward()
        with torch.no_grad():
            model.margin_rank -= 0.002 * model.margin_rank.grad
    assert model.margin_rank.item() == pytest.approx(gaps.quantile(0.25).item(), abs=0.01)


def test_weighting_the_loss(batch):
    method = SCN(weighting="loss", ranking=False)
    model = build(method)
    logits, alpha = heads(model, batch)
    step = method.step(model, batch, epoch=1)
    torch.testing.assert_close(step.loss, (alpha * F.cross_entropy(logits, batch.labels, reduction="none")).mean())
    assert method.probabilities(logits, alpha).tolist() == logits.softmax(1).tolist()


def test_a_variant_cannot_be_swapped_under_its_settings():
    with pytest.raises(ValueError, match="with every setting of the other variant"):
        dataclasses.replace(SCN(), variant="released_code")
    with pytest.raises(ValueError, match="with every setting of the other variant"):
        dataclasses.replace(SCN(variant="released_code"), variant="paper")


def test_probabilities_are_those_that_the_loss_saw():
    logits, alpha = torch.tensor([[2.0, 0.0]]), torch.tensor([0.5])
    assert SCN().probabilities(logits, alpha).tolist() == torch.tensor([[1.0, 0.0]]).softmax(1).tolist()
    assert SCN(weighting="none").probabilities(logits, alpha).tolist() == logits.softmax(1).tolist()


def test_a_preset_can_be_changed_field_by_field():
    assert SCN(variant="released_code", relabel_group="low").relabel_group == "low"
    assert method_options(SCN(beta=0.6), only_changed=True) == {"beta": 0.6}
    assert method_options(SCN(variant="released_code"), only_changed=True) == {}


@pytest.mark.parametrize("name", METHODS)
def test_options_survive_a_round_trip(name):
    method = METHODS[name]()
    assert make_method(name, **method_options(method)) == method


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("scm", {}, "unknown method 'scm'; known: baseline, scn"),
        ("scn", {"betta": 0.5}, "method scn has no option 'betta'; known: variant, weighting"),
        ("scn", {"beta": 1.5}, "method scn: beta must lie in 0..1, got 1.5"),
        ("scn", {"gamma": float("nan")}, "method scn: gamma must be a finite number, got nan"),
        ("scn", {"variant": "mine"}, "method scn: variant='mine' is unknown; known: 'paper', 'released_code'"),
        ("scn", {"relabel_group": "high"}, "method scn: relabel_group='high' is unknown"),
        ("scn", {"weighting": "yes"}, "method scn: weighting='yes' is unknown; known: 'logits', 'loss', 'none'"),
        ("scn", {"beta": True}, "method scn: beta must be a number, got True"),
        ("scn", {"bias": "no"}, "method scn: bias must be true or false, got 'no'"),
        ("scn", {"relabel_group": 3}, "method scn: relabel_group must be text, got 3"),
        ("scn", {"relabel_epoch": 0}, "method scn: relabel_epoch counts from 1, got 0"),
        ("scn", {"relabel_epoch": 2.5}, "method scn: relabel_epoch must be a whole number, got 2.5"),
        ("baseline", {"beta": 0.5}, "method baseline has no option 'beta'; known: none"),
    ],
)
def test_a_wrong_option_is_named(name, options, message):
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        make_method(name, **options)


@pytest.mark.parametrize(("name", "options", "meant"), [("scm", {}, "scn"), ("scn", {"relabel": False}, "relabelling")])
def test_a_near_miss_is_answered_with_what_was_meant(name, options, meant):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        make_method(name, **options)


@pytest.mark.parametrize(("name", "options"), [("zzz", {}), ("scn", {"zzz": 1})])
def test_where_nothing_is_near_nothing_is_proposed(name, options):
    with pytest.raises(ValueError, match=r"known: [\w, ]+(\(`scn methods`|$)"):
        make_method(name, **options)
