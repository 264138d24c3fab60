"""WebEmotion as this project makes it: faces that carry the class of the word by which their video was found.

SCN's dataset was announced and never released. ``webemotion_plan`` says what to search for, ``webemotion_build`` makes
faces of the videos, and this reads what it wrote:

    ROOT/videos.csv          a row for every video: ok, no face, too short, too long or unreadable, and why
    ROOT/clips.csv           a row for every clip: from when to when, how many faces
    ROOT/faces.csv           a row for every face; ``copy_of`` names the face that it repeats
    ROOT/faces/<class>/...   the faces

Source: SCN, section 4.1.
"""

from pathlib import Path

import pandas as pd
import torch

from scnlib import counter_rng
from scnlib.datasets.faceset import FaceSet
from scnlib.datasets.listing import Listing, check_choice, check_fraction, load_listing
from scnlib.faces.action_units import CLASSES
from scnlib.tables import read_csv
from scnlib.words import counted

OK, NO_FACE, TOO_SHORT, TOO_LONG, UNREADABLE = "ok", "no face", "too short", "too long", "unreadable"
STATUSES = (OK, NO_FACE, TOO_SHORT, TOO_LONG, UNREADABLE)

VIDEOS, CLIPS, FACES = "videos.csv", "clips.csv", "faces.csv"
COLUMNS = {
    VIDEOS: ("id", "file", "keyword", "class", "status", "reason", "seconds", "frames", "frames_with_face", "clips"),
    CLIPS: ("clip", "file", "keyword", "class", "begin", "end", "seconds", "frames_with_face", "faces"),
    FACES: ("face", "clip", "class", "time", "copy_of"),
}


def read_table(root: Path | str, name: str) -> pd.DataFrame:
    """``videos.csv``, ``clips.csv`` or ``faces.csv`` of a finished folder; empty cells are empty text or NaN.

    Raises:
        FileNotFoundError: ``build`` has not finished there.
        ValueError: columns are missing.
    """
    path = Path(root) / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there: `scn webemotion build IN {root}` writes it")
    table = read_csv(path, numbers=("faces",), dtype=dict.fromkeys(("id", "clip", "file", "face"), str))
    missing = [column for column in COLUMNS[name] if column not in table]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]}; `scn webemotion build` writes it again")
    words = [column for column in ("status", "reason", "copy_of") if column in table]
    return table.assign(**{column: table[column].astype(object).where(table[column].notna(), "") for column in words})


def statistics(root: Path | str) -> pd.DataFrame:
    """Table 1: videos, clips and frames of each class that are left to train on, and of all.

    A clip of which every face repeats an earlier one does not count, and a video without any other clip neither.

    Returns:
        Columns ``class``, ``videos``, ``clips``, ``frames``; the last row is "all".

    Source: SCN, table 1, whose numbers are legible in none of our sources.
    """
    kept = read_table(root, CLIPS).query("faces > 0")
    by_class = kept.groupby("class")
    counted = pd.DataFrame(
        {"videos": by_class["file"].nunique(), "clips": by_class.size(), "frames": by_class["faces"].sum()}
    ).reindex(CLASSES, fill_value=0)
    counted.loc["all"] = counted.sum()
    return counted.astype(int).rename_axis("class").reset_index()


def summary(root: Path | str) -> str:
    """How many videos ended how, in one line, and table 1."""
    counts = read_table(root, VIDEOS)["status"].value_counts()
    parts = ", ".join(f"{counts.get(status, 0):,} {status}" for status in STATUSES)
    return f"{counted(counts.sum(), 'video')}: {parts}\n\n{statistics(root).to_string(index=False)}"


