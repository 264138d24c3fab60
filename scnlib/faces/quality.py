"""What cameras, networks and files do to a picture. Every face has its own amounts; none depends on its neighbours.

In this order: blur, loss of resolution, loss of colour, contrast and brightness, sensor noise, block compression.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.faces.fields import luminance, noise, over
from scnlib.faces.latents import Quality

REFERENCE_SIDE = 48  # blur is given in pixels of a picture of this side
BLOCK = 8


def degrade(image: Tensor, quality: Quality, texture_key: Tensor) -> Tensor:
    """Apply each face's degradations to its picture.

    Args:
        image: ``(N, 3, S, S)`` sRGB in 0..1, any S >= 1.
        quality: amounts as ``(N, 1, 1, 1)``.
        texture_key: ``(N,)`` int64, keys the noise.

    Returns:
        ``(N, 3, S, S)`` sRGB in 0..1.
    """
    image = lose_resolution(image, quality.blur, quality.shrink)
    image = over(image, luminance(image).expand_as(image), quality.grey)
    image = ((image - 0.5) * quality.contrast + (0.5 + quality.brightness)).clamp_(1e-3, 1) ** quality.gamma
    image = image + quality.grain * _grain(texture_key, image.shape[-1])
    return compress(image, quality.compression).clamp_(0, 1)


def lose_resolution(image: Tensor, blur: Tensor, shrink: Tensor) -> Tensor:
    """Blur, then make smaller by averaging and larger again by linear interpolation, by each face's own amounts.

    Both act on rows and columns alike and are linear, so they are one matrix A for each face: A image A^T.

    Args:
        image: ``(N, 3, S, S)``.
        blur: ``(N, 1, 1, 1)`` standard deviation in pixels of a picture of 48.
        shrink: ``(N, 1, 1, 1)`` factor >= 1.
    """
    side = image.shape[-1]
    matrix = _shrinking_matrix(shrink, side) @ _blurring_matrix(blur * (side / REFERENCE_SIDE), side)
    return matrix @ image @ matrix.transpose(-1, -2)


def _blurring_matrix(deviation: Tensor, side: int) -> Tensor:
    """``(N, 1, S, S)``: row i holds a Gaussian around i, cut at the border and scaled to sum 1."""
    place = torch.arange(side, device=deviation.device, dtype=torch.float32)
    distance = place[:, None] - place[None, :]
    weights = torch.exp(-0.5 * (distance / deviation.clamp(min=0.05)) ** 2)  # at 0.05 the identity
    return weights / weights.sum(dim=-1, keepdim=True)


def _shrinking_matrix(factor: Tensor, side: int) -> Tensor:
    """``(N, 1, S, S)``: area averages over cells of ``factor`` pixels, then linear interpolation between the cells."""
    pixel = torch.arange(side, device=factor.device, dtype=torch.float32)
    cell = pixel[:, None]
    overlap = torch.minimum((cell + 1) * factor, pixel + 1) - torch.maximum(cell * factor, pixel)
    down = overlap.clamp(min=0)  # rows: cells, columns: pixels; cells beyond the picture stay empty
    share = down.sum(dim=-1, keepdim=True)
    down = down / share.clamp(min=1e-6)
    position = (pixel[:, None] + 0.5) / factor - 0.5  # of each pixel's centre, counted in cells
    up = (1 - (position - pixel).abs()).clamp(min=0) * (share > 1e-3).float().transpose(-1, -2)
    return (up / up.sum(dim=-1, keepdim=True)) @ down


def _grain(key: Tensor, side: int) -> Tensor:
    """Sensor noise: the sum of two uniform numbers for each pixel and channel, of variance 0.96."""
    both = noise(key, "grain", 6, side, side)
    return 2.4 * (both[:, :3] + both[:, 3:])


def compress(image: Tensor, coarseness: Tensor) -> Tensor:
    """Round the discrete cosine transform of each 8 x 8 block, the higher the frequency the more coarsely.

        coefficient -> step * round(coefficient / step),    step = coarseness * (0.02 + 0.02 (i + j))

    Pictures whose side is no multiple of 8 are padded by repeating their border.

    Args:
        image: ``(N, 3, S, S)``.
        coarseness: ``(N, 1, 1, 1)``; 0 leaves the picture as it is.
    """
    side = image.shape[-1]
    missing = -side % BLOCK
    count = (side + missing) // BLOCK
    padded = F.pad(image, (0, missing, 0, missing), mode="replicate")
    blocks = padded.view(-1, 3, count, BLOCK, count, BLOCK).transpose(3, 4)
    cosines, frequency = _cosines(image.device)
    step = coarseness[..., None, None] * (0.02 + 0.02 * (frequency[:, None] + frequency)) + 1e-4
    coefficients = (cosines @ (blocks - 0.5) @ cosines.T).div_(step).round_().mul_(step)
    restored = (cosines.T @ coefficients @ cosines + 0.5).transpose(3, 4).reshape(padded.shape)[:, :, :side, :side]
    return torch.where(coarseness > 0, restored, image)


def _cosines(device: torch.device) -> tuple[Tensor, Tensor]:
    """The orthonormal 8 x 8 matrix of the discrete cosine transform (DCT-II), and the frequencies of its rows."""
    place = torch.arange(BLOCK, device=device, dtype=torch.float32)
    matrix = torch.cos((2 * place[None, :] + 1) * place[:, None] * (math.pi / (2 * BLOCK))) * 0.5
    matrix[0] *= math.sqrt(0.5)
    return matrix, place
