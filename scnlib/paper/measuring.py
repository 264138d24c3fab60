"""The runs behind a table: which there are, which it wants, and which of them are missing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd

from scnlib.config import RECIPE_VERSION, Config, profile_config
from scnlib.datasets import LOADERS
from scnlib.methods import METHODS
from scnlib.options import known_words
from scnlib.paper.grid import EXTRA_RUNS, WEB_OF, Cell, Selector, find_cell, from_scratch, from_web, grid, needs
from scnlib.paper.results import FULL_SCALE, HERE, IN_A_FOLDER, images_of, load_epochs, load_results
from scnlib.paths import out_dir
from scnlib.pretrained import start_from, weights_name, weights_recipe
from scnlib.run_folder import open_run
from scnlib.splits import load_splits


def everything(profile: str | None = None) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Every finished run: those of data/results (measured at full scale), and those under out/runs (measured here).

    A run that stands in both is shown as committed, and of one config that ran twice, on older data, the last counts:
    nothing counts twice. Of a dataset that is whatever lies in a folder, other images are another dataset. Runs of an
    older recipe under out/runs do not count.

    Args:
        profile: of the runs under out/runs; None: every profile but smoke, which learns nothing.

    Returns:
        One row a run, one row an epoch of these runs, and a line for each directory that this code cannot read.
    """
    full, epochs = load_results().assign(origin=FULL_SCALE), [load_epochs()]
    if profile is None:
        full = full[full["profile"] != "smoke"]
    found, unreadable = {}, []
    for path in sorted(manifest.parent for manifest in (out_dir() / "runs").glob("*/manifest.json")):
        try:
            run = open_run(path)
            kept = run.config.profile == profile if profile else run.config.profile != "smoke"
            kept = kept and run.manifest["recipe_version"] == RECIPE_VERSION  # older code does not replace newer rows
            if kept and run.manifest["key"] not in set(full["key"]):
                row, finished = run.row(), run.manifest["finished"]
                same = run.config.sha256(), images_of(row)
                if same not in found or found[same][0] < finished:
                    found[same] = finished, run, row
        except (OSError, ValueError, TypeError, KeyError) as error:
            reason = error if isinstance(error, OSError | ValueError) else f"{type(error).__name__}: {error}"
            unreadable.append(f"{path.name} ({reason})")
    if found:
        again = [(_sha256(row["config"]), images_of(row)) in found for row in full.to_dict("records")]
        full = full[[not measured_here for measured_here in again]]
        here = pd.DataFrame([row for _, _, row in found.values()]).assign(origin=HERE)
        full = pd.concat([part for part in (full, here) if len(part)], ignore_index=True)
        epochs += [run.metrics.assign(key=run.manifest["key"]) for _, run, _ in found.values()]
    return full, pd.concat([part for part in epochs if len(part)] or epochs), unreadable


def wanted(
    table: str, dataset: str, profile: str = "quick", seeds: Sequence[int] = (0,), *, stand_ins: bool = True
) -> list[Config]:
    """The runs that measure a table on a dataset, and the baselines that its gains are over, each once.

    Cells that need a method or weights that are not there have none, see ``wanted_from``; those that start from another
    run are in ``chains``. A table that starts from MS-Celeb-1M weights throughout has runs from scratch in their stead.

    Args:
        stand_ins: without, those runs from scratch are left out; for who has the weights.

    Raises:
        ValueError: if the table, dataset or profile is unknown.
    """
    if dataset not in LOADERS:
        raise ValueError(f"unknown dataset {dataset!r}; {known_words(dataset, LOADERS)}")
    cells = [cell for cell in grid(table) if not needs(cell, dataset, METHODS, LOADERS)]
    cells = [cell for cell in cells if stand_ins or from_scratch(cell) is None]
    chosen = [runs for cell in cells for runs in _with_baseline(cell) if not from_web(runs)]
    return _once(config_of(one, dataset, profile, seed) for seed in seeds for one in chosen)


def wanted_from(
    weights: Path | str, table: str, dataset: str, profile: str = "quick", seeds: Sequence[int] = (0,)
) -> list[Config]:
    """The runs of a table that start from MS-Celeb-1M weights, with the baselines that their gains are over.

    Args:
        weights: a checkpoint that ``pretrained.load`` takes.

    Raises:
        ValueError: if the table, dataset or profile is unknown, or the checkpoint is another than the cells'.
        FileNotFoundError: if there is none.
    """
    cells = [cell for cell in grid(table) if cell.runs.pretrained and not from_web(cell.runs)]
    cells = [cell for cell in cells if not needs(_without_weights(cell), dataset, METHODS, LOADERS)]
    cells += [find_cell(*cell.baseline) for cell in cells if cell.baseline is not None]
    configs = [start_from(config_of(cell.runs, dataset, profile, seed), weights) for seed in seeds for cell in cells]
    others = {weights_name(config.pretrained) for config in configs} - {cell.runs.weights for cell in cells}
    if others:
        raise ValueError(
            f"{weights} was trained on {others.pop()}, the cells of {table} start from {cells[0].runs.weights}; "
            "measure single runs with: scn run --weights"
        )
    return _once(configs)


