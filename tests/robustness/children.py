"""What a child process needs: forked here, so that it begins with everything imported, and looked at when it ends."""

import os
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest


def forked(work: Callable[[], str]) -> str:
    """What ``work`` answers in a child process; an error there is an error here."""
    answer, question = os.pipe()
    with warnings.catch_warnings(action="ignore"):  # of forking beside threads: the child uses none of them
        child = os.fork()
    if child == 0:
        try:
            words, code = work(), 0
        except BaseException:
            words, code = traceback.format_exc(), 1
        os.write(question, words.encode()[-60_000:])
        os._exit(code)
    os.close(question)
    with os.fdopen(answer, "rb") as pipe:
        words = pipe.read().decode()
    assert os.waitpid(child, 0)[1] == 0, words
    return words


def peak_growth(work: Callable[[], object]) -> float:
    """MiB by which the resident memory of a child grows at most while it does ``work``."""
    resource = pytest.importorskip("resource")

    def measured() -> str:
        before = status("VmRSS")
        work()
        return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10 - before)

    return float(forked(measured))


def with_memory_of_its_own(mib: float, work: Callable[[], str]) -> str:
    """What ``work`` answers in a child that may take so much memory beyond what it was born with, files aside."""
    resource = pytest.importorskip("resource")

    def limited() -> str:
        most = int((status("VmData") + mib) * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
        return work()

    return forked(limited)


def status(name: str) -> float:
    """A size in MiB that Linux states of this process."""
    path = Path("/proc/self/status")
    if not path.is_file():
        pytest.skip("needs Linux")
    line = next(line for line in path.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 2**10
