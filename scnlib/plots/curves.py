"""Figures over epochs: losses, accuracies, what was learnt of right and of wrong labels."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scnlib.plots.style import (
    GREY,
    PALE,
    RIGHT,
    WRONG,
    epoch_axis,
    legend_above,
    line_styles,
    new_figure,
    percent_axis,
    styled,
)

#: What the columns of metrics.csv are called on an axis.
COLUMN_LABELS = {
    "train_loss": "training loss",
    "classification_loss": "classification loss",
    "rank_loss": "rank loss",
    "train_accuracy_given": "training accuracy, given labels",
    "train_accuracy_current": "training accuracy, current labels",
    "train_accuracy_true": "training accuracy, true labels",
    "memorised": "wrong labels memorised",
    "label_accuracy": "labels that are right",
    "val_accuracy": "validation accuracy",
    "test_accuracy": "test accuracy",
    "alpha_mean": "mean α",
    "alpha_auroc": "AUROC of α for wrong labels",
    "lr": "learning rate",
}


@styled
def training_curves(
    runs: Mapping[str, pd.DataFrame],
    columns: Sequence[str] = ("train_loss", "test_accuracy"),
    *,
    note: str = "",
    outside: bool = False,
) -> Figure:
    """Several runs over epochs, one panel for each column of their metrics.

    Args:
        runs: name -> table with ``epoch`` and the columns, as ``Run.metrics``.
        columns: of ``scnlib.run_folder.METRICS``; accuracies are shown in percent.
        outside: put the legend above the panels, where curves leave it no room.

    Raises:
        ValueError: if a run lacks a column.
    """
    for name, table in runs.items():
        missing = [column for column in ("epoch", *columns) if column not in table]
        if missing:
            raise ValueError(f"run {name!r} has no column {missing[0]!r}; it has: {', '.join(table.columns)}")
    wide = len(columns) < 3  # three panels and more are narrower, or their words become small on a page
    width = max(5.4, (3.9 if wide else 3.1) * len(columns))
    figure, axes = new_figure(width, 3.5 if wide else 3.2, len(columns), note=note)
    for place, column in zip(axes[0], columns, strict=True):
        for style, (name, table) in zip(line_styles(), runs.items(), strict=False):
            place.plot(table["epoch"], table[column], label=name, **style)
        label = COLUMN_LABELS.get(column, column)
        if "accuracy" in column or column == "memorised":
            percent_axis(place, "", low=None, high=None)
        else:
            place.grid(axis="y")
        place.set_title(label)
        epochs = np.concatenate([table["epoch"] for table in runs.values()])
        epoch_axis(place, epochs, ticks=12 if wide else 7)
    if outside:
        figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper left", ncols=2, handlelength=3)
    else:
        axes[0, 0].legend(loc="best")
    return figure


@styled
def memorisation_curves(curves: Mapping[str, pd.DataFrame], *, chance: float | None = None, note: str = "") -> Figure:
    """What a network makes of right and of wrong labels, epoch by epoch; one panel for each run.

    Args:
        curves: name -> table with ``epoch`` and shares in 0..1: ``right`` (right labels that the model predicts),
            ``memorised`` (wrong labels that it predicts), ``seen_through`` (wrong labels where it predicts the true
            class) and ``test`` (test accuracy); a column without numbers is left out. Where there are ``right_low`` and
            ``right_high``, and so on, a band lies between them.
        chance: the share that guessing would fit, drawn as a dotted line.
    """
    figure, axes = new_figure(max(6.2, 4.3 * len(curves)), 4.3, len(curves), sharey=True, note=note)
    lines = {
        "right": ("right labels: predicted", {"color": RIGHT, "linestyle": "-", "marker": "o"}),
        "memorised": ("wrong labels: memorised", {"color": WRONG, "linestyle": "--", "marker": "^"}),
        "seen_through": ("wrong labels: true class predicted", {"color": "#E69F00", "linestyle": ":", "marker": "D"}),
        "test": ("clean test faces: right", {"color": "#000000", "linestyle": "-.", "marker": "s"}),
    }
    for place, (name, table) in zip(axes[0], curves.items(), strict=True):
        for column, (label, style) in lines.items():
            if column in table and table[column].notna().any():
                place.plot(table["epoch"], table[column], label=label, **style)
            if f"{column}_low" in table:
                ends = table[f"{column}_low"], table[f"{column}_high"]
                place.fill_between(table["epoch"], *ends, color=style["color"], alpha=0.15, linewidth=0)
        if chance is not None:
            place.axhline(chance, color=GREY, linestyle=(0, (1, 2)), linewidth=1.2, zorder=0)
            place.annotate("guessing", (0.99, chance), xycoords=("axes fraction", "data"), fontsize=8, color=GREY,
                           ha="right", va="bottom")  # fmt: skip
        percent_axis(place, "")
        epoch_axis(place, table["epoch"])
        place.set_title(name, pad=42)
    most = max(axes[0], key=lambda place: len(place.lines))
    place = {"loc": "lower left", "bbox_to_anchor": (-0.02, 1.0), "ncols": 2, "borderaxespad": 0.2, "handlelength": 2.8}
    legend = axes[0, 0].legend(*most.get_legend_handles_labels(), **place)
    legend.set_in_layout(False)  # it may reach over the next panel, whose title keeps it clear
    return figure


@styled
def label_accuracy_curves(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    given: float,
    *,
    title: str = "",
    note: str = "",
    spans: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None,
) -> Figure:
    """The share of right labels over epochs, beside the flat line of whoever changes nothing.

    Args:
        runs: name -> (epochs, shares in 0..1).
        given: the share of given labels that are right.
        spans: name -> (lowest, highest) over seeds, drawn as a band.
    """
    figure, ((axes,),) = new_figure(6.8, 3.9, note=note)
    label = f"the labels as given (baseline): {100 * given:.1f} %"
    axes.axhline(given, color=GREY, linewidth=2.2, label=label, zorder=1)
    for style, (name, (epochs, shares)) in zip(line_styles(), runs.items(), strict=False):
        axes.plot(epochs, shares, label=name, **style)
        if spans and name in spans:
            axes.fill_between(epochs, *spans[name], color=style["color"], alpha=0.15, linewidth=0)
    values = np.concatenate([np.asarray(shares, dtype=float) for _, shares in runs.values()] + [np.array([given])])
    room = max(0.02, 0.15 * float(np.nanmax(values) - np.nanmin(values)))
    percent_axis(axes, "labels that are right", low=np.nanmin(values) - room, high=np.nanmax(values) + room)
    epoch_axis(axes, np.concatenate([np.asarray(epochs) for epochs, _ in runs.values()]), "after epoch")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def relabel_flow(flow: pd.DataFrame, *, note: str = "") -> Figure:
    """What relabelling did, epoch by epoch: cured against harmed labels, and how often each side was right.

    Left: of the labels that differ from the given ones after an epoch, those cured (wrong to right) upwards, those
    wrong before and after in pale upwards, those harmed (right to wrong) downwards. Right, among the same labels: how
    often the new label is right (precision), how often the given one was; and how many of the wrong labels are right
    now (recall). Relabelling pays only where the first line runs above the second.

    Args:
        flow: columns ``epoch``, ``cured``, ``harmed``, ``other`` (counts), ``precision``, ``given_right``, ``recall``.
    """
    figure, axes = new_figure(8.6, 3.9, 2, note=note)
    left, right = axes[0]
    _flow_bars(left, flow)
    styles = line_styles()
    lines = {
        "precision": "the new label is right (precision)",
        "given_right": "the given label was right",
        "recall": "wrong labels cured (recall)",
    }
    for column, label in lines.items():
        right.plot(flow["epoch"], flow[column], label=label, **next(styles))
    percent_axis(right, "")
    epoch_axis(right, flow["epoch"], "after epoch")
    right.set_title("among the changed labels")
    legend_above(right, columns=1)
    return figure


def _flow_bars(axes: Axes, flow: pd.DataFrame) -> None:
    epochs = flow["epoch"]
    edge = {"edgecolor": "#222222", "linewidth": 0.5}
    axes.bar(epochs, flow["cured"], 0.8, color=RIGHT, label="cured: wrong → right", **edge)
    axes.bar(
        epochs, flow["other"], 0.8, bottom=flow["cured"], color=PALE, hatch="---", label="wrong → wrong again", **edge
    )
    axes.bar(epochs, -flow["harmed"], 0.8, color=WRONG, hatch="///", label="harmed: right → wrong", **edge)
    axes.axhline(0, color="#222222", linewidth=1)
    axes.yaxis.set_major_formatter(lambda count, _: f"{abs(count):,.0f}")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_ylabel("labels")
    epoch_axis(axes, epochs, "after epoch")
    axes.set_title("labels that differ from the given ones")
    legend_above(axes, columns=1)
