"""Files that are whole or not there: written beside their place, then moved."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def write(path: Path, content: str | bytes) -> None:
    """Whole or not at all: write beside the place, then move there."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_bytes(content.encode() if isinstance(content, str) else content)
    unfinished.replace(path)


def write_tensors(path: Path, tensors: Mapping[str, Tensor], words: dict[str, str] | None = None) -> None:
    """A safetensors file, whole or not at all."""
    unfinished = path.with_name(path.name + ".unfinished")
    save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, unfinished, metadata=words or {})
    unfinished.replace(path)
