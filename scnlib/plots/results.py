"""Results: methods under noise, one option over its values, differences with their intervals."""

from collections.abc import Mapping

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from scnlib.plots.style import (
    BARS,
    GREY,
    INK,
    PALE,
    RIGHT,
    WRONG,
    legend_above,
    line_styles,
    new_figure,
    signed,
    styled,
)

_GAIN_STEPS = (-10, -5, -2, -1, 1, 2, 5, 10)  # points; the same in every figure, so that colours mean the same


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


@styled
def sweep(
    panels: Mapping[str, pd.DataFrame],
    *,
    title: str = "",
    note: str = "",
    defaults: Mapping[str, float] | None = None,
    label: str = "test accuracy, %",
    one_scale: bool = False,
) -> Figure:
    """A measure over the values of an option, a panel for each option: figure 5 of SCN, redrawn.

    Points are means over seeds, whiskers their intervals (none where there is one seed), open diamonds what the paper
    printed, in the colour and dashes of the series. Of series that lie on each other the last is on top. Each panel has
    its own y axis, unless they share ``one_scale``: most ask where the best value lies, not how high it is.

    Args:
        panels: name of the option -> table with ``value``, ``series``, ``mean``, ``low``, ``high``, ``n`` (NaN: not
            stated) and, if it likes, ``published``. Series keep the order of their first row, and their look in every
            panel.
        defaults: name of the option -> value that the method uses, a dotted upright line.
        label: of the y axes.

    Raises:
        ValueError: if a table lacks a column.
    """
    for name, table in panels.items():
        missing = [column for column in ("value", "series", "mean", "low", "high", "n") if column not in table]
        if missing:
            raise ValueError(f"panel {name!r} has no column {missing[0]!r}; it has: {', '.join(table.columns)}")
    everything = pd.concat(panels.values(), ignore_index=True)
    counts = everything.groupby("series", sort=False)["n"]
    looks = {
        name: {"label": f"{name} ({_span(seeds)})", **style}
        for (name, seeds), style in zip(counts, line_styles(), strict=False)
    }
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    height = (3.7 if len(panels) == 1 else 3.0 * rows) + 0.3 + 0.25 * bool(title)
    width = max(6.2, 3.1 * columns)
    figure, axes = new_figure(width, height, columns, rows, note=note, sharey=one_scale)
    for place in axes.flat[len(panels) :]:
        place.remove()
    for place, (name, table) in zip(axes.flat, panels.items(), strict=False):
        _sweep_panel(place, table, looks)
        place.set_xlabel(name)
        place.set_ylabel("" if one_scale and place not in axes[:, 0] else label)
        place.grid(axis="y")
        if defaults and name in defaults:
            place.axvline(defaults[name], color=GREY, linestyle=(0, (1, 2)), linewidth=1.6, zorder=0)
            place.annotate("the paper's", (defaults[name], 1.0), (0, 2), xycoords=("data", "axes fraction"),
                           textcoords="offset points", fontsize=8, color=GREY, ha="center", va="bottom")  # fmt: skip
    handles = {}
    for place in list(axes.flat)[: len(panels)]:
        found, names = place.get_legend_handles_labels()
        handles |= dict(zip(names, found, strict=True))
    # The title is the legend's own: a figure's title and an outside legend would lie on each other.
    legend = figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=int(width // 2.6),
                           handlelength=2.8, title=title or None, alignment="left")  # fmt: skip
    legend.get_title().set(fontsize=11, fontweight="bold")
    return figure


def _sweep_panel(axes: Axes, table: pd.DataFrame, looks: Mapping[str, dict]) -> None:
    for name, rows in table.groupby("series", sort=False):
        rows = rows.sort_values("value").dropna(subset="mean")
        whiskers = np.array([rows["mean"] - rows["low"], rows["high"] - rows["mean"]])
        axes.errorbar(rows["value"], rows["mean"], whiskers, capsize=3, elinewidth=1.2, **looks[name])
    if "published" in table and table["published"].notna().any():
        diamonds = {"marker": "D", "markerfacecolor": "white", "linewidth": 1}
        for name, rows in table.dropna(subset="published").groupby("series", sort=False):
            rows = rows.sort_values("value")
            look = {part: looks[name][part] for part in ("color", "linestyle")}
            axes.plot(rows["value"], rows["published"], **diamonds, **look)
        axes.plot([], [], label="published (another setting)", linestyle="", color=INK, **diamonds)


