"""Pictures with rendered faces somewhere in them: what detectors are made for, with the truth known.

A face data set shows faces that somebody has found and cut out already. Here rendered portraits are put, turned and in
several sizes, on backgrounds without faces, and where their eyes, noses and mouths are is computed, not annotated.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import counter_rng
from scnlib.faces import Preset, landmarks, render, sample_latents

_RENDERED = 128  # each portrait is rendered once at this size, then resampled to the one it has in its scene


@dataclass(frozen=True)
class Scenes:
    """N pictures with F faces in each.

    Attributes:
        images: ``(N, 3, H, W)`` uint8.
        points: float32 ``(N, F, 5, 2)``: left eye, right eye, nose, left and right corner of the mouth, in pixels; the
            first pixel's centre is at 0.5.
        portraits: float32 ``(N, F, 4)``: left, top, right, bottom of each rendered portrait.
        labels: ``(N, F)`` expressions.
    """

    images: Tensor
    points: Tensor
    portraits: Tensor
    labels: Tensor


def render_scenes(
    seed: int,
    n: int,
    height: int = 240,
    width: int = 320,
    *,
    faces: int = 1,
    side: tuple[int, int] = (80, 200),
    roll: float = 0.35,
    preset: str | Preset = "easy",
) -> Scenes:
    """Render scenes; each is the same whatever ``n`` is.

    Args:
        seed: of everything.
        n: how many.
        height, width: of each, in pixels.
        faces: in each scene, side by side, so that none hides another.
        side: smallest and largest side of a portrait in pixels, which must fit into its share of the scene.
        roll: heads lean by up to this angle to either side, in radians.
        preset: of the faces.

    Raises:
        ValueError: a portrait does not fit.
    """
    low, high = side
    room = width // faces
    if not 32 <= low <= high <= min(height, room):
        raise ValueError(
            f"side={side} must be in 32..{min(height, room)} pixels, where {faces} portraits fit side by side into "
            f"{width} x {height}"
        )
    every = torch.arange(n * faces)
    lean = roll * (2 * counter_rng.uniform(seed, "scene roll", every) - 1)
    latents = sample_latents(seed, every, preset, crop="loose", roll=lean)
    pictures, points = render(latents, _RENDERED), landmarks(latents, _RENDERED)
    sides = low + (counter_rng.uniform(seed, "scene side", every) * (high - low + 1)).long()
    lefts = (counter_rng.uniform(seed, "scene left", every) * (room - sides + 1)).long() + room * (every % faces)
    tops = (counter_rng.uniform(seed, "scene top", every) * (height - sides + 1)).long()

    images = backgrounds(seed, n, height, width)
    for i, (picture, s, left, top) in enumerate(zip(pictures, sides, lefts, tops, strict=True)):
        place = images[i // faces, :, top : top + s, left : left + s]
        portrait = F.interpolate(picture[None].float(), size=(int(s), int(s)), mode="bilinear", antialias=True)[0]
        place.lerp_(portrait, feather(int(s)))
    corners = torch.stack([lefts, tops], dim=1)
    return Scenes(
        images=images.round_().clamp_(0, 255).to(torch.uint8),
        points=(points * (sides / _RENDERED)[:, None, None] + corners[:, None]).view(n, faces, 5, 2),
        portraits=torch.cat([corners, corners + sides[:, None]], dim=1).float().view(n, faces, 4),
        labels=latents.label.view(n, faces),
    )


def backgrounds(seed: int, n: int, height: int, width: int) -> Tensor:
    """Clouds of muted colour, coarse and fine, float32 ``(n, 3, height, width)`` in 0..255."""
    sums = torch.full((n, 3, height, width), 110.0)
    for cells, strength in ((3, 120), (12, 60), (48, 30)):
        counters = torch.arange(n * 3 * cells * cells)
        noise = counter_rng.uniform(seed, f"scene clouds {cells}", counters).view(n, 3, cells, cells) - 0.5
        noise = noise.lerp(noise.mean(dim=1, keepdim=True), 0.6)  # mostly grey
        sums += strength * F.interpolate(noise, size=(height, width), mode="bicubic")
    return sums


def feather(side: int) -> Tensor:
    """How much of a portrait shows, ``(side, side)``: all but a soft rim, so that its outline is no edge."""
    rim = torch.linspace(-1, 1, side).abs()
    share = ((1 - rim) / 0.12).clamp(0, 1)
    return torch.minimum(share[:, None], share[None])
