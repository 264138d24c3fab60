"""Decode or render once: tensors on disk, keyed by what they were made from."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from filelock import FileLock
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from scnlib.paths import cache_dir


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """sha256 over the relative names, sizes and modification times of ``files``: changes when the source does."""
    digest = hashlib.sha256()
    for file in sorted(files):
        stat = file.stat()
        digest.update(f"{file.relative_to(root).as_posix()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def cached(name: str, key: dict, build: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors ``build`` makes, made once for each ``key`` (any JSON) and then read from ``cache_dir()``.

    A file is written beside its place and moved there, so it is whole or absent; a damaged one is made again. Two
    processes that want the same key build it once.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = cache_dir() / f"{name}-{digest}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if path.is_file():
            try:
                return load_file(path)
            except SafetensorError:
                path.unlink()
        tensors = {name: tensor.contiguous() for name, tensor in build().items()}
        unfinished = path.with_suffix(".unfinished")
        save_file(tensors, unfinished)
        unfinished.replace(path)
    return tensors
