"""Files that are whole or not there: written beside their place, then moved.

A process that is killed at any moment, or a disk that is full, leaves what stood at the place before; what a killed one
left unfinished beside it, the next call overwrites. Ours: nothing waits until the disk itself has it (no fsync), since
all of it can be made again. After a power cut the file system decides, and a file may be damaged.
"""

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what shall lie at ``path``, which gets it when all is written; one process at a time.

    Raises:
        OSError: it cannot be written; the message names ``path``, and nothing is left beside it.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    with named(path):
        try:
            yield unfinished
            unfinished.replace(path)
        finally:
            with contextlib.suppress(OSError):  # after an interruption; else it is not there any more
                unfinished.unlink()


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Errors of writing say to which file: a full disk alone names none.

    Raises:
        OSError: in place of one, or of one that safetensors has made its own.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        raise OSError(f"{path} could not be written ({error})") from error


def write(path: Path, content: str | bytes) -> None:
    """Whole or not at all: bytes, or text in UTF-8, in which names of files may be of any bytes."""
    with whole(path) as unfinished:
        unfinished.write_bytes(content.encode(errors="surrogateescape") if isinstance(content, str) else content)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], words: dict[str, str] | None = None) -> None:
    """A safetensors file, whole or not at all.

    It is made in a folder of its own: safetensors begins with a file of random name, which a killed process would leave
    for good.
    """
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    folder = path.with_name(f".{path.name}.unfinished")
    with whole(path) as unfinished, _emptied(folder):
        save_file(tensors, folder / path.name, metadata=words or {})
        (folder / path.name).replace(unfinished)


@contextlib.contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """A folder that is empty at first, and gone at last."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_target(option: str, path: Path | str, *endings: str) -> None:
    """A file that an option names must be able to become what is written there.

    Where the option's value was forgotten the next word, somebody's picture, is taken for it, and would be overwritten.

    Args:
        endings: that the name may have: ``".csv"``.

    Raises:
        ValueError: it is a folder, or has another ending.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{option} {path} is a folder; name a file")
    if path.suffix not in endings:
        raise ValueError(
            f"{option} {path}: the name of the file to write must end in {' or '.join(endings)}; nothing was written"
        )


def leads_out(name: str) -> bool:
    """Whether a path that a file names leads out of the folder that it should lie in: absolute, or over ``..``."""
    path = Path(name)
    return bool(path.anchor) or ".." in path.parts