def _span(seeds: pd.Series) -> str:
    least, most = seeds.min(), seeds.max()
    return _count(least) if least == most or np.isnan(least) else f"n = {int(least)} to {int(most)}"


def _count(n: float) -> str:
    """How many seeds stand behind a number; papers often do not say."""
    return "n not stated" if n is None or np.isnan(n) else f"n = {int(n)}"


@styled
def effects(
    table: pd.DataFrame, *, unit: str = "points", title: str = "", note: str = "", reference: float = 0.0
) -> Figure:
    """Differences with their intervals, a line each, beside an upright line at ``reference``: a forest plot.

    Filled: the interval leaves the reference out. Open: it does not, or there is one seed and so no interval. Intervals
    much longer than the effects lie apart (two seeds) are cut at the edge, which an arrowhead says.

    Args:
        table: columns ``label``, ``effect``, ``low``, ``high`` (NaN without interval), ``n`` (NaN: not stated; where
            there is a column ``shared``, the seeds behind the effect, that is shown), and ``group`` if rows belong
            together. Rows and groups keep their order; a row without effect says "no runs".
        unit: of the effects.

    Raises:
        ValueError: if a column is missing or there are no rows.
    """
    missing = [column for column in ("label", "effect", "low", "high", "n") if column not in table]
    if missing:
        raise ValueError(f"effects need a column {missing[0]!r}; there are: {', '.join(table.columns)}")
    if table.empty:
        raise ValueError("effects need at least one row")
    lines = _forest_lines(table)
    heights = [-place for place in range(len(lines))]
    width = 8.2
    figure, ((axes,),) = new_figure(width, 0.29 * len(lines) + 1.15 + 0.3 * bool(title), note=note)
    left, right = _forest_limits(table, reference)
    room = 0.06 * (right - left) or 1.0  # all may lie at the reference
    axes.set(xlim=(left - room, right + room), ylim=(heights[-1] - 0.6, 0.7))
    axes.axvline(reference, color=INK, linewidth=1.2, zorder=0)
    for y, (kind, row) in zip(heights, lines, strict=True):
        if kind == "row":
            _forest_row(axes, y, row, reference, left, right)
    axes.set_yticks(heights, [row if kind == "group" else row["label"] for kind, row in lines])
    for text, (kind, _) in zip(axes.get_yticklabels(), lines, strict=True):
        text.set_fontweight("bold" if kind == "group" else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_xlabel(unit)
    axes.set_title(title)
    return figure


def _forest_lines(table: pd.DataFrame) -> list[tuple[str, object]]:
    if "group" not in table:
        return [("row", row) for row in table.to_dict("records")]
    lines = []
    for group, rows in table.groupby("group", sort=False, dropna=False):
        lines.append(("group", str(group)))
        lines += [("row", row) for row in rows.to_dict("records")]
    return lines


def _forest_limits(table: pd.DataFrame, reference: float) -> tuple[float, float]:
    """All effects and the reference, and of the intervals as much as one span of these beyond them."""
    points = np.append(table["effect"].dropna().to_numpy(dtype=float), reference)
    span = np.ptp(points) or 1.0
    ends = np.concatenate([points, table[["low", "high"]].to_numpy(dtype=float).ravel()])
    ends = ends[np.isfinite(ends)]
    return max(ends.min(), points.min() - span), min(ends.max(), points.max() + span)


def _forest_row(axes: Axes, y: float, row: dict, reference: float, left: float, right: float) -> None:
    effect, low, high = (float(row[name]) for name in ("effect", "low", "high"))
    at_end = {"xycoords": ("axes fraction", "data"), "xytext": (6, 0), "textcoords": "offset points",
              "va": "center", "fontsize": 8.5, "annotation_clip": False}  # fmt: skip
    if np.isnan(effect):
        axes.annotate("no pair" if row.get("n", 0) > 0 else "no runs", (1, y), color=GREY, **at_end)
        return
    colour = RIGHT if effect >= reference else WRONG
    clear = low > reference or high < reference
    written = signed if reference == 0 else "{:.2f}".format  # differences have a sign, levels have none
    words = written(effect)
    if not np.isnan(low):
        axes.plot([max(low, left), min(high, right)], [y, y], color=colour, linewidth=2.2,
                  linestyle="-" if effect >= reference else (0, (4, 1)), solid_capstyle="butt")  # fmt: skip
        for end, cut, arrow in ((low, left, "<"), (high, right, ">")):
            beyond = end < left if arrow == "<" else end > right
            axes.plot(cut if beyond else end, y, marker=arrow if beyond else "|", color=colour, markersize=7,
                      clip_on=False)  # fmt: skip
        words += f" [{written(low)}, {written(high)}]"
    axes.plot(effect, y, marker="o" if effect >= reference else "s", color=colour, markersize=7,
              markerfacecolor=colour if clear else "white", zorder=3)  # fmt: skip
    axes.annotate(f"{words}  {_count(row.get('shared', row['n']))}", (1, y), **at_end)


@styled
def gain_matrix(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """Gains over a reference, methods in rows and boards in columns: colour is the gain, and the number stands on it.

    In brackets: one seed, so no interval. Bold: the interval leaves 0 out. Hatched: no gain was measured. The row of
    the reference has its own accuracy.

    Args:
        table: a row for each method on each board: ``label``, ``board`` (``"faces, labels"``, shown in two lines),
            ``mean`` (percent), ``gain`` (points), ``low``, ``high`` (NaN without interval) and ``n``, 0 where nothing
            is measured. Methods and boards keep the order of their first row; the reference, which has no gain
            anywhere, is first.
    """
    methods, boards = (list(dict.fromkeys(table[column])) for column in ("label", "board"))
    figure, ((axes,),) = new_figure(2.6 + 0.92 * len(boards), 1.9 + 0.27 * len(methods), note=note)
    norm = BoundaryNorm(_GAIN_STEPS, len(_GAIN_STEPS) + 1, extend="both")
    colours = matplotlib.colormaps["RdBu"].resampled(len(_GAIN_STEPS) + 1)
    cells: dict[tuple, list] = {}
    for row in table.to_dict("records"):
        first = row["label"] == methods[0]
        missing = row["n"] == 0 if first else np.isnan(row["gain"])
        colour = None if missing else PALE if first else tuple(colours(norm(row["gain"])))
        column, line = boards.index(row["board"]), methods.index(row["label"])
        cells.setdefault(colour, []).append(Affine2D().translate(column, line).transform_path(Path.unit_rectangle()))
        if not missing:
            _gain_words(axes, column + 0.5, line + 0.5, row, reference=first)
    for colour, squares in cells.items():  # one path a colour: half the bytes of one a cell
        look = {"facecolor": "white", "edgecolor": PALE, "hatch": "////"}
        look = look if colour is None else {"facecolor": colour, "edgecolor": "white"}
        axes.add_patch(PathPatch(Path.make_compound_path(*squares), linewidth=1, **look))
    axes.set(xlim=(0, len(boards)), ylim=(len(methods), 0))
    axes.set_xticks(np.arange(len(boards)) + 0.5, [board.replace(", ", "\n", 1) for board in boards])
    axes.xaxis.tick_top()
    axes.set_yticks(np.arange(len(methods)) + 0.5, methods)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    scale = matplotlib.cm.ScalarMappable(norm, colours)
    bar = figure.colorbar(scale, ax=axes, spacing="uniform", shrink=0.6, label=f"points over {methods[0]}")
    bar.ax.set_yticks(_GAIN_STEPS, [signed(step, 0) for step in _GAIN_STEPS])
    axes.set_title(title)
    return figure


def _gain_words(axes: Axes, x: float, y: float, row: dict, *, reference: bool) -> None:
    words = f"{row['mean']:.1f} %" if reference else signed(row["gain"])
    clear = row["low"] > 0 or row["high"] < 0
    dark = not reference and abs(row["gain"]) > _GAIN_STEPS[-2]
    alone = row["n"] == 1 if reference else np.isnan(row["low"])
    axes.text(x, y, f"({words})" if alone else words, ha="center", va="center", fontsize=8.5,
              color="white" if dark else INK, fontweight="bold" if clear else "normal")  # fmt: skip
