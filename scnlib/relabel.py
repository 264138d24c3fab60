"""Relabelling, equation 5, and the audit that says whether it cured or harmed."""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.losses import high_importance_count, importance_order
from scnlib.shapes import check_shape


def relabel(
    probabilities: Tensor,
    labels: Tensor,
    alpha: Tensor | None = None,
    *,
    beta: float = 0.7,
    margin: float = 0.2,
) -> tuple[Tensor, Tensor]:
    """Give a sample the predicted label where the prediction is surer than its label by more than a margin.

        y' = argmax_c p_c   if  max_c p_c - p_y > delta_2   and the sample is in the low-importance group
        y' = y              otherwise

    Args:
        probabilities: ``(N, C)`` softmax outputs ``p``.
        labels: ``(N,)`` the labels ``y`` to compare with and to fall back to.
        alpha: ``(N,)`` importance weights: only the ``N - floor(beta N)`` lowest may change, ties kept in batch order.
            None: all may change.
        beta: share of the high group, 0 to 1.
        margin: delta_2.

    Returns:
        ``(new_labels, changed)``: a new tensor like ``labels`` and bool ``(N,)``.

    Raises:
        ValueError: if ``beta`` lies outside 0..1, or a tensor has another shape.

    Source: SCN, eq. (5).
    Differs from the released code: that considers all samples of the batch, with alpha-scaled probabilities of the
        augmented images, and overwrites the only copy of the labels.
    """
    check_shape("probabilities", probabilities, ("N", "C"))
    check_shape("labels", labels, probabilities.shape[:1])
    if alpha is not None:
        check_shape("alpha", alpha, probabilities.shape[:1])
    high_importance_count(len(labels), beta)  # refuses a wrong beta, also where there are no groups
    top, winner = probabilities.max(1)
    own = probabilities.gather(1, labels[:, None]).squeeze(1)
    changed = top - own > margin
    if alpha is not None:
        changed = changed & low_importance(alpha, beta)
    return torch.where(changed, winner, labels), changed


def low_importance(alpha: Tensor, beta: float = 0.7) -> Tensor:
    """bool ``(N,)``: which samples are in the low-importance group, the ``N - floor(beta N)`` smallest alpha.

    Raises:
        ValueError: if ``beta`` lies outside 0..1, or alpha is not ``(N,)``.
    """
    check_shape("alpha", alpha, ("N",))
    count = high_importance_count(len(alpha), beta)
    low = torch.ones(len(alpha), dtype=torch.bool, device=alpha.device)
    return low.index_fill_(0, importance_order(alpha)[:count], False)  # low[...] = False would wait for the device


@dataclass(frozen=True)
class Audit:
    """What relabelling did, seen against the truth. All tensors are 0-d, so nothing waits for the device.

    Attributes:
        changed: samples whose label differs from the given one.
        cured: of those, wrong labels that became right.
        harmed: right labels that became wrong.
        precision: share of the changes after which the label is right, NaN without changes.
        recall: share of the wrong labels that became right, NaN without wrong labels.
        label_accuracy: share of all current labels that are right.
    """

    changed: Tensor
    cured: Tensor
    harmed: Tensor
    precision: Tensor
    recall: Tensor
    label_accuracy: Tensor


def audit(given: Tensor, current: Tensor, true: Tensor) -> Audit:
    """Compare labels before and after relabelling with the truth; all int64 ``(N,)``.

    A wrong label that became another wrong label lowers the precision and is neither cured nor harmed.

    Raises:
        ValueError: if they are not, or differ in N.
    """
    check_shape("given", given, ("N",))
    check_shape("current", current, given.shape)
    check_shape("true", true, given.shape)
    changed, right = current != given, current == true
    wrong_before = given != true
    cured = (changed & right).sum()
    return Audit(
        changed=changed.sum(),
        cured=cured,
        harmed=(changed & ~wrong_before).sum(),
        precision=cured / changed.sum(),
        recall=cured / wrong_before.sum(),
        label_accuracy=right.float().mean(),
    )
