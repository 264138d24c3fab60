"""Self-paced learning: weights that follow from the losses instead of being learnt with them."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.losses import high_importance_count
from scnlib.methods.base import Batch, Method, Step


@dataclass(frozen=True, kw_only=True)
class SelfPaced(Method):
    """Alternating minimisation: with the network fixed the best weights, with the weights fixed a step of the network.

        v = argmin_v  sum_i v_i l_i - lambda sum_i v_i,  0 <= v_i <= 1     ->     v_i = 1 where l_i < lambda, else 0

        L = 1/N  sum_i  v_i l_i,      l_i = cross-entropy of sample i

    The reward ``lambda`` keeps v from the trivial v = 0. Here it is the batch's own: the ``keep`` share of smallest
    losses counts. ``v`` is recorded as alpha; unlike SCN's it knows the label, through the loss.

    Attributes:
        keep: share of each batch that is trained on, 0 to 1. Ours: the published curricula let it grow to 1, which
            would bring the wrong labels back; a constant share of .7 takes out as many samples as SCN's low group.

    Source: Kumar et al. 2010, the self-paced learning that SCN, section 3.2, sets beside its own choice. SCN names
    MentorNet (Jiang et al. 2018) with it, where a second network learns or imitates such a curriculum and its weights
    follow the epoch: of that this has the idea that small losses are trained on, and neither network nor epoch.
    """

    name = "self_paced"

    keep: float = 0.7

    def __post_init__(self) -> None:
        if not 0 < self.keep <= 1:
            raise ValueError(f"self_paced: keep must lie in 0..1 and not be 0, got {self.keep}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        losses = F.cross_entropy(logits, batch.supervision, reduction="none")
        weights = smallest(losses.detach(), self.keep)
        loss = (weights * losses).mean()
        return Step(loss, logits, alpha=weights)


def smallest(losses: Tensor, share: float) -> Tensor:
    """``(N,)`` weights: 1 for the ``floor(share N)`` smallest of ``(N,)`` losses (at least one), 0 for the others."""
    count = max(1, high_importance_count(len(losses), share))
    weights = torch.zeros_like(losses)
    return weights.index_fill_(0, losses.argsort(stable=True)[:count], 1.0)