def check_images(config: Config, root: Path | str | None, results: pd.DataFrame) -> None:
    """Refuse to measure on a folder of other images than those that rows of results were measured on.

    Raises:
        ValueError: so it is; a table of both would average two datasets of one name.
        ValueError, FileNotFoundError: from the loader.
    """
    if config.dataset not in IN_A_FOLDER:
        return
    alike = results[["dataset", "size", "split"]] == [config.dataset, config.size, config.split]
    others = set(results.loc[alike.all(axis=1), "data"])
    if others and others != {load_splits(config, root).sha256()["train"][:16]}:
        raise ValueError(
            f"--root {root}: the runs on {config.dataset} that are there are of other images. Keep each set of images "
            "in an output folder of its own (SCN_OUT)"
        )


def _with_baseline(cell: Cell) -> list[Selector]:
    """A cell's runs and those that its gain is over; all from scratch where that stands in for the paper's weights."""
    runs = [cell.runs] + ([] if cell.baseline is None else [find_cell(*cell.baseline).runs])
    return runs if from_scratch(cell) is None else [replace(one, pretrained=False) for one in runs]


def _without_weights(cell: Cell) -> Cell:
    return replace(cell, runs=replace(cell.runs, pretrained=False))


def _once(configs: Iterable[Config]) -> list[Config]:
    return list({config.sha256(): config for config in configs}.values())


def chains(
    table: str, dataset: str, profile: str = "quick", seeds: Sequence[int] = (0,)
) -> list[tuple[Config, Config]]:
    """Pairs of runs of a table, each once: one on WebEmotion's stand-in, and one that starts from its backbone.

    Both have the same seed. The second config does not say yet what it starts from: ``start_from(second, run.path)``
    does, with the finished run of the first.
    """
    selectors = [cell.runs for cell in grid(table) if not needs(cell, dataset, METHODS, LOADERS)]
    selectors += EXTRA_RUNS.get(table, ()) if dataset in WEB_OF else ()
    pairs = {}
    for seed in seeds:
        for chosen in filter(from_web, selectors):
            method = chosen.weights.removeprefix("webemotion-")
            first = profile_config(profile, dataset=WEB_OF[dataset], method=method, seed=seed)
            second = config_of(chosen, dataset, profile, seed)
            pairs[first.sha256(), second.sha256()] = first, second
    return list(pairs.values())


def missing_chains(pairs: Sequence[tuple[Config, Config]], results: pd.DataFrame) -> list[tuple[Config, Config]]:
    """Those of the pairs whose second run no row of results has measured with today's recipe."""
    measured = {_started(config) for config in todays(results)}
    return [(first, second) for first, second in pairs if (recipe_name(first), second.sha256()) not in measured]


def recipe_name(first: Config) -> str:
    """What a run's ``Config.pretrained`` begins with where it starts from ``first``, whatever the seed of that."""
    return f"{first.dataset}-{first.method.name}@run:{replace(first, seed=0).sha256()[:8]}"


def _started(config: str) -> tuple[str, str]:
    """What a measured run started from, and the rest of its config."""
    known = read_config(config)
    if known is None:
        return "", ""
    usual = {field.name: field.default for field in fields(Config) if field.name in ("pretrained", "normalization")}
    return weights_recipe(known.pretrained), replace(known, **usual).sha256()


def missing(configs: Sequence[Config], results: pd.DataFrame) -> list[Config]:
    """Those of the configs that no row of results has measured with today's recipe."""
    measured = {_sha256(config) for config in todays(results)}
    return [config for config in configs if config.sha256() not in measured]


def todays(results: pd.DataFrame) -> pd.Series:
    """The configs that today's recipe has measured; a column of a CSV file is text."""
    if "recipe_version" not in results:
        return results["config"]
    return results.loc[results["recipe_version"].astype(str) == str(RECIPE_VERSION), "config"]


def config_of(chosen: Selector, dataset: str, profile: str, seed: int, **fields: object) -> Config:
    """What a selector's runs are on a dataset, but for the weights that they start from.

    Args:
        fields: of the config, where they are not the profile's own.
    """
    return profile_config(
        profile, dataset=dataset, method=chosen.method, options=dict(chosen.options), noise_rate=chosen.noise_rate,
        noise_kind=chosen.noise_kind, seed=seed, oversample=chosen.oversample, data=dict(chosen.data),
        **({"backbone": chosen.backbone} if chosen.backbone else {}), **fields,
    )  # fmt: skip


def read_config(text: str) -> Config | None:
    """The config of a row of results; None for one that this code does not know, which is no run of its."""
    try:
        return Config.from_dict(json.loads(text))
    except (ValueError, TypeError, KeyError):
        return None


def _sha256(config: str) -> str:
    known = read_config(config)
    return "" if known is None else known.sha256()
