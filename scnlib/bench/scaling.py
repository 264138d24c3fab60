"""What a second core is worth: to one run as a thread, to another run beside it, to one run in two processes.

Each way has processes of its own, which live as long as the measurement and wait while others have their turn. On a CPU
alone: several GPUs have not been at hand to measure this on, or to see such code run.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from scnlib.bench.how import How, Task
from scnlib.bench.rows import Row, rows_of
from scnlib.bench.training import QUICK
from scnlib.bench.turns import Arm, take_turns
from scnlib.errors import ScnError

#: Of an epoch, which is a turn of a run.
BATCHES = 8


@dataclass(frozen=True)
class Crew:
    """Processes that work at the same time.

    Attributes:
        processes: how many.
        threads: of each.
        together: whether they train one run, each its share of every batch; else each has a run of its own.
    """

    processes: int
    threads: int
    together: bool = False

    @property
    def runs(self) -> int:
        return 1 if self.together else self.processes


def crews(cores: int) -> dict[str, Crew]:
    """The ways to use so many cores, one thread first."""
    ways = {"1 thread": Crew(1, 1)}
    if cores > 1:
        ways[f"{cores} threads"] = Crew(1, cores)
        ways[f"{cores} runs side by side"] = Crew(cores, 1)
        ways["one run in 2 processes"] = Crew(2, cores // 2, together=True)
    return ways


def tasks(how: How) -> list[Task]:
    """One run of SCN with the quick recipe, in each way; nothing on other devices than a CPU."""
    if how.device.type != "cpu":
        return []
    return [Task("threads, runs and processes", 30 + 8 * (how.turns + 1), lambda: scaling(how))]


def scaling(how: How) -> list[Row]:
    """Images a second of all runs together, and the ratio to one thread; as many cores as torch has threads here."""
    batches = BATCHES if how.seconds else 2
    with contextlib.ExitStack() as stack:
        ways = crews(torch.get_num_threads())
        arms = {name: stack.enter_context(at_work(crew, *QUICK, batches)) for name, crew in ways.items()}
        rates = take_turns(arms, how.turns)
    backbone, size, batch = QUICK
    common = {"group": "scaling", "name": backbone, "size": size, "batch": batch, "precision": how.dtype}
    return rows_of(rates, "1 thread", unit="images/s", **common)


@contextlib.contextmanager
def at_work(crew: Crew, backbone: str, size: int, batch: int, batches: int) -> Iterator[Arm]:
    """An arm whose turn is an epoch in each of the crew's processes at once, from the call to the last one's answer.

    Raises:
        ScnError: in a turn, if a process failed; the message has its last line.
    """
    words = [sys.executable, "-m", "scnlib.bench.member", json.dumps([backbone, size, batch, batches])]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    members = [subprocess.Popen(words, env=environment, text=True, **pipes) for environment in _environments(crew)]

    def turn() -> float:
        begun = time.perf_counter()
        for member in members:
            with contextlib.suppress(BrokenPipeError):  # it has ended; what it said is read below
                print(file=member.stdin, flush=True)
        for member in members:
            if not member.stdout.readline():
                raise ScnError(f"a training process failed ({_last_line(member)})")
        return crew.runs * batch * batches / (time.perf_counter() - begun)

    try:
        yield turn
    finally:
        for member in members:
            member.kill()
            member.communicate()


def _environments(crew: Crew) -> Iterator[dict[str, str]]:
    """What each process is told: its threads, and where the others are, as ``torchrun`` would say it."""
    common = os.environ | {"OMP_NUM_THREADS": str(crew.threads), "CUDA_VISIBLE_DEVICES": ""}
    if crew.together:
        with socket.socket() as place:
            place.bind(("127.0.0.1", 0))
            port = place.getsockname()[1]
        common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(crew.processes)}
    for rank in range(crew.processes):
        yield common | ({"RANK": str(rank), "LOCAL_RANK": str(rank)} if crew.together else {})


def _last_line(member: subprocess.Popen) -> str:
    return (member.stderr.read().strip().splitlines() or ["no message"])[-1]
