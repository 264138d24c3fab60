"""Figures of the appendix that holds the paper against its code."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import (
    COLOURS,
    GREY,
    INK,
    epoch_axis,
    legend_above,
    line_styles,
    new_figure,
    percent_axis,
    styled,
)


@styled
def common_class_over_alpha(
    alpha: Sequence[float], probability: Mapping[str, Sequence[float]], *, share: float, guess: float, note: str = ""
) -> Figure:
    """How probable the commonest class is for a face of importance alpha, by what alpha multiplies.

    Args:
        alpha: ``(A,)`` ascending.
        probability: name -> ``(A,)``.
        share: of the class among the labels.
        guess: one over the number of classes.
    """
    figure, ((axes,),) = new_figure(6.8, 3.5, note=note)
    for (name, values), style in zip(probability.items(), line_styles(), strict=False):
        axes.plot(alpha, values, label=name, markevery=max(1, len(alpha) // 8), **style)
    for level, words in ((share, "its share of the labels"), (guess, "one over the classes")):
        axes.axhline(level, color=GREY, linestyle=":", linewidth=1.2)
        axes.annotate(words, (1, level), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                      ha="right", fontsize=8.5, color=GREY)  # fmt: skip
    top = 1.15 * max(share, guess, *(max(values) for values in probability.values()))
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="α", ylabel="probability of the commonest class")
    axes.set_title("What a face of no importance says")
    axes.grid(axis="y")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.02))
    return figure


@styled
def published_gains(table: pd.DataFrame, *, note: str = "") -> Figure:
    """The gains of a published table over the noise, a panel a training scheme; falls are ringed.

    Args:
        table: columns ``scheme``, ``dataset``, ``noise`` (percent), ``gain`` (points).
    """
    schemes = list(dict.fromkeys(table["scheme"]))
    figure, (row,) = new_figure(7.6, 3.6, len(schemes), note=note)
    for axes, scheme in zip(row, schemes, strict=True):
        for (dataset, rows), style in zip(
            table[table["scheme"] == scheme].groupby("dataset", sort=False), line_styles(), strict=False
        ):
            axes.plot(rows["noise"], rows["gain"], label=dataset, **style)
            falls = rows["gain"].diff() < 0
            axes.plot(rows["noise"][falls], rows["gain"][falls], linestyle="", marker="o", markersize=13,
                      markerfacecolor="none", markeredgecolor=INK)  # fmt: skip
        axes.set(xlabel="wrong labels, %", ylim=(0, None), title=scheme, xticks=sorted(table["noise"].unique()))
        axes.grid(axis="y")
    row[0].set_ylabel("published gain of SCN, points")
    lines, names = row[0].get_legend_handles_labels()
    legend = figure.legend(lines, names, loc="outside upper left", ncols=3, handlelength=2.8, alignment="left",
                           title="Does the benefit grow with the noise?   (ringed: it fell)")  # fmt: skip
    legend.get_title().set(fontsize=11, fontweight="bold")
    return figure


@styled
def epoch_bonus(table: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """What the best test epoch adds to the last one: a dot a run, a line at the median, the largest in words.

    Args:
        table: one row a run, columns ``label``, ``group`` (rows with the same two stand together) and ``bonus``,
            points, never negative.

    Raises:
        ValueError: if there are no rows.
    """
    if table.empty:
        raise ValueError("epoch_bonus needs at least one run")
    rows = list(table.groupby(["group", "label"], sort=False)["bonus"])
    figure, ((axes,),) = new_figure(7.6, 0.42 * len(rows) + 1.5, note=note)
    for place, (_, bonus) in enumerate(rows):
        spread = np.linspace(-0.22, 0.22, len(bonus)) if len(bonus) > 1 else [0.0]
        axes.plot(bonus, -place + np.array(spread), linestyle="", marker="o", markersize=5, color=COLOURS["blue"],
                  markerfacecolor="none")  # fmt: skip
        axes.vlines(bonus.median(), -place - 0.34, -place + 0.34, color=INK, linewidth=2.4)
        words = f"median {bonus.median():.2f}, largest {bonus.max():.2f}, n = {len(bonus)}"
        axes.annotate(words, (1, -place), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                      va="center", fontsize=8.5, annotation_clip=False)  # fmt: skip
    axes.set_yticks([-place for place in range(len(rows))], [f"{label}, {group}" for (group, label), _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(-0.03 * max(table["bonus"].max(), 1), None), ylim=(-len(rows) + 0.4, 0.6),
             xlabel="best minus last epoch, points   (a dot: a run; upright line: median)")  # fmt: skip
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.set_title(title)
    return figure


@styled
def label_kinds(metrics: pd.DataFrame, *, relabelled_from: int, title: str = "", note: str = "") -> Figure:
    """Training accuracy on the labels in use, as given and as true, and how many labels are right, over epochs.

    Args:
        metrics: of a run that relabels, ``Run.metrics``.
        relabelled_from: first epoch that relabels, an upright line.
    """
    figure, ((axes,),) = new_figure(6.8, 3.9, note=note)
    columns = {
        "train_accuracy_current": "right by the labels in use",
        "train_accuracy_given": "right by the given labels",
        "train_accuracy_true": "right by the true labels",
        "label_accuracy": "labels in use that are true",
    }
    for (column, name), style in zip(columns.items(), line_styles(), strict=False):
        axes.plot(metrics["epoch"], metrics[column], label=name, **style)
    axes.axvline(relabelled_from, color=GREY, linestyle=":", linewidth=1.2)
    axes.annotate("relabelling begins", (relabelled_from, 0.02), (4, 0), xycoords=("data", "axes fraction"),
                  textcoords="offset points", fontsize=8.5, color=GREY)  # fmt: skip
    percent_axis(axes, "training faces")
    epoch_axis(axes, metrics["epoch"].to_numpy())
    axes.set_title(title)
    legend_above(axes)
    return figure
