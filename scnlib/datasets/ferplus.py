"""FER+: the faces of FER2013 under the votes of ten annotators each (Barsoum et al., ICMI 2016).

Two layouts are read, as people have them:

- the official folders: ``data/FER2013Train/fer0000000.png`` with a ``label.csv`` in each of the three folders;
- Kaggle's ``fer2013.csv`` (pixels as text) beside FER+'s vote table ``fer2013new.csv``, joined row by row.

Facts that matter: votes in ``label.csv`` and in ``fer2013new.csv`` differ for 1,602 images although both are official,
so what was read stands in ``source.version``; image names skip the rows without a face, so they are no row numbers;
four names appear twice in ``fer2013new.csv``, of which the last row counts.
"""

import csv
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.datasets.cache import cached, fingerprint
from scnlib.datasets.decode import open_rgb
from scnlib.datasets.duplicates import NEAR_BITS, NEAR_LIKENESS, near_duplicates
from scnlib.datasets.faceset import FaceSet, Source, content_sha256
from scnlib.datasets.listing import check_choice
from scnlib.tables import read_csv

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
COLUMNS = (*CLASSES, "unknown", "NF")
FER2013_CLASSES = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")  # its labels 0..6
NATIVE_SIZE = 48
MOST_VOTES = 1000  # ours, for one column of one face: what is above is no count of annotators

FOLDERS = {"train": "FER2013Train", "val": "FER2013Valid", "test": "FER2013Test"}
#: Rows of each split as the papers count them, before any vote rule and with those that show no face.
PUBLISHED_BEFORE = {"train": 28709, "val": 3589, "test": 3589}
#: Images that the majority rule keeps, for each of the two official vote tables; label.csv also by class.
PUBLISHED = {
    "label.csv": {"train": 25045, "val": 3191, "test": 3137},
    "fer2013new.csv": {"train": 25057, "val": 3199, "test": 3152},
}
PUBLISHED_CLASSES = (8733, 7284, 3136, 3022, 2098, 116, 536, 120)
USAGES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
VOTES = (None, *PUBLISHED)


@dataclass(frozen=True)
class VoteTable:
    """The votes of one split: ``names[i]`` got ``votes[i]``, int64 ``(N, 10)`` in the order of ``COLUMNS``."""

    names: tuple[str, ...]
    votes: Tensor


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    size: int = NATIVE_SIZE,
    num_classes: int = 8,
    rule: str = "majority",
    votes: str | None = None,
    labels: str = "ferplus",
    twins: bool = True,
) -> FaceSet:
    """FER+ as a FaceSet.

    Args:
        root: holds ``data/`` with the three official folders, or ``fer2013.csv`` and ``fer2013new.csv``.
        split: ``"train"``, ``"val"``, ``"test"`` or ``"train+val"``.
        size: side of the square images; 48 is native, others are resized bilinearly.
        num_classes: 8, or 7 without the images labelled contempt.
        rule: how votes become a label, see ``majority_labels``, ``plurality_labels``, ``vote_distribution``.
        votes: ``"label.csv"`` (the default where the folders are there) or ``"fer2013new.csv"``.
        labels: ``"ferplus"``, or ``"fer2013"`` for the original single label of each image, with the FER+ label as
            ``true_labels``: real label noise with a known answer. Images whose majority is contempt stay; FER2013 has
            no such class, so their labels are wrong by construction. Read from ``fer2013.csv`` by row, else from
            ``fer2013_emotion.csv``, whose rows marked ambiguous are left out.
        twins: whether the images of which a test image is a near-duplicate (``duplicates.near_duplicates``) stay in the
            other splits, where the official lists have them.

    Returns:
        Grey images ``(N, 1, size, size)`` with ``votes`` over the classes and ``other_votes`` (unknown, not a face).

    Raises:
        FileNotFoundError: a file is missing; the message names it.
        ValueError: an option is unknown, or a row of a file cannot be read.
    """
    root = checked_root(root)
    _check_options(split, num_classes, rule, votes, labels)
    has_folders = (root / "data").is_dir()
    votes = votes or ("label.csv" if has_folders else "fer2013new.csv")
    options = (has_folders, size, num_classes, rule, votes, labels)
    version = f"{votes}, {rule}, {num_classes} classes, {size} px, labels of {labels}, {split}"
    faces = _joined([_load_split(root, part, *options) for part in split.split("+")], version)
    if twins or split == "test":
        return faces
    kept = faces.select(~_twins(faces, _load_split(root, "test", *options)))
    return dataclasses.replace(kept, source=dataclasses.replace(kept.source, version=f"{version}, no twins of test"))


