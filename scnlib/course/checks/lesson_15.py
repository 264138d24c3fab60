"""Lesson 15: three verdicts, and the limit that a claim may name."""

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.paper import stats
from scnlib.paper.verdicts import HELD, NOT_HELD, UNDECIDED, judge

# ---------------------------------------------------------------------------------------------------------------- 15.1


def _verdict(differences: Tensor, limit: float, k: int) -> str:
    return judge(differences.tolist(), limit, k).verdict


def _between(differences: Tensor, limit: float, below: float, above: float) -> str:
    """The verdict by the two half widths of an interval: that towards a limit below it, and towards one above."""
    middle = float(differences.mean())
    return HELD if middle - below > limit else NOT_HELD if middle + above < limit else UNDECIDED


def _half(differences: Tensor, level: float = 0.95) -> float:
    return stats.half_width(differences.tolist(), level)


def _by_the_mean(differences: Tensor, limit: float, k: int) -> str:
    return _between(differences, limit, 0.0, 0.0)


def _two_words(differences: Tensor, limit: float, k: int) -> str:
    return HELD if _verdict(differences, limit, k) == HELD else NOT_HELD


def _without_limit(differences: Tensor, limit: float, k: int) -> str:
    return _verdict(differences, 0.0, k)


def _wide_on_both_sides(differences: Tensor, limit: float, k: int) -> str:
    wide = _half(differences, 1 - 0.05 / k)
    return _between(differences, limit, wide, wide)


def _narrow_on_both_sides(differences: Tensor, limit: float, k: int) -> str:
    return _verdict(differences, limit, 1)


def _stretched(differences: Tensor, limit: float, k: int) -> str:
    return _between(differences, limit, _half(differences), k * _half(differences))


def _by_the_sides_turned(differences: Tensor, limit: float, k: int) -> str:
    return _between(differences, limit, _half(differences, 1 - 0.05 / k), _half(differences))


def _one_sided(differences: Tensor, limit: float, k: int) -> str:
    return _between(differences, limit, _half(differences, 0.9), _half(differences, 1 - 0.1 / k))


def _of_single_seeds(differences: Tensor, limit: float, k: int) -> str:
    root = len(differences) ** 0.5
    return _between(differences, limit, root * _half(differences), root * _half(differences, 1 - 0.05 / k))


def _biased(differences: Tensor, limit: float, k: int) -> str:
    root = (1 - 1 / len(differences)) ** 0.5
    return _between(differences, limit, root * _half(differences), root * _half(differences, 1 - 0.05 / k))


def _n_degrees(differences: Tensor, limit: float, k: int) -> str:
    n = len(differences)
    error = stats.standard_deviation(differences.tolist()) / n**0.5
    return _between(differences, limit, *(error * stats.student(n, level) for level in (0.95, 1 - 0.05 / k)))


def _one_seed_decides(differences: Tensor, limit: float, k: int) -> str:
    return (_by_the_mean if len(differences) == 1 else _verdict)(differences, limit, k)


def _effects(generator: torch.Generator) -> list[tuple]:
    def three(middle: float, spread: float) -> Tensor:  # of this mean and this standard deviation
        return torch.tensor([middle - spread, middle, middle + spread])

    cases = [(three(1.0, 1.0), 0.0, 1)]  # 95 %: 1 - 2.48 to 1 + 2.48
    for effect, spread, limit, k in (
        (1.0, 0.3, 0.0, 1),
        (-1.0, 0.3, 0.0, 1),
        (1.0, 0.55, 0.0, 1),  # clear of 0 for one side alone
        (1.0, 0.5, 0.0, 1),  # and with n degrees of freedom
        (1.0, 0.45, 0.0, 1),  # and with n below the line of the spread
        (1.0, 0.3, 0.0, 4),  # held, though not at the level of four
        (-1.0, 0.3, 0.0, 4),  # not refuted, though it were as the only condition
        (-1.0, 0.15, 0.0, 4),
        (0.02, 0.004, 0.05, 1),
        (0.3, 0.05, 0.05, 2),
    ):
        cases.append((three(effect, spread), limit, k))
    cases += [(torch.randn(n, generator=generator) + shift, 0.1, 2) for n in (5, 10) for shift in (-1.5, 0.0, 1.5)]
    return [*cases, (torch.tensor([0.5]), 0.0, 1)]


