"""Any group of runs out of the results, under one recipe, as lessons and tables want it."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, is_dataclass

import pandas as pd

from scnlib.paper import stats
from scnlib.paper.grid import (
    DATASET_NAMES,
    METRICS,
    Cell,
    Selector,
    baseline_runs,
    column_dataset,
    find_cell,
    from_scratch,
    grid,
    in_words,
    is_reference,
    needs,
)
from scnlib.paper.results import HERE, by_seed, newest, paired, prepare, recipe_of, select

#: Which runs, and what differs from the recipe.
ArmOf = Selector | tuple[Selector, Mapping[str, object]]
ARM_COLUMNS = ("label", "mean", "std", "n", "seeds", "gain", "low", "high", "shared", "recipe")


@dataclass(frozen=True)
class Recipe:
    """How runs are trained, whatever the method: a profile, and what differs from it.

    Attributes:
        name: in words, ``"quick"`` or ``"quick, lr 0.1"``.
        fields: of a run's config, without those that an experiment varies; as JSON reads them.
        relabel_epoch: when relabelling starts where a run does not say otherwise.
    """

    name: str
    fields: Mapping[str, object] = field(repr=False)
    relabel_epoch: int

    @classmethod
    def of(cls, profile: str, dataset: str, **changed: object) -> "Recipe":
        """The recipe of a profile on a dataset, with fields of ``scnlib.config.Config`` changed.

        Raises:
            ValueError: if the profile or a field is unknown.
        """
        from scnlib.config import profile_config  # imports torch, which reading tables does not need

        config = profile_config(profile, dataset=dataset, method="scn", **changed)
        fields = recipe_of(json.loads(json.dumps(config.to_dict())))
        name = ", ".join([profile, *(f"{key} {_short(value)}" for key, value in changed.items())])
        return cls(name, fields, config.method.relabel_epoch)

    @property
    def setup(self) -> str:
        """Size, network and epochs in words: ``48 px, small network, 12 epochs``."""
        return "{size} px, {backbone} network, {epochs} epochs".format_map(self.fields)

    def holds(self, row: Mapping[str, object]) -> bool:
        """Whether a row of results was trained so; what its config does not name has the default's value.

        Nobody knows how a row without a config was trained: not so.
        """
        config = json.loads(row["config"] or "{}") if isinstance(row["config"], str) else row["config"]
        columns = {"size": int(row["size"]), "epochs": int(row["epochs"])}
        columns |= {name: row[name] for name in ("backbone", "split")}
        return bool(config) and self.fields | recipe_of(config) | columns == self.fields


def _short(value: object) -> str:
    if is_dataclass(value):  # an augmentation
        return "none" if not any(astuple(value)) else str(asdict(value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def arms(
    results: pd.DataFrame,
    named: Mapping[str, ArmOf],
    dataset: str = "rendered",
    reference: str | None = None,
    *,
    profile: str = "quick",
    column: str | None = None,
    **fields: object,
) -> pd.DataFrame:
    """Means over seeds of a few groups of runs, and what each is ahead of one of them.

        gain = mean over shared seeds of (arm - reference),      low, high = gain -+ t(n - 1) s / sqrt(n)

    Args:
        results: ``load_results()``.
        named: label -> the runs meant, ``verdicts.arm("scn", .3, relabelling=False)``; ``relabel_epoch`` and
            ``variant`` may be among its options. A pair ``(runs, {"lr": .1})`` has a recipe of its own.
        dataset: where they were measured.
        reference: label of the arm that gains are over; None: no gains.
        profile: whose recipe.
        column: what to read, by default the papers' accuracy on this dataset.
        fields: what differs from the profile's recipe, fields of a run's config: ``lr=.1``, ``epochs=24``,
            ``batch_size=64``. Runs of any other recipe are left out.

    Returns:
        A row for each label, columns ``ARM_COLUMNS``. An arm without runs has ``n`` 0 and NaN; ``shared`` counts the
        seeds behind the gain, and ``low`` and ``high`` are NaN for fewer than two of them. There is no gain over runs
        of another version of the recipe or on other images.

    Raises:
        ValueError: if ``reference`` is no label, a recipe's field is unknown, or two runs have one seed.
    """
    if reference is not None and reference not in named:
        raise ValueError(f"reference {reference!r} is no label; labels: {', '.join(map(repr, named))}")
    runs = prepare(results)
    column = column or METRICS.get(dataset, "accuracy")
    found, recipes = {}, {}
    for label, chosen in named.items():
        selector, own = chosen if isinstance(chosen, tuple) else (chosen, {})
        trained = Recipe.of(profile, dataset, **{**fields, **own})
        found[label], recipes[label] = rows_of(runs, selector, dataset, trained), trained.name
    rows = []
    for label, own in found.items():
        over = {} if reference in (None, label) else paired(own, found[reference], column)
        rows.append({"label": label, **summary(by_seed(own, column)), **gain(over), "recipe": recipes[label]})
    return pd.DataFrame(rows, columns=list(ARM_COLUMNS))


def difference(results: pd.DataFrame, runs: ArmOf, reference: ArmOf) -> dict[str, float]:
    """What runs are ahead of others, paired by seed.

    Args:
        results: ``load_results()``.
        runs, reference: as in ``arms``: which runs, with a recipe of their own if they like.

    Returns:
        ``effect`` in points with its 95 % interval ``low``, ``high`` (NaN where there is none), ``n``: shared seeds.
    """
    first = arms(results, {"runs": runs, "reference": reference}, reference="reference").iloc[0]
    return {"effect": first["gain"], "low": first["low"], "high": first["high"], "n": int(first["shared"])}


def measured(
    prepared: pd.DataFrame, selector: Selector, dataset: str, recipe: Recipe, column: str | None = None
) -> dict[int, float]:
    """Seed -> value of a column for the runs of one arm, one dataset and one recipe; a run counts once.

    Args:
        prepared: ``prepare(results)``.

    Raises:
        ValueError: if two different runs have one seed.
    """
    return by_seed(rows_of(prepared, selector, dataset, recipe), column or METRICS.get(dataset, "accuracy"))


def rows_of(prepared: pd.DataFrame, selector: Selector, dataset: str, recipe: Recipe) -> pd.DataFrame:
    """The rows of ``prepare(results)`` behind ``measured``, of the newest version of the recipe that there is."""
    found = select(prepared, selector, dataset).drop_duplicates("key")
    start = selector.options.get("relabel_epoch", recipe.relabel_epoch)
    kept = []
    for row in found.to_dict("records"):
        # An option says when relabelling starts only where it is not the recipe's own.
        named = row["variation"] in ("", f"relabelling from epoch {start}")
        started = row["own_start"] if start == recipe.relabel_epoch else named
        kept.append(started and recipe.holds(row))
    return newest(found[pd.Series(kept, index=found.index, dtype=bool)])


def summary(values: Mapping[int, float]) -> dict[str, object]:
    """``mean``, ``std`` (n - 1), ``n`` and ``seeds`` of values by seed."""
    numbers = [*values.values()]
    return {
        "mean": stats.mean(numbers),
        "std": stats.standard_deviation(numbers),
        "n": len(numbers),
        "seeds": ", ".join(map(str, values)),
    }


def gain(differences: Mapping[int, float]) -> dict[str, float]:
    """Of ``paired``: ``gain`` and its 95 % interval ``low``, ``high``, NaN where there is none; ``shared``: seeds."""
    middle, low, high = stats.interval([*differences.values()])
    return {"gain": middle, "low": low, "high": high, "shared": len(differences)}


# ---------------------------------------------------------------------------------------------------------- for reading


def compact(
    table: str,
    results: pd.DataFrame,
    datasets: Sequence[str] = ("rendered", "ferplus"),
    profile: str = "quick",
) -> pd.DataFrame:
    """A published table for reading: a row for each of the paper's, its numbers, and what was measured beside them.

    Args:
        table: one of ``GRIDS``, e.g. ``"scn-2"``.
        results: ``load_results()``.
        datasets: where to look for measurements.
        profile: whose recipe.

    Returns:
        Text only, index the paper's rows. Published columns carry the gain over the baseline in brackets; each dataset
        has a column with mean ± standard deviation (n, how many of them were measured here and not at full scale, and
        that they start from scratch where the whole table starts from weights) and one with the gain and its 95 %
        interval. Where nothing was measured a word says so.

    Raises:
        ValueError: if the table is unknown, or two runs of one seed would be averaged.
    """
    runs = prepare(results)
    recipes = {dataset: Recipe.of(profile, dataset) for dataset in datasets}
    rows: dict[str, dict[str, str]] = {}
    for cell in grid(table):
        label = row_label(cell)
        row = rows.setdefault(label, dict.fromkeys(_published_columns(table), "no cell"))
        row[f"published, {DATASET_NAMES[column_dataset(cell)]}"] = published_text(cell)
        for dataset in datasets:
            name = DATASET_NAMES[dataset]
            if name not in row:
                row |= _measured_texts(cell, runs, dataset, recipes[dataset], name)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(table)


def row_label(cell: Cell) -> str:
    """The paper's row; where the paper's columns differ in more than the dataset, with what they differ in.

    ``RAF-DB (pretrained)`` -> pretrained, ``RAF-DB, noisy`` -> noisy.
    """
    words = cell.published.column.removeprefix(DATASET_NAMES[column_dataset(cell)]).strip(" ,()")
    return ", ".join(filter(None, [cell.published.row, words]))


def _published_columns(table: str) -> list[str]:
    return [f"published, {DATASET_NAMES[name]}" for name in dict.fromkeys(map(column_dataset, grid(table)))]


def published_text(cell: Cell) -> str:
    """``78.31 (+6.31)``: the paper's number and gain, or its status where there is no number."""
    number = cell.published
    if number.value is None:
        return number.status
    gained = published_gain(cell)
    derived = " derived" if number.status == "derived" else ""
    return f"{number.value:.2f}" + ("" if math.isnan(gained) else f" ({gained:+.2f})") + derived


