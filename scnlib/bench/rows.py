"""One row for each measurement: what, how, on what, and with which versions."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
import torch

from scnlib import files, provenance, tables
from scnlib.bench.turns import median_interval, paired_ratios
from scnlib.paths import results_dir


@dataclass(frozen=True, kw_only=True)
class Row:
    """A measurement.

    Attributes:
        group: which part of the benchmark.
        name: what was measured: a network, a step of the preparation, a technique.
        method: how: an arm, to compare with the others of its name.
        size: side of the images in pixels, where there are images.
        batch: images at once.
        precision: of the numbers computed in, where it matters.
        value: the median over the turns; NaN where this machine cannot do it.
        unit: of value, low and high.
        low, high: enclose the median, see ``turns.median_interval``; NaN where there was one turn.
        repeats: turns; of a share, how many things it is a share of.
        ratio_to: the method that took its turns beside this one.
        ratio: median over the turns of this one's rate over that one's; NaN without.
        finished: when, UTC.
    """

    group: str
    name: str
    method: str = ""
    size: int | None = None
    batch: int | None = None
    precision: str = ""
    value: float
    unit: str
    low: float = math.nan
    high: float = math.nan
    repeats: int = 1
    ratio_to: str = ""
    ratio: float = math.nan
    finished: str = field(default_factory=provenance.now)


#: Of the CSV, in order. ``cores``: threads that torch computes with on a CPU.
COLUMNS = (
    "group", "name", "method", "size", "batch", "precision", "value", "unit", "low", "high", "repeats", "ratio_to",
    "ratio", "device", "cores", "torch", "python", "commit", "finished",
)  # fmt: skip


def row_of(rates: Sequence[float], against: tuple[str, Sequence[float]] | None = None, **labels: object) -> Row:
    """The row of an arm's rates, compared turn by turn with another arm's ``(method, rates)`` if there is one."""
    value, low, high = median_interval(rates)
    if len(rates) == 1:
        low = high = math.nan
    ratio = {}
    if against is not None:
        ratio = {"ratio_to": against[0], "ratio": median_interval(paired_ratios(rates, against[1]))[0]}
    return Row(value=value, low=low, high=high, repeats=len(rates), **ratio, **labels)


def rows_of(rates: dict[str, list[float]], reference: str | None, **labels: object) -> list[Row]:
    """A row for each arm, all but the reference compared with it."""
    against = None if reference is None else (reference, rates[reference])
    return [
        row_of(values, None if method == reference else against, method=method, **labels)
        for method, values in rates.items()
    ]


def table(rows: Iterable[Row], device: torch.device) -> pd.DataFrame:
    """The rows with device, versions and commit: the columns of ``COLUMNS``."""
    code, versions = _code(), provenance.versions()
    frame = pd.DataFrame([dataclasses.asdict(row) for row in rows], columns=[f.name for f in dataclasses.fields(Row)])
    return frame.assign(
        size=frame["size"].astype("Int64"),
        batch=frame["batch"].astype("Int64"),
        device=provenance.device_name(device),
        cores=torch.get_num_threads(),
        torch=versions["torch"],
        python=versions["python"],
        commit=f"{code['commit']}{' with changes' if code['dirty'] else ''}",
    )[list(COLUMNS)]


@cache
def _code() -> dict[str, object]:
    return provenance.commit()  # of the code that was loaded, once


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Numbers with five significant digits; more would be noise."""
    files.write(path, frame.to_csv(index=False, float_format="%.5g", lineterminator="\n"))


#: Columns in which two rows agree that are of one measurement, done twice.
SAME = ("group", "device", "name", "size")


def beside(new: pd.DataFrame, before: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """New rows, and of those before all but the ones that they stand for: of what they are of, on their devices.

    Whoever measures small pictures alone, or is cut off, keeps what was measured of large ones.

    Args:
        groups: in the order in which their rows come.
    """
    measured, known = ([*zip(*(table[c].fillna(0) for c in SAME), strict=True)] for table in (new, before))
    measured = set(measured)
    kept = [what not in measured for what in known]
    both = pd.concat([before[kept], new], ignore_index=True)
    place = {group: number for number, group in enumerate(groups)}
    return both.sort_values("group", key=lambda names: names.map(place), kind="stable", ignore_index=True)


def read_csv(path: Path | str) -> pd.DataFrame:
    """What ``write_csv`` wrote.

    Raises:
        ValueError: a column is missing.
    """
    words, counts = ("name", "method", "precision", "ratio_to"), {"size": "Int64", "batch": "Int64"}
    marks = ("group", "unit", "device", "torch", "python", "commit", "finished")
    numbers = (*counts, "value", "low", "high", "repeats", "ratio")
    frame = tables.read_csv(path, numbers, dtype=dict.fromkeys((*marks, *words), str))
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise ValueError(f"{path} has no column {missing[0]!r}; without it, scn bench --csv {path} writes it anew")
    rates = frame["group"].isin(["training", "methods"]) & (frame["unit"] == "images/s")
    for name in counts:
        lost = frame.index[(rates & frame[name].isna()) | (frame[name] % 1 > 0)]
        if len(lost):
            raise ValueError(f"{path}: column {name!r}, line {lost[0] + 2}: expected a whole number")
    return frame.assign(**{name: frame[name].fillna("") for name in words}).astype(counts)


def read_measured(folder: Path | None = None) -> pd.DataFrame:
    """All that was measured and kept: the rows of every ``bench_*.csv`` by name of file; none where there is no file.

    Args:
        folder: default ``data/results``.
    """
    files_there = sorted((folder or results_dir()).glob("bench_*.csv"))
    if not files_there:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat([read_csv(path) for path in files_there], ignore_index=True)


def text(rows: Sequence[Row]) -> str:
    """The rows for reading, a block for each group."""
    lines = []
    width = max((len(_what(row)) for row in rows), default=0)
    for group in dict.fromkeys(row.group for row in rows):
        lines += ["", f"{group:<{width + 2}}{'median':>12}{'from':>12}{'to':>12}  {'unit':<23}ratio"]
        lines += [f"  {_what(row):<{width}}{_numbers(row)}".rstrip() for row in rows if row.group == group]
    return "\n".join(lines).strip("\n")


def _what(row: Row) -> str:
    words = [row.name, f"{row.size} px" if row.size else "", f"batch {row.batch}" if row.batch else "", row.method]
    return ", ".join(word for word in words if word)


def _numbers(row: Row) -> str:
    if math.isnan(row.value):
        return f"{'not here':>12}"
    ends = (number(row.value), number(row.low), number(row.high))
    ratio = "" if math.isnan(row.ratio) else f"{row.ratio:.3g} x {row.ratio_to}"
    return f"{''.join(f'{end:>12}' for end in ends)}  {row.unit:<23}{ratio}"


def number(value: float) -> str:
    """Three significant digits, thousands with a comma: ``0.0312``, ``4.56``, ``12,300``; nothing for NaN."""
    if value == 0 or not math.isfinite(value):
        return "" if math.isnan(value) else f"{value:g}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}"
