"""Weighted loss: a rare class counts as much as a common one. A cure for imbalance, not for wrong labels."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scnlib.losses import loss_weighted_cross_entropy
from scnlib.methods.base import Batch, Method, Step, buffers


@dataclass(frozen=True, kw_only=True)
class WeightedLoss(Method):
    """Cross-entropy in which a sample counts by how rare its label is:

        L = -1/N  sum_i  w_{y_i} log p_i,      w_c = N / (C N_c)

    with N_c samples labelled c. Where all classes are equally frequent it is the baseline; on rendered faces they
    nearly are, and so is it. A weight belongs to a class and says nothing of a single label, so there is no alpha.

    Source: Mollahosseini et al., AffectNet, IEEE Transactions on Affective Computing 2019, the row "weighted loss" of
        SCN, table 7: weights by inverse class frequency. Scaling them to a mean of 1 over the samples is ours: the
        step then stays as long as the baseline's.
    """

    name = "weighted_loss"

    def memory(self, given: Tensor, num_classes: int) -> nn.Module:
        return buffers(class_weights=inverse_frequency(given, num_classes))

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        weights = model.memory.class_weights[batch.labels]
        loss = loss_weighted_cross_entropy(logits, weights, batch.supervision)
        return Step(loss, logits)


def inverse_frequency(labels: Tensor, num_classes: int) -> Tensor:
    """``(C,)`` weights ``N / (C N_c)`` of ``(N,)`` labels; their mean over the samples is 1 if every class occurs."""
    counts = torch.bincount(labels, minlength=num_classes).clamp_min(1)
    return len(labels) / (num_classes * counts)
