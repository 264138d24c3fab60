"""Measured results: reading them, checking them, and saying which of them may be averaged together."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from scnlib.paper.grid import (
    CLASSES,
    DATA_DEFAULTS,
    RELABEL_EPOCH,
    Selector,
    active_options,
    stands_in,
    weights_on,
)
from scnlib.paths import results_dir
from scnlib.tables import read_csv, with_configs

TEXT_COLUMNS = (
    "key",
    "dataset",
    "method",
    "variant",
    "noise_kind",
    "backbone",
    "profile",
    "split",
    "options",
    "config",
    "commit",
    "data",
    "device",
    "dtype",
    "torch",
)
NUMBER_COLUMNS = (
    "noise_rate",
    "seed",
    "size",
    "epochs",
    "accuracy",
    "mean_class_accuracy",
    "best_accuracy",
    "memorised",
    "label_accuracy",
    "relabel_precision",
    "relabel_recall",
    "alpha_mean",
    "alpha_auroc",
    "n_train",
    "n_test",
    "duration_s",
)
ALWAYS_THERE = ("noise_rate", "seed", "size", "epochs", "accuracy")  # the other numbers may be empty
WHOLE = ("seed", "size", "epochs")
CAME_LATER_NUMBERS = ("alpha_regained", "alpha_regained_others")  # early results do not have them
COLUMNS = TEXT_COLUMNS + NUMBER_COLUMNS
CURVES = ("memorised", "test_accuracy", "val_accuracy", "margin_rank")  # what is read of them
#: Columns in which two arms must agree to be compared; the images of one split, with their labels as loaded.
COMPARABLE = ("recipe_version", "data")
RECIPE = ("recipe_version",)  # what must agree where the images differ by design
_ALIKE = {"recipe_version": "versions of the recipe", "data": "sets of images", "start": "sets of starting weights"}
#: Datasets that are whatever lies in the folders somebody names.
IN_A_FOLDER = ("folder", "joint")
FULL_SCALE = "measured at full scale"
HERE = "measured here"

# Fields of a config that are factors of the experiments or have a column of their own; all others are the recipe.
_NOT_RECIPE = {
    "dataset",
    "method",
    "noise_kind",
    "noise_rate",
    "seed",
    "profile",
    "epochs",
    "size",
    "backbone",
    "split",
    "weights",
    "oversample",
    "pretrained",
}
# At rate 0 these kinds change no label, so they are one and the same.
_KINDS_WITH_A_RATE = ("", "none", "symmetric", "pair", "transition")


def load_results(*paths: Path | str) -> pd.DataFrame:
    """Finished runs from CSV files, one row a run.

    Args:
        paths: files, or folders whose ``*.csv`` with the columns ``key`` and ``seed`` are read; curves, histograms and
            other tables lie beside them and have no seed. Without any: the committed results, ``data/results``.

    Returns:
        The columns of ``COLUMNS`` and whatever else the files have (``origin``, ``weights``); empty text is ``""``. A
        folder without results gives a table without rows.

    Raises:
        FileNotFoundError: if a path is not there.
        ValueError: if a column is missing, a number cannot be read, options or config are no JSON object, or one key
            has two results; the message names file, column and line.
    """
    tables = [_read(file) for file in _files(paths or (results_dir(),), named=bool(paths))]
    if not tables:
        return pd.DataFrame({name: pd.Series(dtype=object if name in TEXT_COLUMNS else float) for name in COLUMNS})
    return _without_repeats(pd.concat(tables, ignore_index=True))


def _files(paths: tuple[Path | str, ...], named: bool) -> list[Path]:
    files = []
    for path in map(Path, paths):
        if path.is_file():
            files.append(path)
        elif path.is_dir():
            files += [p for p in sorted(path.glob("*.csv")) if {"key", "seed"} <= set(read_csv(p, nrows=0).columns)]
        elif named:
            raise FileNotFoundError(f"results {path}: there is no such file or folder")
    return files


def _read(file: Path) -> pd.DataFrame:
    table = with_configs(file, read_csv(file, dtype=str, keep_default_na=False))
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise ValueError(f"{file}: column {missing[0]!r} is missing; this is no table of runs")
    for name in (*NUMBER_COLUMNS, *(name for name in CAME_LATER_NUMBERS if name in table)):
        numbers = pd.to_numeric(table[name], errors="coerce")
        empty = table[name].str.strip().str.lower().isin(["", "nan"])
        wrong = (numbers.isna() & (~empty | (name in ALWAYS_THERE))) | numbers.isin([math.inf, -math.inf])
        if name in WHOLE:
            wrong |= numbers % 1 > 0
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            kind = "a whole number" if name in WHOLE and math.isfinite(numbers[row]) else "a number"
            raise ValueError(f"{file}: column {name!r}, line {row + 2}: expected {kind}, found {table[name][row]!r}")
        table[name] = numbers
    for name in ("options", "config"):
        for row, text in enumerate(table[name]):
            try:
                if not _json_object(text) and name == "config":
                    raise ValueError
            except ValueError:
                where = f"{file}: column {name!r}, line {row + 2}"
                raise ValueError(f"{where}: expected a JSON object, found {text!r}") from None
    if (table["key"] == "").any():
        raise ValueError(f"{file}: column 'key', line {int((table['key'] == '').to_numpy().argmax()) + 2}: is empty")
    return table.assign(data=table["data"].str[:16])  # older rows have all 64 digits of the hash


def load_epochs(*paths: Path | str) -> pd.DataFrame:
    """Curves of runs, one row an epoch, from ``*_epochs.csv.xz`` files or the folders that hold them.

    Raises:
        FileNotFoundError: if a path is not there.
        ValueError: if a file lacks the columns ``key`` or ``epoch``.
    """
    tables = []
    for path in map(Path, paths or (results_dir(),)):
        if not path.exists() and paths:
            raise FileNotFoundError(f"curves {path}: there is no such file or folder")
        for file in [path] if path.is_file() else sorted([*path.glob("*_epochs.csv"), *path.glob("*_epochs.csv.xz")]):
            table = read_csv(file, ("epoch", *CURVES), dtype={"key": str})
            for name in ("key", "epoch"):
                if name not in table.columns:
                    raise ValueError(f"{file}: column {name!r} is missing; this is no table of curves")
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame({"key": [], "epoch": []})


def load_transition(path: Path | str | None = None) -> pd.DataFrame | None:
    """Counts of FER2013's labels by FER+ majority (columns ``true``, ``given``, ``count``); None if not counted yet."""
    file = Path(path) if path is not None else results_dir() / "ferplus_fer2013_transition.csv"
    return read_csv(file, ("count",)) if file.is_file() else None


