"""``data/results``: measured rows, committed. What a reader believes us for, so nothing is typed in by hand.

    NAME.csv                 one row = one finished run, columns as ``Run.row``, of the config its hash
    NAME_epochs.csv.xz       its metrics that are kept, one row an epoch
    NAME_alpha.csv.xz        histogram of alpha in the last epoch, for samples whose given label is right and wrong
    NAME_knows.csv.xz        what alpha and the network's confidence know of each known uncertainty, a line a signal
    NAME_confusion.csv.xz    test confusion of the last epoch, one row a label, one column a predicted class
    NAME_predictions.csv.xz  where faces are photographed, what the last epoch predicts for each test face
    NAME_configs.csv.xz      the config of each run

All are joined by ``key``. Pictures of people never get here; counts and curves do.
"""

import io
import json
import lzma
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock

from scnlib.config import Config
from scnlib.datasets import LOADERS
from scnlib.evaluation import confusion_matrix
from scnlib.files import write
from scnlib.knowledge import COLUMNS as KNOWLEDGE
from scnlib.knowledge import spread
from scnlib.paths import results_dir
from scnlib.run_folder import Run
from scnlib.tables import encoded, read_csv, with_configs
from scnlib.uncertainty import known_uncertainty, knows

ALPHA_BINS = 20

#: What the names of the other tables end in.
SUFFIXES = ("_epochs", "_alpha", "_knows", "_confusion", "_predictions", "_configs")

#: What the names of compressed tables end in; ``ferplus_faces`` has a row for each test face.
COMPRESSED = (*SUFFIXES, "_faces")

#: Test faces that can be drawn anew, in any number: of these no single prediction is kept.
DRAWN = ("rendered", "rendered_web")

#: Columns that hold numbers in whichever table has them.
NUMBERS = ("accuracy", "seed", "epochs", "duration_s", "recipe_version", "count", "n", "value", "test_accuracy")

#: Metrics that are kept of every epoch; the run's own metrics.csv has all.
KEPT = (
    "epoch", "classification_loss", "rank_loss", "train_accuracy_given", "train_accuracy_true", "memorised",
    "label_accuracy", "relabelled", "relabel_precision", "relabel_recall", "alpha_mean", "alpha_std", "alpha_auroc",
    "margin_rank", "val_accuracy", "test_accuracy",
)  # fmt: skip

#: Parts of the names of metrics that are shares of faces, kept with four digits; losses and alpha have three.
SHARES = ("accuracy", "memorised", "auroc", "precision", "recall")

#: The known uncertainties of some faces, of ``known_uncertainty``.
Known = Mapping[str, torch.Tensor]

#: How xz packs text: more bits of the byte before tell the next, and no byte has a place in a word.
TEXT = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "pb": 0}]

#: Text that a reader would take for numbers: hashes of digits alone, or digits and an "e"; processes, "1" or "1; 2";
#: predictions.
TEXT_COLUMNS = dict.fromkeys(("key", "commit", "data", "config_sha256", "processes", "predicted"), str)


def add(name: str, runs: Iterable[Run], folder: Path | None = None, root: Path | str | None = None) -> Path:
    """Add finished runs to the seven tables of ``name``, replacing those already there; returns the first table.

    A run replaces an older one of the same config, whether its key is the same or data or code have changed since.

    Rows stay in the order in which runs were first added.

    Args:
        root: folder of the dataset, where it has one.

    Raises:
        ValueError: if ``name`` is that of another dataset than a run's or no name of a table, the faces under ``root``
            are not those that a run trained on, or a table that is there is damaged; then nothing is written.
        FileNotFoundError: from the loader.
    """
    if not re.fullmatch(r"\w[\w.-]*", name) or name.endswith(SUFFIXES):
        raise ValueError(f"{name!r} is no name of a table: letters, digits, - and _, without {', '.join(SUFFIXES)}")
    folder = folder or results_dir()
    runs = list({run.manifest["key"]: run for run in runs}.values())
    _refuse_others(name, runs)
    rows = pd.DataFrame([run.row() for run in runs])
    parts = {
        "": rows.drop(columns="config"),
        "_epochs": pd.concat([_keyed(run, curves(run.metrics)) for run in runs]),
        "_alpha": pd.concat([_keyed(run, alpha_histogram(run)) for run in runs]),
        "_knows": spread(_what_is_known(runs, root)),
        "_confusion": pd.concat([_keyed(run, confusion(run)) for run in runs]),
        "_predictions": predictions(runs),
    }
    path = folder / f"{name}.csv"
    new = {_config_sha256(text) for text in rows["config"]}
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{name}.lock"):  # who adds at the same time reads what the other has written
        there = _configs_there(name, folder)
        replaced = set(there.loc[there["sha256"].isin(new), "key"])
        merged = {part: _merged(table_path(name, part, folder), table, replaced) for part, table in parts.items()}
        configs = pd.concat([there, rows])[["key", "config"]].drop_duplicates("key", keep="last")
        beside = table_path(name, "_configs", folder)
        write_table(beside, configs)  # first, old and new: no row may be without its config, whoever reads or kills
        for part, table in reversed(merged.items()):
            if len(table) or table_path(name, part, folder).is_file():
                write_table(table_path(name, part, folder), table)
        write_table(beside, configs[configs["key"].isin(merged[""]["key"])])
    return path


