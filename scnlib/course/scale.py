"""What lesson A2 measures live and counts: where the time of a step goes, who waits, what a batch in shares ranks."""

import itertools
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from scnlib.augment import Augmentation, views
from scnlib.bench import released
from scnlib.bench.turns import median_interval, paired_ratios, repeating, take_turns, wait_for
from scnlib.config import Config
from scnlib.datasets import FaceSet
from scnlib.methods.base import Batch
from scnlib.models import in_three_channels, normalize
from scnlib.paper import cost
from scnlib.precision import Precision
from scnlib.relabel import low_importance
from scnlib.training import build_model

#: Images a second at which ResNet-18 was to train, by side in pixels: those of a trial on another machine, two cores.
GOALS = {48: 658, 112: 162, 224: 40}
#: The parts of a training step, in order.
PARTS = ("scale to floats", "augment", "forward and loss", "backward", "update")


# --------------------------------------------------------------------------------------------- the time of a step


def step_times(
    config: Config, faces: FaceSet, device: torch.device, precision: Precision, turns: int = 7
) -> pd.DataFrame:
    """Seconds that each part of a training step takes, waited for one by one.

    A step whose parts are not waited for can be faster: a GPU begins the next part while the host prepares another.

    Args:
        config: method, network, batch size; the batch is the first faces.
        turns: steps that count, after one that does not.

    Returns:
        A row a turn, a column for each of ``PARTS``.
    """
    images, labels = faces.images[: config.batch_size].to(device), faces.labels[: config.batch_size].to(device)
    index = torch.arange(len(images), device=device)
    model = build_model(config, faces.num_classes).to(device, memory_format=torch.channels_last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=config.momentum)
    rows = []
    for turn in range(turns + 1):
        optimizer.zero_grad(set_to_none=True)
        marks = [_clock(device)]
        scaled = normalize(images)
        marks.append(_clock(device))
        seen = views(scaled, index, turn, config.seed, config.augmentation)
        marks.append(_clock(device))
        with precision.autocast(device):
            loss = config.method.step(model, Batch(seen, labels, labels, index), 1).loss
        marks.append(_clock(device))
        loss.backward()
        marks.append(_clock(device))
        optimizer.step()
        marks.append(_clock(device))
        rows.append(np.diff(marks))
    return pd.DataFrame(rows[1:], columns=PARTS)


def _clock(device: torch.device) -> float:
    wait_for(device)
    return time.perf_counter()


def preparation_rates(faces: FaceSet, device: torch.device, turns: int = 7, seconds: float = 0.1) -> pd.DataFrame:
    """Images a second that are made ready for a network, in three ways that take turns.

    From JPEG files one by one, in one process, as the released recipe does (``bench.released``); from memory, a view at
    a time; from memory, a batch at a time.

    Args:
        faces: the batch; all of them.
        seconds: that a turn lasts about; 0: each way once a turn.

    Returns:
        Columns ``method``, ``value`` (median), ``low``, ``high``, in images a second; ``ratio``, the median over turns
        of how many times as fast a way is as the one before.
    """
    images, index = faces.images.to(device), torch.arange(len(faces.images), device=device)
    with tempfile.TemporaryDirectory() as folder:
        paths = released.write_files(in_three_channels(faces.images), Path(folder))
        files = released.Files(paths, faces.labels, faces.images.shape[-1])
        ways = {
            "files, one by one": lambda: [files[i] for i in range(len(paths))],
            "memory, one by one": lambda: [_view(images[i : i + 1], index[i : i + 1]) for i in range(len(images))],
            "memory, the batch at once": lambda: _view(images, index),
        }
        arms = {name: repeating(work, len(images), device, seconds) for name, work in ways.items()}
        rates = take_turns(arms, turns)
    table = pd.DataFrame.from_dict(
        {name: median_interval(values) for name, values in rates.items()}, "index", columns=["value", "low", "high"]
    )
    pairs = itertools.pairwise(rates.values())
    table["ratio"] = [np.nan, *(np.median(paired_ratios(after, before)) for before, after in pairs)]
    return table.rename_axis("method").reset_index()


