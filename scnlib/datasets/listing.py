"""What RAF-DB, AffectNet and folders have in common: a list of image files with labels, read before any image is.

A list keeps what it could not use instead of stopping at it, so that ``load`` can refuse with the first problem and a
count, and ``scn data check`` can show them all.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from scnlib import counter_rng
from scnlib.datasets.cache import cached, fingerprint
from scnlib.datasets.decode import SUFFIXES, Box, decode_pieces
from scnlib.datasets.faceset import FaceSet, Source, content_sha256
from scnlib.words import counted

#: A joint dataset cannot be checked as one, but each of its folders can.
HINT = "`scn data check` of this folder lists all of them; --data allow_missing=true leaves them out"


@dataclass(frozen=True)
class Listing:
    """One list of images.

    Attributes:
        title: what messages call the dataset, ``"RAF-DB"``.
        root: its folder.
        class_names: in the order of the labels.
        ids: N paths relative to the root.
        labels: int64 ``(N,)``.
        places: N texts that say where each row stands, ``"EmoLabel/list_patition_label.txt, line 7"``.
        boxes: N face boxes or None, or None altogether.
        problems: what is wrong with rows that are not among the N.
        notes: what else a reader should know, for example how many rows carry no class.
    """

    title: str
    root: Path
    class_names: tuple[str, ...]
    ids: tuple[str, ...]
    labels: Tensor
    places: tuple[str, ...]
    boxes: tuple[Box | None, ...] | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.ids)

    def there(self) -> Tensor:
        """bool ``(N,)``: which images exist. Each folder is read once."""
        folders: dict[str, set[str]] = {}
        found = torch.zeros(len(self), dtype=torch.bool)
        for row, name in enumerate(self.ids):
            folder, _, file = name.rpartition("/")
            if folder not in folders:
                place = self.root / folder
                folders[folder] = set(names_in(place)) if os.path.isdir(place) else set()  # noqa: PTH112 - never raises
            found[row] = file in folders[folder]
        return found

    def missing(self, row: int) -> str:
        """What to say of a row whose image does not exist."""
        return f"{self.ids[row]} is named in {self.places[row]} but is not there"

    def empty_classes(self) -> list[str]:
        """Classes without a row."""
        return [name for name, count in self.counts().items() if not count]

    def counts(self) -> dict[str, int]:
        """Class name -> rows."""
        counts = torch.bincount(self.labels, minlength=len(self.class_names)).tolist()
        return dict(zip(self.class_names, counts, strict=True))


def load_listing(
    name: str,
    listing: Listing,
    *,
    size: int,
    version: str,
    part: str = "all",
    val_fraction: float = 0.0,
    val_seed: int = 0,
    allow_missing: bool = False,
    given: Tensor | None = None,
) -> FaceSet:
    """Decode a list into a FaceSet; the images are cached under the names, sizes and times of all its files.

    Args:
        name: of the dataset, in the source and the cache.
        listing: the whole list, from which ``part`` is taken.
        size: side of the images.
        version: what was read, for the source.
        part: ``"all"``, ``"train"`` (without the validation share) or ``"val"`` (that share).
        val_fraction, val_seed: see ``validation_share``.
        allow_missing: leave out rows that cannot be used, and say so in the version, instead of refusing.
        given: int64 ``(N,)`` labels to train on; those of the list are then ``true_labels``.

    Raises:
        ValueError: a row or an image cannot be used.
        FileNotFoundError: an image is missing.
    """
    there = listing.there()
    if not allow_missing:
        _refuse(listing, there)
    rows = there.nonzero().flatten().tolist()
    if not rows:
        raise FileNotFoundError(f"{listing.title} at {listing.root}: none of the {len(listing):,} images is there")
    if part != "all":  # before decoding: what is selected from images that lie on the disk is a copy in memory
        share = validation_share(listing.labels, val_fraction, val_seed) == (part == "val")
        rows = [row for row in rows if share[row]]
    images, usable = _images(name, listing, rows, size, allow_missing)
    kept = torch.tensor(rows, dtype=torch.int64)[usable]
    left_out = len(listing.problems) + int((~there).sum()) + len(rows) - len(kept)
    if not len(kept):
        raise ValueError(f"{listing.title} at {listing.root}: no image is left in this split")
    labels = listing.labels[kept]
    trained = labels if given is None else given[kept]
    return FaceSet(
        images=images,
        labels=trained,
        class_names=listing.class_names,
        ids=tuple(listing.ids[row] for row in kept.tolist()),
        source=Source(
            name,
            version + (f", {counted(left_out, 'row')} left out" if left_out else ""),
            content_sha256(images, trained, labels),
            (*listing.notes, *([f"rows that cannot be used and are left out: {left_out:,}"] if left_out else [])),
        ),
        true_labels=None if given is None else labels,
    )


def names_in(folder: Path) -> list[str]:
    """Names of what a folder holds, sorted, without asking the disk about each."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries)


