"""The Self-Cure Network as a drawing: figure 2 of the paper, redrawn."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from scnlib.plots.style import COLOURS, GREY, INK, as_pictures, new_figure, styled

_MODULES = {"weigh": "#cfe6f5", "rank": "#f8e3b6", "relabel": "#cdeade", "plain": "#eeeeee"}


@styled
def scn_diagram(faces: object | None = None) -> Figure:
    """A batch on its way through the Self-Cure Network: backbone, importance, rank regularisation, relabelling.

    Args:
        faces: up to four images ``(4, ...)`` for the batch at the left; None: grey squares.

    Source: SCN, figure 2.
    """
    figure, ((axes,),) = new_figure(9.2, 4.7)
    axes.set(xlim=(0, 100), ylim=(0, 51), aspect="equal")
    axes.set_axis_off()
    _batch(axes, faces)
    _box(axes, 14, 19, 14, 13, "backbone", "ResNet-18 or\na small CNN", "plain")
    _box(axes, 35, 33, 19, 13, "1  importance", "α = σ(wₐ·x)\none number a face", "weigh")
    _box(axes, 35, 4, 19, 13, "classifier", "scores z = W x", "plain")
    _box(axes, 61, 33, 22, 13, "2  rank", "sort the batch by α:\n70 % high, 30 % low", "rank")
    _box(axes, 61, 18.3, 16, 11, "loss", "CE of α·z", "weigh")
    _box(axes, 61, 2.5, 22, 12, "3  relabel", "only the low group,\nby p = softmax(α·z)", "relabel")
    _arrow(axes, (11, 25.5), (14, 25.5))
    _arrow(axes, (28, 27.5), (35, 37), "x")
    _arrow(axes, (28, 23.5), (35, 13), "x")
    _arrow(axes, (54, 40), (61, 40), "α")
    _arrow(axes, (54, 36), (61, 26.5), "α")
    _arrow(axes, (54, 13), (61, 21.5), "z")
    _arrow(axes, (54, 8), (61, 8), "p", below=True)
    _arrow(axes, (80, 33), (80, 14.5), dashed=True)
    axes.text(80.8, 30.8, "low group", fontsize=8.5, color=GREY, ha="left", va="center")
    _arrow(axes, (83, 39.5), (88, 39.5))
    axes.text(88.5, 39.5, "$\\gamma\\,L_{RR}$", fontsize=12, ha="left", va="center")
    _arrow(axes, (77, 23.5), (88, 23.5))
    axes.text(88.5, 23.5, "$(1-\\gamma)\\,L_{WCE}$", fontsize=12, ha="left", va="center")
    axes.text(92, 31.5, "+", fontsize=15, ha="center", va="center")
    axes.text(84, 8.5, "new label where\n$P_{max}-P_{label}>\\delta_2$", fontsize=9.5, ha="left", va="center")
    _loop(axes)
    return figure


def _batch(axes: Axes, faces: object | None) -> None:
    pictures = [None] * 4 if faces is None else list(as_pictures(faces)[:4])
    for number, picture in enumerate(pictures):
        x, y = 1.2, 38.6 - 9.4 * number
        if picture is None:
            axes.add_patch(Rectangle((x, y), 8.6, 8.6, facecolor="#d5d5d5", edgecolor=INK, linewidth=0.6))
        else:
            axes.imshow(picture, extent=(x, x + 8.6, y, y + 8.6), interpolation="bicubic", zorder=2)
    axes.set(xlim=(0, 103), ylim=(-3.5, 51))
    axes.text(5.5, 48.9, "a batch", fontsize=10, fontweight="bold", ha="center", va="center")


def _box(axes: Axes, x: float, y: float, width: float, height: float, title: str, text: str, kind: str) -> None:
    shape = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=1.2", linewidth=1.1)
    shape.set(facecolor=_MODULES[kind], edgecolor=INK)
    axes.add_patch(shape)
    lines = text.count("\n") + 1
    axes.text(x + width / 2, y + height / 2 + 1.5 * lines + 0.2, title, fontsize=10.5, fontweight="bold", ha="center",
              va="center")  # fmt: skip
    axes.text(x + width / 2, y + height / 2 - 1.6, text, fontsize=9, ha="center", va="center", linespacing=1.2)


def _arrow(axes: Axes, start: tuple, end: tuple, label: str = "", *, dashed: bool = False, below: bool = False) -> None:
    arrow = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=11, shrinkA=0, shrinkB=0)
    arrow.set(linewidth=1.4, color=INK, linestyle="--" if dashed else "-")
    axes.add_patch(arrow)
    if label:
        x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        axes.text(x, y - 2.2 if below else y + 1.9, label, fontsize=8.5, ha="center", va="center", color=INK,
                  bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"})  # fmt: skip


def _loop(axes: Axes) -> None:
    """From the new labels back to the batch: they act from the next epoch on."""
    colour = COLOURS["green"]
    points = [(71.5, 2.5), (71.5, -1.2), (5.5, -1.2)]
    axes.plot([p[0] for p in points], [p[1] for p in points], color=colour, linestyle="--", linewidth=1.8)
    axes.add_patch(FancyArrowPatch((5.5, -1.2), (5.5, 9.6), arrowstyle="-|>", mutation_scale=12, linewidth=1.8,
                                   linestyle="--", color=colour, shrinkA=0, shrinkB=0))  # fmt: skip
    axes.text(39, -2.9, "new labels, from the next epoch on", fontsize=9, ha="center", va="center", color=INK)