# ---------------------------------------------------------------------------------------------------------------- 15.2


_OPTIONS = {HELD: "a", NOT_HELD: "b", UNDECIDED: "c"}


def _close_to_nothing() -> str:
    """Which option is the verdict on an interval from -0.004 to 0.017, where a claim names the limit 0.05."""
    spread = 0.0105 / stats.half_width([-1.0, 0.0, 1.0])
    found = judge([0.0065 - spread, 0.0065, 0.0065 + spread], limit=0.05)
    return _OPTIONS[found.verdict]


EXERCISES = {
    "15.1": Implement(
        reference=_verdict,
        cases=_effects,
        words=(HELD, NOT_HELD, UNDECIDED),
        passed="Three words, one rule, and evidence asked for on both sides. Every cell of the ledger was computed so.",
        mistakes=(
            Mistake(
                "a verdict by the mean alone",
                _by_the_mean,
                "Luck has a mean, too. The whole interval must lie on one side of the limit.",
            ),
            Mistake(
                "two words for three",
                _two_words,
                "*Not held* needs evidence, as *held* does: the interval must lie *below* the limit. Between is "
                "*undecided*.",
            ),
            Mistake("a limit that nobody reads", _without_limit, "If a claim names a limit, it takes the place of 0."),
            Mistake(
                "the wider interval on both sides",
                _wide_on_both_sides,
                "It is for *not held*, where one of k conditions is enough. *Held* must be said of all k, so luck "
                "helps nobody: 95 %.",
            ),
            Mistake(
                "the same interval on both sides",
                _narrow_on_both_sides,
                "Among k conditions one lies below by luck k times as often. For *not held* use the level "
                "$1 - 0.05 / k$.",
            ),
            Mistake(
                "an interval stretched k times",
                _stretched,
                "Divide the *error*, not multiply the width: take the quantile at the level $1 - 0.05 / k$.",
            ),
            Mistake(
                "the two intervals exchanged",
                _by_the_sides_turned,
                "The wider one is for *not held*: a single condition of k can refute a claim.",
            ),
            Mistake(
                "a level for one side",
                _one_sided,
                "The 5 % are for both ends: half of them lies beyond each, `t.ppf(0.975, n - 1)`.",
            ),
            Mistake(
                "an interval of single seeds",
                _of_single_seeds,
                "The *mean* of n differences scatters less, by the root of n.",
            ),
            Mistake(
                "a spread with n in its denominator",
                _biased,
                "Divide by $n - 1$: that is what `torch.std` does, and numpy with `ddof=1`.",
            ),
            Mistake(
                "n degrees of freedom",
                _n_degrees,
                "The mean has used up one: `t.ppf(..., n - 1)`. Of three seeds two are left.",
            ),
            Mistake(
                "one seed that decides",
                _one_seed_decides,
                "One number has no spread, so there is no interval, and nothing is decided.",
            ),
        ),
    ),
    "15.2": Predict(
        truth=_close_to_nothing,
        words=_OPTIONS,
        passed="The whole interval lies below 0.05, so what was claimed is not there. Had the claim named no limit, "
        "the same numbers would be undecided.",
        mistakes=(
            Mistake(
                "an interval that is held against 0",
                "c",
                "The interval holds 0, but the claim names a limit, and that takes the place of 0. Does it hold 0.05?",
            ),
            Mistake(
                "a mean above 0",
                "a",
                "The mean is above 0, as the claim wants it. The claim wants more than 0.05, though.",
            ),
        ),
    ),
}
