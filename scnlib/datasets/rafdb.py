"""RAF-DB, basic expressions: 15,339 photographs in seven classes, in the layout in which it is handed out.

    EmoLabel/list_patition_label.txt      "train_00001.jpg 5": name and label, 1 to 7 (the spelling is theirs)
    Image/aligned/train_00001_aligned.jpg 100 x 100 px
    Image/original/train_00001.jpg        whole photographs, where asked for

There is no official validation split: ``val_fraction`` takes one from the training list.

Source: Li, Deng, Du, CVPR 2017.
"""

from pathlib import Path

import torch

from scnlib.datasets.faceset import FaceSet
from scnlib.datasets.listing import Listing, by_stem, check_choice, load_listing, part_of
from scnlib.datasets.released import released_labels
from scnlib.words import counted

#: In the order of RAF-DB's own labels 1 to 7.
CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")
LIST = "EmoLabel/list_patition_label.txt"

#: Images of each class in the official list, in the order of ``CLASSES``.
PUBLISHED = {
    "train": (1290, 281, 717, 4772, 1982, 705, 2524),
    "test": (329, 74, 160, 1185, 478, 162, 680),
}


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    size: int = 100,
    images: str = "aligned",
    val_fraction: float = 0.0,
    val_seed: int = 0,
    allow_missing: bool = False,
    label_file: str | None = None,
    label_base: int | None = None,
) -> FaceSet:
    """RAF-DB as a FaceSet.

    Args:
        root: holds ``EmoLabel`` and ``Image``, or a folder ``basic`` that does.
        split: ``"train"`` (without the validation share), ``"val"`` (that share), ``"train+val"`` or ``"test"``.
        size: side of the square images; the official aligned ones have 100 px.
        images: the folder in ``Image``: ``"aligned"``, ``"original"`` (the middle square of the whole photograph: align
            it first if faces are meant) or one of your own with the same names.
        val_fraction, val_seed: which share of each training class is set aside, see ``listing.validation_share``.
        allow_missing: leave out rows and images that cannot be used instead of refusing.
        label_file: noisy training labels that others released, in ``EmoLabel``; the official ones are then
            ``true_labels``. Test labels stay as they are.
        label_base: the number of its first class, 0 or 1; must be given with ``label_file``.

    Returns:
        RGB images ``(N, 3, size, size)`` under the labels of ``CLASSES``.

    Raises:
        FileNotFoundError: a file is missing; the message names it.
        ValueError: an option is unknown, or a row or an image cannot be read.
    """
    part, share = part_of("rafdb", split, val_fraction)
    if (label_file is None) != (label_base is None):
        raise ValueError("rafdb: label_file and label_base belong together: say whether its labels begin at 0 or at 1")
    listing = read_list(root, part, images)
    given = None
    if label_file is not None and part == "train":
        path = listing.root / "EmoLabel" / label_file
        check_choice("rafdb", label_base=(label_base, (0, 1)))
        given = released_labels(path, base=label_base).onto(
            [list_name(name) for name in listing.ids],
            listing.labels,
            len(CLASSES),
            other=[list_name(name) for name in read_list(root, "test", images).ids],
            class_names=CLASSES,
        )
    noise = f", labels of {label_file}" if given is not None else ""
    shared = f", {val_fraction:g} of train as val (seed {val_seed})" if val_fraction and part == "train" else ""
    return load_listing(
        "rafdb",
        listing,
        size=size,
        version=f"basic, Image/{images}, {size} px, {split}{shared}{noise}",
        part=share,
        val_fraction=val_fraction,
        val_seed=val_seed,
        allow_missing=allow_missing,
        given=given,
    )


def list_name(name: str) -> str:
    """How the list calls an image: ``Image/aligned/train_00001_aligned.jpg`` -> ``train_00001``."""
    return Path(name).stem.removesuffix("_aligned")


def read_list(root: Path | str | None, split: str, images: str = "aligned") -> Listing:
    """The rows of the official list of one split, ``"train"`` or ``"test"``.

    Raises:
        FileNotFoundError: there is no such list or folder of images.
        ValueError: no root was given.
    """
    root = _checked_root(root, images)
    on_disk = by_stem(root / "Image" / images)
    rows, problems, seen = [], [], {}
    with (root / LIST).open(encoding="utf-8-sig", errors="replace") as file:
        for line, text in enumerate(file, start=1):
            if not text.strip():
                continue
            row = _parsed(text, seen)
            if isinstance(row, str):
                problems.append(f"{LIST}, line {line}: {row}")
                continue
            name, label = row
            seen[list_name(name)] = line
            if name.startswith(f"{split}_"):
                stem = Path(name).stem
                found = on_disk.get(stem, []) + on_disk.get(f"{stem}_aligned", [])
                if len(found) > 1:
                    problems.append(f"{LIST}, line {line}: {name} may be {' or '.join(found)} in Image/{images}")
                    continue
                usual = f"{stem}_aligned.jpg" if images == "aligned" else name
                rows.append((f"Image/{images}/{found[0] if found else usual}", label, f"{LIST} (line {line})"))
    return Listing(
        "RAF-DB",
        root,
        CLASSES,
        ids=tuple(row[0] for row in rows),
        labels=torch.tensor([row[1] for row in rows], dtype=torch.int64),
        places=tuple(row[2] for row in rows),
        problems=tuple(problems),
    )


def _parsed(text: str, seen: dict[str, int]) -> tuple[str, int] | str:
    """(name, 0-based label) of one line, or what is wrong with it."""
    fields = text.split()
    if len(fields) != 2:
        return f"expected a name and a label, got {counted(len(fields), 'field')}"
    name, label = fields
    if not name.startswith(("train_", "test_")):
        return f"a name begins with train_ or test_, got {name!r}"
    if "/" in name or "\\" in name:
        return f"{name!r} is no name of an image, but of one in a folder"
    if list_name(name) in seen:  # whatever its ending: it would be the same picture
        return f"{name} stands in line {seen[list_name(name)]} already"
    if label not in [str(k) for k in range(1, len(CLASSES) + 1)]:
        why = "; this is no list of RAF-DB, whose labels begin at 1" if label == "0" else ""
        return f"the label must be 1 to 7, got {label!r}{why}"
    return name, int(label) - 1


def _checked_root(root: Path | str | None, images: str) -> Path:
    if root is None:
        raise ValueError("rafdb needs a root: the folder that holds EmoLabel/ and Image/; see data/README.md")
    for folder in (Path(root), Path(root) / "basic"):
        if (folder / LIST).is_file():
            if not (folder / "Image" / images).is_dir():
                raise FileNotFoundError(f"RAF-DB at {folder}: there is no folder Image/{images}; unpack it there")
            return folder
    what = f"it holds no {LIST}" if Path(root).is_dir() else "there is no such folder"
    raise FileNotFoundError(f"RAF-DB at {root}: {what}. data/README.md says how to get RAF-DB and where to put it.")
