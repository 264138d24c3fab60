"""From an image file to a square of uint8 RGB, decided once for every dataset that people bring.

- EXIF orientation is applied, as every viewer does.
- Grey, palette, CMYK and 16-bit images become 8-bit RGB (16 bits by their upper half); what is transparent is white.
- Of an image that is not square the middle square is taken; nothing is stretched.
- Of an animation the first picture counts.
- Empty, truncated and foreign files, floating-point pixels and images under ``MIN_SIDE`` pixels are refused by name.
"""

import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

MIN_SIDE = 8
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm")

#: (left, top, right, bottom) in pixels; may reach beyond the image, where it is black.
Box = tuple[int, int, int, int]

_CHUNK = 512


def open_rgb(path: Path) -> Image.Image:
    """One image as 8-bit RGB, turned as its EXIF says, in its own size.

    Raises:
        ValueError: the file cannot be used; the message names it and says why.
    """
    try:
        if path.stat().st_size == 0:
            raise ValueError(f"{path} is empty (0 bytes)")
        with Image.open(path) as file:
            return _upright_rgb(file, path)
    except Exception as error:  # a decoder that meets a broken file may raise anything
        if isinstance(error, ValueError) and str(error).startswith(f"{path} "):
            raise
        raise ValueError(f"{path} cannot be read as an image ({_reason(error)})") from None


def decode(path: Path, size: int, box: Box | None = None) -> np.ndarray:
    """One image as uint8 ``(3, size, size)``.

    Args:
        path: of the file.
        size: side of the result; resampled bilinearly over the area that a pixel covers.
        box: what to cut out before anything else.

    Raises:
        ValueError: the file cannot be used; the message names it and says why.
    """
    image = open_rgb(path)
    if box is not None:
        image = _cut(image, box, path)
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise ValueError(f"{path} is {width} x {height} px; no face can be seen in less than {MIN_SIDE}")
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    square = image.resize((size, size), Image.Resampling.BILINEAR, (left, top, left + side, top + side))
    return np.asarray(square).transpose(2, 0, 1)


def decode_all(
    files: Sequence[Path], size: int, boxes: Sequence[Box | None] | None = None, what: str = "images"
) -> tuple[Tensor, list[tuple[int, str]]]:
    """Many images, on all cores, with a progress bar for more than a few hundred.

    Args:
        files, size, boxes: as in ``decode``, one box for each file.
        what: for the progress bar.

    Returns:
        uint8 ``(N, 3, size, size)``, black where an image cannot be used, and (number, reason) of each such image.
    """
    images = torch.zeros(len(files), 3, size, size, dtype=torch.uint8)
    place, problems = images.numpy(), []
    boxes = boxes if boxes is not None else [None] * len(files)

    def one(row: int) -> str | None:
        try:
            place[row] = decode(files[row], size, boxes[row])
        except ValueError as error:
            return str(error)
        return None

    with (
        warnings.catch_warnings(),  # around the pool: filters belong to the process, not to a thread
        ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool,  # Pillow decodes and resizes outside the lock
    ):
        warnings.simplefilter("ignore")  # of damaged EXIF and of large images, which are no news here
        for rows in _chunks(len(files), what):
            found = zip(rows, pool.map(one, rows), strict=True)
            problems += [(row, reason) for row, reason in found if reason is not None]
    return images, problems


def _cut(image: Image.Image, box: Box, path: Path) -> Image.Image:
    left, top, right, bottom = box
    if right <= 0 or bottom <= 0 or left >= image.width or top >= image.height:
        raise ValueError(f"{path} is {image.width} x {image.height} px, and the box {box} lies outside of it")
    try:
        return image.crop(box)
    except Exception as error:  # a box of any size may stand in a list
        raise ValueError(f"{path} cannot be cut to the box {box} ({_reason(error)})") from None


def _chunks(count: int, what: str) -> Iterable[range]:
    chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, count, _CHUNK)]
    if len(chunks) < 2:
        yield from chunks
        return
    pause = 30 if os.environ.get("SCN_HEADLESS") else 0.2  # a log wants few lines, a person a moving bar
    with tqdm(total=count, desc=f"decoding {what}", unit="image", file=sys.stdout, mininterval=pause,
              maxinterval=2 * pause) as bar:  # fmt: skip
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def _upright_rgb(file: Image.Image, path: Path) -> Image.Image:
    """8-bit RGB, turned as its EXIF says."""
    if file.mode == "F":
        raise ValueError(f"{path} has floating-point pixels, whose range nobody knows; save it with 8 bits")
    image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        upper = np.asarray(image, dtype=np.int64).clip(0, 65535) >> 8
        return Image.fromarray(upper.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    return image.convert("RGB")


def _reason(error: BaseException) -> str:
    text = str(error)
    return "no known image format" if text.startswith("cannot identify image file") else text or type(error).__name__
