"""What chance alone can do: seeds that say the opposite, sweeps of equals, crowded classes, small test sets."""

import math
from collections.abc import Iterable, Sequence

import numpy as np


def pooled_std(groups: Iterable[Sequence[float]]) -> float:
    """The standard deviation within groups: ``sqrt(sum (n_g - 1) s_g^2 / sum (n_g - 1))``; NaN without repeats.

    Args:
        groups: for each arm its values, one for each seed; arms with one value say nothing.
    """
    groups = [np.asarray(group, dtype=float) for group in groups]
    freedom = sum(max(len(group) - 1, 0) for group in groups)
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups if len(group))
    return math.sqrt(squares / freedom) if freedom else math.nan


def wrong_sign(effect: float, std: float) -> float:
    """How often a single seed says the opposite of a true effect: ``Phi(-|effect| / std)``, normal seeds assumed.

    Args:
        effect: the true mean difference.
        std: of single differences over seeds.
    """
    if math.isnan(effect) or math.isnan(std):
        return math.nan
    return 0.5 * math.erfc(abs(effect) / (std * math.sqrt(2))) if std else 0.5 * float(effect == 0)


def lucky_sweeps(
    values: int, std: float, runs: int = 1, draws: int = 20_000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sweeps in which nothing matters: all values are equally good, and only the seeds differ.

    Each value's result is the mean of ``runs`` normal draws with standard deviation ``std``.

    Returns:
        For each of ``draws`` sweeps: the winner's lead over the second, and the distance from best to worst, in points.

    Raises:
        ValueError: if there are fewer than two values.
    """
    if values < 2:
        raise ValueError(f"a sweep has at least two values, got {values}")
    generator = np.random.default_rng(seed)
    means = np.sort(generator.normal(0, std / math.sqrt(runs), (draws, values)), axis=1)
    return means[:, -1] - means[:, -2], means[:, -1] - means[:, 0]


def crowding(count: int, shares: Sequence[float], draws: int, trials: int = 100_000, seed: int = 0) -> float:
    """The chance that among ``draws`` faces drawn at random some class appears ``count`` times or more.

    Args:
        count: appearances of the commonest class.
        shares: of the classes, summing to 1.
    """
    shares = np.asarray(shares, dtype=float)
    found = np.random.default_rng(seed).multinomial(draws, shares / shares.sum(), trials)
    return float((found.max(axis=1) >= count).mean())


def unpaired_interval(first: float, second: float, n: int) -> float:
    """Half the 95 % interval of the difference of two accuracies on n test samples each, in points.

        1.96 sqrt(p (1 - p) / n + q (1 - q) / n)

    For two networks on the *same* samples it is too wide, which is the safe side; that needs no predictions.

    Args:
        first, second: percent.
    """
    p, q = first / 100, second / 100
    return 196 * math.sqrt((p * (1 - p) + q * (1 - q)) / n)
