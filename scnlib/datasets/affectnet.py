"""AffectNet, in both releases; the official validation set is the test set of SCN and LRN, and so it is here.

``csv``, the release of 2017: whole photographs and lists with the face's box,

    Manually_Annotated_file_lists/training.csv, validation.csv
    Manually_Annotated_Images/1/0123abc.jpg

``npy``, the release of 2021: faces cut out at 224 x 224 px, a file for each label,

    train_set/images/0.jpg, train_set/annotations/0_exp.npy        likewise val_set

File names differ between the two, so one cannot be matched to the other. The metric is mean class accuracy.

Source: Mollahosseini, Hasani, Mahoor, IEEE TAC 2019 (arXiv 2017).
"""

from pathlib import Path, PurePosixPath

import numpy as np
import torch

from scnlib.datasets.cache import cached, fingerprint
from scnlib.datasets.decode import SUFFIXES, Box
from scnlib.datasets.faceset import FaceSet
from scnlib.datasets.listing import Listing, by_stem, check_choice, load_listing, names_in, part_of
from scnlib.words import counted

#: In the order of AffectNet's labels 0 to 7; 8 to 10 are no expression, uncertain and no face.
CLASSES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
NOT_A_CLASS = {8: "none", 9: "uncertain", 10: "no face"}
RELEASES = ("csv", "npy")

#: Images of each class; None where no source that we could check states it.
PUBLISHED = {
    "train": (74874, 134415, 25459, 14090, 6378, 3803, 24882, None),
    "test": (500, 500, 500, 500, 500, 500, 500, 500),
}
#: The 2021 release has one image less in its validation set; of which class is not stated.
PUBLISHED_TEST_TOTAL = {"csv": 4000, "npy": 3999}

LISTS = ("Manually_Annotated_file_lists", "Manually_Annotated/Manually_Annotated_file_lists", ".")
IMAGES = ("Manually_Annotated_Images", "Manually_Annotated/Manually_Annotated_Images")
COLUMNS = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height", "facial_landmarks", "expression",
    "valence", "arousal",
)  # fmt: skip
_CSV = {"train": "training.csv", "test": "validation.csv"}
_SET = {"train": "train_set", "test": "val_set"}


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    size: int = 112,
    num_classes: int = 8,
    release: str | None = None,
    images: str | None = None,
    crop: bool | None = None,
    val_fraction: float = 0.0,
    val_seed: int = 0,
    allow_missing: bool = False,
) -> FaceSet:
    """AffectNet's manually annotated part as a FaceSet.

    Args:
        root: holds one of the two layouts above.
        split: ``"train"`` (without the validation share), ``"val"`` (that share), ``"train+val"``, or ``"test"``: the
            official validation set.
        size: side of the square images.
        num_classes: 8, or 7 without contempt.
        release: ``"csv"`` or ``"npy"``; None finds out.
        images: ``csv`` only: the folder of images below the root, if it is another one, for example of aligned faces.
        crop: ``csv`` only: cut out a square around the list's face box first. None does so unless ``images`` names
            another folder, whose pictures the boxes may not belong to.
        val_fraction, val_seed: which share of each training class is set aside, see ``listing.validation_share``.
        allow_missing: leave out rows and images that cannot be used instead of refusing.

    Returns:
        RGB images ``(N, 3, size, size)`` under the labels of ``CLASSES``. Rows without one of the classes are left out.

    Raises:
        FileNotFoundError: a file is missing; the message names it.
        ValueError: an option is unknown, both releases are there, or a row or an image cannot be read.
    """
    part, share = part_of("affectnet", split, val_fraction)
    check_choice("affectnet", num_classes=(num_classes, (8, 7)), release=(release, (None, *RELEASES)))
    release = release or detect_release(root)
    listing = read_list(root, part, release, num_classes, images, crop)
    shared = f", {val_fraction:g} of train as val (seed {val_seed})" if val_fraction and part == "train" else ""
    boxes = ", cut to the face box" if listing.boxes is not None else ""
    return load_listing(
        "affectnet",
        listing,
        size=size,
        version=f"{release} release, {num_classes} classes, {size} px{boxes}, {split}{shared}",
        part=share,
        val_fraction=val_fraction,
        val_seed=val_seed,
        allow_missing=allow_missing,
    )


