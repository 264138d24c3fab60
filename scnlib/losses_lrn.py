"""The equations of the Label-noise Robust Network, one function each. Tensors in, tensors out; no state."""

import math

import torch
from torch import Tensor

from scnlib.shapes import check_shape

COVARIANCES = ("full", "diagonal", "low_rank")


def factor_size(num_classes: int, covariance: str, rank: int) -> int:
    """How many outputs FC2 needs for ``covariance_factor``: C C, C, or C R + C.

    Raises:
        ValueError: if the kind of covariance is unknown.
    """
    sizes = {"full": num_classes**2, "diagonal": num_classes, "low_rank": num_classes * rank + num_classes}
    if covariance not in sizes:
        raise ValueError(f"covariance={covariance!r} is unknown; known: {', '.join(map(repr, COVARIANCES))}")
    return sizes[covariance]


def covariance_factor(outputs: Tensor, num_classes: int, covariance: str = "full", rank: int = 3) -> Tensor:
    """The matrix A(x) that multiplies the noise, for each sample; the logits' covariance is ``A A^T``.

        full:      A = the C x C outputs, row by row          the paper's text: a covariance between all classes
        diagonal:  A = diag(outputs)                          the paper's equation (1), element by element
        low rank:  A = [V  diag(s)], V of C x R, s of C       what the text says few classes need not resort to

    The outputs need no activation: noise is symmetric, so the sign of a factor changes nothing, and ``A A^T`` is a
    covariance whatever A is.

    Args:
        outputs: ``(N, factor_size(C, covariance, R))``, linear in the features.
        num_classes: C.
        covariance: ``"full"``, ``"diagonal"`` or ``"low_rank"``.
        rank: R, for ``"low_rank"`` alone.

    Returns:
        ``(N, C, K)`` with K = C, C, or R + C independent noises.

    Raises:
        ValueError: if the kind of covariance is unknown, or ``outputs`` has another shape.

    Source: LRN, section 3.1; the low-rank form is that of Collier et al., CVPR 2021, which LRN builds on. There s goes
        through a softplus and is at least .001.
    """
    size = factor_size(num_classes, covariance, rank)
    check_shape("outputs", outputs, ("N", size))
    if covariance == "full":
        return outputs.view(-1, num_classes, num_classes)
    own = torch.diag_embed(outputs[:, size - num_classes :])
    if covariance == "diagonal":
        return own
    return torch.cat([outputs[:, : size - num_classes].view(-1, num_classes, rank), own], dim=2)


def monte_carlo_log_probabilities(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float = 0.7) -> Tensor:
    """Log of the expected softmax of noisy logits, by sampling.

        log p'_k = log 1/S sum_s softmax((d + A e_s) / T)_k
                 = logsumexp_s log_softmax((d + A e_s) / T)_k - log S

    The mean is taken of the probabilities and not of their logarithms, but without leaving the logarithm, so nothing
    underflows. Equation (2) is the cross-entropy of this: ``-mean_i log p'_{y_i}``. The result can stand for logits
    wherever some are wanted, since its softmax is p' itself.

    Args:
        mean: ``(N, C)`` logits d(x) without noise.
        factor: ``(N, C, K)`` of ``covariance_factor``.
        noise: ``(S, K)`` standard normal, the same for all samples of a batch. That is ours: every sample's estimate
            is as good as with its own noise, and costs one matrix product.
        temperature: T > 0.

    Returns:
        ``(N, C)``, in the dtype of ``mean``.

    Raises:
        ValueError: if a tensor has another shape.

    Source: LRN, eq. (1) and (2). Eq. (2) sums over the data; the mean over the batch is ours, as for any other loss.
        Its indicator ``[i = y_ic]`` is read as ``[c = y_i]``.
    """
    check_shape("mean", mean, ("N", "C"))
    check_shape("factor", factor, (*mean.shape, "K"))
    check_shape("noise", noise, ("S", factor.shape[2]))
    logits = (mean[:, :, None] + factor @ noise.T) / temperature
    return torch.logsumexp(torch.log_softmax(logits, dim=1), dim=2) - math.log(len(noise))


def squared_distances(features: Tensor, centres: Tensor) -> Tensor:
    """``||f_i - mu_c||^2`` for ``(M, D)`` features and ``(C, D)`` centres: ``(M, C)``.

    Raises:
        ValueError: if a tensor has another shape.
    """
    check_shape("features", features, ("M", "D"))
    check_shape("centres", centres, ("C", features.shape[1]))
    return (features[:, None] - centres).square().sum(2)


def centre_confidence(features: Tensor, centres: Tensor) -> Tensor:
    """How sure it is that each sample belongs to each centre, judged by the features alone.

        w_ic = softmax_c(-||f_i - mu_c||^2)

    Args:
        features: ``(M, D)``.
        centres: ``(C, D)``.

    Returns:
        ``(M, C)``, rows sum to 1.

    Raises:
        ValueError: if a tensor has another shape.

    Source: LRN, eq. (3), which has ``exp(d(f_i, mu_c))`` with d "the metric function". A distance there would give the
        farthest centre the largest confidence, so d must be a similarity; the negative squared distance is ours.
    """
    return torch.softmax(-squared_distances(features, centres), dim=1)


def centre_spread(centres: Tensor) -> Tensor:
    """sigma^2 of equation (4): the variance of ``(C, D)`` centres, ``sum_c ||mu_c - mean||^2 / (C - 1)``, a scalar.

    Raises:
        ValueError: if ``centres`` has another shape.

    Source: LRN, eq. (4), "the standard deviation among class centers"; that it is summed over the dimensions is ours.
    """
    check_shape("centres", centres, ("C", "D"))
    return centres.var(dim=0).sum()


def discriminative_loss(features: Tensor, centres: Tensor, confidence: Tensor, *, spread: bool = True) -> Tensor:
    """Draw features and centres together, as far as they belong together, and centres apart.

        L_CLD = sum_i sum_c w_ic ||f_i - mu_c||^2 / (sigma^2 M C)

    No label enters, and no centre knows its class: the loss is the same when the centres change places.

    Args:
        features: ``(M, D)``.
        centres: ``(C, D)``.
        confidence: ``(M, C)`` of ``centre_confidence``; give it detached for weights that are constants of the step.
        spread: divide by sigma^2. Without, the loss falls when everything shrinks to one point.

    Returns:
        Scalar, not negative; with ``spread`` it is the same for features and centres in any unit, but for w.

    Raises:
        ValueError: if a tensor has another shape.

    Source: LRN, eq. (4); its sigma_k has an index that occurs nowhere, and its M is the size of the batch.
    """
    distances = squared_distances(features, centres)
    check_shape("confidence", confidence, distances.shape)
    total = (confidence * distances).sum() / confidence.numel()
    return total / centre_spread(centres) if spread else total


def joint_loss(classification: Tensor, discriminative: Tensor | None, weight: float = 1.0) -> Tensor:
    """``L = L_cls + lambda L_CLD``, scalars; without the second the first alone.

    Raises:
        ValueError: if a loss is no scalar.

    Source: LRN, eq. (5); lambda = 1 in section 4.2.
    """
    for name, loss in (("classification", classification), ("discriminative", discriminative)):
        if loss is not None:
            check_shape(name, loss, ())
    return classification if discriminative is None else classification + weight * discriminative
