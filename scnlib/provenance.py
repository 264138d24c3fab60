"""What a result is believed for: when, where, by which code and which versions it was made."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

import numpy as np
import torch

import scnlib
from scnlib.paths import project_root


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
