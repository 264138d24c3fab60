"""Hair: in front of the face it is painted on the head, behind it is a shape of its own."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.faces.fields import bell, over
from scnlib.faces.geometry import Canvas, Head, hairline, head_ellipsoid
from scnlib.faces.latents import Bones, Light, Looks
from scnlib.faces.light import Lighting, towards_lamp
from scnlib.faces.skin import hair_colour
from scnlib.faces.textures import Textures


@dataclass(frozen=True)
class Hair:
    colour: Tensor  # (N, 3, 1, 1)
    strand: Tensor  # -0.5..0.5, streaks that radiate from the parting
    behind: Tensor  # image: lit hair behind the head
    radius: Tensor  # distance from the middle of the face


def comb_hair(looks: Looks, light: Light, head: Head, canvas: Canvas, textures: Textures) -> Hair:
    """Streaks, and the colour of the hair that does not lie on the head."""
    colour = hair_colour(looks)
    angle = torch.atan2(head.u - 0.4 * looks.parting, 0.2 - head.v)
    radius = (head.u * head.u + head.v * head.v).sqrt()
    polar = torch.cat([angle / math.pi, radius - 1], dim=1).permute(0, 2, 3, 1)
    strand = F.grid_sample(textures.strands, polar, padding_mode="border", align_corners=False)
    strand = strand * canvas.resolves(0.02)

    lamp_x, lamp_y, _ = towards_lamp(light)
    lit_from_side = (0.6 * lamp_x * canvas.x - 0.5 * lamp_y + 0.3).clamp(0, 1)
    streaks = (1 + textures.hanging) * (1 + 0.5 * strand)
    behind = colour * ((0.42 + 0.38 * lit_from_side) * streaks * (0.65 + 0.5 * light.key))
    return Hair(colour, strand, behind, radius)


def paint_hair_behind(
    image: Tensor, hair: Hair, bones: Bones, looks: Looks, head: Head, canvas: Canvas, textures: Textures
) -> Tensor:
    """Paint the hair behind the head: a larger ellipse, and for long hair two curtains that reach the shoulders."""
    ellipsoid = head_ellipsoid(bones, jaw_drop=0.0)
    half_width, crown, x, y = ellipsoid.half_width, ellipsoid.crown, canvas.x, canvas.y
    volume = looks.hair_volume
    # The back of the head swings the other way when the nose turns.
    rounded_x = (x + 0.1 * head.turn) / (half_width + 0.75 * volume)
    rounded_y = (y + 0.12) / (crown + 0.8 * volume)
    cap = ((rounded_x * rounded_x + rounded_y * rounded_y).sqrt() - 1) * half_width
    curtains = (x.abs() - 1.02 * half_width - 0.1 * volume - 0.12 * textures.low).maximum(-y).maximum(y - 1.55)
    short = cap.maximum(y - 0.25)
    distance = torch.lerp(short, cap.minimum(curtains), looks.long_hair)
    return over(image, hair.behind, canvas.cover(distance + 0.08 * hair.strand, softness=2.0) * (1 - looks.bald))


def paint_hair_in_front(
    image: Tensor, hair: Hair, looks: Looks, head: Head, canvas: Canvas, lit: Lighting, textures: Textures
) -> Tensor:
    """Paint the hair on the head, above a hairline that falls towards the temples, or over the brow as a fringe."""
    aside = head.u.abs() * (1 / 0.86)
    squared = aside.clamp(max=1.2) ** 2
    edge = hairline(looks) + 0.55 * squared * aside + 0.05 * (textures.middle + hair.strand)
    edge = edge + looks.fringe * (0.10 * hair.strand - 0.15 * (head.u - 0.5 * looks.parting).abs())
    sheen = 0.3 * bell((hair.radius - 0.95 - 0.1 * hair.strand) / 0.12)  # the band of light around combed hair
    tone = (0.45 + (0.65 + sheen) * lit.facing) * (1 + 0.9 * hair.strand)
    on_head = hair.colour * (1.25 * tone) + 0.05 * lit.gloss
    # Towards the silhouette it must look like the hair behind, or the head's outline shows.
    front = over(on_head, hair.behind, lit.grazing)
    return over(image, front, canvas.cover(head.v - edge, softness=3.0) * (1 - looks.bald))
