"""Decode or render once: tensors on disk, keyed by what they were made from, written and read in pieces.

Each file is a safetensors file. Images, that is tensors of bytes, stay in it: the system reads what is looked at and
lets go of it when others need the memory, so a training set may be larger than that.
"""

import hashlib
import json
import mmap
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from filelock import FileLock
from safetensors import SafetensorError, safe_open
from torch import Tensor

from scnlib.files import whole
from scnlib.paths import cache_dir

#: A tensor, or its rows in pieces, each of which is written before the next one is made.
Rows = Tensor | Iterable[Tensor]

_DTYPES = {
    torch.uint8: "U8", torch.bool: "BOOL", torch.int32: "I32", torch.int64: "I64", torch.float32: "F32",
    torch.float64: "F64",
}  # fmt: skip


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """sha256 over the relative names, sizes and modification times of ``files``: changes when the source does."""
    digest = hashlib.sha256()
    for file in sorted(files):
        try:
            stat = file.stat()
            stamp = f"{stat.st_size}\0{stat.st_mtime_ns}"
        except OSError:  # a link that leads nowhere or in a circle; whoever reads it says so
            stamp = "away"
        digest.update(f"{file.relative_to(root).as_posix()}\0{stamp}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def cached(name: str, key: dict, build: Callable[[], Mapping[str, Rows]]) -> dict[str, Tensor]:
    """The tensors ``build`` makes, made once for each ``key`` (any JSON) and then read from ``cache_dir()``.

    A file is whole or absent, whatever was killed; a damaged one is made again. Two processes that want the same key
    build it once, and where one of them dies the other does.

    Args:
        name: what the file's name begins with.
        key: what the tensors depend on.
        build: makes them, by name; they are written in this order, and at least one piece is needed of each.

    Returns:
        Tensors of bytes as they lie in the file, and what is written to them stays in memory; all others in memory.

    Raises:
        OSError: the disk is full; the message names the file.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = cache_dir() / f"{name}-{digest}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.is_file():
            try:
                return _read(path)
            except SafetensorError:
                path.unlink()
        tensors = build()
        with whole(path) as unfinished:
            _write(unfinished, tensors)
        return _read(path)


def _write(path: Path, tensors: Mapping[str, Rows]) -> None:
    """A safetensors file. Its header says how long everything is, so room is kept for it, and it is written last."""
    room = 256 * (1 + len(tensors))
    header, end = {}, 0
    with path.open("wb") as file:
        file.write(bytes(8 + room))
        for name, rows in tensors.items():
            begin, count = end, 0
            for piece in (rows,) if isinstance(rows, Tensor) else rows:
                file.write(piece.contiguous().view(-1).numpy())
                count, end = count + len(piece), end + piece.nbytes
            shape = [count, *piece.shape[1:]]
            header[name] = {"dtype": _DTYPES[piece.dtype], "shape": shape, "data_offsets": [begin, end]}
        file.seek(0)
        file.write(room.to_bytes(8, "little") + json.dumps(header).encode().ljust(room))


def _read(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="np") as file:  # which holds the header against the length of the file
        names = list(file.keys())
        small = [name for name in names if file.get_slice(name).get_dtype() != "U8"]
        tensors = {name: torch.from_numpy(file.get_tensor(name)) for name in small}
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        content = _mapped(file)
    for name in set(names) - set(small):
        begin, end = header[name]["data_offsets"]
        rows = np.frombuffer(content, np.uint8, end - begin, 8 + length + begin)
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a mapping for reading alone
            tensors[name] = torch.from_numpy(rows).view(header[name]["shape"])
    return tensors


def _mapped(file: BinaryIO) -> mmap.mmap:
    """The content of a file, read where it is looked at."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError:  # systems promise memory for all that could be written, and never more than they have
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
