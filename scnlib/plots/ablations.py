"""Figures about fair comparisons: what single seeds say, methods over their settings, how large a lead luck makes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.paper import stats
from scnlib.plots.style import COLOURS, GREY, INK, PALE, legend_above, line_styles, new_figure, styled


@styled
def seed_gains(
    gains: pd.DataFrame,
    published: Mapping[str, float] | None = None,
    *,
    title: str = "",
    note: str = "",
) -> Figure:
    """What each seed alone would have said: a dot a seed, their mean with its 95 % t interval, zero as a line.

    Args:
        gains: columns ``label``, ``seed``, ``gain``; labels keep the order of their first row. A label with ``gain``
            NaN keeps its line and stays empty.
        published: label -> the paper's gain, an open diamond.
    """
    names = list(dict.fromkeys(gains["label"]))
    figure, ((axes,),) = new_figure(7.6, 0.5 * len(names) + 1.7 + 0.2 * bool(note), note=note)
    axes.axvline(0, color=GREY, linewidth=1.2, zorder=0)
    dot = {"marker": "o", "linestyle": "", "color": INK, "markersize": 4, "zorder": 3}
    square = {"fmt": "s", "color": COLOURS["blue"], "markersize": 7, "capsize": 4, "linewidth": 2, "zorder": 2}
    diamond = {"marker": "D", "linestyle": "", "color": COLOURS["red"], "markerfacecolor": "white", "markersize": 7}
    for place, name in enumerate(names):
        values = gains.loc[gains["label"] == name, "gain"].dropna().tolist()
        axes.plot(values, np.full(len(values), place - 0.22), **dot)
        if len(values) > 1:
            middle, low, high = stats.interval(values)
            axes.errorbar([middle], [place], xerr=[[middle - low], [high - middle]], **square)
        if not len(values):
            axes.annotate("not measured", (0, place), (4, 0), textcoords="offset points", va="center", color=GREY)
        if name in (published or {}):
            axes.plot([published[name]], [place + 0.22], **diamond)
    axes.plot([], [], label="one seed", **dot)
    if gains.dropna(subset="gain").duplicated("label").any():
        axes.errorbar([], [], label="mean, 95 % interval", **square)
    if published:
        axes.plot([], [], label="published (another dataset)", **diamond)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.margins(x=0.08)
    axes.set_xlabel("gain over the baseline, points")
    axes.set_title(title)
    legend_above(axes, columns=3)
    return figure


@styled
def tuning_curves(
    panels: Mapping[str, pd.DataFrame],
    *,
    chosen: Mapping[str, float] | None = None,
    note: str = "",
    x_label: str = "learning rate",
) -> Figure:
    """Methods over a setting on a logarithmic axis, one panel for each measure; the chosen setting wears a ring.

    Args:
        panels: name -> columns ``value``, ``series``, ``mean``, ``low``, ``high``, as of ``setting_means``. Bars are
            drawn where there is an interval, and cut where they would dwarf the means. Each panel has its own y axis.
        chosen: series -> value that is ringed, in every panel.
    """
    figure, axes = new_figure(max(6.2, 4.3 * len(panels)), 4.1, len(panels), note=note)
    series = list(dict.fromkeys(name for table in panels.values() for name in table["series"]))
    looks = dict(zip(series, line_styles(), strict=False))
    for place, (name, table) in zip(axes[0], panels.items(), strict=True):
        for one in series:
            rows = table[table["series"] == one].sort_values("value")
            if rows.empty:
                continue
            place.plot(rows["value"], rows["mean"], label=one, **looks[one])
            bars = rows[rows["low"].notna()]
            place.vlines(bars["value"], bars["low"], bars["high"], color=looks[one]["color"], linewidth=1.2)
            ringed = rows[rows["value"] == (chosen or {}).get(one)]
            ring = {"markersize": 13, "markerfacecolor": "none", "markeredgecolor": looks[one]["color"]}
            place.plot(ringed["value"], ringed["mean"], "o", **ring)
        values = sorted(set(table["value"]))
        place.set_xscale("log", base=2)
        place.set_xticks(values, [f"{value:.3g}" for value in values], rotation=0 if len(values) < 7 else 45)
        place.minorticks_off()
        place.margins(x=0.08)
        place.set_ylim(*_around(table))
        place.grid(axis="y")
        place.set_xlabel(x_label)
        place.set_ylabel("accuracy, %")
        place.set_title(name, pad=8 + 15 * -(-len(series) // 2))
    legend = axes[0, 0].legend(*_all_handles(axes[0]), loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2)
    legend.set_in_layout(False)
    return figure


def _around(table: pd.DataFrame) -> tuple[float, float]:
    """Limits with all means and as much of the bars as one span of these: two seeds make bars that would hide them."""
    span = float(np.ptp(table["mean"])) or 1.0
    low = max(table[["mean", "low"]].min(axis=None), table["mean"].min() - span)
    high = min(table[["mean", "high"]].max(axis=None), table["mean"].max() + span)
    return low - 0.08 * span, high + 0.08 * span


def _all_handles(axes: Sequence) -> tuple[list, list]:
    found = {}
    for place in axes:
        for handle, text in zip(*place.get_legend_handles_labels(), strict=True):
            found.setdefault(text, handle)
    return list(found.values()), list(found)


@styled
def lucky_leads(leads: object, observed: Mapping[str, float], *, title: str = "", note: str = "") -> Figure:
    """How large a lead luck alone makes, and the leads that were reported.

    Args:
        leads: ``(draws,)`` leads in sweeps in which nothing matters, in points.
        observed: name -> a reported lead, drawn as a line with the share of lucky leads that are as large.
    """
    leads = np.asarray(leads, dtype=float)
    figure, ((axes,),) = new_figure(7.2, 3.6, note=note)
    top = max([float(np.quantile(leads, 0.998)), *[1.1 * value for value in observed.values()]])
    counts, edges = np.histogram(leads, np.linspace(0, top, 41))
    axes.stairs(counts / len(leads), edges, fill=True, color=PALE, label="by luck alone")
    axes.stairs(counts / len(leads), edges, color=GREY, linewidth=1)
    for style, (name, value) in zip(line_styles(), observed.items(), strict=False):
        share = float((leads >= value).mean())
        words = f"{name}: {value:.2f} (luck reaches it in {'under 0.1' if share < 0.001 else f'{100 * share:.1f}'} %)"
        axes.axvline(value, color=style["color"], linestyle=style["linestyle"], linewidth=2, label=words)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_ylabel("of the sweeps")
    axes.set_xlabel("lead of the winner over the second, points")
    axes.set_xlim(0, top)
    axes.set_title(title)
    legend_above(axes, columns=1)
    return figure
