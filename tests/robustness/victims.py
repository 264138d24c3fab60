"""Processes that are there to be killed: one piece of work each, and what befalls it.

A test calls ``end(work, fault)``: a child sets the fault, does the work and ends, or is ended. Children are forked from
a server that has imported everything and trained nothing, so that one costs a fraction of a second and finds torch
fresh. A work takes the folder in which it writes, and may be called again after whatever happened to the call before.
"""

import contextlib
import dataclasses
import functools
import io
import itertools
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import tqdm.std

from scnlib import cli, figure_files, pretraining, provenance, reproduce, results, runs, splits
from scnlib.config import profile_config
from scnlib.datasets import align, rendered, webemotion_build
from scnlib.datasets.face_crops import Settings
from scnlib.datasets.face_detection import Found
from scnlib.datasets.faceset import content_sha256
from scnlib.datasets.video import Frame
from scnlib.run_folder import Run, open_run
from tests.conftest import make_faces

resource = pytest.importorskip("resource", reason="this system has no limits and signals of Unix")

Work = Callable[[Path], object]
Fault = Callable[[], None]


# ---------------------------------------------------------------------------------------------------------- children


@dataclass(frozen=True)
class End:
    """How a child ended: its exit code, negative for a signal, and what the work returned or raised."""

    code: int
    answer: object


#: It did its work, which says nothing.
DONE = End(0, None)


class Child:
    """A process that does one piece of work."""

    def __init__(self, work: Callable[[], object], fault: Fault | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["torch._dynamo", __name__])  # the first optimiser would import the former
        self._answer, there = context.Pipe(duplex=False)
        environment = {name: os.environ[name] for name in ("SCN_CACHE", "SCN_OUT") if name in os.environ}
        self._process = context.Process(target=_live, args=(there, environment, work, fault))
        self._process.start()
        there.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it was quicker; its exit code will tell
            os.kill(self.pid, number)

    def end(self) -> End:
        try:
            answer = self._answer.recv() if self._answer.poll(120) else pytest.fail("a child hangs")
        except EOFError:
            answer = None
        self._process.join(60)
        return End(self._process.exitcode, answer)


def end(work: Callable[[], object], fault: Fault | None = None) -> End:
    """Let a child do one piece of work, and wait until it has ended."""
    return Child(work, fault).end()


def _live(there, environment: dict[str, str], work: Callable[[], object], fault: Fault | None) -> None:
    os.environ.update(environment, SCN_HEADLESS="1")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background of a shell it would be ignored
    with Path(os.devnull).open("w") as nowhere:  # what pytest captures with is a file, too, and must never be full
        for stream in (1, 2):
            os.dup2(nowhere.fileno(), stream)
    torch.set_num_threads(1)
    for module in (runs, provenance):
        module.commit = lambda: {"commit": "0", "dirty": False}  # asking git takes longer than the work
    if fault is not None:
        fault()
    try:
        answer = work()
    except Exception as error:
        answer = error
    there.send(answer)


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is so."""
    last = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < last, "it never came to pass"
        time.sleep(0.01)


# ------------------------------------------------------------------------------------------------------------ faults


def killed(folder: Path, number: int) -> None:
    """SIGKILL before the ``number``-th file operation below a folder."""
    _before(folder, number, lambda: os.kill(os.getpid(), signal.SIGKILL))


def interrupted(folder: Path, number: int) -> None:
    """Ctrl-C at the ``number``-th file operation below a folder."""
    _before(folder, number, lambda: os.kill(os.getpid(), signal.SIGINT))


def stopped(folder: Path, number: int) -> None:
    """Stand still, with all locks held, before the ``number``-th file operation below a folder."""
    _before(folder, number, lambda: os.kill(os.getpid(), signal.SIGSTOP))


def cut(folder: Path, number: int) -> None:
    """Die in the middle of the first long write after ``number - 1`` files came to their places below a folder."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which kills; Python had set that it is ignored
    _before(folder, number - 1, _no_room, {"os.rename"})


def full(folder: Path, number: int) -> None:
    """From the time on at which ``number - 1`` files came to their places below a folder, no write has room."""
    _before(folder, number - 1, _no_room, {"os.rename"})


def jumping_clock(seed: int, clocks: tuple[str, ...] = ("time", "perf_counter")) -> None:
    """Clocks that jump by up to an hour, back and forth, each time that they are asked."""
    chance = random.Random(seed)
    for name in clocks:
        clock = getattr(time, name)
        setattr(time, name, lambda clock=clock: clock() + chance.uniform(-3600, 3600))
    tqdm.std.time = time.time


_OPERATIONS = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"}


