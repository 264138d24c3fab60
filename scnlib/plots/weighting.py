"""Figures of what a loss does to the importance weights: its slope, its curve, its first steps."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scnlib.plots.style import (
    COLOURS,
    GREY,
    RIGHT,
    WRONG,
    legend_above,
    line_styles,
    new_figure,
    rank_correlation,
    styled,
)

#: Predictions that are and are not the label: another pair than right and wrong labels, so another pair of colours.
AGREES, DIFFERS = COLOURS["green"], COLOURS["orange"]
_SIDES = ((True, AGREES, "o", "-"), (False, DIFFERS, "^", "--"))


@styled
def slope_against_loss(panels: Mapping[str, tuple[object, object, object]], *, note: str = "") -> Figure:
    """The derivative of each sample's weighted loss in its own alpha, against its plain loss.

    Above zero, descent lowers alpha; below, it raises it.

    Args:
        panels: name of the weighting -> (losses ``(N,)``, slopes ``(N,)``, bool ``(N,)``: the prediction is the label).
    """
    figure, axes = new_figure(4.2 * len(panels), 3.9, len(panels), sharey=True, note=note)
    for place, (name, (loss, slope, agrees)) in zip(axes[0], panels.items(), strict=True):
        loss, slope, agrees = np.asarray(loss), np.asarray(slope), np.asarray(agrees, dtype=bool)
        for side, colour, marker, _ in _SIDES:
            rows = agrees == side
            label = "prediction = label" if side else "prediction ≠ label"
            style = {
                "linestyle": "",
                "markersize": 4.5,
                "alpha": 0.75,
                "markeredgecolor": "white",
                "markeredgewidth": 0.3,
            }
            place.plot(loss[rows], slope[rows], marker=marker, color=colour, label=label, **style)
        place.axhline(0, color="#222222", linewidth=1)
        place.grid(axis="y")
        place.set_xlabel("cross-entropy of the sample")
        place.set_title(name)
    axes[0, 0].set_ylabel("slope in α")
    for word, height, side in (("descent lowers α ↓", 0.98, "top"), ("descent raises α ↑", 0.02, "bottom")):
        axes[0, 0].annotate(word, (0.02, height), xycoords="axes fraction", color=GREY, fontsize=8.5, va=side)
    axes[0, -1].legend(loc="best")
    return figure


@styled
def loss_over_alpha(
    alphas: Sequence[float],
    losses: object,
    names: Sequence[str],
    *,
    now: Sequence[float] | None = None,
    chance: float | None = None,
    title: str = "",
    note: str = "",
) -> Figure:
    """The logit-weighted loss of some samples for every alpha that they might have.

    Args:
        alphas: A numbers in 0..1.
        losses: ``(K, A)``.
        names: K words, for the legend.
        now: K numbers: the alpha that each has, marked on its curve.
        chance: the loss at alpha = 0, ln C.
    """
    alphas, losses = np.asarray(alphas, dtype=float), np.asarray(losses, dtype=float)
    figure, ((axes,),) = new_figure(6.8, 4.3, note=note)
    if chance is not None:
        axes.axhline(chance, color=GREY, linestyle=(0, (1, 2)), linewidth=1.2, zorder=0)
        axes.annotate("a guess:\nln C", (1, chance), (4, 0), xycoords=("axes fraction", "data"), fontsize=8.5,
                      textcoords="offset points", color=GREY, va="center")  # fmt: skip
    for number, (style, curve, name) in enumerate(zip(line_styles(), losses, names, strict=False)):
        line = {key: style[key] for key in ("color", "linestyle")}
        axes.plot(alphas, curve, label=name, zorder=3, **line)
        if now is not None:
            height = np.interp(now[number], alphas, curve)
            axes.plot(
                now[number], height, color=style["color"], marker=style["marker"], markersize=8, linestyle="", zorder=4
            )
    axes.set_xlim(0, 1.01)
    axes.set_ylim(bottom=-0.03 * losses.max())
    axes.set_xlabel("α" + (" (mark: where the sample is)" if now is not None else ""))
    axes.set_ylabel("loss of the sample")
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def alpha_by_step(runs: Mapping[str, pd.DataFrame], *, chance: float | None = None, note: str = "") -> Figure:
    """Importance and loss in every step of some runs.

    Left: mean of alpha in each batch, with a band from its smallest to its largest. Right: the cross-entropy that the
    same logits would have at alpha = 1, as faint line what the loss made of it.

    Args:
        runs: name -> table of ``scnlib.course.importance.first_steps``.
        chance: ln C, drawn as a dotted line.
    """
    rows = -(-len(runs) // 2)
    figure, axes = new_figure(9.4, 3.6 + 0.2 * rows, 2, note=note)
    left, right = axes[0]
    for style, (name, table) in zip(line_styles(), runs.items(), strict=False):
        every = max(1, len(table) // 8)
        line = {**style, "markevery": every}
        left.fill_between(table["step"], table["alpha_min"], table["alpha_max"], color=style["color"], alpha=0.08)
        left.plot(table["step"], table["alpha_mean"], label=name, **line)
        right.plot(table["step"], table["plain_loss"], **line)
    if chance is not None:
        right.axhline(chance, color=GREY, linestyle=(0, (1, 2)), linewidth=1.4)
        right.set_ylim(bottom=chance - 0.12 * (right.get_ylim()[1] - chance) - 0.05)
        right.annotate("a guess, ln C", (0.99, chance), (0, -3), xycoords=("axes fraction", "data"), fontsize=8.5,
                       textcoords="offset points", color=GREY, ha="right", va="top")  # fmt: skip
    left.set_ylim(0, 1)
    left.set_title("mean α of the batch (band: smallest to largest)")
    right.set_title("its cross-entropy at α = 1")
    for place in (left, right):
        place.set_xlabel("step")
        place.grid(axis="y")
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2, handlelength=3)
    return figure


@styled
def loss_by_alpha(
    alpha: object, loss: object, agrees: object, *, bins: int = 8, title: str = "", note: str = ""
) -> Figure:
    """How the loss of samples goes with their alpha, for predictions that are and that are not the label.

    Median and middle 80 % of the loss in bins of as many samples each; Spearman's rank correlation in the legend.

    Args:
        alpha, loss: ``(N,)``.
        agrees: bool ``(N,)``: the prediction is the label.
    """
    alpha, loss, agrees = np.asarray(alpha, float), np.asarray(loss, float), np.asarray(agrees, dtype=bool)
    figure, ((axes,),) = new_figure(6.8, 4.0, note=note)
    for side, colour, marker, line in _SIDES:
        rows = agrees == side
        if rows.sum() < 2 * bins:
            continue
        parts = np.array_split(np.argsort(alpha[rows], kind="stable"), bins)
        places = [np.median(alpha[rows][part]) for part in parts]
        low, middle, high = np.array([np.quantile(loss[rows][part], (0.1, 0.5, 0.9)) for part in parts]).T
        name = "prediction = label" if side else "prediction ≠ label"
        label = f"{name}: ρ = {rank_correlation(alpha[rows], loss[rows]):+.2f} (n = {rows.sum():,})"
        axes.fill_between(places, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.plot(places, middle, color=colour, marker=marker, linestyle=line, label=label)
    axes.set_xlabel("α")
    axes.set_ylabel("loss of the sample")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=1)
    return figure


@styled
def loss_histogram(loss: object, wrong: object, threshold: float, *, title: str = "", note: str = "") -> Figure:
    """The losses of samples with right and with wrong labels, and the threshold that leaves the largest out.

    Args:
        loss: ``(N,)``.
        wrong: bool ``(N,)``: the given label is wrong.
        threshold: samples above have weight 0.
    """
    loss, wrong = np.asarray(loss, dtype=float), np.asarray(wrong, dtype=bool)
    figure, ((axes,),) = new_figure(6.8, 3.8, note=note)
    edges = np.linspace(0, max(float(np.quantile(loss, 0.995)), threshold) * 1.02, 31)
    for rows, name, colour, style, hatch in (
        (~wrong, "right labels", RIGHT, "-", ""),
        (wrong, "wrong labels", WRONG, "--", "////"),
    ):
        shares = np.histogram(loss[rows].clip(max=edges[-1]), edges)[0] / max(rows.sum(), 1)
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.18)
        if hatch:
            only_hatch = {"facecolor": "none", "edgecolor": colour, "hatch": hatch, "linewidth": 0}
            axes.stairs(shares, edges, fill=True, alpha=0.6, **only_hatch)
        axes.stairs(shares, edges, color=colour, linestyle=style, linewidth=2, label=f"{name} (n = {rows.sum():,})")
    axes.set_ylim(0, 1.15 * axes.get_ylim()[1])  # room above the bars for the words beside the threshold
    _threshold(axes, threshold)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_ylabel("share of its kind")
    axes.set_xlabel("cross-entropy with the given label (the last bin holds all above)")
    axes.set_xlim(0, edges[-1])
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes)
    return figure


def _threshold(axes: Axes, threshold: float) -> None:
    axes.axvline(threshold, color="#222222", linewidth=1.6)
    for words, offset, side in (("v = 1 ", -4, "right"), (" v = 0", 4, "left")):
        axes.annotate(words, (threshold, 0.93), xycoords=("data", "axes fraction"), xytext=(offset, 0),
                      textcoords="offset points", ha=side, fontsize=10)  # fmt: skip