def published_gain(cell: Cell) -> float:
    """The paper's number minus that of the baseline of its column; NaN where there are not both."""
    if cell.baseline is None or is_reference(cell):
        return math.nan
    reference = find_cell(*cell.baseline).published.value
    value = cell.published.value
    return math.nan if value is None or reference is None else round(value - reference, 2)


def _measured_texts(cell: Cell, runs: pd.DataFrame, dataset: str, recipe: Recipe, name: str) -> dict[str, str]:
    found, scratch = rows_of(runs, cell.runs, dataset, recipe), False
    if found.empty and from_scratch(cell) is not None:
        found, scratch = rows_of(runs, from_scratch(cell), dataset, recipe), True
    values = {} if cell.needs else by_seed(found, METRICS.get(dataset, "accuracy"))
    if not values:
        there = {"rendered", *runs["dataset"]}
        return {name: in_words(needs(cell, dataset, datasets=there)), f"gain on {name}": "none"}
    row = summary(values)
    spread = "" if math.isnan(row["std"]) else f" ± {row['std']:.2f}"
    here = int((found["origin"] == HERE).sum())
    where = "" if not here else ", measured here" if here == row["n"] else f", {here} measured here"
    where += ", from scratch" * scratch
    texts = {name: f"{row['mean']:.2f}{spread} (n = {row['n']}{where})", f"gain on {name}": "no baseline to pair with"}
    if is_reference(cell):
        return texts | {f"gain on {name}": "baseline"}
    if cell.baseline is not None:
        reference = rows_of(runs, baseline_runs(cell, scratch), dataset, recipe)
        over = gain(paired(found, reference, METRICS.get(dataset, "accuracy")))
        if over["shared"]:
            texts[f"gain on {name}"] = gain_text(over["gain"], over["low"], over["high"])
    return texts


