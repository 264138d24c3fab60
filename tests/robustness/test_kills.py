"""Whatever is killed wherever: the same call ends it like an undisturbed one, bit for bit on the CPU.

No power cut is tried: nothing waits for the disk itself (``scnlib.files`` says what that means).
"""

import functools
import random
import signal
import time

import pytest

from tests.robustness import victims
from tests.robustness.scenes import WORKS, check_whole, scene
from tests.robustness.victims import Child, at, end, until

RUN = next(iter(WORKS))


@pytest.fixture
def place(tmp_path_factory):
    return tmp_path_factory.getbasetemp() / "scenes"


def each_work(tried):
    survived = "the same call ends it with the same bits; nothing is left over"
    return [
        pytest.param(name, id=work.__name__, marks=pytest.mark.attack(f"{name}: {tried}", survived))
        for name, (work, *_) in WORKS.items()
    ]


@pytest.mark.parametrize("name", each_work("SIGKILL before a file is opened, moved to its place or removed: each one"))
def test_killed_at_every_file(place, name):
    attacked = scene(name, place)
    for number, folder in attacked.folders("killed"):
        died = end(at(attacked.work, folder), functools.partial(victims.killed, folder, number))
        if died.code == 0:  # there is nothing left at which to kill it
            break
        assert died.code == -signal.SIGKILL
        check_whole(folder)
        attacked.check_told(folder)
        attacked.check_repeated(folder)
    assert number > attacked.least


@pytest.mark.parametrize(
    "name", each_work("death in the middle of a write, and of a later one each time it is repeated")
)
def test_killed_in_writes(place, name):
    attacked = scene(name, place)
    for number, folder in attacked.again_and_again("cut"):
        died = end(at(attacked.work, folder), functools.partial(victims.cut, folder, number))
        check_whole(folder)
        attacked.check_told(folder)
        if died.code == 0:
            break
        assert died.code == -signal.SIGXFSZ
    assert number > 1 and died == attacked.told
    attacked.check_done(folder)


@pytest.mark.attack("a run: SIGKILL at random moments, and again while it resumes", "it ends with the same bits")
def test_killed_at_any_moment(place):
    attacked, chance = scene(RUN, place), random.Random(0)
    for number, folder in attacked.folders("moment"):
        for _ in range(2):
            child = Child(at(attacked.work, folder))
            time.sleep(chance.uniform(0.02, 0.4))
            child.send(signal.SIGKILL)
            assert child.end().code in (-signal.SIGKILL, 0)
            check_whole(folder)
            attacked.check_told(folder)
        attacked.check_repeated(folder)
        if number == 3:
            break


@pytest.mark.parametrize("clock", [None, functools.partial(victims.jumping_clock, 1)], ids=["steady", "jumping"])
@pytest.mark.attack(
    "two processes that want one run, of which the one that trains is killed, also under a clock that jumps",
    "the other one, which waited, ends it with the same bits",
)
def test_killed_while_another_waits(place, tmp_path, clock):
    attacked, folder = scene(RUN, place), tmp_path
    first = Child(at(victims.trains, folder), functools.partial(victims.stopped, folder, 8))
    until((folder / "run" / "checkpoint.safetensors").is_file)
    second = Child(at(victims.trains_aloud, folder), clock)
    said = folder / "said"
    until(lambda: said.is_file() and "another process is training this run" in said.read_text())
    attacked.check_told(folder)
    first.send(signal.SIGKILL)
    assert first.end().code == -signal.SIGKILL
    assert second.end() == victims.End(0, 2), "two processes had a part in it"
    said.unlink()
    attacked.check_repeated(folder)
