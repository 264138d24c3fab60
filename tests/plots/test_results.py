"""Sweeps, forest plots and the ledger: the numbers drawn are the numbers given, and doubt is visible."""

import numpy as np
import pandas as pd
import pytest

from scnlib import plots
from tests.plots.reading import texts


def swept(series="clean", n=3, shift=0.0, **more):
    table = pd.DataFrame({"value": [0.8, 0.6, 0.7], "mean": [70.0, 68.0, 71.0]})
    table["mean"] += shift
    return table.assign(series=series, low=table["mean"] - 1, high=table["mean"] + 2, n=n, **more)


def curves(axes):
    return [(line.get_xdata(), line.get_ydata(), whiskers) for line, _, (whiskers,) in axes.containers]


def test_a_sweep_draws_means_and_intervals_in_the_order_of_the_values():
    figure = plots.sweep({"β": pd.concat([swept(), swept("noisy", shift=-9)])})
    (x, y, whiskers), (_, noisy, _) = curves(figure.axes[0])
    assert list(x) == [0.6, 0.7, 0.8] and list(y) == [68, 71, 70] and list(noisy) == [59, 62, 61]
    ends = [segment[:, 1].tolist() for segment in whiskers.get_segments()]
    assert ends == [[67, 70], [70, 73], [69, 72]]


def test_series_keep_their_look_over_panels_and_say_their_seeds():
    figure = plots.sweep({"β": pd.concat([swept("a"), swept("b")]), "γ": swept("b", n=1)}, title="fig 5")
    left, right = figure.axes
    b_left, b_right = left.containers[1][0], right.containers[0][0]
    assert (b_left.get_linestyle(), b_left.get_marker()) == (b_right.get_linestyle(), b_right.get_marker())
    assert b_left.get_linestyle() != left.containers[0][0].get_linestyle()
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["a (n = 3)", "b (n = 1 to 3)"]


def test_a_sweep_marks_the_papers_value_and_its_numbers():
    figure = plots.sweep({"γ": swept(published=[87.0, np.nan, 86.0])}, defaults={"γ": 0.7})
    assert "the paper's" in texts(figure) and "published (another setting)" in texts(figure)
    lines = figure.axes[0].lines
    assert [0.7, 0.7] in [list(line.get_xdata()) for line in lines]
    diamonds, legend = [line for line in lines if line.get_marker() == "D" and line.get_markerfacecolor() == "white"]
    assert not len(legend.get_xdata())
    assert list(diamonds.get_xdata()) == [0.7, 0.8] and list(diamonds.get_ydata()) == [86, 87]


def test_one_seed_has_a_point_and_no_whisker():
    figure = plots.sweep({"γ": swept(n=1).assign(low=np.nan, high=np.nan)})
    ((_, y, whiskers),) = curves(figure.axes[0])
    assert list(y) == [68, 71, 70] and not any(map(len, whiskers.get_segments()))


def test_panels_may_share_one_scale():
    tables = {"baseline": swept(), "SCN": swept(shift=-9)}
    own, shared = (plots.sweep(tables, one_scale=one_scale).axes for one_scale in (False, True))
    assert own[0].get_ylim() != own[1].get_ylim()
    assert shared[0].get_ylim() == shared[1].get_ylim() and shared[1].get_ylabel() == ""


def test_a_sweep_without_its_columns_is_refused():
    with pytest.raises(ValueError, match="panel 'β' has no column 'n'"):
        plots.sweep({"β": swept().drop(columns="n")})


def forest():
    rows = [("all", 2.0, 1.0, 3.0, 3), ("two seeds", -1.0, -40.0, 38.0, 2), ("one", -2.0, np.nan, np.nan, 1),
            ("none", np.nan, np.nan, np.nan, 0)]  # fmt: skip
    return pd.DataFrame(rows, columns=["label", "effect", "low", "high", "n"])


def test_effects_stand_where_their_numbers_are():
    axes = plots.effects(forest()).axes[0]
    points = {y: (x, mark.get_marker(), mark.get_markerfacecolor()) for mark in axes.lines
              if mark.get_marker() in "os" for x, y in zip(*mark.get_data(), strict=True)}  # fmt: skip
    assert {y: x for y, (x, _, _) in points.items()} == {0: 2, -1: -1, -2: -2}
    assert points[0][1] != points[-1][1], "gain and loss differ in shape, too"
    assert points[0][2] != "white" and points[-1][2] == points[-2][2] == "white", "open: 0 may be the truth"
    bars = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2 and set(line.get_ydata()) == {0}]
    assert [1, 3] in [list(bar) for bar in bars]


def test_words_beside_effects_are_whole_though_intervals_are_cut():
    figure = plots.effects(forest())
    said = texts(figure)
    assert "+2.0 [+1.0, +3.0]  n = 3" in said and "−1.0 [−40.0, +38.0]  n = 2" in said
    assert "−2.0  n = 1" in said and "no runs" in said
    left, right = figure.axes[0].get_xlim()
    assert left > -40 and right < 38
    assert {"<", ">"} <= {line.get_marker() for line in figure.axes[0].lines}


def test_a_number_of_seeds_that_nobody_stated_is_not_invented():
    said = texts(plots.effects(forest().assign(n=[np.nan, 2, 1, 0])))
    assert "+2.0 [+1.0, +3.0]  n not stated" in said and "n = 1" in said
    figure = plots.sweep({"γ": swept("printed", n=np.nan)})
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["printed (n not stated)"]