def detect_release(root: Path | str | None) -> str:
    """Which of ``RELEASES`` lies at ``root``.

    Raises:
        FileNotFoundError: none does.
        ValueError: no root was given, or both do.
    """
    if root is None:
        raise ValueError("affectnet needs a root: the folder of train_set/ or of the file lists; see data/README.md")
    root = Path(root)
    found = [
        release
        for release, there in (
            ("csv", any((root / place / _CSV["train"]).is_file() for place in LISTS)),
            ("npy", (root / "train_set" / "annotations").is_dir()),
        )
        if there
    ]
    if len(found) == 2:
        raise ValueError(f"AffectNet at {root}: both releases are there; say release='csv' or release='npy'")
    if not found:
        what = "it holds neither train_set/annotations nor training.csv" if root.is_dir() else "there is no such folder"
        raise FileNotFoundError(f"AffectNet at {root}: {what}. data/README.md says how to get AffectNet.")
    return found[0]


def read_list(
    root: Path | str,
    split: str,
    release: str,
    num_classes: int = 8,
    images: str | None = None,
    crop: bool | None = None,
) -> Listing:
    """The rows of one official split, ``"train"`` or ``"test"``, that carry one of the classes."""
    crop = images is None if crop is None else crop
    if release == "csv":
        return _read_csv(Path(root), split, num_classes, images, crop)
    if images is not None:
        raise ValueError("affectnet: images= names the folder of the csv release; the npy release has its own")
    return _read_npy(Path(root), split, num_classes)


