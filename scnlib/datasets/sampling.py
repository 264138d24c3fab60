"""Class balance by oversampling: the rare classes are shown more often."""

import torch
from torch import Tensor

from scnlib import counter_rng


def balanced_index(labels: Tensor, seed: int = 0) -> Tensor:
    """Sample numbers in which every class is as frequent as the largest one.

    Every sample stands in it once, first and in order, so that an importance is recorded for each. Then the smaller
    classes follow again: in whole rounds, and for the rest a seeded choice. An epoch grows to (number of classes) x
    (largest class): on AffectNet, with 134,415 happy faces among eight classes, to 1,075,320 samples.

    Args:
        labels: int64 ``(N,)``, as given.
        seed: of the choice.

    Returns:
        int64 ``(M,)`` with M >= N and ``index[:N] == arange(N)``.

    Source: SCN, table 7, marks its 60.23 on AffectNet "oversampling" without saying how; this way is ours.
    """
    order = counter_rng.uniform(seed, "oversampling", torch.arange(len(labels), device=labels.device))
    largest = int(torch.bincount(labels).max()) if len(labels) else 0
    parts = [torch.arange(len(labels), device=labels.device)]
    for c in labels.unique().tolist():
        members = (labels == c).nonzero().flatten()
        rounds, rest = divmod(largest - len(members), len(members))
        parts.append(members.repeat(rounds))
        parts.append(members[order[members].argsort(stable=True)][:rest])
    return torch.cat(parts)
