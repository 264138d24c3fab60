"""Relabelling against loops, and the audit against counting by hand."""

import math

import pytest
import torch

from scnlib.relabel import audit, low_importance, relabel


def relabel_by_hand(probabilities, labels, alpha, beta, margin):
    """Equation 5, one sample at a time."""
    n = len(labels)
    order = list(range(n))
    if alpha is not None:
        order = sorted(range(n), key=lambda i: -alpha[i])  # Python's sort is stable
        order = order[math.floor(beta * n + 1e-9) :]
    new, changed = list(labels), [False] * n
    for i in order:
        best = max(range(len(probabilities[i])), key=lambda c: probabilities[i][c])
        if probabilities[i][best] - probabilities[i][labels[i]] > margin:
            new[i], changed[i] = best, True
    return new, changed


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.7, 1.0])
@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("with_alpha", [True, False])
def test_equals_the_equation(beta, margin, with_alpha):
    generator = torch.Generator().manual_seed(0)
    probabilities = torch.randn(50, 7, generator=generator, dtype=torch.float64).mul(2).softmax(1)
    labels = torch.randint(0, 7, (50,), generator=generator)
    alpha = torch.rand(50, generator=generator).mul(5).round() / 5 if with_alpha else None  # with ties
    new, changed = relabel(probabilities, labels, alpha, beta=beta, margin=margin)
    listed = None if alpha is None else alpha.tolist()
    expected = relabel_by_hand(probabilities.tolist(), labels.tolist(), listed, beta, margin)
    assert (new.tolist(), changed.tolist()) == expected
    assert changed.dtype == torch.bool
    assert new.dtype == labels.dtype


def test_a_wrong_beta_is_refused_with_and_without_groups():
    for alpha in (None, torch.rand(2)):
        with pytest.raises(ValueError, match="beta must lie in 0..1, got 5"):
            relabel(torch.rand(2, 3), torch.tensor([0, 1]), alpha, beta=5)


def test_exactly_the_margin_is_not_enough():
    probabilities = torch.tensor([[0.75, 0.25]])
    assert relabel(probabilities, torch.tensor([1]), margin=0.5)[1].tolist() == [False]
    assert relabel(probabilities, torch.tensor([1]), margin=0.49)[1].tolist() == [True]


def test_relabelling_twice_changes_nothing_more():
    probabilities = torch.randn(40, 5, generator=torch.Generator().manual_seed(4)).mul(3).softmax(1)
    once, _ = relabel(probabilities, torch.arange(40) % 5)
    twice, changed = relabel(probabilities, once)
    assert torch.equal(once, twice)
    assert not changed.any()


def test_the_labels_that_went_in_are_untouched():
    labels = torch.tensor([1, 0])
    relabel(torch.tensor([[0.9, 0.1], [0.9, 0.1]]), labels)
    assert labels.tolist() == [1, 0]


def test_low_importance_is_the_tail_and_ties_keep_their_order():
    assert low_importance(torch.tensor([0.5, 0.9, 0.5, 0.5]), beta=0.5).tolist() == [False, False, True, True]


def test_audit_counts_cures_and_harms():
    given = torch.tensor([0, 1, 2, 3, 0])
    current = torch.tensor([0, 0, 1, 3, 2])
    true = torch.tensor([0, 0, 2, 1, 1])
    # kept right, cured, harmed, kept wrong, wrong to another wrong
    outcome = audit(given, current, true)
    assert (int(outcome.changed), int(outcome.cured), int(outcome.harmed)) == (3, 1, 1)
    assert outcome.precision.item() == pytest.approx(1 / 3)
    assert outcome.recall.item() == pytest.approx(1 / 3)
    assert outcome.label_accuracy.item() == pytest.approx(2 / 5)


def test_audit_without_changes_has_no_precision():
    labels = torch.tensor([0, 1])
    assert audit(labels, labels, labels).precision.isnan()


def test_the_recall_is_a_share_of_the_labels_that_were_wrong_before():
    given, true = torch.tensor([0, 0, 1, 1, 1]), torch.tensor([1, 1, 1, 1, 1])
    outcome = audit(given, torch.tensor([1, 0, 0, 0, 1]), true)  # one of two cured, two harmed: three are wrong now
    assert outcome.recall.item() == pytest.approx(1 / 2)
    assert outcome.precision.item() == pytest.approx(1 / 3)
