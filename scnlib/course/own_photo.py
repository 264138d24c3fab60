"""The photograph of lesson 16: uploaded in a live JupyterLab, else named, else one that is there."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from torch import Tensor

from scnlib.course.explore import watched
from scnlib.predict import read_photo


def ask(photo: str = "") -> object | None:
    """Show a button that takes a picture from the reader's disk; nothing where nobody watches or a path is named.

    Returns:
        What ``chosen`` takes.
    """
    if photo or not watched():
        return None
    try:
        import ipywidgets
    except ImportError:
        return None
    from IPython.display import display

    wide = {"width": "auto"}  # else the count of uploaded pictures is cut off
    button = ipywidgets.FileUpload(accept="image/*", multiple=False, description="Your photograph", layout=wide)
    display(button)
    return button


def chosen(button: object | None, photo: str = "") -> tuple[Tensor, str]:
    """The photograph ``(3, H, W)`` and what it is: the one that was uploaded, or named, or scikit-image's astronaut.

    Args:
        button: of ``ask``.
        photo: path of a picture; ``""`` for none.

    Raises:
        ValueError: it cannot be read.
    """
    if button is not None and button.value:
        upload = button.value[0]
        with tempfile.TemporaryDirectory() as folder:  # read as any other file, and gone at once
            path = Path(folder) / Path(upload["name"]).name
            path.write_bytes(bytes(upload["content"]))
            return read_photo(path), upload["name"]
    if photo:
        return read_photo(photo), Path(photo).name
    with tempfile.TemporaryDirectory() as folder:
        return read_photo(_astronaut(Path(folder))), "Eileen Collins (NASA, public domain)"


@contextmanager
def example_folder(photo: Tensor) -> Iterator[Path]:
    """A folder as people have them: one face, two faces, no face, a broken file. At the end it is gone."""
    with tempfile.TemporaryDirectory() as name:
        folder, picture = Path(name), Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())
        picture.save(folder / "one.png")
        two = Image.new("RGB", (2 * picture.width, picture.height))
        two.paste(picture)
        two.paste(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (picture.width, 0))
        two.save(folder / "two.png")
        Image.new("RGB", (320, 240), (90, 130, 90)).save(folder / "meadow.png")
        whole = io.BytesIO()
        picture.save(whole, "JPEG")
        (folder / "broken.jpg").write_bytes(whole.getvalue()[:1000])
        yield folder


def _astronaut(folder: Path) -> Path:
    import skimage.data

    path = folder / "astronaut.png"
    Image.fromarray(np.asarray(skimage.data.astronaut())).save(path)
    return path
