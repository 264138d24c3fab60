"""What the tests of bad input share: a small world to be asked about, and a picture of it that shows every change."""

import hashlib
import os
import shutil
from pathlib import Path

from scnlib.cli import main
from scnlib.errors import ScnError
from tests.datasets.made import pictures, save, write_affectnet_npy, write_folder, write_rafdb


def make_world(root: Path, run: Path) -> Path:
    """Datasets, a finished run, a photograph and files that are none, all a few kilobytes."""
    write_rafdb(root / "raf", train=7, test=7)
    write_affectnet_npy(root / "affect", train=8, test=8)
    write_folder(root / "folder", train=7, test=7)
    save(pictures(1)[0][0], root / "photos/one.png")
    shutil.copytree(run, root / "run")
    (root / "file.txt").write_text("no folder\n")
    (root / "empty").mkdir()
    return root


def tree(*roots: Path) -> dict[str, str]:
    """Every name below the roots, with the content of files and the target of links; locks are nobody's data."""
    found = {}
    for root in roots:
        for place, folders, files in os.walk(root):
            for name in (*folders, *files):
                path = Path(place) / name
                if name.endswith(".lock"):
                    continue
                if path.is_symlink():
                    found[str(path)] = f"-> {path.readlink()}"
                else:
                    found[str(path)] = "" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def answer(words: list[str], capsys) -> tuple[int, str]:
    """Exit code and everything on stderr of one call."""
    capsys.readouterr()
    try:
        code = main(words)
    except SystemExit as stop:  # of argparse, for words that are no option
        code = stop.code
    return code, capsys.readouterr().err


def told(call, *words: object) -> object:
    """What a call answers, or None where it refuses; it refuses in one of three ways, and with all of these words."""
    try:
        return call()
    except (ValueError, FileNotFoundError, ScnError) as error:
        lost = [str(word) for word in words if str(word) not in str(error)]
        assert not lost, f"{error!r} does not say {lost}"
        return None
