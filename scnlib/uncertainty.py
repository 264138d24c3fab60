"""What is known about the uncertainty of each face, and how much of it an importance weight knows.

Votes tell where annotators disagreed, noise tells which labels were flipped, and a rendered face's latents tell every
cause. Each quantity is larger where a face is more uncertain.
"""

from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor

from scnlib.datasets import FaceSet
from scnlib.evaluation import auroc, spearman

#: What each quantity is called in figures and tables.
TITLES = {
    "flipped": "wrong label",
    "vote_entropy": "entropy of the votes",
    "minority": "votes against the majority",
    "no_emotion": "votes for no emotion",
    "faint": "faint expression",
    "mixture": "second expression mixed in",
    "occluded": "covered",
    "turned": "head turned",
    "blur": "blur",
    "shrink": "lost resolution",
    "grey": "without colour",
    "low_contrast": "low contrast",
    "grain": "sensor noise",
    "compression": "compression",
}


def known_uncertainty(faces: FaceSet) -> dict[str, Tensor]:
    """Everything known about how uncertain each face is, larger = more uncertain.

        vote_entropy = - sum_c v_c log v_c / log C      v: shares of the votes for the C classes, 0 log 0 = 0
        minority     = 1 - max_c v_c
        no_emotion   = votes for none of the classes / all votes
        faint        = 1 - intensity                    undefined for a neutral face, which shows no more at more
        turned       = (yaw^2 + pitch^2)^(1/2)          radians

    Returns:
        Name (a key of ``TITLES``) -> ``(N,)``: bool where a face either has it or not, else float32, NaN where it is
        undefined. ``flipped`` where true labels are known, votes where there are some, the rest for rendered faces.
    """
    known = {}
    if faces.true_labels is not None:
        known["flipped"] = faces.labels != faces.true_labels
    if faces.votes is not None:
        known |= _disagreement(faces.votes, faces.other_votes)
    if faces.latents is not None:
        known |= _causes(faces.latents, faces.class_names)
    return known


def _disagreement(votes: Tensor, others: Tensor | None) -> dict[str, Tensor]:
    votes = votes.double()
    total = votes.sum(1)
    shares = votes / total[:, None]  # NaN where nobody voted for any class
    known = {
        "vote_entropy": (-torch.special.xlogy(shares, shares).sum(1) / torch.tensor(votes.shape[1]).log()).float(),
        "minority": (1 - shares.max(1).values).float(),
    }
    if others is not None:
        rejected = others.double().sum(1)
        known["no_emotion"] = (rejected / (total + rejected)).float()
    return known


def _causes(latents: Mapping[str, Tensor], class_names: tuple[str, ...]) -> dict[str, Tensor]:
    faint = 1 - latents["intensity"]
    if "neutral" in class_names:
        unmixed = (latents["label"] == class_names.index("neutral")) & (latents["mix"] == 0)
        faint = faint.masked_fill(unmixed, torch.nan)
    return {
        "faint": faint,
        "mixture": latents["mix"],
        "occluded": latents["occluder_kind"] > 0,
        "turned": torch.hypot(latents["yaw"], latents["pitch"]),
        "blur": latents["blur"],
        "shrink": latents["shrink"],
        "grey": latents["grey"] > 0,
        "low_contrast": 1 - latents["contrast"],
        "grain": latents["grain"],
        "compression": latents["compression"],
    }


def knows(alpha: Tensor, quantities: Mapping[str, Tensor]) -> pd.DataFrame:
    """How much of each quantity an importance weight tells: 0.5 (AUROC) or 0 (Spearman) is nothing.

        yes or no:   AUROC of -alpha, the probability that a face which has it has the lower alpha
        continuous:  Spearman's rank correlation of -alpha with it

    Args:
        alpha: ``(N,)``.
        quantities: name -> ``(N,)`` as from ``known_uncertainty``; rows with NaN are left out.

    Returns:
        Columns quantity, measure (``"auroc"`` or ``"spearman"``), value, n (faces used). A quantity that is the same
        for all faces has no row; ``value`` is NaN where alpha is the same for all.
    """
    rows = []
    for name, quantity in quantities.items():
        defined = ~quantity.isnan()
        low, known = -alpha[defined].double(), quantity[defined]
        if len(known.unique()) < 2:
            continue
        measure, value = ("auroc", auroc) if known.dtype == torch.bool else ("spearman", spearman)
        rows.append((name, measure, float(value(low, known)), len(known)))
    return pd.DataFrame(rows, columns=["quantity", "measure", "value", "n"])


def alpha_regained(alpha: Tensor, before: Tensor, after: Tensor, given: Tensor, beta: float) -> tuple[float, float]:
    """How much alpha rises after a relabelling, and how much it rises for faces that were as low and kept their label.

        rise(i, e) = alpha(i, E) - alpha(i, e)          e: the epoch of i's first new label, before the last epoch E

    Samples are relabelled because their alpha is low, so part of any rise is the way back to the mean. The others, of
    the same epochs in the same proportions, rise by that part alone.

    Args:
        alpha: ``(E, N)``, of each epoch.
        before, after: int ``(E, N)``, the labels that each epoch trained on and left behind.
        given: int ``(N,)``.
        beta: share of the high-importance group; the lowest ``1 - beta`` of an epoch are the low one.

    Returns:
        The mean rise of the relabelled, and of those in the low group of such an epoch that had their given label
        before and after it. NaN where there are none.
    """
    alpha = alpha.double()
    relabelled = (after != given).cummax(0).values if after.numel() else after != given
    first = relabelled & ~torch.cat([torch.zeros_like(relabelled[:1]), relabelled[:-1]])
    own, others, weights = [], [], []
    for epoch in range(len(alpha) - 1):
        rise = alpha[-1] - alpha[epoch]
        kept = (before[epoch] == given) & (after[epoch] == given)
        lowest = torch.zeros_like(kept)
        lowest[alpha[epoch].argsort()[: round((1 - beta) * alpha.shape[1])]] = True
        if first[epoch].any():
            own.append(rise[first[epoch]])
            if (kept & lowest).any():
                others.append(rise[kept & lowest].mean())
                weights.append(int(first[epoch].sum()))
    if not own:
        return float("nan"), float("nan")
    weight = torch.tensor(weights, dtype=torch.float64)
    return float(torch.cat(own).mean()), float(
        (torch.stack(others) * weight).sum() / weight.sum()
    ) if others else float("nan")
