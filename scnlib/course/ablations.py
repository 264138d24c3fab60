"""What lessons 09 to 11 measure on tables of results: fair choices, the luck of seeds, what noise does to classes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scnlib.evaluation import spearman
from scnlib.methods import Method, make_method
from scnlib.methods.base import Batch
from scnlib.models import make_backbone, normalize
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, differences_by_seed, gain, measured, published_gain, rows_of, summary
from scnlib.paper.choice import at_best, complete
from scnlib.paper.grid import DATASET_NAMES, Selector, grid
from scnlib.paper.results import prepare
from scnlib.paper.verdicts import arm

# ------------------------------------------------------------------------------------------------- out of data/results


def three(noise_rate: float = 0.0, noise_kind: str = "symmetric") -> dict[str, Selector]:
    """The three arms that lessons compare most often, under one noise: label -> runs."""
    noise = {"noise_rate": noise_rate, "noise_kind": noise_kind}
    return {
        "baseline": arm("baseline", **noise),
        "SCN without relabelling": arm("scn", relabelling=False, **noise),
        "SCN": arm("scn", **noise),
    }


def arms_of(table: str, noise_rate: float = 0.0) -> dict[str, Selector]:
    """The rows of a published table that start from scratch, as arms under a noise of our choice: row -> runs."""
    cells = [cell for cell in grid(table) if not cell.runs.pretrained]
    return {cell.published.row: replace(cell.runs, noise_rate=noise_rate) for cell in cells}


def runs_of(
    results: pd.DataFrame,
    named: Mapping[str, Selector],
    column: str | None = None,
) -> pd.DataFrame:
    """Single runs of some arms on rendered faces, for figures that show every seed: ``label``, ``seed``, ``value``.

    Args:
        named: label -> which runs. An arm without runs has no rows.
        column: what to read, by default the papers' accuracy.
    """
    runs, recipe = prepare(results), Recipe.of("quick", "rendered")
    rows = [
        (label, seed, value)
        for label, selector in named.items()
        for seed, value in measured(runs, selector, "rendered", recipe, column).items()
    ]
    return pd.DataFrame(rows, columns=["label", "seed", "value"])


def keys_of(results: pd.DataFrame, selector: Selector, dataset: str = "rendered", **fields: object) -> list[str]:
    """The keys of the runs of one arm, by which curves and confusions are found.

    Args:
        fields: of the recipe, where it is not the quick profile's own: ``lr=.1``.
    """
    return rows_of(prepare(results), selector, dataset, Recipe.of("quick", dataset, **fields))["key"].tolist()


def by_setting(
    results: pd.DataFrame,
    named: Mapping[str, Selector],
    field: str,
    values: Sequence[float],
) -> pd.DataFrame:
    """Runs of some methods on rendered faces under several values of one field of the recipe, one row a run.

    Args:
        results: of ``paper.add_curves``.
        named: label -> which runs.
        field: of ``scnlib.config.Config``: ``"lr"``, ``"epochs"``.
        values: of that field.

    Returns:
        Columns ``label``, ``value``, ``seed``, ``val`` and ``test`` (percent, last epoch); runs without a validation
        accuracy are left out, and so is what was not measured.
    """
    runs, rows = prepare(results), []
    for label, selector in named.items():
        for value in values:
            recipe = Recipe.of("quick", "rendered", **{field: value})
            val = measured(runs, selector, "rendered", recipe, "val_accuracy")
            test = measured(runs, selector, "rendered", recipe)
            rows += [(label, value, seed, val[seed], test[seed]) for seed in test if seed in val]
    return pd.DataFrame(rows, columns=["label", "value", "seed", "val", "test"])


def option_sweep(
    results: pd.DataFrame,
    option: str,
    values: Sequence[float],
    default: float,
    rates: Mapping[str, float],
) -> pd.DataFrame:
    """One option of SCN on rendered faces: a row for each of its values and shares of wrong labels that was measured.

    Args:
        option, values, default: name of the option, its values, and which of them is the default.
        rates: name of a series -> share of wrong labels.

    Returns:
        ``value``, ``series``, ``mean`` with its 95 % t interval ``low``, ``high`` (NaN for one seed), ``std``, ``n``,
        and ``gain`` over the default with ``gain_low``, ``gain_high``, paired by seed (NaN at the default itself).
    """
    runs, recipe, rows = prepare(results), Recipe.of("quick", "rendered"), []
    for series, rate in rates.items():
        found = {
            value: measured(runs, Selector("scn", "rendered", rate, options={option: value}), "rendered", recipe)
            for value in values
        }
        for value, own in found.items():
            if own:
                over = gain([] if value == default else differences_by_seed(own, found[default]))
                half = stats.half_width([*own.values()])
                row = {"value": value, "series": series, **summary(own)}
                row |= {"low": row["mean"] - half, "high": row["mean"] + half}
                rows.append(row | {"gain": over["gain"], "gain_low": over["low"], "gain_high": over["high"]})
    columns = ["value", "series", "mean", "low", "high", "std", "n", "seeds", "gain", "gain_low", "gain_high"]
    return pd.DataFrame(rows, columns=columns)


def seed_gains(
    results: pd.DataFrame,
    pairs: Mapping[str, tuple[Selector, Selector]],
) -> pd.DataFrame:
    """What every single seed says of each pair of arms on rendered faces: ``label``, ``seed``, ``gain``.

    Args:
        pairs: label -> (arm, reference).

    Returns:
        A row for each pair and shared seed; ``gain`` is the arm's accuracy minus the reference's.
    """
    runs, recipe, rows = prepare(results), Recipe.of("quick", "rendered"), []
    for label, pair in pairs.items():
        ours, theirs = (measured(runs, each, "rendered", recipe) for each in pair)
        rows += [(label, seed, ours[seed] - theirs[seed]) for seed in ours if seed in theirs]
    return pd.DataFrame(rows, columns=["label", "seed", "gain"])


def printed_gains(table: str) -> pd.DataFrame:
    """The gains over the baseline that a published table prints or implies: one row a cell that has a baseline.

    Args:
        table: one of ``scnlib.paper.GRIDS``.

    Returns:
        ``method``, ``dataset`` (as the paper names it), ``pretrained``, ``noise_rate``, ``row``, ``gain`` (points).
    """
    rows = [
        (
            cell.runs.method,
            DATASET_NAMES[cell.runs.dataset],
            cell.runs.pretrained,
            cell.runs.noise_rate,
            cell.published.row,
            published_gain(cell),
        )
        for cell in grid(table)
    ]
    found = pd.DataFrame(rows, columns=["method", "dataset", "pretrained", "noise_rate", "row", "gain"])
    return found.dropna(subset="gain").reset_index(drop=True)


#: What stands in a table of arms where there is no number.
NO_NUMBER = {
    "mean": "not measured", "std": "one seed", "gain": "no gain to show", "effect": "not tested",
    "low": "no interval", "high": "no interval",
}  # fmt: skip


def readable(
    table: pd.DataFrame, digits: int = 1, missing: str | Mapping[str, str] = NO_NUMBER, exact: Sequence[str] = ()
) -> pd.DataFrame:
    """A table for the eye: numbers rounded, and a word (or nothing) where there is none.

    Args:
        missing: the word, or column -> word; a column without one stays empty there.
        exact: columns that are not rounded, such as settings.
    """
    # Python rounds the number as a format does; pandas would make 62.4 of 62.45, and text 62.5.
    rounded = table.copy()
    for name in table.select_dtypes("float"):
        if name not in exact:
            rounded[name] = table[name].map(lambda value: round(value, digits))
    words = {name: missing if isinstance(missing, str) else missing.get(name, "") for name in table}
    # fillna would refuse a word in a column of numbers.
    return rounded.astype(object).apply(lambda column: column.where(column.notna(), words[column.name]))


def rare(share: float) -> str:
    """A share before a noun: ``"12.0 % of"``, or ``"fewer than 1 in 1,000"``; a simulated 0 is no zero."""
    return "fewer than 1 in 1,000" if share < 0.001 else f"{100 * share:.1f} % of"


def seed_words(seeds: Iterable[int]) -> str:
    """``"seed 0"``, ``"seeds 0, 1, 2"`` or ``"no runs yet"``."""
    seeds = sorted({int(seed) for seed in seeds})
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}" if seeds else "no runs yet"


# ----------------------------------------------------------------------------------------------------- fair comparisons

_TUNED = ("value", "at_edge", "tried", "val", "test", "std", "n", "best_test", "gain", "low", "high")


def tuned(runs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Every method at its own best setting: chosen on validation labels, reported on test labels.

    For each method the value with the highest mean of ``val`` is taken, by the rule of ``scnlib.paper.choice``;
    ``test`` is only then read.

    Args:
        runs: one row a run: ``label`` (method), ``value`` (setting), ``seed``, ``val``, ``test`` (percent).
        reference: label of the method that the others are compared with, each at its own choice, paired by seed.

    Returns:
        One row a label, in order of appearance: ``value``; ``at_edge``: nothing was measured beyond it, so the best may
        lie outside; ``tried``: number of values; ``val``, ``test``, ``std`` (over seeds, n - 1), ``n``; ``best_test``:
        what choosing on test labels would report; ``gain``, ``low``, ``high``: over the reference, with its 95 % t
        interval (NaN for fewer than two seeds, and for the reference).

    Raises:
        ValueError: if a run stands there twice, or the reference is missing.
    """
    if runs.duplicated(["label", "value", "seed"]).any():
        raise ValueError("two runs have the same label, value and seed; tell them apart before choosing")
    if len(runs) and reference not in set(runs["label"]):
        raise ValueError(f"no runs of the reference {reference!r}; there are: {', '.join(runs['label'].unique())}")
    rows, chosen = {}, {}
    for label, own in runs.groupby("label", sort=False):
        means = complete(own).groupby("value")[["val", "test"]].mean()
        at = at_best(own)
        value = at["value"].iloc[0]
        chosen[label] = dict(zip(at["seed"], at["test"], strict=True))
        rows[label] = {
            "value": value,
            "at_edge": value in (means.index.min(), means.index.max()),
            "tried": len(means),
            "val": means["val"][value],
            "test": means["test"][value],
            "std": stats.standard_deviation([*chosen[label].values()]),
            "n": len(at),
            "best_test": means["test"].max(),
        }
    for label, row in rows.items():
        row |= gain([] if label == reference else differences_by_seed(chosen[label], chosen[reference]))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(_TUNED))


