"""Figures of relabelling: who would be changed at which margin, from what to what, and how long a cure lasts."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from scnlib.plots.style import (
    COLOURS,
    GREY,
    INK,
    PALE,
    RIGHT,
    WRONG,
    epoch_axis,
    legend_above,
    line_styles,
    new_figure,
    percent_axis,
    signed,
    styled,
)

_EDGE = {"edgecolor": INK, "linewidth": 0.5}
#: What a change did, everywhere in the same colour and hatch.
KINDS = {
    "cured": ({"facecolor": RIGHT, "hatch": "", **_EDGE}, "cured: wrong → right"),
    "other": ({"facecolor": PALE, "hatch": "---", **_EDGE}, "wrong → wrong again"),
    "harmed": ({"facecolor": WRONG, "hatch": "///", **_EDGE}, "harmed: right → wrong"),
}


@styled
def margin_sweep(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """One network's cures under every margin: how many labels change and, among them, how often each side is right.

    Args:
        table: columns ``margin``, ``cured``, ``harmed``, ``other`` (counts), ``precision``, ``given_right``,
            ``recall`` (shares).
    """
    figure, axes = new_figure(8.6, 4.1 + 0.25 * bool(title), 2, title=title, note=note)
    left, right = axes[0]
    margins = table["margin"].to_numpy()
    width = 0.8 * (margins[1] - margins[0] if len(margins) > 1 else 0.05)
    bottom = np.zeros(len(table))
    for kind in ("cured", "other"):
        look, label = KINDS[kind]
        left.bar(margins, table[kind], width, bottom=bottom, label=label, **look)
        bottom += table[kind]
    look, label = KINDS["harmed"]
    left.bar(margins, -table["harmed"], width, label=label, **look)
    left.axhline(0, color=INK, linewidth=1)
    left.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
    left.set_ylabel("labels")
    left.grid(axis="y")
    left.set_axisbelow(True)
    left.set_title("labels that would change")
    lines = {
        "precision": "p: the new label is right (precision)",
        "given_right": "q: the given label was right",
        "recall": "wrong labels cured (recall)",
    }
    for style, (column, label) in zip(line_styles(), lines.items(), strict=False):
        right.plot(margins, table[column], label=label, **style)
    percent_axis(right, "")
    right.set_title("among the changed labels")
    for place in (left, right):
        _margin_axis(place)
        legend_above(place, columns=1)
    return figure


@styled
def margin_gains(sweeps: Mapping[str, pd.DataFrame], *, title: str = "", note: str = "") -> Figure:
    """Points of label accuracy won or lost at every margin, for several networks or groups, with 95 % bands.

    Args:
        sweeps: name -> columns ``margin``, ``gain``, ``interval``.
    """
    figure, ((axes,),) = new_figure(7.4, 4.4, note=note)
    axes.axhline(0, color=GREY, linewidth=2.2, label="nobody is relabelled")
    for style, (name, table) in zip(line_styles(), sweeps.items(), strict=False):
        axes.plot(table["margin"], table["gain"], label=name, **style)
        low, high = table["gain"] - table["interval"], table["gain"] + table["interval"]
        axes.fill_between(table["margin"], low, high, color=style["color"], alpha=0.15, linewidth=0)
    axes.set_ylabel("right labels, change in points")
    axes.yaxis.set_major_formatter(lambda points, _: signed(points, 0))
    axes.grid(axis="y")
    _margin_axis(axes)
    axes.set_title(title)
    legend_above(axes)
    return figure


@styled
def margin_choice(table: pd.DataFrame, margin: float, *, title: str = "", note: str = "") -> Figure:
    """One margin among all: where it stands between precision and recall, and what it would do to how many labels.

    Args:
        table: columns ``margin``, ``cured``, ``harmed``, ``other`` (counts), ``precision``, ``given_right``,
            ``recall`` (shares), ``gain``, ``interval`` (points).
        margin: the row nearest to it is marked.
    """
    row = table.loc[(table["margin"] - margin).abs().idxmin()]
    figure, axes = new_figure(8.6, 3.9 + 0.25 * bool(title), 2, title=title, note=note)
    left, right = axes[0]
    lines = {"precision": "p: the new label is right (precision)", "given_right": "q: the given label was right"}
    for style, (column, label) in zip(line_styles(), lines.items(), strict=False):
        left.plot(table["recall"], table[column], label=label, **{**style, "markersize": 3})
        left.plot(row["recall"], row[column], marker="*", markersize=15, color=style["color"], linestyle="")
    left.xaxis.set_major_formatter(lambda share, _: f"{round(100 * share, 1):g} %")
    left.set_xlabel("wrong labels cured (recall)")
    left.set_xlim(left=0)
    percent_axis(left, "among the changed")
    left.set_title(f"recall {100 * row['recall']:.0f} %", fontsize=10)
    left.grid()
    legend_above(left, columns=1)
    for place, (kind, (look, label)) in enumerate(KINDS.items()):
        right.barh(place, row[kind], 0.7, **look)
        right.text(0, place - 0.38, f"{row[kind]:,.0f}  {label}", va="bottom", fontsize=9)
    right.set_xlim(0, 1.02 * max(table[list(KINDS)].to_numpy().max(), 1))
    right.set(yticks=[], ylim=(len(KINDS) - 0.5, -0.85), xlabel="labels")
    right.xaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    right.set_title(
        f"δ₂ = {row['margin']:.2f}: right labels {signed(row['gain'])} ± {row['interval']:.1f} points", fontsize=10
    )
    return figure


def _margin_axis(axes: Axes) -> None:
    """The axis, with a line at the paper's margin."""
    axes.set_xlabel("margin δ₂")
    axes.axvline(0.2, color=GREY, linestyle=":", linewidth=1.4, zorder=0)
    axes.annotate("δ₂ = 0.2", (0.2, 0.985), (4, 0), xycoords=("data", "axes fraction"), fontsize=8,
                  textcoords="offset points", color=GREY, va="top")  # fmt: skip


