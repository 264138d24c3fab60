"""Words for numbers."""

import math

import numpy as np
import pandas as pd
import pytest

from scnlib.course import wording


def test_tables_for_the_eye():
    shown = wording.readable(pd.DataFrame({"lr": [0.025], "a": [1.26], "b": [math.nan], "c": ["x"]}), exact=["lr"])
    assert shown.values.tolist() == [[0.025, 1.3, "", "x"]]


@pytest.mark.parametrize(("seeds", "words"), [([0, 0], "seed 0"), ([2, 0, 1], "seeds 0, 1, 2"), ([], "no runs yet")])
def test_seeds_in_words(seeds, words):
    assert wording.seed_words(seeds) == words


def test_every_column_has_its_own_word():
    shown = wording.readable(pd.DataFrame({"mean": [1.26, np.nan], "gain": [np.nan, 2], "x": [np.nan, 1]}))
    assert shown["mean"].tolist() == [1.3, "not measured"]
    assert shown["gain"].tolist() == ["no gain to show", 2] and shown["x"].tolist() == ["", 1]
    assert wording.readable(pd.DataFrame({"x": [62.45]}))["x"].tolist() == [float(f"{62.45:.1f}")]
    assert wording.readable(pd.DataFrame({12: [0.26]}))[12].tolist() == [0.3], "names of columns may be numbers"
    assert wording.readable(pd.DataFrame({"x": [np.nan]}), missing="none")["x"].tolist() == ["none"]


def test_a_simulated_zero_is_rare_and_not_never():
    assert wording.rare(0) == "fewer than 1 in 1,000" and wording.rare(0.1234) == "12.3 % of"


def test_a_gain_with_its_interval():
    assert wording.gain(1.24, -0.31, 2.68) == "+1.2 [-0.3, +2.7]"
    assert wording.gain(math.nan, math.nan, math.nan) == "unknown"
    assert wording.gain(-0.04, -0.9, 0.84) == "+0.0 [-0.9, +0.8]"
    assert wording.gain(-1.24, math.nan, math.nan) == "-1.2", "one seed has no interval"
