"""``scn doctor``: what is here, what will be used, and why."""

import importlib.metadata
import os
import platform
import shutil
from pathlib import Path

import torch

from scnlib.datasets import ferplus
from scnlib.paths import cache_dir, ferplus_dir, out_dir, project_root, results_dir
from scnlib.precision import choose_device, choose_precision
from scnlib.words import counted

PACKAGES = ("torch", "torchvision", "numpy", "pandas", "pillow", "safetensors", "matplotlib", "seaborn", "jupyterlab",
            "papermill", "jupytext", "ipywidgets", "facenet-pytorch", "scikit-learn", "scikit-image")  # fmt: skip

TRAINING = ("torch", "numpy", "pandas", "pillow", "safetensors")


def report(root: str | None = None) -> str:
    """The whole report as text: versions, device, number format, folders, datasets."""
    device = choose_device()
    lines = [
        f"python      {platform.python_version()}, {platform.platform()}",
        f"device      {device}{_device_detail(device)}, {counted(os.cpu_count(), 'CPU core')}, "
        f"{counted(torch.get_num_threads(), 'thread')}",
        f"computes in {choose_precision(device)}",
        f"project     {project_root()}",
        f"caches      {cache_dir()} ({_size(cache_dir())})",
        f"runs        {out_dir()} ({_size(out_dir())}), {shutil.disk_usage(project_root()).free / 2**30:.0f} GiB free",
        f"results     {', '.join(sorted(p.name for p in results_dir().glob('*.csv*'))) or 'none yet'}",
        "packages    " + "\n            ".join(_versions()),
        "datasets    rendered: always here",
        f"            ferplus: {_ferplus(root)}",
    ]
    return "\n".join(lines)


def _device_detail(device: torch.device) -> str:
    return f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""


def _size(folder: Path) -> str:
    if not folder.is_dir():
        return "not there yet"
    return f"{sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()) / 2**20:.0f} MiB"


def _versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"{package} missing" + ("" if package in TRAINING else " (training does not need it)"))
    return found


def _ferplus(root: str | None) -> str:
    root = root or ferplus_dir()
    try:
        counts = {split: ferplus.count(root, split) for split in ferplus.FOLDERS}
    except (OSError, ValueError) as error:
        return str(error)
    return f"{root}: " + ", ".join(f"{split} {n:,}" for split, n in counts.items()) + " (majority rule)"
