"""Figures of what a network says of one face, and of how it fares with groups of faces."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import GREY, INK, LINES, as_pictures, legend_above, new_figure, styled


@styled
def activation_maps(image: object, maps: object, titles: Sequence[str], *, title: str = "", note: str = "") -> Figure:
    """A face, and what each of its places adds to the scores of some classes, all on one scale.

    Args:
        image: ``(C, H, W)`` uint8.
        maps: ``(K, h, w)``.
        titles: K texts.
    """
    picture, maps = as_pictures(np.asarray(image)[None])[0], np.asarray(maps, dtype=float)
    count, top = len(maps), max(float(np.abs(maps).max()), 1e-9)
    figure, axes = new_figure(1.75 * (count + 1) + 0.9, 2.5 + 0.25 * bool(title), count + 1, title=title, note=note)
    side = picture.shape[0]
    for place in axes[0]:
        place.imshow(picture, extent=(0, side, side, 0), interpolation="bicubic")
        place.set(xticks=[], yticks=[])
    axes[0, 0].set_title("the face", fontsize=9.5)
    for place, one, words in zip(axes[0, 1:], maps, titles, strict=True):
        look = {"cmap": "RdBu_r", "vmin": -top, "vmax": top, "alpha": 0.62, "extent": (0, side, side, 0)}
        shades = place.imshow(one, interpolation="nearest", **look)
        place.set_title(words, fontsize=9.5)
    bar = figure.colorbar(shades, ax=list(axes[0]), shrink=0.8, label="adds to the score")
    bar.solids.set_alpha(1)
    return figure


@styled
def group_accuracy(rows: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """Accuracy of groups with their intervals, one block for each factor, and a line at the mean of all.

    Args:
        rows: ``factor``, ``group``, ``n``, ``accuracy``, ``low``, ``high``; accuracies in percent.
    """
    factors = list(dict.fromkeys(rows["factor"]))
    figure, ((axes,),) = new_figure(7.6, 0.27 * (len(rows) + len(factors)) + 1.3, title=title, note=note)
    first = rows[rows["factor"] == factors[0]]
    everyone = float((first["accuracy"] * first["n"]).sum() / max(first["n"].sum(), 1))
    ticks, names, y = [], [], 0
    for number, factor in enumerate(factors):
        mine = rows[rows["factor"] == factor].dropna()
        places = np.arange(len(mine)) + y
        line = LINES[number % len(LINES)]
        spread = np.stack([mine["accuracy"] - mine["low"], mine["high"] - mine["accuracy"]]).clip(0)
        axes.errorbar(
            mine["accuracy"],
            places,
            xerr=spread,
            fmt=line["marker"],
            color=line["color"],
            markersize=5,
            capsize=2,
            label=factor,
        )
        ticks += places.tolist()
        names += [f"{group}  (n = {n:,})" for group, n in zip(mine["group"], mine["n"], strict=True)]
        y += len(mine) + 1
    axes.axvline(everyone, color=GREY, linestyle="--", linewidth=1)
    axes.annotate("all", (everyone, -0.9), (3, 0), textcoords="offset points", fontsize=8.5, color=INK, va="center")
    axes.set_yticks(ticks, names, fontsize=8.5)
    axes.set_ylim(y - 0.4, -1.4)
    axes.set_xlim(0, 100)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g} %")
    axes.set_xlabel("right, with 95 % interval over test faces")
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    legend_above(axes, columns=len(factors))
    return figure
