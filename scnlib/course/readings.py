"""What lessons read out of tables of results: arms, runs, sweeps, gains of single seeds, printed gains."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from scnlib.paper import stats
from scnlib.paper.arms import Recipe, gain, measured, published_gain, rows_of, summary
from scnlib.paper.choice import compared
from scnlib.paper.grid import DATASET_NAMES, METRICS, Selector, grid
from scnlib.paper.quick import METHODS
from scnlib.paper.results import COMPARABLE, RECIPE, by_seed, paired, prepare, unlike


def three(noise_rate: float = 0.0, noise_kind: str = "symmetric") -> dict[str, Selector]:
    """The three arms that lessons compare most often, under one noise: label -> runs."""
    return {label: replace(runs, noise_rate=noise_rate, noise_kind=noise_kind) for label, runs in METHODS.items()}


def more_gain(
    results: pd.DataFrame, first: Mapping[str, Selector], second: Mapping[str, Selector], dataset: str
) -> pd.DataFrame:
    """How much more each method gains over the baseline with one kind of labels than with another.

        more = mean over the seeds that all four arms share of (gain with the first) - (gain with the second)

    Args:
        results: ``load_results()``.
        first, second: of ``three``; their first arm is the baseline.

    Returns:
        A row for each other arm: ``label``, ``first`` and ``second`` (mean gains), ``more`` with ``low`` and ``high``
        (NaN for fewer than two seeds), and ``n``.
    """
    runs, recipe, metric, rows = prepare(results), Recipe.of("quick", dataset), METRICS.get(dataset, "accuracy"), []
    kinds = [{name: rows_of(runs, arm, dataset, recipe) for name, arm in arms.items()} for arms in (first, second)]
    baseline, *names = first
    for name in names:
        a, b = (paired(arms[name], arms[baseline], metric) for arms in kinds)
        mixed = unlike(*(arms[one] for arms in kinds for one in (baseline, name)), names=RECIPE)
        more = {} if mixed else {seed: value - b[seed] for seed, value in a.items() if seed in b}
        means = {kind: stats.mean([own[seed] for seed in more]) for kind, own in (("first", a), ("second", b))}
        rows.append({"label": name, **means, **gain(more)})
    return pd.DataFrame(rows).rename(columns={"gain": "more", "shared": "n"})


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
    dataset: str = "rendered",
) -> pd.DataFrame:
    """Runs of some methods under several values of one field of the recipe, one row a run.

    Args:
        results: of ``paper.add_curves``.
        named: label -> which runs.
        field: of ``scnlib.config.Config``: ``"lr"``, ``"epochs"``.
        values: of that field.

    Returns:
        Columns ``label``, ``value``, ``seed``, ``val`` and ``test`` (percent, last epoch), ``key``, and what tells
        whether runs may be compared, ``COMPARABLE``; runs without a validation accuracy are left out, and so is what
        was not measured.

    Raises:
        ValueError: if two different runs have one seed.
    """
    runs, metric = prepare(results), METRICS.get(dataset, "accuracy")
    columns, parts = ["label", "value", "seed", "val", "test", "key", *COMPARABLE], []
    for label, selector in named.items():
        for value in values:
            own = rows_of(runs, selector, dataset, Recipe.of("quick", dataset, **{field: value}))
            by_seed(own, metric)  # refuses what must not be averaged
            said = {"label": label, "value": value, "val": own.get("val_accuracy", math.nan), "test": own[metric]}
            parts.append(own.assign(**said).sort_values("seed"))
    return pd.concat(parts, ignore_index=True).dropna(subset=["val", "test"]).reindex(columns=columns)


def setting_means(runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means over seeds with 95 % t intervals: columns ``value``, ``series``, ``mean``, ``low``, ``high``, ``n``.

    Args:
        runs: of ``by_setting``.
        column: ``"val"`` or ``"test"``.
    """
    rows = []
    for (label, value), own in runs.groupby(["label", "value"], sort=False):
        rows.append((value, label, *stats.interval(own[column].tolist()), len(own)))
    return pd.DataFrame(rows, columns=["value", "series", "mean", "low", "high", "n"])


def option_sweep(
    results: pd.DataFrame,
    option: str,
    values: Sequence[float],
    default: float,
    rates: Mapping[str, float],
    dataset: str = "rendered",
) -> pd.DataFrame:
    """One option of SCN: a row for each of its values and shares of wrong labels that was measured.

    Args:
        option, values, default: name of the option, its values, and which of them is the default.
        rates: name of a series -> share of wrong labels.

    Returns:
        ``value``, ``series``, ``mean`` with its 95 % t interval ``low``, ``high`` (NaN for one seed), ``std``, ``n``,
        ``gain`` over the default with ``gain_low``, ``gain_high``, paired by seed (NaN at the default itself), and to
        rank values by: ``together``, the mean over the ``n_together`` seeds that values share, NaN for one that stays
        out (``scnlib.paper.choice``).
    """
    runs, recipe, metric, rows = prepare(results), Recipe.of("quick", dataset), METRICS.get(dataset, "accuracy"), []
    for series, rate in rates.items():
        found = {
            value: rows_of(runs, Selector("scn", dataset, rate, options={option: value}), dataset, recipe)
            for value in values
        }
        together = compared(found, metric).reindex(values)
        for value, own in found.items():
            if seeds := by_seed(own, metric):
                middle, low, high = stats.interval([*seeds.values()])
                over = gain({} if value == default else paired(own, found[default], metric))
                rows.append(
                    {
                        "value": value,
                        "series": series,
                        **summary(seeds),
                        **{"mean": middle, "low": low, "high": high},
                        **{"gain": over["gain"], "gain_low": over["low"], "gain_high": over["high"]},
                        **{"together": together["mean"][value], "n_together": together["n"][value]},
                    }
                )
    columns = ["value", "series", "mean", "low", "high", "std", "n", "seeds", "gain", "gain_low", "gain_high"]
    return pd.DataFrame(rows, columns=[*columns, "together", "n_together"])


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
        over = paired(*(rows_of(runs, each, "rendered", recipe) for each in pair), "accuracy")
        rows += [(label, seed, value) for seed, value in over.items()]
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
