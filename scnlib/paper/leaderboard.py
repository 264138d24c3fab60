"""All methods under one recipe: what each is ahead of the baseline, what its trust knows, and what it costs."""

import math
import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd

from scnlib.paper import stats
from scnlib.paper.arms import Recipe, gain, gain_text, rows_of, summary
from scnlib.paper.grid import DATASET_NAMES, METRICS
from scnlib.paper.results import by_seed, paired, prepare
from scnlib.paper.verdicts import arm, noise_name

COLUMNS = (
    "method", "label", "mean", "std", "n", "seeds", "gain", "low", "high", "shared", "low_all", "high_all",
    "mean_class_accuracy", "memorised", "alpha_auroc", "cost", "cost_on",
)  # fmt: skip
REFERENCE = "baseline"
NOTES = (
    "Test accuracy after the last epoch, mean ± standard deviation over n seeds; gain over the baseline, paired by "
    "seed, over n of them where that is another number; no pair: no seed that both have under one version of the "
    "recipe and on the same images. One nominal learning rate for all: methods whose loss has another scale take other "
    "steps. AUROC: how often a wrong label has less of the method's own trust than a right one, 0.5 is a coin. Gains "
    "are over the seeds that both have, so they need not be the difference of the two means. Co-teaching, JoCoR and "
    "self-paced leave out 30 % of each batch by default: at 30 % wrong labels they are told the rate. Each interval is "
    "its own, not widened for the number of methods. Options are those of the sources, or ours where a method's file "
    "says so; tried were those of second opinion (best of 6 by noisy validation labels), EAC (of 3, the same), IPA2LT "
    "and JoCoR (of 2, by clean test accuracy), all on rendered faces."
)
COST_NOTE = "Cost: time of an epoch, with what is done between epochs, in those of the baseline, known to a fifth; "


def leaderboard(
    results: pd.DataFrame,
    dataset: str = "rendered",
    noise_rate: float = 0.3,
    noise_kind: str = "symmetric",
    profile: str = "quick",
    methods: Sequence[str] | None = None,
    bench: pd.DataFrame | None = None,
    **changed: object,
) -> pd.DataFrame:
    """Every method with its default options under a profile's recipe, best mean first, what was not measured last.

    Args:
        results: ``load_results()``.
        noise_rate, noise_kind: of the training labels.
        methods: their names; by default all of ``scnlib.methods.METHODS``.
        bench: rows of ``scn bench``, ``scnlib.bench.rows.read_measured()``; without them nobody knows a cost.
        changed: what differs from the profile's recipe, fields of ``Config``: ``backbone="small"``, ``epochs=24``.

    Returns:
        Columns ``COLUMNS``: ``method`` and its ``label`` in tables and figures; the papers' accuracy in percent, last
        epoch, as ``mean``, ``std``, ``n`` and ``seeds``;
        ``gain`` over the baseline, paired by seed, with its 95 % t interval ``low``, ``high``, over ``shared`` seeds,
        and ``low_all``, ``high_all``, wide enough that all m comparisons hold together (level 1 - .05 / m, Bonferroni);
        means over seeds of mean class accuracy, ``memorised`` (percent of the wrong labels) and ``alpha_auroc`` (of the
        method's own trust for wrong labels); ``cost``, see ``epoch_costs``, and ``cost_on``, the machine that it was
        measured on. NaN (and ``""``) where there is nothing.

    Raises:
        ValueError: if a name is unknown, the noise is none that a run can have, or two runs of one seed would be
            averaged.
    """
    from scnlib.methods import METHODS  # needs torch, which reading numbers does not
    from scnlib.methods.names import method_label

    methods = METHODS if methods is None else methods
    noise = {"noise_rate": noise_rate, "noise_kind": noise_kind}
    Recipe.of(profile, dataset, **noise)  # refuses what no run can have; to a recipe noise does not belong
    runs, recipe = prepare(results), Recipe.of(profile, dataset, **changed)
    found = {name: rows_of(runs, arm(name, noise_rate, noise_kind), dataset, recipe) for name in methods}
    metric = METRICS.get(dataset, "accuracy")
    reference = rows_of(runs, arm(REFERENCE, noise_rate, noise_kind), dataset, recipe)
    values = {name: by_seed(rows, metric) for name, rows in found.items()}
    compared = sum(bool(own) for name, own in values.items() if name != REFERENCE)
    table, (prices, machine) = [], epoch_costs(bench, recipe.fields["backbone"], recipe.fields["size"])
    for name, rows in found.items():
        differences = {} if name == REFERENCE else paired(rows, reference, metric)
        _, low_all, high_all = stats.interval([*differences.values()], 1 - 0.05 / max(compared, 1))
        table.append(
            {
                "method": name,
                "label": method_label(name),
                **summary(values[name]),
                **gain(differences),
                "low_all": low_all,
                "high_all": high_all,
                **{
                    column: stats.mean([*by_seed(rows, column).values()])
                    for column in ("mean_class_accuracy", "memorised", "alpha_auroc")
                },
                "cost": prices.get(name, math.nan),
                "cost_on": machine if name in prices else "",
            }
        )
    board = pd.DataFrame(table, columns=list(COLUMNS))
    return board.sort_values("mean", ascending=False, na_position="last", kind="stable", ignore_index=True)


