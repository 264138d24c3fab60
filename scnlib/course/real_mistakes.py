"""Lesson 10's reading of FER+: the same faces and recipe under several kinds of training labels.

``kinds`` is everywhere what the labels are called -> the arguments of ``readings.three``, ``{"noise_rate": 0.3}``.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from scnlib.course import readings
from scnlib.paper.arms import arms
from scnlib.paper.verdicts import arm

Kinds = Mapping[str, Mapping[str, object]]


def by_kind(results: pd.DataFrame, kinds: Kinds, column: str = "accuracy") -> pd.DataFrame:
    """Means over seeds on FER+: index the three arms' labels, a column for each kind; NaN where nothing is measured.

    Args:
        results: ``load_results()``.
        column: of it.
    """
    tables = {kind: arms(results, readings.three(**noise), "ferplus", column=column) for kind, noise in kinds.items()}
    return pd.DataFrame({kind: table.set_index("label")["mean"] for kind, table in tables.items()})


def training_faces(results: pd.DataFrame, kinds: Kinds) -> dict[str, int]:
    """How many faces SCN without relabelling was trained on with each kind of labels; kinds without a run are left out.

    Args:
        results: ``load_results()``.
    """
    counts = results.drop_duplicates("key").set_index("key")["n_train"]
    keys = {
        kind: readings.keys_of(results, arm("scn", relabelling=False, **noise), "ferplus")
        for kind, noise in kinds.items()
    }
    return {kind: int(counts[found[0]]) for kind, found in keys.items() if found}


def fitted(curves: pd.DataFrame, keys: Iterable[str], wrong: float) -> pd.DataFrame:
    """What runs make of right and of wrong labels in the mean of their seeds, epoch by epoch.

        given = (1 - wrong) right + wrong memorised        solved for ``right``

    Args:
        curves: ``data/results/NAME_epochs.csv.xz``; may be empty.
        keys: of the runs.
        wrong: share of their labels that are wrong.

    Returns:
        ``epoch`` and, as shares in 0..1, ``right``, ``memorised`` and ``test`` (test accuracy); no rows without runs.
    """
    runs = curves[curves["key"].isin(set(keys))] if len(curves) else curves
    if runs.empty:
        return pd.DataFrame(columns=["epoch", "right", "memorised", "test"])
    mean = runs.groupby("epoch", as_index=False).mean(numeric_only=True)
    right = (mean["train_accuracy_given"] - wrong * mean["memorised"]) / (1 - wrong)
    return pd.DataFrame(
        {"epoch": mean["epoch"], "right": right, "memorised": mean["memorised"], "test": mean["test_accuracy"]}
    )
