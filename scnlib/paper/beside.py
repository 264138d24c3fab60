"""SCN's FERPlus rows as published beside the same rows measured on FER+, and what the two set-ups differ in."""

import json
import math

import pandas as pd

from scnlib.datasets import ferplus
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, gain, published_gain, rows_of, summary
from scnlib.paper.choice import at_best, complete
from scnlib.paper.grid import Cell, column_dataset, find_cell, grid, is_reference
from scnlib.paper.results import COMPARABLE, RECIPE, add_curves, by_seed, newest, paired, prepare, recipe_of, select
from scnlib.paper.verdicts import arm, noise_name

METHODS = {"baseline": "baseline", "scn": "SCN"}
#: Steps from our recipe towards the paper's, fields of a run's config; each alone.
CHANGES = {
    "ResNet-18": {"backbone": "resnet18"},
    "40 epochs": {"epochs": 40},
    "validation faces trained on, too": {"split": "train+val"},
    "112 px": {"size": 112},
    "224 px": {"size": 224},
}
COLUMNS = (
    "noise_rate", "labels", "method", "published", "status", "mean", "std", "n", "seeds", "best", "selection",
    "published_gain", "gain", "low", "high", "shared",
)  # fmt: skip


def cells() -> list[Cell]:
    """SCN's table 4 (clean labels) and table 2 (wrong ones), FERPlus, from scratch: baseline and SCN."""
    every = [cell for table in ("scn-4", "scn-2") for cell in grid(table)]
    return [
        cell
        for cell in every
        if column_dataset(cell) == "ferplus" and not cell.runs.pretrained and cell.runs.method in METHODS
    ]


