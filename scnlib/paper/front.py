"""What the README says of the results, accuracies beside published ones, and what data/results/README.md adds."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from scnlib.paper.claims import ledger
from scnlib.paper.grid import DATASET_NAMES
from scnlib.paper.plain import tables, tally
from scnlib.paper.quick import METHODS, own_runs, printed

#: Rows of the table, by ``method_label``: the methods of table 2, LRN, and the one of ours.
ROWS = (*METHODS, "LRN", "second opinion")
FACES = {"rendered": "rendered", "ferplus": "FER+"}
NOISES = {"symmetric": "flips", "pair": "pair", "fer2013": "FER2013's labels"}
NOTHING = "Nothing has been measured yet."
DECIDING = (
    "Each number is that of the condition that decided, the worst verdict and then the smallest effect; above 0, or "
    "the limit, is for the claim. An interval shows the two ends that the rules look at: the lower of the 95 % "
    "interval over seeds, and the upper of the one against the claim, which is wider where a claim names several "
    "conditions. Seeds share their test faces. ✓ held, ✗ not held, ? undecided."
)


def readme_table(results: Path | None = None) -> str:
    """For the README: the quick rows of data/results in Markdown, means over seeds of the last epoch, and the tally.

    Args:
        results: folder of CSV files; default ``data/results``.
    """
    measured = _measured(results)
    return f"{_accuracies(measured)}\n\n{tally(ledger(results))}" if measured else NOTHING


def results_page(results: Path | None = None) -> str:
    """For data/results/README.md: what accuracy alone does not say of the same rows, and the verdict on each claim."""
    measured = _measured(results)
    if not measured:
        return NOTHING
    head = "## Mean over classes, labels right at the end, what α or a method's own trust knows"
    return "\n\n".join([head, _details(measured), "## Every claim that was judged", DECIDING, tables(ledger(results))])


def _measured(results: Path | None) -> dict[str, pd.DataFrame]:
    found = {dataset: own_runs(dataset, results, ROWS) for dataset in FACES}
    return {dataset: runs for dataset, runs in found.items() if len(runs)}


def _accuracies(tables: Mapping[str, pd.DataFrame]) -> str:
    """Methods in rows, labels in columns, published numbers below; and how all of that was measured."""
    arms = {
        (dataset, *arm): own["accuracy"]
        for dataset, runs in tables.items()
        for arm, own in runs.groupby(["label", "noise_kind", "noise_rate"], sort=False)
    }
    sizes = [len(values) for values in arms.values()]
    usual = max(sizes, key=sizes.count)
    noises = sorted({arm[2:] for arm in arms}, key=_place)
    lines = [_row("faces", "method", *(_noise(*noise) for noise in noises)), _row(*["---"] * (2 + len(noises)))]
    for dataset, runs in tables.items():
        for label in dict.fromkeys(runs["label"]):
            cells = [_cell(arms.get((dataset, label, *noise)), usual) for noise in noises]
            lines.append(_row(FACES[dataset], label, *cells))
    for dataset in tables:
        for label in METHODS:
            numbers = [
                printed(label, 100 * rate, dataset) if kind == "symmetric" else math.nan for kind, rate in noises
            ]
            if not all(map(math.isnan, numbers)):
                cells = ["" if math.isnan(number) else f"*{number:.2f}*" for number in numbers]
                lines.append(_row(f"*{DATASET_NAMES[dataset]}*", f"*{label}, published*", *cells))
    how = (
        f"Percent of test faces after the last epoch, from the committed runs: mean ± standard deviation over {usual} "
        "seeds where no other n stands (there compare the gains of lesson 14, which are over shared seeds, not the "
        "means); an empty cell is not measured. Flips go to any other class, pair to one. "
        f"{'; '.join(f'{FACES[dataset]}: {_recipe(runs)}' for dataset, runs in tables.items())}."
    )
    return "\n".join([*lines, "", how])


def _details(tables: Mapping[str, pd.DataFrame]) -> str:
    """A row for each arm under each noise, with what accuracy alone does not say."""
    head = ("faces", "labels", "method", "accuracy %", "mean of classes %", "labels right %", "AUROC", "n")
    lines = [_row(*head), _row(*["---"] * len(head))]
    for dataset, table in tables.items():
        groups = table.groupby(["noise_kind", "noise_rate", "label"], sort=False)
        for (*noise, label), runs in sorted(groups, key=lambda group: _place(group[0][:2])):
            means = [_plus_minus(runs[name]) for name in ("accuracy", "mean_class_accuracy", "label_accuracy")]
            lines.append(_row(FACES[dataset], _noise(*noise), label, *means, _auroc(runs), len(runs)))
    return "\n".join(lines)


def _place(noise: tuple[str, float]) -> tuple[int, float]:
    return [*NOISES].index(noise[0]), noise[1]


def _noise(kind: str, rate: float) -> str:
    return f"{rate:.0%} {NOISES[kind]}" if rate else NOISES[kind] if kind == "fer2013" else "clean"


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _cell(values: pd.Series | None, usual: int) -> str:
    if values is None:
        return ""
    return _plus_minus(values) + (f" (n = {len(values)})" if len(values) != usual else "")


def _plus_minus(values: pd.Series) -> str:
    return f"{values.mean():.1f}" + (f" ± {values.std():.1f}" if len(values) > 1 else "")


def _auroc(runs: pd.DataFrame) -> str:
    if runs["alpha_mean"].isna().all():
        return "no trust"
    return "nothing to find" if runs["alpha_auroc"].isna().all() else f"{runs['alpha_auroc'].mean():.2f}"


def _recipe(table: pd.DataFrame) -> str:
    first = table.iloc[0]
    return (
        f"{first['size']} px, {first['backbone']} network from scratch, {first['epochs']} epochs ({first['profile']} "
        f"profile), {int(first['n_train']):,} training and {int(first['n_test']):,} test faces"
    )
