"""Co-teaching: two networks that choose the samples for each other."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step
from scnlib.methods.self_paced import smallest
from scnlib.models import Classifier


@dataclass(frozen=True, kw_only=True)
class CoTeaching(Method):
    """Two networks, each trained on the samples whose loss is small for the other one.

        R(t) = 1 - tau min(t / T_k, 1)                     share of a batch that is kept in epoch t = 1, 2, ...
        S_1, S_2 = the R(t) N samples of smallest loss of network 1 and of network 2
        L = mean over S_2 of l_1  +  mean over S_1 of l_2

    A network learns right labels first, so a small loss is a sign of one; two networks differ in what they got wrong,
    so neither has its own errors confirmed. ``alpha`` is the share of the two that keep a sample: 0, 1/2 or 1.

    Attributes:
        forget_rate: tau, share that is left out in the end, 0 to 1. The paper sets it to the true noise rate, which is
            known there. A fixed .3 is ours, for all noise, as large as SCN's low group; so at 30 % wrong labels the
            method is told the rate, as self-paced learning is.
        warm_up: T_k, epochs until tau is reached. The paper: 10 of 200; a profile sets a quarter of its epochs, ours.

    Source: Han et al., Co-teaching, NeurIPS 2018, algorithm 1, with its exponent c = 1. Neither SCN nor LRN compare
        with it.
    Ours: both networks share one optimiser (SGD, the recipe of all methods), which trains them no differently, since no
        weight belongs to both. The first network alone predicts, so that no ensemble is compared with a single network.
    Differs from the released code: that divides by the number of kept samples twice, which its Adam does not notice,
        and whose first epoch has the index 1 of a ramp that starts with 0.
    """

    name = "coteaching"
    networks = 2

    forget_rate: float = 0.3
    warm_up: int = 10

    def __post_init__(self) -> None:
        check_schedule(self.name, self.forget_rate, self.warm_up)

    def build(self, first: nn.Module, second: nn.Module, num_classes: int) -> nn.Module:
        return TwoClassifiers(first, second, num_classes)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits = [network(batch.images)[0] for network in (model.first, model.second)]
        losses = [F.cross_entropy(z, batch.supervision, reduction="none") for z in logits]
        share = keep_share(epoch, self.forget_rate, self.warm_up)
        kept_by_first, kept_by_second = (smallest(loss.detach(), share) for loss in losses)
        loss_first = (kept_by_second * losses[0]).sum() / kept_by_second.sum()
        loss_second = (kept_by_first * losses[1]).sum() / kept_by_first.sum()
        alpha = (kept_by_first + kept_by_second) / 2
        return Step(loss_first + loss_second, logits[0], alpha, parts={"classification_loss": loss_first})


class TwoClassifiers(nn.Module):
    """Two networks of one form, each with its own start; asked for a prediction, the first one answers."""

    def __init__(self, first: nn.Module, second: nn.Module, num_classes: int) -> None:
        super().__init__()
        self.first, self.second = Classifier(first, num_classes), Classifier(second, num_classes)

    @property
    def backbone(self) -> nn.Module:
        return self.first.backbone

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        return self.first(images)


def keep_share(epoch: int, forget_rate: float, warm_up: int) -> float:
    """``R(t) = 1 - forget_rate min(t / warm_up, 1)``, the share of each batch that counts in epoch t >= 1."""
    return 1 - forget_rate * min(epoch / warm_up, 1)


def check_schedule(method: str, forget_rate: float, warm_up: int) -> None:
    """Raise ValueError where ``keep_share`` would keep nothing or divide by 0."""
    if not 0 <= forget_rate < 1:
        raise ValueError(f"{method}: forget_rate must lie in 0..1 and not be 1, got {forget_rate}")
    if warm_up < 1:
        raise ValueError(f"{method}: warm_up counts epochs and must be at least 1, got {warm_up}")
