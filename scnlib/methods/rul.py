"""Relative uncertainty learning: blend two faces by their uncertainties, and make the blend recognisable as both."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step
from scnlib.models import in_three_channels


@dataclass(frozen=True, kw_only=True)
class RUL(Method):
    """Relative Uncertainty Learning. Two heads on the feature maps give an embedding m and an uncertainty s of each
    face; with a random partner j,

        s_i = 1/D sum_d exp(v_id),      a_i = s_i / (s_i + s_j),      m'_i = a_i m_i + (1 - a_i) m_j

        L = 1/2 CE(W m'_i, y_i) + 1/2 CE(W m'_i, y_j)

    The *more* uncertain face has the larger share: to be recognised beside a clear face it must be shown more of.
    Without blending, a test face is W m. ``1 / (1 + s)`` is recorded as alpha; like SCN's it sees the face and not the
    label. The recorded prediction is that of the face alone.

    Attributes:
        width: D, of embedding and uncertainty. The released code's 64.
        dropout: share of the maps that is dropped before both heads. The released code's .4.
        grid: side of the maps that the heads read, 3 as they are at 48 px; other maps are resampled to it. The
            released code reads 7 x 7, as they are at 224 px. Ours.

    Source: Zhang, Wang, Deng, Relative Uncertainty Learning for Facial Expression Recognition, NeurIPS 2021, and its
        released code for the heads. There the classifier learns ten times as fast as the rest (Adam, 2e-3 and 2e-4)
        and samples are erased in part; here every method has the recipe's one rate and augmentation.
    """

    name = "rul"
    splittable = False

    width: int = 64
    dropout: float = 0.4
    grid: int = 3

    def __post_init__(self) -> None:
        if min(self.width, self.grid) < 1:
            raise ValueError(f"rul: width and grid must be at least 1, got {self.width} and {self.grid}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"rul: dropout must lie in 0..1 and not be 1, got {self.dropout}")

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        return UncertainClassifier(backbone, num_classes, self.width, self.dropout, self.grid)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        embedding, log_uncertainty = model.embed(batch.images)
        partner = torch.randperm(len(batch.index), device=batch.images.device)
        share = relative_uncertainty(log_uncertainty, log_uncertainty[partner])[:, None]
        wanted = batch.supervision
        with torch.autocast(batch.images.device.type, enabled=False):
            blended = model.classifier(share * embedding + (1 - share) * embedding[partner])
            alone = model.classifier(embedding.detach()).detach()
        loss = (F.cross_entropy(blended, wanted) + F.cross_entropy(blended, wanted[partner])) / 2
        certainty = torch.sigmoid(-log_uncertainty.detach())
        return Step(loss, alone, alpha=certainty)


def relative_uncertainty(log_own: Tensor, log_other: Tensor) -> Tensor:
    """``s / (s + s')`` from ``log s`` and ``log s'``, finite however large or small they are."""
    return torch.sigmoid(log_own - log_other)


class UncertainClassifier(nn.Module):
    """A backbone whose maps give an embedding, which is classified, and the logarithm of an uncertainty."""

    def __init__(self, backbone: nn.Module, num_classes: int, width: int, dropout: float, grid: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.mean = _head(backbone.num_features, width, dropout, grid)
        self.log_variance = _head(backbone.num_features, width, dropout, grid)
        self.classifier = nn.Linear(width, num_classes)

    def embed(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding ``(N, D)`` and log uncertainty ``(N,)`` of normalised images, float32."""
        maps = self.backbone.maps(in_three_channels(images))
        with torch.autocast(images.device.type, enabled=False):
            maps = maps.float()
            variance = self.log_variance(maps)
            return self.mean(maps), variance.logsumexp(1) - math.log(variance.shape[1])

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits ``(N, C)`` and certainty ``(N,)`` in 0..1."""
        embedding, log_uncertainty = self.embed(images)
        with torch.autocast(images.device.type, enabled=False):
            return self.classifier(embedding), torch.sigmoid(-log_uncertainty)


def _head(channels: int, width: int, dropout: float, grid: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm2d(channels, eps=2e-5, affine=False),
        nn.Dropout(dropout),
        nn.Upsample(size=(grid, grid), mode="bilinear", align_corners=False),  # maps of that size stay as they are
        nn.Flatten(),
        nn.Linear(channels * grid * grid, width),
        nn.BatchNorm1d(width, eps=2e-5),
    )
