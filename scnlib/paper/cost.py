"""What tables cost: runs x epochs x images on a machine, from rates that were measured there and no others."""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from scnlib.config import Config, profile_config
from scnlib.datasets import affectnet, ferplus, rafdb, rendered, rendered_web
from scnlib.methods import METHODS
from scnlib.paper import measuring
from scnlib.paper.grid import DATASET_NAMES, PUBLISHED_ONLY, Cell, from_web, grid, weights_on
from scnlib.pretrained import weights_name
from scnlib.words import counted


def _judged(counts: Mapping[str, int]) -> tuple[int, int]:
    return counts["train"], counts["val"] + counts["test"]


_RAFDB = {split: sum(counts) for split, counts in rafdb.PUBLISHED.items()}
_AFFECTNET = [count for count in affectnet.PUBLISHED["train"] if count is not None]
#: Images trained on in an epoch, and images judged after it. FER+: majority rule, both of its test splits. AffectNet:
#: without contempt, whose count no source states; oversampled, eight classes as frequent as the most frequent one.
#: WebEmotion: ours, one face for each of the paper's clips. Counts with seven classes differ by less than 3 %.
IMAGES = {
    "rafdb": (_RAFDB["train"], _RAFDB["test"]),
    "affectnet": (sum(_AFFECTNET), affectnet.PUBLISHED_TEST_TOTAL["csv"]),
    "ferplus": _judged(ferplus.PUBLISHED["label.csv"]),
    "joint": (_RAFDB["train"] + sum(_AFFECTNET), _RAFDB["test"]),
    "webemotion": (200_000, 0),
    "rendered": _judged(rendered.DEFAULT_COUNT),
    "rendered_web": _judged(rendered_web.DEFAULT_COUNT),
}
#: Of the images judged, those of the validation split, which runs on ``split="train+val"`` train on instead.
VALIDATION = {
    "ferplus": ferplus.PUBLISHED["label.csv"]["val"],
    "rendered": rendered.DEFAULT_COUNT["val"],
    "rendered_web": rendered_web.DEFAULT_COUNT["val"],
}
OVERSAMPLED = {"affectnet": len(affectnet.CLASSES) * max(_AFFECTNET)}


@dataclass(frozen=True)
class Work:
    """One run of a table.

    Attributes:
        dataset: trained on.
        trained, judged: images over all epochs.
        measured: whether its result is there.
        run: the same for the same run in two tables.
    """

    table: str
    dataset: str
    method: str
    backbone: str
    size: int
    batch: int
    trained: int
    judged: int
    measured: bool
    run: tuple[str, str]


@dataclass(frozen=True)
class Rate:
    """Images a second that a device was seen to train, or to judge (``method=""``); judging included where so said.

    Attributes:
        batch: images at once; 0 where it does not matter.
        source: which measurement, in words.
    """

    device: str
    method: str
    backbone: str
    size: int
    batch: int
    value: float
    source: str
    with_judging: bool = False


# ---------------------------------------------------------------------------------------------------- what there is


def work(
    table: str, dataset: str | None, profile: str, seeds: Sequence[int], results: pd.DataFrame
) -> tuple[Work, ...]:
    """The runs behind a table, each once, whether or not data and weights for them are at hand.

    Args:
        dataset: measured on this one, as ``scn table --run`` does; None: each column on the paper's own.
        results: rows of finished runs.

    Raises:
        ValueError: an unknown table, dataset or profile, or a dataset whose size nobody knows.
    """
    runs = _own(table, profile, seeds) if dataset is None else _standing_in(table, dataset, profile, seeds)
    configs = filter(None, map(measuring.read_config, measuring.todays(results)))
    done = {_identity(weights_name(config.pretrained), config) for config in configs}
    found = [work_of(config, table, weights) for weights, config in runs]
    found = [replace(one, measured=one.run in done) for one in found]
    return tuple({one.run: one for one in found}.values())


def work_of(config: Config, table: str = "", weights: str = "") -> Work:
    """What one run costs, of whatever table it is; not measured yet.

    Args:
        weights: what the weights that it starts from were trained on.

    Raises:
        ValueError: a dataset whose size nobody knows.
    """
    trained, judged = _images(config)
    return Work(
        table, config.dataset, config.method.name, config.backbone, config.size, config.batch_size,
        config.epochs * trained, config.epochs * judged, False, _identity(weights, config),
    )  # fmt: skip


def _own(table: str, profile: str, seeds: Sequence[int]) -> Iterable[tuple[str, Config]]:
    for cell in filter(_can_be_run, grid(table)):
        chosen = cell.runs
        for seed in seeds:
            if from_web(chosen):
                method = chosen.weights.removeprefix("webemotion-")
                yield "", profile_config(profile, dataset="webemotion", method=method, seed=seed)
            yield weights_on(chosen, None), measuring.config_of(chosen, chosen.dataset, profile, seed)


