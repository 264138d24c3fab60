"""Which runs may take part in a choice, on grids small enough to see."""

import pandas as pd
import pytest

from scnlib.paper.choice import at_best, compared, complete


def grid(*cells):
    """(value, seed, val) rows."""
    return pd.DataFrame(cells, columns=["value", "seed", "val"])


FULL = [(value, seed, 40 + seed) for value in (0.1, 0.2) for seed in (0, 1)]


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ([], [(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]),
        ([(0.4, 0, 99)], [(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]),  # a value that one seed tried cannot win
        ([(0.1, 2, 99)], [(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]),  # a seed that one value had has no say
        ([(v, 0, 9) for v in (0.3, 0.4, 0.5)], [(v, 0) for v in (0.1, 0.2, 0.3, 0.4, 0.5)]),  # five runs against four
    ],
)
def test_the_largest_block_is_kept(more, kept):
    block = complete(grid(*FULL, *more))
    assert sorted(zip(block["value"], block["seed"], strict=True)) == kept


def test_the_largest_block_need_not_hold_the_seeds_with_most_values():
    seeds = {1: "A", 2: "ABC", 3: "BC"}  # value: seeds
    block = complete(grid(*((value, ord(seed), 0) for value, own in seeds.items() for seed in own)))
    assert set(block["value"]) == {2, 3} and set(block["seed"]) == {ord("B"), ord("C")}


def test_more_values_break_a_tie():
    assert complete(grid((0.1, 0, 1), (0.1, 1, 1), (0.2, 0, 1)))["value"].tolist() == [0.1, 0.2]


def test_the_best_has_the_highest_mean_over_the_blocks_seeds():
    best = at_best(grid((0.1, 0, 50), (0.1, 1, 52), (0.2, 0, 60), (0.2, 1, 41), (0.4, 0, 90)))
    assert best["value"].tolist() == [0.1, 0.1] and best["seed"].tolist() == [0, 1]
    assert at_best(grid((0.2, 0, 50), (0.1, 0, 50)))["value"].tolist() == [0.1]


def test_nothing_stays_nothing():
    assert complete(grid()).empty and at_best(grid()).empty


def test_two_values_at_one_seed_are_a_choice_and_one_at_three_is_none():
    block = complete(grid(*((12, seed, 0) for seed in (0, 1, 2)), (24, 0, 0)))
    assert sorted(zip(block["value"], block["seed"], strict=True)) == [(12, 0), (24, 0)]
    alone = complete(grid(*((12, seed, 0) for seed in (0, 1, 2)), (24, 7, 0)))
    assert set(alone["value"]) == {12}, "without a seed in common nothing is left but one value"


def test_runs_of_an_older_version_are_not_chosen():
    runs = grid((0.1, 0, 50), (0.2, 0, 60), (0.4, 0, 40)).assign(recipe_version=["2", "1", "2"])
    assert at_best(runs)["value"].tolist() == [0.1] and complete(runs)["value"].tolist() == [0.1, 0.4]


def test_values_are_compared_over_the_seeds_that_they_share():
    """Value 2 has the highest mean of all its runs; at seed 0, which both have, value 1 is ahead."""
    own = {1: [(0, 61.0)], 2: [(0, 60.0), (1, 90.0)], 3: []}
    arms = {value: pd.DataFrame(rows, columns=["seed", "accuracy"]) for value, rows in own.items()}
    found = compared(arms, "accuracy")
    assert found["mean"].to_dict() == {1: 61.0, 2: 60.0} and found["n"].tolist() == [1, 1]
    assert compared({1: arms[3]}, "accuracy").empty and compared(arms, "val_accuracy").empty
