"""The directory of a run, read.

    out/runs/ferplus-scn-symmetric30-s0-1a2b3c4d/
        config.json              everything that decides the numbers
        metrics.csv              a row per epoch
        samples.npz              what happened to each training sample, per epoch
        model.safetensors        the weights after the last epoch
        manifest.json            written last; a run is done when it says so
        checkpoint.safetensors   while training: all state after the last finished epoch

``scnlib/runs.py`` writes it.
"""

import contextlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open

from scnlib import pretrained
from scnlib.config import COUNTED_IN_EPOCHS, PROFILES, Config, profile_config
from scnlib.methods import method_options
from scnlib.methods.names import method_label
from scnlib.splits import Splits, load_splits
from scnlib.tables import read_csv
from scnlib.training import build_model
from scnlib.uncertainty import alpha_regained

#: Columns of metrics.csv. Accuracies are shares in 0..1; a cell is empty where a method or dataset has no such number.
#: The epoch's own labels: ``train_*``, ``memorised``. The labels after its relabelling: ``label_accuracy``,
#: ``relabelled``, ``relabel_*``. ``val_accuracy`` is measured on labels with the training labels' noise, what a choice
#: may look at; ``val_accuracy_true`` on clean ones. ``trusted_agreement``: how often the predictions for the samples of
#: high importance, the ``beta`` share with the largest alpha, are the labels they came with.
METRICS = (
    "epoch", "lr", "train_loss", "classification_loss", "rank_loss",
    "train_accuracy_given", "train_accuracy_current", "train_accuracy_true", "memorised",
    "label_accuracy", "relabelled", "relabel_precision", "relabel_recall",
    "alpha_mean", "alpha_std", "alpha_min", "alpha_max", "alpha_clean", "alpha_flipped", "alpha_auroc",
    "trusted_agreement", "margin_rank",
    "val_accuracy", "val_accuracy_true", "test_accuracy", "test_mean_class_accuracy",
    "seconds",
)  # fmt: skip


#: What every manifest of a run says.
MANIFEST = (
    "key", "recipe_version", "data", "class_names", "n_train", "n_test", "warnings", "commit", "dirty", "device",
    "dtype", "processes", "loop", "versions", "finished", "duration_s",
)  # fmt: skip


class OtherCode(ValueError):
    """A run of a method, an option or a value that this code does not have."""


@dataclass(frozen=True)
class Run:
    """A finished run, read from its directory when asked.

    Attributes:
        path: its directory.
        found: whether ``runs.run`` did not train it just now.
        said: which of its warnings were printed while it trained just now.
    """

    path: Path
    found: bool = True
    said: tuple[str, ...] = ()

    @cached_property
    def manifest(self) -> dict:
        with reading(self.path / "manifest.json") as path:
            return json.loads(path.read_text(encoding="utf-8"))

    @cached_property
    def config(self) -> Config:
        with reading(self.path / "config.json") as path:
            plain = json.loads(path.read_text(encoding="utf-8"))
            del plain["key"]
            try:
                return Config.from_dict(plain)
            except ValueError as error:
                raise OtherCode(f"{path} was made by other code: {error}. Only that code can read it") from None

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """One row an epoch, columns ``METRICS``."""
        with reading(self.path / "metrics.csv") as path:
            table = read_csv(path, numbers=METRICS)
            if table["test_accuracy"].empty:
                raise ValueError("no epoch stands there")
            return table

    @cached_property
    def samples(self) -> dict[str, np.ndarray]:
        """What happened to each of the N training samples in each of the E epochs.

        ``given``, ``true`` (N,) labels; ``current`` (E, N) the labels each epoch trained on, ``final`` (N,) those
        after it; ``prediction`` (E, N) in training mode; ``alpha`` (E, N), where the method has it. Of the last epoch's
        network on the unchanged images: ``prediction_eval``, ``confidence_eval``, ``alpha_eval`` (N,) and, for the M
        test faces, ``test_labels``, ``test_prediction``, ``test_confidence``, ``test_alpha``. A confidence is the
        probability of the predicted class as the loss saw it, so with logits scaled by alpha where the method weights.
        A method whose weights exist in training alone has ``alpha`` without ``alpha_eval`` and ``test_alpha``.
        """
        with (
            reading(self.path / "samples.npz") as path,
            path.open("rb") as opened,  # of a broken archive numpy leaves it open
            np.load(opened, allow_pickle=False) as file,
        ):
            return {name: file[name] for name in file.files}

    @property
    def label(self) -> str:
        """What its method is called in tables and figures, with the options that differ from those of its profile."""
        return method_label(self.config.method.name, _reported_options(self.config))

    def splits(self, root: Path | str | None = None) -> Splits:
        """The faces and labels that it was trained and tested on, loaded again.

        Raises:
            ValueError: the faces under ``root`` are others; from the loader.
            FileNotFoundError: from the loader.
        """
        splits = load_splits(self.config, root)
        if splits.sha256() != self.manifest["data"]:
            raise ValueError(f"{self.path.name} was trained on other {self.config.dataset} faces or labels than these")
        return splits

    def weights(self) -> dict[str, torch.Tensor]:
        """The last epoch's network, as a state dict."""
        return read_checkpoint(self.path / "model.safetensors")[0]

    def network(self, device: str = "cpu") -> torch.nn.Module:
        """The last epoch's network, ready to predict."""
        model = build_model(self.config, len(self.manifest["class_names"]))
        model.load_state_dict(self.weights())
        return model.to(device).eval()

    def row(self) -> dict:
        """This run as a row of ``data/results``: last epoch, percent; ``best_accuracy`` is chosen on the test set.

        Of the hashes of config and training images the first 16 digits, of the commit 12; the manifest has them whole.
        """
        config, last = self.config, self.metrics.iloc[-1]
        percent = ("memorised", "label_accuracy", "relabel_precision", "relabel_recall")
        return {
            "key": self.manifest["key"],
            "dataset": config.dataset,
            "method": config.method.name,
            "variant": getattr(config.method, "variant", ""),
            "noise_kind": config.noise_kind,
            "noise_rate": config.noise_rate,
            "seed": config.seed,
            "size": config.size,
            "backbone": config.backbone,
            "epochs": config.epochs,
            "profile": config.profile,
            "split": config.split,
            "weights": pretrained.weights_name(config.pretrained),
            "options": json.dumps(_reported_options(config), sort_keys=True),
            "accuracy": round(100 * last["test_accuracy"], 3),
            "mean_class_accuracy": round(100 * last["test_mean_class_accuracy"], 3),
            "best_accuracy": round(100 * self.metrics["test_accuracy"].max(), 3),
            **{name: round(100 * last[name], 3) for name in percent},
            "alpha_mean": round(last["alpha_mean"], 5),
            "alpha_auroc": round(last["alpha_auroc"], 5),
            **self._alpha_regained(),
            "n_train": self.manifest["n_train"],
            "n_test": self.manifest["n_test"],
            "config": json.dumps(config.to_dict(), sort_keys=True, separators=(",", ":")),
            "config_sha256": config.sha256()[:16],
            "commit": "; ".join(commit[:12] for commit in self.manifest["commit"].split("; ")),
            "dirty": self.manifest["dirty"],
            "recipe_version": self.manifest["recipe_version"],
            "data": self.manifest["data"]["train"][:16],
            "device": self.manifest["device"],
            "processes": self.manifest["processes"],
            "loop": self.manifest["loop"],
            "dtype": self.manifest["dtype"].split()[0],
            **{name: self.manifest["versions"].get(name, "") for name in ("torch", "python", "numpy")},
            "duration_s": round(self.manifest["duration_s"], 1),
        }

    def _alpha_regained(self) -> dict[str, float]:
        """What ``uncertainty.alpha_regained`` says of this run; NaN without alpha or without relabelling."""
        values = (math.nan, math.nan)
        if self.config.method.relabelling and "alpha" in self.samples:
            labels = [self.samples[name].astype(np.int64) for name in ("current", "final", "given")]
            current, final, given = map(torch.from_numpy, labels)
            after = torch.cat([current[1:], final[None]])
            alpha = torch.from_numpy(self.samples["alpha"].astype(np.float32))
            values = alpha_regained(alpha, current, after, given)
        return {name: round(v, 5) for name, v in zip(("alpha_regained", "alpha_regained_others"), values, strict=True)}


