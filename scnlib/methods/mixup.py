"""Mixup: train on blends of two faces, which no label fits wholly."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from scnlib.methods.base import Batch, Method, Step


@dataclass(frozen=True, kw_only=True)
class Mixup(Method):
    """Each image is blended with a partner of its batch, and so is the loss:

        x' = l x_i + (1 - l) x_j,      L = l CE(z(x'), y_i) + (1 - l) CE(z(x'), y_j),      l ~ Beta(a, a)

    One l and one permutation j a batch, as in the source. We take ``max(l, 1 - l)``: by the symmetry of i and j the
    batches have the same distribution, and the recorded prediction is that of a view in which the sample's own face is
    the stronger. No sample is trusted more than another, so there is no alpha.

    Attributes:
        concentration: a, above 0; large values blend halves, small ones hardly blend. The default is the source's for
            small images; it takes .2 for ImageNet, and up to 32 against label noise.

    Source: Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018, section 2.
    """

    name = "mixup"
    splittable = False

    concentration: float = 1.0

    def __post_init__(self) -> None:
        if not self.concentration > 0:
            raise ValueError(f"mixup: concentration must be above 0, got {self.concentration}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        # On the CPU, where the number is needed: nothing waits for the device.
        drawn = float(torch.distributions.Beta(self.concentration, self.concentration).sample())
        share = max(drawn, 1 - drawn)
        partner = torch.randperm(len(batch.index), device=batch.images.device)
        logits, _ = model(share * batch.images + (1 - share) * batch.images[partner])
        wanted = batch.supervision
        loss = share * F.cross_entropy(logits, wanted) + (1 - share) * F.cross_entropy(logits, wanted[partner])
        return Step(loss, logits)
