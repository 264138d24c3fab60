"""``scn reproduce``: run every lesson headlessly with papermill, then write the report.

    out/quick/
        04_baseline.ipynb      executed
        04_baseline.html       to read without Jupyter
        logs/04_baseline.log   what it printed
        figures/               every figure, with alt texts in index.json
        exercises/             as lessons link to them, not executed
        report.html            published beside measured, claims, figures, lessons

A lesson counts as done when papermill's exit code says so, never because its file exists: after a killed kernel the
saved notebook claims that every cell completed.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from scnlib.config import LESSON_PROFILES
from scnlib.errors import ScnError
from scnlib.paths import out_dir, project_root
from scnlib.words import counted

#: Longest time for one cell, in seconds. A cell of the paper profile may train for days.
CELL_TIMEOUT = {"smoke": 300, "quick": 900, "paper": None}

#: Lessons that run side by side, each with half of the cores: a run that two of them want is trained once, and while
#: one waits for it the third keeps its half busy.
SIDE_BY_SIDE = 3

_CELL = re.compile(r"Executing Cell (\d+)")
_EXCEPTION = re.compile(r"[\w.]*[A-Z]\w*:( \S|$)")  # "nbclient.exceptions.CellTimeoutError: A cell timed out ..."
_FAILING = re.compile(r"-+> \d+ +(.*)")  # the line of the cell, as a traceback points at it


class LessonsFailed(ScnError):
    """At least one lesson failed; the message names each with its cell and its log."""


@dataclass(frozen=True)
class Outcome:
    """How the run of one lesson ended; ``cell`` says in which cell it stopped, "" if it did not."""

    name: str
    ok: bool
    seconds: float
    cell: str
    notebook: Path
    log: Path


def lessons(only: Iterable[str] = ()) -> list[Path]:
    """The numbered notebooks in order; with ``only`` those whose numbers (00, 04, A1) are named.

    Raises:
        ValueError: if a number has no notebook.
    """
    found = {path.name.split("_")[0]: path for path in sorted((project_root() / "notebooks").glob("[0-9A]*_*.ipynb"))}
    unknown = [number for number in only if number not in found]
    if unknown:
        raise ValueError(f"there is no lesson {unknown[0]}; there are {', '.join(found)}")
    return [found[number] for number in only] if only else list(found.values())


def reproduce(profile: str = "quick", only: Iterable[str] = ()) -> Path:
    """Run the lessons, write the report, and return its path; of single lessons no report, but the folder they are in.

    Raises:
        ValueError: unknown profile or lesson.
        LessonsFailed: after all others ran and the report was written.
    """
    if profile not in LESSON_PROFILES:
        raise ValueError(f"unknown profile {profile!r}; known: {', '.join(LESSON_PROFILES)}")
    only = list(only)
    sources, folder = lessons(only), out_dir() / profile
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    shutil.copytree(project_root() / "notebooks" / "exercises", folder / "exercises", dirs_exist_ok=True)
    if not only:
        (folder / "report.html").unlink(missing_ok=True)  # it speaks of notebooks that are now made anew
    outcomes = []
    for outcome in _run_all(sources, folder, profile):
        state = "done" if outcome.ok else f"FAILED in cell {outcome.cell}"
        tqdm.write(f"{outcome.name}: {state} after {outcome.seconds:.0f} s", file=sys.stdout)
        sys.stdout.flush()
        outcomes.append(outcome)
    outcomes.sort(key=lambda outcome: outcome.name)
    from scnlib import report

    if only:  # a report of one lesson would take the place of the report of all
        pages = [report.export_html(outcome.notebook) for outcome in outcomes if outcome.notebook.is_file()]
        written = pages[-1] if pages else folder
    else:
        written = report.write(folder, profile, outcomes)
    failed = [f"{o.name}, cell {o.cell}: {_cause(o.log)} (log: {o.log})" for o in outcomes if not o.ok]
    if failed:
        raise LessonsFailed(
            "\n".join([f"{len(failed)} of {counted(len(outcomes), 'lesson')} failed", *failed, f"written: {written}"])
        )
    return written


def _run_all(sources: list[Path], folder: Path, profile: str) -> Iterator[Outcome]:
    """The outcomes as they come in."""
    cores = os.cpu_count() or 1
    beside, threads = min(SIDE_BY_SIDE, len(sources)), max(1, cores // 2)
    running: list[subprocess.Popen] = []
    with ThreadPoolExecutor(beside) as pool:
        waiting = [pool.submit(run_lesson, path, folder, profile, threads, running) for path in sources]
        try:
            for future in as_completed(waiting):
                yield future.result()
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.send_signal(signal.SIGINT)
            raise


def run_lesson(source: Path, folder: Path, profile: str, threads: int, running: list[subprocess.Popen]) -> Outcome:
    """Run one notebook in a process of its own, with a progress bar over its cells.

    Args:
        threads: cores that its trainings may use.
        running: where its process is noted, for whoever has to stop it.
    """
    import nbformat

    notebook, log = folder / source.name, folder / "logs" / f"{source.stem}.log"
    cells = nbformat.read(source, as_version=4).cells
    command = [
        sys.executable, "-m", "scnlib.lesson_process", str(source), str(notebook), "-k", "python3",
        "-p", "profile", profile, "--log-output", "--no-progress-bar",
    ]  # fmt: skip
    if CELL_TIMEOUT[profile] is not None:
        command += ["--execution-timeout", str(CELL_TIMEOUT[profile])]
    started, reached = time.perf_counter(), 0  # cells before the one that runs
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "SCN_HEADLESS": "1", "PYTHONUNBUFFERED": "1"}
    with (
        log.open("w", encoding="utf-8") as record,
        tqdm(total=len(cells), desc=source.stem, unit="cell", file=sys.stdout, leave=False) as bar,
        subprocess.Popen(
            command, cwd=project_root(), env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
        ) as process,
    ):  # fmt: skip
        over = threading.Event()
        running.append(process)
        threading.Thread(target=_show_life, args=(bar, over), daemon=True).start()
        for line in process.stdout:
            record.write(line)
            record.flush()
            if match := _CELL.search(line):
                bar.update(int(match[1]) - 1 - reached)
                reached = int(match[1]) - 1
                bar.set_postfix_str("")
        over.set()
    return Outcome(
        name=source.stem,
        ok=process.returncode == 0,
        seconds=time.perf_counter() - started,
        cell="" if process.returncode == 0 else _cell(cells, reached),
        notebook=notebook,
        log=log,
    )


def _show_life(bar: tqdm, over: threading.Event) -> None:
    """Say every few seconds which run is training and how far it is: a cell that trains prints nothing for minutes."""
    started = time.time()
    while not over.wait(3):
        written = {path: path.stat().st_mtime for path in (out_dir() / "runs").glob("*/metrics.csv")}
        newest = max(written, key=written.get, default=None)
        if newest is not None and written[newest] > started and not (newest.parent / "manifest.json").is_file():
            epochs = len(newest.read_text(encoding="utf-8").splitlines()) - 1
            bar.set_postfix_str(f"{newest.parent.name}, {counted(epochs, 'epoch')} done")
        else:
            bar.refresh()


def _cell(cells: list, reached: int) -> str:
    """The number of the lesson's cell, counted from 1, and the first line of its code.

    papermill counts one cell more, the one that it puts after the parameters.
    """
    parameters = next((i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])), -1)
    index = min(reached - (reached > parameters), len(cells) - 1)
    code = [line for line in cells[index].source.splitlines() if line.strip() and not line.startswith("#")]
    return f"{index + 1} ({code[0]})" if code else str(index + 1)


def _cause(log: Path) -> str:
    """The last exception in a log, or the failing line where it has no text; else the last line that says something."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8").splitlines() if line.strip()]
    start = max((i for i, line in enumerate(lines) if line.startswith("Exception encountered at")), default=0)
    exceptions = [line for line in lines[start:] if _EXCEPTION.match(line)]
    cause = (exceptions or lines or ["it printed nothing"])[-1]
    failing = [match[1] for line in lines[start:] if (match := _FAILING.match(line))]
    return (f"{cause} {failing[-1]}" if cause.endswith("Error:") and failing else cause)[:300]
