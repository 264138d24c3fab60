"""A full disk, Ctrl-C, a clock that jumps, lessons that die: said plainly, nothing lost, and the same call goes on."""

import functools
import json
import signal
import subprocess
from pathlib import Path

import nbformat
import pytest

from tests.robustness import victims
from tests.robustness.scenes import WORKS, check_same, check_whole, contents, scene
from tests.robustness.victims import Child, at, end, until

RUN = next(iter(WORKS))


@pytest.fixture
def place(tmp_path_factory):
    return tmp_path_factory.getbasetemp() / "scenes"


def each_work(tried, survived):
    return [
        pytest.param(name, id=work.__name__, marks=pytest.mark.attack(f"{name}: {tried}", survived))
        for name, (work, *_) in WORKS.items()
    ]


# ----------------------------------------------------------------------------------------------------------- full disk


@pytest.mark.parametrize(
    "name",
    each_work(
        "a disk that is full, and at a later write each time it is called again",
        "the message names the file, what was there stays, and with room the same call ends with the same bits",
    ),
)
def test_full_disk(place, name):
    attacked = scene(name, place)
    for number, folder in attacked.again_and_again("full"):
        ended = end(at(attacked.work, folder), functools.partial(victims.full, folder, number))
        check_whole(folder)
        attacked.check_told(folder)
        if ended == attacked.told:  # all was written before there was no more room
            break
        assert isinstance(ended.answer, OSError)
        assert str(folder) in str(ended.answer) and "File too large" in str(ended.answer)
        assert not list(folder.rglob("*.*.unfinished"))
    assert number > 1
    attacked.check_done(folder)