def _before(folder: Path, number: int, then: Callable[[], None], operations: set[str] = _OPERATIONS) -> None:
    """Do something before the ``number``-th file operation that changes a folder; 0 does it now.

    Opening to read changes nothing; what is still unfinished does not count until it is moved to its place.
    """
    if number == 0:
        then()
        return
    seen = itertools.count(1)

    def watch(event: str, arguments: tuple) -> None:
        if event not in operations or not str(arguments[0]).startswith(str(folder)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if str(arguments[1 if event == "os.rename" else 0]).endswith(".unfinished"):
            return
        if next(seen) == number:
            then()

    sys.addaudithook(watch)


def _no_room() -> None:
    """From now on a file of this process holds 200 bytes, and not one more."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


# ------------------------------------------------------------------------------------------------------------- works


RELABELLING = {"margin_relabel": 0.0, "relabel_group": "all"}  # many labels change, after each of two epochs


def trains(folder: Path) -> None:
    """A run of SCN that relabels."""
    _train(folder / "run", load_few)


def commands(folder: Path) -> tuple[int, str, str]:
    """The same run by ``scn run``: exit code, and what was printed to stdout and stderr."""
    splits.load_dataset = load_few
    words = [
        "run",
        "--profile=smoke",
        "--noise-rate=0.25",
        "--batch-size=12",
        "--device=cpu",
        f"--out={folder / 'run'}",
    ]
    return _command([*words, *(f"--set={name}={value}" for name, value in RELABELLING.items())])


def trains_aloud(folder: Path) -> int:
    """The same run, with what it prints in ``folder/said``; returns how many processes had a part in it."""
    with (folder / "said").open("w", buffering=1) as said, contextlib.redirect_stderr(said):
        _train(folder / "run", load_few, progress=True)
    return len(open_run(folder / "run").manifest["sessions"])


def renders(folder: Path) -> str:
    """Some rendered faces, cached."""
    os.environ["SCN_CACHE"] = str(folder / "cache")
    return content_sha256(rendered.load(n=3, size=32).images)


def collects(folder: Path) -> None:
    """A run is collected, in place of one of the same config on older data; ``older`` made the folder."""
    splits.load_dataset = load_newer
    results.add("squares", [open_run(folder / "new")], folder / "tables")


def older(folder: Path) -> None:
    """What is there before ``collects``: a run, another one that it will replace, and the tables of both."""
    paths = [_train(folder / "kept", load_few, seed=1), _train(folder / "old", load_few)]
    results.add("squares", [Run(path) for path in paths], folder / "tables")
    _train(folder / "new", load_newer)


def load_few(name, root=None, split="train", **options):
    """A few grey squares."""
    return dataclasses.replace(make_faces(24 if split == "train" else 8, noise=0.0, seed=len(split)), true_labels=None)


def load_newer(name, root=None, split="train", **options):
    """Other ones."""
    return dataclasses.replace(make_faces(24, noise=0.0, seed=77), true_labels=None)


def aligns(folder: Path) -> None:
    """Pictures from ``folder/../in`` are aligned."""
    align._WINDOW = 2
    align.align_folder(folder.parent / "in", folder / "aligned", Settings(size=16), detector=_Somebody())


def builds(folder: Path) -> None:
    """Faces of a video of ``folder/../web``, which lasts six seconds."""
    webemotion_build.sample_frames = _frames
    settings = webemotion_build.Settings(size=32, every=1.0)
    webemotion_build.build(folder.parent / "web", folder / "made", settings, detector=_Somebody())


def rebuilds(folder: Path) -> None:
    """The same, where it was built before."""
    builds(folder)


def pretrains(folder: Path) -> None:
    """A pre-training whose network learns nothing, and is not asked who is who."""
    pretraining.HELD_OUT = 2
    pretraining._fit = lambda *arguments: None
    pretraining.identification = lambda *arguments: {}
    os.environ["SCN_CACHE"] = str(folder.parent / "cache")
    pretraining.pretrain(pretraining.Settings(backbone="small", size=32, n=3), folder / "weights", "cpu", say=str)


def draws(folder: Path) -> None:
    """Two figures, of which one was a picture before."""
    figure_files.render = lambda figure: (f"<svg>{figure}</svg>".encode() * 20, ".svg", (9, 9))
    for name in ("first", "second"):
        figure_files.write_figure(name, folder / "figures", name, f"The {name} figure, four words.")


def reproduces(folder: Path, seconds: float = 300) -> tuple[int, str, str]:
    """``scn reproduce`` of the lessons in ``folder/notebooks``."""
    os.environ["SCN_OUT"] = str(folder / "out")
    reproduce.project_root = lambda: folder
    reproduce.CELL_TIMEOUT = {"smoke": seconds}
    return _command(["reproduce", "--profile", "smoke"])


def _train(path: Path, load: Callable, progress: bool = False, **fields: object) -> Path:
    splits.load_dataset = load
    config = profile_config("smoke", noise_rate=0.25, batch_size=12, options=RELABELLING, **fields)
    return runs.run(config, out=path, device="cpu", progress=progress).path


def _command(words: list[str]) -> tuple[int, str, str]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main(words)
    return code, out.getvalue(), errors.getvalue()


class _Somebody:
    """Finds the same face in every picture."""

    device = torch.device("cpu")
    points = torch.tensor([[12.0, 14], [24, 14], [18, 20], [13, 26], [23, 26]])

    def find(self, images: torch.Tensor, every: bool = False) -> list[Found]:
        box = torch.tensor([[6.0, 4, 30, 34]])
        return [Found(box, torch.tensor([0.99]), self.points[None]) for _ in images]


def _frames(path: Path, every: float, height: int, longest: float):
    for number in range(7):
        generator = torch.Generator().manual_seed(number)
        yield Frame(number * every, torch.randint(0, 256, (3, 40, 40), dtype=torch.uint8, generator=generator))


def at(work: Work, folder: Path) -> Callable[[], object]:
    """A work on a folder, to be handed to a child."""
    return functools.partial(work, folder)
