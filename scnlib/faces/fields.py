"""The small mathematics of pictures: soft steps, bells, edges and blends on whole images at once.

A *field* is a tensor ``(N, 1, S, S)``: one number for each pixel of each of N faces. A *number per face* is
``(N, 1, 1, 1)``, a *colour* ``(N, 3, 1, 1)``, an *image* ``(N, 3, S, S)``, all in linear light unless it says sRGB.
They broadcast against each other, so that a formula reads the same for one number and for a million pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.counter_rng import random_bits

GAMMA = 2.2  # the exponent between linear light and the values of an sRGB file, in its usual simplification


def smoothstep(low: float | Tensor, high: float | Tensor, x: Tensor) -> Tensor:
    """0 below ``low``, 1 above ``high``, and 3t^2 - 2t^3 in between; falls instead of rising when low > high."""
    t = ((x - low) * (1 / (high - low))).clamp_(0, 1)
    return t * t * (3 - 2 * t)


def bell(*offsets: Tensor) -> Tensor:
    """exp(-(a^2 + b^2 + ...)): 1 where all offsets are 0, 0.37 at one width away. Divide by the width yourself."""
    squares = offsets[0] * offsets[0]
    for offset in offsets[1:]:
        squares = squares + offset * offset
    return torch.exp(-squares)


def over(bottom: Tensor, top: Tensor, coverage: Tensor) -> Tensor:
    """Paint ``top`` over ``bottom`` where ``coverage`` is 1: bottom + (top - bottom) * coverage."""
    return torch.lerp(bottom, top, coverage)


def luminance(image: Tensor) -> Tensor:
    """The grey value ``(N, 1, S, S)`` of an image, with the weights of ITU-R BT.601."""
    red, green, blue = image.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def rgb(red: float, green: float, blue: float, like: Tensor) -> Tensor:
    """One linear colour ``(1, 3, 1, 1)`` on the device of ``like``."""
    return torch.tensor([red, green, blue], device=like.device).view(1, 3, 1, 1)


def from_palette(colours: tuple[tuple[int, int, int], ...], position: Tensor) -> Tensor:
    """Walk along a row of sRGB colours: position 0 is the first, 1 the last, between them a straight line.

    Args:
        colours: K colours of 0..255.
        position: ``(N, 1, 1, 1)`` in [0, 1].

    Returns:
        ``(N, 3, 1, 1)`` in linear light.
    """
    table = (torch.tensor(colours, device=position.device) / 255.0) ** GAMMA
    place = position.reshape(-1) * (len(colours) - 1)
    left = place.long().clamp(0, len(colours) - 2)
    mixed = torch.lerp(table[left], table[left + 1], (place - left)[:, None])
    return mixed[:, :, None, None]


def noise(key: Tensor, name: str, channels: int, height: int, width: int) -> Tensor:
    """White noise, uniform on [-0.5, 0.5): a function of each face's key and the texture's name only.

    One hash of 64 bits is cut into four lanes of 16, which is four times cheaper than a hash for each number.

    Args:
        key: ``(N,)`` int64.

    Returns:
        ``(N, channels, height, width)`` float32.
    """
    count = channels * height * width
    blocks = torch.arange((count + 3) // 4, device=key.device)
    lanes = random_bits(0, name, key.reshape(-1, 1), blocks).view(torch.int16)[:, :count]
    return (lanes.float() * 2.0**-16).view(-1, channels, height, width)


def enlarge(grid: Tensor, side: int, mode: str = "bicubic") -> Tensor:
    """Stretch a coarse grid ``(N, 1, h, w)`` over the image, as two small matrix products: rows, then columns."""
    rows, columns = (_enlarging_matrix(length, side, mode, grid.device) for length in grid.shape[-2:])
    return rows @ (grid @ columns.T)


def _enlarging_matrix(length: int, side: int, mode: str, device: torch.device) -> Tensor:
    """``(side, length)``: column k is what the interpolation makes of a 1 at position k."""
    ones = torch.eye(length, device=device)[None, None]
    align = None if mode == "nearest" else False
    return F.interpolate(ones, size=(side, length), mode=mode, align_corners=align)[0, 0]
