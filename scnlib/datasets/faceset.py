"""``FaceSet``: the one container that every source of faces is turned into."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from scnlib.files import write_tensors
from scnlib.words import counted


@dataclass(frozen=True)
class Source:
    """Where a FaceSet comes from: dataset name, what exactly was read, a hash of its content, and what was not read."""

    name: str
    version: str
    sha256: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class FaceSet:
    """Faces with labels, as tensors.

    Attributes:
        images: uint8 ``(N, C, H, W)``, C = 1 (grey) or 3 (RGB).
        labels: int64 ``(N,)`` in ``0 .. len(class_names) - 1``.
        class_names: in the order of the labels.
        ids: N paths relative to the dataset's root; for rendered faces the index as text.
        source: name, version and content hash.
        votes: ``(N, C)`` annotators' votes for each class, or None.
        other_votes: ``(N, k)`` votes for none of the classes (FER+: unknown, not a face), or None.
        targets: float32 ``(N, C)`` label distributions, rows summing to 1, or None for hard labels.
        true_labels: int64 ``(N,)``, known where ``labels`` are known to be noisy, or None.
        latents: what a rendered face was made from, name -> ``(N, ...)``, or None.

    Raises:
        ValueError: if lengths, dtypes or label ranges do not fit; the message names the first bad row.
    """

    images: Tensor
    labels: Tensor
    class_names: tuple[str, ...]
    ids: tuple[str, ...]
    source: Source
    votes: Tensor | None = None
    other_votes: Tensor | None = None
    targets: Tensor | None = None
    true_labels: Tensor | None = None
    latents: dict[str, Tensor] | None = None

    def __post_init__(self) -> None:
        if self.images.dtype != torch.uint8 or self.images.ndim != 4:
            raise ValueError(f"images must be uint8 (N, C, H, W), got {self.images.dtype} {tuple(self.images.shape)}")
        for name, column in self._columns():
            if len(column) != len(self.images):
                raise ValueError(f"{name} has {counted(len(column), 'row')} for {counted(len(self.images), 'image')}")
        for name in ("labels", "true_labels"):
            labels = getattr(self, name)
            if labels is not None:
                self._check_labels(name, labels)

    def _check_labels(self, name: str, labels: Tensor) -> None:
        if labels.dtype != torch.int64 or labels.ndim != 1:
            raise ValueError(f"{name} must be int64 (N,), got {labels.dtype} {tuple(labels.shape)}")
        outside = ((labels < 0) | (labels >= self.num_classes)).nonzero().flatten()
        if len(outside):
            row = int(outside[0])
            raise ValueError(
                f"{self.source.name}: {name}[{row}] ({self.ids[row]}) is {int(labels[row])}, "
                f"outside the {self.num_classes} classes 0..{self.num_classes - 1}; {counted(len(outside), 'such row')}"
            )

    def _columns(self) -> Iterable[tuple[str, Tensor | tuple]]:
        """Everything that has one row for each image."""
        yield "labels", self.labels
        yield "ids", self.ids
        for name in ("votes", "other_votes", "targets", "true_labels"):
            if getattr(self, name) is not None:
                yield name, getattr(self, name)
        for name, column in (self.latents or {}).items():
            yield f"latents[{name!r}]", column

    def __len__(self) -> int:
        return len(self.images)

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    def class_counts(self) -> dict[str, int]:
        """Class name -> number of images, in class order."""
        counts = torch.bincount(self.labels, minlength=self.num_classes)
        return dict(zip(self.class_names, counts.tolist(), strict=True))

    def select(self, rows: Tensor) -> "FaceSet":
        """The faces at ``rows`` (int64 indices or a bool mask), in that order; the source's hash follows them."""
        index = rows.nonzero().flatten() if rows.dtype == torch.bool else rows
        take = {name: getattr(self, name)[index] for name in ("images", "labels")}
        for name in ("votes", "other_votes", "targets", "true_labels"):
            column = getattr(self, name)
            take[name] = None if column is None else column[index]
        latents = None if self.latents is None else {name: column[index] for name, column in self.latents.items()}
        digest = hashlib.sha256(self.source.sha256.encode() + index.cpu().numpy().tobytes()).hexdigest()
        return dataclasses.replace(
            self,
            **take,
            latents=latents,
            ids=tuple(self.ids[i] for i in index.tolist()),
            source=dataclasses.replace(self.source, sha256=digest),
        )

    def with_labels(self, labels: Tensor) -> "FaceSet":
        """The same faces under other labels. What was known to be true stays known, else today's labels become it."""
        true = self.labels if self.true_labels is None else self.true_labels
        return dataclasses.replace(self, labels=labels, true_labels=true)

    def save(self, path: Path | str) -> None:
        """Write one safetensors file, whole or not at all: tensors and, as text, names, ids and source. No pickle."""
        tensors = {"images": self.images, "labels": self.labels}
        for name in ("votes", "other_votes", "targets", "true_labels"):
            if getattr(self, name) is not None:
                tensors[name] = getattr(self, name)
        tensors |= {f"latents.{name}": column for name, column in (self.latents or {}).items()}
        words = {
            "class_names": json.dumps(self.class_names),
            "ids": json.dumps(self.ids),
            "source": json.dumps(dataclasses.asdict(self.source)),
        }
        write_tensors(Path(path), tensors, words)

    @classmethod
    def load(cls, path: Path | str) -> "FaceSet":
        """Read what ``save`` wrote.

        Raises:
            ValueError: if the file is damaged or holds something else.
        """
        try:
            with safe_open(path, framework="pt") as file:
                words = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
        except SafetensorError as error:
            raise ValueError(f"{path} is damaged or no safetensors file ({error}); make it again") from None
        if not {"class_names", "ids", "source"} <= set(words):
            raise ValueError(f"{path} holds no FaceSet: its names, ids and source are missing")
        latents = {name.removeprefix("latents."): tensors.pop(name) for name in list(tensors) if "latents." in name}
        try:
            return cls(
                **tensors,
                latents=latents or None,
                class_names=tuple(json.loads(words["class_names"])),
                ids=tuple(json.loads(words["ids"])),
                source=_source(json.loads(words["source"])),
            )
        except TypeError as error:  # of names that a FaceSet or its source does not have
            raise ValueError(f"{path} holds no FaceSet ({error})") from None


def _source(plain: dict) -> Source:
    return Source(**{**plain, "notes": tuple(plain.get("notes", ()))})


def content_sha256(*tensors: Tensor) -> str:
    """sha256 of the shapes, dtypes and bytes of tensors."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().cpu().view(-1).numpy())  # as it lies there: a copy would double the memory
    return digest.hexdigest()
