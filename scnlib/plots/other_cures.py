"""Figures of the other cures: who pulls, who is selected, what a label is made of, where one looks in a mirror."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import (
    COLOURS,
    GREY,
    INK,
    PALE,
    as_pictures,
    legend_above,
    line_styles,
    new_figure,
    percent_axis,
    signed,
    styled,
)

_SHADES = "Blues"


@styled
def label_pulls(curves: pd.DataFrame, *, title: str = "", note: str = "") -> Figure:
    """How hard each loss pulls a label's score up, against the probability that the network gives the label.

    Args:
        curves: index p, a column for each loss.
    """
    figure, ((axes,),) = new_figure(7.4, 4.2, note=note)
    axes.axhline(0, color=INK, linewidth=1)
    for style, name in zip(line_styles(), curves, strict=False):
        axes.plot(curves.index, curves[name], label=name, markevery=max(1, len(curves) // 9), **style)
    axes.set_xlim(0, 1)
    axes.set_xlabel("p, the network's probability of the label")
    axes.set_ylabel("pull on the label's score, −dL/dz")
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=3)
    return figure


@styled
def share_bars(
    shares: Mapping[str, float],
    *,
    reference: tuple[str, float] | None = None,
    title: str = "",
    note: str = "",
    label: str = "",
) -> Figure:
    """Shares as horizontal bars with their number, beside a line at a share that they are compared with.

    Args:
        shares: name -> 0..1; the first stands on top.
        reference: what the line says, and where it is.
        label: of the axis.
    """  # fmt: skip
    figure, ((axes,),) = new_figure(7.2, 0.42 * len(shares) + 1.5 + 0.2 * bool(note), note=note)
    places = range(len(shares))
    axes.barh(places, shares.values(), 0.66, facecolor=COLOURS["sky"], edgecolor=INK, linewidth=0.6, hatch="///")
    for place, value in zip(places, shares.values(), strict=True):
        box = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"}
        axes.annotate(f"{100 * value:.0f} %", (value, place), (5, 0), textcoords="offset points", va="center", bbox=box)
    if reference is not None:
        words, share = reference
        axes.axvline(share, color=INK, linestyle="--", linewidth=1.4)
        axes.annotate(words, (share, 1), (4, 3), xycoords=("data", "axes fraction"), textcoords="offset points",
                      fontsize=8.5, color=GREY, va="bottom", annotation_clip=False)  # fmt: skip
    axes.set_yticks(places, list(shares))
    axes.set_ylim(len(shares) - 0.45, -0.55)
    axes.set_xlim(0, min(1, 1.25 * max([*shares.values(), reference[1] if reference else 0])))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)
    axes.set_title(title, pad=18)
    return figure


_LEVELS = (
    ("dense: taken for clean", "o", COLOURS["green"]),
    ("middle: noisy", "s", COLOURS["orange"]),
    ("sparse: very noisy", "^", COLOURS["pink"]),
)


@styled
def density_curriculum(points: object, levels: object, wrong: object, *, title: str = "", note: str = "") -> Figure:
    """Samples of one label in two features, by the density group that they fall into; wrong labels are open.

    Args:
        points: ``(n, 2)``.
        levels: int ``(n,)``, 0 dense to 2 sparse.
        wrong: bool ``(n,)``.
    """
    points, levels, wrong = np.asarray(points), np.asarray(levels), np.asarray(wrong, dtype=bool)
    figure, axes = new_figure(8.4, 4.0 + 0.25 * bool(title), 2, title=title, note=note, width_ratios=(1.7, 1))
    left, right = axes[0]
    for level, (name, marker, colour) in enumerate(_LEVELS):
        rows = levels == level
        look = {"linestyle": "", "marker": marker, "color": colour}
        left.plot(*points[rows & ~wrong].T, label=name, markersize=5.5, markeredgecolor="white", **look)
        left.plot(*points[rows & wrong].T, markersize=5, fillstyle="none", markeredgewidth=1.3, **look)
        share = wrong[rows].mean() if rows.any() else 0
        right.bar(level, share, 0.7, facecolor=colour, edgecolor=INK, linewidth=0.6)
        right.annotate(f"{100 * share:.0f} %\nof {rows.sum()}", (level, share), (0, 3), textcoords="offset points",
                       ha="center", va="bottom", fontsize=8.5)  # fmt: skip
    left.plot([], [], "o", color=INK, markersize=5, fillstyle="none", markeredgewidth=1.3, label="open: wrong label")
    left.set_aspect("equal")
    left.set(xticks=[], yticks=[], xlabel="feature 1", ylabel="feature 2")
    legend_above(left, columns=2)
    right.set_xticks(range(3), ["dense", "middle", "sparse"])
    percent_axis(right, "wrong labels in the group", high=1.15)
    right.set_yticks([0, 0.5, 1])
    return figure


@styled
def schedules(curves: Mapping[str, Sequence[float]], *, title: str = "", note: str = "") -> Figure:
    """Which share of a batch is trained on in each epoch.

    Args:
        curves: name -> a share for each epoch, from the first.
    """
    figure, ((axes,),) = new_figure(7.2, 3.6, note=note)
    for style, (name, shares) in zip(line_styles(), curves.items(), strict=False):
        axes.plot(range(1, len(shares) + 1), shares, label=name, drawstyle="steps-mid", **style)
    percent_axis(axes, "samples that count", high=1.08)
    axes.set_xlabel("epoch")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def matrix_pair(
    matrices: Mapping[str, object],
    names: Sequence[str],
    *,
    title: str = "",
    note: str = "",
    row: str = "true class",
    column: str = "given label",
) -> Figure:
    """Row-stochastic matrices side by side on one scale, percent in each cell.

    Args:
        matrices: what it is -> ``(C, C)``, rows sum to 1.
        names: of the classes.
    """  # fmt: skip
    side = 0.43 * len(names)
    figure, axes = new_figure(
        1.3 + max(side + 0.5, 2.2) * len(matrices), side + 2.0 + 0.25 * bool(title), len(matrices), sharey=True,
        title=title, note=note,
    )  # fmt: skip
    for place, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        matrix = np.asarray(matrix, dtype=float)
        place.pcolormesh(matrix, cmap=_SHADES, vmin=0, vmax=1, edgecolors="white", linewidth=1)
        for i, j in np.ndindex(matrix.shape):
            place.text(j + 0.5, i + 0.5, f"{100 * matrix[i, j]:.0f}", ha="center", va="center", fontsize=7.5,
                       color="white" if matrix[i, j] > 0.5 else INK)  # fmt: skip
        place.set_xticks(np.arange(len(names)) + 0.5, names, rotation=40, ha="right", rotation_mode="anchor")
        place.set_title(name, fontsize=10)
        place.set_xlabel(f"{column}, % of the row", loc="left")
        place.tick_params(length=0)
        place.set(xlim=(0, len(names)), ylim=(len(names), 0), aspect="equal")
        for spine in place.spines.values():
            spine.set_visible(False)
    axes[0, 0].set_yticks(np.arange(len(names)) + 0.5, names)
    axes[0, 0].set_ylabel(row)
    return figure


@styled
def weight_maps(panels: Mapping[str, object], grid: Sequence[float], *, title: str = "", note: str = "") -> Figure:
    """A sample's weight over the probabilities of its label and of the strongest rival.

    Args:
        panels: name -> ``(G, G)`` weights, row the rival's probability, column the label's; NaN where they cannot be.
        grid: the G values of both axes.
    """
    figure, axes = new_figure(
        4.0 * len(panels) + 0.8, 3.7 + 0.25 * bool(title), len(panels), sharey=True, title=title, note=note
    )
    values = [np.asarray(weights, dtype=float) for weights in panels.values()]
    top = max(np.nanmax(v) for v in values)
    for place, name, weights in zip(axes[0], panels, values, strict=True):
        mesh = place.pcolormesh(
            grid, grid, weights, cmap="viridis", vmin=0, vmax=top, shading="nearest", rasterized=True
        )
        place.contour(grid, grid, weights, levels=5, colors="white", linewidths=0.8)
        place.plot([0, 1], [0, 1], color=INK, linestyle="--", linewidth=1)
        place.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=name, xlabel="p of the label")
        for at, words in (((0.62, 0.5), "predicted\nas labelled"), ((0.3, 0.86), "not predicted\nas labelled")):
            place.annotate(words, at, fontsize=8.5, color=INK, va="center")
    axes[0, 0].set_ylabel("p of the strongest rival")
    figure.colorbar(mesh, ax=list(axes[0]), label="weight", shrink=0.85)
    return figure


@styled
def mirror_attention(
    images: object, own: object, back: object, captions: Sequence[str], *, title: str = "", note: str = ""
) -> Figure:
    """Faces, where the network looks for their label, and where it looks in the mirror image, mirrored back.

    Args:
        images: ``(N, C, H, W)`` uint8.
        own, back: ``(N, h, w)`` attention; a column has one scale.
        captions: N texts.
    """
    pictures, own, back = as_pictures(images), np.asarray(own), np.asarray(back)
    n = len(pictures)
    figure, axes = new_figure(1.15 * n + 1.2, 4.3 + 0.25 * bool(title), n, 3, title=title, note=note)
    for column in range(n):
        top = max(np.abs(own[column]).max(), np.abs(back[column]).max(), 1e-9)
        axes[0, column].imshow(pictures[column])
        for row, seen in ((1, own[column]), (2, back[column])):
            axes[row, column].imshow(seen, cmap="RdBu_r", vmin=-top, vmax=top)
            for (i, j), value in np.ndenumerate(seen):
                colour = "white" if abs(value) > 0.6 * top else INK
                axes[row, column].text(j, i, signed(value), ha="center", va="center", fontsize=7, color=colour)
        axes[2, column].set_xlabel(captions[column], fontsize=8)
    for place in axes.flat:
        place.set(xticks=[], yticks=[])
    for row, words in enumerate(("face", "attention", "of the mirror\nimage, back")):
        axes[row, 0].set_ylabel(words, rotation=0, ha="right", va="center", fontsize=9)
    return figure


_Box = tuple[float, float, float, float]  # left, low, right, high
_FRAME = (460, 285)  # width and height of a scatter's axes, in points, nearly


@styled
def method_scatter(
    table: pd.DataFrame,
    *,
    x: str,
    y: str,
    lines: tuple[float | None, float | None] = (0.0, 0.0),
    title: str = "",
    note: str = "",
) -> Figure:
    """Methods by two numbers, each dot with its name; a thin line leads to a name that found no room beside its dot.

    Args:
        table: columns ``label``, ``x``, ``y``.
        x, y: what the numbers are.
        lines: where an upright and a level line stand, the baseline's place; None: no line.
    """  # fmt: skip
    figure, ((axes,),) = new_figure(7.4, 5.0, note=note)
    for draw, at in ((axes.axvline, lines[0]), (axes.axhline, lines[1])):
        if at is not None:
            draw(at, color=GREY, linewidth=1.2, zorder=0)
    axes.plot(table["x"], table["y"], "o", color=COLOURS["blue"], markersize=7, markeredgecolor="white")
    axes.margins(0.2, 0.12)
    axes.autoscale_view()  # else the limits are not known yet
    width, height = _FRAME
    dots = axes.transLimits.transform(table[["x", "y"]].to_numpy(dtype=float)) * _FRAME
    at_x, at_y = axes.transLimits.transform([0 if at is None else at for at in lines]) * _FRAME
    drawn = [(at_x, 0, at_x, height), (0, at_y, width, at_y)]
    places = _places(dots, list(table["label"]), [box for box, at in zip(drawn, lines, strict=True) if at is not None])
    for row, (aside, rise) in zip(table.to_dict("records"), places, strict=True):
        leader = {"arrowstyle": "-", "color": GREY, "linewidth": 0.7, "shrinkA": 0, "shrinkB": 3.5} if rise else None
        axes.annotate(row["label"], (row["x"], row["y"]), (aside, rise), textcoords="offset points", fontsize=8.5,
                      ha="left" if aside > 0 else "right", va="center", arrowprops=leader)  # fmt: skip
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color=PALE)
    axes.set_axisbelow(True)
    axes.set_title(title)
    return figure


def _places(dots: np.ndarray, names: Sequence[str], lines: Sequence[_Box]) -> list[tuple[int, int]]:
    """For each name how far right and up of its dot it begins, in points: near, and where nothing else is."""
    taken, chosen = [(a - 4, b - 4, a + 4, b + 4) for a, b in dots], []
    for (a, b), name in zip(dots, names, strict=True):
        costs = {}
        for rise in (0, 9, -9, 18, -18, 27, -27):
            for side in (1, -1):
                ends = sorted((a + 7 * side, a + (7 + 4.8 * len(name)) * side))
                box = (ends[0], b + rise - 5, ends[1], b + rise + 5)
                outside = ends[0] < 4 or ends[1] > _FRAME[0]
                met = sum(_meet(box, other) for other in taken) + 0.6 * sum(_meet(box, line) for line in lines)
                costs[7 * side, rise] = met + 2 * outside + 0.02 * abs(rise), box
        best = min(costs, key=lambda place: costs[place][0])
        taken.append(costs[best][1])
        chosen.append(best)
    return chosen


def _meet(one: _Box, other: _Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
