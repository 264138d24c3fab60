"""The claims ledger as a picture."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from scnlib.plots.style import COLOURS, GREY, INK, RIGHT, WRONG, new_figure, signed, styled, wrapped

#: Verdict: sign, and the look of its cell.
VERDICTS = {
    "held": ("✓", {"facecolor": "#9fc9e4", "edgecolor": RIGHT}),
    "not held": ("✗", {"facecolor": "#f4c7a8", "edgecolor": WRONG, "hatch": "////"}),
    "undecided": ("?", {"facecolor": "#fbe9b7", "edgecolor": COLOURS["orange"], "hatch": "..."}),
    "not tested": ("", {"facecolor": "white", "edgecolor": "#cccccc"}),
}
MEANINGS = {
    "held": "held",
    "not held": "not held",
    "undecided": "undecided: one seed, or the limit in the (widened) interval",
    "not tested": "not tested",
}


@styled
def claims_ledger(table: pd.DataFrame, *, note: str = "") -> Figure:
    """Every claim against every dataset: verdict, effect and number of seeds.

    A cell shows the recipe under which most claims of its dataset were tested, or the next one for a claim that was
    not; signs at its end are the verdicts under the other recipes. Claims that no dataset tests are named below.

    Args:
        table: of ``scnlib.paper.claims_table``: ``id``, ``claim``, ``dataset``, ``recipe``, ``verdict``, ``effect``,
            ``unit``, ``n``.

    Raises:
        ValueError: if a verdict is unknown or no claim was tested.
    """
    unknown = set(table["verdict"]) - set(VERDICTS)
    if unknown:
        raise ValueError(f"unknown verdict {min(unknown)!r}; known: {', '.join(VERDICTS)}")
    tested = table[table["verdict"] != "not tested"]
    if tested.empty:
        raise ValueError("no claim was tested: there are no results to draw")
    datasets = list(dict.fromkeys(tested["dataset"]))
    claims = dict(zip(table["id"], table["claim"], strict=True))
    untested = [name for name in claims if name not in set(tested["id"])]
    claims = {name: claim for name, claim in claims.items() if name not in untested}
    if tested.duplicated(["id", "dataset"]).any():
        note = f"{note}\nsigns at the end of a cell: verdicts under other recipes".lstrip()
    if untested:
        note = f"{note}\nnot tested on any dataset: {', '.join(untested)}".lstrip()
    text, cell = 5.5, 2.45  # inches
    width = text + cell * len(datasets)
    figure, ((axes,),) = new_figure(
        width, 0.27 * len(claims) + 1.2 + 0.15 * wrapped(note, width).count("\n"), note=note
    )
    axes.set(xlim=(0, width), ylim=(len(claims), -1.1))
    axes.set_axis_off()
    usual = {name: rows["recipe"].value_counts().index for name, rows in tested.groupby("dataset")}
    for column, dataset in enumerate(datasets):
        axes.text(text + cell * column, -0.5, dataset, fontweight="bold", va="center")
    for y, (name, claim) in enumerate(claims.items()):
        axes.text(0, y + 0.5, name, fontsize=8.5, color=GREY, va="center")
        axes.text(0.85, y + 0.5, claim, fontsize=8.5, va="center")
        for column, dataset in enumerate(datasets):
            rows = tested[(tested["id"] == name) & (tested["dataset"] == dataset)]
            rows = rows.sort_values("recipe", key=lambda names, order=usual[dataset]: names.map(order.get_loc))
            _cell(axes, text + cell * column, y, cell, rows.to_dict("records"))
    looks = [(*VERDICTS[name], words) for name, words in MEANINGS.items()]
    patches = [Patch(label=f"{sign} {words}".strip(), **look) for sign, look, words in looks]
    place = {"loc": "lower left", "bbox_to_anchor": (-0.01, 1.0), "borderaxespad": 0.1}
    axes.legend(handles=patches, ncols=3, columnspacing=1.4, **place)
    axes.set_title("Did the papers' claims hold?", pad=42)
    return figure


def _cell(axes: Axes, x: float, y: float, width: float, verdicts: Sequence[dict]) -> None:
    look = VERDICTS[verdicts[0]["verdict"] if verdicts else "not tested"][1]
    axes.add_patch(Rectangle((x, y + 0.08), width - 0.1, 0.84, linewidth=0.8, **look))
    if not verdicts:
        return
    first = verdicts[0]
    effect = "" if np.isnan(first["effect"]) else f" {_number(first['effect'])} {_unit(first['unit'])}"
    white = {"boxstyle": "square,pad=0.08", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    words = f"{VERDICTS[first['verdict']][0]}{effect}  n = {int(first['n'])}"
    axes.text(x + 0.08, y + 0.5, words, fontsize=8.5, va="center", color=INK, bbox=white)
    others = "".join(VERDICTS[row["verdict"]][0] for row in verdicts[1:])
    if others:
        axes.text(x + width - 0.17, y + 0.5, others, fontsize=8, va="center", ha="right", color=INK, bbox=white)


def _unit(unit: str) -> str:
    """Short enough for a cell; the ledger in words has the whole unit."""
    if unit.startswith("points for each"):
        return "points / 10 %"
    return "α" if "alpha" in unit else unit.split(" ")[0].strip(",")


def _number(effect: float) -> str:
    """Points with one decimal; what is smaller (shares, AUROC) with two or three."""
    return signed(effect, 1 if abs(effect) >= 1 else 2 if abs(effect) >= 0.01 else 3)