def add_curves(results: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Results with what their curves say, in percent; NaN where there is no curve.

    ``rote_first``, ``rote_last``: ``by_rote`` after the first and the last epoch, for flips to any class alike, of
    which alone chance is known; NaN for other noise and for labels that changed. ``early_accuracy``: test accuracy
    after the first third of the epochs. ``val_accuracy``: after the last, on labels with the training labels' noise.
    ``margin_learnt``: delta 1 at the end (no percentage).

    Args:
        results: one row a run, with ``key``.
        epochs: one row an epoch, with ``key`` and ``epoch``; accuracies are shares.
    """
    curves = epochs.sort_values("epoch")
    if {"memorised", "train_accuracy_given", "train_accuracy_true", "label_accuracy", "relabelled"} <= {*curves}:
        curves = curves.assign(rote=_rote(curves, results))
    of_run = curves.groupby("key")["epoch"]
    first, last = curves["epoch"] == of_run.transform("min"), curves["epoch"] == of_run.transform("max")
    third = curves["epoch"] == (of_run.transform("max") / 3).round().clip(lower=1)
    read = {
        "rote_first": ("rote", first, 100),
        "rote_last": ("rote", last, 100),
        "early_accuracy": ("test_accuracy", third, 100),
        "val_accuracy": ("val_accuracy", last, 100),
        "margin_learnt": ("margin_rank", last, 1),
    }
    added = {}
    for name, (column, rows, factor) in read.items():
        values = pd.Series(dtype=float)
        if column in curves:
            values = curves[rows].drop_duplicates("key").set_index("key")[column] * factor
        added[name] = results["key"].map(values).astype(float)
    return results.assign(**added)


def by_rote(repeated: float, mended: float, num_classes: int) -> float:
    """The share m of the wrong labels that a network knows by rote, beyond those that it hits by accident.

        m = ((C - 1) repeated - (1 - mended)) / (C - 2)

    Where a label was flipped to any other class alike, a network that never saw it names it in one of C - 1 of its
    errors: early in training, when it errs much, it repeats many wrong labels without having learnt one. If it knows
    a share m and answers the rest without regard to the label, right with probability a, then
    repeated = m + (1 - m) (1 - a) / (C - 1) and mended = (1 - m) a, of which this is the solution.

    Args:
        repeated: share of the wrong labels that are predicted.
        mended: share of the samples with a wrong label whose true class is predicted.
        num_classes: C.
    """
    return ((num_classes - 1) * repeated - (1 - mended)) / (num_classes - 2)


def _rote(curves: pd.DataFrame, results: pd.DataFrame) -> pd.Series:
    runs = results.drop_duplicates("key").set_index("key")
    flipped = runs[(runs["noise_kind"] == "symmetric") & (runs["noise_rate"] > 0)]
    classes = curves["key"].map(pd.Series([num_classes(row) for row in flipped.to_dict("records")], flipped.index))
    wrong = 1 - curves["label_accuracy"]
    # accuracy on true labels minus on given ones = wrong (mended - repeated): what is right for both cancels out.
    mended = curves["memorised"] + (curves["train_accuracy_true"] - curves["train_accuracy_given"]) / wrong
    return by_rote(curves["memorised"], mended, classes).where(curves["relabelled"].eq(0))


def num_classes(row: Mapping[str, object]) -> float:
    """C of a run, a row of results: as its config says, else as its dataset is loaded by default; NaN if unknown."""
    data = _json_object(_text(row.get("config"))).get("data") or {}
    return data.get("num_classes", CLASSES.get(row["dataset"], math.nan))


def prepare(results: pd.DataFrame) -> pd.DataFrame:
    """Results with what decides about comparing and averaging, as extra columns.

    ``recipe``: profile, epochs, size, backbone and split in words, and every other field of the config in which runs
    with these words differ. ``variation``: the epoch from which relabelling acts, where it acts; ``own_start``: whether
    that is the recipe's own. ``origin``, ``weights``, ``start`` (what a run starts from, whatever the seed of that),
    ``noise`` (kind, "none" at rate 0), ``setting`` (oversampling, other classes or datasets, as JSON; "" for none) and
    ``arm`` (method, data, noise, setting and options that say something).

    Raises:
        ValueError: if a column is missing, or one key of one origin has two different results.
    """
    needed = ("key", "dataset", "method", "variant", "noise_kind", "noise_rate", "seed", "size", "backbone", "epochs",
              "profile", "split", "options", "accuracy", "mean_class_accuracy")  # fmt: skip
    missing = [name for name in needed if name not in results.columns]
    if missing:
        raise ValueError(f"results lack the column {missing[0]!r}; a row of results is what Run.row() gives")
    table = results.copy()
    for name in ("variant", "noise_kind", "options", "profile", "split", "origin", "weights", "config"):
        table[name] = [_text(v) for v in table[name]] if name in table else ""
    if "recipe_version" in table:  # a number of runs made here, text of files
        table["recipe_version"] = table["recipe_version"].map(str, na_action="ignore")
    table["origin"] = [origin or FULL_SCALE for origin in table["origin"]]
    table = _without_repeats(table)
    options = [_json_object(text) for text in table["options"]]
    active = [active_options(o) if m == "scn" else dict(o) for o, m in zip(options, table["method"], strict=True)]
    starts = [_relabel_epoch(o, text) for o, text in zip(options, table["config"], strict=True)]
    for a in active:
        a.pop("relabel_epoch", None)  # part of the recipe
        a.pop("variant", None)  # has a column of its own
    relabels = [m == "scn" and o.get("relabelling", True) for o, m in zip(options, table["method"], strict=True)]
    table["variation"] = [f"relabelling from epoch {s}" if r else "" for s, r in zip(starts, relabels, strict=True)]
    table["own_start"] = ["relabel_epoch" not in o for o in options]
    table["noise"] = [_noise(k, rate) for k, rate in zip(table["noise_kind"], table["noise_rate"], strict=True)]
    settings = [_setting(_json_object(text)) for text in table["config"]]
    table["setting"] = [json.dumps(setting, sort_keys=True) if setting else "" for setting in settings]
    table["arm"] = [
        _arm(
            row["method"], row["dataset"], row["noise"], row["noise_rate"], row["weights"], row["variant"],
            setting, options,
        )
        for row, setting, options in zip(table.to_dict("records"), settings, active, strict=True)
    ]  # fmt: skip
    table["start"] = [_start(_json_object(text)) for text in table["config"]]
    table["recipe"] = _recipes(table)
    return table


def _relabel_epoch(options: Mapping[str, object], config: str) -> object:
    """When relabelling starts: the options name it only where it is not the profile's own, the config always."""
    method = _json_object(config).get("method")
    standard = method.get("relabel_epoch", RELABEL_EPOCH) if isinstance(method, Mapping) else RELABEL_EPOCH
    return options.get("relabel_epoch", standard)


def arm_name(runs: Selector, dataset: str | None = None) -> str:
    """What the column ``arm`` of ``prepare(results)`` says for the runs that a selector means.

    Pretrained means the weights that the selector names, scratch means none; without an option ``variant`` it is the
    paper's.
    """
    options = active_options(runs.options) if runs.method == "scn" else dict(runs.options)
    options.pop("relabel_epoch", None)
    variant = str(options.pop("variant", "paper"))
    noise, weights = _noise(runs.noise_kind, runs.noise_rate), weights_on(runs, dataset)
    setting = _setting({"oversample": runs.oversample, "data": runs.data})
    return _arm(runs.method, dataset or runs.dataset, noise, runs.noise_rate, weights, variant, setting, options)


def _setting(config: Mapping[str, object]) -> dict[str, object]:
    """What else makes another experiment of a run: oversampling, which classes and datasets."""
    data = config.get("data") or {}
    setting = {name: data[name] for name, usual in DATA_DEFAULTS.items() if data.get(name, usual) != usual}
    if config.get("oversample"):
        setting["oversample"] = True
    return setting


def _arm(
    method: str,
    dataset: str,
    noise: str,
    rate: float,
    weights: str,
    variant: str,
    setting: Mapping[str, object],
    options: Mapping[str, object],
) -> str:
    """One text for all that makes two runs the same arm; 0 and 0.0 are one option, no variant is the paper's."""
    numbers = {k: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in options.items()}
    return json.dumps(
        [method, dataset, noise, round(float(rate), 9), weights, variant or "paper", setting, numbers], sort_keys=True
    )


def select(prepared: pd.DataFrame, runs: Selector, dataset: str | None = None) -> pd.DataFrame:
    """The rows of ``prepare(results)`` that a selector means, on its own dataset or on another one.

    None where one dataset would stand in for training on several.

    Raises:
        ValueError: if there are runs on several folders, which are several datasets of one name.
    """
    if dataset in IN_A_FOLDER and (apart := unlike(prepared[prepared["dataset"] == dataset], names=["data"])):
        raise ValueError(
            f"the runs on {dataset} are of {apart}: no table can say which is meant. Keep each set of images in an "
            "output folder of its own (SCN_OUT)"
        )
    meant = (prepared["arm"] == arm_name(runs, dataset)) & stands_in(runs, dataset)
    return prepared[meant & (prepared["backbone"] == runs.backbone)] if runs.backbone else prepared[meant]


def images_of(row: Mapping[str, object]) -> str:
    """What tells datasets of one name apart, where that says no more than that they lie in a folder; else ""."""
    return row["data"] if row["dataset"] in IN_A_FOLDER else ""


def by_seed(rows: pd.DataFrame, column: str) -> dict[int, float]:
    """Seed -> value for runs of one cell and one recipe; runs without the value are left out.

    Raises:
        ValueError: if two runs have the same seed, or runs of other code or other images are among them: averaging
            would mix what is not the same.
    """
    values: dict[int, float] = {}
    keys: dict[int, str] = {}
    if column not in rows.columns:
        return values
    if apart := unlike(rows, names=(*COMPARABLE, "start")):
        raise ValueError(
            f"{_named(rows['key'])} are of {apart}, so they are not averaged. Measure the older ones again, or remove "
            "them"
        )
    for key, seed, value in zip(rows["key"], rows["seed"], rows[column], strict=True):
        seed = int(seed)
        if seed in keys:
            raise ValueError(
                f"{_named((keys[seed], key))} have the same method, recipe and seed {seed}: what they differ in is not "
                f"recorded in their recipe, so they are not averaged. Remove the older one"
            )
        keys[seed] = key
        if not math.isnan(value):
            values[seed] = float(value)
    return dict(sorted(values.items()))


def _named(keys: Iterable[str]) -> str:
    """As directories under out/runs end."""
    return f"runs ...{', ...'.join(key[:8] for key in keys)}"


def paired(
    rows: pd.DataFrame, reference: pd.DataFrame, column: str, names: Sequence[str] = COMPARABLE
) -> dict[int, float]:
    """Seed -> value of one arm minus that of another, for the seeds that both have; the one way to a gain.

    Nothing where the two are ``unlike``: a difference would mix what was changed with what the code or the images are.

    Raises:
        ValueError: as ``by_seed``.
    """
    ours, theirs = by_seed(rows, column), by_seed(reference, column)
    if unlike(rows, reference, names=names):
        return {}
    return {seed: value - theirs[seed] for seed, value in ours.items() if seed in theirs}


def newest(rows: pd.DataFrame) -> pd.DataFrame:
    """The runs of the newest version of the recipe among some: those of older code are not averaged with them."""
    if "recipe_version" not in rows:
        return rows
    versions = pd.to_numeric(rows["recipe_version"])
    return rows[~(versions < versions.max())]


def unlike(*arms: pd.DataFrame, names: Sequence[str] = COMPARABLE) -> str:
    """What runs differ in that must not be averaged or compared: ``2 versions of the recipe (1, 2)``; "" for nothing.

    Where nothing is recorded nothing differs.
    """
    for name in names:
        found = sorted({str(value) for rows in arms for value in rows.get(name, ()) if not pd.isna(value)})
        if len(found) > 1:
            return f"{len(found)} {_ALIKE[name]} ({', '.join(value[:8] for value in found)})"
    return ""


def _without_repeats(table: pd.DataFrame) -> pd.DataFrame:
    """One row a key and origin."""
    identity = ["key", "origin"] if "origin" in table else ["key"]
    repeated = table[table.duplicated(identity, keep=False)]
    for names, rows in repeated.groupby(identity, dropna=False):
        if rows["accuracy"].nunique() > 1:
            found = ", ".join(f"{a:g}" for a in rows["accuracy"])
            raise ValueError(f"run {names[0]} has several results (accuracy {found}); keep one of them")
    return table.drop_duplicates(identity).reset_index(drop=True)


def recipe_of(config: Mapping[str, object]) -> dict[str, object]:
    """The fields of a run's config that are its recipe: neither factors of the experiments nor labels without effect.

    A field that came into the code later has, in an older config, its default: what was done before there was a choice.
    """
    kept = {"epochs", "size", "backbone", "split"}  # of the recipe, but with columns of their own
    left_out = _NOT_RECIPE - kept
    if config.get("pretrained"):
        left_out = left_out | {"normalization"}  # it follows from the weights
    whole = {**_defaults(), **config}
    recipe = {name: value for name, value in whole.items() if name not in left_out}
    if isinstance(recipe.get("data"), Mapping):
        recipe["data"] = {name: value for name, value in recipe["data"].items() if name not in DATA_DEFAULTS}
    return recipe


@cache
def _defaults() -> dict[str, object]:
    from scnlib.config import Config  # needs torch, which reading numbers does not
    from scnlib.methods import make_method

    return json.loads(json.dumps(Config(method=make_method("baseline")).to_dict()))


def _recipes(table: pd.DataFrame) -> list[str]:
    """What of the config two runs must share to be averaged, in words that tell recipes apart and from the profile."""
    words, rests, starts, kept = [], [], [], {}
    for row in table.to_dict("records"):
        config = _json_object(row["config"])
        rest = _recipe_in_words(config)
        scale = f"{row['epochs']:g} epochs, {row['size']:g} px"
        starts.append([f"from {row['start']}, {config['normalization']} images"] if row["start"] else [])
        words.append((row["dataset"], f"{row['profile']}, {scale}, {row['backbone']}, {row['split']}"))
        rests.append(rest)
        kept.setdefault(words[-1], []).append(rest)
    for (dataset, word), found in kept.items():
        found += _usual(word.split(", ")[0], dataset)
    differing = {word: _differing(found) for word, found in kept.items()}
    return [
        ", ".join([word[1], *(f"{name} {rest.get(name, 'unset')}" for name in differing[word]), *start])
        for word, rest, start in zip(words, rests, starts, strict=True)
    ]


@cache
def _usual(profile: str, dataset: str) -> list[dict[str, str]]:
    """The profile's own recipe as runs' are written down; none of a profile that is not known."""
    from scnlib.config import PROFILES, profile_config  # needs torch
    from scnlib.datasets import LOADERS

    if profile not in PROFILES or dataset not in LOADERS:
        return []
    return [_recipe_in_words(json.loads(json.dumps(profile_config(profile, dataset=dataset).to_dict())))]


def _start(config: Mapping[str, object]) -> str:
    """Which weights a run starts from, whatever the seed that they were trained with; nothing from scratch."""
    if not config.get("pretrained"):
        return ""
    from scnlib.pretrained import weights_recipe  # needs torch

    return weights_recipe(config["pretrained"])


def _recipe_in_words(config: Mapping[str, object]) -> dict[str, str]:
    said = {*_NOT_RECIPE, "pretrained", "normalization"}  # the scale and the start say these
    return _flat({name: value for name, value in recipe_of(config).items() if name not in said})


def _differing(found: list[dict[str, str]]) -> list[str]:
    names = sorted({name for rest in found for name in rest})
    return [name for name in names if len({rest.get(name, "unset") for rest in found}) > 1]


def _flat(nested: Mapping[str, object]) -> dict[str, str]:
    """One level of names: ``{"data": {"n": 5}}`` -> ``{"data.n": "5"}``."""
    flat = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat.update({f"{name}.{k}": v for k, v in _flat(value).items()})
        else:
            flat[name] = f"{value:.12g}" if isinstance(value, float) else str(value)
    return flat


def _noise(kind: str, rate: float) -> str:
    """The kind of noise; "fer2013" has no rate and is noise all the same."""
    return "none" if rate == 0 and kind in _KINDS_WITH_A_RATE else kind


def _text(value: object) -> str:
    """Text as it is, a missing value as the empty text, an object as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return json.dumps(dict(value))
    return ""


def _json_object(text: str) -> dict[str, object]:
    if not text:
        return {}
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {text!r}")
    return value
