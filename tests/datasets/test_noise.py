"""Label noise: exact counts, nesting, uniformity, and refusals."""

import math

import pytest
import torch

from scnlib import counter_rng
from scnlib.datasets.noise import corrupt_labels

LABELS = torch.arange(4000) % 8 * torch.tensor([1, 1, 1, 0]).repeat(1000)  # unequal classes


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.2, 0.3, 0.55, 1.0])
@pytest.mark.parametrize("kind", ["symmetric", "pair"])
def test_each_class_loses_exactly_its_share(rate, kind):
    noisy = corrupt_labels(LABELS, 8, rate, kind)
    for c in LABELS.unique().tolist():
        members = c == LABELS
        assert int((noisy[members] != c).sum()) == round(rate * int(members.sum()))
    assert noisy.min() >= 0
    assert noisy.max() < 8


@pytest.mark.parametrize(
    ("members", "rate", "wrong"), [(7, 0.1, 1), (7, 0.2, 1), (8, 0.2, 2), (4, 0.1, 0), (6, 0.3, 2)]
)
def test_the_share_of_a_small_class_is_rounded(members, rate, wrong):
    labels = torch.zeros(members, dtype=torch.int64)
    assert int((corrupt_labels(labels, 8, rate) != 0).sum()) == wrong


def test_no_draw_leaves_a_label_as_it_is(monkeypatch):
    """Not even 0, the lowest there is, nor one that meets the end of a class's share."""
    labels = torch.arange(3).repeat_interleave(3)
    for draw, expected in ((0.0, [1, 0, 0]), (0.5, [2, 2, 1])):
        monkeypatch.setattr(counter_rng, "uniform", lambda seed, name, rows, draw=draw: torch.full((9,), draw))
        assert corrupt_labels(labels, 3, 1.0).tolist() == [c for c in expected for _ in range(3)]


def test_noise_is_nested():
    ten, twenty = corrupt_labels(LABELS, 8, 0.1), corrupt_labels(LABELS, 8, 0.2)
    flipped = ten != LABELS
    assert torch.equal(twenty[flipped], ten[flipped])


def test_seeds_repeat_and_differ():
    assert torch.equal(corrupt_labels(LABELS, 8, 0.3, seed=1), corrupt_labels(LABELS, 8, 0.3, seed=1))
    assert not torch.equal(corrupt_labels(LABELS, 8, 0.3, seed=1), corrupt_labels(LABELS, 8, 0.3, seed=2))


def test_the_labels_that_went_in_are_untouched():
    before = LABELS.clone()
    corrupt_labels(LABELS, 8, 0.5)
    assert torch.equal(LABELS, before)


@pytest.mark.parametrize("kind", ["symmetric", "pair"])
def test_another_seed_chooses_other_samples(kind):
    """Of two choices of 30 % of a class, 9 % of it are in both."""
    wrong = torch.stack([corrupt_labels(LABELS, 8, 0.3, kind, seed) != LABELS for seed in (1, 2)])
    assert wrong.all(0).float().mean().item() == pytest.approx(0.09, abs=0.02)


def test_another_seed_chooses_other_labels_for_the_same_samples():
    all_wrong = torch.stack([corrupt_labels(LABELS, 8, 1.0, seed=seed) for seed in (1, 2)])
    assert (all_wrong[0] == all_wrong[1]).float().mean().item() == pytest.approx(1 / 7, abs=0.02)


@pytest.mark.parametrize("rate", [0.2, 1.0])
def test_wrong_labels_are_uniform_over_the_other_classes(rate):
    """Whoever is chosen first: what a label becomes has nothing to do with the order of the choice."""
    labels = torch.zeros(round(70_000 / rate), dtype=torch.int64)
    counts = torch.bincount(corrupt_labels(labels, 8, rate), minlength=8)
    assert counts[0] == len(labels) - 70_000
    expected = 10_000
    chi_squared = float(((counts[1:] - expected) ** 2 / expected).sum())
    assert chi_squared < 22.5  # 99.9 % quantile with 6 degrees of freedom


def test_a_pair_flips_to_the_next_class():
    noisy = corrupt_labels(LABELS, 8, 0.4, "pair")
    flipped = noisy != LABELS
    assert torch.equal(noisy[flipped], (LABELS[flipped] + 1) % 8)


def test_a_transition_matrix_says_where_to():
    matrix = torch.tensor([[5.0, 3.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    labels = torch.arange(30_000) % 3
    noisy = corrupt_labels(labels, 3, 0.8, "transition", transition=matrix)
    assert torch.equal(noisy[labels == 1], labels[labels == 1])  # a row without any other class keeps its labels
    assert set(noisy[(labels == 2) & (noisy != 2)].tolist()) == {0}
    from_zero = noisy[(labels == 0) & (noisy != 0)]
    assert len(from_zero) == 8000
    assert (from_zero == 1).double().mean().item() == pytest.approx(0.75, abs=0.02)


def test_a_class_without_samples_is_no_problem():
    assert corrupt_labels(torch.empty(0, dtype=torch.int64), 8, 0.3).tolist() == []


@pytest.mark.parametrize("rate", [-0.1, 1.1, math.nan, math.inf])
def test_a_rate_outside_is_refused(rate):
    with pytest.raises(ValueError, match="noise rate must lie in 0..1"):
        corrupt_labels(LABELS, 8, rate)


def test_bad_input_is_refused_by_name():
    with pytest.raises(ValueError, match="labels must lie in 0..6, got 0..7"):
        corrupt_labels(torch.tensor([0, 7]), 7, 0.1)
    with pytest.raises(ValueError, match="noise needs at least 2 classes, got 1"):
        corrupt_labels(torch.tensor([0, 0]), 1, 0.5)
    with pytest.raises(ValueError, match="unknown kind of noise 'odd'"):
        corrupt_labels(LABELS, 8, 0.1, "odd")
    with pytest.raises(ValueError, match="needs a"):
        corrupt_labels(LABELS, 8, 0.1, "transition")
    with pytest.raises(ValueError, match="transition must be"):
        corrupt_labels(LABELS, 8, 0.1, "transition", transition=torch.full((8, 8), math.nan))
