"""Label noise: wrong labels put in on purpose, so that we know which ones they are."""

import torch
from torch import Tensor

from scnlib import counter_rng


def corrupt_labels(
    labels: Tensor,
    num_classes: int,
    rate: float,
    kind: str = "symmetric",
    seed: int = 0,
    transition: Tensor | None = None,
) -> Tensor:
    """Change exactly ``round(rate * n_c)`` labels of each class c to another class.

    Within a class the samples are put in one random order per seed and the first ``round(rate * n_c)`` are changed. The
    new label of a sample does not depend on the rate. So noise is *nested*: what is wrong at 10 % is wrong, in the same
    way, at 20 %.

    Args:
        labels: int64 ``(N,)`` in ``0 .. num_classes - 1``; not changed.
        num_classes: C >= 2.
        rate: share of wrong labels in each class, 0 to 1.
        kind: ``"symmetric"``: any other class, uniformly. ``"pair"``: always the next class, the last one to the first.
            ``"transition"``: class j with probability proportional to ``transition[c, j]``, j != c.
        seed: same seed, same noise.
        transition: ``(C, C)``, non-negative, for ``kind="transition"`` only. The diagonal is ignored: ``rate`` says how
            many labels change, the off-diagonal entries of a row say to what. A row without any keeps its labels.

    Returns:
        int64 ``(N,)``, a new tensor.

    Raises:
        ValueError: if the rate is outside 0..1 or NaN, a label is outside the classes, the kind is unknown, or the
            transition matrix does not fit.

    Source: SCN, section 4.2 ("randomly choose 10%, 20%, and 30% of training data for each category and randomly change
        their labels to others").
    Differs from the released code: that flips each label independently with the given probability, unseeded; its 10 %
        and 20 % files come to 10.36 % and 20.27 % and are not nested.
    """
    if not 0 <= rate <= 1:  # also catches NaN
        raise ValueError(f"noise rate must lie in 0..1, got {rate}")
    if num_classes < 2:
        raise ValueError(f"noise needs at least 2 classes, got {num_classes}")
    if labels.dtype != torch.int64 or labels.ndim != 1:
        raise ValueError(f"labels must be int64 (N,), got {labels.dtype} {tuple(labels.shape)}")
    if len(labels) and not (int(labels.min()) >= 0 and int(labels.max()) < num_classes):
        raise ValueError(f"labels must lie in 0..{num_classes - 1}, got {int(labels.min())}..{int(labels.max())}")
    # One row of "to which class, how likely" for each class; rows of zeros stay as they are.
    targets = _transition(kind, num_classes, transition)
    rows = torch.arange(len(labels), device=labels.device)
    order_key = counter_rng.uniform(seed, "noise.order", rows).double()
    draw = counter_rng.uniform(seed, "noise.target", rows).double()
    cumulative = targets.to(labels.device).cumsum(1)
    noisy = labels.clone()
    for c in range(num_classes):
        members = rows[labels == c]
        total = cumulative[c, -1]
        if total == 0:
            continue
        flipped = members[order_key[members].argsort(stable=True)][: round(rate * len(members))]
        noisy[flipped] = torch.searchsorted(cumulative[c], draw[flipped] * total, right=True)
    return noisy


def _transition(kind: str, num_classes: int, given: Tensor | None) -> Tensor:
    """Off-diagonal ``(C, C)`` weights, float64, zero diagonal."""
    if kind == "symmetric":
        return 1.0 - torch.eye(num_classes, dtype=torch.float64)
    if kind == "pair":
        return torch.eye(num_classes, dtype=torch.float64).roll(1, dims=1)
    if kind != "transition":
        raise ValueError(f"unknown kind of noise {kind!r}; known: symmetric, pair, transition")
    if given is None:
        raise ValueError('kind="transition" needs a (C, C) transition matrix')
    weights = torch.as_tensor(given, dtype=torch.float64).cpu().clone()
    if weights.shape != (num_classes, num_classes) or not weights.isfinite().all() or (weights < 0).any():
        raise ValueError(f"transition must be a finite, non-negative ({num_classes}, {num_classes}) matrix")
    return weights.fill_diagonal_(0)
