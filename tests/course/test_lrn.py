"""What lesson 12 measures, against closed forms."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from scnlib.course import lrn
from scnlib.methods.lrn import LRN


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_independent_gumbel_noise_gives_the_plain_softmax_and_normal_noise_does_not():
    logits, draws = torch.tensor([2.0, 1.0, 0.0, -1.0], dtype=torch.float64), 200_000
    found = lrn.winners(logits, lrn.gumbel(draws, 4, seed=0))
    torch.testing.assert_close(found.double(), torch.softmax(logits, 0), atol=4e-3, rtol=0)
    normal = lrn.winners(logits, draw(draws, 4).double() * math.pi / math.sqrt(6))  # of the same variance
    assert (normal.double() - torch.softmax(logits, 0)).abs().max() > 0.01


def test_tied_noise_keeps_its_variance_and_moves_together():
    noise = lrn.normal(100_000, 3, seed=0)
    torch.testing.assert_close(noise.var(0), torch.full((3,), math.pi**2 / 6), rtol=0.02, atol=0)
    found = torch.corrcoef(lrn.tied(noise, 0, 1, 0.8).T)
    torch.testing.assert_close(found, torch.tensor([[1, 0.8, 0], [0.8, 1, 0], [0, 0, 1]]), atol=0.02, rtol=0)
    torch.testing.assert_close(lrn.tied(noise, 0, 1, 0.8).var(0), noise.var(0), rtol=0.02, atol=0)
    assert abs(float(torch.corrcoef(noise.T)[0, 1])) < 0.02  # what was given is left alone


def test_shares_are_named_by_class_and_logit():
    shares = {"softmax": torch.tensor([0.75, 0.25])}
    expected = {"softmax": {"class 0, d = 2": 0.75, "class 1, d = -0.5": 0.25}}
    assert lrn.by_class_and_logit(shares, torch.tensor([2.0, -0.5])) == expected


@pytest.mark.parametrize(
    ("factor", "pairs"), [(torch.eye(4), 0), (torch.ones(4, 1), 6), (torch.eye(4) + torch.eye(4).roll(1, 0), 4)]
)
def test_pairs_that_are_tied(factor, pairs):
    """A ring of four, each tied to the next; all by one noise; none."""
    assert lrn.tied_pairs(factor) == pairs


def test_what_centres_hold():
    features, labels, classifier, centres = draw(300, 5), torch.arange(300) % 4, draw(4, 5, seed=1), draw(4, 5, seed=2)
    held = lrn.hold(features, labels, classifier, centres)
    assert held["share"] == lrn.pull(features[:256], labels[:256], classifier, centres)["share"]
    assert held["spread"] == pytest.approx(float(centres.var(0).sum()))
    nearest = (features[:, None] - centres).square().sum(2).argmin(1)
    assert held["favourite"] == pytest.approx(float(nearest.bincount().max()) / 300)


def test_captions_say_what_each_run_answers():
    truth = np.array([0, 1, 1])
    runs = [
        SimpleNamespace(samples={"test_labels": truth, "test_prediction": np.array(p), "test_confidence": np.array(s)})
        for p, s in (([0, 0, 1], [0.9, 0.6, 0.7]), ([1, 0, 1], [0.5, 0.51, 0.999]))
    ]
    assert lrn.captions(runs, ["joy", "fear"], [0, 2]) == ["joy 0.90\nfear 0.50\n(joy)", "fear 0.70\nfear 1.00\n(fear)"]


def test_the_sampling_error_falls_with_the_root_of_the_samples():
    mean, factor = draw(20, 4), draw(20, 4, 4, seed=1)
    errors = lrn.sampling_error(mean, factor, (20, 320), repeats=40)
    assert errors[20] / errors[320] == pytest.approx(4, rel=0.2)


def test_the_variance_of_differences_is_that_of_the_covariance():
    factor = draw(3, 4, 6)
    sigma = factor @ factor.mT
    own = sigma.diagonal(dim1=1, dim2=2)
    expected = own[:, :, None] + own[:, None] - 2 * sigma
    torch.testing.assert_close(lrn.difference_variance(factor), expected, atol=1e-5, rtol=1e-5)


def test_without_sigma_everything_shrinks_to_one_point_and_with_it_the_centres_stay_apart():
    points, centres = 0.5 * draw(60, 2), 0.5 * draw(4, 2, seed=1)
    without = lrn.descend(points, centres, spread=False, steps=1200)
    within = lrn.descend(points, centres, spread=True, steps=1200)
    assert without.spread[-1] < 0.01 * without.spread[0]
    assert within.spread[-1] > within.spread[0]
    assert np.ptp(without.points[1], axis=0).max() < 0.2 * np.ptp(without.points[0], axis=0).max()


def test_the_pull_is_the_gradient_of_each_half():
    features, labels, classifier, centres = draw(10, 6), torch.arange(10) % 3, draw(3, 6, seed=1), draw(3, 6, seed=2)
    found = lrn.pull(features, labels, classifier, centres)
    p = torch.softmax(features @ classifier.T, 1)
    by_hand = (p - torch.nn.functional.one_hot(labels, 3)) @ classifier / 10
    assert found["classification"] == pytest.approx(float(by_hand.norm()), rel=1e-5)
    distances = torch.cdist(features, centres) ** 2
    pulls = 2 * (torch.softmax(-distances, 1)[:, :, None] * (features[:, None] - centres)).sum(1)
    expected = float((pulls / (centres.var(0).sum() * 30)).norm())
    assert found["discriminative"] == pytest.approx(expected, rel=1e-4)
    assert found["share"] == pytest.approx(found["discriminative"] / found["classification"])


def test_a_head_learns_the_share_of_a_common_wrong_label():
    """Features that tell the class for sure; each third label of class 0 says 1."""
    labels = torch.arange(3000) % 3
    features = torch.eye(3)[labels] * 3
    given = torch.where((labels == 0) & (torch.arange(3000) % 9 == 0), 1, labels)
    head = lrn.train_head(LRN(samples=40, discriminative=False), features, given, 3, steps=120)
    p = head.log_probabilities(torch.eye(3) * 3).exp()
    assert p[0, 1] == pytest.approx(1 / 3, abs=0.06) and p[1, 1] > 0.95 and p[2, 2] > 0.95
    assert torch.equal(head.log_probabilities(features[:4]), head.log_probabilities(features[:4]))
    assert head.difference_variance(features[:4]).shape == (4, 3, 3)
    assert head.mean_probabilities(features[:4]).sum(1) == pytest.approx(np.ones(4), abs=1e-5)
    again = lrn.train_head(LRN(samples=40, discriminative=False), features, given, 3, steps=120)
    assert torch.equal(again.network.covariance.weight, head.network.covariance.weight)


def test_looseness_is_within_over_between():
    features, labels = torch.tensor([[0.0], [2.0], [9.0], [11.0]]), torch.tensor([3, 3, 5, 5])
    assert lrn.looseness(features, labels) == pytest.approx(4 * 1 / (4 * 4.5**2))
    assert lrn.looseness(7 * features + 1, labels) == pytest.approx(lrn.looseness(features, labels))


def test_centres_that_fell_together_are_one_place():
    assert lrn.places(np.array([[0.0, 0.0], [0.01, 0.0], [1.0, 0.0], [1.0, 0.02], [0.0, 3.0]])) == 3


def test_the_favourite_centre():
    assert lrn.favourite(torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])) == pytest.approx(2 / 3)


def test_the_maps_of_classes():
    values, labels = torch.tensor([[1.0], [3.0], [5.0]]), torch.tensor([0, 0, 1])
    assert lrn.by_class(values, labels, 2).tolist() == [[2.0], [5.0]]
    chain = np.eye(4)[[1, 2, 3, 0]]
    assert lrn.top_hits(chain + 9 * np.eye(4), chain) == 4 and lrn.top_hits(chain.T, chain) == 0
    first = np.arange(16.0).reshape(4, 4)
    assert lrn.rank_agreement(first, first**2) == pytest.approx(1)
    assert lrn.rank_agreement(first, -first) == pytest.approx(-1)
    assert math.isnan(lrn.rank_agreement(first, np.ones((4, 4))))
