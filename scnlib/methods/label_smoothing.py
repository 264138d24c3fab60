"""Label smoothing: believe every label a little less, and all alike."""

from dataclasses import dataclass

from torch import nn

from scnlib.losses import soft_cross_entropy
from scnlib.methods.base import Batch, Method, Step, distributions


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(Method):
    """Cross-entropy against labels mixed with the uniform distribution:

        t_i = (1 - e) onehot(y_i) + e / C,      L = -1/N  sum_i sum_c t_ic log p_ic

    The same for every sample, so there is no trust in a single one and no alpha.

    Attributes:
        smoothing: e, share of the uniform distribution, 0 to 1. The source's .1.

    Source: Szegedy et al., Rethinking the Inception Architecture, CVPR 2016, section 7. Under label noise: Lukasik et
        al., Does Label Smoothing Mitigate Label Noise?, ICML 2020. FER's SOFT and OTP-NS build on it.
    """

    name = "label_smoothing"

    smoothing: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise ValueError(f"label_smoothing: smoothing must lie in 0..1, got {self.smoothing}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        num_classes = logits.shape[1]
        targets = (1 - self.smoothing) * distributions(batch, num_classes) + self.smoothing / num_classes
        loss = soft_cross_entropy(logits, targets)
        return Step(loss, logits)
