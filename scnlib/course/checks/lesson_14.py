"""Lesson 14: many methods, one recipe, and intervals for all comparisons together."""

import math
from statistics import NormalDist

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.paper import stats

# ---------------------------------------------------------------------------------------------------------------- 14.1


def _rows(accuracy: Tensor, baseline: Tensor, level: float) -> Tensor:
    differences = (accuracy - baseline).tolist()
    middles = [stats.mean(row) for row in differences]
    halves = [stats.half_width(row, level) for row in differences]
    return torch.tensor([[m, m - h, m + h] for m, h in zip(middles, halves, strict=True)])


def _for_all(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _rows(accuracy, baseline, 1 - 0.05 / len(accuracy))


def _each_alone(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _rows(accuracy, baseline, 0.95)


def _by_seeds(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _rows(accuracy, baseline, 1 - 0.05 / len(baseline))


def _one_sided(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _rows(accuracy, baseline, 1 - 0.1 / len(accuracy))


def _widened(accuracy: Tensor, baseline: Tensor) -> Tensor:
    alone = _each_alone(accuracy, baseline)
    middle, half = alone[:, :1], (alone[:, 2:] - alone[:, 1:2]) / 2
    return torch.cat([middle, middle - len(accuracy) * half, middle + len(accuracy) * half], dim=1)


def _unpaired(accuracy: Tensor, baseline: Tensor) -> Tensor:
    wide = _for_all(accuracy, baseline)
    middle, half = wide[:, 0], (wide[:, 2] - wide[:, 1]) / 2
    spread = (accuracy.var(1) + baseline.var()).sqrt() / (accuracy - baseline).std(1)
    return torch.stack([middle, middle - half * spread, middle + half * spread], dim=1)


def _against_the_mean(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _for_all(accuracy, baseline.mean().expand_as(baseline))


def _against_the_best(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _for_all(accuracy, baseline.max().expand_as(baseline))


def _stretched(accuracy: Tensor, baseline: Tensor, factor: float) -> Tensor:
    right = _for_all(accuracy, baseline)
    middle, half = right[:, :1], factor * (right[:, 2:] - right[:, 1:2]) / 2
    return torch.cat([middle, middle - half, middle + half], dim=1)


def _normal(accuracy: Tensor, baseline: Tensor) -> Tensor:
    level = 1 - 0.05 / len(accuracy)
    student = stats.student(len(baseline) - 1, level)
    return _stretched(accuracy, baseline, NormalDist().inv_cdf((1 + level) / 2) / student)


def _n_degrees(accuracy: Tensor, baseline: Tensor) -> Tensor:
    n, level = len(baseline), 1 - 0.05 / len(accuracy)
    return _stretched(accuracy, baseline, stats.student(n, level) / stats.student(n - 1, level))


def _biased(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _stretched(accuracy, baseline, math.sqrt(1 - 1 / len(baseline)))


def _no_root(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _stretched(accuracy, baseline, math.sqrt(len(baseline)))


def _boards(generator: torch.Generator) -> list[tuple]:
    accuracy = torch.tensor([[61.0, 58.0, 62.0], [59.0, 58.0, 60.5]])
    cases = [(accuracy, torch.tensor([60.0, 58.0, 60.0]))]
    for methods, n in ((5, 3), (20, 6)):
        luck = torch.randn(n, generator=generator)
        cases.append((60 + luck + torch.randn(methods, n, generator=generator), 60 + luck))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 14.2


def _false_alarms(methods: int = 24, seeds: int = 3, level: float = 0.9, draws: int = 200_000) -> float:
    """How many of 24 methods that do nothing have an interval of their own that lies above zero, on average."""
    differences = torch.randn(draws, seeds, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    half = stats.student(seeds - 1, level) * differences.std(1) / math.sqrt(seeds)
    outside = (differences.mean(1).abs() > half).double().mean()  # half of them above, half below
    return methods * float(outside) / 2


EXERCISES = {
    "14.1": Implement(
        reference=_for_all,
        cases=_boards,
        within=1e-3,  # a printed table of Student's quantiles has three decimals
        passed="One method in front is a discovery only if it survives the number of methods that were looked at.",
        mistakes=(
            Mistake(
                "an interval for one comparison",
                _each_alone,
                "Each holds in 95 of 100 cases, but the best of many was chosen by looking. Use the level $1 - 0.05 "
                "/ m$.",
            ),
            Mistake("a level by the number of seeds", _by_seeds, "m counts the *comparisons*, one for each method."),
            Mistake(
                "a level for one side",
                _one_sided,
                "The interval has two sides, and the 5 % are for both: half of $0.05 / m$ lies beyond each end.",
            ),
            Mistake(
                "an interval stretched m times",
                _widened,
                "Divide the *error*, not multiply the width: the quantile at the level $1 - 0.05 / m$ does it.",
            ),
            Mistake(
                "the normal quantile",
                _normal,
                "With few seeds the spread is itself a guess, and Student's quantile is larger: "
                "`scipy.stats.t.ppf(..., n - 1)`.",
            ),
            Mistake(
                "n degrees of freedom",
                _n_degrees,
                "The mean has used up one: `t.ppf(..., n - 1)`. Of three seeds two are left.",
            ),
            Mistake(
                "a spread with n in its denominator",
                _biased,
                "Divide by $n - 1$: that is what `torch.std` does, and numpy with `ddof=1`.",
            ),
            Mistake(
                "a spread of single seeds",
                _no_root,
                "The interval is one of the *mean*: divide the standard deviation by $\\sqrt n$.",
            ),
            Mistake(
                "two unpaired spreads", _unpaired, "Method and baseline share their seeds: take the differences first."
            ),
            Mistake(
                "a gain over the baseline's mean",
                _against_the_mean,
                "That is unpaired: the baseline's luck with each seed stays in. Subtract seed by seed, then average.",
            ),
            Mistake(
                "a gain over the luckiest baseline",
                _against_the_best,
                "Each seed against the baseline of the *same* seed; the best of a few is no fair opponent.",
            ),
        ),
    ),
    "14.2": Predict(
        truth=_false_alarms,
        passed="An interval of 90 % misses in one of ten cases, in half of them upwards: $24 / 20$. On such a "
        "leaderboard about one method stands in front, on average, and about one behind, though none does anything.",
        hint="How often does one interval of 90 % miss, and on which side? How many such intervals are there?",
        within=0.03,
        mistakes=(
            Mistake("none", 0.0, "An interval of 90 % misses in 10 of 100 cases, though nothing is there."),
            Mistake(
                "both sides", 2.4, "So many are clear of zero on *either* side: half of them are in front, half behind."
            ),
            Mistake("intervals of 95 %", 0.6, "These are intervals of 90 %: each end leaves out 5 % and not 2.5 %."),
            Mistake(
                "the chance of at least one",
                1 - 0.95**24,
                "A useful number: that is how likely it is that there is any. Asked was how *many* on average.",
            ),
        ),
    ),
}
