"""Several datasets as one training set, tested on the first: SCN's 88.14 % on RAF-DB trains on RAF-DB and AffectNet.

``DIR`` holds a folder, or a link to one, for each: ``DIR/rafdb`` and ``DIR/affectnet``. Classes are matched by name, in
the order of the first dataset; faces of a class that it lacks (AffectNet's contempt) are left out.
"""

import dataclasses
import inspect
from collections.abc import Callable
from pathlib import Path

import torch

from scnlib.datasets import affectnet, ferplus, folder, rafdb
from scnlib.datasets.classes import canonical, in_order_of
from scnlib.datasets.faceset import FaceSet, Source, content_sha256
from scnlib.datasets.listing import check_choice
from scnlib.words import counted

PARTS: dict[str, Callable[..., FaceSet]] = {
    "rafdb": rafdb.load, "affectnet": affectnet.load, "ferplus": ferplus.load, "folder": folder.load,
}  # fmt: skip


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    sets: str = "rafdb+affectnet",
    size: int = 100,
    num_classes: int = 8,
    val_fraction: float = 0.0,
    val_seed: int = 0,
    allow_missing: bool = False,
) -> FaceSet:
    """Datasets one after the other, as RGB images under the classes of the first.

    Args:
        root: holds a folder of its name for each dataset.
        split: ``"train"`` and ``"train+val"`` join all; ``"val"`` and ``"test"`` are the first dataset's alone.
        sets: names joined by ``+``.
        size: side of the square images.
        num_classes: 8, or 7 to leave contempt out of the parts that have it; of use where such a part is the first.
        val_fraction, val_seed, allow_missing: for those of the datasets that have them; validation is taken from the
            first alone.

    Raises:
        ValueError, FileNotFoundError: from the loaders, or an unknown name.
    """
    check_choice("joint", split=(split, ("train", "val", "test", "train+val")), num_classes=(num_classes, (8, 7)))
    names = part_names(sets)
    if root is None:
        raise ValueError(f"joint needs a root: the folder that holds {', '.join(f'{name}/' for name in names)}")
    shared = {"size": size, "num_classes": num_classes, "allow_missing": allow_missing}
    first = _load(names[0], root, split, shared | {"val_fraction": val_fraction, "val_seed": val_seed})
    parts = [first]
    if split in ("train", "train+val"):
        parts += [_matched(_load(name, root, "train", shared), first) for name in names[1:]]
    images = [part.images.expand(-1, 3, -1, -1) for part in parts]
    labels = torch.cat([part.labels for part in parts])
    digests = (torch.tensor(list(bytes.fromhex(part.source.sha256))) for part in parts)
    version = "; ".join(f"{part.source.name}: {part.source.version} ({counted(len(part), 'face')})" for part in parts)
    notes = tuple(f"{part.source.name}: {note}" for part in parts for note in part.source.notes)
    return FaceSet(
        images=torch.cat(images),
        labels=labels,
        class_names=first.class_names,
        ids=tuple(f"{name}/{one}" for name, part in zip(names, parts, strict=False) for one in part.ids),
        source=Source("joint", version, content_sha256(labels, *digests), notes),
    )


def part_names(sets: str) -> list[str]:
    """The datasets that ``sets`` joins, as ``"rafdb+affectnet"``.

    Raises:
        ValueError: one that cannot be joined, fewer than two, or one that is named twice.
    """
    names = sets.split("+")
    for name in names:
        check_choice("joint", sets=(name, tuple(PARTS)))
    if len(set(names)) < max(2, len(names)):
        raise ValueError(f"joint: sets={sets!r} must name two or more datasets, each once")
    return names


def _matched(faces: FaceSet, first: FaceSet) -> FaceSet:
    """The faces under the classes of the first; which are left out stands in the version."""
    wanted = {canonical(name) for name in first.class_names}
    notes = []
    for label, name in enumerate(faces.class_names):
        if canonical(name) in wanted:
            continue
        if canonical(name) not in affectnet.CLASSES:
            raise ValueError(
                f"joint: {faces.source.name} has a class {name!r}, which is none of {', '.join(first.class_names)} and "
                "no other expression that is known here; is it misspelt?"
            )
        notes.append(f", {counted(int((faces.labels == label).sum()), 'face')} of {name} left out")
    kept = in_order_of(faces, first.class_names)
    return dataclasses.replace(
        kept, source=dataclasses.replace(kept.source, version=kept.source.version + "".join(notes))
    )


def _load(name: str, root: Path | str, split: str, options: dict) -> FaceSet:
    known = inspect.signature(PARTS[name]).parameters
    faces = PARTS[name](Path(root) / name, split, **{key: value for key, value in options.items() if key in known})
    return dataclasses.replace(faces, votes=None, other_votes=None, targets=None, true_labels=None)
