"""Each loss against an oracle that shares no code with it."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from scnlib import losses


def weighted_cross_entropy_by_hand(logits, alpha, labels):
    """Equation 2, read aloud: one sample at a time, plain floats."""
    total = 0.0
    for z, a, y in zip(logits.tolist(), alpha.tolist(), labels.tolist(), strict=True):
        total += math.log(sum(math.exp(a * s) for s in z)) - a * z[y]
    return total / len(labels)


def rank_loss_by_hand(alpha, beta, margin):
    """Equations 3 and 4 on a sorted list."""
    ranked = sorted(alpha.tolist(), reverse=True)
    m = math.floor(beta * len(ranked) + 1e-9)
    if m in (0, len(ranked)):
        return 0.0
    high, low = ranked[:m], ranked[m:]
    return max(0.0, margin - (sum(high) / len(high) - sum(low) / len(low)))


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(20, 7, generator=generator, dtype=torch.float64)
    alpha = torch.rand(20, generator=generator, dtype=torch.float64)
    return logits, alpha, torch.arange(20) % 7


class TestLogitWeightedCrossEntropy:
    def test_equals_the_equation(self, batch):
        expected = weighted_cross_entropy_by_hand(*batch)
        assert losses.logit_weighted_cross_entropy(*batch).item() == pytest.approx(expected, rel=1e-12)

    def test_with_full_importance_it_is_the_cross_entropy(self, batch):
        logits, alpha, labels = batch
        torch.testing.assert_close(
            losses.logit_weighted_cross_entropy(logits, torch.ones_like(alpha), labels),
            torch.nn.functional.cross_entropy(logits, labels),
        )

    def test_without_importance_every_class_is_equally_likely(self, batch):
        logits, alpha, labels = batch
        loss = losses.logit_weighted_cross_entropy(logits, torch.zeros_like(alpha), labels)
        assert loss.item() == pytest.approx(math.log(7))

    def test_gradients(self, batch):
        logits, alpha, labels = batch
        assert gradcheck(
            lambda z, a: losses.logit_weighted_cross_entropy(z, a, labels),
            (logits.clone().requires_grad_(), alpha.clone().requires_grad_()),
        )

    def test_descent_raises_alpha_of_a_right_prediction_and_lowers_it_of_a_wrong_one(self):
        logits = torch.tensor([[3.0, 0.0], [3.0, 0.0]])
        alpha = torch.tensor([0.5, 0.5], requires_grad=True)
        losses.logit_weighted_cross_entropy(logits, alpha, torch.tensor([0, 1])).backward()
        assert alpha.grad[0] < 0 < alpha.grad[1]

    def test_keeps_the_dtype(self, batch):
        logits, alpha, labels = batch
        assert losses.logit_weighted_cross_entropy(logits.float(), alpha, labels).dtype == torch.float32


class TestLossWeightedCrossEntropy:
    def test_equals_the_equation(self, batch):
        logits, alpha, labels = batch
        total = 0.0
        for z, a, y in zip(logits.tolist(), alpha.tolist(), labels.tolist(), strict=True):
            total += a * (math.log(sum(math.exp(s) for s in z)) - z[y])
        assert losses.loss_weighted_cross_entropy(*batch).item() == pytest.approx(total / len(labels), rel=1e-12)

    def test_descent_only_ever_lowers_alpha(self, batch):
        logits, alpha, labels = batch
        alpha.requires_grad_()
        losses.loss_weighted_cross_entropy(logits, alpha, labels).backward()
        assert (alpha.grad > 0).all()
        assert losses.loss_weighted_cross_entropy(logits, torch.zeros_like(alpha), labels) == 0


class TestRankRegularization:
    @pytest.mark.parametrize("beta", [0.5, 0.7, 0.9])
    @pytest.mark.parametrize("margin", [0.0, 0.15, 0.8])
    @pytest.mark.parametrize("n", [2, 3, 10, 64])
    def test_equals_the_equations(self, n, beta, margin):
        alpha = torch.rand(n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
        loss = losses.rank_regularization(alpha, beta, margin)
        assert loss.item() == pytest.approx(rank_loss_by_hand(alpha, beta, margin), abs=1e-12)

    def test_the_order_of_the_batch_does_not_matter(self):
        alpha = torch.rand(33, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        shuffled = alpha[torch.randperm(33, generator=torch.Generator().manual_seed(2))]
        torch.testing.assert_close(
            losses.rank_regularization(alpha, 0.7, 0.9), losses.rank_regularization(shuffled, 0.7, 0.9)
        )

    def test_a_constant_shift_changes_nothing(self):
        alpha = torch.linspace(0.2, 0.3, 10, dtype=torch.float64)
        torch.testing.assert_close(losses.rank_regularization(alpha), losses.rank_regularization(alpha + 0.5))

    def test_gradient_is_minus_one_over_the_group_size(self):
        alpha = torch.linspace(0.5, 0.51, 10, dtype=torch.float64, requires_grad=True)
        losses.rank_regularization(alpha).backward()
        expected = torch.tensor([1 / 3] * 3 + [-1 / 7] * 7, dtype=torch.float64)  # ascending: the lowest three first
        torch.testing.assert_close(alpha.grad, expected)

    def test_gradcheck_with_a_learnable_margin(self):
        alpha = torch.rand(9, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
        margin = torch.tensor(0.9, dtype=torch.float64, requires_grad=True)
        assert gradcheck(lambda a, m: losses.rank_regularization(a, 0.7, m), (alpha, margin))

    def test_as_printed_descent_can_only_shrink_a_learnable_margin(self):
        margin = torch.tensor(0.15, requires_grad=True)
        losses.rank_regularization(torch.full((10,), 0.5), 0.7, margin).backward()
        assert margin.grad.item() == 1.0

    def test_silent_once_the_groups_are_far_enough_apart(self):
        alpha = torch.tensor([0.9] * 7 + [0.1] * 3, requires_grad=True)
        loss = losses.rank_regularization(alpha)
        loss.backward()
        assert loss.item() == 0
        assert alpha.grad.abs().sum().item() == 0

    @pytest.mark.parametrize(("n", "beta"), [(1, 0.7), (5, 1.0), (5, 0.0), (1, 0.0)])
    def test_an_empty_group_gives_zero_loss_and_zero_gradient(self, n, beta):
        alpha = torch.full((n,), 0.5, requires_grad=True)
        loss = losses.rank_regularization(alpha, beta)
        loss.backward()
        assert loss.item() == 0
        assert alpha.grad.tolist() == [0.0] * n

    def test_ties_keep_the_order_of_the_batch(self):
        alpha = torch.full((4,), 0.5, requires_grad=True)
        losses.rank_regularization(alpha, 0.5).backward()
        assert alpha.grad.tolist() == [-0.5, -0.5, 0.5, 0.5]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
    def test_keeps_the_dtype(self, dtype):
        assert losses.rank_regularization(torch.rand(8).to(dtype), margin=torch.tensor(0.15)).dtype == dtype

    @pytest.mark.parametrize("beta", [-0.1, 1.1, math.nan])
    def test_beta_outside_is_refused(self, beta):
        with pytest.raises(ValueError, match="beta must lie in 0..1"):
            losses.rank_regularization(torch.rand(8), beta)


@pytest.mark.parametrize(
    ("n", "beta", "count"), [(10, 0.7, 7), (1024, 0.7, 716), (10, 0.3, 3), (3, 0.5, 1), (90, 0.7, 63)]
)
def test_size_of_the_high_group(n, beta, count):
    """The last one is 62.99999999999999 in floating point."""
    assert losses.high_importance_count(n, beta) == count


class TestTotalLoss:
    def test_trades_off(self):
        total = losses.total_loss(torch.tensor(2.0), torch.tensor(0.5), gamma=0.25)
        assert total.item() == pytest.approx(0.25 * 0.5 + 0.75 * 2.0)

    def test_without_ranking_the_classification_loss_stands_alone(self):
        classification = torch.tensor(2.0)
        assert losses.total_loss(classification, None, gamma=0.8) is classification

    def test_at_both_ends_of_gamma_one_loss_is_left(self):
        classification, ranking = torch.tensor(2.0), torch.tensor(0.5)
        assert [losses.total_loss(classification, ranking, gamma).item() for gamma in (0, 1)] == [2.0, 0.5]

    def test_gamma_outside_is_refused(self):
        with pytest.raises(ValueError, match="gamma must lie in 0..1, got 1.5"):
            losses.total_loss(torch.tensor(1.0), torch.tensor(1.0), gamma=1.5)


def test_soft_cross_entropy_with_certain_targets_is_the_cross_entropy(batch):
    logits, _, labels = batch
    targets = torch.nn.functional.one_hot(labels, 7).double()
    torch.testing.assert_close(
        losses.soft_cross_entropy(logits, targets), torch.nn.functional.cross_entropy(logits, labels)
    )