def _view(images: Tensor, index: Tensor) -> Tensor:
    return views(normalize(images), index, 1, 0, Augmentation())


# ------------------------------------------------------------------------------------------------------ who waits


class _Listening(TorchDispatchMode):
    """Counts operations whose answer the host must have before it can go on."""

    ASKING = ("aten::_local_scalar_dense", "aten::is_nonzero", "aten::nonzero", "aten::equal")

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        by_mask = function.name().startswith("aten::index.") and any(
            place is not None and place.dtype == torch.bool for place in arguments[1]
        )
        self.count += by_mask or function._schema.name in self.ASKING
        return function(*arguments, **(keywords or {}))


def questions(work: Callable[[], object]) -> int:
    """How often a piece of work asks the device for a number, and would wait for it on a GPU.

    Counted are single numbers read (``.item()``, ``float(x)``, ``if x > 0``), places looked for (``nonzero``, a mask as
    an index), and comparisons of whole tensors; not copies to the host, which look alike on a CPU.
    """
    with _Listening() as listening:
        work()
    return listening.count


def lanes(host: float, device: float, steps: int, *, waits: bool) -> pd.DataFrame:
    """When the host prepares each step and when the device computes it.

        begin of preparing s  =  end of preparing s - 1, or where the host waits: end of computing s - 1
        begin of computing s  =  max(end of preparing s, end of computing s - 1)

    Args:
        host, device: time that a step takes there.
        waits: whether the host asks for a number of each step before it prepares the next.

    Returns:
        Columns ``lane`` ("host" or "device"), ``step`` (from 1), ``begin``, ``end``.
    """
    rows, prepared, computed = [], 0.0, 0.0
    for step in range(1, steps + 1):
        begin = computed if waits else prepared
        prepared = begin + host
        rows.append(("host", step, begin, prepared))
        start = max(prepared, computed)
        computed = start + device
        rows.append(("device", step, start, computed))
    return pd.DataFrame(rows, columns=["lane", "step", "begin", "end"])


# ------------------------------------------------------------------------------------------- a batch in shares


def draw_alpha(histogram: pd.DataFrame, n: int, seed: int = 0) -> np.ndarray:
    """Importances ``(n,)`` float64, drawn from counts: a bin by its count, a place in it evenly.

    Args:
        histogram: columns ``bin`` (lower edge, all bins equally wide), ``right``, ``wrong``; several runs add up.
    """
    counts = histogram.groupby("bin")[["right", "wrong"]].sum().sum(axis="columns")
    edges = counts.index.to_numpy(dtype=float)
    generator = np.random.default_rng(seed)
    chosen = generator.choice(len(edges), n, p=counts.to_numpy() / counts.sum())
    return edges[chosen] + generator.uniform(size=n) * (edges[1] - edges[0])


def low_in_shares(alpha: Tensor, shares: int, beta: float = 0.7) -> Tensor:
    """Mask ``(N,)`` of the samples in the low group where each share of the batch ranks for itself.

    Raises:
        ValueError: if a share is empty.
    """
    if not 1 <= shares <= len(alpha):
        raise ValueError(f"{len(alpha)} samples cannot be cut into {shares} shares")
    return torch.cat([low_importance(part, beta) for part in alpha.tensor_split(shares)])


# -------------------------------------------------------------------------------------------------- measured rows


def on_first(rows: pd.DataFrame, *, cpu: bool) -> pd.DataFrame:
    """Rows of a benchmark from its first CPU, or from its first device that is none; no rows where there is no such."""
    rows = rows[rows["device"].map(cost.is_cpu).astype(bool) == cpu]
    return rows[rows["device"] == rows["device"].iloc[0]] if len(rows) else rows


