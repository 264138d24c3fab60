"""Figures made of faces."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scnlib.plots.style import COLOURS, GREY, INK, PALE, RIGHT, WRONG, as_pictures, new_figure, styled, wrapped

#: What a frame around a face says: colour, line, and a sign for those who see no colour.
MARKS = {
    "": None,
    "wrong": (WRONG, "--", "✗"),
    "right": (RIGHT, "-", "✓"),
    "relabelled": (COLOURS["green"], "-", "→"),
    "cured": (RIGHT, "-", "✓"),
    "harmed": (WRONG, "--", "✗"),
}


@styled
def face_grid(
    images: object,
    captions: Sequence[str] | None = None,
    marks: Sequence[str] | None = None,
    *,
    columns: int = 8,
    row_titles: Sequence[str] | None = None,
    title: str = "",
    note: str = "",
    face_width: float = 1.05,
) -> Figure:
    """Faces in rows, each with a line or two below it and, where it is marked, a frame and a sign.

    Args:
        images: ``(N, C, H, W)`` or ``(N, H, W, C)``, uint8 or floats in 0..1.
        captions: N texts.
        marks: N of ``""``, ``"wrong"``, ``"right"``, ``"relabelled"``, ``"cured"``, ``"harmed"``.
        columns: faces in a row.
        row_titles: one for each row, at its left.
        face_width: in inches.

    Raises:
        ValueError: if there is another number of captions or marks than of images, or a mark is unknown.
    """
    pictures = as_pictures(images)
    captions = _one_each("captions", captions, len(pictures))
    marks = _one_each("marks", marks, len(pictures))
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    lines = max(caption.count("\n") + 1 if caption else 0 for caption in captions)
    left = 0.9 if row_titles else 0.0
    note = wrapped(note, columns * face_width + left)
    height = rows * (face_width - 0.01 + 0.145 * lines) - 0.02 + 0.3 * bool(title) + _note_height(note)
    figure, axes = new_figure(columns * face_width + left, height, columns, rows, title=title, note=note)
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.03, wspace=0, hspace=0)
    for number, place in enumerate(axes.flat):
        if number < len(pictures):
            show_face(place, pictures[number], captions[number], marks[number])
            place.set_anchor("N")  # room that is left over lies between the captions and the note
        else:
            place.set_axis_off()
    for place, text in zip(axes[:, 0], row_titles or (), strict=False):
        place.set_ylabel(
            textwrap.fill(text, 14), rotation=0, ha="right", va="center", fontsize=9.5, fontweight="bold", labelpad=6
        )
    return figure


def show_face(place: Axes, picture: np.ndarray, caption: str = "", mark: str = "") -> None:
    """One face in its axes."""
    if mark not in MARKS:
        raise ValueError(f"unknown mark {mark!r}; known: {', '.join(map(repr, MARKS))}")
    place.imshow(picture, interpolation="nearest" if picture.shape[0] >= 96 else "bicubic")
    place.set(xticks=[], yticks=[])
    for spine in place.spines.values():
        spine.set_visible(False)
    if caption:
        place.set_xlabel(caption, fontsize=8.5, labelpad=2.5, linespacing=1.15)
    if MARKS[mark]:
        colour, line, sign = MARKS[mark]
        frame = Rectangle((0.01, 0.01), 0.98, 0.98, transform=place.transAxes, fill=False, linewidth=2.6)
        frame.set(edgecolor=colour, linestyle=line)
        place.add_patch(frame)
        box = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": colour, "linewidth": 0.8}
        place.text(
            0.93, 0.92, sign, transform=place.transAxes, ha="right", va="top", fontsize=9, color=colour, bbox=box
        )


@styled
def uncertainty_ladder(
    images: object, captions: Sequence[str], *, steps: Sequence[str], title: str = "", note: str = ""
) -> Figure:
    """Faces under the kinds of their uncertainty, the evident one first: figure 1 of SCN, redrawn.

    The paper's figure has an arrow from certain to uncertain. Here there is none, since nobody measured that one kind
    is more uncertain than the one before; a line parts the evident faces from all others.

    Args:
        images: ``(rows * S, ...)``, row by row, S faces in a row.
        captions: one text for each face.
        steps: the S names of the kinds, the evident one first.
    """
    pictures = as_pictures(images)
    columns, rows = len(steps), len(pictures) // len(steps)
    figure, axes = new_figure(1.45 * columns, 1.58 * rows + 0.62 + 0.12 * bool(title), columns, rows, title=title,
                              note=note)  # fmt: skip
    figure.get_layout_engine().set(w_pad=0.05, h_pad=0.02, wspace=0.04, hspace=0.02)
    for number, place in enumerate(axes.flat):
        show_face(place, pictures[number], captions[number])
    for place, step in zip(axes[0], steps, strict=True):
        place.set_title(step, loc="center", fontsize=10, pad=5)
    for place in axes[:, 0]:
        place.plot([1.06, 1.06], [-0.16, 1.14], transform=place.transAxes, color=GREY, linewidth=1.2, clip_on=False)
    return figure


@styled
def lowest_alpha_faces(
    images: object,
    alpha: object,
    labels: Sequence[str],
    *,
    count: int = 10,
    title: str = "",
    note: str = "",
) -> Figure:
    """The faces with the lowest importance and, below them, those with the highest: figure 4 of SCN, with a contrast.

    Args:
        images: ``(N, ...)``.
        alpha: ``(N,)`` importance.
        labels: N names of the given labels.
        count: faces in each row.
    """
    alpha = np.asarray(alpha, dtype=float)
    order = np.argsort(alpha, kind="stable")
    count = min(count, len(alpha) // 2)
    chosen = np.concatenate([order[:count], order[::-1][:count]])
    return face_grid(
        np.asarray(images)[chosen],
        [f"{labels[i]}\nα {alpha[i]:.2f}" for i in chosen],
        columns=count,
        row_titles=("lowest α", "highest α"),
        title=title,
        note=note,
        face_width=0.92,
    )


@styled
def alpha_rows(
    images: object,
    rows: Sequence[tuple[str, Sequence[str], object, Sequence[str]]],
    *,
    note: str = "",
) -> Figure:
    """The same faces under different labels, with the importance each got as a bar: figure 3 of SCN, redrawn.

    Args:
        images: ``(K, ...)``, the same in every row.
        rows: (title, K label names, K alphas in 0..1, K marks) for each row.
    """
    pictures = as_pictures(images)
    width = 1.12 * len(pictures) + 1.0
    note = wrapped(note, width)
    figure, axes = new_figure(width, 1.62 * len(rows) + _note_height(note), len(pictures), len(rows), note=note)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.03)
    for line, (name, labels, alphas, marks) in zip(axes, rows, strict=True):
        for number, place in enumerate(line):
            show_face(place, pictures[number], f"{labels[number]}\nα {float(alphas[number]):.2f}", marks[number])
            _bar_over(place, float(alphas[number]))
        line[0].set_ylabel(
            textwrap.fill(name, 13), rotation=0, ha="right", va="center", fontsize=9.5, fontweight="bold", labelpad=6
        )
    return figure


def _bar_over(place: Axes, share: float) -> None:
    """A thin gauge above a face, filled from the left."""
    common = {"transform": place.transAxes, "clip_on": False}
    place.add_patch(Rectangle((0, 1.02), 1, 0.07, facecolor=PALE, **common))
    place.add_patch(Rectangle((0, 1.02), min(max(share, 0.0), 1.0), 0.07, facecolor=INK, **common))


def _one_each(name: str, given: Sequence[str] | None, count: int) -> Sequence[str]:
    given = [""] * count if given is None else list(given)
    if len(given) != count:
        raise ValueError(f"{len(given)} {name} for {count} images")
    return given


def _note_height(note: str) -> float:
    return 0.16 * (note.count("\n") + 1) + 0.06 if note else 0.0