def _twins(faces: FaceSet, test: FaceSet) -> Tensor:
    """Which faces are near-duplicates of a test face, bool ``(N,)``; looked for once."""

    def build() -> dict[str, Tensor]:
        pairs = near_duplicates(torch.cat([faces.images, test.images]))
        rows = pairs[(pairs[:, 0] < len(faces)) & (pairs[:, 1] >= len(faces)), 0]
        return {"twin": torch.zeros(len(faces), dtype=torch.uint8).index_fill(0, rows, 1)}

    key = {"twins of": test.source.sha256, "in": faces.source.sha256, "near": [NEAR_BITS, NEAR_LIKENESS]}
    return cached("ferplus", key, build)["twin"].bool()


def count(root: Path | str | None, split: str) -> int:
    """Images of a split that the majority rule keeps, from the vote tables alone; images are not looked at."""
    return int((majority_labels(vote_table(checked_root(root), split).votes) >= 0).sum())


def vote_table(root: Path, split: str) -> VoteTable:
    """The votes on all images of a split: those beside the images where the folders are there, else the one list's."""
    in_folders = (root / "data").is_dir()
    return read_label_csv(root / "data" / FOLDERS[split] / "label.csv") if in_folders else read_vote_table(root, split)


def majority_labels(votes: Tensor) -> Tensor:
    """The emotion that more than half of the votes name, else -1.

    A single vote for a column counts as none. A label is given when the top column has more than half of the sum of
    all ten remaining columns and is one of the eight emotions.

    Args:
        votes: int64 ``(N, 10)`` in the order of ``COLUMNS``.

    Returns:
        int64 ``(N,)``, -1 where there is no majority or it is for "unknown" or "not a face".

    Source: the "majority" mode of FER+ (Barsoum et al. 2016); SCN does not say which rule it used.
    """
    counted = torch.where(votes == 1, 0, votes)
    top, winner = counted.max(1)
    return torch.where((2 * top > counted.sum(1)) & (winner < len(CLASSES)), winner, -1)


def plurality_labels(votes: Tensor) -> Tensor:
    """The most-voted column, ties to the first, as int64 ``(N,)``; -1 where that is "unknown" or "not a face"."""
    top, winner = votes[:, : len(CLASSES)].max(1)
    rejected = votes[:, len(CLASSES) :].max(1).values
    return torch.where(top >= rejected.clamp(min=1), winner, -1)


def vote_distribution(votes: Tensor, num_classes: int = len(CLASSES)) -> Tensor:
    """Votes over the first ``num_classes`` emotions, renormalised to sum to 1: float32 ``(N, num_classes)``."""
    emotions = votes[:, :num_classes].float()
    return emotions / emotions.sum(1, keepdim=True)


def checked_root(root: Path | str | None) -> Path:
    """The root as a path, once it holds one of the two layouts."""
    if root is None:
        raise ValueError("ferplus needs a root: the folder that holds data/ or fer2013.csv; see data/README.md")
    root = Path(root)
    if not (root / "data").is_dir() and not (root / "fer2013.csv").is_file():
        what = "there is no such folder" if not root.is_dir() else "it holds neither data/ nor fer2013.csv"
        raise FileNotFoundError(f"FER+ at {root}: {what}. data/README.md says how to get FER+ and where to put it.")
    return root


def _check_options(split: str, num_classes: int, rule: str, votes: str | None, labels: str) -> None:
    check_choice(
        "ferplus",
        split=(split, ("train", "val", "test", "train+val")),
        num_classes=(num_classes, (8, 7)),
        rule=(rule, ("majority", "plurality", "distribution")),
        votes=(votes, VOTES),
        labels=(labels, ("ferplus", "fer2013")),
    )


