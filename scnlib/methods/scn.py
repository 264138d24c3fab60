"""The Self-Cure Network: weigh the samples, rank the weights, relabel what ranks low."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib import losses
from scnlib.methods.base import Batch, Method, Step, option_error, softmax
from scnlib.models import Classifier
from scnlib.relabel import relabel

#: One field for each difference between the paper and the code its authors released. What the paper leaves open is
#: the same in both, as the released code has it.
VARIANTS = {
    "paper": {"relabel_group": "low", "fallback": "given", "loss": "trade_off", "bias": False},
    "released_code": {"relabel_group": "all", "fallback": "current", "loss": "sum", "bias": True},
}


@dataclass(frozen=True, kw_only=True)
class SCN(Method):
    """Self-Cure Network.

    Attributes:
        variant: preset of relabel_group, fallback, loss and bias, where they are not given: ``"paper"`` or
            ``"released_code"``.
        weighting: what alpha multiplies: the ``"logits"`` (eq. 1 and 2), the ``"loss"`` (the choice that section 3.2
            rejects), or nothing, ``"none"``.
        ranking: add the rank regularisation (eq. 3 and 4). Without weighting, alpha is trained by this loss alone and
            the logits are not multiplied: our reading of table 5, row 3.
        relabelling: change labels (eq. 5). Without ranking there are no groups and all samples are candidates.
        gamma: weight of the rank loss, 0 to 1.
        beta: share of the high-importance group, 0 to 1.
        margin_rank: delta 1, by which the mean alpha of the high group shall exceed that of the low group.
        learnable_margin: train delta 1, from ``margin_rank`` on, as printed: its gradient is +1 while the loss is
            active, with the factor gamma of a trade-off, so it can only shrink. The paper states no constraint. Ours:
            like all parameters it has the weight decay, which shrinks it, too.
        margin_reward: ours, for a learnable delta 1: subtract ``margin_reward * delta_1`` from the rank loss. The
            gradient is then (share of active batches) - margin_reward, with the same factor, so but for weight decay
            delta 1 follows that quantile of the gap between the groups. 0 is as printed.
        margin_relabel: delta 2, by which a prediction must be surer than the label to replace it.
        relabel_epoch: first epoch whose predictions may relabel, counted from 1; new labels act from the next epoch on.
        relabel_softmax: which probabilities decide: of the ``"alpha_scaled"`` or the ``"plain"`` logits. The paper does
            not say.
        relabel_mode: ``"train"``: the augmented views and batch statistics of the training step itself; ``"eval"``: a
            pass over the unchanged images after the epoch. The paper does not say.
        relabel_group: ``"low"``: only the low-importance group may change; ``"all"``: everyone.
        fallback: the label to compare with and to keep: ``"given"`` (``l_org`` in eq. 5) or ``"current"`` (a change is
            for good). Taken at its word, eq. 5 undoes its own cures: a relabelled sample that rises into the
            high-importance group, as the paper hopes, is given its original label back.
        loss: ``"trade_off"``: gamma RR + (1 - gamma) WCE; ``"sum"``: RR + WCE.
        bias: whether classifier and importance have one.

    Raises:
        ValueError: if an option has an unknown value, a number is out of range, or an option has no effect.

    Source: Wang et al., Suppressing Uncertainties for Large-Scale Facial Expression Recognition, CVPR 2020.
    """

    name = "scn"

    variant: str = "paper"
    weighting: str = "logits"
    ranking: bool = True
    relabelling: bool = True
    gamma: float = 0.5
    beta: float = 0.7
    margin_rank: float = 0.15
    learnable_margin: bool = False
    margin_reward: float = 0.0
    margin_relabel: float = 0.2
    relabel_epoch: int = 10
    relabel_softmax: str = "alpha_scaled"
    relabel_mode: str = "train"
    relabel_group: str | None = None
    fallback: str | None = None
    loss: str | None = None
    bias: bool | None = None

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise option_error("scn", "variant", self.variant, VARIANTS)
        for option, value in VARIANTS[self.variant].items():
            if getattr(self, option) is None:
                object.__setattr__(self, option, value)
        choices = {
            "weighting": ("logits", "loss", "none"),
            "relabel_softmax": ("alpha_scaled", "plain"),
            "relabel_mode": ("train", "eval"),
            "relabel_group": ("low", "all"),
            "fallback": ("given", "current"),
            "loss": ("trade_off", "sum"),
        }
        for option, known in choices.items():
            if getattr(self, option) not in known:
                raise option_error("scn", option, getattr(self, option), known)
        preset, other = (VARIANTS[name] for name in ((self.variant, *(set(VARIANTS) - {self.variant}))))
        if all(getattr(self, option) == other[option] != preset[option] for option in preset):
            raise ValueError(
                f"method scn: variant={self.variant!r} with every setting of the other variant. dataclasses.replace "
                f"keeps the settings it finds; write SCN(variant={self.variant!r}) instead"
            )
        if self.relabel_epoch < 1:
            raise ValueError(f"method scn: relabel_epoch counts from 1, got {self.relabel_epoch}")
        for option in ("gamma", "beta", "margin_rank", "margin_reward", "margin_relabel"):
            if not 0 <= getattr(self, option) <= 1:
                raise ValueError(f"method scn: {option} must lie in 0..1, got {getattr(self, option)}")
        if self.margin_reward and not self.learnable_margin:
            raise ValueError(
                f"method scn: margin_reward={self.margin_reward} is of a learnable margin; set learnable_margin=true"
            )

    @property
    def single_labels(self) -> bool:
        return self.relabelling

    @property
    def has_importance(self) -> bool:
        return self.weighting != "none" or self.ranking

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        model = Classifier(backbone, num_classes, importance=self.has_importance, bias=self.bias)
        if self.learnable_margin:
            model.margin_rank = nn.Parameter(torch.tensor(self.margin_rank))
        return model

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, alpha = model(batch.images)
        classification = self._classification_loss(logits, alpha, batch)
        ranking = self._rank_loss(model, alpha) if self.ranking else None
        loss = self._total_loss(model, classification, ranking)
        parts = {"classification_loss": classification}
        if ranking is not None:
            parts["rank_loss"] = ranking
        if self.learnable_margin:
            parts["margin_rank"] = model.margin_rank.detach().clone()  # the optimiser changes it in place
        decides = self.relabelling and self.relabel_mode == "train" and epoch >= self.relabel_epoch
        labels = self.relabelled(logits.detach(), alpha, batch) if decides else None
        return Step(loss, logits, alpha, labels, parts)

    def _classification_loss(self, logits: Tensor, alpha: Tensor | None, batch: Batch) -> Tensor:
        if self.weighting == "none":
            return F.cross_entropy(logits, batch.supervision)
        weighted = (
            losses.loss_weighted_cross_entropy if self.weighting == "loss" else losses.logit_weighted_cross_entropy
        )
        return weighted(logits, alpha, batch.supervision)

    def _rank_loss(self, model: nn.Module, alpha: Tensor) -> Tensor:
        margin = model.margin_rank if self.learnable_margin else self.margin_rank
        return losses.rank_regularization(alpha, self.beta, margin)

    def _total_loss(self, model: nn.Module, classification: Tensor, ranking: Tensor | None) -> Tensor:
        if ranking is not None and self.learnable_margin:
            ranking = ranking - self.margin_reward * model.margin_rank
        if ranking is not None and self.loss == "sum":
            return classification + ranking
        return losses.total_loss(classification, ranking, self.gamma)

    def relabels_after(self, epoch: int) -> bool:
        return self.relabelling and self.relabel_mode == "eval" and epoch >= self.relabel_epoch

    def probabilities(self, logits: Tensor, alpha: Tensor | None) -> Tensor:
        return softmax(logits, alpha if self.weighting == "logits" else None)

    def relabelled(self, logits: Tensor, alpha: Tensor | None, batch: Batch) -> Tensor:
        scaled = self.weighting == "logits" and self.relabel_softmax == "alpha_scaled"
        scale = alpha.detach() if scaled else None
        group = alpha.detach() if self.ranking and self.relabel_group == "low" else None
        reference = batch.given if self.fallback == "given" else batch.labels
        labels, _ = relabel(softmax(logits, scale), reference, group, beta=self.beta, margin=self.margin_relabel)
        return labels
