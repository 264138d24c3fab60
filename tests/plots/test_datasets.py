"""Figures of datasets say what they were given."""

import numpy as np
import pytest

from scnlib import plots

from .test_plots import texts


def test_each_bar_is_its_classs_share():
    counts = {"one": {"a": 30, "b": 10}, "two": {"b": 5, "c": 15}}
    figure = plots.class_shares(counts, ["a", "b", "c"], title="t", note="n")
    first, second = figure.axes
    assert [patch.get_width() for patch in first.patches] == pytest.approx([0.75, 0.25])
    assert [patch.get_width() for patch in second.patches] == pytest.approx([0.25, 0.75])
    words = texts(figure)
    assert "one\n3 to 1" in words and "75 %" in words
    assert words.count("no number") == 2


def test_the_map_shows_row_shares_and_counts():
    figure = plots.disagreement_map([[3, 1, 0], [0, 0, 0], [1, 996, 3]], ["a", "b", "c"], [0.0, 0.25, 0.5], title="t")
    words = texts(figure)
    for part in ("75", "25", "100", "<1", "n = 4", "n = 0", "n = 1,000", "0.75"):
        assert part in words, part


def test_strips_count_what_lies_within_the_limit():
    distances = {"copy": np.array([0, 2, 6, 7]), "nearest stranger": np.array([9, 12, 30, 40])}
    figure = plots.copy_distances(distances, 6, title="t")
    words = texts(figure)
    assert "75 % found" in words and "0 % taken for a copy" in words and "near: up to 6 bits" in words
    markers = {line.get_marker() for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")}
    assert {"o", "x"} <= markers  # not by colour alone
