"""What all figures share: colours that everyone can tell apart, line styles for those who print in grey, a caption."""

import functools
import textwrap
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import ParamSpec

import matplotlib
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scnlib.evaluation import spearman

#: Okabe and Ito's palette, which people with any colour vision can tell apart.
COLOURS = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "red": "#D55E00",
    "pink": "#CC79A7",
}
GREY, PALE, INK = "#6b6b6b", "#dddddd", "#222222"
RIGHT, WRONG = COLOURS["blue"], COLOURS["red"]  # right and wrong labels, in every figure

#: Line after line: colour, dashes and marker all change, so any one of them is enough.
LINES = (
    {"color": COLOURS["black"], "linestyle": "-", "marker": "o"},
    {"color": COLOURS["blue"], "linestyle": "--", "marker": "s"},
    {"color": COLOURS["red"], "linestyle": "-.", "marker": "^"},
    {"color": COLOURS["green"], "linestyle": ":", "marker": "D"},
    {"color": COLOURS["pink"], "linestyle": (0, (5, 1, 1, 1, 1, 1)), "marker": "v"},
    {"color": COLOURS["orange"], "linestyle": (0, (1, 1)), "marker": "P"},
)
#: Bar after bar: colour and hatch.
BARS = (
    {"facecolor": "#bdbdbd", "hatch": ""},
    {"facecolor": COLOURS["sky"], "hatch": "///"},
    {"facecolor": COLOURS["orange"], "hatch": "---"},
    {"facecolor": COLOURS["green"], "hatch": "xxx"},
    {"facecolor": COLOURS["pink"], "hatch": "\\\\\\"},
    {"facecolor": COLOURS["yellow"], "hatch": "++"},
)

_RC = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": False,
    "grid.color": PALE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "hatch.linewidth": 0.6,
    "savefig.facecolor": "white",
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw under the house's settings and leave the reader's own as they were."""

    @functools.wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(_RC):
            return draw(*args, **kwargs)

    return wrapper


def new_figure(
    width: float, height: float, columns: int = 1, rows: int = 1, *, title: str = "", note: str = "", **options: object
) -> tuple[Figure, np.ndarray]:
    """A figure that no global state knows of, and its ``(rows, columns)`` axes.

    Args:
        width, height: in inches.
        title: above everything.
        note: small below everything: what was measured on how many, with which seeds.
        options: of ``Figure.subplots``.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.05)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")
    if note:
        figure.supxlabel(wrapped(note, width), x=0.01, ha="left", fontsize=8.5, color=GREY)
    return figure, axes


def wrapped(note: str, width: float) -> str:
    """A note in lines that fit into a figure ``width`` inches wide."""
    return "\n".join(textwrap.fill(line, int(14.5 * width)) for line in note.split("\n"))


def signed(value: float, decimals: int = 1) -> str:
    """A number with its sign, a true minus, and none on a zero: ``+1.5``, ``−0.3``, ``0.0``."""
    text = f"{value:+.{decimals}f}"
    return text.replace("-", "−") if float(text) else text[1:]


def line_styles() -> Iterator[dict]:
    """``LINES``, again and again."""
    return cycle(LINES)


def percent_axis(axes: Axes, label: str, *, low: float | None = 0, high: float | None = 1) -> None:
    """Shares as percent on the y axis, with a light grid."""
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter(lambda share, _: f"{round(100 * share, 1):g} %")  # a decimal where ticks have one
    axes.set_ylabel(label)
    axes.grid(axis="y")


def epoch_axis(axes: Axes, epochs: np.ndarray, label: str = "epoch", ticks: int = 12) -> None:
    """Whole epochs on the x axis, about ``ticks`` of them with a number."""
    last = int(np.max(epochs))
    step = max(1, round(last / ticks))
    axes.set_xticks(range(step, last + 1, step) if step > 1 else range(1, last + 1))
    axes.set_xlim(0.5, last + 0.5)
    axes.set_xlabel(label)


def legend_above(axes: Axes, columns: int = 2) -> None:
    """The legend between title and picture, where it can hide no data."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        rows = -(-len(labels) // columns)
        axes.set_title(axes.get_title(loc="left"), pad=8 + 15 * rows)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, borderaxespad=0.2, handlelength=2.6)


def as_pictures(images: object) -> np.ndarray:
    """Images of any common kind as uint8 ``(N, H, W, 3)``.

    Args:
        images: array or tensor ``(N, C, H, W)`` or ``(N, H, W, C)`` with C of 1 or 3, uint8 or floats in 0..1.

    Raises:
        ValueError: if the shape is neither.
    """
    pictures = np.asarray(images)
    if pictures.ndim != 4 or (pictures.shape[1] not in (1, 3) and pictures.shape[3] not in (1, 3)):
        raise ValueError(f"images must be (N, C, H, W) or (N, H, W, C) with 1 or 3 channels, got {pictures.shape}")
    if pictures.shape[1] in (1, 3) and pictures.shape[3] not in (1, 3):
        pictures = pictures.transpose(0, 2, 3, 1)
    if pictures.dtype != np.uint8:
        pictures = (pictures.clip(0, 1) * 255).round().astype(np.uint8)
    return np.broadcast_to(pictures, (*pictures.shape[:3], 3))


def rank_correlation(first: object, second: object) -> float:
    """Spearman's, of two ``(N,)`` arrays; NaN where one is the same for all."""
    return float(spearman(*(torch.from_numpy(np.asarray(values)) for values in (first, second))))