def gain_text(gain: float, low: float, high: float, digits: int = 2) -> str:
    """A difference and its interval, ``"+1.20 [+0.31, +2.09]"``; of one seed ``"+1.20"``; of none ``"unknown"``."""
    if math.isnan(gain):
        return "unknown"
    gain, low, high = (round(number, digits) + 0.0 for number in (gain, low, high))  # no "-0.00"
    return f"{gain:+.{digits}f}" + ("" if math.isnan(low) else f" [{low:+.{digits}f}, {high:+.{digits}f}]")


# ------------------------------------------------------------------------------------------------- a profile's own runs


def is_own(prepared: pd.DataFrame, any_backbone: bool = False) -> pd.Series:
    """Whether each row of ``prepare(results)`` was trained exactly as its profile says for its dataset.

    Args:
        any_backbone: whatever backbone it has.
    """
    from scnlib.config import PROFILES
    from scnlib.models import BACKBONES

    recipes: dict[tuple[str, ...], Recipe] = {}

    def own(row: Mapping[str, object]) -> bool:
        kind = row["profile"], row["dataset"], row["backbone"]
        if not row["own_start"] or row["profile"] not in PROFILES or row["backbone"] not in BACKBONES:
            return False
        changed = {"backbone": row["backbone"]} if any_backbone else {}
        if kind not in recipes:
            recipes[kind] = Recipe.of(row["profile"], row["dataset"], **changed)
        return recipes[kind].holds(row)

    return pd.Series([own(row) for row in prepared.to_dict("records")], index=prepared.index, dtype=bool)