def _standing_in(table: str, dataset: str, profile: str, seeds: Sequence[int]) -> Iterable[tuple[str, Config]]:
    yield from (("", config) for config in measuring.wanted(table, dataset, profile, seeds))
    for first, second in measuring.chains(table, dataset, profile, seeds):
        yield "", first
        yield f"{first.dataset}-{first.method.name}", second


def _can_be_run(cell: Cell) -> bool:
    return cell.runs.method in METHODS and cell.runs.method not in PUBLISHED_ONLY


def _identity(weights: str, config: Config) -> tuple[str, str]:
    """A run by its settings and by what its weights were trained on, wherever those come from."""
    return weights, replace(config, pretrained="", normalization="centred").sha256()


def _images(config: Config) -> tuple[int, int]:
    if config.dataset not in IMAGES:
        raise ValueError(f"how many images {config.dataset!r} has is known nowhere; known: {', '.join(IMAGES)}")
    trained, judged = IMAGES[config.dataset]
    validation = VALIDATION.get(config.dataset, 0)
    if "n" in config.data:  # of each split
        trained, judged, validation = config.data["n"], 2 * config.data["n"], config.data["n"]
    elif config.oversample:
        trained = OVERSAMPLED.get(config.dataset, trained)
    if config.split == "train+val":
        trained, judged = trained + validation, judged - validation
    return trained, judged


# ----------------------------------------------------------------------------------------------------------- rates


def rates(bench: pd.DataFrame, results: pd.DataFrame) -> tuple[Rate, ...]:
    """The rates of ``scn bench``; for what a device was not benchmarked on, those of the runs it has finished.

    What a method does between epochs is not in a rate of ``scn bench``. A finished run's rate, ``epochs n_train /
    duration``, has that in it, evaluation, and whatever else the machine did; the median of a kind of run counts.

    Args:
        bench: rows of ``scn bench``: the groups ``training``, and ``methods`` for what that has not.
        results: rows of finished runs; those of several devices say nothing of one.
    """
    found = []
    speeds = bench[(bench["unit"] == "images/s") & bench["value"].notna() & bench["method"].isin(list(METHODS))]
    for row in pd.concat([speeds[speeds["group"] == group] for group in ("training", "methods")]).itertuples():
        where = f"scn bench, batch {row.batch:.0f}, {row.precision}"
        found.append(Rate(row.device, row.method, row.name, int(row.size), int(row.batch), row.value, where))
    judging = bench[bench["name"].str.startswith("evaluation, ") & (bench["unit"] == "images/s")]
    for row in judging[judging["value"].notna()].itertuples():
        backbone = row.name.removeprefix("evaluation, ")
        found.append(Rate(row.device, "", backbone, int(row.size), 0, row.value, "scn bench, evaluation"))
    benched = {(rate.device, rate.method, rate.backbone, rate.size) for rate in found}
    for kind, rows in results.groupby(["device", "method", "backbone", "size"]):
        device, method, backbone, size = kind
        if ";" in device or (device, method, backbone, int(size)) in benched:
            continue
        seen = rows["epochs"] * rows["n_train"] / rows["duration_s"]
        words = f"{counted(len(seen), 'finished run')}, {seen.min():,.0f} to {seen.max():,.0f}"
        found.append(Rate(device, method, backbone, int(size), 0, seen.median(), words, with_judging=True))
    return tuple(found)


def rate_of(run: Work, known: Iterable[Rate]) -> Rate | None:
    """The rate at which a device trains such a run, at the batch nearest in ratio; None where nobody measured."""
    fits = [r for r in known if (r.method, r.backbone, r.size) == (run.method, run.backbone, run.size)]
    return min(fits, key=lambda r: abs(math.log(max(r.batch, 1) / run.batch)), default=None)


def seconds(run: Work, known: Sequence[Rate]) -> float | None:
    """How long one device needs: ``trained / rate + judged / rate of judging``; None where nobody measured.

    What was not benchmarked is not guessed: without a rate of judging, training alone is counted.

    Args:
        known: rates of that device.
    """
    rate = rate_of(run, known)
    if rate is None:
        return None
    judging = [r.value for r in known if (r.method, r.backbone, r.size) == ("", run.backbone, run.size)]
    extra = run.judged / judging[0] if judging and not rate.with_judging else 0.0
    return run.trained / rate.value + extra


def makespan(durations: Iterable[float], devices: int) -> float:
    """When the last of the runs ends if each device takes the longest that is left as soon as it is free."""
    free = [0.0] * devices
    for duration in sorted(durations, reverse=True):
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


# ----------------------------------------------------------------------------------------------------------- costs