def by_stem(folder: Path) -> dict[str, list[str]]:
    """Name without suffix -> names of the images in a folder; empty where there is no such folder."""
    found: dict[str, list[str]] = {}
    for name in names_in(folder) if os.path.isdir(folder) else ():  # noqa: PTH112 - of a name too long it says no
        if name.lower().endswith(SUFFIXES):
            found.setdefault(Path(name).stem, []).append(name)
    return found


def validation_share(labels: Tensor, fraction: float, seed: int) -> Tensor:
    """Which rows of a training list are set aside for validation: ``round(fraction * n_c)`` of each class c.

    Within a class the rows stand in one random order per seed, so a smaller share is part of a larger one.

    Args:
        labels: int64 ``(N,)``.
        fraction: 0 <= fraction < 1.
        seed: any integer.

    Returns:
        bool ``(N,)``.
    """
    check_fraction(fraction)
    order = counter_rng.uniform(seed, "validation", torch.arange(len(labels)))
    chosen = torch.zeros(len(labels), dtype=torch.bool)
    for c in labels.unique().tolist():
        members = (labels == c).nonzero().flatten()
        chosen[members[order[members].argsort(stable=True)][: round(fraction * len(members))]] = True
    return chosen


def check_fraction(fraction: float, name: str = "val_fraction") -> None:
    """Refuse a share of a split that is no number in 0 <= f < 1."""
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction < 1:
        raise ValueError(f"{name} must be a number in 0 <= f < 1, got {fraction!r}")


def check_choice(dataset: str, **options: tuple[object, tuple]) -> None:
    """Refuse a value that is none of its choices, 8.0 for 8 too: ``option=(value, choices)``."""
    for option, (value, choices) in options.items():
        if not any(type(value) is type(choice) and value == choice for choice in choices):
            raise ValueError(f"{dataset}: {option}={value!r} is unknown; known: {', '.join(map(repr, choices))}")


def part_of(dataset: str, split: str, val_fraction: float) -> tuple[str, str]:
    """(which list, which part of it) a split means where validation is a share of the training list.

    Raises:
        ValueError: unknown split, or ``"val"`` without a share.
    """
    check_choice(dataset, split=(split, ("train", "val", "test", "train+val")))
    check_fraction(val_fraction)
    if split == "test":
        return "test", "all"
    if split == "val" and not val_fraction:
        raise ValueError(
            f"{dataset} has no validation split of its own: val_fraction=0.1 takes a tenth of each class from train"
        )
    return "train", "all" if split == "train+val" or not val_fraction else split


def _refuse(listing: Listing, there: Tensor) -> None:
    """Raise for the first row that cannot be used."""
    start = f"{listing.title} at {listing.root}: "
    if listing.problems:
        more = f" {len(listing.problems):,} such rows." if len(listing.problems) > 1 else ""
        raise ValueError(f"{start}{listing.problems[0]}.{more} {HINT}.")
    if listing.empty_classes():
        raise ValueError(
            f"{start}no image of the class {listing.empty_classes()[0]!r} in this split. Is this a copy with other "
            f"classes, or only a part? {HINT}."
        )
    if not there.all():
        row = int((~there).nonzero()[0])
        raise FileNotFoundError(
            f"{start}{listing.missing(row)}. {int(there.sum()):,} of {len(listing):,} images were found. "
            f"Unpack them again; {HINT}."
        )


def _images(name: str, listing: Listing, rows: list[int], size: int, allow_missing: bool) -> tuple[Tensor, Tensor]:
    """uint8 images of the usable ones among ``rows``, and bool ``(len(rows),)`` which these are."""
    files = [listing.root / listing.ids[row] for row in rows]
    boxes = None if listing.boxes is None else [listing.boxes[row] for row in rows]
    key = {
        "source": name, "files": fingerprint(listing.root, files), "names": [listing.ids[row] for row in rows],
        "boxes": boxes, "size": size,
    }  # fmt: skip
    if boxes is not None:
        key["box"] = "overlaps its picture"
    if allow_missing:  # what was left out once is not in by default
        key["allow_missing"] = True
    usable = torch.ones(len(files), dtype=torch.bool)

    def usable_images() -> Iterator[Tensor]:
        problems = []
        for numbers, images, found in decode_pieces(files, size, boxes, what=f"{listing.title}, {size} px"):
            problems += found
            usable[[number for number, _ in found]] = False
            yield images[usable[numbers.start : numbers.stop]] if found else images
        if problems and not allow_missing:
            number, reason = problems[0]
            raise ValueError(
                f"{listing.title} ({listing.places[rows[number]]}): {reason}. {len(problems):,} of "
                f"{counted(len(files), 'image')} cannot be used. Copy them again; {HINT}."
            )

    found = cached(name, key, lambda: {"images": usable_images(), "usable": usable})
    return found["images"], found["usable"]
