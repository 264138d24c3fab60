"""Chance against closed forms, tables and simulation."""

import math

import numpy as np
import pytest

from scnlib.course import luck


def test_pooled_std():
    groups = [[1, 3], [10, 10, 13], [7]]
    squares = 2 + 6  # (1 - 2)^2 + (3 - 2)^2 and 1 + 1 + 4
    assert luck.pooled_std(groups) == pytest.approx(math.sqrt(squares / 3))
    assert math.isnan(luck.pooled_std([[1], [2]])) and math.isnan(luck.pooled_std([]))


@pytest.mark.parametrize(("effect", "std", "chance"), [(0.0, 1.0, 0.5), (1.0, 1.0, 0.158655), (-2.0, 1.0, 0.02275)])
def test_wrong_sign(effect, std, chance):
    assert luck.wrong_sign(effect, std) == pytest.approx(chance, abs=1e-5)
    draws = np.random.default_rng(0).normal(effect, std, 200_000)
    assert luck.wrong_sign(effect, std) == pytest.approx(float((draws * (effect or 1) < 0).mean()), abs=5e-3)


def test_wrong_sign_of_what_does_not_vary_and_of_nothing():
    assert luck.wrong_sign(1.0, 0.0) == 0 and luck.wrong_sign(0.0, 0.0) == 0.5
    assert math.isnan(luck.wrong_sign(math.nan, 1.0))


def test_the_span_of_lucky_sweeps():
    leads, spans = luck.lucky_sweeps(2, 1.0)
    np.testing.assert_allclose(leads, spans)  # of two values
    assert leads.mean() == pytest.approx(2 / math.sqrt(math.pi), abs=0.02)  # E|N(0, 2)|
    assert luck.lucky_sweeps(5, 1.0)[1].mean() == pytest.approx(2.326, abs=0.03)  # tabled range of 5 normals


def test_more_runs_leave_less_to_luck_and_a_seed_repeats():
    one, four = (luck.lucky_sweeps(5, 1.0, runs)[0] for runs in (1, 4))
    assert four.mean() == pytest.approx(one.mean() / 2)
    assert (one == luck.lucky_sweeps(5, 1.0)[0]).all()


def test_a_sweep_of_one_value_is_refused():
    with pytest.raises(ValueError, match="at least two values, got 1"):
        luck.lucky_sweeps(1, 1.0)


def test_crowding():
    exact = 2 * 0.5**3 + 0  # three coins alike
    assert luck.crowding(3, [0.5, 0.5], 3) == pytest.approx(exact, abs=0.01)
    assert luck.crowding(2, [1 / 3] * 3, 4) == 1.0  # four faces in three classes


def test_unpaired_interval():
    assert luck.unpaired_interval(50, 50, 100) == pytest.approx(1.96 * math.sqrt(2 * 0.25 / 100) * 100)