def unequal_effort(runs: pd.DataFrame, choice: pd.DataFrame) -> list[str]:
    """Why a comparison of methods with tuned rates is not fair yet, in words; empty if nothing speaks against it.

    Args:
        runs: as ``tuned`` reads them.
        choice: of ``tuned``.
    """
    grids = {label: tuple(sorted(set(complete(own)["value"]))) for label, own in runs.groupby("label", sort=False)}
    reasons = []
    if len(set(grids.values())) > 1:
        tried = "; ".join(f"{label} {', '.join(f'{value:g}' for value in grid)}" for label, grid in grids.items())
        reasons.append(f"the rates tried differ ({tried})")
    edges = choice.index[choice["at_edge"].astype(bool)]
    if len(edges):
        reasons.append(f"the best may lie beyond what was tried for {', '.join(edges)}")
    return reasons


def setting_means(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means over seeds with 95 % t intervals: columns ``value``, ``series``, ``mean``, ``low``, ``high``, ``n``.

    Args:
        runs: of ``by_setting``.
        column: ``"val"`` or ``"test"``.
    """
    rows = []
    for (label, value), own in runs.groupby(["label", "value"], sort=False):
        numbers = own[column].tolist()
        middle, half = stats.mean(numbers), stats.half_width(numbers)
        rows.append((value, label, middle, middle - half, middle + half, len(numbers)))
    return pd.DataFrame(rows, columns=["value", "series", "mean", "low", "high", "n"])


def relative_step(method: Method, images: Tensor, labels: Tensor, num_classes: int, seed: int = 0) -> float:
    """The length of a method's first gradient, as a share of the baseline's: ``|grad L| / |grad CE|``.

    Both are taken on one batch at the same fresh network with the small backbone, with respect to the classifier's
    weights: the rank loss does not touch them, so about ``(1 - gamma) alpha`` is left of the cross-entropy's gradient.

    Args:
        method: with a classifier as in ``scnlib.models.Classifier`` and no bias.
        images: uint8 ``(N, 3, H, W)``.
        labels: int64 ``(N,)``.
        seed: of the fresh network.
    """
    batch = Batch(normalize(images), labels, labels, torch.arange(len(labels)))
    lengths = []
    for each in (method, make_method("baseline")):
        backbone = make_backbone("small", images.shape[-1], seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # the classifier's weights are drawn first, so both networks have the same
            network = each.build(backbone, num_classes)
        each.step(network, batch, 1).loss.backward()
        lengths.append(float(network.classifier.weight.grad.norm()))
    return lengths[0] / lengths[1]


# ---------------------------------------------------------------------------------------------------- the luck of seeds


def pooled_std(groups: Iterable[Sequence[float]]) -> float:
    """The standard deviation within groups: ``sqrt(sum (n_g - 1) s_g^2 / sum (n_g - 1))``; NaN without repeats.

    Args:
        groups: for each arm its values, one for each seed; arms with one value say nothing.
    """
    groups = [np.asarray(group, dtype=float) for group in groups]
    freedom = sum(max(len(group) - 1, 0) for group in groups)
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups if len(group))
    return math.sqrt(squares / freedom) if freedom else math.nan


def wrong_sign(effect: float, std: float) -> float:
    """How often a single seed says the opposite of a true effect: ``Phi(-|effect| / std)``, normal seeds assumed.

    Args:
        effect: the true mean difference.
        std: of single differences over seeds.
    """
    if math.isnan(effect) or math.isnan(std):
        return math.nan
    return 0.5 * math.erfc(abs(effect) / (std * math.sqrt(2))) if std else 0.5 * float(effect == 0)


def lucky_sweeps(
    values: int, std: float, runs: int = 1, draws: int = 20_000, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Sweeps in which nothing matters: all values are equally good, and only the seeds differ.

    Each value's result is the mean of ``runs`` normal draws with standard deviation ``std``.

    Returns:
        For each of ``draws`` sweeps: the winner's lead over the second, and the distance from best to worst, in points.

    Raises:
        ValueError: if there are fewer than two values.
    """
    if values < 2:
        raise ValueError(f"a sweep has at least two values, got {values}")
    generator = np.random.default_rng(seed)
    means = np.sort(generator.normal(0, std / math.sqrt(runs), (draws, values)), axis=1)
    return means[:, -1] - means[:, -2], means[:, -1] - means[:, 0]


def crowding(count: int, shares: Sequence[float], draws: int, trials: int = 100_000, seed: int = 0) -> float:
    """The chance that among ``draws`` faces drawn at random some class appears ``count`` times or more.

    Args:
        count: appearances of the commonest class.
        shares: of the classes, summing to 1.
    """
    shares = np.asarray(shares, dtype=float)
    found = np.random.default_rng(seed).multinomial(draws, shares / shares.sum(), trials)
    return float((found.max(axis=1) >= count).mean())


def unpaired_interval(first: float, second: float, n: int) -> float:
    """Half the 95 % interval of the difference of two accuracies on n test samples each, in points.

        1.96 sqrt(p (1 - p) / n + q (1 - q) / n)

    For two networks on the *same* samples it is too wide, which is the safe side; that needs no predictions.

    Args:
        first, second: percent.
    """
    p, q = first / 100, second / 100
    return 196 * math.sqrt((p * (1 - p) + q * (1 - q)) / n)


# --------------------------------------------------------------------------------------- what noise does to the classes


def error_matrix(confusion: pd.DataFrame, keys: Iterable[str]) -> pd.DataFrame:
    """Test counts of some runs added up: index the labels, columns the predicted classes, in the same order.

    Args:
        confusion: ``data/results/NAME_confusion.csv.gz``: ``key``, ``label`` and a column for each predicted class.
        keys: of the runs; without any the matrix is empty.
    """
    rows = confusion[confusion["key"].isin(set(keys))]
    counts = rows.drop(columns="key").groupby("label", sort=False).sum()
    return counts.reindex(columns=counts.index).fillna(0).astype(int)


def class_recall(confusion: pd.DataFrame, keys: Iterable[str]) -> dict[str, float]:
    """Class -> share of its test faces that are recognised, over all of the runs; see ``error_matrix``."""
    counts = error_matrix(confusion, keys)
    return {name: counts.loc[name, name] / counts.loc[name].sum() for name in counts.index if counts.loc[name].sum()}


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
