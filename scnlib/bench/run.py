"""All groups of the benchmark, one after the other, with the time left; ``scn bench``."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from scnlib.bench import load, machine, methods, preparing, rows, scaling, startup, techniques, training
from scnlib.bench.how import How, Task
from scnlib.bench.rows import Row
from scnlib.files import check_target
from scnlib.precision import choose_device, choose_precision


def _machine_tasks(how: How) -> list[Task]:
    return [Task("matrix products", 4 * how.turns, lambda: machine.rows(how.device, how.turns, how.seconds))]


#: Name -> its tasks. The machine comes first: training is compared with it.
GROUPS: dict[str, Callable[[How], list[Task]]] = {
    "machine": _machine_tasks,
    "training": training.throughput_tasks,
    "overhead": training.overhead_tasks,
    "methods": methods.tasks,
    "techniques": techniques.tasks,
    "memory": training.memory_tasks,
    "preparing": preparing.tasks,
    "startup": startup.tasks,
    "load": load.tasks,
    "scaling": scaling.tasks,
}


def bench(
    groups: Sequence[str] = (), *, quick: bool = False, device: str | None = None, csv: Path | str | None = None
) -> list[Row]:
    """Measure, and print what is being done and how long it will take.

    Args:
        groups: keys of ``GROUPS``; none: all.
        quick: 48 pixels, few short turns, no compiler: for a first impression.
        device: as in ``scnlib.precision.choose_device``.
        csv: written after each task, so that what is measured stays when the rest is cut off. What it has of other
            groups and devices stays in it, too.

    Raises:
        ValueError: an unknown group or device, or a file that is no such table.
    """
    for group in groups:
        if group not in GROUPS:
            raise ValueError(f"unknown group {group!r}; known: {', '.join(GROUPS)}")
    if csv is not None:
        check_target("--csv", csv, ".csv")
    where = choose_device(device)
    how = How(where, choose_precision(where))
    if quick:
        how = How(where, choose_precision(where), sizes=(48,), turns=3, seconds=0.3, quick=True)
    return measure([task for name in GROUPS if name in (groups or GROUPS) for task in GROUPS[name](how)], how, csv)


def measure(tasks: Sequence[Task], how: How, csv: Path | str | None = None) -> list[Row]:
    """The rows of all tasks."""
    before = None
    if csv is not None:
        Path(csv).parent.mkdir(parents=True, exist_ok=True)
        before = rows.read_csv(csv) if Path(csv).exists() else None
    begun, done, found = time.perf_counter(), 0.0, []
    expected = sum(task.expected for task in tasks)
    for number, task in enumerate(tasks, start=1):
        gone = time.perf_counter() - begun
        left = (expected - done) * (gone / done if done else 1)
        words = f"[{number}/{len(tasks)}] {task.label}: {_clock(gone)} gone, about {_clock(left)} left"
        print(words, file=sys.stderr, flush=True)
        found += task.work()
        done += task.expected
        if csv is not None:
            table = rows.table(found, how.device)
            rows.write_csv(table if before is None else rows.beside(table, before, tuple(GROUPS)), Path(csv))
    return found


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