def load(
    root: Path | str | None,
    split: str = "train",
    *,
    size: int = 112,
    test_fraction: float = 0.1,
    test_seed: int = 0,
    allow_missing: bool = False,
) -> FaceSet:
    """What ``build`` made, as a FaceSet: FER+'s eight classes, each face labelled by the keyword of its video.

    Nobody knows what the faces show. ``"test"`` is therefore no measure of recognising expressions: it holds the faces
    of ``test_fraction`` of the videos of each class (at least one of two), under their keywords, too.

    Args:
        root: OUT of ``build``.
        split: ``"train"`` or ``"test"``; all faces: ``test_fraction=0``.
        size: side of the square images.
        test_fraction, test_seed: which videos are set aside; whole videos, since frames of one video are alike.
        allow_missing: leave out faces that cannot be read, and accept classes without any, instead of refusing.

    Returns:
        RGB images ``(N, 3, size, size)``.

    Raises:
        FileNotFoundError: the folder was not made by ``build``, or a face is missing.
        ValueError: a class has no face, or a face cannot be read.
    """
    check_choice("webemotion", split=(split, ("train", "test")))
    listing = read_list(root, split, test_fraction, test_seed)
    aside = f", {test_fraction:g} of the videos for testing (seed {test_seed})" if test_fraction else ""
    version = f"keywords as labels, {size} px, {split}{aside}"
    return load_listing("webemotion", listing, size=size, version=version, allow_missing=allow_missing)


def read_list(root: Path | str | None, split: str, test_fraction: float = 0.1, test_seed: int = 0) -> Listing:
    """The faces of one split, without copies, in the order of ``faces.csv``."""
    if root is None:
        raise ValueError("webemotion needs a root: the folder that `scn webemotion build` wrote")
    check_fraction(test_fraction, "test_fraction")
    faces = read_table(root, FACES)
    _refuse_rows(Path(root) / FACES, faces)
    video = faces["clip"].str.partition("-")[0]
    aside = video.isin(_test_videos(video, faces["class"], test_fraction, test_seed))
    kept = faces[(faces["copy_of"] == "") & (aside == (split == "test"))]
    copies = int((faces["copy_of"] != "").sum())
    return Listing(
        "WebEmotion",
        Path(root),
        CLASSES,
        ids=tuple(kept["face"]),
        labels=torch.tensor([CLASSES.index(name) for name in kept["class"]], dtype=torch.int64),
        places=tuple(f"{FACES}, row {row + 2}" for row in kept.index),
        notes=(f"{counted(copies, 'face')} not used: a repetition of others",) if copies else (),
    )


def _refuse_rows(path: Path, faces: pd.DataFrame) -> None:
    """Raise for the first row that ``build`` did not write."""
    wrong = {
        "class": (~faces["class"].isin(CLASSES), "is no class"),
        "face": (~faces["face"].astype(str).str.fullmatch(r"faces/\w+/[\w-]+\.jpg"), "is no file in faces/"),
        "clip": (~faces["clip"].astype(str).str.fullmatch(r"[0-9a-f]{12}-\d+"), "is no clip"),
    }
    for column, (rows, words) in wrong.items():
        if rows.any():
            row = faces.index[rows][0]
            raise ValueError(f"{path}, row {row + 2}: {faces[column][row]!r} {words}")
    again = faces.index[faces["face"].duplicated()]
    if len(again):
        raise ValueError(f"{path}, row {again[0] + 2}: {faces['face'][again[0]]} stands above already")


def _test_videos(video: pd.Series, class_name: pd.Series, fraction: float, seed: int) -> set[str]:
    """Of each class ``round(fraction * n)`` videos, at least one where there are two, by each video's own number."""
    chosen: set[str] = set()
    if not fraction:
        return chosen
    for _, mine in video.groupby(class_name):
        names = sorted(mine.unique())
        keys = counter_rng.uniform(seed, "webemotion test", torch.tensor([int(name, 16) for name in names]))
        count = max(round(fraction * len(names)), int(len(names) > 1))
        chosen |= {names[row] for row in keys.argsort(stable=True)[:count].tolist()}
    return chosen
