"""A folder of pictures in, a folder of aligned faces and a manifest out; ``scn align IN OUT``.

Every picture gets its row, whatever is wrong with it. A face lands in OUT where its picture lies in IN. What a killed
run has finished stays finished: files and rows appear whole or not at all, and the next call does what is missing.

Pictures are decoded and crops are written by a pool of threads. On a CPU the same threads look for faces, each on one
core, since MTCNN's small convolutions hardly gain from a second; on a GPU pictures of one size go through together.
"""

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from filelock import FileLock, Timeout
from PIL import Image
from torch import Tensor

from scnlib import progress
from scnlib.datasets.align_manifest import (
    BOX,
    FOUND,
    JOURNAL,
    LOCK,
    MANIFEST,
    NO_FACE,
    POINTS,
    SETTINGS,
    SEVERAL,
    UNREADABLE,
    append_rows,
    check_settings,
    claim,
    face_name,
    is_done,
    output_names,
    read_manifest,
    rows_before,
    stamp,
    summary,
    write_rows,
)
from scnlib.datasets.decode import SUFFIXES, open_rgb, pixels
from scnlib.datasets.face_crops import Aligned, Settings, align_images
from scnlib.datasets.face_detection import Detector
from scnlib.errors import ScnError
from scnlib.files import write
from scnlib.precision import choose_device

__all__ = ["Aligned", "Detector", "Settings", "align_folder", "align_images", "read_manifest", "summary"]

_WINDOW = 32  # pictures decoded and kept at once; twice as many while the next ones are read ahead
_PIXELS_KEPT = 50_000_000  # at once, of each core: photographs are large, and a file may be larger than it looks
_PIXELS_AT_ONCE = {"cpu": 300_000, "cuda": 16_000_000, "mps": 4_000_000}


def align_folder(
    source: Path | str,
    target: Path | str,
    settings: Settings | None = None,
    *,
    device: str | None = None,
    detector: Detector | None = None,
) -> pd.DataFrame:
    """Align all pictures of a folder; pictures that were done before, and have not changed since, are left alone.

    The manifest has a row for each picture, or for each face where ``faces="every"`` finds several: ``status`` is
    "found", "several" (more than one face; without "every" the row is of the largest, and faces under a fifth of the
    picture may not be counted), "no face" or "unreadable" (``reason`` says why). Boxes and points are in pixels of the
    upright picture. Rows and crops of pictures that are no longer there are kept.

    Args:
        source: the pictures, in any folders below; they are only read.
        target: gets the crops, ``manifest.csv`` and ``align.json`` (the settings).
        settings: default ``Settings()``.
        device: as in ``scnlib.precision.choose_device``.
        detector: use this one instead of making one.

    Returns:
        The manifest.

    Raises:
        ValueError: one folder lies in the other, or ``target`` was made with other settings.
        FileNotFoundError: no pictures.
        ScnError: ``target`` holds other files, another process writes to it, or facenet-pytorch is missing.
    """
    source, target, settings = Path(source), Path(target), settings or Settings()
    files, originals = _pictures(source)
    for folder in originals:
        _check_apart(folder, target)
    detector = detector or Detector(choose_device(device), settings.smallest)
    claim(target)
    try:
        with FileLock(target / LOCK, timeout=0):
            check_settings(target / SETTINGS, settings, "scn align")
            return _align(source, target, files, originals, settings, detector)
    except Timeout:
        raise ScnError(f"another process is aligning into {target} at this moment; wait for it to end") from None


