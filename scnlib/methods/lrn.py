"""The Label-noise Robust Network: logits with a covariance, features drawn to centres without asking the labels."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib import counter_rng, losses_lrn
from scnlib.methods.base import Batch, Method, Step, option_error
from scnlib.models import in_three_channels


class LRNetwork(nn.Module):
    """A backbone, FC1 for the mean of the logits, FC2 for the factor of their covariance, a centre for each class.

    FC2 starts near 0, so that training starts as a plain softmax; at 0 itself it would have no gradient. How centres
    start and move the paper does not say. Here they start standard normal and are trained with everything else, as
    those of the affinity loss that equation (4) resembles.

    Source: LRN, figure 2; for the centres Wen et al., Distract Your Attention, 2023. The linear layers have no bias, as
        the baseline's has none: ours.
    """

    def __init__(self, backbone: nn.Module, num_classes: int, *, factors: int, centres: bool) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = nn.Linear(backbone.num_features, num_classes, bias=False)
        self.covariance = nn.Linear(backbone.num_features, factors, bias=False) if factors else None
        if self.covariance is not None:
            nn.init.normal_(self.covariance.weight, std=1e-3)
        self.centres = nn.Parameter(torch.randn(num_classes, backbone.num_features)) if centres else None

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Normalised images ``(N, 1 or 3, H, W)`` -> float32 features ``(N, D)`` and what ``heads`` makes of them."""
        features = self.backbone(in_three_channels(images)).float()
        return features, *self.heads(features)

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Features ``(N, D)`` -> mean logits ``(N, C)`` and the outputs of FC2, or None; float32 always."""
        with torch.autocast(features.device.type, enabled=False):
            return self.classifier(features), None if self.covariance is None else self.covariance(features)


@dataclass(frozen=True, kw_only=True)
class LRN(Method):
    """Label-noise Robust Network.

    The trust recorded as alpha is ``p'_y``, the probability that the network gives the label a sample came with: ours,
    as the paper has none. It knows the label, so it exists in training alone.

    Attributes:
        heteroscedastic: logits with a covariance of their own for each image (eq. 1 and 2). Without: the baseline's
            cross-entropy, at temperature 1.
        discriminative: the confidence-based label-free loss (eq. 3 and 4).
        centre_labels: each feature belongs to the centre of its label and not to those it is near: the centre loss that
            section 3.2 says cannot be applied under label noise. Ours, to compare.
        covariance: ``"full"`` (the paper's text), ``"diagonal"`` (its equation) or ``"low_rank"`` plus diagonal.
        rank: R, of the low-rank part.
        temperature: T of the softmax.
        samples: S, of the noise, in training and, ours, in evaluation, where they are always the same.
        discriminative_weight: lambda 1, of the label-free loss.

    Raises:
        ValueError: if an option has an unknown value, a number is out of range, or an option has no effect.

    Source: Yan et al., Mitigating Label-Noise for Facial Expression Recognition in the Wild, 2022.
    Ours: omega (eq. 3) is a constant of each step, so no gradient flows through it, and its similarity, the negative
        squared distance, has no temperature. The paper says neither.
    """

    name = "lrn"

    heteroscedastic: bool = True
    discriminative: bool = True
    centre_labels: bool = False
    covariance: str = "full"
    rank: int = 3
    temperature: float = 0.7
    samples: int = 1000
    discriminative_weight: float = 1.0

    def __post_init__(self) -> None:
        if self.covariance not in losses_lrn.COVARIANCES:
            raise option_error("lrn", "covariance", self.covariance, losses_lrn.COVARIANCES)
        if self.centre_labels and not self.discriminative:
            raise ValueError("lrn: centre_labels is of the discriminative loss, which discriminative=false leaves out")
        for option in ("rank", "samples"):
            if getattr(self, option) < 1:
                raise ValueError(f"lrn: {option} must be at least 1, got {getattr(self, option)}")
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"lrn: temperature must be above 0 and finite, got {self.temperature}")
        if not 0 <= self.discriminative_weight < float("inf"):
            raise ValueError(
                f"lrn: discriminative_weight must be at least 0 and finite, got {self.discriminative_weight}"
            )

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        factors = losses_lrn.factor_size(num_classes, self.covariance, self.rank) if self.heteroscedastic else 0
        return LRNetwork(backbone, num_classes, factors=factors, centres=self.discriminative)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        features, mean, outputs = model(batch.images)
        with torch.autocast(mean.device.type, enabled=False):  # sums of a thousand terms want float32
            scores = self.scores(mean, outputs)
            classification = F.cross_entropy(scores, batch.supervision)
            discriminative = None
            if self.discriminative:
                confidence = losses_lrn.centre_confidence(features, model.centres).detach()
                if self.centre_labels:
                    named = F.one_hot(batch.labels, mean.shape[1])
                    confidence = named if batch.targets is None else batch.targets
                discriminative = losses_lrn.discriminative_loss(features, model.centres, confidence)
            loss = losses_lrn.joint_loss(classification, discriminative, self.discriminative_weight)
            trust = torch.softmax(scores.detach(), dim=1)
        if batch.targets is None:
            trust = trust.gather(1, batch.given[:, None]).squeeze(1)
        else:
            trust = (trust * batch.targets).sum(1)
        return Step(loss, scores, alpha=trust, parts={"classification_loss": classification})

    def scores(self, mean: Tensor, outputs: Tensor | None, generator: torch.Generator | None = None) -> Tensor:
        """Log of the Monte-Carlo probabilities ``(N, C)``, or the mean logits themselves without a covariance.

        Args:
            mean, outputs: of ``LRNetwork.heads``.
            generator: of the noise, on the CPU; None: torch's own, on the device of ``mean``.
        """
        if outputs is None:
            return mean
        factor = losses_lrn.covariance_factor(outputs, mean.shape[1], self.covariance, self.rank)
        where = mean.device if generator is None else "cpu"
        noise = torch.randn(self.samples, factor.shape[2], generator=generator, device=where).to(mean.device)
        return losses_lrn.monte_carlo_log_probabilities(mean, factor, noise, self.temperature)

    def predict(self, model: nn.Module, images: Tensor) -> tuple[Tensor, None]:
        _, mean, outputs = model(images)
        with torch.autocast(mean.device.type, enabled=False):
            return self.scores(mean, outputs, counter_rng.generator(0, "lrn evaluation")), None
