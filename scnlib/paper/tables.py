"""Published and measured side by side, and never more compared than can be compared."""

import math
import re
from collections.abc import Collection

import pandas as pd

from scnlib.paper.arms import gain, is_own, published_gain, row_label, summary
from scnlib.paper.grid import METRICS, Cell, baseline_runs, from_scratch, grid, in_words, is_reference, needs
from scnlib.paper.results import by_seed, newest, paired, prepare, select

# The columns of a table, with what stands where nothing was published or measured.
_NOTHING = {
    "table": "",
    "row": "",
    "column": "",
    "label": "",
    "published": math.nan,
    "status": "",
    "measured": math.nan,
    "std": math.nan,
    "n": 0,
    "seeds": "",
    "dataset": "",
    "backbone": "",
    "profile": "",
    "recipe": "",
    "own_recipe": False,
    "metric": "",
    "difference": math.nan,
    "published_gain": math.nan,
    "measured_gain": math.nan,
    "gain_low": math.nan,
    "gain_high": math.nan,
    "reference": False,
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
    ``measured_gain`` is the mean over shared seeds of the difference to the same recipe's baseline, ``gain_low`` and
    ``gain_high`` its 95 % t interval, NaN where the two are of different versions of the recipe or different images;
    ``published_gain`` is the paper's; ``reference``: the cell is that baseline.
    Where a whole table starts from MS-Celeb-1M weights and no run does, runs on ``dataset`` from scratch stand in;
    their recipe says "from scratch".
    ``own_recipe``: trained exactly as the profile says. ``dataset`` is where the cell is or would be measured, and
    ``missing`` says what a cell without measurement waits for.

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
    runs = runs.assign(own_recipe=is_own(runs))
    rows = []
    for cell in cells:
        measured = _measured(cell, runs, dataset)
        if not measured:
            missing = in_words(needs(cell, dataset, methods, datasets))
            rows.append(_published(cell) | {"dataset": dataset or cell.runs.dataset, "missing": missing})
        rows += [{**_published(cell), **m} for m in measured]
    return pd.DataFrame([_NOTHING | row for row in rows], columns=list(COLUMNS))


def _published(cell: Cell) -> dict[str, object]:
    number = cell.published
    return {
        "table": number.table,
        "row": number.row,
        "column": number.column,
        "label": row_label(cell),
        "published": math.nan if number.value is None else number.value,
        "status": number.status,
        "published_gain": published_gain(cell),
        "reference": is_reference(cell),
        "note": number.note,
    }


def _measured(cell: Cell, runs: pd.DataFrame, dataset: str | None) -> list[dict[str, object]]:
    """One row for each recipe, variation and origin in which the cell was measured."""
    if cell.needs:
        return []
    found, scratch = select(runs, cell.runs, dataset), False
    if found.empty and dataset is not None and from_scratch(cell) is not None:
        found, scratch = select(runs, from_scratch(cell), dataset), True
    name = dataset or cell.runs.dataset
    metric = METRICS.get(name, "accuracy")
    rows = []
    for (recipe, variation, origin), whole in found.groupby(["recipe", "variation", "origin"], sort=False):
        group = newest(whole)
        values = by_seed(group, metric)
        if not values:
            continue
        first = group.iloc[0]
        published = cell.published.value
        alike = (name, first["backbone"]) == (cell.runs.dataset, cell.backbone) and not scratch
        comparable = published is not None and alike
        own = summary(values)
        gained = gain(_gains(cell, scratch, group, runs, dataset, recipe, origin, metric))
        rows.append(
            {
                "measured": own["mean"],
                "std": own["std"],
                "n": own["n"],
                "seeds": own["seeds"],
                "dataset": name,
                "backbone": first["backbone"],
                "profile": first["profile"],
                "recipe": ", ".join(filter(None, [recipe, "from scratch" * scratch, variation])),
                "own_recipe": bool(group["own_recipe"].all()),
                "metric": metric,
                "difference": own["mean"] - published if comparable else math.nan,
                "measured_gain": gained["gain"],
                "gain_low": gained["low"],
                "gain_high": gained["high"],
                "origin": origin,
            }
        )
    return rows


def _gains(
    cell: Cell,
    scratch: bool,
    rows: pd.DataFrame,
    runs: pd.DataFrame,
    dataset: str | None,
    recipe: str,
    origin: str,
    metric: str,
) -> dict[int, float]:
    """Differences to the baseline of the same recipe, by ``results.paired``."""
    if cell.baseline is None or is_reference(cell):
        return {}
    reference = baseline_runs(cell, scratch)
    found = select(runs, reference, dataset)
    found = found[found["recipe"] == (recipe if reference.pretrained else without_weights(recipe))]
    # A run made here may lean on a baseline measured at full scale with the same recipe, but on one of them only.
    same = found[found["origin"] == origin]
    return paired(rows, newest(same if len(same) or found["origin"].nunique() != 1 else found), metric)


def without_weights(recipe: str) -> str:
    """The words of the same recipe without the weights that it starts from."""
    return re.sub(r", from \S+, \S+ images", "", recipe)
