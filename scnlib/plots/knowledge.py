"""What signals know of each known uncertainty, on one scale: 0 nothing, 1 everything, below 0 the wrong way round."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import (
    COLOURS,
    GREY,
    INK,
    PALE,
    epoch_axis,
    legend_above,
    line_styles,
    new_figure,
    signed,
    styled,
)

_DOTS = (
    {"marker": "o", "color": COLOURS["blue"], "markerfacecolor": COLOURS["blue"]},
    {"marker": "s", "color": COLOURS["red"], "markerfacecolor": "white"},
    {"marker": "^", "color": COLOURS["black"], "markerfacecolor": COLOURS["black"]},
    {"marker": "D", "color": COLOURS["green"], "markerfacecolor": "white"},
)


@styled
def knowledge_dots(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """What each signal knows of each quantity, a line a quantity; grey: where 95 % of blind signals would lie.

    Args:
        table: columns ``title`` (of the quantity), ``signal``, ``knowledge`` (-1..1) and, if it likes, ``chance``, half
            the width of the grey bar. Quantities and signals keep their order; there are at most four signals.

    Raises:
        ValueError: if a column is missing, there are no rows, or there are more than four signals.
    """
    missing = [column for column in ("title", "signal", "knowledge") if column not in table]
    if missing:
        raise ValueError(f"a table of knowledge needs a column {missing[0]!r}; it has: {', '.join(table.columns)}")
    signals, quantities = list(dict.fromkeys(table["signal"])), list(dict.fromkeys(table["title"]))
    if not 1 <= len(signals) <= len(_DOTS):
        raise ValueError(f"knowledge of 1 to {len(_DOTS)} signals can be told apart, got {len(signals)}")
    figure, ((axes,),) = new_figure(7.4, 0.36 * len(quantities) + 1.7, note=note)
    place = {name: -row for row, name in enumerate(quantities)}
    chance = dict(zip(table["title"], table["chance"], strict=True)) if "chance" in table else {}
    bars = axes.barh([place[q] for q in chance], [2 * width for width in chance.values()], 0.72,
                     [-width for width in chance.values()], color=PALE, zorder=0)  # fmt: skip
    offsets = np.linspace(0.2, -0.2, len(signals)) if len(signals) > 1 else [0.0]
    for signal, offset, look in zip(signals, offsets, _DOTS, strict=False):
        rows = table[table["signal"] == signal]
        heights = [place[name] + offset for name in rows["title"]]
        axes.hlines(heights, 0, rows["knowledge"], color=look["color"], linewidth=1, alpha=0.5, zorder=1)
        axes.plot(rows["knowledge"], heights, linestyle="", markersize=6.5, label=signal, zorder=2, **look)
    if chance:
        bars.set_label("95 % of blind signals")
    axes.axvline(0, color=INK, linewidth=1)
    low, high = min(-0.1, table["knowledge"].min()), max(0.3, table["knowledge"].max())
    axes.set(xlim=(low - 0.06, min(1.02, high + 0.06)), ylim=(-len(quantities) + 0.4, 0.6))
    axes.set_yticks([place[name] for name in quantities], quantities)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel("knowledge   (0: nothing, 1: everything, below 0: the wrong way round)")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def knowledge_matrix(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """What several signals know of several quantities, as numbers on a ground that is darker the more is known.

    Args:
        table: index the quantities, columns the signals, values -1..1, NaN where there is none.

    Raises:
        ValueError: if the table is empty.
    """
    if table.empty:
        raise ValueError("a matrix of knowledge needs at least one quantity and one signal")
    rows, columns = table.shape
    figure, ((axes,),) = new_figure(2.6 + 1.25 * columns, 0.34 * rows + 1.5, note=note)
    values = table.to_numpy(dtype=float)
    axes.imshow(values, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
    for y, x in np.ndindex(values.shape):
        known = not np.isnan(values[y, x])
        strong = known and abs(values[y, x]) > 0.6
        axes.text(x, y, signed(values[y, x], 2) if known else "–", ha="center", va="center", fontsize=9,
                  color="white" if strong else INK if known else GREY)  # fmt: skip
    axes.set_xticks(range(columns), table.columns)
    axes.set_yticks(range(rows), table.index)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.set_xticks(np.arange(-0.5, columns), minor=True)
    axes.set_yticks(np.arange(-0.5, rows), minor=True)
    axes.grid(which="minor", color="white", linewidth=2)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, pad=12)
    return figure


@styled
def auroc_curves(panels: Mapping[str, pd.DataFrame], *, title: str = "", note: str = "") -> Figure:
    """How well signals tell wrong labels from right ones over training, a panel a run; the dotted line is a coin.

    Args:
        panels: name of the run -> table with ``epoch`` and a column for each signal, AUROC in 0..1.

    Raises:
        ValueError: if there is no panel.
    """
    if not panels:
        raise ValueError("auroc_curves needs at least one panel")
    figure, (row,) = new_figure(max(6.8, 3.9 * len(panels)), 3.5, len(panels), note=note, sharey=True)
    handles = {}
    for axes, (name, table) in zip(row, panels.items(), strict=True):
        for signal, style in zip(table.columns.drop("epoch"), line_styles(), strict=False):
            (handles[signal],) = axes.plot(table["epoch"], table[signal], label=signal, **style)
        axes.axhline(0.5, color=GREY, linestyle=":", linewidth=1.2)
        axes.grid(axis="y")
        epoch_axis(axes, table["epoch"].to_numpy())
        axes.set_title(name)
    row[0].set_ylabel("AUROC for wrong labels")
    # The title is the legend's own: a figure's title and an outside legend would lie on each other.
    legend = figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3, handlelength=2.8,
                           title=title or None, alignment="left")  # fmt: skip
    legend.get_title().set(fontsize=11, fontweight="bold")
    return figure
