"""Figures of faces that were found in pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scnlib.plots.style import COLOURS, as_pictures, new_figure, styled, wrapped


@styled
def found_faces(
    images: Sequence[object],
    boxes: Sequence[object],
    points: Sequence[object],
    truth: Sequence[object] | None = None,
    *,
    captions: Sequence[str] | None = None,
    columns: int = 3,
    width: float = 2.4,
    title: str = "",
    note: str = "",
) -> Figure:
    """Pictures with a box and five crosses for each face that was found, and circles where the points truly are.

    Args:
        images: N pictures ``(C, H, W)`` of one shape, uint8.
        boxes: for each picture ``(K, 4)``: left, top, right, bottom.
        points: for each picture ``(K, 5, 2)``.
        truth: for each picture ``(F, 5, 2)``.
        captions: one for each picture.
        columns: pictures in a row.
        width: of a picture, in inches.
    """
    pictures = [as_pictures(np.asarray(image)[None])[0] for image in images]
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    height, across = pictures[0].shape[:2]
    line = 0.28 if captions else 0.06
    note = wrapped(note, columns * width)
    tall = rows * (width * height / across + line) + 0.36 * bool(title) + 0.16 * (note.count("\n") + 2) * bool(note)
    figure, axes = new_figure(columns * width, tall, columns, rows, title=title, note=note)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
    for number, place in enumerate(axes.flat):
        if number >= len(pictures):
            place.set_axis_off()
            continue
        _show(place, pictures[number], boxes[number], points[number], None if truth is None else truth[number])
        if captions:
            place.set_xlabel(captions[number], fontsize=8.5, labelpad=3)
    return figure


def _show(place: Axes, picture: np.ndarray, boxes: object, points: object, truth: object | None) -> None:
    height, width = picture.shape[:2]
    # The first pixel's centre is at 0.5, as in the coordinates that are drawn.
    place.imshow(picture, extent=(0, width, height, 0), interpolation="nearest" if width >= 96 else "bicubic")
    place.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
    for spine in place.spines.values():
        spine.set_visible(False)
    for left, top, right, bottom in np.asarray(boxes).reshape(-1, 4):
        for colour, line in (("black", 3.0), (COLOURS["yellow"], 1.4)):
            place.add_patch(
                Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor=colour, linewidth=line)
            )
    if truth is not None:
        x, y = np.asarray(truth).reshape(-1, 2).T
        for colour, line in (("white", 2.2), (COLOURS["blue"], 1.1)):
            place.plot(x, y, "o", markersize=7, markerfacecolor="none", markeredgecolor=colour, markeredgewidth=line)
    x, y = np.asarray(points).reshape(-1, 2).T
    for colour, line in (("black", 2.6), (COLOURS["yellow"], 1.3)):
        place.plot(x, y, "+", markersize=7, markeredgecolor=colour, markeredgewidth=line)
