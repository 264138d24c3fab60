"""Augmentation of a whole batch on its device, with its own parameters for each sample.

A face is mirrored, moved, turned and scaled in one resampling. The numbers are keyed by (seed, epoch, sample index): a
sample's view in an epoch is the same in every batch, on every number of GPUs and after every resume.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import counter_rng


@dataclass(frozen=True)
class Augmentation:
    """How far a view may differ from its image. The papers state no augmentation but LRN's flip: these are ours.

    Attributes:
        flip: probability of mirroring.
        shift: largest shift, as a share of the side.
        rotation: largest turn, in degrees.
        scale: largest relative change of size, both ways.

    Raises:
        ValueError: a number out of range.
    """

    flip: float = 0.5
    shift: float = 0.06
    rotation: float = 10.0
    scale: float = 0.1

    def __post_init__(self) -> None:
        for name, most in (("flip", 1), ("shift", 1), ("rotation", 180), ("scale", 0.9)):
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"augmentation: {name} must lie in 0..{most}, got {getattr(self, name)}")


#: No augmentation: the network sees the same picture in every epoch, and can learn it by heart.
STILL = Augmentation(flip=0.0, shift=0.0, rotation=0.0, scale=0.0)


def views(images: Tensor, index: Tensor, epoch: int, seed: int, how: Augmentation) -> Tensor:
    """One augmented view of each image.

    Args:
        images: float ``(N, C, H, W)``.
        index: int64 ``(N,)`` the samples' numbers in the training set: the key of their random numbers.
        epoch: the other half of the key.
        seed: the run's.
        how: strengths.

    Returns:
        float ``(N, C, H, W)``. What moves in from outside repeats the border.
    """

    names = ("augment.rotation", "augment.scale", "augment.flip", "augment.shift.x", "augment.shift.y")
    rotation, scale, flip, *shift = counter_rng.uniforms(seed, names, index, epoch)

    def within(most: float, drawn: Tensor) -> Tensor:
        return 2 * most * drawn - most

    angle = within(how.rotation, rotation) * (math.pi / 180)
    zoom = 1 + within(how.scale, scale)
    mirror = torch.where(flip < how.flip, -1.0, 1.0)
    # Rows of theta say where in the input (coordinates -1..1) each output pixel is read.
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    shift_x, shift_y = (within(2 * how.shift, drawn) for drawn in shift)
    theta = torch.stack([mirror * cos, -mirror * sin, shift_x, sin, cos, shift_y], dim=1).view(-1, 2, 3)
    grid = F.affine_grid(theta, list(images.shape), align_corners=False)
    # Clamped to the centres of the outermost pixels, which is padding_mode="border" on devices that lack it (mps).
    x, y = (grid[..., i].clamp(1 / side - 1, 1 - 1 / side) for i, side in enumerate((images.shape[3], images.shape[2])))
    return F.grid_sample(images, torch.stack([x, y], dim=-1), align_corners=False)