def _read_csv(root: Path, split: str, num_classes: int, images: str | None, crop: bool) -> Listing:
    path = next((root / place / _CSV[split] for place in LISTS if (root / place / _CSV[split]).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"AffectNet at {root}: {_CSV[split]} is missing; it comes with the file lists")
    folder = images or next((name for name in IMAGES if (root / name).is_dir()), None)
    if folder is None or not (root / folder).is_dir():
        raise FileNotFoundError(f"AffectNet at {root}: there is no folder {folder or IMAGES[0]}; unpack it there")
    title = path.relative_to(root).as_posix()
    rows, problems, left_out, seen, shown = [], [], {}, {}, {}
    on_disk: dict[str, dict[str, list[str]]] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line, text in enumerate(file, start=1):
            fields = [field.strip().strip('"') for field in text.split(",")]  # a stray quote spoils its own row only
            if not text.strip() or (line == 1 and fields[0] == COLUMNS[0]):
                continue
            row = _parsed(fields, crop)
            if isinstance(row, str):
                problems.append(f"{title}, line {line}: {row}")
            elif row[1] >= num_classes:
                left_out[row[1]] = left_out.get(row[1], 0) + 1
            elif row[0] in seen:
                problems.append(f"{title}, line {line}: {row[0]} stands in line {seen[row[0]]} already")
            else:
                seen[row[0]] = line
                place = f"{folder}/{row[0]}".rpartition("/")[0]
                if place not in on_disk:
                    on_disk[place] = by_stem(root / place)
                name = Path(row[0]).name
                names = _files_of(name, on_disk[place])
                if len(names) > 1:
                    problems.append(f"{title}, line {line}: {row[0]} may be {' or '.join(names)} in {place}")
                    continue
                image = f"{place}/{names[0] if names else name}"
                if image in shown:
                    problems.append(f"{title}, line {line}: {row[0]} is {image}, which line {shown[image]} has already")
                    continue
                shown[image] = line
                rows.append((image, row[1], f"{title} (line {line})", row[2]))
    return Listing(
        "AffectNet",
        root,
        CLASSES[:num_classes],
        ids=tuple(row[0] for row in rows),
        labels=torch.tensor([row[1] for row in rows], dtype=torch.int64),
        places=tuple(row[2] for row in rows),
        boxes=tuple(row[3] for row in rows) if crop else None,
        problems=tuple(problems),
        notes=_notes(left_out),
    )


def _files_of(name: str, stems: dict[str, list[str]]) -> list[str]:
    """The files that a name in the list may mean: itself, else those with its stem (``scn align`` writes .png)."""
    same = stems.get(Path(name).stem, [])
    return [name] if name in same else same or stems.get(name, [])


def _parsed(fields: list[str], crop: bool) -> tuple[str, int, Box | None] | str:
    """(path, label, box) of one row, or what is wrong with it."""
    if len(fields) != len(COLUMNS):
        return f"expected {len(COLUMNS)} fields, got {len(fields)}"
    row = dict(zip(COLUMNS, fields, strict=True))
    name = PurePosixPath(row["subDirectory_filePath"].replace("\\", "/")).as_posix()  # one spelling: a//b is a/b
    if not name.lower().endswith(SUFFIXES) or ".." in name.split("/"):
        return f"{name!r} is no name of an image"
    if row["expression"] not in [str(k) for k in range(11)]:
        return f"expression must be 0 to 10, got {row['expression']!r}"
    label = int(row["expression"])
    if not crop or label in NOT_A_CLASS:  # rows without a face have no box
        return name, label, None
    try:
        x, y, width, height = (int(float(row[column])) for column in COLUMNS[1:5])
    except (ValueError, OverflowError):  # inf has no whole number
        return f"the face box must be four numbers, got {[row[column] for column in COLUMNS[1:5]]}"
    if width <= 0 or height <= 0:
        return f"the face box is {width} x {height} px"
    side = max(width, height)
    left, top = x + (width - side) // 2, y + (height - side) // 2
    return name, label, (left, top, left + side, top + side)


def _read_npy(root: Path, split: str, num_classes: int) -> Listing:
    annotations, images = root / _SET[split] / "annotations", root / _SET[split] / "images"
    for folder in (annotations, images):
        if not folder.is_dir():
            raise FileNotFoundError(f"AffectNet at {root}: there is no folder {folder.relative_to(root)}")
    names = sorted((name for name in names_in(annotations) if name.endswith("_exp.npy")), key=_number_first)
    files = [annotations / name for name in names]
    key = {"source": "affectnet exp.npy, whole numbers", "files": fingerprint(root, files)}
    codes = cached("affectnet-labels", key, lambda: {"codes": _codes(files)})["codes"].tolist()
    on_disk = by_stem(images)
    rows, problems, left_out = [], [], {}
    for name, code in zip(names, codes, strict=True):
        place = f"{_SET[split]}/annotations/{name}"
        if code < 0:
            problems.append(f"{place}: holds no whole number from 0 to 10")
        elif code >= num_classes:
            left_out[code] = left_out.get(code, 0) + 1
        else:
            stem = name.removesuffix("_exp.npy")
            found = on_disk.get(stem, [stem + ".jpg"])
            if len(found) > 1:
                problems.append(f"{place}: its image may be {' or '.join(found)} in {_SET[split]}/images")
            else:
                rows.append((f"{_SET[split]}/images/{found[0]}", code, place))
    labelled = {name.removesuffix("_exp.npy") for name in names}
    alone = [name for stem, found in on_disk.items() if stem not in labelled for name in found]
    problems += [f"{_SET[split]}/images/{name}: has no annotation" for name in alone]
    return Listing(
        "AffectNet",
        root,
        CLASSES[:num_classes],
        ids=tuple(row[0] for row in rows),
        labels=torch.tensor([row[1] for row in rows], dtype=torch.int64),
        places=tuple(row[2] for row in rows),
        problems=tuple(problems),
        notes=_notes(left_out),
    )


def _codes(files: list[Path]) -> torch.Tensor:
    """The label in each file, -1 where it holds none. Never a pickle: such a file is no label."""
    codes = torch.full((len(files),), -1, dtype=torch.int64)
    for row, file in enumerate(files):
        try:
            with file.open("rb") as opened:  # numpy leaves a broken archive open
                value = np.load(opened, allow_pickle=False).item()
            number = float(value)
        except Exception:  # a file that is no array, an archive of some, or a value that is no number
            continue
        if not isinstance(value, bool) and number in range(11):
            codes[row] = int(number)
    return codes


def _number_first(name: str) -> tuple[int, str]:
    stem = name.removesuffix("_exp.npy")
    return (int(stem), name) if stem.isdecimal() else (1 << 62, name)


def _notes(left_out: dict[int, int]) -> tuple[str, ...]:
    words = dict(enumerate(CLASSES)) | NOT_A_CLASS
    return tuple(
        f"{counted(left_out[code], 'row')} of class {code} ({words[code]}) not used" for code in sorted(left_out)
    )
