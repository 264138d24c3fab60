"""Losses, one function per equation, and how alpha cuts a batch into groups; no state, no modules, no device logic."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.shapes import check_shape


def logit_weighted_cross_entropy(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of logits that are multiplied by each sample's importance.

        L_WCE = -1/N  sum_i  log softmax(alpha_i z_i)[y_i]

    A sample of low importance has its scores pulled together, so it can neither be very right nor very wrong.

    Args:
        logits: ``(N, C)`` unnormalised scores ``z = W x``.
        alpha: ``(N,)`` importance weights in (0, 1).
        labels: ``(N,)`` class indices ``y``, or ``(N, C)`` label distributions.

    Returns:
        Scalar, the mean over the batch, in the dtype of ``logits``.

    Raises:
        ValueError: if a tensor has another shape.

    Source: SCN, eq. (2).
    Differs from the released code: that multiplies ``alpha (W x + b)``; a bias in ``logits`` does the same here.
    """
    _check_batch(logits, alpha, labels)
    return F.cross_entropy(alpha.to(logits.dtype)[:, None] * logits, labels)


def loss_weighted_cross_entropy(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy in which each sample's loss is multiplied by its importance.

        L = -1/N  sum_i  alpha_i log softmax(z_i)[y_i]

    Its derivative in ``alpha_i`` is that sample's loss over N and never negative: a learnt alpha can only sink.

    Args:
        logits: ``(N, C)`` unnormalised scores ``z``.
        alpha: ``(N,)`` importance weights, 0 to 1.
        labels: ``(N,)`` class indices ``y``, or ``(N, C)`` label distributions.

    Returns:
        Scalar, divided by N and not by the sum of alpha, in the dtype of ``logits``.

    Raises:
        ValueError: if a tensor has another shape.

    Source: SCN, section 3.2, the first of "two simple choices", which it rejects.
    """
    _check_batch(logits, alpha, labels)
    return (alpha.to(logits.dtype) * F.cross_entropy(logits, labels, reduction="none")).mean()


def _check_batch(logits: Tensor, alpha: Tensor, labels: Tensor) -> None:
    check_shape("logits", logits, ("N", "C"))
    check_shape("alpha", alpha, logits.shape[:1])
    check_shape("labels", labels, logits.shape[:1], logits.shape)


def high_importance_count(batch_size: int, beta: float) -> int:
    """How many samples of a batch form the high group: ``M = floor(beta N + 1e-9)``.

    The small term keeps 0.7 * 90 at 63 where rounding gives 62.999...; the released ``int(batch * beta)`` has none.

    Raises:
        ValueError: if ``beta`` lies outside 0..1.
    """
    if not 0 <= beta <= 1:
        raise ValueError(f"beta must lie in 0..1, got {beta}")
    return math.floor(beta * batch_size + 1e-9)


def importance_order(alpha: Tensor) -> Tensor:
    """Indices ``(N,)`` of ``(N,)`` alpha by descending importance; ties keep the order of the batch.

    Raises:
        ValueError: if alpha has another shape.
    """
    check_shape("alpha", alpha, ("N",))
    return alpha.detach().argsort(descending=True, stable=True)


def rank_regularization(alpha: Tensor, beta: float = 0.7, margin: float | Tensor = 0.15) -> Tensor:
    """Push the mean importance of the high group at least ``margin`` above that of the low group.

        L_RR = max(0, delta_1 - (alpha_H - alpha_L))

        alpha_H = mean of the M = floor(beta N) largest alpha,   alpha_L = mean of the other N - M

    Args:
        alpha: ``(N,)`` importance weights.
        beta: share of the high group, 0 to 1.
        margin: delta_1. A scalar tensor may be learnable; as printed its gradient is +1 whenever the loss is active, so
            descent only ever shrinks it.

    Returns:
        Scalar in the dtype of ``alpha``. 0 with zero gradient where a group is empty (one sample, beta 0 or 1).

    Raises:
        ValueError: if ``beta`` lies outside 0..1, or a tensor has another shape.

    Source: SCN, eq. (3) and (4). The paper's sums run over 0..M and M..N, one term too many each; the means over M and
        N - M samples are what it describes.
    """
    check_shape("alpha", alpha, ("N",))
    if isinstance(margin, Tensor):
        check_shape("margin", margin, ())
    count = high_importance_count(len(alpha), beta)
    if count in (0, len(alpha)):
        return alpha.sum() * 0
    ranked = alpha[importance_order(alpha)]
    gap = ranked[:count].mean() - ranked[count:].mean()
    return (margin - gap).clamp_min(0).to(alpha.dtype)


def total_loss(classification: Tensor, ranking: Tensor | None, gamma: float = 0.5) -> Tensor:
    """Trade the two losses off; without ranking the classification loss stands alone.

        L = gamma L_RR + (1 - gamma) L_WCE

    Args:
        classification: scalar, WCE or plain cross-entropy.
        ranking: scalar, or None where nothing is ranked: then the result is ``classification`` itself and not
            ``(1 - gamma)`` of it, so that such a run does not train at half the step. This is our choice.
        gamma: 0 to 1.

    Raises:
        ValueError: if ``gamma`` lies outside 0..1, or a loss is no scalar.

    Source: SCN, section 3.3.
    Differs from the released code: that adds both with weight 1, twice the paper's loss at gamma = 0.5; the method
        ``scn`` with ``variant="released_code"`` does so.
    """
    if not 0 <= gamma <= 1:
        raise ValueError(f"gamma must lie in 0..1, got {gamma}")
    check_shape("classification", classification, ())
    if ranking is None:
        return classification
    check_shape("ranking", ranking, ())
    return gamma * ranking + (1 - gamma) * classification


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy against label distributions: ``-1/N sum_i sum_c t_ic log softmax(z_i)_c``, both ``(N, C)``.

    Raises:
        ValueError: if a tensor has another shape.

    Source: the "PLD" row of SCN, table 7 (Barsoum et al. 2016).
    """
    check_shape("logits", logits, ("N", "C"))
    check_shape("targets", targets, logits.shape)
    return -(targets * torch.log_softmax(logits, dim=1)).sum(1).mean()
