"""Means over seeds and shares of faces, with honest intervals."""

import math
from collections.abc import Sequence

import numpy as np


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan


def standard_deviation(values: Sequence[float]) -> float:
    """With n - 1 in the denominator; NaN of fewer than two values."""
    if len(values) < 2:
        return math.nan
    centre = mean(values)
    return math.sqrt(math.fsum((v - centre) ** 2 for v in values) / (len(values) - 1))


def student(degrees: float, level: float) -> float:
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


def crossed_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float, float]:
    """The mean over seeds and faces, and what it may be for other seeds *and* other faces: ``(mean, low, high)``.

        value_sf = mean + seed_s + face_f + rest_sf                      all but the mean drawn at random
        Var(mean) = (MS_seeds + MS_faces - MS_rest) / (S n)

    with the mean squares of the table, those of seeds and faces no smaller than that of the rest, so that no variance
    is below 0. The degrees of freedom are Satterthwaite's. An interval over seeds alone asks
    what other seeds would give on these very faces; all of them share the luck of which faces were photographed.

    Args:
        values: float ``(S, n)``, one row a seed, one column a face. The ends are NaN for fewer than two of either.

    Source: the two-way random model without replication (Cornfield & Tukey 1956); Satterthwaite 1946.
    """
    seeds, faces = values.shape
    if min(seeds, faces) < 2:
        return float(values.mean()) if values.size else math.nan, math.nan, math.nan
    middle, of_seed, of_face = values.mean(), values.mean(1, keepdims=True), values.mean(0, keepdims=True)
    squares = np.array([faces * ((of_seed - middle) ** 2).sum(), seeds * ((of_face - middle) ** 2).sum(),
                        ((values - of_seed - of_face + middle) ** 2).sum()])  # fmt: skip
    degrees = np.array([seeds - 1, faces - 1, (seeds - 1) * (faces - 1)])
    parts = squares / degrees / values.size
    parts = np.maximum(parts, parts[2])
    variance = parts[0] + parts[1] - parts[2]
    if variance == 0:
        return float(middle), float(middle), float(middle)
    half = student(variance**2 / (parts**2 / degrees).sum(), level) * math.sqrt(variance)
    return float(middle), float(middle - half), float(middle + half)


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
