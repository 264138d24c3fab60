"""Lesson 14: many methods, one recipe, and intervals for all comparisons together."""

import math

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


def _against_the_best(accuracy: Tensor, baseline: Tensor) -> Tensor:
    return _for_all(accuracy, baseline.max().expand_as(baseline))


def _boards(generator: torch.Generator) -> list[tuple]:
    accuracy = torch.tensor([[61.0, 58.0, 62.0], [59.0, 58.0, 60.5]])
    cases = [(accuracy, torch.tensor([60.0, 58.0, 60.0]))]
    for methods, n in ((5, 3), (20, 6)):
        luck = torch.randn(n, generator=generator)
        cases.append((60 + luck + torch.randn(methods, n, generator=generator), 60 + luck))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 14.2


def _false_alarms(methods: int = 20, seeds: int = 3, draws: int = 100_000) -> float:
    """How many of 20 methods that do nothing have an interval of their own clear of zero, on average."""
    differences = torch.randn(draws, seeds, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    unit = [1.0, *[0.0] * (seeds - 1)]
    quantile = stats.half_width(unit) / (stats.standard_deviation(unit) / math.sqrt(seeds))
    half = quantile * differences.std(1) / math.sqrt(seeds)
    return methods * float((differences.mean(1).abs() > half).double().mean())


EXERCISES = {
    "14.1": Implement(
        reference=_for_all,
        cases=_boards,
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
                "two unpaired spreads", _unpaired, "Method and baseline share their seeds: take the differences first."
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
        passed="One in twenty, twenty times. So a leaderboard of twenty should show one, and it would stand at the "
        "top.",
        hint="How often does one interval of 95 % miss? How many such intervals are there?",
        within=0.08,
        mistakes=(
            Mistake("none", 0.0, "An interval of 95 % misses in 5 of 100 cases, though nothing is there."),
            Mistake("only those in front", 0.5, "Clear of zero on *either* side was asked for."),
            Mistake(
                "the chance of at least one",
                1 - 0.95**20,
                "A useful number: that is how likely it is that there is any. Asked was how *many* on average.",
            ),
            Mistake("five", 5.0, "5 % of the twenty, and not five of them."),
        ),
    ),
}
