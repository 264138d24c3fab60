"""The one rule by which a setting is chosen among runs: on validation labels, over the same seeds for every value."""

import pandas as pd


def complete(runs: pd.DataFrame) -> pd.DataFrame:
    """The largest block of runs in which every value has every seed.

    The mean of fewer runs wins by luck more often, and other seeds have other noise; so a value that lacks a seed of
    the block stays out, and so does a seed that lacks a value. Of two equal blocks the one with more values is taken.

    Args:
        runs: one arm, a row a run: ``value`` (of the setting) and ``seed``, and what else there is.
    """
    if runs.empty:
        return runs
    tried = runs.groupby("seed")["value"].nunique()
    blocks = []
    for least in sorted(set(tried), reverse=True):
        seeds = set(tried.index[tried >= least])
        own = runs[runs["seed"].isin(seeds)]
        blocks.append(own[own.groupby("value")["seed"].transform("nunique") == len(seeds)])
    return max(blocks, key=len)


def best_value(runs: pd.DataFrame) -> float:
    """The value with the highest mean of ``val`` in ``complete(runs)``; the lowest such value on a tie."""
    return complete(runs).groupby("value")["val"].mean().idxmax()