def _refuse_others(name: str, runs: Iterable[Run]) -> None:
    """A table that bears the name of a dataset holds runs on that dataset."""
    for run in runs:
        if name in LOADERS and run.config.dataset != name:
            raise ValueError(
                f"{run.path} is a run on {run.config.dataset}, and {name} is the table of runs on {name}; add it to "
                f"{run.config.dataset}, or to a table with a name of its own"
            )


def replace_rows(path: Path, new: pd.DataFrame) -> None:
    """Add rows to a table, in place of those that have their keys; who adds at the same time waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.stem}.lock")):
        old = read_table(path) if path.is_file() else new.iloc[:0]
        old = old[~old["key"].isin(new["key"])]
        write_table(path, pd.concat([old, new]) if len(old) else new)


def table_path(name: str, suffix: str = "", folder: Path | None = None) -> Path:
    """Where a table lies, ``("rendered", "_alpha")`` or ``"rendered_alpha"``; these are compressed, as the longest."""
    whole = f"{name}{suffix}"
    return (folder or results_dir()) / f"{whole}.csv{'.xz' if whole.endswith(COMPRESSED) else ''}"


def load(name: str, suffix: str = "", folder: Path | None = None) -> pd.DataFrame:
    """One table of ``name``, the first with its configs; without rows where nothing was measured yet."""
    path = table_path(name, suffix, folder)
    table = read_table(path) if path.is_file() else pd.DataFrame(columns=["key"])
    return table if suffix else with_configs(path, table)


def alpha_histogram(run: Run) -> pd.DataFrame:
    """Counts of alpha of the last epoch in 20 equal bins: columns epoch, bin (left edge), right, wrong.

    No rows without alpha. Without true labels every sample counts as right.
    """
    samples = run.samples
    columns = ["epoch", "bin", "right", "wrong"]
    if "alpha" not in samples:
        return pd.DataFrame(columns=columns)
    wrong = samples["given"] != samples.get("true", samples["given"])
    edges = np.linspace(0, 1, ALPHA_BINS + 1)
    alpha = samples["alpha"][-1].astype(np.float32)
    counts = [np.histogram(alpha[group], edges)[0] for group in (~wrong, wrong)]
    rows = [(run.config.epochs, round(edge, 2), *pair) for edge, *pair in zip(edges, *counts, strict=False)]
    return pd.DataFrame(rows, columns=columns)


def knowledge(run: Run, train: Known, test: Known, classes: torch.Tensor | None = None) -> pd.DataFrame:
    """What a run's signals of trust know: columns quantity, mode, measure, value, n as in ``uncertainty.knows``.

    The mode says which signal, on which faces. Alpha: ``train`` of the last training epoch; ``eval`` of the finished
    network on the unchanged training images; ``test`` on the test faces. Confidence, the probability of the predicted
    class, which every method has: ``confidence_eval`` and ``confidence_test``. A signal that there is not has no rows.

    Args:
        train, test: the known uncertainties of the run's faces.
        classes: true labels of the training faces, where they are known.
    """
    samples = run.samples
    signals = {
        "train": (samples["alpha"][-1] if "alpha" in samples else None, train, classes),
        "eval": (samples.get("alpha_eval"), train, classes),
        "test": (samples.get("test_alpha"), test, None),
        "confidence_eval": (samples["confidence_eval"], train, classes),
        "confidence_test": (samples["test_confidence"], test, None),
    }
    tables = [
        knows(torch.from_numpy(signal.astype(np.float32)), known, labels).assign(mode=mode)
        for mode, (signal, known, labels) in signals.items()
        if signal is not None
    ]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(value=table["value"].round(3))[["quantity", "mode", "measure", "value", "n"]]


def _what_is_known(runs: list[Run], root: Path | str | None) -> pd.DataFrame:
    """``knowledge`` of all runs. Runs on the same faces under the same noise share one loading."""
    tables, known = [pd.DataFrame(columns=KNOWLEDGE)], {}
    for run in runs:
        content = json.dumps(run.manifest["data"], sort_keys=True)
        if content not in known:
            splits = run.splits(root)
            sets = (splits.train, splits.test)
            known[content] = (*map(known_uncertainty, sets), splits.train.true_labels)
        tables.append(_keyed(run, knowledge(run, *known[content])))
    return pd.concat([table for table in tables if len(table)] or tables)


def curves(metrics: pd.DataFrame) -> pd.DataFrame:
    """What is kept of a run's ``metrics.csv``.

    Shares have four significant digits, one face in 10,000; losses and alpha three; counts are as they are.
    """
    table = metrics[list(KEPT)]
    digits = {name: 4 if any(word in name for word in SHARES) else 3 for name in table.select_dtypes("float")}
    short = {
        name: [float(f"{x:.{n}g}") if abs(x) < 10 ** (n - 1) else x for x in table[name]] for name, n in digits.items()
    }
    return table.assign(**short)


def confusion(run: Run) -> pd.DataFrame:
    """Test counts of the last epoch: one row a label, columns label and, by name, every class that can be predicted."""
    names = run.manifest["class_names"]
    labels, predictions = (torch.as_tensor(run.samples[f"test_{name}"]).long() for name in ("labels", "prediction"))
    matrix = confusion_matrix(labels, predictions, len(names)).numpy()
    return pd.DataFrame(matrix, columns=names).assign(label=names)[["label", *names]]


def predictions(runs: Iterable[Run]) -> pd.DataFrame:
    """What the last epoch predicts for the test faces: columns key, predicted; no row where faces are ``DRAWN``.

    ``predicted`` has a character for each face, in their order, as ``tables.encoded`` writes it.
    """
    kept = (run for run in runs if run.config.dataset not in DRAWN)
    rows = [(run.manifest["key"], encoded(run.samples["test_prediction"])) for run in kept]
    return pd.DataFrame(rows, columns=["key", "predicted"])


def read_table(path: Path) -> pd.DataFrame:
    """A CSV of results, with hashes as text.

    Raises:
        ValueError: it cannot be read; the message names file and line.
    """
    return read_csv(path, NUMBERS, dtype=TEXT_COLUMNS)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """A CSV, whole or not at all, compressed as its name says; numbers with seven digits, as many as float32 holds."""
    text = io.StringIO()
    table.to_csv(text, index=False, lineterminator="\n", float_format="%.7g")
    plain = text.getvalue()
    packed = lzma.compress(plain.encode(errors="surrogateescape"), filters=TEXT) if path.suffix == ".xz" else plain
    write(path, packed)


def _config_sha256(text: str) -> str:
    return Config.from_dict(json.loads(text)).sha256()


def _configs_there(name: str, folder: Path) -> pd.DataFrame:
    """Key, config and its hash of each run in the tables of ``name``."""
    path, rows = table_path(name, "_configs", folder), []
    for row in _keyed_table(path, ["key", "config"]).to_dict("records"):
        try:
            rows.append((row["key"], row["config"], _config_sha256(row["config"])))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"{path}: key {row['key']}: no config of a run ({error})") from None
    return pd.DataFrame(rows, columns=["key", "config", "sha256"])


def _keyed_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """A table whose rows belong to runs; without rows where there is no file."""
    table = read_table(path) if path.is_file() else pd.DataFrame(columns=columns)
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"{path}: column {missing[0]!r} is missing; this is no table of runs")
    return table


def _keyed(run: Run, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(key=run.manifest["key"])[["key", *table.columns]]


def _merged(path: Path, new: pd.DataFrame, replaced: set[str]) -> pd.DataFrame:
    """What is there without what is replaced, what has the same key in its place, the rest behind it."""
    if not path.is_file():
        return new
    old = _keyed_table(path, ["key"])
    kept = list(dict.fromkeys([*old["key"], *new["key"]]))
    old = old[~old["key"].isin(set(new["key"]) | replaced)]
    both = pd.concat([part for part in (old, new) if len(part)]) if len(old) or len(new) else new
    both = both[[*new.columns, *(name for name in both if name not in new)]]  # columns that came later stay in place
    return both.sort_values("key", key=lambda keys: keys.map(kept.index), kind="stable")