def beside(results: pd.DataFrame) -> pd.DataFrame:
    """Each published row with what was measured for it under the quick recipe.

    Args:
        results: ``load_results()``.

    Returns:
        Columns ``COLUMNS``, accuracies in percent: ``mean`` after the last epoch with ``std`` over ``n`` ``seeds``;
        ``best``, the mean of each run's best epoch, which is chosen on the test set, and ``selection``, what that
        choice adds; ``gain`` over the baseline, paired by ``shared`` seeds, with its 95 % interval, beside
        ``published_gain``. NaN where there is no number. Accuracies of two set-ups are not subtracted.
    """
    runs, recipe, rows = _runs(results), Recipe.of("quick", "ferplus"), []
    for cell in cells():
        found = rows_of(runs, cell.runs, "ferplus", recipe)
        last, best = by_seed(found, "accuracy"), by_seed(found, "best_accuracy")
        own, chosen = summary(last), summary(best)
        reference = rows_of(runs, find_cell(*cell.baseline).runs, "ferplus", recipe)
        rows.append(
            {
                "noise_rate": cell.runs.noise_rate,
                "labels": noise_name("symmetric", cell.runs.noise_rate),
                "method": METHODS[cell.runs.method],
                "published": cell.published.value,
                "status": cell.published.status,
                **own,
                "best": chosen["mean"],
                "selection": chosen["mean"] - own["mean"],
                "published_gain": published_gain(cell),
                **gain({} if is_reference(cell) else paired(found, reference, "accuracy")),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def closer(results: pd.DataFrame) -> pd.DataFrame:
    """What each step towards the paper's set-up adds on clean FER+ labels, in points: columns for ``plots.effects``.

    The choice of the epoch on the test set is measured on every run of the rows of ``beside``; it is never below 0, and
    ``low`` and ``high`` are the least and the most. Each other step on runs that differ in it alone, paired by seed.

    Returns:
        Columns label, group (method), effect, low, high, n; NaN and 0 where nobody measured.
    """
    runs, recipe, rows = _runs(results), Recipe.of("quick", "ferplus"), []
    for method, name in METHODS.items():
        own = pd.concat([rows_of(runs, cell.runs, "ferplus", recipe) for cell in cells() if cell.runs.method == method])
        bonus = (own["best_accuracy"] - own["accuracy"]).tolist()
        label = "the best epoch on the test set (runs, least to most)"
        least_and_most = {"low": min(bonus, default=math.nan), "high": max(bonus, default=math.nan)}
        rows.append({"label": label, "group": name, "gain": stats.mean(bonus), **least_and_most, "shared": len(bonus)})
        for label, fields in CHANGES.items():
            changed = rows_of(runs, arm(method), "ferplus", Recipe.of("quick", "ferplus", **fields))
            plain = rows_of(runs, arm(method), "ferplus", recipe)
            # Larger images and more of them are other data by design.
            rows.append({"label": label, "group": name, **gain(paired(changed, plain, "accuracy", names=RECIPE))})
    return pd.DataFrame(rows).rename(columns={"gain": "effect", "shared": "n"})


def best_baseline(results: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """The plain baseline on FER+ under the best recipe anybody ran, beside the SCN that was published from scratch.

    Chosen is the recipe with the highest accuracy after the last epoch on validation labels with the training labels'
    noise, by the rule of ``scnlib.paper.choice``; only then are its test accuracies read, of all its seeds. What
    differs is network, epochs, size or learning rate; runs that train on the validation faces have nothing to be chosen
    by.

    Args:
        results: ``load_results()``.
        epochs: ``load_epochs()``.

    Returns:
        A row for each rate of symmetric noise: ``labels``, ``published`` (SCN), ``recipe``, ``tried`` (how many
        recipes), ``val``, ``mean`` and ``n``; of fewer than two recipes none is chosen: ``recipe`` is "" and the
        numbers are NaN.

    Raises:
        ValueError: if two runs of one recipe have one seed.
    """
    runs = _runs(add_curves(results, epochs))
    runs = runs[runs["val_accuracy"].notna()].assign(value=runs["recipe"], val=runs["val_accuracy"])
    rows = []
    for cell in cells():
        if cell.runs.method != "scn":
            continue
        rate = cell.runs.noise_rate
        found = newest(select(runs, arm("baseline", rate), "ferplus"))
        tried = complete(found)["value"].nunique()
        best = at_best(found) if tried > 1 else found.iloc[:0]
        values = by_seed(found[found["value"].isin(best["value"])], "accuracy")
        rows.append(
            {
                "labels": noise_name("symmetric", rate),
                "published": cell.published.value,
                "recipe": "".join(best["recipe"].unique()),
                "tried": tried,
                "val": stats.mean(best["val"].tolist()),
                "mean": stats.mean([*values.values()]),
                "n": len(values),
            }
        )
    return pd.DataFrame(rows)


def started_from(results: pd.DataFrame, weights: str) -> pd.DataFrame:
    """What FER+ runs gain by the weights that they start from, over runs that differ in nothing else, paired by seed.

    Args:
        results: ``load_results()``.
        weights: what the names of the weights begin with: ``"rendered-latents"``.

    Returns:
        A row for each kind of run that there is with these weights and from scratch: ``method``, ``labels``,
        ``backbone``, ``mean`` (percent), ``gain`` and ``n`` (seeds that both have).
    """
    runs = _runs(results)
    # Which normalization images get follows from the weights.
    recipes = [recipe_of(json.loads(text or "{}")) | {"normalization": ""} for text in runs["config"]]
    runs = runs.assign(rest=[json.dumps(recipe, sort_keys=True) for recipe in recipes])
    alike = ["method", "options", "noise_kind", "noise_rate", "backbone", "setting", "rest", *COMPARABLE]
    started = runs[runs["weights"].str.startswith(weights)]
    pairs = started.merge(runs[runs["weights"] == ""], on=[*alike, "seed"], suffixes=("", "_scratch"))
    rows = []
    for (method, _, kind, rate, backbone, *_), same in pairs.groupby(alike):
        gains = same["accuracy"] - same["accuracy_scratch"]
        labels = noise_name(kind, rate)
        rows.append((method, labels, backbone, same["accuracy"].mean(), gains.mean(), len(same)))
    return pd.DataFrame(rows, columns=["method", "labels", "backbone", "mean", "gain", "n"])


def _runs(results: pd.DataFrame) -> pd.DataFrame:
    return prepare(results[results["dataset"] == "ferplus"])


def setups() -> pd.DataFrame:
    """What the two set-ups differ in, a row each, index ``what``: columns ``the paper``, ``here``.

    Source: SCN 3.5, 4.1; the released code for the choice of the epoch.
    """
    fields = Recipe.of("quick", "ferplus").fields
    kept, before = ferplus.PUBLISHED["label.csv"], ferplus.PUBLISHED_BEFORE
    rows = {
        "images": (
            f"{before['train']:,} to train on, {before['test']:,} to test on, before any rule for votes",
            f"{kept['train']:,} and {kept['test']:,}: those of which a majority of ten names one expression",
        ),
        "trained on": ("not stated; the authors' lists for another paper have the validation faces, too",
                       {"train": "the training split"}.get(fields["split"], fields["split"])),
        "network": ("ResNet-18", f"the {fields['backbone']} one of this package"),
        "size": ("224 px", f"{fields['size']} px, which is FER+'s own"),
        "schedule": ("40 epochs, batches of 1024, rate 0.1 in steps",
                     f"{fields['epochs']} epochs, batches of {fields['batch_size']}, rate {fields['lr']:g}, one cycle"),
        "start": ("these rows: from scratch", "from scratch"),
        "epoch shown": ("not stated; the released code keeps every network above 87 % on the test set", "the last"),
        "runs behind a number": ("not stated", "n and seeds stand beside it"),
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index", columns=["the paper", "here"]).rename_axis("what")


def panels(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """``beside`` for ``plots.sweep``: a panel for each method, accuracy over the share of wrong labels in percent."""
    found = {}
    for method, own in rows.groupby("method", sort=False):
        common = own.assign(value=100 * own["noise_rate"], low=math.nan, high=math.nan, n=own["n"].where(own["n"] > 0))
        last = common.assign(series="last epoch")
        best = common.assign(series="best epoch, chosen on the test set", mean=own["best"], published=math.nan)
        both = pd.concat([best, last])  # the last epoch on top
        found[f"{method}: wrong labels, %"] = both[["value", "series", "mean", "low", "high", "n", "published"]]
    return found
