"""CurriculumNet: first the samples in the dense middle of their class, later the ones at its edge."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib import counter_rng
from scnlib.methods.base import Batch, Method, Step, buffers

REFERENCES = 2000  # of a class; 2,000 x 2,000 distances are 16 MB
CLEAN = 0  # the densest of the three levels


@dataclass(frozen=True, kw_only=True)
class CurriculumNet(Method):
    """Samples that lie close to many others of their class are taken for clean and trained on first.

        rho_i = share of the other samples j with the same label and |f_i - f_j| < d        density of sample i
        d     = quantile ``near`` of all distances within the class
        3-means of the rho of a class: dense = clean, middle = noisy, sparse = very noisy

        L = sum_i w_i CE_i / sum_i w_i,     w = 1 for clean, ``noisy_weight`` for the others, 0 before their stage

    ``warm_up`` epochs on all samples learn the features f. Then stages of as many epochs follow: clean, clean and
    noisy, all; the last one lasts to the end. ``alpha`` is rho (1 in the warm-up).

    Attributes:
        near: share of the distances within a class that count as near, 0 to 1; the released code has .6.
        noisy_weight: weight of noisy and very noisy samples once they take part, 0 to 1. Ours: no code of the training
            was released.
        warm_up: epochs of the first phase and of each stage but the last. Ours: a profile sets a quarter of its epochs.

    Source: Guo et al., CurriculumNet, ECCV 2018, and the authors' code for density and groups; SCN, table 2, compares
        with it.
    What SCN leaves open: features, stages and weights. Its authors' file lists show that they ran the released
        clustering.
    Ours: one network and one learning rate curve for all stages. The source groups the samples once, by the features of
        a network that was trained before; here they are grouped anew every ``warm_up`` epochs, since features improve.
        Samples without weight still pass through batch normalisation. A class of more than 2,000 samples is measured
        against 2,000 of them, drawn by a fixed seed. The released code reduces features wider than 256 by PCA first;
        ours have 256 or 512 dimensions and stay as they are.
    """

    name = "curriculumnet"
    starts_after = "warm_up"

    near: float = 0.6
    noisy_weight: float = 0.5
    warm_up: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.near < 1:
            raise ValueError(f"curriculumnet: near must lie between 0 and 1, got {self.near}")
        if not 0 <= self.noisy_weight <= 1:
            raise ValueError(f"curriculumnet: noisy_weight must lie in 0..1, got {self.noisy_weight}")
        if self.warm_up < 1:
            raise ValueError(f"curriculumnet: warm_up counts epochs and must be at least 1, got {self.warm_up}")

    def memory(self, given: Tensor, num_classes: int) -> nn.Module:
        return buffers(level=torch.zeros(len(given), dtype=torch.int64), density=torch.ones(len(given)))

    def after_epoch(self, model: nn.Module, epoch: int, given: Tensor, features: Callable[[], Tensor]) -> None:
        if epoch % self.warm_up:
            return
        seen, memory = features(), model.memory
        for label in given.unique().tolist():
            own = (given == label).nonzero().squeeze(1)
            memory.density[own] = densities(seen[own], self.near, label)
            memory.level[own] = levels(memory.density[own])

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        losses = F.cross_entropy(logits, batch.supervision, reduction="none")
        weights = self.weights(model.memory.level[batch.index], epoch)
        loss = (weights * losses).sum() / weights.sum().clamp_min(1)
        return Step(loss, logits, alpha=model.memory.density[batch.index])

    def weights(self, level: Tensor, epoch: int) -> Tensor:
        """Weights ``(N,)`` in an epoch of samples of these levels: 0 clean, 1 noisy, 2 very noisy."""
        if epoch <= self.warm_up:
            return torch.ones_like(level, dtype=torch.float32)
        stage = (epoch - 1) // self.warm_up - 1
        weights = torch.where(level == CLEAN, 1.0, self.noisy_weight)
        return torch.where(level <= stage, weights, 0.0)


def densities(features: Tensor, near: float, label: int = 0) -> Tensor:
    """Share of a class that lies near each of its samples.

    Args:
        features: ``(n, D)`` of one class.
        near: share of all distances that count as near.
        label: of the class, which seeds the choice of those that a large class is measured against.

    Returns:
        float32 ``(n,)`` in 0..1; 1 where a class has one sample.
    """
    n = len(features)
    if n == 1:
        return features.new_ones(1)
    drawn = torch.randperm(n, generator=counter_rng.generator(0, "density", label))[:REFERENCES].sort().values
    references = features[drawn.to(features.device)]
    among = torch.cdist(references, references).flatten()
    cutoff = among.kthvalue(min(int(len(among) * near) + 1, len(among))).values
    parts = [(torch.cdist(part, references) < cutoff).sum(1) for part in features.split(REFERENCES)]
    itself = torch.zeros(n, dtype=torch.int64).index_fill_(0, drawn, 1).to(features.device)
    return (torch.cat(parts) - itself).clamp_min(0) / (len(drawn) - itself)


def levels(density: Tensor) -> Tensor:
    """k-means of ``(n,)`` numbers with k = 3, as int64 ``(n,)``: 0 the group of the largest, 2 that of the smallest.

    Starts from three quantiles, so the same numbers give the same groups.
    """
    values = density.double()
    centres = values.quantile(torch.tensor([5 / 6, 1 / 2, 1 / 6], dtype=torch.float64, device=values.device))
    group = None
    while True:
        before, group = group, (values[:, None] - centres).abs().argmin(1)
        if before is not None and torch.equal(before, group):
            return group
        members = F.one_hot(group, 3).double()
        means = (members * values[:, None]).sum(0) / members.sum(0)
        centres = torch.where(members.sum(0) > 0, means, centres)
