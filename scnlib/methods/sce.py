"""Symmetric cross-entropy: ask also how surprised the label is by the prediction."""

from dataclasses import dataclass

from torch import Tensor, nn

from scnlib.losses import soft_cross_entropy
from scnlib.methods.base import Batch, Method, Step, distributions


@dataclass(frozen=True, kw_only=True)
class SymmetricCrossEntropy(Method):
    """Cross-entropy in both directions, with t the label (a one-hot vector) and p the prediction:

        L = a CE + b RCE,      CE = -1/N sum_i sum_c t_ic log p_ic,      RCE = -1/N sum_i sum_c p_ic log t_ic

    with ``log 0 := A``. For one-hot labels ``RCE_i = -A (1 - p_i)``, a multiple of the absolute error, and the pull is
    ``dL_i/dz = (a - A b p_i) dCE_i/dz``: a sample that is disbelieved keeps ``a`` of it. That factor over its largest
    value is recorded as alpha.

    Attributes:
        forward, reverse: a and b, weights of CE and RCE. The source has .1 and 1 for ten classes and .01 and 1 or 6 and
            .1 for other data; with eight classes we take the first.
        log_zero: A, what stands for log 0, below 0. The source's -4; its released code clips t at 1e-4 instead, which
            is A = -9.2.

    Source: Wang et al., Symmetric Cross Entropy for Robust Learning with Noisy Labels, ICCV 2019. Not SCE-ALD, which
        the tables of LRN name: that amends label distributions by word vectors of the emotions' names.
    """

    name = "sce"

    forward: float = 0.1
    reverse: float = 1.0
    log_zero: float = -4.0

    def __post_init__(self) -> None:
        if min(self.forward, self.reverse) < 0 or self.forward + self.reverse == 0:
            raise ValueError(
                f"sce: forward and reverse must be >= 0 and not both 0, got {self.forward}, {self.reverse}"
            )
        if not self.log_zero < 0:
            raise ValueError(f"sce: log_zero stands for log 0 and must be negative, got {self.log_zero}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        targets = distributions(batch, logits.shape[1])
        forward, reverse = soft_cross_entropy(logits, targets), reverse_cross_entropy(logits, targets, self.log_zero)
        loss = self.forward * forward + self.reverse * reverse
        believed = (targets * logits.detach().softmax(1)).sum(1)
        full = self.forward - self.log_zero * self.reverse
        alpha = (self.forward - self.log_zero * self.reverse * believed) / full
        return Step(loss, logits, alpha)


def reverse_cross_entropy(logits: Tensor, targets: Tensor, log_zero: float = -4.0) -> Tensor:
    """``-1/N sum_i sum_c p_ic max(log t_ic, A)`` for logits and label distributions ``(N, C)``; a scalar."""
    return -(logits.softmax(1) * targets.log().clamp_min(log_zero)).sum(1).mean()
