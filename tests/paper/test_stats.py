"""Intervals against the equations that define them."""

import math

import pytest

from scnlib.paper.stats import wilson


def test_wilson_interval():
    """The ends solve (p - q)^2 = z^2 q (1 - q) / n, the score test's equation."""
    for right, n in ((0, 5), (3, 10), (10, 10), (480, 1000)):
        p = right / n
        for q in wilson(right, n):
            assert (p - q) ** 2 == pytest.approx(1.96**2 * q * (1 - q) / n, abs=1e-12)
    assert wilson(0, 5)[0] == pytest.approx(0) and wilson(5, 5)[1] == pytest.approx(1)
    assert all(map(math.isnan, wilson(0, 0)))
