"""Lesson 10's reading of FER+: the same faces and recipe under several kinds of training labels.

``kinds`` is everywhere what the labels are called -> the arguments of ``readings.three``, ``{"noise_rate": 0.3}``.
"""

from collections.abc import Iterable, Mapping

import pandas as pd

from scnlib.course import readings
from scnlib.paper.arms import arms
from scnlib.paper.learnt import learnt
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
    """``paper.learnt.learnt`` of some runs; no rows where there are none.

    Args:
        curves: ``data/results/NAME_epochs.csv.xz``; may be empty.
        keys: of the runs.
        wrong: share of their labels that are wrong.
    """
    runs = curves[curves["key"].isin(set(keys))] if len(curves) else curves
    return learnt(runs, wrong) if len(runs) else pd.DataFrame(columns=["epoch", "right", "memorised", "test"])
