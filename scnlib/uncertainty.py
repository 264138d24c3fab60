"""What is known about the uncertainty of each face, and how much of it an importance weight knows.

Votes tell where annotators disagreed, noise tells which labels were flipped, and a rendered face's latents tell every
cause. Each quantity is larger where a face is more uncertain.
"""

import math
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


def vote_entropy(votes: Tensor) -> Tensor:
    """Disagreement of the annotators of each face, in bits.

        H = -sum_c p_c log2 p_c ,     p = votes over the emotions / their sum

    Args:
        votes: ``(N, C)``; 0 where all name one class, log2 C where all classes are named alike.

    Returns:
        float64 ``(N,)``; NaN for a face without a vote for any emotion.
    """
    p = votes.double() / votes.sum(1, keepdim=True)
    return -torch.special.xlogy(p, p).sum(1) / math.log(2)


def _disagreement(votes: Tensor, others: Tensor | None) -> dict[str, Tensor]:
    votes = votes.double()
    total = votes.sum(1)
    shares = votes / total[:, None]  # NaN where nobody voted for any class
    known = {
        "vote_entropy": (vote_entropy(votes) / math.log2(votes.shape[1])).float(),
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


def knows(alpha: Tensor, quantities: Mapping[str, Tensor], classes: Tensor | None = None) -> pd.DataFrame:
    """How much of each quantity an importance weight tells: 0.5 (AUROC) or 0 (Spearman) is nothing.

        yes or no:   AUROC of -alpha, the probability that a face which has it has the lower alpha
        continuous:  Spearman's rank correlation of -alpha with it

    Args:
        alpha: ``(N,)``.
        quantities: name -> ``(N,)`` as from ``known_uncertainty``; rows with NaN are left out.
        classes: true labels ``(N,)``; with them ``flipped`` has a second row, of ``auroc_within``.

    Returns:
        Columns quantity, measure (``"auroc"``, ``"auroc_within"`` or ``"spearman"``), value, n (faces used). A quantity
        that is the same for all faces has no row; ``value`` is NaN where alpha is the same for all.
    """
    rows = []
    for name, quantity in quantities.items():
        defined = ~quantity.isnan()
        low, known = -alpha[defined].double(), quantity[defined]
        if len(known.unique()) < 2:
            continue
        measure, value = ("auroc", auroc) if known.dtype == torch.bool else ("spearman", spearman)
        rows.append((name, measure, float(value(low, known)), len(known)))
        if name == "flipped" and classes is not None:
            rows.append((name, "auroc_within", float(auroc_within(low, known, classes[defined])), len(known)))
    return pd.DataFrame(rows, columns=["quantity", "measure", "value", "n"])


def auroc_within(scores: Tensor, positive: Tensor, classes: Tensor) -> Tensor:
    """AUROC within each class, averaged with the number of its pairs: what scores know beyond the class of a sample.

        sum_c P_c Q_c AUROC_c / sum_c P_c Q_c          P_c, Q_c: positives and negatives of class c

    So it is the share of pairs *of one class* whose positive scores above its negative. Where positives crowd in few
    classes, scores that rank whole classes have an AUROC above .5 and .5 here.

    Args:
        scores: ``(N,)``, finite.
        positive: bool ``(N,)``.
        classes: int ``(N,)``.

    Returns:
        0-d float64 in 0..1, NaN where no class has both.
    """
    right, pairs = torch.zeros((), dtype=torch.float64), 0
    for label in classes.unique():
        member = classes == label
        yes = int(positive[member].sum())
        count = yes * (int(member.sum()) - yes)
        if count:
            right += count * auroc(scores[member], positive[member])
            pairs += count
    return right / pairs if pairs else torch.tensor(torch.nan, dtype=torch.float64)


def alpha_regained(
    alpha: Tensor, before: Tensor, after: Tensor, given: Tensor, neighbours: int = 30
) -> tuple[float, float]:
    """How much alpha rises after a relabelling, and how much for faces of the same alpha that kept their label.

        rise(i, e) = alpha(i, E) - alpha(i, e)          e: the epoch of i's first new label, before the last epoch E

    Samples are relabelled because their alpha is low, so part of any rise is the way back to the mean, and it is the
    longer the lower alpha was. The others, of the same epoch and the same alpha, rise by that part alone. (The whole
    low group is no fair comparison: equation 5 decides on alpha-scaled probabilities, so it picks the higher half.)

    Args:
        alpha: ``(E, N)``, of each epoch.
        before, after: int ``(E, N)``, the labels that each epoch trained on and left behind.
        given: int ``(N,)``.
        neighbours: how many faces each relabelled one is compared with: those of nearest alpha that had their given
            label before and after the epoch, half of them below it and half above.

    Returns:
        The mean rise of the relabelled, and the mean over them of the mean rise of their neighbours. NaN where there
        are none.
    """
    alpha = alpha.double()
    relabelled = (after != given).cummax(0).values
    first = relabelled & ~torch.cat([torch.zeros_like(relabelled[:1]), relabelled[:-1]])
    own, others = [], []
    for epoch in range(len(alpha) - 1):
        kept = (before[epoch] == given) & (after[epoch] == given)
        if first[epoch].any() and kept.any():
            rise = alpha[-1] - alpha[epoch]
            own.append(rise[first[epoch]])
            others.append(_mean_of_neighbours(alpha[epoch][first[epoch]], alpha[epoch][kept], rise[kept], neighbours))
    if not own:
        return float("nan"), float("nan")
    return float(torch.cat(own).mean()), float(torch.cat(others).mean())


def _mean_of_neighbours(places: Tensor, known: Tensor, values: Tensor, count: int) -> Tensor:
    """For each place the mean of ``values`` at the ``count`` of ``known`` around it: half below, half above."""
    known, order = known.sort()
    count = min(count, len(known))
    sums = torch.cat([values.new_zeros(1), values[order].cumsum(0)])
    begin = (torch.searchsorted(known, places) - count // 2).clamp(0, len(known) - count)
    return (sums[begin + count] - sums[begin]) / count
