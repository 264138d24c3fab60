"""The claims of the LRN paper. Its runs start from MS-Celeb-1M weights; here they are judged from scratch instead."""

import numpy as np
import pandas as pd

from scnlib.paper.claims_scn import CLOSE, HIGH, RATES
from scnlib.paper.mistakes import expected_mistakes
from scnlib.paper.verdicts import (
    LABELS,
    NOT_TESTED,
    Claim,
    Condition,
    Group,
    Verdict,
    arm,
    compare,
    conclude,
    noise_name,
)

BASELINE = arm("baseline")
UNCERTAINTY = arm("lrn", discriminative=False)
CENTRES = arm("lrn", heteroscedastic=False)
BOTH = arm("lrn")


def mistakes_concentrate(group: Group) -> Verdict:
    """L01: for each true class the share of its wrong labels that fall into one class, minus what chance gives.

    Chance: wrong labels follow each class's popularity as a wrong label and nothing else (``expected_mistakes``); its
    commonest mistake is the largest of a multinomial draw, on average. The unit of the interval is the class.
    """
    if group.transition is None:
        return Verdict(NOT_TESTED, detail="needs FERPlus: counts of real label noise")
    observed, chance, wrong = concentration(group.transition)
    remark = (
        f"largest share {observed.mean():.1f} % against {chance.mean():.1f} %; n counts classes, with {wrong:,} labels"
    )
    return conclude([Condition("commonest mistake", tuple(observed - chance), remark=remark)])


def concentration(transition: pd.DataFrame, draws: int = 2000) -> tuple[np.ndarray, np.ndarray, int]:
    """The commonest mistake of each class, in percent of its mistakes: as counted and as by chance.

    Args:
        transition: columns ``true``, ``given``, ``count``; classes that never stand in ``given`` are no mistakes.

    Returns:
        Observed and chance shares of the classes that have mistakes, and the number of all wrong labels.
    """
    names = list(dict.fromkeys(transition["true"]))
    counts = transition.pivot_table(index="true", columns="given", values="count", aggfunc="sum", fill_value=0)
    counts = counts.reindex(index=names, columns=names, fill_value=0).to_numpy(dtype=float, copy=True)
    np.fill_diagonal(counts, 0)
    expected = expected_mistakes(counts, ~np.eye(len(names), dtype=bool))
    wrong = counts.sum(1)
    used = wrong > 0
    generator = np.random.default_rng(0)
    chance = [
        generator.multinomial(int(total), row / row.sum(), draws).max(1).mean() / total
        for row, total in zip(expected[used], wrong[used], strict=True)
    ]
    return 100 * counts[used].max(1) / wrong[used], 100 * np.array(chance), int(wrong.sum())


def uncertainty_alone_helps(group: Group) -> Verdict:
    """L02: table 2, third row over first."""
    return conclude([compare(group, "L_cls over baseline", UNCERTAINTY, BASELINE)])


def centres_alone_help(group: Group) -> Verdict:
    """L03: table 2, second row over first."""
    return conclude([compare(group, "L_ce + L_cld over baseline", CENTRES, BASELINE)])


def both_are_best(group: Group) -> Verdict:
    """L04: both over each alone, and the heteroscedastic part alone over the other."""
    return conclude(
        [
            compare(group, "both over L_cls", BOTH, UNCERTAINTY),
            compare(group, "both over L_ce + L_cld", BOTH, CENTRES),
            compare(group, "L_cls over L_ce + L_cld", UNCERTAINTY, CENTRES),
        ]
    )


def _above(group: Group, method: str, rivals: tuple[str, ...]) -> Verdict:
    from scnlib.methods.names import method_label  # needs torch

    conditions = []
    for rate in RATES:
        for rival in rivals:
            name = f"{method_label(method)} over {method_label(rival)} {noise_name('symmetric', rate)}"
            conditions.append(compare(group, name, arm(method, rate), arm(rival, rate)))
    return conclude(conditions)


def trusting_centres_fail(group: Group) -> Verdict:
    """L07: the label-free centre loss and the baseline, which has none, over a centre loss that is told the labels."""
    trusting = arm("lrn", HIGH, heteroscedastic=False, centre_labels=True)
    others = {"label-free": arm("lrn", HIGH, heteroscedastic=False), "the baseline": arm("baseline", HIGH)}
    noise = noise_name("symmetric", HIGH)
    return conclude([compare(group, f"{name} over told {noise}", one, trusting) for name, one in others.items()])


def beats_baseline_and_scn(group: Group) -> Verdict:
    """L05: LRN over the baseline and over SCN at each noise ratio."""
    return _above(group, "lrn", ("baseline", "scn"))


def beats_sce_ald(group: Group) -> Verdict:
    """L10, its noisy half: LRN over SCE-ALD at each noise ratio."""
    return _above(group, "lrn", ("sce_ald",))


def gain_stays(group: Group) -> Verdict:
    """L11: LRN over the baseline at each noise ratio."""
    return _above(group, "lrn", ("baseline",))


def needs_no_low_rank(group: Group) -> Verdict:
    """L06: the full covariance is at most ``CLOSE`` points below the low-rank one, under whatever noise both ran."""
    conditions = []
    for rate in (0.0, *RATES):
        full, low = arm("lrn", rate), arm("lrn", rate, covariance="low_rank")
        name = f"full minus low rank {noise_name('symmetric', rate)}"
        conditions.append(compare(group, name, full, low, limit=-CLOSE))
    return conclude(conditions, unit=f"points, limit {-CLOSE:g}", need_all=False)


def right_on_ambiguous_faces(group: Group) -> Verdict:
    """L08: accuracy of LRN over the baseline on faces of which annotators disagree, at figure 3's noise."""
    name = f"LRN over the baseline on ambiguous faces {noise_name('symmetric', HIGH)}"
    return conclude([compare(group, name, arm("lrn", HIGH), arm("baseline", HIGH), column="on ambiguous")])


CLAIMS = (
    Claim("L01", "Real wrong labels concentrate on few classes.", "LRN 1, figure 1", mistakes_concentrate, on=LABELS),
    Claim("L02", "Modelling heteroscedastic noise alone helps.", "LRN table 2", uncertainty_alone_helps),
    Claim("L03", "The label-free centre loss alone helps.", "LRN table 2", centres_alone_help),
    Claim("L04", "Both together are best, and the noise model matters more.", "LRN table 2", both_are_best),
    Claim("L05", "LRN beats the baseline and SCN at every noise ratio.", "LRN table 1", beats_baseline_and_scn),
    Claim("L06", "Few classes need no low-rank covariance.", "LRN 1, 2.2", needs_no_low_rank),
    Claim("L07", "A centre loss that trusts the labels fails under noise.", "LRN 3.2", trusting_centres_fail),
    Claim("L08", "LRN is right on ambiguous faces where the baseline errs.", "LRN figure 3", right_on_ambiguous_faces),
    Claim(
        "L09",
        "Classes become compact and keep their relations.",
        "LRN 3.2",
        needs="features of test images, which no table of results holds; lesson 12 measures them in one run of each",
    ),
    Claim("L10", "LRN is above SCE-ALD at every noise ratio.", "LRN tables 1, 3", beats_sce_ald),
    Claim("L11", "LRN stays ahead of the baseline however high the noise.", "LRN 4.3", gain_stays),
)