def _align(
    source: Path, target: Path, files: list[str], originals: list[Path], settings: Settings, detector: Detector
) -> pd.DataFrame:
    rows = rows_before(target, settings)
    outputs = output_names(sorted({*files, *rows}))  # a new picture must not take the name of one that is gone
    _check_folders(target, {Path(output).parent for output in outputs.values()}, originals)
    stamps = {file: stamp(source / file) for file in files}
    todo = [file for file in files if not is_done(target, rows.get(file), stamps[file], outputs[file], settings)]
    for file in todo:  # what an earlier version of the picture gave
        for row in rows.pop(file, []):
            if row["output"]:
                (target / row["output"]).unlink(missing_ok=True)
    write_rows(target / MANIFEST, rows)
    (target / JOURNAL).unlink(missing_ok=True)
    with (
        _one_core_each() as workers,
        ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool,
        progress.bar(len(todo), "aligning", "picture", before=len(files) - len(todo)) as bar,
    ):
        for window, pictures in _read_ahead(pool, source, _windows(source, todo, workers * _PIXELS_KEPT)):
            new = _window(window, pictures, target, outputs, settings, detector, pool)
            for file in window:
                for row in new[file]:
                    row.update(stamps[file])
                rows[file] = new[file]
            append_rows(target / JOURNAL, new, window)
            bar.update(len(window))
    write_rows(target / MANIFEST, rows)
    (target / JOURNAL).unlink(missing_ok=True)
    return read_manifest(target)


# ------------------------------------------------------------------------------------------------------ one window


def _window(
    window: list[str],
    pictures: list[Tensor | str],
    target: Path,
    outputs: dict[str, str],
    settings: Settings,
    detector: Detector,
    pool: Executor,
) -> dict[str, list[dict]]:
    """The rows of some pictures, once their crops are written."""
    batches = list(_batches(pictures, detector.device.type, settings))
    in_turn = pool.map if detector.device.type == "cpu" else map
    stacks = (torch.stack([pictures[i] for i in batch]) for batch in batches)
    results = in_turn(lambda stack: align_images(stack, detector, settings), stacks)
    numbers = [i for batch in batches for i in batch]
    aligned = dict(zip(numbers, chain.from_iterable(results), strict=True))
    rows, crops = {}, []
    for i, file in enumerate(window):
        if i not in aligned:
            rows[file] = [{"file": file, "status": UNREADABLE, "reason": pictures[i], "faces": 0}]
            continue
        rows[file] = _rows_of(file, pictures[i], aligned[i], outputs[file], settings)
        crops += [
            (target / row["output"], crop)
            for row, crop in zip(rows[file], aligned[i].crops, strict=False)  # a row without a face has no crop
        ]
    for folder in {path.parent for path, _ in crops}:
        folder.mkdir(parents=True, exist_ok=True)
    list(pool.map(lambda one: _write_crop(*one), crops))
    return rows


def _batches(pictures: Sequence[Tensor | str], device: str, settings: Settings) -> Iterator[list[int]]:
    """Numbers of readable pictures, by size, as many at once as the device likes."""
    by_size: dict[tuple, list[int]] = {}
    for i, picture in enumerate(pictures):
        if isinstance(picture, Tensor):
            by_size.setdefault(tuple(picture.shape), []).append(i)
    wider = 1 if settings.pad == "none" else (1 + 2 * settings.pad_share) ** 2
    for (_, height, width), members in by_size.items():
        count = max(1, int(_PIXELS_AT_ONCE[device] / (height * width * wider)))
        for start in range(0, len(members), count):
            yield members[start : start + count]


def _rows_of(file: str, picture: Tensor, aligned: Aligned, output: str, settings: Settings) -> list[dict]:
    found = aligned.found
    height, width = picture.shape[1:]
    common = {"file": file, "width": width, "height": height, "faces": len(found)}
    if not len(found):
        small = min(height, width) < settings.smallest
        reason = f"{width} x {height} px; the smallest face looked for has {settings.smallest}" if small else ""
        return [common | {"status": NO_FACE, "reason": reason}]
    rows = []
    for face in range(len(aligned.crops)):
        row = common | {"status": FOUND if len(found) == 1 else SEVERAL, "face": face}
        row["output"] = face_name(output, face, settings)
        row["probability"] = f"{found.probabilities[face].item():.5f}"
        row |= {name: f"{value:.2f}" for name, value in zip(BOX, found.boxes[face].tolist(), strict=True)}
        for name, place in zip(POINTS, found.points[face].tolist(), strict=True):
            row |= {f"{name}_{axis}": f"{value:.2f}" for axis, value in zip("xy", place, strict=True)}
        rows.append(row)
    return rows


