"""How fast: throughput by size, speed-up by technique, what a method costs beyond the baseline.

All take rows of a benchmark's CSV (``scnlib.bench.rows``), as they are or filtered.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import COLOURS, GREY, INK, legend_above, line_styles, new_figure, signed, styled


def measured_on(rows: pd.DataFrame, origin: str) -> str:
    """For the note below a figure: turns, device, versions and origin of these rows."""
    spread = "95 % intervals of the medians" if rows["repeats"].min() >= 6 else "from the least turn to the largest"
    turns, cores = (_span(rows[name]) for name in ("repeats", "cores"))
    words = [" and ".join(dict.fromkeys(rows[name].astype(str))) for name in ("device", "torch")]
    return (
        f"Medians of n = {turns} turns; lines: {spread}; {words[0]}; {cores} CPU threads; torch {words[1]}; {origin}."
    )


def _span(values: pd.Series) -> str:
    least, most = int(values.min()), int(values.max())
    return str(least) if least == most else f"{least} to {most}"


@styled
def throughput_by_size(rows: pd.DataFrame, *, title: str = "", note: str = "", label: str = "images/s") -> Figure:
    """Images a second against their size, a line for each method, both axes logarithmic: half the side, twice as high.

    Args:
        rows: columns ``method``, ``size`` (pixels), ``batch``, ``value``, ``low``, ``high``; one network. Methods keep
            the order of their first row; where one was measured with several batches, each is a line.
        label: of the y axis.
    """
    figure, ((axes,),) = new_figure(7.4, 4.4, note=note)
    several = rows.groupby("method")["batch"].nunique().max() > 1
    sizes = sorted(set(rows["size"].astype(int)))
    for style, ((method, batch), part) in zip(
        line_styles(), rows.groupby(["method", "batch"], sort=False), strict=False
    ):
        part = part.sort_values("size")
        x, y = part["size"].to_numpy(dtype=float), part["value"].to_numpy(dtype=float)
        whiskers = np.abs(part[["low", "high"]].to_numpy(dtype=float).T - y)
        name = f"{method}, batch {batch}" if several else method
        axes.errorbar(x, y, whiskers, label=name, capsize=3, elinewidth=1.2, **style)
        axes.annotate(f"{y[-1]:,.0f}", (x[-1], y[-1]), (8, 0), textcoords="offset points", va="center", fontsize=8.5,
                      color=style["color"])  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="side of the images, pixels", ylabel=label)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda rate, _: f"{rate:,g}")
    axes.set_xlim(sizes[0] / 1.2, sizes[-1] * 1.35)
    axes.grid(axis="y", which="both")
    axes.set_title(title)
    legend_above(axes, columns=3)
    return figure


@styled
def speedup_steps(rows: pd.DataFrame, *, title: str = "", note: str = "", label: str = "images/s") -> Figure:
    """What each technique adds on top of those before it: a bar from the rate before to the rate with it.

    A step that made things slower is hatched the other way and red; one that this machine cannot do says so.

    Args:
        rows: columns ``method`` (the technique), ``value``, ``low``, ``high``, in the order in which they were added;
            NaN where it could not be measured. ``ratio``, if there is such a column: how many times as fast as the row
            before, turn by turn; it need not be the quotient of the two values, which are medians over all turns.
        label: of the axis.
    """
    figure, ((axes,),) = new_figure(7.8, 0.52 * len(rows) + 1.5 + 0.2 * bool(note), note=note)
    most, before = float(rows[["value", "high"]].max().max()), 0.0
    for place, row in enumerate(rows.itertuples()):
        if np.isnan(row.value):
            axes.annotate("not on this machine", (before, place), (5, 0), textcoords="offset points", va="center",
                          fontsize=8.5, color=GREY)  # fmt: skip
            continue
        ratio = getattr(row, "ratio", np.nan)
        if np.isnan(ratio) and before:
            ratio = row.value / before
        slower = ratio < 1
        look = (
            {"facecolor": COLOURS["red"], "hatch": "\\\\\\"}
            if slower
            else {"facecolor": COLOURS["sky"], "hatch": "///"}
        )
        if place == 0:
            look = {"facecolor": "#bdbdbd"}
        axes.barh(place, row.value - before, 0.62, before, edgecolor=INK, linewidth=0.6, **look)
        if before:
            axes.plot([before, before], [place - 1 + 0.31, place - 0.31], color=GREY, linewidth=0.8)
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.2)
        words = f"{row.value:,.{0 if row.value >= 100 else 1}f}" + (f"  (× {ratio:.2f})" if before else "")
        axes.text(1.01, place, words, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
        before = row.value
    axes.set_yticks(range(len(rows)), list(rows["method"]))
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(0, 1.04 * most)
    axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:,g}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)
    axes.set_title(title)
    return figure


@styled
def overhead_intervals(rows: pd.DataFrame, *, goal: float = 3.0, title: str = "", note: str = "") -> Figure:
    """How much more time a method takes than the baseline, with intervals, beside nothing and beside a goal.

    Filled: the interval lies on one side of the goal. Open: it holds the goal, so the goal is neither met nor missed.

    Args:
        rows: columns ``name``, ``size``, ``value``, ``low``, ``high`` in percent, and ``repeats``.
        goal: in percent; dotted.
    """
    figure, ((axes,),) = new_figure(7.4, 0.5 * len(rows) + 1.6 + 0.2 * bool(note), note=note)
    axes.axvline(0, color=INK, linewidth=1)
    axes.axvline(goal, color=GREY, linestyle=(0, (1, 2)), linewidth=1.6)
    axes.annotate(f"goal: under {goal:g} %", (goal, 1), (0, 3), xycoords=("data", "axes fraction"),
                  textcoords="offset points", fontsize=8.5, color=GREY, ha="center", annotation_clip=False)  # fmt: skip
    for place, row in enumerate(rows.itertuples()):
        open_ = row.low <= goal <= row.high
        axes.errorbar(row.value, place, xerr=[[row.value - row.low], [row.high - row.value]], fmt="o", capsize=3,
                      color=COLOURS["blue"], markerfacecolor="white" if open_ else COLOURS["blue"])  # fmt: skip
        axes.text(1.01, place, f"{signed(row.value)} %", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    names = [f"{row.name}, {row.size} px (n = {row.repeats})" for row in rows.itertuples()]
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.45, -0.55)
    low, high = min(0.0, rows["low"].min()), max(goal, rows["high"].max())
    axes.set_xlim(low - 0.08 * (high - low), high + 0.08 * (high - low))
    axes.xaxis.set_major_formatter(lambda extra, _: f"{signed(extra, 0 if extra == round(extra) else 1)} %")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.set_xlabel("more time than the baseline")
    axes.set_title(title, pad=18)
    return figure
