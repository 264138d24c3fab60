"""What a result is believed for: who made it, where, from which code. And files that are whole or not there."""

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

import scnlib
from scnlib.paths import project_root


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


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def commit() -> dict[str, object]:
    """The commit of the checkout and whether files differ from it; "unknown" without git."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=project_root(), capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain", "--", "scnlib"))}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": "unknown", "dirty": None}


def versions() -> dict[str, str]:
    found = {"scnlib": scnlib.__version__, "python": platform.python_version(), "torch": torch.__version__}
    return found | {"numpy": np.__version__, "cuda": torch.version.cuda or "", "platform": platform.platform()}


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()})"
    return f"CPU: {_cpu_name()}, {os.cpu_count()} cores"


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