def test_groups_have_headings_and_a_reference_of_their_own_can_be_set():
    figure = plots.effects(forest().assign(group=["x", "x", "y", "y"]), reference=1.5, unit="AUROC")
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["x", "all", "two seeds", "y", "one", "none"]
    assert [1.5, 1.5] in [list(line.get_xdata()) for line in figure.axes[0].lines]
    assert "AUROC" in texts(figure)


def test_effects_that_are_all_nothing_have_an_axis():
    low, high = plots.effects(forest().assign(effect=0.0, low=np.nan, high=np.nan)).axes[0].get_xlim()
    assert low < 0 < high


def test_effects_without_rows_or_columns_are_refused():
    with pytest.raises(ValueError, match="at least one row"):
        plots.effects(forest().iloc[:0])
    with pytest.raises(ValueError, match="need a column 'low'"):
        plots.effects(forest().drop(columns="low"))


def ledger():
    rows = [
        ("S1", "first", "rendered", "a", "held", 2.5, 3, "points"),
        ("S1", "first", "rendered", "b", "not held", -1.0, 3, "points"),
        ("S2", "second", "rendered", "a", "undecided", 0.004, 1, "AUROC above .5"),
        ("S2", "second", "ferplus", "c", "undecided", -4.0, 1, "points"),
        ("S3", "third", "any", "any", "not tested", np.nan, 0, "points"),
    ]
    return pd.DataFrame(rows, columns=["id", "claim", "dataset", "recipe", "verdict", "effect", "n", "unit"])


def test_the_ledger_says_every_verdict():
    figure = plots.claims_ledger(ledger())
    said = texts(figure)
    for words in (
        "✓ +2.5 points  n = 3",
        "? +0.004 AUROC  n = 1",
        "? −4.0 points  n = 1",
        "first",
        "second",
        "rendered",
        "ferplus",
    ):
        assert words in said
    assert "not tested on any dataset: S3" in said and "third" not in said
    assert "other recipes" in said and " | ✗ | " in f" | {said} | "
    hatches = [patch.get_hatch() for patch in figure.axes[0].patches]
    assert hatches == [None, None, "...", "..."]  # S1 was not tested on ferplus


def test_a_ledger_without_verdicts_is_refused():
    with pytest.raises(ValueError, match="no claim was tested"):
        plots.claims_ledger(ledger().iloc[4:])
    with pytest.raises(ValueError, match="unknown verdict 'maybe'"):
        plots.claims_ledger(ledger().assign(verdict="maybe"))


class TestGainMatrix:
    ROWS = (
        # label, board, mean, gain, low, high, n
        ("baseline", "rendered, clean", 72.5, np.nan, np.nan, np.nan, 3),
        ("baseline", "FER+, 30 %", 70.4, np.nan, np.nan, np.nan, 1),
        ("GCE", "rendered, clean", 75.5, 3.0, 1.0, 5.0, 3),
        ("GCE", "FER+, 30 %", 58.4, -12.0, np.nan, np.nan, 1),
        ("EAC", "rendered, clean", 72.0, -0.5, -2.0, 1.0, 3),
        ("EAC", "FER+, 30 %", np.nan, np.nan, np.nan, np.nan, 0),
    )
    TABLE = pd.DataFrame(ROWS, columns=["label", "board", "mean", "gain", "low", "high", "n"])
    AXES = plots.gain_matrix(TABLE, title="all").axes[0]

    def at(self, column, line):
        """What stands in a field: its words, whether they are bold, its colour and its hatch."""
        here = column + 0.5, line + 0.5
        words = [text for text in self.AXES.texts if text.get_position() == here]
        (patch,) = [patch for patch in self.AXES.patches if patch.get_path().contains_point(here)]
        bold = [text.get_fontweight() == "bold" for text in words]
        return [text.get_text() for text in words], bold, patch.get_facecolor(), patch.get_hatch()

    def test_numbers_stand_where_their_method_and_board_meet(self):
        assert [label.get_text() for label in self.AXES.get_yticklabels()] == ["baseline", "GCE", "EAC"]
        assert [label.get_text() for label in self.AXES.get_xticklabels()] == ["rendered\nclean", "FER+\n30 %"]
        assert self.at(0, 1)[:2] == (["+3.0"], [True])
        assert self.at(0, 2)[:2] == (["−0.5"], [False])

    def test_one_seed_is_in_brackets_and_nothing_is_hatched(self):
        assert self.at(1, 1)[0] == ["(−12.0)"]
        assert self.at(1, 0)[0] == ["(70.4 %)"] and self.at(0, 0)[0] == ["72.5 %"]
        assert self.at(1, 2)[0] == [] and self.at(1, 2)[3] == "////"
        assert self.at(0, 1)[3] is None

    def test_blue_is_ahead_red_behind_and_white_within_a_point(self):
        red, _, blue, _ = self.at(0, 1)[2]
        assert blue > red + 0.2
        red, _, blue, _ = self.at(1, 1)[2]
        assert red > blue + 0.2
        assert min(self.at(0, 2)[2]) > 0.9


def test_what_was_printed_has_the_look_of_its_series():
    table = pd.concat([swept("a", published=[1.0, 2.0, 3.0]), swept("b", published=[4.0, 5.0, 6.0])])
    (axes,) = plots.sweep({"β": table}).axes
    diamonds = [line for line in axes.lines if line.get_marker() == "D" and len(line.get_xdata())]
    means = [container[0] for container in axes.containers]
    assert [line.get_color() for line in diamonds] == [line.get_color() for line in means]
    assert len({line.get_linestyle() for line in diamonds}) == 2
