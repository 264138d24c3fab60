"""Any dataset in folders: ``DIR/train/<class>/...`` and ``DIR/test/<class>/...``, where there is one ``DIR/val``.

The order of the classes is the one given, else that of their names; either way it stands in ``source.version``.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from scnlib.datasets.decode import SUFFIXES
from scnlib.datasets.faceset import FaceSet
from scnlib.datasets.listing import Listing, check_choice, check_fraction, load_listing, names_in
from scnlib.words import counted

SPLITS = ("train", "val", "test")
MOST_CLASSES = 256  # what happened to labels is recorded in bytes


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    size: int = 112,
    classes: Sequence[str] | None = None,
    val_fraction: float = 0.0,
    val_seed: int = 0,
    allow_missing: bool = False,
) -> FaceSet:
    """A folder for each class as a FaceSet.

    Args:
        root: holds ``train`` and ``test``, and ``val`` where there is one.
        split: ``"train"``, ``"val"``, ``"test"`` or ``"train+val"``.
        size: side of the square images.
        classes: names of the class folders in the order of the labels, a list or one text with commas; folders that it
            does not name are not used. None: the folders of ``train``, sorted.
        val_fraction, val_seed: where there is no ``val``: which share of each training class is set aside, see
            ``listing.validation_share``.
        allow_missing: leave out images that cannot be read instead of refusing.

    Returns:
        RGB images ``(N, 3, size, size)``.

    Raises:
        FileNotFoundError: a folder is missing.
        ValueError: a class is missing or has no image, or an image cannot be read.
    """
    check_choice("folder", split=(split, (*SPLITS, "train+val")))
    check_fraction(val_fraction)
    root = checked_root(root)
    names = class_order(root, classes)
    order = f"classes {', '.join(names)} ({'as given' if classes else 'sorted by name'}), {size} px, {split}"
    options = {"size": size, "allow_missing": allow_missing}
    if (root / "val").is_dir():
        if val_fraction:
            raise ValueError(f"folder at {root}: there is a val/, so leave val_fraction away")
        listings = [read_list(root, part, names) for part in split.split("+")]
        listing = listings[0] if len(listings) == 1 else _joined(*listings)
        return load_listing("folder", listing, version=order, **options)
    if "val" in split and not val_fraction:
        without = ", or train without --split" if split == "train+val" else ""
        raise ValueError(
            f"folder at {root}: there is no val/; make one, or take a tenth of each class from train: val_fraction=0.1"
            f"{without}"
        )
    if val_fraction:
        order += f", {val_fraction:g} of train as val (seed {val_seed})"
    part = split if split in ("train", "val") and val_fraction else "all"
    listing = read_list(root, "test" if split == "test" else "train", names)
    return load_listing(
        "folder", listing, version=order, part=part, val_fraction=val_fraction, val_seed=val_seed, **options
    )


def class_order(root: Path, classes: Sequence[str] | str | None = None) -> tuple[str, ...]:
    """The classes as given, or the folders of ``train`` sorted by name.

    Raises:
        ValueError: the classes are no names, one of them has no folder in ``train``, there are fewer than two, or their
            one text does not tell the commas of names from those between them.
    """
    there = [name for name in _folders_in(root / "train") if name[0] != "."]
    if classes is None:
        names = tuple(there)
    elif not isinstance(classes, str | list | tuple) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"folder: classes must be names of folders, as anger,fear; got {classes!r}")
    else:
        names = tuple(part.strip() for part in classes.split(",")) if isinstance(classes, str) else tuple(classes)
        missing = [name for name in names if name not in there]
        with_comma = [name for name in there if "," in name]
        if missing and isinstance(classes, str) and with_comma:
            raise ValueError(
                f"folder at {root}: train/ has no class {missing[0]!r}. Commas part the names of classes=, and "
                f"{with_comma[0]!r} holds one itself: name a list, classes={json.dumps(there, ensure_ascii=False)}"
            )
        if missing:
            raise ValueError(f"folder at {root}: train/ has no class {missing[0]!r}; it has {', '.join(there)}")
        if len(names) == 1:
            raise ValueError(
                f"folder at {root}: classes={names[0]} is a single class; name two or more, separated by commas. "
                f"train/ has {', '.join(there)}"
            )
        if len(set(names)) < len(names):
            raise ValueError(f"folder at {root}: a class is named twice in {', '.join(names)}")
    if len(names) < 2:
        raise ValueError(f"folder at {root}: train/ must hold a folder for each of at least two classes, got {there}")
    if len(names) > MOST_CLASSES:
        raise ValueError(
            f"folder at {root}: train/ holds {len(names)} folders, more than {MOST_CLASSES} classes; name those that "
            "are meant: classes=anger,fear"
        )
    return names


def _folders_in(place: Path) -> list[str]:
    """Names of folders and of links to some, sorted; a link in a circle is none."""
    return sorted(path.name for path in place.iterdir() if path.is_dir())


def read_list(root: Path, split: str, names: tuple[str, ...]) -> Listing:
    """The images of one split in the order of classes and names; what is no image is not looked at."""
    place = root / split
    if not place.is_dir():
        raise FileNotFoundError(f"folder at {root}: there is no {split}/")
    ids, labels, problems, others = [], [], [], 0
    for label, name in enumerate(names):
        found = []
        for folder, folders, files in os.walk(place / name):
            folders.sort()
            images = [file for file in sorted(files) if file.lower().endswith(SUFFIXES) and file[0] != "."]
            others += len(files) - len(images)
            found += [(Path(folder) / file).relative_to(root).as_posix() for file in images]
        ids += found
        labels += [label] * len(found)
    known = {*names, *names_in(root / "train")}  # a class of train that was not asked for is only left out
    unknown = [name for name in _folders_in(place) if name not in known]
    if split != "train":
        problems += [f"{split}/{name} is a class that train/ does not have" for name in unknown if name[0] != "."]
    notes = [f"{counted(others, 'file')} not used: no images by their suffix"] if others else []
    return Listing(
        "folder",
        root,
        names,
        ids=tuple(ids),
        labels=torch.tensor(labels, dtype=torch.int64),
        places=tuple(ids),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _joined(first: Listing, second: Listing) -> Listing:
    return Listing(
        first.title,
        first.root,
        first.class_names,
        ids=first.ids + second.ids,
        labels=torch.cat([first.labels, second.labels]),
        places=first.places + second.places,
        problems=first.problems + second.problems,
        notes=first.notes + second.notes,
    )


def checked_root(root: Path | str | None) -> Path:
    """The root as a path, once it holds ``train``."""
    if root is None:
        raise ValueError("folder needs a root: the folder that holds train/<class>/ and test/<class>/")
    root = Path(root)
    if not (root / "train").is_dir():
        found = f"it holds {', '.join(names_in(root)[:5]) or 'nothing'}" if root.is_dir() else "there is no such folder"
        raise FileNotFoundError(f"folder at {root}: {found}, and must hold train/<class>/ and test/<class>/")
    return root
