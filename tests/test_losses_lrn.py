"""LRN's equations against loops in plain floats, closed forms and limits."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from scnlib import losses_lrn as lrn

C, T = 5, 0.7


def log_probabilities_by_hand(mean, factor, noise, temperature):
    """Equation 1, read aloud: one sample, one draw, one class at a time."""
    result = []
    for d, a in zip(mean.tolist(), factor.tolist(), strict=True):
        sums = [0.0] * len(d)
        for e in noise.tolist():
            logits = [d[k] + sum(a[k][j] * e[j] for j in range(len(e))) for k in range(len(d))]
            powers = [math.exp(u / temperature) for u in logits]
            for k in range(len(d)):
                sums[k] += powers[k] / sum(powers)
        result.append([math.log(total / len(noise)) for total in sums])
    return torch.tensor(result, dtype=torch.float64)


def discriminative_loss_by_hand(features, centres, spread):
    """Equations 3 and 4 on lists."""
    total, centres = 0.0, centres.tolist()
    for f in features.tolist():
        distances = [sum((x - m) ** 2 for x, m in zip(f, mu, strict=True)) for mu in centres]
        powers = [math.exp(-d) for d in distances]
        total += sum(p / sum(powers) * d for p, d in zip(powers, distances, strict=True))
    total /= len(features) * len(centres)
    if not spread:
        return total
    middle = [sum(column) / len(centres) for column in zip(*centres, strict=True)]
    squares = sum((m - x) ** 2 for mu in centres for m, x in zip(mu, middle, strict=True))
    return total / (squares / (len(centres) - 1))


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cubature(k):
    """2 K points whose mean, covariance and third moments are exactly those of a standard normal."""
    points = math.sqrt(k) * torch.eye(k, dtype=torch.float64)
    return torch.cat([points, -points])


class TestCovarianceFactor:
    def test_full_is_any_matrix(self):
        outputs = draw(3, C * C)
        assert torch.equal(lrn.covariance_factor(outputs, C), outputs.view(3, C, C))

    def test_diagonal_multiplies_the_noise_class_by_class_as_equation_1_does(self):
        outputs, noise = draw(3, C), draw(11, C, seed=1)
        factor = lrn.covariance_factor(outputs, C, "diagonal")
        torch.testing.assert_close(factor @ noise.T, outputs[:, :, None] * noise.T)

    def test_low_rank_is_low_rank_plus_diagonal(self):
        outputs = draw(3, C * 2 + C)
        factor = lrn.covariance_factor(outputs, C, "low_rank", rank=2)
        low, own = outputs[:, : C * 2].view(3, C, 2), outputs[:, C * 2 :]
        expected = low @ low.mT + torch.diag_embed(own**2)
        torch.testing.assert_close(factor @ factor.mT, expected)
        assert factor.shape == (3, C, 2 + C)

    @pytest.mark.parametrize("covariance", lrn.COVARIANCES)
    def test_it_takes_what_factor_size_says_and_gives_a_covariance(self, covariance):
        outputs = draw(4, lrn.factor_size(C, covariance, 2))
        factor = lrn.covariance_factor(outputs, C, covariance, 2)
        assert (torch.linalg.eigvalsh(factor @ factor.mT) > -1e-12).all()
        flipped = lrn.covariance_factor(-outputs, C, covariance, 2)
        torch.testing.assert_close(factor @ factor.mT, flipped @ flipped.mT)

    def test_an_unknown_kind_is_refused(self):
        with pytest.raises(ValueError, match="covariance='banded' is unknown; known: 'full', 'diagonal', 'low_rank'"):
            lrn.factor_size(C, "banded", 1)


class TestMonteCarlo:
    @pytest.mark.parametrize("covariance", lrn.COVARIANCES)
    def test_equals_the_equation(self, covariance):
        mean = draw(4, C)
        factor = lrn.covariance_factor(draw(4, lrn.factor_size(C, covariance, 2), seed=1), C, covariance, 2)
        noise = draw(23, factor.shape[2], seed=2)
        found = lrn.monte_carlo_log_probabilities(mean, factor, noise, T)
        torch.testing.assert_close(found, log_probabilities_by_hand(mean, factor, noise, T), rtol=1e-12, atol=1e-12)

    def test_without_noise_it_is_the_softmax_at_temperature_t(self):
        mean, noise = draw(4, C), draw(9, C, seed=1)
        found = lrn.monte_carlo_log_probabilities(mean, torch.zeros(4, C, C, dtype=torch.float64), noise, T)
        torch.testing.assert_close(found, torch.log_softmax(mean / T, dim=1))

    def test_small_noise_bends_the_softmax_by_half_its_curvature_times_the_covariance(self):
        mean, factor = draw(1, C), 0.01 * draw(1, C, C, seed=1)

        def softmax(d):
            return torch.softmax(d / T, dim=0)

        covariance = factor[0] @ factor[0].T
        curvatures = [torch.autograd.functional.hessian(lambda d, k=k: softmax(d)[k], mean[0]) for k in range(C)]
        second_order = torch.stack([0.5 * (curvature * covariance).sum() for curvature in curvatures])
        found = lrn.monte_carlo_log_probabilities(mean, factor, cubature(C), T).exp()[0]
        shift = found - softmax(mean[0])
        assert shift.abs().max() > 1e-5
        torch.testing.assert_close(shift, second_order, rtol=0.02, atol=1e-8)

    def test_a_cold_softmax_of_two_noisy_logits_is_the_normal_distribution_function(self):
        mean = torch.tensor([[0.4, 0.0]], dtype=torch.float64)
        factor = torch.tensor([[[1.0, 0.0], [0.6, 0.8]]], dtype=torch.float64)
        deviation = math.sqrt((1 - 0.6) ** 2 + 0.8**2)
        expected = 0.5 * (1 + math.erf(0.4 / deviation / math.sqrt(2)))
        found = lrn.monte_carlo_log_probabilities(mean, factor, draw(200_000, 2), 1e-4).exp()
        assert found[0, 0].item() == pytest.approx(expected, abs=0.004)

    def test_probabilities_sum_to_one_and_can_stand_for_logits(self):
        mean, factor, noise = draw(6, C), 3 * draw(6, C, C, seed=1), draw(50, C, seed=2)
        found = lrn.monte_carlo_log_probabilities(mean, factor, noise, T)
        torch.testing.assert_close(torch.log_softmax(found, dim=1), found)
        labels = torch.arange(6) % C
        by_hand = -sum(found[i, labels[i]] for i in range(6)) / 6
        torch.testing.assert_close(F.cross_entropy(found, labels), by_hand)

    def test_noise_that_moves_all_classes_alike_changes_nothing(self):
        mean, noise = draw(3, C), draw(40, C, seed=1)
        together = draw(3, 1, C, seed=2).expand(3, C, C)
        found = lrn.monte_carlo_log_probabilities(mean, together, noise, T)
        torch.testing.assert_close(found, torch.log_softmax(mean / T, dim=1))

    def test_gradients(self):
        noise = draw(13, C, seed=2)
        inputs = draw(3, C).requires_grad_(), draw(3, C, C, seed=1).requires_grad_()
        assert gradcheck(lambda d, a: lrn.monte_carlo_log_probabilities(d, a, noise, T), inputs)

    @pytest.mark.parametrize(("scale", "spread"), [(1e4, 0.0), (1e4, 1e4), (0.0, 1e4), (0.0, 0.0), (1e-30, 1e-30)])
    def test_no_nan_at_the_extremes(self, scale, spread):
        mean = (scale * draw(4, C)).float().requires_grad_()
        factor = (spread * draw(4, C, C, seed=1)).float().requires_grad_()
        found = lrn.monte_carlo_log_probabilities(mean, factor, draw(64, C, seed=2).float(), T)
        F.cross_entropy(found, torch.arange(4)).backward()
        assert found.isfinite().all() and mean.grad.isfinite().all() and factor.grad.isfinite().all()
        assert found.dtype == torch.float32


class TestCentres:
    def test_confidence_is_a_softmax_of_similarity(self):
        features, centres = draw(6, 3), draw(C, 3, seed=1)
        confidence = lrn.centre_confidence(features, centres)
        rows = [[math.dist(f, m) for m in centres.tolist()] for f in features.tolist()]
        distances = torch.tensor(rows, dtype=torch.float64)
        torch.testing.assert_close(confidence.sum(1), torch.ones(6, dtype=torch.float64))
        assert torch.equal(confidence.argsort(1), distances.argsort(1, descending=True))
        ratio = confidence[0, 0] / confidence[0, 1]
        assert ratio.item() == pytest.approx(math.exp(distances[0, 1] ** 2 - distances[0, 0] ** 2), rel=1e-6)

    @pytest.mark.parametrize("spread", [True, False])
    def test_the_loss_equals_the_equations(self, spread):
        features, centres = draw(6, 3), draw(C, 3, seed=1)
        found = lrn.discriminative_loss(features, centres, lrn.centre_confidence(features, centres), spread=spread)
        assert found.item() == pytest.approx(discriminative_loss_by_hand(features, centres, spread), rel=1e-12)

    def test_centres_do_not_know_their_class(self):
        features, centres = draw(6, 3), draw(C, 3, seed=1)
        values = set()
        for order in itertools.islice(itertools.permutations(range(C)), 0, 120, 13):
            moved = centres[list(order)]
            loss = lrn.discriminative_loss(features, moved, lrn.centre_confidence(features, moved))
            values.add(round(loss.item(), 12))
        assert len(values) == 1

    def test_the_unit_of_the_features_does_not_matter_with_sigma_and_does_without(self):
        features, centres = draw(6, 3), draw(C, 3, seed=1)
        confidence = lrn.centre_confidence(features, centres)
        plain = lrn.discriminative_loss(features, centres, confidence)
        torch.testing.assert_close(lrn.discriminative_loss(9 * features + 2, 9 * centres + 2, confidence), plain)
        small = lrn.discriminative_loss(0.1 * features, 0.1 * centres, confidence, spread=False)
        torch.testing.assert_close(small, 0.01 * lrn.discriminative_loss(features, centres, confidence, spread=False))

    @pytest.mark.parametrize("spread", [True, False])
    def test_gradients(self, spread):
        inputs = draw(4, 3).requires_grad_(), draw(C, 3, seed=1).requires_grad_()
        assert gradcheck(lambda f, m: lrn.discriminative_loss(f, m, lrn.centre_confidence(f, m), spread=spread), inputs)

    def test_far_centres_give_no_nan(self):
        features, centres = 1e6 * draw(4, 3).float(), draw(C, 3, seed=1).float()
        confidence = lrn.centre_confidence(features, centres)
        assert confidence.isfinite().all()
        assert lrn.discriminative_loss(features, centres, confidence).isfinite()


def test_the_joint_loss_adds():
    first, second = torch.tensor(2.0), torch.tensor(0.5)
    assert lrn.joint_loss(first, second, 3.0).item() == 3.5
    assert lrn.joint_loss(first, None) is first
