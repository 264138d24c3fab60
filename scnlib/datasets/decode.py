"""From an image file to a square of uint8 RGB, decided once for every dataset that people bring.

- EXIF orientation is applied, as every viewer does.
- Grey, palette, CMYK and 16-bit images become 8-bit RGB (16 bits by their upper half); what is transparent is white.
- Of an image that is not square the middle square is taken; nothing is stretched.
- Of an animation the first picture counts.
- Empty, truncated and foreign files, floating-point pixels, images under ``MIN_SIDE`` pixels and those with more pixels
  than Pillow accepts without a warning (``PIL.Image.MAX_IMAGE_PIXELS``, 89 million) are refused by name. Read is what
  ``FORMATS`` names, whatever the file calls itself: Pillow would have other programs run for some of the rest.
"""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from scnlib import progress

MIN_SIDE = 8
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".ppm", ".pgm")
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM")

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
        with Image.open(path, formats=FORMATS) as file:
            if _too_many(*file.size):  # a file of some kilobytes may have them
                raise ValueError(f"{path} has {file.width} x {file.height} px, which is too much; make it smaller")
            return _upright_rgb(file, path)
    except Exception as error:  # a decoder that meets a broken file may raise anything
        if isinstance(error, ValueError) and str(error).startswith(f"{path} "):
            raise
        raise ValueError(f"{path} cannot be read as an image ({_reason(error)})") from None


def pixels(path: Path) -> int:
    """How many pixels an image has by its own words, before it is unpacked; 0 where it cannot be opened."""
    try:
        with Image.open(path, formats=FORMATS) as file:
            return file.width * file.height
    except Exception:  # as above; who reads it is told why
        return 0


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
    """Many images in memory; the arguments are those of ``decode_pieces``.

    Returns:
        uint8 ``(N, 3, size, size)``, black where an image cannot be used, and (number, reason) of each such image.
    """
    images = torch.zeros(len(files), 3, size, size, dtype=torch.uint8)
    problems: list[tuple[int, str]] = []
    for rows, piece, found in decode_pieces(files, size, boxes, what):
        images[rows.start : rows.stop] = piece
        problems += found
    return images, problems


def decode_pieces(
    files: Sequence[Path], size: int, boxes: Sequence[Box | None] | None = None, what: str = "images"
) -> Iterator[tuple[range, Tensor, list[tuple[int, str]]]]:
    """Many images, a few hundred at a time, on all cores, with a progress bar where there are more.

    Args:
        files, size, boxes: as in ``decode``, one box for each file.
        what: for the progress bar.

    Yields:
        Numbers of files; uint8 ``(n, 3, size, size)``, black where an image cannot be used; (number, reason) of each
        such image. The memory is the same each time: what was yielded is gone with the next piece.
    """
    boxes = boxes if boxes is not None else [None] * len(files)
    memory = torch.empty(min(_CHUNK, len(files)), 3, size, size, dtype=torch.uint8)

    def one(row: int, place: np.ndarray) -> str | None:
        try:
            place[:] = decode(files[row], size, boxes[row])
        except ValueError as error:
            return str(error)
        return None

    with (
        warnings.catch_warnings(),  # around the pool: filters belong to the process, not to a thread
        ThreadPoolExecutor(min(16, os.cpu_count() or 1)) as pool,  # Pillow decodes and resizes outside the lock
    ):
        warnings.simplefilter("ignore")  # of damaged EXIF and of large images, which are no news here
        for rows in _chunks(len(files), what):
            piece = memory[: len(rows)].zero_()
            found = zip(rows, pool.map(one, rows, piece.numpy()), strict=True)
            yield rows, piece, [(row, reason) for row, reason in found if reason is not None]


def _too_many(width: int, height: int) -> bool:
    return Image.MAX_IMAGE_PIXELS is not None and width * height > Image.MAX_IMAGE_PIXELS


def _cut(image: Image.Image, box: Box, path: Path) -> Image.Image:
    left, top, right, bottom = box
    if right <= 0 or bottom <= 0 or left >= image.width or top >= image.height:
        raise ValueError(f"{path} is {image.width} x {image.height} px, and the box {box} lies outside of it")
    if _too_many(right - left, bottom - top):
        raise ValueError(f"{path} cannot be cut to the box {box}: that is too much")
    try:
        return image.crop(box)
    except Exception as error:  # a box of any size may stand in a list
        raise ValueError(f"{path} cannot be cut to the box {box} ({_reason(error)})") from None


def _chunks(count: int, what: str) -> Iterable[range]:
    chunks = [range(start, min(start + _CHUNK, count)) for start in range(0, max(count, 1), _CHUNK)]
    if len(chunks) < 2:
        yield from chunks
        return
    with progress.bar(count, f"decoding {what}", "image") as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))


def _upright_rgb(file: Image.Image, path: Path) -> Image.Image:
    """8-bit RGB, turned as its EXIF says."""
    if file.mode == "F":
        raise ValueError(f"{path} has floating-point pixels, whose range nobody knows; save it with 8 bits")
    image = ImageOps.exif_transpose(file)
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        upper = np.asarray(image).clip(0, 65535) >> 8
        return Image.fromarray(upper.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, "white")
        image.paste(layer, mask=layer.getchannel("A"))
    return image.convert("RGB")


def _reason(error: BaseException) -> str:
    text = str(error)
    return "no known image format" if text.startswith("cannot identify image file") else text or type(error).__name__