def costs(
    runs: Sequence[Work],
    known: Sequence[Rate],
    devices: Sequence[tuple[str, int]],
    by: Sequence[str] = ("table", "dataset"),
) -> pd.DataFrame:
    """A row for each table and dataset, and one for all, where a run of two tables counts once.

    Args:
        by: fields of ``Work`` that tell the rows apart.
        devices: pairs of a device's name and how many of it work side by side.

    Returns:
        Columns ``by``, runs, measured, left, images (trained and judged, of all runs); and for each ``(device,
        number)`` and ``which`` of "all" and "left": hours ``(device, number, which)`` and, of runs that have no rate
        there and so no hours, how many: ``(device, number, which + " unknown")``.
    """
    groups = {}
    for run in runs:
        groups.setdefault(tuple(getattr(run, name) for name in by), []).append(run)
    groups["all", *[""] * (len(by) - 1)] = list({run.run: run for run in runs}.values())
    rows = []
    for names, members in groups.items():
        chosen = {"all": members, "left": [run for run in members if not run.measured]}
        row = {
            **dict(zip(by, names, strict=True)), "runs": len(members),
            "measured": len(members) - len(chosen["left"]), "left": len(chosen["left"]),
            "images": sum(run.trained + run.judged for run in members),
        }  # fmt: skip
        for device, number in devices:
            there = [rate for rate in known if rate.device == device]
            for which, some in chosen.items():
                each = [seconds(run, there) for run in some]
                row[device, number, which] = makespan([one for one in each if one is not None], number) / 3600
                row[device, number, f"{which} unknown"] = each.count(None)
        rows.append(row)
    return pd.DataFrame(rows)


def machines(known: Iterable[Rate]) -> list[tuple[str, int]]:
    """Every device with a rate; GPUs alone and eight of them, each with runs of its own."""
    names = dict.fromkeys(rate.device for rate in known)
    return [(name, 1) for name in names if is_cpu(name)] + [(n, k) for n in names if not is_cpu(n) for k in (1, 8)]


def is_cpu(device: str) -> bool:
    """Whether a name of ``provenance.device_name`` is that of a processor."""
    return device.startswith("CPU")


def to_text(table: pd.DataFrame, runs: Sequence[Work], known: Sequence[Rate]) -> str:
    """The costs for reading, with the rates that they come from, and where somebody has to measure."""
    devices = list(dict.fromkeys(name[:2] for name in table.columns if isinstance(name, tuple)))
    lines = [f"[{i}] {number} x {name}" for i, (name, number) in enumerate(devices, start=1)]
    lines += [
        f"{words}: not measured: run `scn bench --csv data/results/bench_NAME.csv` there"
        for words, cpu in (("1 CPU machine", True), ("1 GPU, 8 GPUs", False))
        if not any(is_cpu(name) == cpu for name, _ in devices)
    ]
    head = f"{'table':9} {'dataset':20} {'runs':>5} {'measured':>8} {'left':>5} {'images':>9}"
    for number in range(1, len(devices) + 1):
        head += f"  {f'all [{number}]':>24} {f'left [{number}]':>24}"
    lines += ["", head]
    for row in table.to_dict("records"):
        words = f"{row['table']:9} {DATASET_NAMES.get(row['dataset'], row['dataset']):20} {row['runs']:5} "
        words += f"{row['measured']:8} {row['left']:5} {row['images'] / 1e6:7.1f} M"
        for one in devices:
            words += f"  {hours(row, one):>24} {hours(row, one, 'left', 'left'):>24}"
        lines.append(words)
    used = {rate_of(run, [r for r in known if r.device == device]) for device, _ in devices for run in runs} - {None}
    lines += [
        "",
        "images: trained on and judged, over all epochs of all runs. all: each run once. Hours are of whole runs, on",
        "several devices side by side, the longest first; for a of b runs: nobody measured the others' method or size",
        "there. Reading data comes on top, and with rates of scn bench what a method does between epochs. Rates:",
    ]
    lines += sorted(
        f"  {one.device}: {one.method}, {one.backbone}, {one.size} px: {one.value:,.0f} images/s ({one.source})"
        for one in used
    ) or ["  none for these runs"]
    return "\n".join(lines) + "\n"


def hours(row: Mapping, device: tuple[str, int], which: str = "all", count: str = "runs") -> str:
    """A time of a row of ``costs`` in words: ``"1.5 h"``, ``"about 5,600 h"``, ``"20 min for 2 of 3 runs"``, or that
    nobody measured it.

    Args:
        device: one of those of ``costs``.
        which, count: ``"all"`` of the ``"runs"``, or what is ``"left"`` of them.
    """
    number, unknown = row[count], row[(*device, f"{which} unknown")]
    if not number:
        return "-"
    if unknown == number:
        return "not measured"
    time = row[(*device, which)]
    words = f"{time:,.1f} h" if time >= 1 else f"{max(1, math.ceil(60 * time))} min"
    if time >= 1000:  # two digits are more than a rate is good for
        words = f"about {float(f'{time:.2g}'):,.0f} h"
    return f"{words} for {number - unknown} of {counted(number, 'run')}" if unknown else words
