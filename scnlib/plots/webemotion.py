"""Figures of faces followed through videos."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from scnlib.plots.style import BARS, GREY, INK, as_pictures, new_figure, styled


@styled
def clip_timeline(
    frames: object,
    frame_times: Sequence[float],
    there: Mapping[str, Sequence[tuple[float, float]]],
    tracks: Sequence[tuple[float, float, bool]],
    seconds: float,
    *,
    title: str = "",
    note: str = "",
) -> Figure:
    """A few frames of a video above a time axis: who is there, and what was followed and kept.

    Args:
        frames: K pictures ``(K, C, H, W)``.
        frame_times: K seconds.
        there: person -> (from, to) in seconds, the truth.
        tracks: (from, to, whether it is long enough for a clip) of each track.
        seconds: length of the video.
    """
    pictures = as_pictures(frames)
    tall = pictures.shape[1] / pictures.shape[2]
    width, rows = 7.8, len(there) + len(tracks)
    above, below = width / len(pictures) * tall + 0.25, 0.3 * rows + 0.75
    figure, axes = new_figure(
        width, above + below + 0.55, len(pictures), 2, title=title, note=note, height_ratios=(above, below)
    )
    for place, picture, time in zip(axes[0], pictures, frame_times, strict=True):
        place.imshow(picture)
        place.set(xticks=[], yticks=[])
        place.set_xlabel(f"{time:g} s", fontsize=8.5, labelpad=2)
        for spine in place.spines.values():
            spine.set_visible(False)
    grid = axes[1, 0].get_gridspec()
    for place in axes[1]:
        place.remove()
    line = figure.add_subplot(grid[1, :])
    names = []
    for name, stretches in there.items():
        for begin, end in stretches:
            line.barh(len(names), end - begin, 0.6, begin, edgecolor=INK, linewidth=0.5, **BARS[0])
        names.append(f"{name} is there")
    for number, (begin, end, kept) in enumerate(tracks, start=1):
        style = BARS[1] if kept else {"facecolor": "white", "hatch": ""}
        line.barh(len(names), end - begin, 0.6, begin, edgecolor=INK, linewidth=0.8, **style)
        word = "a clip" if kept else "too short"
        line.annotate(f"{end - begin:g} s: {word}", (end, len(names)), (4, 0), textcoords="offset points", va="center",
                      fontsize=8.5, color=INK if kept else GREY)  # fmt: skip
        names.append(f"track {number}")
    line.set_yticks(range(len(names)), names)
    line.invert_yaxis()
    line.set_xlim(0, 1.16 * seconds)
    line.set_xticks(np.arange(0, seconds + 1e-9, 2))
    line.set_xlabel("seconds")
    line.tick_params(axis="y", length=0)
    return figure
