"""Intervals against the equations that define them."""

import math

import pytest

from scnlib.paper.stats import interval, wilson


def test_wilson_interval():
    """The ends solve (p - q)^2 = z^2 q (1 - q) / n, the score test's equation."""
    for right, n in ((0, 5), (3, 10), (10, 10), (480, 1000)):
        p = right / n
        for q in wilson(right, n):
            assert (p - q) ** 2 == pytest.approx(1.96**2 * q * (1 - q) / n, abs=1e-12)
    assert wilson(0, 5)[0] == pytest.approx(0) and wilson(5, 5)[1] == pytest.approx(1)
    assert all(map(math.isnan, wilson(0, 0)))


def test_the_interval_of_a_mean():
    """1, 2, 3: s = 1, and Student's t(2) is 4.303 at 97.5 %, 6.205 at 98.75 %."""
    assert interval([1, 2, 3]) == pytest.approx((2, 2 - 4.303 / 3**0.5, 2 + 4.303 / 3**0.5), abs=1e-3)
    assert interval([1, 2, 3], 0.975)[2] == pytest.approx(2 + 6.205 / 3**0.5, abs=1e-3)
    assert interval([5])[0] == 5 and all(map(math.isnan, (*interval([5])[1:], *interval([]))))