def _load_split(
    root: Path, split: str, has_folders: bool, size: int, num_classes: int, rule: str, votes: str, labels: str
) -> FaceSet:
    """One official split; ``load`` documents the options."""
    folder = root / "data" / FOLDERS[split]
    table = read_label_csv(folder / "label.csv") if votes == "label.csv" else read_vote_table(root, split)
    if has_folders:
        names, images = _images_from_folder(root, folder, size)
        prefix = f"data/{FOLDERS[split]}/"
    else:
        names, images = _images_from_csv(root, split, size)
        prefix = ""
    row_of_image = {name: row for row, name in enumerate(names)}
    pictured = torch.tensor([name in row_of_image for name in table.names], dtype=torch.bool)
    label = (majority_labels if rule == "majority" else plurality_labels)(table.votes)
    keep = (label >= 0) & (label < num_classes) & pictured
    original = _fer2013_labels(root, table.names) if labels == "fer2013" else None
    if original is not None:
        keep &= original >= 0
    kept = keep.nonzero().flatten()
    if not len(kept):
        raise ValueError(
            f"FER+ at {root}: none of the {len(table.names):,} faces of {votes} is left in {split}; is it cut off?"
        )
    kept_names = [table.names[i] for i in kept.tolist()]
    kept_votes, kept_label = table.votes[kept], label[kept]
    kept_images = images[torch.tensor([row_of_image[name] for name in kept_names], dtype=torch.int64)]
    given = kept_label if original is None else original[kept]
    return FaceSet(
        images=kept_images,
        labels=given,
        class_names=CLASSES[:num_classes],
        ids=tuple(prefix + name for name in kept_names),
        source=Source("ferplus", split, content_sha256(kept_images, given, kept_label, kept_votes)),
        votes=kept_votes[:, :num_classes],
        other_votes=kept_votes[:, len(CLASSES) :],
        targets=vote_distribution(kept_votes, num_classes) if rule == "distribution" else None,
        true_labels=None if original is None else kept_label,
    )


def _joined(parts: list[FaceSet], version: str) -> FaceSet:
    """Splits one after the other, under one version."""
    first = parts[0]
    digest = content_sha256(*(torch.tensor(list(bytes.fromhex(part.source.sha256))) for part in parts))
    source = Source(first.source.name, version, first.source.sha256 if len(parts) == 1 else digest)

    def column(name: str) -> Tensor | None:
        return None if getattr(first, name) is None else torch.cat([getattr(part, name) for part in parts])

    columns = ("images", "labels", "votes", "other_votes", "targets", "true_labels")
    return dataclasses.replace(
        first,
        **{name: column(name) for name in columns},
        ids=tuple(name for part in parts for name in part.ids),
        source=source,
    )


def read_label_csv(path: Path) -> VoteTable:
    """The votes in the ``label.csv`` of one folder: name, box, ten votes on each line; no header."""
    if not path.is_file():
        raise FileNotFoundError(f"FER+: {path} is missing. It comes with FER+ beside the images; see data/README.md.")
    lines, votes = {}, []
    for line, row in _lines(path):
        if len(row) != 2 + len(COLUMNS):
            raise ValueError(f"{path}, line {line}: expected a name, a box and 10 votes, got {len(row)} fields")
        votes.append(_vote_row(row[2:], path, line))
        if row[0] in lines:
            raise ValueError(f"{path}, line {line}: {row[0]} stands in line {lines[row[0]]} already")
        lines[row[0]] = line
    return VoteTable(tuple(lines), torch.tensor(votes, dtype=torch.int64).view(-1, len(COLUMNS)))


def read_vote_table(root: Path, split: str) -> VoteTable:
    """The votes of one split in ``fer2013new.csv``; rows without an image name are not faces and are left out."""
    path = root / "fer2013new.csv"
    by_name = {}
    for line, row in _rows_of(path, ("Usage", "Image name", *COLUMNS)):
        if row["Usage"] == USAGES[split] and row["Image name"]:
            by_name.pop(row["Image name"], None)  # of a name that appears twice the last row counts
            by_name[row["Image name"]] = _vote_row([row[column] for column in COLUMNS], path, line)
    return VoteTable(tuple(by_name), torch.tensor(list(by_name.values()), dtype=torch.int64).view(-1, len(COLUMNS)))


