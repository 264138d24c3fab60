"""Bars of results: methods under noise, measured beside published."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import BARS, GREY, INK, legend_above, new_figure, styled


@styled
def results_bars(
    measured: pd.DataFrame,
    published: pd.DataFrame | None = None,
    *,
    title: str = "",
    note: str = "",
    label: str = "test accuracy, %",
    low: float | None = None,
) -> Figure:
    """Methods side by side under each noise rate: bars are means over seeds, dots single seeds, diamonds published.

    Args:
        measured: columns ``method``, ``noise_rate`` (0..1), ``accuracy`` (percent), one row a run. Methods keep the
            order of their first row.
        published: the same columns, drawn as open diamonds beside the bar of the method of that name; their setting is
            not ours, which the caller says in ``note``.
        low: where the axis begins; None: five points below the lowest number, and the axis says so.
    """
    methods = list(dict.fromkeys(measured["method"]))
    rates = sorted(set(measured["noise_rate"]))
    everything = pd.concat([measured["accuracy"]] + ([] if published is None else [published["accuracy"]]))
    low = max(0.0, 5 * np.floor(everything.min() / 5) - 5) if low is None else low
    figure, ((axes,),) = new_figure(max(6.2, 1.5 + 0.75 * len(methods) * len(rates)), 4.0, note=note)
    width = 0.84 / len(methods)
    diamond = {"marker": "D", "linestyle": "", "color": INK, "markerfacecolor": "white", "markersize": 6}
    for number, method in enumerate(methods):
        rows = measured[measured["method"] == method]
        for place, rate in enumerate(rates):
            values = rows.loc[rows["noise_rate"] == rate, "accuracy"].to_numpy(dtype=float)
            x = place + (number - (len(methods) - 1) / 2) * width
            if len(values):
                first = {"label": method} if rate == rows["noise_rate"].min() else {}
                look = {"edgecolor": INK, "linewidth": 0.6, **BARS[number % len(BARS)], **first}
                axes.bar(x, values.mean() - low, width * 0.9, low, **look)
                axes.annotate(
                    f"{values.mean():.1f}", (x, low), (0, 3), textcoords="offset points", ha="center", fontsize=8,
                    bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
                )  # fmt: skip
                if len(values) > 1:
                    spread = np.linspace(-0.2, 0.2, len(values)) * width
                    axes.plot(x + spread, np.sort(values), "o", color=INK, markersize=3)
            if published is not None:
                theirs = published[(published["method"] == method) & (published["noise_rate"] == rate)]["accuracy"]
                axes.plot([x + 0.3 * width] * len(theirs), theirs, **diamond)
    if published is not None and len(published):
        axes.plot([], [], label="published (another setting)", **diamond)
    axes.set_ylim(low, None)
    axes.margins(y=0.08)
    names = [f"{100 * rate:.0f} % wrong labels" if rate else "labels as they are" for rate in rates]
    axes.set_xticks(range(len(rates)), names)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(label)
    if low > 0:
        axes.annotate(f"axis begins at {low:g}", (0, 0), (2, -26), xycoords="axes fraction", textcoords="offset points",
                      fontsize=7.5, color=GREY)  # fmt: skip
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure
