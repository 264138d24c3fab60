"""Figures of counts: classes, transitions, confusions."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scnlib.plots.style import BARS, GREY, INK, WRONG, legend_above, new_figure, signed, styled

# White to dark blue: in grey it is just light to dark.
_SHADES = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#9ecae1", "#2171b5", "#08306b"])


@styled
def class_counts(
    counts: Mapping[str, Mapping[str, float]],
    *,
    title: str = "",
    note: str = "",
    label: str = "faces",
    numbers: str = ",.0f",
) -> Figure:
    """How many of each class: groups of bars, one bar for each series.

    Args:
        counts: series -> class -> number. The classes of the first series give the order.
        label: of the axis.
        numbers: format of the number at each bar's end; one that ends in "%" makes the axis percent, too.
    """
    names = list(next(iter(counts.values())))
    figure, ((axes,),) = new_figure(7.6, 0.34 * len(names) * max(1, 0.62 * len(counts)) + 1.3, note=note)
    thickness = 0.8 / len(counts)
    for number, (series, values) in enumerate(counts.items()):
        y = np.arange(len(names)) + (number - (len(counts) - 1) / 2) * thickness
        widths = [values.get(name, 0) for name in names]
        axes.barh(y, widths, thickness * 0.92, label=series, edgecolor=INK, linewidth=0.5, **BARS[number % len(BARS)])
        for place, width in zip(y, widths, strict=True):
            text = format(width, numbers).replace("%", " %")
            axes.annotate(text, (width, place), (3, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel(label)
    axes.margins(x=0.12)
    if numbers.endswith("%"):
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    if len(counts) > 1:
        legend_above(axes, columns=min(3, len(counts)))
    return figure


@styled
def transition_matrix(
    counts: object,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    note: str = "",
    row_title: str = "true label",
    column_title: str = "given label",
) -> Figure:
    """What each true class is called: a heat map of row shares in percent, with the row's count at its end.

    Args:
        counts: ``(R, C)``; a row without any counts stays empty.
        rows, columns: names.
    """
    counts = np.asarray(counts, dtype=float)
    totals = counts.sum(1)
    shares = np.divide(counts, totals[:, None], out=np.full_like(counts, np.nan), where=totals[:, None] > 0)
    figure, ((axes,),) = new_figure(1.9 + 0.62 * len(columns) + 0.7, 1.55 + 0.44 * len(rows), note=note)
    # A mesh and not an image, so that it stays sharp at any size.
    axes.pcolormesh(shares, cmap=_SHADES, vmin=0, vmax=1, edgecolors="white", linewidth=1)
    for i, j in np.ndindex(shares.shape):
        share = shares[i, j]
        if not np.isnan(share):
            same = rows[i] == columns[j]
            axes.text(
                j + 0.5, i + 0.5, f"{100 * share:.0f}" if share == 0 or share >= 0.0095 else f"{100 * share:.1f}",
                ha="center", va="center", fontsize=9, color="white" if share > 0.5 else INK,
                fontweight="bold" if same else "normal",
            )  # fmt: skip
    for i, total in enumerate(totals):
        axes.text(len(columns) + 0.12, i + 0.5, f"n = {total:,.0f}", ha="left", va="center", fontsize=8.5, color=GREY)
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.set_xlim(0, len(columns) + 1.35)
    axes.invert_yaxis()
    axes.set_xlabel(f"{column_title}, % of the row", loc="left")
    axes.set_ylabel(row_title)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title)
    return figure


def confusion_matrix(counts: object, names: Sequence[str], *, title: str = "", note: str = "") -> Figure:
    """What a model calls each class: ``transition_matrix`` with predictions as columns.

    Args:
        counts: ``(C, C)``, row = label, column = prediction.
        names: of the classes.
    """
    return transition_matrix(counts, names, names, title=title, note=note, row_title="label", column_title="prediction")


@styled
def commonest_mistake(
    counts: object,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    expected: pd.DataFrame | None = None,
    title: str = "",
    note: str = "",
) -> Figure:
    """For each true class, the share of its mislabelled faces that went to one and the same wrong class.

    Uniform noise would put 1 / (C - 1) of them into each of the other classes: the dotted line. A label may also
    attract the mistakes of all classes alike: the diamonds. Whiskers are the interval of a bar's lead over its diamond.

    Args:
        counts: ``(R, C)``, row = true class, column = given class. Rows without mistakes are left out.
        expected: of ``scnlib.paper.mistakes.commonest_beyond_sinks``: ``true``, ``expected``, ``excess``, ``low`` and
            ``high``, shares in 0..1.
    """
    counts = np.asarray(counts, dtype=float)
    found = []
    for i, row in enumerate(rows):
        mistakes = np.where([name == row for name in columns], 0, counts[i])
        if mistakes.sum() > 0:
            j = int(mistakes.argmax())
            found.append((mistakes[j] / mistakes.sum(), f"{row} → {columns[j]}", mistakes.sum(), row))
    found.sort()
    null = {} if expected is None else expected.dropna().set_index("true").to_dict("index")
    figure, ((axes,),) = new_figure(7.6, 0.36 * len(found) + 1.5 + 0.2 * bool(null), note=note)
    shares = [share for share, *_ in found]
    axes.barh(range(len(found)), shares, 0.7, edgecolor=INK, linewidth=0.5, **BARS[1])
    for place, (share, _, total, row) in enumerate(found):
        text, end = f"{100 * share:.0f} % of {total:,.0f}", share
        if row in null:
            lead = null[row]
            ends = [lead["expected"] + lead["low"], lead["expected"] + lead["high"]]
            end = max(share, ends[1])
            axes.plot(ends, [place] * 2, color=INK, linewidth=1.4, marker="|", markersize=8)
            excess, low, high = (signed(100 * lead[name], 0) for name in ("excess", "low", "high"))
            text += f":  {excess} [{low}, {high}]"
        axes.annotate(text, (end, place), (5, 0), textcoords="offset points", va="center", fontsize=8.5)
    uniform = 1 / (len(columns) - 1)
    label = f"if mistakes were uniform: {100 * uniform:.0f} %"
    axes.axvline(uniform, color=WRONG, linestyle=":", linewidth=2, label=label)
    if null:
        places = [place for place, (*_, row) in enumerate(found) if row in null]
        diamonds = [null[found[place][3]]["expected"] for place in places]
        axes.plot(diamonds, places, linestyle="", marker="D", color=INK, markerfacecolor="white", markersize=7,
                  label="if a label attracted all classes' mistakes alike")  # fmt: skip
    axes.set_yticks(range(len(found)), [name for _, name, *_ in found])
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the class's wrong labels" + ("; lead over the diamond in points [95 %]" if null else ""))
    axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    legend_above(axes)
    return figure
