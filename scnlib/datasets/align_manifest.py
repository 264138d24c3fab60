"""What ``scn align`` remembers: a row for every picture, the settings, and which pictures are done."""

import csv
import dataclasses
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from scnlib.datasets.face_crops import Settings
from scnlib.errors import ScnError
from scnlib.files import leads_out, named, whole, write
from scnlib.words import counted

FOUND, SEVERAL, NO_FACE, UNREADABLE = "found", "several", "no face", "unreadable"
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
BOX = ("left", "top", "right", "bottom")
COLUMNS = (
    "file", "bytes", "modified_ns", "status", "reason", "width", "height", "faces", "face", "output", "probability",
    *BOX, *(f"{point}_{axis}" for point in POINTS for axis in "xy"),
)  # fmt: skip
MANIFEST, JOURNAL, SETTINGS, LOCK = "manifest.csv", "manifest.partial.csv", "align.json", "align.lock"


def read_manifest(target: Path | str) -> pd.DataFrame:
    """The manifest of a finished folder."""
    return pd.read_csv(Path(target) / MANIFEST, encoding_errors="surrogateescape", keep_default_na=True)


def summary(manifest: pd.DataFrame) -> str:
    """How many pictures ended how, in one line."""
    counts = Counter(manifest.drop_duplicates("file")["status"])
    parts = [f"{counts[status]:,} {status}" for status in (FOUND, SEVERAL, NO_FACE, UNREADABLE)]
    written = counted(manifest["output"].notna().sum(), "face")
    return f"{counted(sum(counts.values()), 'picture')}: {', '.join(parts)}; {written} written"


def claim(target: Path) -> None:
    """Make the folder; refuse one that somebody else filled."""
    if target.exists() and not target.is_dir():
        raise ScnError(f"{target} is a file; choose an empty folder")
    target.mkdir(parents=True, exist_ok=True)
    ours = {LOCK, SETTINGS + ".unfinished"}
    others = {path.name for path in target.iterdir() if not path.name.startswith(".")} - ours
    if others and SETTINGS not in others:
        raise ScnError(f"{target} holds files that are not from `scn align` ({min(others)}); choose an empty folder")


def check_settings(path: Path, settings: object, command: str) -> None:
    """Note the settings, a dataclass, in a new folder's file; refuse others in an old one.

    Args:
        command: that writes them, for the message: ``"scn align"``.
    """
    now = dataclasses.asdict(settings)
    if path.is_file():
        try:
            before = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            before = None
        if not isinstance(before, dict):
            raise ScnError(f"{path} does not hold the settings that `{command}` wrote; choose another OUT")
        for name, value in now.items():
            if before.get(name) != value:
                raise ValueError(
                    f"{path.parent} was made with {name}={before.get(name)}, now it is {value}. "
                    "Choose another OUT; nothing was changed."
                )
        return
    write(path, json.dumps(now, indent=1) + "\n")


def output_names(files: list[str]) -> dict[str, str]:
    """Where each picture's crop goes, but for its ending: the picture's path, without ``.jpg`` where that is clear."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(file.rpartition("/")[0], []).append(file)
    names = {}
    for members in folders.values():
        stems = [Path(file).with_suffix("").as_posix() for file in members]
        unique = len({stem.casefold() for stem in stems}) == len(stems)
        names |= zip(members, stems if unique else members, strict=True)
    return names


def face_name(output: str, face: int, settings: Settings) -> str:
    """The relative path of one crop."""
    return f"{output}.face{face}.{settings.format}" if settings.faces == "every" else f"{output}.{settings.format}"


def stamp(path: Path) -> dict[str, str]:
    """What changes when a file does."""
    try:
        stat = path.stat()
    except OSError:  # a link that leads nowhere; reading it says so
        return {"bytes": "", "modified_ns": ""}
    return {"bytes": str(stat.st_size), "modified_ns": str(stat.st_mtime_ns)}


def rows_before(target: Path, settings: Settings) -> dict[str, list[dict]]:
    """The whole rows that earlier calls left, by picture."""
    rows: dict[str, list[dict]] = {}
    for name in (MANIFEST, JOURNAL):
        path = target / name
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.readlines()
        if lines and not lines[-1].endswith("\n"):  # a killed process was writing it
            lines.pop()
        if name == MANIFEST and [*csv.reader(lines[:1])] != [list(COLUMNS)]:
            raise ScnError(
                f"{path} does not have the columns that `scn align` wrote; put them back, or delete the file"
            )
        here: dict[str, list[dict]] = {}
        for row in _rows_of(path, lines):
            if None in row:
                raise ScnError(f"{path}: the row of {row['file']} has more than {len(COLUMNS)} fields; delete that row")
            if leads_out(row["output"] or ""):  # what is there may be deleted
                raise ScnError(f"{path}: the face of {row['file']} is said to lie at {row['output']}; delete that row")
            if row["file"] == "file" or row[COLUMNS[-1]] is None:
                continue
            if not row["faces"].isdecimal() or (row["output"] and not row["face"].isdecimal()):
                raise ScnError(f"{path}: the row of {row['file']} does not say which face of how many; delete that row")
            here.setdefault(row["file"], []).append(row)
        rows |= here
    every = settings.faces == "every"
    return {file: mine for file, mine in rows.items() if len(mine) == (max(1, int(mine[0]["faces"])) if every else 1)}


def _rows_of(path: Path, lines: list[str]) -> Iterator[dict]:
    rows = csv.DictReader(lines, COLUMNS)
    try:
        yield from rows
    except csv.Error as error:
        raise ScnError(f"{path}, after line {rows.line_num}: {error}; put the file back, or delete it") from None


def is_done(target: Path, rows: list[dict] | None, stamp: dict[str, str], output: str, settings: Settings) -> bool:
    """Whether a picture is the one that its rows speak of, and their crops are where they belong."""

    def fits(row: dict) -> bool:
        if row["status"] == UNREADABLE:  # a disk that was away, a file without rights: worth another look
            return False
        if any(row[name] != value for name, value in stamp.items()):
            return False
        if not row["output"]:
            return True
        crop = target / row["output"]
        right = row["output"] == face_name(output, int(row["face"]), settings)
        return right and crop.is_file() and crop.stat().st_size > 0

    return bool(rows) and all(map(fits, rows))


def append_rows(path: Path, rows: dict[str, list[dict]], pictures: Iterable[str]) -> None:
    """Add the rows of some pictures to a journal; a row is torn where the process dies, and read no more."""
    with named(path), path.open("a", newline="", encoding="utf-8", errors="surrogateescape") as file:
        csv.DictWriter(file, COLUMNS).writerows(row for picture in pictures for row in rows[picture])


def write_rows(path: Path, rows: dict[str, Iterable[dict]]) -> None:
    """Write a manifest, sorted by picture, whole or not at all."""
    with (
        whole(path) as unfinished,
        unfinished.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file,
    ):
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(row for name in sorted(rows) for row in rows[name])
