"""All boards beside each other, against numbers worked out by hand."""

import math

import pytest
from scipy.stats import spearmanr

from scnlib.paper import boards as b
from tests.paper.made import table
from tests.paper.test_leaderboard import rendered

METHODS = ("gce", "sce", "mixup", "rul", "eac", "elr")
#: Accuracies of six methods, in two seeds at 30 %; at 10 % in the reverse order, but for one.
FIRST, SECOND = (60, 59, 58, 57, 56, 55), (61, 57, 59, 58, 55, 54)
LOW = (70, 71, 72, 73, 75, 74)


def rows():
    found = [rendered("baseline", 58, seed, rate, key=f"b{seed}{rate}") for seed in (0, 1) for rate in (0.3, 0.1)]
    for method, first, second, low in zip(METHODS, FIRST, SECOND, LOW, strict=True):
        found += [rendered(method, first, 0, key=f"{method}0"), rendered(method, second, 1, key=f"{method}1")]
        found.append(rendered(method, low, 0, 0.1, key=f"{method}-low"))
    return table(*found)


BOARDS = b.boards(rows())


def test_every_board_has_every_method_and_knows_its_noise():
    assert list(BOARDS) == list(b.BOARDS)
    assert BOARDS[b.MAIN].set_index("method").loc["gce", "mean"] == 60.5
    assert BOARDS["rendered, 10 %"].set_index("method").loc["gce", "mean"] == 70
    assert not BOARDS["FER+, 30 %"]["n"].any()


def test_gains_keep_the_order_of_one_board_with_the_baseline_first():
    found = b.gains(BOARDS)
    for _, own in found.groupby("board"):
        assert own["method"].tolist()[:7] == ["baseline", "gce", "mixup", "sce", "rul", "eac", "elr"]
    cell = found.set_index(["board", "method"])
    assert cell.loc[("rendered, 10 %", "rul"), ["mean", "gain", "n"]].tolist() == [73, 15, 1]
    assert math.isnan(cell.loc[("rendered, 10 %", "rul"), "low"])
    assert cell.loc[("rendered, 30 %", "lrn"), "n"] == 0


def test_rank_correlation_of_two_boards():
    found = b.rank_agreement(BOARDS).set_index(["first", "second"])
    row = found.loc[("rendered, 10 %", "rendered, 30 %")]
    means = [(x + y) / 2 for x, y in zip(FIRST, SECOND, strict=True)]
    assert (row["methods"], row["rho"]) == (6, pytest.approx(spearmanr(LOW, means).statistic))
    assert len(found) == 21 and found["rho"].notna().sum() == 1
    few = b.rank_agreement({name: board[board["method"].isin(METHODS[:4])] for name, board in BOARDS.items()})
    assert few["methods"].max() == 4 and few["rho"].isna().all()


def test_seeds_of_one_board_are_compared_with_each_other():
    (row,) = b.seed_agreement(rows()).to_dict("records")
    assert (row["first"], row["second"], row["methods"]) == ("0", "1", 6)
    assert row["rho"] == pytest.approx(spearmanr(FIRST, SECOND).statistic)


def test_luck_is_what_shuffled_orders_reach():
    import numpy as np

    generator = np.random.default_rng(0)
    orders = np.argsort(generator.random((20_000, 19)), axis=1)
    rho = 1 - 6 * ((orders - np.arange(19)) ** 2).sum(1) / (19 * (19**2 - 1))
    assert (abs(rho) > b.luck(19)).mean() == pytest.approx(0.05, abs=0.01)