@pytest.mark.attack(
    "`scn run` on a disk that is full (a small tmpfs)",
    "one line names the file, exit code 2, and with more room the same call ends with the same bits",
)
def test_full_disk_of_a_run(place, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs may be mounted here: {mounted.stderr.strip()}")
    try:
        code, _, errors = end(at(victims.commands, disk)).answer
        assert code == 2
        *bar, said = errors.replace("\r", "\n").strip().split("\n")
        assert said.startswith(f"scn: {disk}/run/checkpoint.safetensors could not be written (")
        assert "No space left on device" in said and all(not line.strip() or line.startswith("run: ") for line in bar)
        assert sorted(path.name for path in (disk / "run").iterdir()) == ["config.json"]
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        scene(RUN, place).check_repeated(disk)
    finally:
        subprocess.run(["umount", disk], check=True)


# -------------------------------------------------------------------------------------------------------------- Ctrl-C


@pytest.mark.attack(
    "`scn run`: Ctrl-C where it opens, moves or removes a file, and at a later one each time it is called again",
    "one line says that the same command goes on, exit code 130, and it does, with the same bits",
)
def test_interrupted_runs(place):
    attacked = scene(RUN, place)
    for number, folder in attacked.again_and_again("interrupted"):
        ended = end(at(victims.commands, folder), functools.partial(victims.interrupted, folder, number))
        code, _, errors = ended.answer
        check_whole(folder)
        attacked.check_told(folder)
        if code == 0:
            break
        assert code == 130
        assert errors.endswith("\nscn: stopped. What is finished is kept; the same command goes on from there.\n")
        assert not list(folder.rglob("*.unfinished"))
    assert number > 5
    attacked.check_done(folder)


# -------------------------------------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize("name", each_work("clocks that jump by up to an hour, back and forth", "the same bits"))
def test_jumping_clocks(place, name):
    attacked = scene(name, place)
    _, folder = next(attacked.folders("clock"))
    assert end(at(attacked.work, folder), functools.partial(victims.jumping_clock, 0)) == attacked.told
    check_same(contents(folder), attacked.expected)


@pytest.mark.attack(
    "`scn run` while the clock of the wall jumps by up to an hour, back and forth",
    "its bar lives, no duration is negative, and a run that was trained is not said to be found",
)
@pytest.mark.parametrize("seed", range(2))
def test_a_run_under_a_jumping_clock(place, tmp_path, seed):
    clock = functools.partial(victims.jumping_clock, seed, ("time",))
    code, printed, errors = end(at(victims.commands, tmp_path), clock).answer
    assert code == 0 and "Traceback" not in errors and "found" not in printed
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert 0 < manifest["duration_s"] < 60
    check_same(contents(tmp_path), scene(RUN, place).expected)
    code, printed, _ = end(at(victims.commands, tmp_path), clock).answer
    assert code == 0 and "found: this run was finished on" in printed


# ------------------------------------------------------------------------------------------------------------- lessons


WAITS = """
import os, pathlib, time
here = pathlib.Path({here!r})
(here / "new").write_text(f"{{os.getpid()}} {{os.getppid()}}")
(here / "new").rename(here / "lives")
while not (here / "go").exists():
    time.sleep(0.02)
print("it went on")
"""


def write_lesson(folder: Path, name: str, code: str) -> None:
    parameters = nbformat.v4.new_code_cell('profile = "quick"', metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(code)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / f"{name}.ipynb")


@pytest.fixture
def project(tmp_path):
    """A lesson that waits to be told to go on, and a report of yesterday that says all is well."""
    (tmp_path / "notebooks" / "exercises").mkdir(parents=True)
    (tmp_path / "out" / "smoke").mkdir(parents=True)
    (tmp_path / "out" / "smoke" / "report.html").write_text("1 of 1 lessons ran")
    write_lesson(tmp_path / "notebooks", "00_waits", WAITS.format(here=str(tmp_path)))
    return tmp_path


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.attack(
    "`scn reproduce`: SIGKILL in the middle, then again with a kernel that dies and a cell that never ends",
    "neither papermill nor the kernel is left running, and there is no report until the second call, which names both "
    "failures with cell and cause",
)
def test_reproduce_killed_and_called_again(project):
    report = project / "out" / "smoke" / "report.html"
    first = Child(at(victims.reproduces, project))
    until((project / "lives").is_file)
    first.send(signal.SIGKILL)
    assert first.end().code == -signal.SIGKILL
    assert not report.exists(), "of a reproduction that never ended"
    until(lambda: not any(lives(int(pid)) for pid in (project / "lives").read_text().split()))
    (project / "go").touch()
    write_lesson(project / "notebooks", "01_dies", "import os; os.kill(os.getpid(), 9)")
    write_lesson(project / "notebooks", "02_late", "import time; time.sleep(60)")
    code, _, errors = end(functools.partial(victims.reproduces, project, seconds=4)).answer
    assert code == 2
    assert errors.startswith("scn: 2 of 3 lessons failed\n")
    assert "01_dies, cell 2 (import os; os.kill(os.getpid(), 9)): nbclient.exceptions.DeadKernelError: " in errors
    assert "02_late, cell 2 (import time; time.sleep(60)): nbclient.exceptions.CellTimeoutError: " in errors
    assert "A cell timed out while it was being executed, after 4 seconds" in errors
    page = report.read_text()
    assert "1 of 3 lessons ran" in page and page.count("failed in cell") == 2
    assert "it went on" in (project / "out" / "smoke" / "logs" / "00_waits.log").read_text()


@pytest.mark.attack(
    "`scn reproduce`: Ctrl-C in the middle of a lesson",
    "exit code 130 and one line, no report, and neither papermill nor the kernel is left running",
)
def test_reproduce_interrupted(project):
    child = Child(at(victims.reproduces, project))
    until((project / "lives").is_file)
    child.send(signal.SIGINT)
    code, _, errors = child.end().answer
    assert code == 130 and errors.endswith("the same command goes on from there.\n")
    assert not (project / "out" / "smoke" / "report.html").exists()
    until(lambda: not any(lives(int(pid)) for pid in (project / "lives").read_text().split()))
