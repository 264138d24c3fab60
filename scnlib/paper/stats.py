"""Means over seeds and shares of faces, with honest intervals."""

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def standard_deviation(values: Sequence[float]) -> float:
    """With n - 1 in the denominator; NaN of fewer than two values."""
    if len(values) < 2:
        return math.nan
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1))


def student(degrees: int, level: float) -> float:
    """How many standard errors an interval of Student's distribution reaches to each side."""
    from scipy.special import stdtrit  # comes with scikit-learn; imported here so that importing the room stays cheap

    return float(stdtrit(degrees, (1 + level) / 2))


def half_width(values: Sequence[float], level: float = 0.95) -> float:
    """Half the width of Student's interval of the mean: ``t(n - 1) s / sqrt(n)``; NaN of fewer than two values."""
    if len(values) < 2:
        return math.nan
    return student(len(values) - 1, level) * standard_deviation(values) / math.sqrt(len(values))


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """The mean with the ends of Student's interval: ``(mean, low, high)``; ends NaN of fewer than two values."""
    middle, half = mean(values), half_width(values, level)
    return middle, middle - half, middle + half


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's interval of a share, at 95 %: it stays within 0..1 and holds where few are right, or all.

        (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)

    Returns:
        (low, high); (NaN, NaN) of nothing.

    Source: Wilson, JASA 1927.
    """
    if not n:
        return math.nan, math.nan
    z = 1.96  # of the normal distribution, 95 %
    p, centre = right / n, right / n + z**2 / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
