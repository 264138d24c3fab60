"""Where things lie: caches, results and what runs write."""

import os
from pathlib import Path


def project_root() -> Path:
    """The checkout that scnlib was installed from with ``pip install -e``; else the working directory."""
    checkout = Path(__file__).resolve().parents[1]
    return checkout if (checkout / "pyproject.toml").is_file() else Path.cwd()


def cache_dir() -> Path:
    """Decoded and rendered images: ``$SCN_CACHE``, else ``data/cache``. May be deleted at any time."""
    return Path(os.environ["SCN_CACHE"]) if os.environ.get("SCN_CACHE") else project_root() / "data" / "cache"


def ferplus_dir() -> Path:
    """Where FER+ is looked for: ``$SCN_FERPLUS``, else ``data/ferplus``."""
    return Path(os.environ["SCN_FERPLUS"]) if os.environ.get("SCN_FERPLUS") else project_root() / "data" / "ferplus"


def results_dir() -> Path:
    """Measured results as CSV, committed."""
    return project_root() / "data" / "results"


def out_dir() -> Path:
    """What runs, lessons and reports write: ``$SCN_OUT``, else ``out``. Ignored by git."""
    return Path(os.environ["SCN_OUT"]) if os.environ.get("SCN_OUT") else project_root() / "out"