def ladder(rows: pd.DataFrame) -> pd.DataFrame:
    """The ladder of techniques with the largest images, of the rows of one device."""
    rows = rows[(rows["group"] == "techniques") & (rows["unit"] == "images/s")]
    if rows.empty:
        return rows
    largest = rows.loc[rows["size"].astype(int).idxmax()]
    return rows[(rows["size"] == largest["size"]) & (rows["name"] == largest["name"])]


def beside_released(training: pd.DataFrame) -> pd.DataFrame:
    """SCN's training by device, size and batch: images a second, times the released recipe, share of the matrix rate.

    Args:
        training: rows of the group ``training``, of one network.
    """
    rows = training[training["method"] == "scn"]
    rates, shares = (rows[rows["unit"] == unit] for unit in ("images/s", "share of matrix rate"))
    both = rates.merge(
        shares[["device", "size", "batch", "value"]], on=["device", "size", "batch"], suffixes=("", "_s")
    )
    both = both.rename(columns={"value": "images/s", "ratio": "times released", "value_s": "share of matrix rate"})
    return both[["device", "size", "batch", "images/s", "times released", "share of matrix rate", "repeats"]]


def beside_goals(beside: pd.DataFrame) -> pd.DataFrame:
    """What was aimed at and what was measured, by size, with the largest batch.

    Args:
        beside: rows of one device, of ``beside_released``.
    """
    rows = beside[beside["size"].isin(list(GOALS))].sort_values("batch").drop_duplicates("size", keep="last")
    rows = rows.sort_values("size").set_index("size")
    goals = rows.index.map(GOALS).astype(float)
    shown = {
        "goal, images/s": goals,
        "measured, images/s": rows["images/s"].astype(float),
        "of the goal, %": 100 * rows["images/s"].astype(float) / goals,
        "of the machine's matrix rate, %": 100 * rows["share of matrix rate"].astype(float),
    }
    return pd.DataFrame(shown, index=rows.index.rename("pixels")).round().astype("Int64")


def ways_of_scaling(rows: pd.DataFrame) -> pd.DataFrame:
    """The ways to use the cores of one machine, one thread first; no rows where nobody measured.

    Args:
        rows: of ``scn bench``; several machines: the first CPU that has some.
    """
    return on_first(rows[(rows["group"] == "scaling") & (rows["unit"] == "images/s")], cpu=True)


def where(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of a benchmark whose names say on what device, if there are several: "resnet18, NVIDIA H100"."""
    if rows["device"].nunique() < 2:
        return rows
    short = rows["device"].str.removeprefix("CPU: ").str.split(",").str[0]
    return rows.assign(name=rows["name"] + ", " + short)


def against_goal(rows: pd.DataFrame, goal: float) -> dict[str, list[str]]:
    """Which intervals ``low``..``high`` lie below a goal (met), above it (missed) or hold it (open), in words."""
    verdicts: dict[str, list[str]] = {"met": [], "missed": [], "open": []}
    for row in rows.itertuples():
        verdict = "met" if row.high < goal else "missed" if row.low > goal else "open"
        verdicts[verdict].append(f"{row.name} at {row.size} px [{row.low:+.1f}, {row.high:+.1f}], n = {row.repeats}")
    return verdicts


def cost_table(
    runs: Sequence[cost.Work], known: Sequence[cost.Rate], devices: Sequence[tuple[str, int]]
) -> pd.DataFrame:
    """What tables cost on each device, in words: hours, or what nobody measured there; a row a table, and one for all.

    Args:
        devices: a device's name and how many of it work side by side.
    """
    rows = {
        row["table"]: {
            "runs": row["runs"],
            "images, millions": round(row["images"] / 1e6, 1),
            **{f"{number} × {name}": cost.hours(row, (name, number)) for name, number in devices},
        }
        for row in cost.costs(runs, known, devices, by=("table",)).to_dict("records")
    }
    return pd.DataFrame.from_dict(rows, orient="index")