def _read_ahead(
    pool: Executor, source: Path, windows: Iterable[list[str]]
) -> Iterator[tuple[list[str], list[Tensor | str]]]:
    """Windows of files and their pictures, the next one being decoded while this one is used."""
    window, reading = [], []
    for following in chain(windows, [[]]):
        now, reading = reading, [pool.submit(_read, source / file) for file in following]
        if window:
            yield window, [future.result() for future in now]
        window = following


def _windows(source: Path, files: list[str], most: int) -> Iterator[list[str]]:
    """As many pictures as are kept at once, and no more than have ``most`` pixels together, unless it is one."""
    window, together = [], 0
    for file in files:
        count = pixels(source / file)
        if window and (len(window) == _WINDOW or together + count > most):
            yield window
            window, together = [], 0
        window.append(file)
        together += count
    if window:
        yield window


def _read(path: Path) -> Tensor | str:
    """A picture ``(3, H, W)``, or why it is none."""
    try:
        return torch.from_numpy(np.array(open_rgb(path)).transpose(2, 0, 1))
    except Exception as error:  # a decoder that meets a broken file may raise anything
        return str(error).removeprefix(f"{path} ") or type(error).__name__


def _write_crop(path: Path, crop: Tensor) -> None:
    options = {"format": "PNG", "compress_level": 3} if path.suffix == ".png" else {"format": "JPEG", "quality": 95}
    content = io.BytesIO()  # Pillow itself takes a file that was cut off by a full disk for a whole one
    Image.fromarray(crop.permute(1, 2, 0).contiguous().numpy()).save(content, **options)
    write(path, content.getvalue())


# ------------------------------------------------------------------------------------------------------ bookkeeping


def _pictures(source: Path) -> tuple[list[str], list[Path]]:
    """All pictures below a folder, as sorted relative paths, and the folders they lie in: it, and those linked to."""
    if not source.is_dir():
        raise FileNotFoundError(f"{source} is no folder; name the folder that holds the pictures")
    found, originals, visited = [], [source], {source.resolve()}
    for place, folders, names in os.walk(source, followlinks=True):
        found += [
            (Path(place) / name).relative_to(source).as_posix() for name in names if name.lower().endswith(SUFFIXES)
        ]
        folders.sort()
        for folder in [Path(place) / name for name in folders]:
            real = folder.resolve()
            second = folder.is_symlink() and source.resolve() in real.parents  # these pictures are found without it
            if second or real in visited:  # a link in a circle is one of them
                folders.remove(folder.name)
                continue
            if folder.is_symlink():
                originals.append(folder)
            visited.add(real)
    if not found:
        raise FileNotFoundError(f"{source} holds no pictures; known endings: {', '.join(SUFFIXES)}")
    return sorted(found), originals


def _check_apart(source: Path, target: Path) -> None:
    """Crops must never land among originals."""
    inner, outer = target.resolve(), source.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        where = "is" if inner == outer else "lies in" if outer in inner.parents else "holds"
        raise ValueError(f"{target} {where} the folder of the originals, {source}; choose an OUT outside of it")


def _check_folders(target: Path, folders: set[Path], originals: list[Path]) -> None:
    """No folder below OUT may be a link to originals: crops are written and deleted there."""
    sources = {folder.resolve() for folder in originals}
    for folder in sorted(folders):
        real = (target / folder).resolve()
        if sources & {real, *real.parents}:
            raise ScnError(
                f"{target / folder} leads to {real}, among the originals; remove that link, or choose another OUT"
            )


@contextmanager
def _one_core_each() -> Iterator[int]:
    """As many workers as torch has threads, each with one; decoders' warnings are silenced for all of them at once."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield before
    finally:
        torch.set_num_threads(before)
