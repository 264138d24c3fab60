"""One lamp and the sky: Lambert's law with a soft terminator, a glossy highlight, and occlusion."""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.faces.fields import smoothstep
from scnlib.faces.geometry import Head
from scnlib.faces.latents import Light


@dataclass(frozen=True)
class Lighting:
    """Light that falls on the skin. ``towards`` is the unit vector to the lamp: right, down, to us."""

    towards: tuple[Tensor, Tensor, Tensor]
    facing: Tensor  # 0..1: how squarely the skin faces the lamp
    gloss: Tensor  # 0..1: the highlight
    open_sky: Tensor  # occlusion, 1 = none
    total: Tensor  # field: light from the lamp and from everywhere
    coloured: Tensor  # image: the same with the lamp's colour
    grazing: Tensor  # 0..1: how edge-on we see the skin


def towards_lamp(light: Light) -> tuple[Tensor, Tensor, Tensor]:
    level = torch.cos(light.elevation)
    return torch.sin(light.azimuth) * level, -torch.sin(light.elevation), torch.cos(light.azimuth) * level


def illuminate(light: Light, head: Head, slope: tuple[Tensor, Tensor], open_sky: Tensor) -> Lighting:
    """Light the head: tilt its normals by the relief's slope, then

        facing = max(0, (N.L + 0.25) / 1.25),    gloss = max(0, N.H)^14

    with N the normal, L the direction of the lamp and H halfway between L and the viewer (Blinn 1977).
    """
    flat_x, flat_y, flat_z = head.normal
    flat_z = flat_z.clamp(min=0.03)
    # Near the silhouette one pixel spans much skin, so differences between pixels say little about the slope.
    trust = 0.9 * smoothstep(0.05, 0.35, flat_z)
    x, y = flat_x - slope[0] * trust, flat_y - slope[1] * trust
    scale = (x * x + y * y + flat_z * flat_z).rsqrt_()
    x, y, z = x * scale, y * scale, flat_z * scale

    lamp_x, lamp_y, lamp_z = towards_lamp(light)
    facing = ((x * lamp_x + y * lamp_y + z * lamp_z).add_(0.25) * 0.8).clamp_(min=0)
    half_length = (lamp_x**2 + lamp_y**2 + (lamp_z + 1) ** 2).sqrt()
    gloss = ((x * lamp_x + y * lamp_y + z * (lamp_z + 1)) / half_length).clamp_(min=0)
    squared = gloss * gloss
    fourth = squared * squared
    gloss = fourth * fourth * fourth * squared

    lamp = light.key * facing * (0.35 + 0.65 * open_sky)
    total = lamp + light.ambient * (0.85 - 0.15 * y) * open_sky
    tint = torch.cat([light.warmth, torch.zeros_like(light.warmth), -light.warmth], dim=1)
    return Lighting(
        towards=(lamp_x, lamp_y, lamp_z),
        facing=facing,
        gloss=gloss,
        open_sky=open_sky,
        total=total,
        coloured=total + lamp * tint,
        grazing=smoothstep(0.62, 0.12, z),
    )
