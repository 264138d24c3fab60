"""Who is taken for whom: counts of runs and annotators, and what a score knows that knows the class alone."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import torch

from scnlib.course import wording
from scnlib.evaluation import spearman
from scnlib.methods.names import method_label
from scnlib.paper.arms import Recipe, gain, rows_of
from scnlib.paper.results import paired, prepare
from scnlib.paper.verdicts import arm


def error_matrix(confusion: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Test counts of some runs added up: index the labels, columns the predicted classes, in the same order.

    Args:
        confusion: ``data/results/NAME_confusion.csv.xz``: ``key``, ``label`` and a column for each predicted class.
        keys: of the runs; without any the matrix is empty.
    """
    rows = confusion[confusion["key"].isin(set(keys))]
    counts = rows.drop(columns="key").groupby("label", sort=False).sum()
    return counts.reindex(columns=counts.index).fillna(0).astype(int)


def class_recall(confusion: pd.DataFrame, keys: Iterable[str]) -> dict[str, float]:
    """Class -> share of its test faces that are recognised, over all of the runs; see ``error_matrix``."""
    counts = error_matrix(confusion, keys)
    return {name: counts.loc[name, name] / counts.loc[name].sum() for name in counts.index if counts.loc[name].sum()}


def halved(recall: Mapping[str, float], reference: Mapping[str, float]) -> list[str]:
    """Classes that are recognised less than half as often as in the reference; both of ``class_recall``."""
    return [name for name, share in recall.items() if 2 * share < reference[name]]


def what_classes_pay(
    results: pd.DataFrame,
    confusion: pd.DataFrame,
    methods: Iterable[str],
    noise_rate: float = 0.0,
    noise_kind: str = "symmetric",
) -> list[dict[str, object]]:
    """What methods gain over the baseline on FER+ in the mean over classes, and which classes pay, over shared seeds.

    Args:
        results: ``load_results()``.
        confusion: test counts of the same runs, see ``error_matrix``.

    Returns:
        For each method its label as ``method``; ``gain`` with its interval, in words; ``n`` seeds that it shares with
        the baseline; ``lost``: classes that are recognised less than half as often as by the baseline, in words.
    """
    runs, recipe = prepare(results), Recipe.of("quick", "ferplus")
    baseline, rows = rows_of(runs, arm("baseline", noise_rate, noise_kind), "ferplus", recipe), []
    for name in methods:
        own = rows_of(runs, arm(name, noise_rate, noise_kind), "ferplus", recipe)
        seeds = set(own["seed"]) & set(baseline["seed"])
        ours, theirs = (table[table["seed"].isin(seeds)] for table in (own, baseline))
        over = gain(paired(ours, theirs, "mean_class_accuracy"))
        lost = halved(class_recall(confusion, ours["key"]), class_recall(confusion, theirs["key"]))
        words = {"gain": wording.gain(over["gain"], over["low"], over["high"]), "lost": ", ".join(lost) or "none"}
        rows.append({"method": method_label(name), **words, "n": over["shared"]})
    return rows


def classes_in_use(*tables: pd.DataFrame) -> list[str]:
    """Classes that every matrix of counts names at least once, in the order of the first one's rows."""
    return [
        name
        for name in tables[0].index
        if all(name in table.index and name in table and table[name].sum() > 0 for table in tables)
    ]


def same_mistakes(first: pd.DataFrame, second: pd.DataFrame, classes: Sequence[str] | None = None) -> float:
    """How alike the mistakes of two matrices are: rank correlation of the shares off the diagonal.

    Each row is divided by its mistakes, so that only counts *for what* a class is taken, not how often. Classes that
    one of the two never uses (FER2013 has no contempt) are left out, and so are rows without mistakes.

    Args:
        first, second: counts, true class by given or predicted class, named alike on both axes.
        classes: look at these alone, so that several matrices are judged by the same cells; of ``classes_in_use``.

    Returns:
        -1 to 1; NaN where fewer than three cells are left.
    """
    used = classes_in_use(first, second) if classes is None else list(classes)
    shares = []
    for table in (first, second):
        counts = table.loc[used, used].to_numpy(dtype=float, copy=True)
        np.fill_diagonal(counts, np.nan)
        total = np.nansum(counts, axis=1, keepdims=True)
        shares.append(np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0))
    both = ~np.isnan(shares[0]) & ~np.isnan(shares[1])
    if both.sum() < 3:
        return math.nan
    return float(spearman(*(torch.from_numpy(share[both]) for share in shares)))


def class_only_auroc(counts: pd.DataFrame, by: str = "true") -> float:
    """The AUROC for wrong labels of a score that knows a face's class and nothing of the face.

    The score is the share of mistakes in the class, so it is the best that ranking whole classes can do.

    Args:
        counts: faces, index the true class, columns the given one, named alike.
        by: the class that the score knows, ``"true"`` or ``"given"``.
    """
    axis = 1 if by == "true" else 0
    total = counts.sum(axis=axis)
    right = pd.Series({name: counts.loc[name, name] if name in counts else 0 for name in total.index})
    order = ((total - right) / total.where(total > 0)).sort_values().dropna().index
    wrong, right = (total - right)[order].to_numpy(float), right[order].to_numpy(float)
    rates = wrong / (wrong + right)
    above = (rates[:, None] > rates) + 0.5 * (rates[:, None] == rates)
    return float(wrong @ above @ right / (wrong.sum() * right.sum()))
