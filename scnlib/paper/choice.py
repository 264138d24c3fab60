"""The one rule by which a setting is chosen among runs: on validation labels, over the same seeds for every value."""

import itertools
from collections.abc import Mapping

import pandas as pd

from scnlib.paper.results import newest


def complete(runs: pd.DataFrame) -> pd.DataFrame:
    """The largest block of runs in which every value has every seed, of at least two values where two share a seed.

    The mean of fewer runs wins by luck more often, and other seeds have other noise; so a value that lacks a seed of
    the block stays out, and so does a seed that lacks a value. Of two equal blocks the one with more values is taken.
    Every set of values is looked at, which is meant for the handful that somebody tries. Runs of an older version of
    the recipe than the newest stay out.

    Args:
        runs: one arm, a row a run: ``value`` (of the setting) and ``seed``, and what else there is.
    """
    if runs.empty:
        return runs
    runs = newest(runs)
    seeds = {value: set(own["seed"]) for value, own in runs.groupby("value")}
    blocks = [
        (values, set.intersection(*(seeds[value] for value in values)))
        for size in range(len(seeds), 0, -1)
        for values in itertools.combinations(sorted(seeds), size)
    ]
    several = [(values, shared) for values, shared in blocks if len(values) > 1 and shared]
    values, shared = max(several or blocks, key=lambda block: len(block[0]) * len(block[1]))
    return runs[runs["value"].isin(values) & runs["seed"].isin(shared)]


def at_best(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of ``complete(runs)`` at the value with the highest mean of ``val``; at the lowest such value on a tie.

    Args:
        runs: one arm, a row a run: ``value``, ``seed`` and ``val``, and what else there is.
    """
    together = complete(runs)
    if together.empty:
        return together
    return together[together["value"] == together.groupby("value")["val"].mean().idxmax()]


def compared(arms: Mapping[float, pd.DataFrame], column: str) -> pd.DataFrame:
    """Values of a setting side by side over the same seeds: ``mean`` of a column and ``n`` for each value in the block.

    Of several sets of images the one with most runs counts.

    Args:
        arms: value -> its runs, with ``seed`` and the column.

    Returns:
        Index the value, in ascending order; without any run, no row.
    """
    parts = [rows.assign(value=value).dropna(subset=column) for value, rows in arms.items() if column in rows]
    if not any(map(len, parts)):
        return pd.DataFrame(columns=["mean", "n"], dtype=float)
    together = newest(pd.concat(parts))
    if "data" in together:
        together = together[together["data"] == together["data"].mode().iloc[0]]
    return complete(together).groupby("value")[column].agg(mean="mean", n="size")
