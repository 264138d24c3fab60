"""Figures of one face beside what a network answers."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scnlib.plots.faces import show_face
from scnlib.plots.style import BARS, GREY, INK, as_pictures, legend_above, line_styles, new_figure, percent_axis, styled


@styled
def face_and_answer(
    image: object,
    names: Sequence[str],
    probabilities: object,
    alpha: float | None = None,
    *,
    note: str = "",
) -> Figure:
    """A face, the probability of each class, the likeliest hatched, and the importance below them.

    Args:
        image: ``(C, H, W)``.
        names: C of them.
        probabilities: ``(C,)``, and alpha in 0..1; None for methods without.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    figure, place = _beside(image, 7.4, 3.3, note)
    likeliest = int(probabilities.argmax())
    shown = [
        (name, share, BARS[1] if i == likeliest else BARS[0])
        for i, (name, share) in enumerate(zip(names, probabilities, strict=True))
    ]
    if alpha is not None:
        shown.append(("importance α", float(alpha), BARS[2]))
    places = np.arange(len(shown)) + 0.5 * (np.arange(len(shown)) >= len(names))  # alpha is no class: it stands apart
    for y, (_, share, look) in zip(places, shown, strict=True):
        place.barh(y, share, 0.72, edgecolor=INK, linewidth=0.5, **look)
        place.annotate(f"{share:.2f}", (share, y), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    place.set_yticks(places, [name for name, _, _ in shown])
    place.set(xlim=(0, 1.1), ylim=(places[-1] + 0.5, -0.5))
    place.tick_params(axis="y", length=0)
    place.set_xticks(np.linspace(0, 1, 5))
    place.grid(axis="x")
    place.set_axisbelow(True)
    place.set_title(f"the network says: {names[likeliest]}", fontsize=10)
    return figure


@styled
def mixture(
    images: object,
    shares: Sequence[float],
    answers: dict[str, object],
    at: int,
    *,
    title: str = "",
    note: str = "",
) -> Figure:
    """One step of a mixture of two expressions: its face, and what the network answers to all steps.

    Args:
        images: ``(S, C, H, W)``, one for each step.
        shares: S, of the second expression.
        answers: name -> ``(S,)`` in 0..1, a line each.
        at: which step is shown.
    """
    figure, place = _beside(np.asarray(images)[at], 7.8, 3.7, note, title)
    for style, (name, values) in zip(line_styles(), answers.items(), strict=False):
        values = np.asarray(values, dtype=float)
        place.plot(shares, values, label=f"{name}: {values[at]:.2f}", **{**style, "markersize": 3})
        place.plot(shares[at], values[at], color=style["color"], marker=style["marker"], markersize=9)
    place.axvline(shares[at], color=GREY, linewidth=1.2, zorder=0)
    percent_axis(place, "", high=1.02)
    place.yaxis.set_major_formatter(lambda value, _: f"{value:.1f}")
    place.set_xlim(-0.02, 1.02)
    place.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    place.set_xlabel("share of the second expression")
    legend_above(place)
    return figure


def _beside(image: object, width: float, height: float, note: str, title: str = "") -> tuple[Figure, Axes]:
    """A figure with a face at the left and room for its answer at the right."""
    figure, axes = new_figure(width, height, 2, title=title, note=note, width_ratios=(1, 1.5))
    show_face(axes[0, 0], as_pictures(np.asarray(image)[None])[0])
    return figure, axes[0, 1]
