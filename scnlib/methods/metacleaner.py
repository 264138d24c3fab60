"""MetaCleaner: images of one label are judged together, and a clean example is made of them."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step
from scnlib.models import Classifier


@dataclass(frozen=True, kw_only=True)
class MetaCleaner(Method):
    """Sets of images with the same label are summed up by their confidence, and the sum is what is classified.

        c_i = sigmoid(w2 relu(W1 [f_i, mean of its set's f]))             noisy weighting: confidence of image i
        v_s = sum_i a_i f_i,     a_i = c_i / sum of its set's c           clean hallucinating: one example for set s
        L   = sum_s (|s| / N) CE(W v_s, y_s)

    An image that does not fit in with the others of its label can be left out of the sum. ``alpha`` is c. At test the
    plain network classifies single images: the scorer is dropped.

    Attributes:
        set_size: images of a set, at least 1. With 1 this is the baseline. Ours.

    Source: Zhang, Wang and Qiao, CVPR 2019, which SCN, table 2 and section 4.3, compares with. There is no public code;
        of the paper we have the abstract, which describes the two modules, and a public summary: the scorer sees the
        concatenated features of a set.
    What SCN leaves open: everything but "a weighted mean feature". Ours: the size of the sets, the form of the scorer
        (it sees an image beside its set's mean, so that a set may have any size; W1 halves the two to D / 2) and that
        sets are cut from the training batch: its images of a label in their random order, the last set of a label may
        be smaller. A set counts by its size, so each image counts once.
    """

    name = "metacleaner"
    single_labels = True

    set_size: int = 5

    def __post_init__(self) -> None:
        if self.set_size < 1:
            raise ValueError(f"metacleaner: set_size must be at least 1, got {self.set_size}")

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        model, width = Classifier(backbone, num_classes), backbone.num_features
        model.scorer = nn.Sequential(nn.Linear(2 * width, width // 2), nn.ReLU(), nn.Linear(width // 2, 1))
        return model

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        features = model.features(batch.images)
        with torch.autocast(features.device.type, enabled=False):
            sets = same_label_sets(batch.labels, self.set_size)
            size = sum_by_set(torch.ones_like(features[:, :1]), sets)
            mean = sum_by_set(features, sets) / size
            confidence = torch.sigmoid(model.scorer(torch.cat([features, mean], 1))).clamp_min(1e-6)
            weights = confidence / sum_by_set(confidence, sets)
            hallucinated = sum_by_set(weights * features, sets)
            # Each row stands for its own set, |s| times: the mean over rows is the sum over sets by size.
            loss = F.cross_entropy(model.classifier(hallucinated), batch.labels)
            logits = model.classifier(features.detach())
        return Step(loss, logits, alpha=confidence.squeeze(1))


def same_label_sets(labels: Tensor, size: int) -> Tensor:
    """Put ``(N,)`` labels into sets of one label and at most ``size`` members, in the batch's order.

    Returns:
        int64 ``(N,)``, the number of each one's set. Numbers have gaps.
    """
    earlier = (labels[:, None] == labels).tril(-1).sum(1)
    return labels * len(labels) + earlier.div(size, rounding_mode="floor")


def sum_by_set(values: Tensor, sets: Tensor) -> Tensor:
    """For each row of ``(N, D)`` the sum over the rows of its set, ``(N, D)``."""
    same = (sets[:, None] == sets).to(values.dtype)
    return same @ values
