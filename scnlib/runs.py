"""Training a run: done once, resumable, in a directory of its own (``scnlib/run_folder.py`` says what lies there).

The directory's name ends in the run's key: a hash of the config, the content of the data and ``RECIPE_VERSION``.
"""

import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from scnlib import pretrained, streaming
from scnlib.config import RECIPE_VERSION, Config
from scnlib.diagnostics import symptoms
from scnlib.distributed import agree, batch_norm_scope, first, processes, rank
from scnlib.files import write, write_tensors
from scnlib.methods import METHODS
from scnlib.paths import out_dir
from scnlib.precision import choose_device, choose_precision
from scnlib.pretrained import Start
from scnlib.progress import stream
from scnlib.provenance import commit, device_name, now, versions
from scnlib.run_folder import METRICS, Run, is_finished, read_checkpoint, reading
from scnlib.splits import Splits, load_splits
from scnlib.training import Training


class RunConflict(ValueError):
    """A directory holds another run."""


def run_key(config: Config, splits: Splits) -> str:
    """16 hexadecimal digits that name a run."""
    content = json.dumps([config.sha256(), splits.sha256(), RECIPE_VERSION], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def run_name(config: Config, key: str) -> str:
    """What a run's directory is called."""
    noise = "real" if config.noise_kind == "fer2013" else f"{config.noise_kind}{round(100 * config.noise_rate)}"
    return f"{config.dataset}-{config.method.name}-{noise}-s{config.seed}-{key[:8]}"


def run(
    config: Config,
    root: Path | str | None = None,
    out: Path | str | None = None,
    device: str | None = None,
    progress: bool = True,
    weights: Path | str | None = None,
    compiled: bool = False,
) -> Run:
    """Train what ``config`` says, unless that was done before; resume it where it was cut off.

    In a process group all processes call it alike; they train together, the first writes, and all return the run.

    Args:
        config: see ``profile_config`` for one that is filled in.
        root: the dataset's folder.
        out: the run's directory; default ``out/runs/<name>-<key>``.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``; default the best there is.
        progress: show a bar with rate and time left.
        weights: what the backbone starts from: a checkpoint, or the directory of a finished run. Only a fresh run needs
            it; which weights these are is part of the config, by ``pretrained.start_from``.
        compiled: run the backbone by ``torch.compile``, see ``scnlib/compiling.py``. The numbers are the plain loop's
            but for rounding, so the run is the same; its manifest says how it was made.

    Raises:
        RunConflict: ``out`` holds a run of another config; nothing was changed.
        TrainingDiverged: the loss became NaN; the run stays as it was after the epoch before.
        ValueError, FileNotFoundError: from the dataset, or from the weights: not those of the config, or not all there;
            on several processes, a method or ``compiled``, which cannot train there, or processes that were given
            different runs.
    """
    if processes() > 1 and compiled:
        raise ValueError(f"--compile trains on one process alone, and here are {processes()}; leave --compile out")
    if processes() > 1 and not config.method.splittable:
        able = ", ".join(name for name, method in METHODS.items() if method.splittable)
        raise ValueError(f"method {config.method.name} trains on one process alone; on {processes()} do: {able}")
    if processes() > 1 and not torch.cuda.is_available():
        device = device or "cpu"
    start = _start(config, weights)
    splits = load_splits(config, root)
    key = run_key(config, splits)
    if not agree(key):
        raise ValueError(
            f"the processes would train different runs (process {rank()}: {key}); the data or the code differ between "
            "machines, or they were called with other options"
        )
    path = Path(out).resolve() if out is not None else out_dir() / "runs" / run_name(config, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    progress = progress and rank() == 0
    first(_check_free, path, config, key)  # before a lock is laid beside somebody else's files
    said: list[str] = []
    with _exclusive(path, progress):
        first(_claim, path, config, key)
        found = first(is_finished, path)
        if not found:
            said = _train(path, config, key, splits, choose_device(device), progress, start, compiled)
        first((path / "checkpoint.safetensors").unlink, True)  # also where the process that finished it was killed here
    return Run(path, found, tuple(said))


@contextlib.contextmanager
def _exclusive(path: Path, progress: bool) -> Iterator[None]:
    """One training at a time per directory; the system releases the lock when its process dies."""
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    if not first(_acquired, lock, 0):
        if progress:
            words = f"{path.name}: another process is training this run; waiting for it."
            print(words, file=stream(), flush=True)
        while not first(_acquired, lock, 60):  # processes that wait for an answer give up after minutes
            pass
    try:
        yield
    finally:
        lock.release()


def _acquired(lock: FileLock, seconds: float) -> bool:
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return False
    return True


def _claim(path: Path, config: Config, key: str) -> None:
    """Make the directory this run's own, or make sure that it already is."""
    _check_free(path, config, key)
    if not (path / "config.json").is_file():
        path.mkdir(parents=True, exist_ok=True)
        write(path / "config.json", json.dumps({"key": key, **config.to_dict()}, indent=1))


def _check_free(path: Path, config: Config, key: str) -> None:
    """Refuse a directory that holds anything but this run."""
    file = path / "config.json"
    if path.exists() and not path.is_dir():
        raise RunConflict(f"{path} is a file; a run needs a directory. Choose another --out; nothing was changed.")
    if path.is_dir() and not file.is_file() and any(p.suffix != ".unfinished" for p in path.iterdir()):
        raise RunConflict(f"{path} is not empty and holds no run. Choose another --out; nothing was changed.")
    if file.is_file():
        with reading(file):
            other = dict(json.loads(file.read_text(encoding="utf-8")))
        mine = json.loads(json.dumps({"key": key, **config.to_dict()}))
        differ = _differences(_completed(other), mine)
        if differ:
            raise RunConflict(
                f"{path} was written with {', '.join(f'{n}={a!r}' for n, a, _ in differ)}; this run has "
                f"{', '.join(f'{n}={b!r}' for n, _, b in differ)}. Choose another --out; nothing was changed."
            )


def _completed(plain: dict) -> dict:
    """A config.json with the defaults of options that came into the code after it was written."""
    try:
        config = Config.from_dict({name: value for name, value in plain.items() if name != "key"})
    except (TypeError, ValueError, KeyError):
        return plain  # of another version: what differs will be named
    return {"key": plain.get("key"), **json.loads(json.dumps(config.to_dict()))}


def _differences(a: dict, b: dict, prefix: str = "") -> list[tuple[str, object, object]]:
    """Where two configs differ, as (dotted name, value in a, value in b). A key alone differs by data or code."""
    differ = []
    for name in sorted((set(a) | set(b)) - {"key", "profile"}):
        left, right = a.get(name), b.get(name)
        if isinstance(left, dict) and isinstance(right, dict):
            differ += _differences(left, right, f"{prefix}{name}.")
        elif left != right:
            differ.append((f"{prefix}{name}", left, right))
    if not prefix and not differ and a.get("key") != b.get("key"):
        differ.append(("key (the data or RECIPE_VERSION)", a.get("key"), b.get("key")))
    return differ


def _start(config: Config, weights: Path | str | None) -> Start | None:
    """The weights that a run starts from, where they are given: those that its config names."""
    if weights is None:
        return None
    if not config.pretrained:
        raise ValueError(
            f"{weights}: the config names no weights to start from; call pretrained.start_from first, which says which "
            "these are and how their images were scaled"
        )
    start = pretrained.load(weights, config.backbone, config.size)
    if start.checkpoint.identity != config.pretrained:
        raise ValueError(
            f"{start.checkpoint.path} is {start.checkpoint.identity}, and this run starts from {config.pretrained}"
        )
    return start


def _train(
    path: Path,
    config: Config,
    key: str,
    splits: Splits,
    device: torch.device,
    progress: bool,
    start: Start | None = None,
    compiled: bool = False,
) -> list[str]:
    """Train to the end and write the run; returns the warnings that were printed meanwhile."""
    started = time.perf_counter()
    precision = choose_precision(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    evaluation_sets = {"test": splits.test} | ({} if splits.val is None else {"val": splits.val})
    checkpoint, before, sessions = path / "checkpoint.safetensors", 0.0, []
    said_before: list[str] = []
    if first(checkpoint.is_file):
        tensors, words = first(read_checkpoint, checkpoint)
        training = Training(config, splits.train, evaluation_sets, device, precision, compiled=compiled)
        training.restore(tensors, json.loads(words["records"]))
        origin = json.loads(words["pretrained"])
        before, sessions = float(words["seconds"]), json.loads(words["sessions"])
        said_before = _symptoms(training)
    elif config.pretrained and start is None:
        raise ValueError(f"this run starts from {config.pretrained}; say weights=FILE, or --weights FILE")
    else:
        initial, origin = (None, None) if start is None else (start.tensors, start.in_words())
        training = Training(config, splits.train, evaluation_sets, device, precision, initial, compiled)
    machine = {"device": device_name(device), "dtype": str(precision)}
    machine |= {
        "processes": processes(),
        "batch_norm": batch_norm_scope(device),
        "loop": "torch.compile" if compiled else "eager",
    }
    sessions.append({"begun": now(), **commit(), **machine})
    with _bar(path.name, config.epochs * training.samples_per_epoch, progress) as bar:
        bar.update(training.epoch * training.samples_per_epoch)
        if training.streamed and rank() == 0:
            bar.write(streaming.in_words(training.images, device), file=stream())
        warnings = _warn(bar, _symptoms(training), said_before)
        while training.epoch < config.epochs:
            row = training.train_epoch(on_batch=bar.update)
            seconds = before + time.perf_counter() - started
            words = {
                "records": json.dumps(training.records),
                "seconds": str(seconds),
                "sessions": json.dumps(sessions),
                "pretrained": json.dumps(origin),
            }
            first(write_tensors, checkpoint, training.state(), words)
            first(write, path / "metrics.csv", _metrics_text(training.records))
            warnings = _warn(bar, _symptoms(training), warnings)
            bar.set_postfix_str(f"epoch {training.epoch}/{config.epochs}, test {row['test_accuracy']:.1%}")
    # Each file is whole or absent, and the checkpoint goes after the manifest has come: after a kill at any point the
    # same call ends the run.
    first(write, path / "metrics.csv", _metrics_text(training.records))
    _write_samples(path / "samples.npz", training, splits)
    weights = {name: value for name, value in training.model.state_dict().items() if not name.startswith("memory.")}
    first(write_tensors, path / "model.safetensors", weights, {})
    manifest = {
        "status": "done",
        "key": key,
        "config_sha256": config.sha256(),
        "recipe_version": RECIPE_VERSION,
        "seed": config.seed,
        **{name: _together(sessions, name) for name in ("commit", *machine)},
        "dirty": any(session["dirty"] for session in sessions),
        "sessions": sessions,
        "data": splits.sha256(),
        "pretrained": origin,
        "source": dataclasses.asdict(splits.train.source),
        "class_names": list(splits.train.class_names),
        "n_train": len(splits.train),
        "n_test": len(splits.test),
        "notes": splits.notes(),
        "warnings": warnings,
        "wrong_labels": int((splits.train.labels != splits.train.true_labels).sum()),
        "versions": versions(),
        "threads": torch.get_num_threads(),
        "finished": now(),
        "duration_s": before + time.perf_counter() - started,
        "peak_memory_mib": _peak_memory(device),
    }
    first(write, path / "manifest.json", json.dumps(manifest, indent=1))
    return [message for message in warnings if message not in said_before]


def _together(sessions: list[dict], name: str) -> str:
    """What a run that was resumed elsewhere was made by: every commit, device or number of processes once, in order."""
    return "; ".join(dict.fromkeys(str(session[name]) for session in sessions))


def _bar(name: str, total: int, progress: bool) -> tqdm:
    """Images per second and time left; where ``SCN_HEADLESS`` says that nobody watches, a line every half minute."""
    # A notebook is no terminal, and somebody watches it all the same: it is told every second, too.
    pause = 30 if os.environ.get("SCN_HEADLESS") else 0.2 if stream().isatty() else 1
    return tqdm(
        total=total, desc=name, unit="img", unit_scale=True, disable=not progress, file=stream(),
        mininterval=pause, miniters=1, leave=stream().isatty(),
    )  # fmt: skip


def _symptoms(training: Training) -> list[str]:
    return symptoms(training.records, training.config, len(training), training.samples_per_epoch)


def _warn(bar: tqdm, found: list[str], said: list[str]) -> list[str]:
    """Print the symptoms that are new, above the bar and also where none is shown; returns all of them."""
    for message in found:
        if message not in said and rank() == 0:
            bar.write(f"warning: {message}", file=sys.stdout)
    return found


def _write_samples(path: Path, training: Training, splits: Splits) -> None:
    logits, alpha = training.infer(training.images)
    test_logits, test_alpha = training.infer(splits.test.images)
    probabilities = training.config.method.probabilities
    confidence, prediction = probabilities(logits, alpha).max(1)
    test_confidence, test_prediction = probabilities(test_logits, test_alpha).max(1)
    tensors = {
        "given": training.ledger.given.to("cpu", torch.uint8),
        "current": torch.stack(training.label_history),
        "final": training.ledger.current.to("cpu", torch.uint8),
        "prediction": torch.stack(training.predictions),
        "prediction_eval": prediction.to(torch.uint8),
        "confidence_eval": confidence,
        "test_labels": splits.test.labels.to(torch.uint8),
        "test_prediction": test_prediction.to(torch.uint8),
        "test_confidence": test_confidence,
    }
    if training.ledger.true is not None:
        tensors["true"] = training.ledger.true.to("cpu", torch.uint8)
    if training.alpha:
        tensors["alpha"] = torch.stack(training.alpha)
    if alpha is not None:  # weights that know the label, as self_paced's, exist in training alone
        tensors["alpha_eval"], tensors["test_alpha"] = alpha, test_alpha
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: tensor.numpy() for name, tensor in tensors.items()})
    first(write, path, buffer.getvalue())


def _metrics_text(records: Iterable[dict[str, float]]) -> str:
    """metrics.csv, with nine significant digits: more than a float32 has."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(METRICS)
    for row in records:
        values = [row.get(name, math.nan) for name in METRICS]
        writer.writerow(["" if math.isnan(value) else f"{value:.9g}" for value in values])
    return text.getvalue()


def _peak_memory(device: torch.device) -> float | None:
    """MiB on the GPU, or of this process since its start; None where the system does not tell (Windows)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        import resource
    except ImportError:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
