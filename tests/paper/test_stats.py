"""Intervals against the equations that define them."""

import math

import numpy as np
import pytest

from scnlib.paper.stats import crossed_interval, interval, wilson


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


def test_with_one_source_of_luck_it_is_students_interval():
    """All faces alike: the interval is Student's over seeds; all seeds alike: over faces."""
    seeds, faces = np.array([1.0, 2.0, 3.0, 7.0]), np.array([0.0, 1.0, 1.0, 0.0, 4.0])
    assert crossed_interval(np.tile(seeds[:, None], 9)) == pytest.approx(interval(seeds.tolist()))
    assert crossed_interval(np.tile(faces, (3, 1))) == pytest.approx(interval(faces.tolist()))
    assert crossed_interval(np.full((2, 3), 5.0)) == (5, 5, 5)
    for few in (np.ones((1, 3)), np.ones((3, 1))):
        assert crossed_interval(few)[0] == 1 and all(map(math.isnan, crossed_interval(few)[1:]))
    assert all(map(math.isnan, crossed_interval(np.ones((0, 3)))))


def covered(seed, face, rest, faces, times=600):
    """How often 95 % intervals over seeds and faces, and over seeds alone, hold the truth, 0: three seeds each."""
    generator, crossed, alone = np.random.default_rng(0), 0, 0
    for _ in range(times):
        values = seed * generator.normal(size=(3, 1)) + face * generator.normal(size=(1, faces))
        values = values + rest * generator.normal(size=(3, faces))
        _, low, high = interval(values.mean(1).tolist())
        alone += low < 0 < high
        _, low, high = crossed_interval(values)
        crossed += low < 0 < high
    return crossed / times, alone / times


def test_the_interval_over_seeds_and_faces_holds_what_it_promises():
    """Those over seeds alone, blind to the draw of the faces, miss more than they say."""
    crossed, alone = covered(seed=0.1, face=3, rest=4, faces=200)
    assert 0.92 < crossed < 0.99 and alone < 0.91


def test_a_variance_of_seeds_that_seems_negative_does_not_make_it_too_narrow():
    crossed, _ = covered(seed=0.5, face=11.7, rest=27, faces=291)
    assert crossed > 0.96


def test_the_interval_does_not_ask_which_way_rows_and_columns_lie():
    values = np.random.default_rng(1).normal(size=(4, 6))
    assert crossed_interval(values) == pytest.approx(crossed_interval(values.T))
    assert crossed_interval(3 * values[::-1] + 1)[2] == pytest.approx(3 * crossed_interval(values)[2] + 1)
