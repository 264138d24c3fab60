"""The faces of a run: what its config asks for, loaded, with its label noise."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from scnlib.config import Config
from scnlib.datasets import FaceSet, has_validation, load_dataset
from scnlib.datasets.faceset import content_sha256
from scnlib.datasets.noise import corrupt_labels


@dataclass(frozen=True)
class Splits:
    """The data of a run: training faces under noise, clean test faces, and, unless it trains on them, validation faces
    with the training labels' noise."""

    train: FaceSet
    test: FaceSet
    val: FaceSet | None

    def sha256(self) -> dict[str, str]:
        """Hash of the content of each split and of the training labels as given."""
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        hashes = {name: faces.source.sha256 for name, faces in parts.items() if faces is not None}
        return hashes | {"given_labels": content_sha256(self.train.labels)}

    def notes(self) -> dict[str, list[str]]:
        """Of each split that has some: which rows were not read, and classes without a face before any noise."""
        parts = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        notes = {name: _notes(faces) for name, faces in parts.items() if faces is not None}
        return {name: lines for name, lines in notes.items() if lines}


def _notes(faces: FaceSet) -> list[str]:
    labels = faces.labels if faces.true_labels is None else faces.true_labels
    counts = dataclasses.replace(faces, labels=labels).class_counts()
    return [*faces.source.notes, *(f"no face of the class {name}" for name, count in counts.items() if not count)]


def load_splits(config: Config, root: Path | str | None = None) -> Splits:
    """Load what a config asks for and put its noise in.

    Raises:
        ValueError, FileNotFoundError: from the loader.
    """
    options = {**config.data, "size": config.size}
    noisy = options | ({"labels": "fer2013"} if config.noise_kind == "fer2013" else {})
    train = load_dataset(config.dataset, root, config.split, **noisy)
    validated = config.split == "train" and has_validation(config.dataset, root, **config.data)
    val = load_dataset(config.dataset, root, "val", **noisy) if validated else None
    test = load_dataset(config.dataset, root, "test", **options)
    if train.targets is not None and (config.noise_kind == "fer2013" or config.noise_rate):
        raise ValueError("rule='distribution' trains on all votes, noise changes single labels; choose rule='majority'")
    if train.targets is not None and config.method.single_labels:
        instead = "set relabelling=false" if config.method.relabelling else "choose rule='majority'"
        raise ValueError(f"rule='distribution' trains on all votes, {config.method.name} on single labels; {instead}")
    return Splits(_with_noise(train, config), test, None if val is None else _with_noise(val, config))


def _with_noise(faces: FaceSet, config: Config) -> FaceSet:
    """Corrupt the labels as the config says; the labels before it are the true ones, also where the rate is 0."""
    if config.noise_kind == "fer2013":
        return faces
    labels = corrupt_labels(faces.labels, faces.num_classes, config.noise_rate, config.noise_kind, config.seed)
    return faces.with_labels(labels)
