"""Generalised cross-entropy: the less the network believes a label, the less that label pulls."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step, distributions


@dataclass(frozen=True, kw_only=True)
class GCE(Method):
    """A loss between cross-entropy and absolute error:

        L = 1/N  sum_i (1 - p_i^q) / q,      p_i = softmax(z_i)[y_i],      dL_i/dz = p_i^q  dCE_i/dz

    ``q -> 0`` is the cross-entropy, ``q = 1`` half the absolute error ``|e_y - p|``, which symmetric noise cannot move
    but which hardly learns. ``p_i^q``, the share of the cross-entropy's pull that a sample keeps, is recorded as
    alpha: the method's trust in that sample, and a function of its loss.

    Attributes:
        q: 0 to 1, not 0: from cross-entropy to absolute error. The source's .7.

    Source: Zhang and Sabuncu, Generalized Cross Entropy Loss, NeurIPS 2018, eq. (6). Its truncated form, which drops
        samples with p < .5 and solves for them anew every tenth epoch, is left out. A sample with a label distribution
        t has sum_c t_c (1 - p_c^q) / q: ours.
    """

    name = "gce"

    q: float = 0.7

    def __post_init__(self) -> None:
        if not 0 < self.q <= 1:
            raise ValueError(f"gce: q must lie in 0..1 and not be 0 (that is the baseline), got {self.q}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        targets = distributions(batch, logits.shape[1])
        loss = generalized_cross_entropy(logits, targets, self.q)
        kept = (targets * logits.detach().softmax(1) ** self.q).sum(1)
        return Step(loss, logits, alpha=kept)


def generalized_cross_entropy(logits: Tensor, targets: Tensor, q: float) -> Tensor:
    """``1/N sum_i sum_c t_ic (1 - p_ic^q) / q`` for logits and label distributions ``(N, C)``; a scalar.

    Powers are taken of log p: the gradient of p^q itself is infinite at p = 0.
    """
    per_class = -torch.expm1(q * logits.log_softmax(1)) / q
    return (targets * per_class).sum(1).mean()
