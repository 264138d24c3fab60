"""What a training set as large as AffectNet costs: seconds and memory of each thing that holds a row for every image.

Each is done in a process of its own, for n, 2 n and 4 n samples: what grows in proportion doubles from row to row.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scnlib.bench.how import How, Task
from scnlib.bench.rows import Row, row_of
from scnlib.errors import ScnError
from scnlib.files import write, write_tensors
from scnlib.labels import LabelLedger

#: AffectNet has 287,651 training images of eight classes.
SAMPLES = (75_000, 150_000, 300_000)
#: Of the paper profile.
EPOCHS, BATCH, CLASSES = 40, 1024, 8
#: Side of the images in pixels. Memory must not depend on it: what is in a file is not counted.
SIDE = 48


def tasks(how: How) -> list[Task]:
    """Loader, ledger, alpha history and samples.npz at three sizes, a tenth of them where it must be quick."""
    counts = [n // 10 for n in SAMPLES] if how.quick else SAMPLES
    if not how.seconds:
        counts = [200]
    a_second = {name: 1_200 if "loader" in name else 60_000 for name in ("nothing", *STEPS)}  # with the files
    return [
        Task(f"{name}, {n:,} samples", n / a_second[name] + 5, lambda name=name, n=n: measured(name, n))
        for name in a_second for n in (counts[:1] if name == "nothing" else counts)
    ]  # fmt: skip


def measured(name: str, n: int) -> list[Row]:
    """A row for each unit of what a step takes."""
    common = {"group": "load", "name": name, "method": "" if name == "nothing" else f"{n:,} samples"}
    return [row_of([value], unit=unit, **common) for unit, value in in_a_process(name, n).items()]


def in_a_process(name: str, n: int) -> dict[str, float]:
    """What ``run`` answers in a process of its own.

    Raises:
        ScnError: the process failed; the message has its last line.
    """
    done = subprocess.run(
        [sys.executable, "-m", "scnlib.bench.load", json.dumps([name, n])], capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ScnError(f"{name} of {n:,} samples: the process failed ({last})")
    return json.loads(done.stdout.splitlines()[-1])


# ------------------------------------------------------------------------------------------------------ in the process


def loader(n: int, folder: Path) -> Callable[[], object]:
    """A folder of n small pictures, decoded into the cache, hashed, and every batch of an epoch gathered."""
    from scnlib.datasets.folder import load
    from scnlib.training import epoch_batches

    picture = io.BytesIO()
    Image.new("RGB", (16, 16), (90, 130, 90)).save(picture, "PNG")
    for c in range(CLASSES):
        (folder / "train" / f"class {c}").mkdir(parents=True)
    for i in range(n):
        (folder / "train" / f"class {i % CLASSES}" / f"{i:06d}.png").write_bytes(picture.getvalue())

    def work() -> None:
        faces = load(folder, "train", size=SIDE)
        for rows in epoch_batches(n, BATCH, seed=0, epoch=1):
            faces.images[rows]

    return work


def loader_again(n: int, folder: Path) -> Callable[[], object]:
    """The same when the cache is there."""
    work = loader(n, folder)
    work()
    return work


def ledger(n: int, folder: Path) -> Callable[[], object]:
    """Forty epochs in which one label in fifty changes, a checkpoint of them, and going on from it."""
    labels = torch.arange(n) % CLASSES

    def work() -> None:
        book = LabelLedger(labels, labels)
        for epoch in range(1, EPOCHS + 1):
            for rows in torch.arange(n).split(BATCH):
                changed = (rows + epoch) % 50 == 0
                book.propose(rows, torch.where(changed, (labels[rows] + epoch) % CLASSES, labels[rows]))
            book.commit(epoch, "load")
        write_tensors(folder / "ledger.safetensors", book.state())
        LabelLedger(labels, labels).restore(book.state(), "load")

    return work


def alpha_history(n: int, folder: Path) -> Callable[[], object]:
    """Forty epochs of alpha, predictions and labels, a checkpoint of all of them after each."""
    alpha, byte = torch.rand(n), torch.zeros(n, dtype=torch.uint8)

    def work() -> None:
        history: dict[str, list[torch.Tensor]] = {"alpha": [], "predictions": [], "label_history": []}
        for _ in range(EPOCHS):
            history["alpha"].append(alpha.clone())
            history["predictions"].append(byte.clone())
            history["label_history"].append(byte.clone())
            write_tensors(folder / "checkpoint.safetensors", {name: torch.stack(h) for name, h in history.items()})

    return work


def samples(n: int, folder: Path) -> Callable[[], object]:
    """samples.npz of forty epochs, written and read."""
    random = np.random.default_rng(0)
    alpha, labels = random.random((EPOCHS, n), np.float32), random.integers(0, CLASSES, (EPOCHS, n), np.uint8)

    def work() -> None:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, alpha=alpha, current=labels, prediction=labels)
        write(folder / "samples.npz", buffer.getvalue())
        with np.load(folder / "samples.npz", allow_pickle=False) as file:
            {name: file[name] for name in file.files}

    return work


STEPS: dict[str, Callable[[int, Path], Callable[[], object]]] = {
    "loader": loader,
    "loader, cached": loader_again,
    "ledger": ledger,
    "alpha history": alpha_history,
    "samples.npz": samples,
}


def run(name: str, n: int) -> dict[str, float]:
    """Seconds of a step, and MiB of this process's own memory at most, NaN where the system does not tell."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["SCN_CACHE"] = f"{place}/cache"
        work = STEPS[name](n, Path(place)) if name != "nothing" else lambda: None
        with _Watch() as watch:
            begun = time.perf_counter()
            work()
            seconds = time.perf_counter() - begun
    return {"s": seconds, "MiB of its own at most": watch.most}


class _Watch:
    """The largest amount of memory, in MiB, that was this process's own: pages of files that it reads are not."""

    def __enter__(self) -> "_Watch":
        self.most, self._done = own_memory(), threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self) -> None:
        while not self._done.wait(0.005):
            self.most = max(self.most, own_memory())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.most = max(self.most, own_memory())


def own_memory() -> float:
    """MiB of this process that no file holds; NaN where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 2**10


if __name__ == "__main__":
    print(json.dumps(run(*json.loads(sys.argv[1]))))
