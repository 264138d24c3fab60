"""Erasing attention consistency: a network that learnt a face by heart looks elsewhere when the face is mirrored."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step
from scnlib.models import in_three_channels

#: Of an erased rectangle the share of the area, and the largest ratio of its sides. Source: EAC's released code.
LEAST_ERASED, MOST_ERASED, LONGEST_SIDES = 0.02, 0.25, 3.3


@dataclass(frozen=True, kw_only=True)
class EAC(Method):
    """Erasing Attention Consistency. Where a class looks in a face is its attention map, the classifier's weights over
    the feature maps; those of a face and of its mirror image must be each other's mirror images:

        H_c = sum_k W_ck F_k,      L = CE(z(x), y) + l mean (H(x) - flip H(x'))^2

    x' is the mirrored face; x and x' are erased in part, each on its own. W is held fixed in the second term, so that
    only the features can give way: with W the loss would have a trivial solution at W = 0. Only x is classified. A
    wrong label is learnt by heart from details, and details are what erasing and mirroring disturb. The method weighs
    no sample: no alpha.

    Attributes:
        consistency: l, weight of the second term. The released code's 5 starts from a pretrained network and trains
            with Adam at a small rate. From scratch, under SGD at the recipe's rate, it ends with features that look
            nowhere and a cross-entropy of ln C, with and without a warm-up. So .2 is ours: of 5, 1 and .2 the best on
            noisy validation labels of rendered faces (30 % symmetric, quick recipe, one seed), and at the edge of what
            was tried.
        erased: probability that a rectangle of a view is erased, set to 0 after normalisation. The released code's .5;
            the rectangle covers 2 to 25 % of the area, with sides up to 3.3 times each other.
        warm_up: epochs without the second term, 0 or more. Ours: in place of the pretraining.

    Source: Zhang, Wang, Ling, Deng, Learn From All: Erasing Attention Consistency for Noisy Label Facial Expression
        Recognition, ECCV 2022. Views erased apart are what its released code does where labels are noisy; on clean
        ones it mirrors a view erased before. Its Gaussian pixel noise is left out: the recipe augments all methods
        alike.
    """

    name = "eac"
    starts_after = "warm_up"
    splittable = False

    consistency: float = 0.2
    erased: float = 0.5
    warm_up: int = 10

    def __post_init__(self) -> None:
        if self.consistency < 0:
            raise ValueError(f"eac: consistency must be >= 0, got {self.consistency}")
        if not 0 <= self.erased <= 1:
            raise ValueError(f"eac: erased must lie in 0..1, got {self.erased}")
        if self.warm_up < 0:
            raise ValueError(f"eac: warm_up counts epochs and must be at least 0, got {self.warm_up}")

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        if not backbone.pools_by_mean:
            raise ValueError("eac: attention maps need a backbone whose features are the mean of its maps, as resnet18")
        return super().build(backbone, num_classes)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        maps = model.backbone.maps(in_three_channels(erase(batch.images, self.erased)))
        with torch.autocast(batch.images.device.type, enabled=False):
            logits = model.classifier(maps.float().mean((2, 3)))
            loss = classification = F.cross_entropy(logits, batch.supervision)
        if epoch > self.warm_up:
            mirrored = model.backbone.maps(in_three_channels(erase(batch.images.flip(-1), self.erased)))
            with torch.autocast(batch.images.device.type, enabled=False):
                apart = attention_inconsistency(maps.float(), mirrored.float(), model.classifier.weight)
                loss = classification + self.consistency * apart
        return Step(loss, logits, parts={"classification_loss": classification})


def attention(maps: Tensor, weight: Tensor) -> Tensor:
    """Attention maps ``(N, C, h, w)`` of feature maps ``(N, K, h, w)`` under a classifier's weights ``(C, K)``."""
    return torch.einsum("ck,nkhw->nchw", weight, maps)


def attention_inconsistency(maps: Tensor, mirrored: Tensor, weight: Tensor) -> Tensor:
    """Mean squared difference of the attention to faces and, mirrored back, to their mirror images; a scalar.

    Args:
        maps, mirrored: ``(N, K, h, w)`` feature maps.
        weight: ``(C, K)``; no gradient flows into it.
    """
    fixed = weight.detach()
    return (attention(maps, fixed) - attention(mirrored, fixed).flip(-1)).square().mean()


def erase(images: Tensor, probability: float) -> Tensor:
    """Images ``(N, ...)`` of which some have a rectangle set to 0; torch's own generator draws.

    A side that would be longer than the image is cut to it.

    Args:
        probability: for each image.
    """
    n, height, width = len(images), *images.shape[-2:]
    chance, size, shape, top, left = torch.rand(5, n, 1, device=images.device)
    area = (LEAST_ERASED + (MOST_ERASED - LEAST_ERASED) * size) * height * width
    stretch = torch.exp((2 * shape - 1) * math.log(LONGEST_SIDES) / 2)
    tall, wide = (area.sqrt() * stretch).clamp_max(height), (area.sqrt() / stretch).clamp_max(width)
    rows, columns = (torch.arange(side, device=images.device) + 0.5 for side in (height, width))
    top, left = top * (height - tall), left * (width - wide)
    down, across = (rows >= top) & (rows < top + tall), (columns >= left) & (columns < left + wide)
    inside = down[:, None, :, None] & across[:, None, None, :] & (chance < probability)[:, None, None]
    return images.masked_fill(inside, 0.0)
