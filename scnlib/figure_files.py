"""Figures as files: bytes that are the same every time, and an index with their alt texts."""

import io
import json
import re
from pathlib import Path

import matplotlib
from filelock import FileLock
from matplotlib.figure import Figure
from matplotlib.text import Text

from scnlib.files import write

#: The font of figures, and for who does not have it one that most systems have, whose letters are as wide.
FONTS = "'DejaVu Sans', Verdana, sans-serif"
_PLACES = re.compile(r' (?:d|x|y)="[^"]*"')
_MARKS = re.compile(r'<g( clip-path="[^"]*")?>\n((?:<use [^>]*? style="[^"]*"/>\n){2,})</g>')
_DIGITS = re.compile(r"\d+\.\d{3,}(?![\de])")


def render(figure: Figure) -> tuple[bytes, str, tuple[int, int]]:
    """A figure as bytes, the suffix of its format and its size in CSS pixels: SVG, or WebP where it holds pictures.

    The same figure gives the same bytes: no dates, and ids from a fixed salt. The words of an SVG without formulas are
    text, to be searched and copied, in a third of the bytes that the outlines of its letters would take.
    """
    size = tuple(round(96 * inches) for inches in figure.get_size_inches())
    buffer = io.BytesIO()
    if any(axes.images for axes in figure.axes):
        figure.savefig(buffer, format="webp", dpi=150, pil_kwargs={"quality": 68, "method": 6})
        return buffer.getvalue(), ".webp", size
    figure.draw_without_rendering()  # axes write their ticks only when they are drawn
    # In formulas matplotlib takes some signs from other fonts and does not say so: as text, p' would be read as p0.
    formulas = any(text.get_text().count("$") > 1 for text in figure.findobj(Text))
    with matplotlib.rc_context({"svg.hashsalt": "scnlib", "svg.fonttype": "path" if formulas else "none"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    content = buffer.getvalue().decode().replace(" font-family: 'DejaVu Sans';", "")  # once for all, not at each word
    text = f"text{{white-space: pre; font-family: {FONTS}}}"  # without "pre" two spaces are shown as one
    content = content.replace("*{stroke", f"{text} *{{stroke", 1)
    content = _PLACES.sub(lambda places: _DIGITS.sub(_hundredths, places[0]), content)
    content = re.sub(r' transform="rotate\(-0 [^"]*"', "", content)  # nothing is turned, in a fifth of a label's bytes
    content = re.sub(r"(?m)^ +(?=<)", "", content)  # how deep a mark lies is no part of the drawing
    content = _MARKS.sub(_style_once, content)
    return content.encode(), ".svg", size


def _style_once(group: re.Match) -> str:
    """The marks of a line have one style, which they may as well inherit."""
    clip, marks = group.groups()
    styles = set(re.findall(' style="[^"]*"', marks))
    if len(styles) > 1:
        return group[0]
    (style,) = styles
    return f"<g{clip or ''}{style}>\n{marks.replace(style, '')}</g>"


def _hundredths(number: re.Match) -> str:
    """A place in a drawing, of which matplotlib writes six decimals of a point."""
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def write_figure(figure: Figure, folder: Path, name: str, alt: str, **more: object) -> tuple[Path, bytes]:
    """Write a figure to ``folder`` and its alt text to the folder's ``index.json``.

    Args:
        name: of the file, without suffix.
        alt: what the figure shows, for those who do not see it.
        more: further words for the index.

    Returns:
        The file and its content.

    Raises:
        ValueError: if ``alt`` says too little to help.
    """
    if len(alt.split()) < 4:
        raise ValueError(f"figure {name!r}: alt={alt!r} is too short; say what is compared and what is to be seen")
    content, suffix, (width, height) = render(figure)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".index.lock"):
        write(folder / f"{name}{suffix}", content)
        index = read_index(folder)
        index[name] = {"file": f"{name}{suffix}", "alt": alt, "width": width, "height": height, **more}
        write_index(folder, index)
    other = {".svg": ".webp", ".webp": ".svg"}[suffix]
    (folder / f"{name}{other}").unlink(missing_ok=True)
    return folder / f"{name}{suffix}", content


def read_index(folder: Path) -> dict[str, dict]:
    """Name -> file, alt text and size of each figure of a folder; empty where there is none."""
    path = folder / "index.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write_index(folder: Path, index: dict[str, dict]) -> None:
    """Replace the index of a folder, sorted by name."""
    text = json.dumps(dict(sorted(index.items())), indent=1, ensure_ascii=False)
    write(folder / "index.json", text + "\n")