def _reported_options(config: Config) -> dict:
    """Method options that differ from the defaults, apart from those that its profile sets."""
    options = method_options(config.method, only_changed=True)
    if config.profile not in PROFILES:
        return options
    standard = profile_config(
        config.profile, dataset=config.dataset, method=config.method.name, epochs=config.epochs
    ).method
    of_profile = {name: getattr(standard, name) for name in COUNTED_IN_EPOCHS if hasattr(standard, name)}
    counted = {name: getattr(config.method, name) for name in of_profile}  # also where it is the method's default
    own = {name: value for name, value in counted.items() if value != of_profile[name]}
    return {name: value for name, value in options.items() if name not in of_profile} | own


def open_run(path: Path | str) -> Run:
    """The finished run in a directory.

    Raises:
        FileNotFoundError: if there is none, or it is not finished.
        ValueError: its manifest is none of a run.
    """
    path = Path(path)
    if not is_finished(path):
        state = (
            "was not finished; the same `scn run` resumes it" if (path / "config.json").is_file() else "holds no run"
        )
        raise FileNotFoundError(f"{path} {state}.")
    lacking = [name for name in MANIFEST if name not in Run(path).manifest]
    if lacking:
        raise ValueError(f"{path / 'manifest.json'} says nothing of {lacking[0]}: it is not of a run of `scn run`")
    return Run(path)


def is_finished(path: Path) -> bool:
    """Whether a directory holds a finished run: its manifest says so."""
    try:
        return json.loads((path / "manifest.json").read_text(encoding="utf-8")).get("status") == "done"
    except (FileNotFoundError, NotADirectoryError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def reading(path: Path) -> Iterator[Path]:
    """The path of a file of a run; whatever a reader raises of a damaged one becomes one error that names it.

    Raises:
        ValueError: it is damaged, or it is whole and of ``OtherCode``.
        OSError: it is not there, or cannot be read.
    """
    try:
        yield path
    except (OSError, OtherCode):
        raise
    except Exception as error:  # of a broken archive a reader may raise anything
        raise ValueError(
            f"{path} is damaged ({type(error).__name__}: {error}). Remove {path.parent}, and the same `scn run` makes "
            "it again"
        ) from None


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """The tensors of a safetensors file of a run, and the words that stand with them.

    Raises:
        ValueError: it is damaged.
        OSError: it is not there, or cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}). Delete it, and the same call starts this run again.") from None
