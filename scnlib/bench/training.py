"""Training measured: images a second beside the released recipe, SCN's price beyond the baseline, peak memory."""

import dataclasses
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from scnlib import faces
from scnlib.bench import machine, released
from scnlib.bench.how import How, Task
from scnlib.bench.ours import pictures, plan, training_arm
from scnlib.bench.rows import Row, row_of, rows_of
from scnlib.bench.turns import paired_ratios, take_turns
from scnlib.errors import ScnError
from scnlib.methods import SCN, Baseline

#: On a GPU also a batch that fills it.
GPU_BATCH = 256
#: The network, size and batch of the quick profile on rendered faces.
QUICK = ("small", 48, 256)


def methods() -> dict[str, Baseline | SCN]:
    """The two sides; SCN relabels from the first step on, so that all it ever does in a step is in the price."""
    return {"baseline": Baseline(), "scn": SCN(relabel_epoch=1)}


def networks(how: How) -> list[tuple[str, int, int]]:
    """Backbone, size and batch of everything that is trained here."""
    return [QUICK] * (QUICK[1] in how.sizes) + [("resnet18", size, released.BATCH) for size in how.sizes]


def throughput_tasks(how: How) -> list[Task]:
    """Baseline, SCN and the released recipe in turns, images a second and share of the machine's matrix rate."""
    return [
        Task(
            f"{backbone} at {size} px beside the released recipe",
            (how.turns + 1) * _turn(how, backbone, size) * 5 + size / 8,
            lambda network=(backbone, size, batch): throughput(how, *network),
        )
        for backbone, size, batch in networks(how)
    ]


def throughput(how: How, backbone: str, size: int, batch: int) -> list[Row]:
    """The rows of one network."""
    images, labels = pictures(size)
    arms = {}
    for number in (batch, GPU_BATCH) if how.device.type == "cuda" and batch < GPU_BATCH else (batch,):
        for method, recipe in methods().items():
            arms[method, number] = training_arm(
                plan(recipe, backbone, size, number), images, labels, how.device, how.precision, how.seconds
            )
    with tempfile.TemporaryDirectory() as folder:
        theirs, given = pictures(released.SIDE)
        arms["released", batch] = released.released_arm(
            released.write_files(theirs, Path(folder)), given, len(faces.CLASSES),
            backbone=backbone, size=size, batch=batch, device=how.device, seconds=how.seconds, workers=how.workers,
        )  # fmt: skip
        rates = take_turns(arms, how.turns)
    reference = rates["released", batch]
    found = []
    for (method, number), values in rates.items():
        precision = "float32" if method == "released" else how.dtype
        labelled = {"group": "training", "name": backbone, "method": method, "size": size, "batch": number}
        against = None if method == "released" else ("released", reference)
        found.append(row_of(values, against, unit="images/s", precision=precision, **labelled))
        best = machine.best_rate(how.device, precision, how.turns, how.seconds)
        shares = [value * machine.flops(backbone, size) / best for value in values]
        found.append(row_of(shares, unit="share of matrix rate", precision=precision, **labelled))
    return found


def overhead_tasks(how: How) -> list[Task]:
    """What SCN costs beyond the baseline, in many short turns."""
    return [
        Task(
            f"price of SCN, {backbone} at {size} px",
            (how.pairs + 1) * _turn(how, backbone, size),
            lambda network=(backbone, size, batch): [overhead(how, *network)],
        )
        for backbone, size, batch in networks(how)
    ]


def overhead(how: How, backbone: str, size: int, batch: int) -> Row:
    """Extra time of a step with SCN in percent of the baseline's: the median over pairs of turns.

    In formula: ``100 (t_scn / t_baseline - 1)``.
    """
    images, labels = pictures(size)
    rates = take_turns(
        {
            name: training_arm(
                plan(recipe, backbone, size, batch), images, labels, how.device, how.precision, how.seconds / 2
            )
            for name, recipe in methods().items()
        },
        how.pairs,
    )
    extra = [100 * (ratio - 1) for ratio in paired_ratios(rates["baseline"], rates["scn"])]
    row = row_of(
        extra, group="overhead", name=backbone, method="scn", size=size, batch=batch, precision=how.dtype,
        unit="% more time",
    )  # fmt: skip
    ratio = statistics.median(paired_ratios(rates["scn"], rates["baseline"]))
    return dataclasses.replace(row, ratio_to="baseline", ratio=ratio)


def _turn(how: How, backbone: str, size: int) -> float:
    """About how long a turn of at least two batches takes on two CPU cores, in seconds."""
    return max(how.seconds, 0.0 if backbone == "small" else 2 * released.BATCH * (size / 48) ** 1.8 / 500)


# ------------------------------------------------------------------------------------------------------ memory


def memory_tasks(how: How) -> list[Task]:
    """Peak memory of each arm, in a process of its own."""
    return [
        Task(
            f"peak memory, {backbone} at {size} px", 16 + size**2 / 1500,
            lambda network=(backbone, size, batch): memory(how, *network),
        )
        for backbone, size, batch in (networks(how)[-1:] if how.quick else networks(how))
    ]  # fmt: skip


def memory(how: How, backbone: str, size: int, batch: int) -> list[Row]:
    """Peaks of baseline, SCN and the released recipe, and of a process that has only imported everything."""
    peaks = {arm: peak_memory(how.device, arm, backbone, size, batch) for arm in ("nothing", *methods(), "released")}
    found = []
    for arm, peak in peaks.items():
        precision = "" if arm == "nothing" else "float32" if arm == "released" else how.dtype
        row = {"group": "memory", "name": backbone, "size": size, "batch": batch, "precision": precision}
        found += rows_of({arm: [peak]}, None, unit="MiB at most", **row)
    return found


def peak_memory(device: torch.device, arm: str, backbone: str, size: int, batch: int) -> float:
    """MiB that an arm needs at most: on a GPU what torch allocated there, else all of its process; NaN where unknown.

    Processes that only load images are not counted.

    Raises:
        ScnError: the process failed; the message has its last line.
    """
    words = json.dumps([str(device), arm, backbone, size, batch])
    done = subprocess.run([sys.executable, "-m", "scnlib.bench.peak", words], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ScnError(f"peak memory of {arm}, {backbone} at {size} px: the process failed ({last})")
    return float(done.stdout.split()[-1])
