"""The runs of tables as jobs for a scheduler: what to call, which directory it fills, and what has to come first."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scnlib import runs
from scnlib.config import Config, profile_config
from scnlib.datasets import LOADERS
from scnlib.datasets.noise import corrupt_labels
from scnlib.methods import METHODS, method_options
from scnlib.paper import measuring
from scnlib.paper.grid import from_web, grid, in_words, needs
from scnlib.paths import out_dir
from scnlib.splits import Splits, load_splits

#: Fields of ``Config`` that tables and claims decide on, each an option of ``scn run``.
_FIELDS = ("noise_rate", "noise_kind", "seed", "backbone", "epochs", "size", "split", "lr")


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        path: the directory it fills; its ``manifest.json`` is written last.
        arguments: of ``scn``.
        after: the directory of the run that it starts from, None where there is none.
    """

    path: Path
    arguments: tuple[str, ...]
    after: Path | None = None


@dataclass(frozen=True)
class Plan:
    """The jobs of each table, and a line for each of its cells that cannot be run, with what it needs."""

    jobs: dict[str, tuple[Job, ...]]
    left_out: dict[str, tuple[str, ...]]


def plan(
    tables: Sequence[str],
    dataset: str,
    profile: str = "quick",
    seeds: Sequence[int] = (0,),
    root: Path | str | None = None,
    weights: Path | str | None = None,
    results: pd.DataFrame | None = None,
) -> Plan:
    """The jobs behind tables on a dataset: the runs of ``measuring.wanted``, ``wanted_from`` and ``chains``.

    A run's directory is named by the content of its data, so the dataset is loaded once, and rendered or decoded if it
    never was; from there on a job costs about a millisecond. Nothing is trained. A run that two tables want is the
    same job in both.

    Args:
        root: the dataset's folder, where it has one.
        weights: the checkpoint of cells that start from MS-Celeb-1M; without one they are left out.
        results: rows of runs that are not run again; default none.

    Raises:
        ValueError: an unknown table, dataset or profile.
        ValueError, FileNotFoundError: from the loader, or from the weights.
    """
    measured = pd.DataFrame({"config": []}) if results is None else results
    clean: dict[str, Splits] = {}
    jobs = {}
    for table in tables:
        asked, found = (table, dataset, profile, seeds), []
        scratch = measuring.missing(measuring.wanted(*asked, stand_ins=weights is None), measured)
        started = [] if weights is None else measuring.missing(measuring.wanted_from(weights, *asked), measured)
        found += [_job(config, _key(config, root, clean), root) for config in scratch]
        for config in started:
            file = weights if config.pretrained else None
            found.append(_job(config, _key(config, root, clean), root, file))
        for first, second in measuring.missing_chains(measuring.chains(*asked), measured):
            key = _key(first, None, clean)
            before = _job(first, key)
            origin = f"{measuring.recipe_name(first)}:{key}"
            second = dataclasses.replace(second, pretrained=origin, normalization=first.normalization)
            after = _job(second, _key(second, root, clean), root, before.path)
            found += [before, dataclasses.replace(after, after=before.path)]
        jobs[table] = tuple(dict.fromkeys(found))
    return Plan(jobs, {table: _left_out(table, dataset, weights is not None) for table in tables})


def arguments(config: Config, root: Path | str | None = None, weights: Path | str | None = None) -> tuple[str, ...]:
    """What to call ``scn`` with for a run of a table: from these, ``scn run`` makes the same config."""
    names = {"dataset": config.dataset, "method": config.method.name}
    usual = profile_config(config.profile, **names)
    paced = profile_config(config.profile, **names, epochs=config.epochs)  # what counts in epochs goes with them
    words = ["run", "--profile", config.profile, "--dataset", config.dataset, "--method", config.method.name]
    for flag, mine, theirs in (
        ("--set", method_options(config.method), method_options(paced.method)),
        ("--data", config.data, usual.data),
    ):
        for name, value in mine.items():
            if name not in theirs or value != theirs[name]:
                words += [flag, f"{name}={json.dumps(value)}"]
    for name in _FIELDS:
        if getattr(config, name) != getattr(usual, name):
            words += [f"--{name.replace('_', '-')}", str(getattr(config, name))]
    words += ["--oversample"] if config.oversample else []
    words += [] if root is None else ["--root", str(root)]
    words += [] if weights is None else ["--weights", str(weights)]
    return tuple(words)


def _job(config: Config, key: str, root: Path | str | None = None, weights: Path | str | None = None) -> Job:
    return Job(out_dir() / "runs" / runs.run_name(config, key), arguments(config, root, weights))


def _key(config: Config, root: Path | str | None, clean: dict[str, Splits]) -> str:
    """``runs.run_key`` of a config; ``clean`` keeps what was loaded, for its noise is put in here."""
    data = json.dumps([config.dataset, config.data, config.split, config.size], sort_keys=True)
    if data not in clean:
        clean[data] = load_splits(dataclasses.replace(config, noise_rate=0.0), root)
    train = clean[data].train
    labels = corrupt_labels(train.labels, train.num_classes, config.noise_rate, config.noise_kind, config.seed)
    return runs.run_key(config, dataclasses.replace(clean[data], train=train.with_labels(labels)))


def _left_out(table: str, dataset: str, weights: bool) -> tuple[str, ...]:
    lines = []
    for cell in grid(table):
        given = weights and cell.runs.pretrained and not from_web(cell.runs)
        runnable = dataclasses.replace(cell, runs=dataclasses.replace(cell.runs, pretrained=False)) if given else cell
        words = needs(runnable, dataset, METHODS, LOADERS)
        if words:
            lines.append(f"{table}, {cell.published.row}, {cell.published.column}: {in_words(words)}")
    return tuple(lines)
