"""The Self-Cure Network as a drawing: figure 2 of the paper, redrawn."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from scnlib.plots.style import COLOURS, GREY, INK, as_pictures, new_figure, styled

_MODULES = {"weigh": "#cfe6f5", "rank": "#f8e3b6", "relabel": "#cdeade", "plain": "#eeeeee"}
_ALPHA = (0.8, 0.3, 0.95, 0.65, 0.15, 0.9, 0.7, 0.4, 0.85, 0.6)  # of nobody: an example of ten
_HIGH = 7


@styled
def scn_diagram(faces: object | None = None) -> Figure:
    """A batch and its labels on their way through the Self-Cure Network.

    Above the faces, below the labels: they enter the cross-entropy and the relabelling, which writes them anew for the
    next epoch. No arrow leads from a label to an importance.

    Args:
        faces: up to four images ``(4, ...)`` for the batch at the left; None: grey squares.

    Source: SCN, figure 2.
    """
    figure, ((axes,),) = new_figure(9.2, 5.3)
    axes.set_axis_off()
    batch_of_faces(axes, faces)
    axes.set(xlim=(0, 109), ylim=(-4.2, 57), aspect="equal")
    box(axes, 14, 28, 13, 12, "backbone", "ResNet-18 or\na small CNN", "plain")
    box(axes, 33, 41, 17, 12, "importance", "α = σ(wₐ·x)", "weigh")
    box(axes, 33, 22.5, 17, 12, "classifier", "scores z = W x", "plain")
    box(axes, 66, 38.5, 24, 17, "2  rank regularisation", "70 % high   30 % low", "rank", lift=5.0)
    box(axes, 66, 21.5, 18.5, 12, "1  cross-entropy", "of α·z against y", "weigh")
    box(axes, 66, 1.5, 24, 13, "3  relabel", "low group only: y′ where\nlargest p − p of y > δ₂", "relabel")
    box(axes, 1, 2.5, 10, 10, "labels", "y", "plain")
    _bars(axes, 53.6, 43.5, 8.6, 7.5, _ALPHA, _HIGH, ranked=False)
    _bars(axes, 69.5, 44.2, 17, 6.6, sorted(_ALPHA, reverse=True), _HIGH, ranked=True)
    axes.text(57.9, 52.6, "α of a batch", fontsize=9, ha="center", va="center")
    arrow(axes, (10.5, 34), (14, 34))
    arrow(axes, (27, 36.5), (33, 44), "x")
    arrow(axes, (27, 32), (33, 29), "x")
    arrow(axes, (50, 47), (53.2, 47))
    arrow(axes, (62.6, 47), (66, 47))
    arrow(axes, (57.9, 43), (66, 31.5), "α")
    arrow(axes, (50, 27.5), (66, 27.5), "z")
    line(axes, [(11, 8), (60, 8), (60, 24), (63, 24)])
    arrow(axes, (60, 24), (66, 24), "y", away=1.9)
    arrow(axes, (59, 8), (66, 8), "y", away=1.9)
    arrow(axes, (71, 21.5), (71, 14.5), "p = softmax(α·z)", side=True)
    arrow(axes, (87, 38.5), (87, 14.5), dashed=True)
    axes.text(87.8, 18, "low group", fontsize=9, color=INK, ha="left", va="center")
    arrow(axes, (90, 47), (94, 47))
    axes.text(94.5, 47, "γ · rank loss", fontsize=10, ha="left", va="center")
    arrow(axes, (84.5, 27.5), (94, 27.5))
    axes.text(94.5, 27.5, "(1 − γ) ·\ncross-entropy", fontsize=10, ha="left", va="center")
    axes.text(98, 37, "+", fontsize=15, ha="center", va="center")
    _loop(axes)
    return figure


def batch_of_faces(axes: Axes, faces: object | None) -> None:
    """Up to four faces at the left edge, one below the other; None: grey squares."""
    pictures = [None] * 4 if faces is None else list(as_pictures(faces)[:4])
    for number, picture in enumerate(pictures):
        x, y = 1.2, 44 - 9.3 * number
        if picture is None:
            axes.add_patch(Rectangle((x, y), 8.6, 8.6, facecolor="#d5d5d5", edgecolor=INK, linewidth=0.6))
        else:
            axes.imshow(picture, extent=(x, x + 8.6, y, y + 8.6), interpolation="bicubic", zorder=2)
    axes.text(5.5, 54.6, "a batch", fontsize=10, fontweight="bold", ha="center", va="center")


def box(
    axes: Axes, x: float, y: float, width: float, height: float, title: str, text: str, kind: str, lift: float = 0
) -> None:
    """A module: its title and a line or two; ``lift`` moves the title up and the text down, to leave room between."""
    shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=1.2", linewidth=1.1)
    shape.set(facecolor=_MODULES[kind], edgecolor=INK)
    axes.add_patch(shape)
    lines = text.count("\n") + 1
    middle = y + height / 2
    axes.text(x + width / 2, middle + 1.5 * lines + 0.2 + lift, title, fontsize=10.5, fontweight="bold", ha="center",
              va="center")  # fmt: skip
    axes.text(x + width / 2, middle - 1.6 - lift, text, fontsize=9, ha="center", va="center", linespacing=1.25)


def _bars(
    axes: Axes, x: float, y: float, width: float, height: float, values: Sequence[float], high: int, *, ranked: bool
) -> None:
    """Importances as upright bars; the low group is pale and hatched, and parted by a line where they are ranked."""
    step = width / len(values)
    limit = sorted(values, reverse=True)[high - 1]
    for number, value in enumerate(values):
        look = {"facecolor": "#4a4a4a"} if value >= limit else {"facecolor": "white", "hatch": "/////"}
        axes.add_patch(
            Rectangle((x + step * number + 0.12 * step, y), 0.76 * step, height * value, edgecolor=INK, linewidth=0.7,
                      **look)
        )  # fmt: skip
    axes.plot([x - 0.3, x + width + 0.3], [y, y], color=INK, linewidth=0.9)
    if ranked:
        axes.plot([x + high * step] * 2, [y - 0.6, y + height], color=GREY, linewidth=1.3, linestyle=(0, (3, 2)))


def arrow(
    axes: Axes,
    start: tuple,
    end: tuple,
    label: str = "",
    *,
    dashed: bool = False,
    side: bool = False,
    away: float = 0.0,
) -> None:
    """An arrow and, in its middle, beside it (``side``) or ``away`` above it, what travels along it."""
    patch = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=0, shrinkB=0)
    patch.set(linewidth=1.4, color=INK, linestyle="--" if dashed else "-")
    axes.add_patch(patch)
    if label:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        place = {"x": x + 0.8, "ha": "left"} if side else {"x": x, "ha": "center"}
        axes.text(y=y + away, s=label, fontsize=9, va="center", color=INK, **place,
                  bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"})  # fmt: skip


def line(axes: Axes, points: Sequence[tuple[float, float]]) -> None:
    """A way with corners and without a head."""
    axes.plot(*zip(*points, strict=True), color=INK, linewidth=1.4, solid_joinstyle="miter")


def _loop(axes: Axes) -> None:
    """From the relabelling back into the labels: the new ones act from the next epoch on."""
    colour = COLOURS["green"]
    axes.plot([78, 78, 6], [1.5, -1.6, -1.6], color=colour, linestyle="--", linewidth=1.8)
    axes.add_patch(FancyArrowPatch((6, -1.6), (6, 2.5), arrowstyle="-|>", mutation_scale=12, linewidth=1.8,
                                   color=colour, shrinkA=0, shrinkB=0))  # fmt: skip
    axes.text(41, -1.6, "new labels y′, from the next epoch on", fontsize=9, ha="center", va="center", color=INK,
              bbox={"boxstyle": "square,pad=0.2", "facecolor": "white", "edgecolor": "none"})  # fmt: skip