def _rows_of(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV with a header, each with its line number, once the columns are known to be there."""
    if not path.is_file():
        raise FileNotFoundError(f"FER+: {path} is missing. data/README.md says where each table comes from.")
    rows = _lines(path)
    _, header = next(rows, (1, []))
    missing = [column for column in columns if column not in header]
    if missing:
        raise ValueError(f"{path}: the header lacks {', '.join(missing)}; it reads {header}")
    found = []
    for line, row in rows:
        if len(row) != len(header):
            raise ValueError(f"{path}, line {line}: expected {len(header)} fields, got {len(row)}")
        found.append((line, dict(zip(header, row, strict=True))))
    return found


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number and fields of each line that is not empty."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        try:
            for row in lines:
                if row:
                    yield lines.line_num, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise ValueError(f"{path}, after line {lines.line_num}: no CSV in UTF-8 ({error})") from None


def _vote_row(fields: list[str], path: Path, line: int) -> list[int]:
    try:
        votes = [int(field) for field in fields]
    except (TypeError, ValueError):
        raise ValueError(f"{path}, line {line}: votes must be 10 whole numbers, got {fields}") from None
    if min(votes) < 0:
        raise ValueError(f"{path}, line {line}: votes cannot be negative, got {votes}")
    if max(votes) > MOST_VOTES:
        raise ValueError(f"{path}, line {line}: {max(votes):,} votes of one kind are more than anybody counted")
    return votes


def _images_from_folder(root: Path, folder: Path, size: int) -> tuple[list[str], Tensor]:
    """All images that the folder's ``label.csv`` names, grey uint8 ``(N, 1, size, size)``."""
    names = read_label_csv(folder / "label.csv").names
    present = {file.name for file in folder.iterdir()}
    missing = [(line, name) for line, name in enumerate(names, start=1) if name not in present]
    if missing:
        line, name = missing[0]
        raise FileNotFoundError(
            f"FER+ at {root}: {(folder / name).relative_to(root)} is named in label.csv (line {line}) but is not "
            f"there. {len(names) - len(missing):,} of {len(names):,} images were found. Copy or generate it again."
        )
    files = [folder / name for name in names]
    key = {"source": "ferplus folder", "files": fingerprint(root, files), "names": names, "size": size}
    images = cached("ferplus", key, lambda: {"images": _resized(_decoded(files), size)})["images"]
    return list(names), images


def image_problem(file: Path) -> list[str]:
    """What is wrong with an image of the official folders: one sentence, or none."""
    try:
        _decoded([file])
    except ValueError as error:
        return [str(error)]
    return []


def _decoded(files: list[Path]) -> Tensor:
    images = np.empty((len(files), 1, NATIVE_SIZE, NATIVE_SIZE), np.uint8)
    for row, file in enumerate(files):
        try:
            image = open_rgb(file)
        except ValueError as error:
            raise ValueError(f"{error}; copy or generate it again") from None
        if image.size != (NATIVE_SIZE, NATIVE_SIZE):
            raise ValueError(f"{file} is {image.size[0]} x {image.size[1]} px, FER+ images are 48 x 48")
        images[row, 0] = np.asarray(image.convert("L"))
    return torch.from_numpy(images)


def _images_from_csv(root: Path, split: str, size: int) -> tuple[list[str], Tensor]:
    """The images of one split in ``fer2013.csv``, named by the rows of ``fer2013new.csv``."""
    pixel_file, name_file = root / "fer2013.csv", root / "fer2013new.csv"
    rows = _rows_of(name_file, ("Usage", "Image name", *COLUMNS))
    row_of_name = {row["Image name"]: i for i, (_, row) in enumerate(rows) if row["Usage"] == USAGES[split]}
    row_of_name.pop("", None)
    key = {"source": "fer2013.csv", "files": fingerprint(root, [pixel_file, name_file]), "size": size, "split": split}

    def build() -> dict[str, Tensor]:
        table = _read_fer2013(pixel_file, "pixels", "Usage")
        if len(table) != len(rows):
            raise ValueError(
                f"{pixel_file} has {len(table):,} rows and {name_file.name} {len(rows):,}. They are joined row by row, "
                "so both must be complete and in their original order."
            )
        for i, (line, row) in enumerate(rows):
            if table["Usage"].iat[i] != row["Usage"]:
                raise ValueError(
                    f"{pixel_file}, line {line}: Usage is {table['Usage'].iat[i]}, in {name_file.name} it is "
                    f"{row['Usage']}. The two files do not belong together or were reordered."
                )
        images = _parsed_pixels(table["pixels"], list(row_of_name.values()), pixel_file)
        return {"images": _resized(images, size)}

    return list(row_of_name), cached("ferplus", key, build)["images"]


def _read_fer2013(path: Path, *columns: str) -> pd.DataFrame:
    """Columns of Kaggle's file as text; there are copies with blanks in the header."""
    header = [str(name).strip() for name in read_csv(path, nrows=0).columns]
    missing = [column for column in columns if column not in header]
    if missing:
        raise ValueError(f"{path}: the header lacks {', '.join(missing)}; it reads {header}")
    return read_csv(path, dtype=str, usecols=lambda name: name.strip() in columns).rename(columns=str.strip)


def _parsed_pixels(texts: pd.Series, rows: list[int], path: Path) -> Tensor:
    images = np.empty((len(rows), 1, NATIVE_SIZE, NATIVE_SIZE), np.uint8)
    for k, row in enumerate(rows):
        try:
            pixels = np.array(str(texts.iat[row]).split(), dtype=np.int64)
            if pixels.size != NATIVE_SIZE**2 or pixels.min() < 0 or pixels.max() > 255:
                raise ValueError
        except (ValueError, OverflowError):
            raise ValueError(f"{path}, line {row + 2}: expected 2304 numbers from 0 to 255 in pixels") from None
        images[k, 0] = pixels.reshape(NATIVE_SIZE, NATIVE_SIZE)
    return torch.from_numpy(images)


def _resized(images: Tensor, size: int) -> Tensor:
    if size == NATIVE_SIZE:
        return images
    resized = torch.empty(len(images), 1, size, size, dtype=torch.uint8)
    for few, place in zip(images.split(512), resized.split(512), strict=True):  # as floats, all would take 16 GiB
        pixels = F.interpolate(few.float(), size=(size, size), mode="bilinear", antialias=True)
        place.copy_(pixels.round_().clamp_(0, 255))
    return resized


def _fer2013_labels(root: Path, names: tuple[str, ...]) -> Tensor:
    """The original FER2013 label of each name, as an index into ``CLASSES``; -1 where it is not known for sure."""
    if (root / "fer2013.csv").is_file():
        emotions = _read_fer2013(root / "fer2013.csv", "emotion")["emotion"]
        named = _rows_of(root / "fer2013new.csv", ("Image name",))
        if len(named) != len(emotions):
            raise ValueError(f"{root}: fer2013.csv has {len(emotions):,} rows and fer2013new.csv {len(named):,}")
        label_of = {
            row["Image name"]: _fer2013_class(emotion, root / "fer2013.csv", line)
            for (line, row), emotion in zip(named, emotions, strict=True)
        }
    elif (root / "fer2013_emotion.csv").is_file():
        path = root / "fer2013_emotion.csv"
        label_of = {
            row["Image name"]: -1 if row["ambiguous"] == "1" else _fer2013_class(row["emotion"], path, line)
            for line, row in _rows_of(path, ("Image name", "emotion", "ambiguous"))
        }
    else:
        raise FileNotFoundError(
            f"FER+ at {root}: labels='fer2013' needs fer2013.csv (Kaggle) or fer2013_emotion.csv beside the images."
        )
    return torch.tensor([label_of.get(name, -1) for name in names], dtype=torch.int64)


def _fer2013_class(emotion: object, path: Path, line: int) -> int:
    try:
        return CLASSES.index(FER2013_CLASSES[[str(k) for k in range(7)].index(str(emotion).strip())])
    except ValueError:
        raise ValueError(f"{path}, line {line}: emotion must be 0 to 6, got {emotion!r}") from None
