"""Names of methods, tables, and the difference of two runs with its interval."""

import math

import numpy as np
import pytest

from scnlib.course.comparison import HERE, Comparison, paired_difference
from tests.course.made import write_run


def test_the_paired_interval_is_that_of_the_differences():
    generator = np.random.default_rng(0)
    first, second = generator.random(500) < 0.7, generator.random(500) < 0.6
    difference = first.astype(float) - second
    gain, interval = paired_difference(first, second)
    assert gain == pytest.approx(difference.mean())
    assert interval == pytest.approx(1.96 * difference.std() / math.sqrt(500))


@pytest.fixture
def runs(tmp_path):
    good, bad = np.arange(100) < 90, np.arange(100) < 60
    return Comparison(
        {
            "baseline": write_run(tmp_path / "a", bad, method="baseline"),
            "SCN": write_run(tmp_path / "b", good),
            "twin": write_run(tmp_path / "c", good),
        },
        0.4,
    )


def test_against_says_who_wins_and_by_how_much(runs):
    words = runs.against("baseline", of="SCN")
    assert words["gain"] == pytest.approx(30)
    assert (words["verb"], words["n"], words["noise"]) == ("beats", 100, 0.4)
    assert runs.against("SCN", of="baseline")["verb"] == "trails"
    assert runs.against("SCN", of="twin")["verb"] == "cannot be told from"


def test_against_needs_to_know_whom(runs):
    with pytest.raises(ValueError, match="no run None in this comparison; there are: baseline, SCN, twin"):
        runs.against("baseline")
    with pytest.raises(ValueError, match="no run 'scn'"):
        runs.against("baseline", of="scn")


def test_the_table_has_percentages_and_says_where_they_come_from(runs):
    table = runs.table()
    assert table.loc["SCN", "test accuracy, %"] == 90
    assert table.loc["baseline", "AUROC of α"] == ""
    assert "wrong labels memorised, %" not in table  # nobody has it
    assert set(table["origin"]) == {HERE}