def epoch_costs(bench: pd.DataFrame | None, backbone: str, size: int) -> tuple[dict[str, float], str]:
    """Time of an epoch of each method as a multiple of the baseline's, and on which machine.

    Args:
        bench: rows of ``scn bench``, of which the group ``methods`` has them; several machines: the first that has.
        size: of the images in pixels.

    Returns:
        Method -> multiple, and the machine's name; nothing and ``""`` where nobody measured.
    """
    if bench is None:
        return {}, ""
    here = (bench["group"] == "methods") & (bench["unit"] == "times the baseline's epoch") & bench["value"].notna()
    rows = bench[here & (bench["name"] == backbone) & (bench["size"] == size)]
    if rows.empty:
        return {}, ""
    machine = rows["device"].iloc[0]
    rows = rows[rows["device"] == machine]
    return dict(zip(rows["method"], rows["value"], strict=True)), machine


def leaderboard_text(
    board: pd.DataFrame,
    dataset: str,
    noise_rate: float,
    noise_kind: str = "symmetric",
    profile: str = "quick",
    **changed: object,
) -> str:
    """A leaderboard for a terminal, a word where there is no number. The arguments are those of ``leaderboard``."""
    headers = ("method", "accuracy %", "gain [95 %]", "mean class %", "memorised %", "AUROC of trust", "cost", "n")
    lines = [headers, *(_cells(row, noise_kind == "fer2013" or noise_rate > 0) for row in board.to_dict("records"))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(headers))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    recipe = ", ".join([f"{profile} recipe", *(f"{name} {value}" for name, value in changed.items())])
    title = f"All methods, {DATASET_NAMES.get(dataset, dataset)}, {noise_name(noise_kind, noise_rate)}, {recipe}"
    machines = [name for name in dict.fromkeys(board["cost_on"]) if name]
    said = f"measured on {machines[0]}." if machines else "not measured with this network, see `scn bench`."
    notes = textwrap.fill(f"{NOTES} {COST_NOTE}{said}", 120)
    return "\n".join([title, "", shown[0], "-" * max(map(len, shown)), *shown[1:], "", notes]) + "\n"


def _cells(row: Mapping[str, object], noisy: bool) -> tuple[str, ...]:
    if not row["n"]:
        return (row["method"], "not measured", *["-"] * 4, _number(row["cost"], ".2f"), "0")
    spread = "" if math.isnan(row["std"]) else f" ± {row['std']:.2f}"
    gained = "reference" if row["method"] == REFERENCE else "no pair"
    if row["shared"]:
        over = "" if row["shared"] == row["n"] else f" (n = {row['shared']})"
        gained = gain_text(row["gain"], row["low"], row["high"]) + over
    trust = "no trust" if noisy else "nothing to find"
    return (
        row["method"],
        f"{row['mean']:.2f}{spread}",
        gained,
        _number(row["mean_class_accuracy"], ".2f"),
        _number(row["memorised"], ".1f"),
        _number(row["alpha_auroc"], ".3f", trust),
        _number(row["cost"], ".2f"),
        str(row["n"]),
    )


def _number(value: float, digits: str, otherwise: str = "-") -> str:
    return otherwise if math.isnan(value) else format(value, digits)
