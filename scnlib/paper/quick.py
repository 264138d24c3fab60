"""Runs of the quick recipe from scratch, of which the figures and the README speak."""

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from scnlib.methods.names import method_label
from scnlib.paper.arms import is_own
from scnlib.paper.grid import DATASET_NAMES
from scnlib.paper.published import TABLES
from scnlib.paper.results import by_seed, prepare
from scnlib.paper.verdicts import arm
from scnlib.results import load

#: The arms that figures and lessons compare most often, of table 2, on clean labels: label -> runs.
METHODS = {
    "baseline": arm("baseline"),
    "SCN without relabelling": arm("scn", relabelling=False),
    "SCN": arm("scn"),
}


def own_runs(dataset: str, results: Path | None = None, labels: Iterable[str] | None = METHODS) -> pd.DataFrame:
    """Runs of the quick recipe from scratch: the methods of these labels, in their order, in the column ``label``.

    Args:
        results: folder of CSV files; default ``data/results``.
        labels: of ``method_label``; None: every method, in the order of the rows.

    Raises:
        ValueError: if two runs of one label, noise and seed are among them.
    """
    table = load(dataset, folder=results)
    if table.empty:
        return table
    runs = plain_runs(table)
    order = list(dict.fromkeys(runs["label"]) if labels is None else labels)
    runs = runs[runs["label"].isin(order)]
    for _, same in runs.groupby(["label", "noise", "noise_rate"]):
        by_seed(same, "accuracy")
    return runs.sort_values("label", key=lambda names: names.map(order.index), kind="stable")


def plain_runs(results: pd.DataFrame) -> pd.DataFrame:
    """Of all runs those of the quick recipe from scratch, as ``prepare`` has them, with ``label``: method and options.

    Left out are other rates and schedules, weights, oversampling, other classes and the released code's variant.
    """
    runs = prepare(results)
    runs = runs[is_own(runs) & (runs["profile"] == "quick") & (runs["weights"] == "") & (runs["setting"] == "")]
    runs = runs[runs["variant"] != "released_code"]
    names = [method_label(method, options) for method, options in zip(runs["method"], runs["options"], strict=True)]
    return runs.assign(label=pd.Series(names, runs.index, dtype=object))


def printed(method: str, percent: float, dataset: str) -> float:
    """What SCN's tables 2 and 4 print for training from scratch; NaN where they have no such cell."""
    noise = f"noise {percent:.0f} %, " if percent else ""
    cell = ("scn-2" if percent else "scn-4", f"scratch, {noise}{method}", DATASET_NAMES[dataset])
    return next((number.value for number in TABLES[cell[0]] if (number.row, number.column) == cell[1:]), math.nan)
