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


def test_one_mean_square_for_everything_is_what_is_left_when_only_seeds_differ():
    """All faces alike: the interval is Student's over seeds; all seeds alike: over faces."""
    seeds, faces = np.array([1.0, 2.0, 3.0, 7.0]), np.array([0.0, 1.0, 1.0, 0.0, 4.0])
    assert crossed_interval(np.tile(seeds[:, None], 9)) == pytest.approx(interval(seeds.tolist()))
    assert crossed_interval(np.tile(faces, (3, 1))) == pytest.approx(interval(faces.tolist()))
    assert crossed_interval(np.full((2, 3), 5.0)) == (5, 5, 5)
    for few in (np.ones((1, 3)), np.ones((3, 1))):
        assert crossed_interval(few)[0] == 1 and all(map(math.isnan, crossed_interval(few)[1:]))
    assert all(map(math.isnan, crossed_interval(np.ones((0, 3)))))


def test_the_interval_over_seeds_and_faces_holds_what_it_promises():
    """Of 95 % intervals 95 hold the truth, where those over seeds alone, blind to the draw of the faces, miss more."""
    generator, crossed, alone = np.random.default_rng(0), 0, 0
    for _ in range(600):
        seed, face = 0.1 * generator.normal(size=(3, 1)), 3 * generator.normal(size=(1, 200))
        values = seed + face + 4 * generator.normal(size=(3, 200))
        alone += interval(values.mean(1).tolist())[1] < 0 < interval(values.mean(1).tolist())[2]
        crossed += crossed_interval(values)[1] < 0 < crossed_interval(values)[2]
    assert 0.92 < crossed / 600 < 0.98 and alone / 600 < 0.91


def test_the_interval_does_not_ask_which_way_rows_and_columns_lie():
    values = np.random.default_rng(1).normal(size=(4, 6))
    assert crossed_interval(values) == pytest.approx(crossed_interval(values.T))
    assert crossed_interval(3 * values[::-1] + 1)[2] == pytest.approx(3 * crossed_interval(values)[2] + 1)
