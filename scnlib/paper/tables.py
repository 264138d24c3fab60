"""Published and measured side by side, and never more compared than can be compared."""

import math
from collections.abc import Collection

import pandas as pd

from scnlib.paper import stats
from scnlib.paper.grid import DATASET_NAMES, METRICS, Cell, find_cell, grid
from scnlib.paper.results import by_seed, prepare, select

# The columns of a table, with what stands where nothing was published or measured.
_NOTHING = {
    "table": "",
    "row": "",
    "column": "",
    "published": math.nan,
    "status": "",
    "measured": math.nan,
    "std": math.nan,
    "n": 0,
    "seeds": "",
    "dataset": "",
    "backbone": "",
    "recipe": "",
    "metric": "",
    "difference": math.nan,
    "published_gain": math.nan,
    "measured_gain": math.nan,
    "gain_interval": math.nan,
    "origin": "published",
    "missing": "",
    "note": "",
}
COLUMNS = tuple(_NOTHING)


def side_by_side(
    table: str,
    results: pd.DataFrame,
    dataset: str | None = None,
    profile: str | None = None,
    methods: Collection[str] | None = None,
) -> pd.DataFrame:
    """One published table with what was measured for each of its cells.

    A cell has one row for each recipe that measured it: runs of different profile, epochs, size, backbone, split,
    noise or origin are never averaged. ``measured`` and ``std`` (n - 1) are over the seeds named in ``seeds``.
    ``difference`` is measured - published, only where dataset and backbone are the paper's, else NaN.
    ``measured_gain`` is the mean over shared seeds of the difference to the same recipe's baseline, ``gain_interval``
    half its 95 % t interval; ``published_gain`` is the paper's. ``missing`` says what a cell without measurement
    waits for.

    Args:
        table: one of ``grid.GRIDS``, e.g. ``"scn-2"``.
        results: ``load_results()``, or rows of ``Run.row()``; a column ``origin`` may say where they were measured.
        dataset: measure every column on this dataset instead of the paper's, as a stand-in.
        profile: only runs of this profile.
        methods: names of the methods that exist; by default those of ``scnlib.methods``.

    Returns:
        The columns of ``COLUMNS``, in the paper's order of cells; NaN where there is no number.

    Raises:
        ValueError: if the table is unknown, results lack a column, or two runs of one seed would be averaged.
    """
    cells = grid(table)
    runs = prepare(results)
    datasets = {"rendered", *runs["dataset"]}
    if profile is not None:
        runs = runs[runs["profile"] == profile]
    if methods is None:
        from scnlib.methods import METHODS  # needs torch, which reading tables does not

        methods = METHODS
    rows = []
    for cell in cells:
        measured = _measured(cell, runs, dataset)
        if not measured:
            missing = _missing(cell, dataset, profile, datasets, methods)
            rows.append({**_published(cell), "missing": missing})
        rows += [{**_published(cell), **m} for m in measured]
    return pd.DataFrame([_NOTHING | row for row in rows], columns=list(COLUMNS))


def _published(cell: Cell) -> dict[str, object]:
    number = cell.published
    gain = math.nan
    if cell.baseline is not None and cell.baseline != (number.table, number.row, number.column):
        reference = find_cell(*cell.baseline).published.value
        if number.value is not None and reference is not None:
            gain = round(number.value - reference, 2)
    return {
        "table": number.table,
        "row": number.row,
        "column": number.column,
        "published": math.nan if number.value is None else number.value,
        "status": number.status,
        "published_gain": gain,
        "note": number.note,
    }


def _measured(cell: Cell, runs: pd.DataFrame, dataset: str | None) -> list[dict[str, object]]:
    """One row for each recipe, variation and origin in which the cell was measured."""
    if cell.needs:
        return []
    found = select(runs, cell.runs, dataset)
    name = dataset or cell.runs.dataset
    metric = METRICS.get(name, "accuracy")
    rows = []
    for (recipe, variation, origin), group in found.groupby(["recipe", "variation", "origin"], sort=False):
        values = by_seed(group, metric)
        if not values:
            continue
        backbone = group["backbone"].iloc[0]
        published = cell.published.value
        comparable = published is not None and (name, backbone) == (cell.runs.dataset, cell.backbone)
        gains = _gains(cell, values, runs, dataset, recipe, origin, metric)
        rows.append(
            {
                "measured": stats.mean([*values.values()]),
                "std": stats.standard_deviation([*values.values()]),
                "n": len(values),
                "seeds": ", ".join(map(str, values)),
                "dataset": name,
                "backbone": backbone,
                "recipe": ", ".join(filter(None, [recipe, variation])),
                "metric": metric,
                "difference": stats.mean([*values.values()]) - published if comparable else math.nan,
                "measured_gain": stats.mean(gains),
                "gain_interval": stats.half_width(gains),
                "origin": origin,
            }
        )
    return rows


def _gains(
    cell: Cell, values: dict[int, float], runs: pd.DataFrame, dataset: str | None, recipe: str, origin: str, metric: str
) -> list[float]:
    """Differences to the baseline of the same recipe, one for each seed that both have."""
    number = cell.published
    if cell.baseline is None or cell.baseline == (number.table, number.row, number.column):
        return []
    found = select(runs, find_cell(*cell.baseline).runs, dataset)
    found = found[found["recipe"] == recipe]
    # A run made here may lean on a baseline measured at full scale with the same recipe, but on one of them only.
    same = found[found["origin"] == origin]
    baseline = by_seed(same if len(same) or found["origin"].nunique() != 1 else found, metric)
    return [value - baseline[seed] for seed, value in values.items() if seed in baseline]


def _missing(
    cell: Cell, dataset: str | None, profile: str | None, datasets: Collection[str], methods: Collection[str]
) -> str:
    """What a cell without measurement waits for; the command where nothing but a dataset is in its way."""
    needs = list(cell.needs)
    if cell.runs.method not in methods:
        needs.append(f"method {cell.runs.method}")
    if cell.runs.pretrained:
        needs.append("MS-Celeb-1M weights")
    name = dataset or cell.runs.dataset
    data = [] if name in datasets else [DATASET_NAMES.get(name, name)]
    if needs:
        return "needs " + " and ".join(data + needs)
    command = run_command(cell, dataset, profile)
    return f"needs {data[0]}, then: {command}" if data else f"not yet measured: {command}"


def run_command(cell: Cell, dataset: str | None = None, profile: str | None = None, seed: int = 0) -> str:
    """The command that measures one cell, for one seed; DIR stands for the dataset's folder."""
    runs = cell.runs
    name = dataset or runs.dataset
    parts = ["scn run", f"--dataset {name}", *([] if name == "rendered" else ["--root DIR"]), f"--method {runs.method}"]
    if runs.noise_rate:
        parts.append(f"--noise-rate {runs.noise_rate:g}")
    parts += [f"--set {name}={_option(value)}" for name, value in runs.options.items()]
    return " ".join([*parts, f"--seed {seed}", f"--profile {profile or 'paper'}"])


def _option(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
