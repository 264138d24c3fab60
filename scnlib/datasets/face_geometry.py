"""From five points to a picture in which they lie where they should: similarities in closed form, and resampling.

Everything runs in torch on whatever device its tensors are. Coordinates are in pixels, x to the right and y down, and
the first pixel's centre is at 0.5, so that enlarging a picture enlarges its coordinates.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

#: Where left eye, right eye, tip of the nose, left and right corner of the mouth go, as shares of the side: the
#: customary template of 112 px. Source: Deng et al., ArcFace, CVPR 2019 (their alignment of faces found by MTCNN).
TEMPLATE = tuple(
    (x / 112, y / 112)
    for x, y in ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
)

#: What lies beyond the edge of a picture: option -> mode of ``grid_sample`` and of ``F.pad``.
BORDERS = {"edge": ("border", "replicate"), "reflect": ("reflection", "reflect"), "constant": ("zeros", "constant")}

_LARGEST_REDUCTION = 16
_GRID_POINTS_AT_ONCE = 4_000_000


def template(size: int, margin: float = 0.0) -> Tensor:
    """Where the five points go in a picture of ``size`` pixels.

        t' = size * (1/2 + (t - 1/2) / (1 + 2 margin))

    Args:
        size: side of the picture.
        margin: how much more to show on each side, as a share of the tight crop; above -0.5.

    Returns:
        float32 ``(5, 2)``.

    Raises:
        ValueError: if ``margin`` is -0.5 or less.
    """
    _check_margin(margin)
    points = torch.tensor(TEMPLATE)
    return size * (0.5 + (points - 0.5) / (1 + 2 * margin))


def similarity(points: Tensor, target: Tensor) -> Tensor:
    """The rotation, scale and shift that bring points as near to their targets as possible, in closed form.

        a = sum(x u + y v) / sum(x^2 + y^2),   b = sum(x v - y u) / sum(x^2 + y^2)

    with (x, y) the points and (u, v) the targets, both minus their means: in the plane Umeyama's solution without
    reflection needs no singular value decomposition, since turning and scaling is one complex factor a + ib.

    Args:
        points: ``(N, K, 2)`` with K >= 2.
        target: ``(K, 2)`` or ``(N, K, 2)``.

    Returns:
        ``(N, 2, 3)`` matrices [[a, -b, s], [b, a, t]].

    Raises:
        ValueError: if all points of a face are the same, so that nothing says how large it is.

    Source: Umeyama, Least-Squares Estimation of Transformation Parameters Between Two Point Patterns, PAMI 1991.
    """
    target = target.to(points).expand_as(points)
    middle, target_middle = points.mean(dim=1), target.mean(dim=1)
    x, y = (points - middle[:, None]).unbind(dim=-1)
    u, v = (target - target_middle[:, None]).unbind(dim=-1)
    spread = (x * x + y * y).sum(dim=1)
    if (spread == 0).any():
        raise ValueError("all points of a face lie in one place; a similarity needs at least two different points")
    a, b = (x * u + y * v).sum(dim=1) / spread, (x * v - y * u).sum(dim=1) / spread
    turn = torch.stack([a, -b, b, a], dim=1).view(-1, 2, 2)
    shift = target_middle[:, :, None] - turn @ middle[:, :, None]
    return torch.cat([turn, shift], dim=2)


def box_transform(boxes: Tensor, size: int, margin: float = 0.0) -> Tensor:
    """The scale and shift that bring the square around a box to a whole picture: no turning.

    Args:
        boxes: ``(N, 4)`` left, top, right, bottom.
        size: side of the picture.
        margin: how much more to show on each side, as a share of the box's longer side; above -0.5.

    Returns:
        ``(N, 2, 3)`` matrices.
    """
    _check_margin(margin)
    left, top, right, bottom = boxes.unbind(dim=1)
    scale = size / ((1 + 2 * margin) * torch.maximum(right - left, bottom - top))
    nothing = torch.zeros_like(scale)
    rows = (
        torch.stack([scale, nothing, size / 2 - scale * (left + right) / 2], dim=1),
        torch.stack([nothing, scale, size / 2 - scale * (top + bottom) / 2], dim=1),
    )
    return torch.stack(rows, dim=1)


def transform(points: Tensor, matrices: Tensor) -> Tensor:
    """Points ``(N, K, 2)`` moved by ``(N, 2, 3)`` matrices."""
    return points @ matrices[:, :, :2].transpose(1, 2) + matrices[:, None, :, 2]


def warp(images: Tensor, matrices: Tensor, size: int, outside: str = "edge") -> Tensor:
    """Resample each picture as its matrix says, bilinearly.

    A picture that shrinks is sampled at up to 16 x 16 places for each new pixel, which are averaged; without that, its
    fine texture would turn into coarse noise.

    Args:
        images: ``(N, C, H, W)`` uint8.
        matrices: ``(N, 2, 3)``, from old coordinates to new ones.
        size: side of the result.
        outside: what lies beyond the edges: a key of ``BORDERS``.

    Returns:
        ``(N, C, size, size)`` uint8.
    """
    if outside not in BORDERS:
        raise ValueError(f"outside={outside!r} is unknown; known: {', '.join(BORDERS)}")
    matrices = matrices.to(images.device, torch.float32)
    shrinks = (matrices[:, 0, 0] ** 2 + matrices[:, 1, 0] ** 2).rsqrt()  # old pixels per new pixel
    exponent = shrinks.log2().ceil().clamp(0, math.log2(_LARGEST_REDUCTION))
    result = images.new_empty(len(images), images.shape[1], size, size)
    for k in exponent.unique().tolist():
        fine = 2 ** int(k)
        chosen = (exponent == k).nonzero().flatten()
        for part in chosen.split(max(1, _GRID_POINTS_AT_ONCE // (size * fine) ** 2)):
            result[part] = _sampled(images[part], matrices[part], size, fine, BORDERS[outside][0])
    return result


def _sampled(images: Tensor, matrices: Tensor, size: int, fine: int, border: str) -> Tensor:
    """``warp`` with ``fine`` x ``fine`` samples for each pixel."""
    height, width = images.shape[2:]
    place = (torch.arange(size * fine, device=images.device) + 0.5) / fine
    new = torch.stack(torch.meshgrid(place, place, indexing="xy"), dim=-1).view(1, -1, 2)
    turn = matrices[:, :, :2]  # a scale times a rotation, so its inverse is its transpose over the scale squared
    old = (new - matrices[:, None, :, 2]) @ (turn / (turn[:, :1, :1] ** 2 + turn[:, 1:, :1] ** 2))
    # grid_sample's own coordinates run from -1 at the left edge of the first pixel to 1 at the right edge of the last.
    grid = (2 * old / torch.tensor([width, height], device=images.device) - 1).view(-1, size * fine, size * fine, 2)
    sampled = F.grid_sample(images.float(), grid, padding_mode=border, align_corners=False)
    return F.avg_pool2d(sampled, fine).round_().clamp_(0, 255).to(torch.uint8)


def padded(images: Tensor, border: str, share: float) -> tuple[Tensor, int, int]:
    """Pictures with more around them, for detectors that expect to see more than a face.

    Args:
        images: ``(N, C, H, W)`` uint8.
        border: ``"none"``, or a key of ``BORDERS``.
        share: how much on each side, as a share of width and of height, 0 to 1.

    Returns:
        The pictures, and how many columns and rows were added on each side.
    """
    if border == "none" or share == 0:
        return images, 0, 0
    # A mirror shows at most what is before it, without the pixel at the edge.
    across, down = (max(min(round(share * side), side - 1), 0) for side in (images.shape[3], images.shape[2]))
    widened = F.pad(images.float(), (across, across, down, down), mode=BORDERS[border][1])
    return widened.to(torch.uint8), across, down


def _check_margin(margin: float) -> None:
    if not margin > -0.5:
        raise ValueError(f"margin must be above -0.5, got {margin}")