@styled
def doctor_over_epochs(table: pd.DataFrame, *, note: str = "") -> Figure:
    """How right the predicted and the given label are where they differ, epoch by epoch; a panel for each group.

    Where the first line runs below the second, every relabelling harms.

    Args:
        table: columns ``epoch``, ``group`` (the panels, in order of appearance), ``precision``, ``given_right``.
    """
    groups = list(dict.fromkeys(table["group"]))
    lines = {"precision": "p: the prediction is right", "given_right": "q: the given label is right"}
    figure, axes = new_figure(min(8.8, max(5.6, 4.3 * len(groups))), 4.0, len(groups), sharey=True, note=note)
    for place, group in zip(axes[0], groups, strict=True):
        rows = table[table["group"] == group]
        styles = line_styles()
        for column, label in lines.items():
            place.plot(rows["epoch"], rows[column], label=label, **next(styles))
        place.fill_between(rows["epoch"], rows["precision"], rows["given_right"], color=WRONG, alpha=0.12, linewidth=0,
                           where=rows["precision"] < rows["given_right"], label="changing them harms")  # fmt: skip
        place.fill_between(rows["epoch"], rows["precision"], rows["given_right"], color=RIGHT, alpha=0.12, linewidth=0,
                           where=rows["precision"] >= rows["given_right"])  # fmt: skip
        percent_axis(place, "")
        epoch_axis(place, rows["epoch"])
        place.set_title(group)
        legend_above(place, columns=1)
    return figure


@styled
def class_flow(flow: Mapping[str, object], names: Sequence[str], *, title: str = "", note: str = "") -> Figure:
    """Which label became which: a square for each pair of classes, as large as their count, cut by right and wrong.

    Args:
        flow: ``cured``, ``harmed`` and ``other``, each ``(C, C)`` counts, row = given class, column = new class.
        names: of the classes.
    """
    counts = {kind: np.asarray(flow[kind], dtype=float) for kind in KINDS}
    total = sum(counts.values())
    most = max(total.max(), 1)
    figure, ((axes,),) = new_figure(max(5.6, 1.9 + 0.68 * len(names)), max(3.6, 2.1 + 0.6 * len(names)), note=note)
    for i, j in np.ndindex(total.shape):
        if not total[i, j]:
            continue
        side = 0.92 * (total[i, j] / most) ** 0.5
        left, top = j + 0.5 - side / 2, i + 0.5 - side / 2
        for kind, (look, _) in KINDS.items():
            share = counts[kind][i, j] / total[i, j]
            axes.add_patch(Rectangle((left, top), side * share, side, **look))
            left += side * share
        if side > 0.45:
            box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
            axes.text(j + 0.5, i + 0.5, f"{total[i, j]:,.0f}", ha="center", va="center", fontsize=8, bbox=box)
    axes.set(xlim=(0, len(names)), ylim=(len(names), 0), aspect="equal")
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(np.arange(len(names)) + 0.5, names)
    axes.set_xticks(range(len(names) + 1), minor=True)
    axes.set_yticks(range(len(names) + 1), minor=True)
    axes.grid(which="minor", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("new label")
    axes.set_ylabel("given label")
    totals = {kind: int(counts[kind].sum()) for kind in KINDS}
    handles = [Patch(label=f"{label} (n = {totals[kind]:,})", **look) for kind, (look, label) in KINDS.items()]
    # The title is the legend's own: a figure's title and an outside legend would lie on each other.
    legend = figure.legend(handles=handles, loc="outside upper left", ncols=2, title=title or None, alignment="left")
    legend.get_title().set(fontsize=11, fontweight="bold")
    return figure


@styled
def cure_fates(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """What became of the new labels at the end of each epoch: kept, changed again, or given back, and why.

    Args:
        table: columns ``epoch``, ``kept``, ``another``, ``risen``, ``unsure`` (counts); epochs without new labels are
            left out.
    """
    shown = table[table[["kept", "another", "risen", "unsure"]].sum(axis=1) > 0]
    figure, ((axes,),) = new_figure(7.4, 4.2, note=note)
    looks = {
        "kept": ("keeps its new label", {"facecolor": RIGHT, "hatch": ""}),
        "another": ("gets a third label", {"facecolor": COLOURS["sky"], "hatch": "xxx"}),
        "risen": ("given back: rose into the high group", {"facecolor": WRONG, "hatch": "///"}),
        "unsure": ("given back: no longer sure enough", {"facecolor": PALE, "hatch": "---"}),
    }
    bottom = np.zeros(len(shown))
    for column, (label, look) in looks.items():
        axes.bar(shown["epoch"], shown[column], 0.75, bottom=bottom, label=label, edgecolor=INK, linewidth=0.5, **look)
        bottom += shown[column].to_numpy()
    axes.set_ylabel("faces that trained under a new label")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    if len(shown):
        epoch_axis(axes, table["epoch"], "at the end of epoch")
        axes.set_xlim(shown["epoch"].min() - 0.7, shown["epoch"].max() + 0.7)
    else:
        axes.text(0.5, 0.5, "nobody trained under a new label", transform=axes.transAxes, ha="center", color=GREY)
    axes.set_title(title)
    legend_above(axes)
    return figure
