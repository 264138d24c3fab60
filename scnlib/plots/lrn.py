"""Figures of the Label-noise Robust Network: its drawing, what noise does to probabilities, where centres go."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from scnlib.plots.diagram import arrow, batch_of_faces, box, line
from scnlib.plots.style import COLOURS, INK, legend_above, line_styles, new_figure, percent_axis, styled
from scnlib.plots.tables import _SHADES

_MONTE_CARLO = "$u_s = d + A\\,\\epsilon_s$,  S times\n$p' = $ mean softmax$(u_s/T)$"
_CONFIDENCE = "confidence of each:\n$\\omega_c = $ softmax$(-\\|f-\\mu_c\\|^2)$"
_CENTRE_LOSS = "$\\Sigma_c\\,\\omega_c\\,\\|f-\\mu_c\\|^2 / (\\sigma^2 M C)$,\nno label asked"


@styled
def lrn_diagram(faces: object | None = None) -> Figure:
    """A batch and its labels on their way through the Label-noise Robust Network.

    The labels enter the classification loss and nothing else: no arrow leads from them to the centres.

    Args:
        faces: up to four images ``(4, ...)`` for the batch at the left; None: grey squares.

    Source: LRN, figure 2.
    """
    figure, ((axes,),) = new_figure(9.2, 5.3)
    axes.set_axis_off()
    batch_of_faces(axes, faces)
    axes.set(xlim=(0, 113), ylim=(-4.2, 57), aspect="equal")
    box(axes, 13.5, 27, 12.5, 13, "backbone", "ResNet-18 or\na small CNN", "plain")
    box(axes, 33, 43, 15, 11, "FC1", "mean logits d(x)", "weigh")
    box(axes, 33, 27.5, 15, 11, "FC2", "factor A(x)", "weigh")
    box(axes, 55, 32.5, 22, 18, "Monte Carlo", _MONTE_CARLO, "weigh")
    box(axes, 55, 19.5, 22, 8, "noise", "$\\epsilon_s \\sim N(0, I)$", "plain")
    box(axes, 84, 36, 13.5, 11, "$L_{cls}$", "$-\\log\\, p'_y$", "weigh")
    box(axes, 33, 3, 20, 15, "centres  $\\mu_c$", _CONFIDENCE, "relabel")
    box(axes, 60, 3, 26, 15, "$L_{cld}$", _CENTRE_LOSS, "relabel")
    box(axes, 84, 50.5, 13.5, 6, "labels y", "", "plain", lift=-1.7)
    arrow(axes, (10.3, 33.5), (13.5, 33.5))
    arrow(axes, (26, 36), (33, 47), "f")
    arrow(axes, (26, 33.5), (33, 33.5), "f")
    line(axes, [(22, 27), (22, 10.5), (27, 10.5)])
    arrow(axes, (22, 10.5), (33, 10.5), "f", away=1.9)
    arrow(axes, (48, 48), (55, 45.5), "d")
    arrow(axes, (48, 34), (55, 37.5), "A")
    arrow(axes, (66, 27.5), (66, 32.5))
    arrow(axes, (77, 41.5), (84, 41.5), "p'")
    arrow(axes, (90.7, 50.5), (90.7, 47))
    arrow(axes, (53, 10.5), (60, 10.5), "ω")
    arrow(axes, (97.5, 41.5), (101, 41.5))
    arrow(axes, (86, 10.5), (101, 10.5))
    axes.text(101.7, 41.5, "$L_{cls}$", fontsize=12, ha="left", va="center")
    axes.text(101.7, 10.5, "$\\lambda_1\\,L_{cld}$", fontsize=12, ha="left", va="center")
    axes.text(104.5, 26, "+", fontsize=15, ha="center", va="center")
    axes.text(66, 54, "heteroscedastic uncertainty modelling", fontsize=9, color=INK, ha="center", va="center")
    axes.text(
        59, -0.6, "confidence-based label-free discriminative loss", fontsize=9, color=INK, ha="center", va="center"
    )
    return figure


@styled
def probabilities_over_noise(
    scales: object,
    lines: Mapping[str, object],
    *,
    label: str = "noise, as a multiple of A",
    title: str = "",
    note: str = "",
) -> Figure:
    """How probabilities change as the noise of the logits grows, a line for each class.

    Args:
        scales: ``(X,)`` positive factors of the noise; the axis is logarithmic.
        lines: class -> ``(X,)`` probabilities.
        label: of the x axis.
    """
    figure, ((axes,),) = new_figure(6.6, 3.9, note=note)
    scales = np.asarray(scales, dtype=float)
    for style, (name, values) in zip(line_styles(), lines.items(), strict=False):
        axes.plot(scales, np.asarray(values), label=name, markevery=max(1, len(scales) // 8), **style)
    axes.set_xscale("log")
    axes.set_xlabel(label)
    percent_axis(axes, "probability p'", high=None)
    axes.set_title(title)
    legend_above(axes, columns=3)
    return figure


@styled
def centre_moves(panels: Mapping[str, tuple], *, note: str = "") -> Figure:
    """Points and centres in the plane, before and after descent, with sigma squared at both ends.

    Args:
        panels: name -> ((points before, after), (centres before, after), sigma^2 by step); points ``(M, 2)``, centres
            ``(C, 2)``.
    """
    figure, axes = new_figure(4.3 * len(panels), 4.4, len(panels), note=note, sharex=True, sharey=True)
    for place, (name, (points, centres, spread)) in zip(axes[0], panels.items(), strict=True):
        dots = {"linestyle": "", "markersize": 3.5}
        place.plot(*points[0].T, marker=".", color="#b5b5b5", label="features before", **dots)
        look = {
            "markerfacecolor": "none",
            "markeredgecolor": COLOURS["blue"],
            "zorder": 5,
        }  # seen through, above a cross
        place.plot(*points[1].T, marker="o", label="features after", linestyle="", markersize=5, **look)
        for before, after in zip(*centres, strict=True):
            place.plot(*np.stack([before, after]).T, color=COLOURS["red"], linewidth=0.9)
        place.plot(*centres[0].T, marker="o", color=COLOURS["red"], markerfacecolor="white", linestyle="", markersize=6,
                   label="centres before")  # fmt: skip
        place.plot(*centres[1].T, marker="X", color=COLOURS["red"], linestyle="", markersize=8, label="centres after")
        place.set_xlabel("first feature")
        place.set_title(f"{name}\nσ² from {spread[0]:.2f} to {spread[-1]:.2g}", fontsize=10)
        place.set_aspect("equal", adjustable="box")
        legend_above(place, columns=2)
    axes[0][0].set_ylabel("second feature")
    return figure


@styled
def class_maps(panels: Mapping[str, object], names: Sequence[str], *, note: str = "") -> Figure:
    """Square matrices over the classes side by side, each with shades of its own; diagonals are left out.

    A frame marks the largest cell of each row.

    Args:
        panels: name -> ``(C, C)``, row = true class.
        names: of the classes.
    """
    figure, axes = new_figure(0.6 + 3.4 * len(panels), 4.6, len(panels), note=note, sharey=True)
    ticks = np.arange(len(names)) + 0.5
    for place, (title, matrix) in zip(axes[0], panels.items(), strict=True):
        matrix = np.where(np.eye(len(names), dtype=bool), np.nan, np.asarray(matrix, dtype=float))
        top = np.nanmax(matrix) if np.isfinite(matrix).any() else 1.0
        place.pcolormesh(matrix, cmap=_SHADES, vmin=0, vmax=top or 1.0, edgecolors="white", linewidth=1)
        for i, j in zip(*np.nonzero(np.isfinite(matrix)), strict=True):
            largest = matrix[i, j] == np.nanmax(matrix[i]) and matrix[i, j] > 0
            look = {
                "color": "white" if matrix[i, j] > 0.5 * top else INK,
                "fontweight": "bold" if largest else "normal",
            }
            place.text(j + 0.5, i + 0.5, f"{matrix[i, j]:.2g}", ha="center", va="center", fontsize=7.5, **look)
            if largest:
                corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * 0.9 + 0.05 + (j, i)
                place.plot(*corners.T, color=COLOURS["orange"], linewidth=1.6)
        place.set_xticks(ticks, names, rotation=45, ha="right", rotation_mode="anchor", fontsize=8.5)
        place.set_yticks(ticks, names, fontsize=8.5)
        place.set(xlim=(0, len(names)), ylim=(len(names), 0))
        place.tick_params(length=0)
        place.set_title(title, fontsize=10)
        for spine in place.spines.values():
            spine.set_visible(False)
    axes[0, 0].set_ylabel("true class")
    return figure
