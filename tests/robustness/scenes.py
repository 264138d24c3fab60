"""What is attacked, each once undisturbed, and how to see whether files are whole and a work is done."""

import csv
import functools
import io
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from scnlib import figure_files
from scnlib.run_folder import open_run
from tests.robustness import victims
from tests.robustness.victims import DONE, End, at, end

#: Of a manifest: when, how long, how much memory, and by how many processes; of metrics.csv: how long.
PASSING = ("sessions", "finished", "duration_s", "peak_memory_mib")


@dataclass(frozen=True)
class Scene:
    """One work, done undisturbed.

    Attributes:
        work: takes a folder.
        start: how that folder looks before.
        told: how an undisturbed process ended.
        expected: the ``contents`` that it left.
        least: at how many places there is to kill it, at least.
    """

    work: victims.Work
    start: Path
    told: End
    expected: dict[str, object]
    least: int

    def folders(self, name: str) -> Iterator[tuple[int, Path]]:
        """Fresh folders to be victims, numbered from 1; each is removed when the next one is asked for."""
        for number in itertools.count(1):
            folder = shutil.copytree(self.start, self.start.with_name(f"{name}{number}"))
            yield number, folder
            shutil.rmtree(folder)

    def again_and_again(self, name: str) -> Iterator[tuple[int, Path]]:
        """One folder, which is a victim until a call ends well; with how many calls this will have been."""
        folder = shutil.copytree(self.start, self.start.with_name(name))
        yield from ((number, folder) for number in itertools.count(1))

    def check_repeated(self, folder: Path) -> None:
        """The same call, undisturbed, ends as if nothing had been."""
        assert end(at(self.work, folder)) == self.told
        self.check_done(folder)

    def check_done(self, folder: Path) -> None:
        """The folder is as undisturbed work leaves it."""
        left = contents(folder)
        if self.work is victims.rebuilds:  # it finds all faces there and looks no further: not at what lies beside them
            left = {name: content for name, content in left.items() if not name.endswith(".unfinished")}
        check_same(left, self.expected)

    def check_told(self, folder: Path) -> None:
        """A run of which the manifest says that it is done is done, and another one is not opened."""
        run = folder / "run"
        if (run / "manifest.json").is_file():
            left = contents(folder)
            left.pop("run/checkpoint.safetensors", None)  # goes last
            check_same(left, self.expected)
        elif run.is_dir():
            with pytest.raises(FileNotFoundError, match="was not finished|holds no run"):
                open_run(run)


@functools.cache
def scene(name: str, place: Path) -> Scene:
    """The scene of a name of ``WORKS``, in a folder of its own below ``place``; once a session."""
    work, before, beside, least = WORKS[name]
    start, undisturbed = place / work.__name__ / "start", place / work.__name__ / "undisturbed"
    start.mkdir(parents=True)
    if beside is not None:
        beside(start.parent)
    if before is not None:
        before(start)
    shutil.copytree(start, undisturbed)
    told = end(at(work, undisturbed))
    assert told.code == 0 and not isinstance(told.answer, Exception)
    return Scene(work, start, told, contents(undisturbed), least)


def contents(folder: Path) -> dict[str, object]:
    """What the files below a folder say, by name; not how long it took."""
    return {path.relative_to(folder).as_posix(): _content(path) for path in folder.rglob("*") if path.is_file()}


def check_same(some: dict[str, object], other: dict[str, object]) -> None:
    """No file differs, or is in one place alone."""
    differ = sorted(name for name in some.keys() | other.keys() if some.get(name) != other.get(name))
    assert not differ, differ


def _content(path: Path) -> object:
    if path.name == "manifest.json":
        plain = json.loads(path.read_text())
        return {name: value for name, value in plain.items() if name not in PASSING}
    if path.name == "metrics.csv":
        rows = list(csv.DictReader(io.StringIO(path.read_text())))
        return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]
    return path.read_bytes()


def check_whole(folder: Path) -> None:
    """Every file that lies in its own place can be read to its end."""
    for path in folder.rglob("*"):
        if ".unfinished" in path.as_posix():
            continue
        if path.suffix == ".safetensors":
            with safe_open(path, framework="pt") as file:
                assert [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118
        elif path.suffix == ".npz":
            with np.load(path) as file:
                assert [file[name] for name in file.files]
        elif path.suffix == ".json":
            assert json.loads(path.read_text())
        elif path.suffix in (".png", ".jpg"):
            Image.open(path).load()
        elif path.suffix == ".csv" and path.name != "manifest.partial.csv":  # a journal, whose last row may be torn
            assert path.read_text().endswith("\n")


# ------------------------------------------------------------------------------------------------ what there is before


def _older(folder: Path) -> None:
    assert end(at(victims.older, folder)) == DONE


def _pictures(place: Path) -> None:
    for number, name in enumerate(("a.png", "b/c.jpg", "b/d.png")):
        path = place / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = torch.randint(0, 256, (40, 36, 3), generator=torch.Generator().manual_seed(number)).byte()
        Image.fromarray(pixels.numpy()).save(path)


def _video(place: Path) -> None:
    (place / "web" / "happy").mkdir(parents=True)
    (place / "web" / "happy" / "a.mp4").write_bytes(b"a film")


def _without_a_face(folder: Path) -> None:
    """All was built, then a face was lost: now the others are written again, over those that are there."""
    assert end(at(victims.builds, folder)) == DONE
    min((folder / "made" / "faces").rglob("*.jpg")).unlink()


def _an_old_figure(folder: Path) -> None:
    (folder / "figures").mkdir()
    (folder / "figures" / "second.webp").write_bytes(b"an old picture")
    figure_files.write_index(folder / "figures", {"second": {"file": "second.webp", "alt": "An old one."}})


Prepare = Callable[[Path], None]

#: Work; what is in its folder before, and beside it; at how many places there is to kill it, at least.
WORKS: dict[str, tuple[victims.Work, Prepare | None, Prepare | None, int]] = {
    "a run that trains, relabels and saves": (victims.trains, None, None, 12),
    "rendering into the cache": (victims.renders, None, None, 2),
    "collecting results in place of older ones": (victims.collects, _older, None, 6),
    "aligning pictures": (victims.aligns, None, _pictures, 9),
    "building a dataset from a video": (victims.builds, None, _video, 12),
    "a lost face of a video's dataset": (victims.rebuilds, _without_a_face, _video, 9),
    "pre-training on rendered faces": (victims.pretrains, None, None, 4),
    "drawing figures": (victims.draws, _an_old_figure, None, 5),
}
