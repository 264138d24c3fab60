"""Lesson 09: gains over seeds with their intervals, and what one seed would have said."""

import math

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.luck import wrong_sign
from scnlib.paper import stats

# ---------------------------------------------------------------------------------------------------------------- 09.1


def _paired(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    return stats.interval((ours - baseline).tolist())


def _around(ours: Tensor, baseline: Tensor, half: float) -> tuple[float, ...]:
    middle = float((ours - baseline).mean())
    return middle, middle - half, middle + half


def _half(ours: Tensor, baseline: Tensor) -> float:
    return stats.half_width((ours - baseline).tolist())


def _normal(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    return _around(ours, baseline, 1.96 * float((ours - baseline).std()) / math.sqrt(len(ours)))


def _of_single_runs(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    return _around(ours, baseline, _half(ours, baseline) * math.sqrt(len(ours)))


def _standard_error(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    return _around(ours, baseline, float((ours - baseline).std()) / math.sqrt(len(ours)))


def _divided_by_n(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    n = len(ours)
    return _around(ours, baseline, _half(ours, baseline) * math.sqrt((n - 1) / n))


def _unpaired(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    n = len(ours)
    quantile = _half(ours, baseline) / (float((ours - baseline).std()) / math.sqrt(n))
    return _around(ours, baseline, quantile * math.sqrt(float(ours.var() + baseline.var()) / n))


def _turned(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    return _paired(baseline, ours)


def _extremes(ours: Tensor, baseline: Tensor) -> tuple[float, ...]:
    differences = ours - baseline
    return float(differences.mean()), float(differences.min()), float(differences.max())


def _seeds(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([61.0, 58.0, 62.0]), torch.tensor([60.0, 58.0, 60.0]))]
    for n in (3, 5, 10):
        luck = 2 * torch.randn(n, generator=generator)
        cases.append((60 + luck + torch.randn(n, generator=generator), 59 + luck))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 09.2


def _enough_seeds() -> float:
    """The least number of seeds at which a mean of 1 with a standard deviation of 1.5 has an interval above 0."""
    for n in range(2, 100):
        ramp = [i - (n - 1) / 2 for i in range(n)]
        scale = 1.5 / stats.standard_deviation(ramp)
        if stats.half_width([1 + scale * x for x in ramp]) < 1:
            return float(n)
    return math.nan


EXERCISES = {
    "09.1": Implement(
        reference=_paired,
        cases=_seeds,
        within=1e-3,  # a printed table of Student's quantiles has three decimals
        passed="Seed by seed, then averaged: what both runs share drops out before the spread is measured.",
        mistakes=(
            Mistake(
                "the normal quantile",
                _normal,
                "1.96 is for a spread that is known. Here three seeds must tell it, too: Student's quantile has $n - "
                "1$ degrees "
                "of freedom, 4.30 for three.",
            ),
            Mistake(
                "an interval of single seeds",
                _of_single_runs,
                "The *mean* of n differences scatters less, by the root of n.",
            ),
            Mistake(
                "one standard error",
                _standard_error,
                "That covers far less than 95 %. Multiply with Student's quantile.",
            ),
            Mistake(
                "a spread divided by n",
                _divided_by_n,
                "The mean was estimated from the same numbers: divide the squares by $n - 1$.",
            ),
            Mistake(
                "two unpaired spreads",
                _unpaired,
                "A seed that is lucky for one method is mostly lucky for the other. Take differences first, then "
                "their spread.",
            ),
            Mistake("a gain of the baseline", _turned, "Ours minus the baseline."),
            Mistake(
                "the lowest and the highest seed", _extremes, "The range grows with n; an interval of the mean shrinks."
            ),
        ),
    ),
    "09.2": Predict(
        truth=_enough_seeds,
        passed="$t_{n-1} \\cdot 1.5 / \\sqrt n < 1$ holds from 12 on. And then the mean must really come out at 1: "
        "for one half of "
        "the experiments it will not.",
        hint="Try n in $t_{n-1} \\cdot 1.5 / \\sqrt n$, with Student's quantile from a table or "
        "`scipy.stats.t.ppf(0.975, n - 1)`.",
        within=0.4,
        mistakes=(
            Mistake(
                "the normal quantile's answer",
                9,
                "$(1.96 \\cdot 1.5)^2$ is 8.6; with Student's quantile it takes more.",
            ),
            Mistake("a forgotten square", 3, "The root of n must reach $1.96 \\cdot 1.5$, and not n itself."),
            Mistake("one seed", 1, "One number has no spread, and no interval."),
        ),
    ),
    "09.3": Predict(
        truth=lambda: 18 * wrong_sign(1.0, 1.0),
        passed="Nearly three of 18, from nothing at all. Whoever shows these three has shown nothing.",
        hint="How likely is a normal number above one standard deviation? Times 18.",
        within=0.2,
        mistakes=(
            Mistake("none, as nothing works", 0.0, "Nothing works on *average*. Single runs scatter."),
            Mistake("one in twenty", 0.9, "One in twenty is for *two* standard deviations, to both sides."),
            Mistake("both sides", lambda: 36 * wrong_sign(1.0, 1.0), "Half of these are *below* -1."),
            Mistake("a half", 9.0, "That many are above 0."),
        ),
    ),
}
