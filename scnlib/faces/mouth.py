"""The mouth: two lips around a line that the action units bend, stretch and open."""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.faces.fields import bell, over, rgb, smoothstep
from scnlib.faces.geometry import Canvas, Head
from scnlib.faces.latents import Bones
from scnlib.faces.light import Lighting


def mouth_height(bones: Bones) -> Tensor:
    """Height ``v`` of the middle of the closed mouth."""
    return 0.765 + bones.mouth_height


def mouth_half_width(bones: Bones, au: dict[int, Tensor], both: dict[int, Tensor]) -> Tensor:
    """Smiling (AU12) and stretching (AU20) widen the mouth; tightening (AU23), jaw and chin narrow it."""
    wider = 0.26 * au[12] + 0.24 * au[20] + 0.06 * au[14]
    narrower = 0.10 * both[23] + (0.13 * both[26] + 0.05 * both[17]) * (1 - au[12])
    return (0.30 + bones.mouth_width) * (1 + wider - narrower).clamp(0.6, 1.5)


def corner_drop(bones: Bones, au: dict[int, Tensor]) -> Tensor:
    """How far the corner lies below the middle of the mouth: AU15 pulls it down, AU12 and AU14 up."""
    return bones.mouth_rest - 0.145 * au[12] + 0.135 * au[15] + 0.04 * au[20] - 0.055 * au[14]


def mouth_lowered(au: dict[int, Tensor]) -> Tensor:
    """A smile lowers the middle of the mouth a little while it lifts the corners."""
    return 0.03 * au[12]


@dataclass(frozen=True)
class Mouth:
    """The lips' outlines as heights v over the whole picture; ``along`` is -1 and 1 at the corners."""

    along: Tensor
    half_width: Tensor
    corner: Tensor  # height v of the corner on this side
    upper_edge: Tensor  # from skin to upper lip
    upper_rim: Tensor  # from upper lip to opening
    lower_rim: Tensor
    lower_edge: Tensor
    beyond_corner: Tensor  # signed distance, negative between the corners
    lips: Tensor  # coverage of the whole mouth
    opening: Tensor  # coverage


def mouth_outlines(bones: Bones, head: Head, canvas: Canvas, au: dict[int, Tensor], both: dict[int, Tensor]) -> Mouth:
    """Where the lips are. AU25 parts them, AU26 drops the jaw, AU10 lifts the upper lip, AU23 and AU17 thin them."""
    half_width = mouth_half_width(bones, au, both)
    along = head.u / half_width
    arch = (1 - along * along).clamp_(min=0).sqrt_()  # 1 in the middle, 0 at the corners
    bulge = arch * arch
    drop = corner_drop(bones, au)
    line = mouth_height(bones) + mouth_lowered(au) + drop * (along * along).clamp(max=1.6)
    line = line - (0.045 * both[17] + 0.02 * au[15]) * bulge

    parted, jaw = both[25], both[26]
    gap_up = parted * (0.016 + 0.030 * au[12] + 0.035 * au[10]) + 0.02 * jaw
    gap_down = parted * (0.05 + 0.06 * au[12] + 0.035 * au[20]) + 0.20 * jaw * parted.clamp(max=1)
    upper_rim = line - gap_up * arch - 0.055 * au[10] * bulge
    lower_rim = line + gap_down * arch - 0.02 * au[10] * bulge

    thinner = 0.15 * au[20] + 0.62 * both[23]
    upper_lip = (0.052 + bones.upper_lip) * (1 - thinner - 0.20 * au[12] - 0.25 * both[17])
    lower_lip = (0.072 + bones.lower_lip) * (1 - thinner - 0.15 * au[12] + 0.12 * both[17])
    cupids_bow = 1 - 0.28 * bell(along / 0.14) + 0.10 * bell((along.abs() - 0.25) / 0.15)
    upper_edge = upper_rim - upper_lip.clamp_(min=0.012) * (0.4 * arch + 0.6 * bulge) * cupids_bow
    lower_edge = lower_rim + lower_lip.clamp_(min=0.016) * arch

    beyond_corner = (along.abs() - 1) * half_width
    lips = (upper_edge - head.v).maximum(head.v - lower_edge).maximum(beyond_corner)
    opening = (upper_rim - head.v).maximum(head.v - lower_rim).maximum(beyond_corner + 0.01)
    return Mouth(
        along=along,
        half_width=half_width,
        corner=mouth_height(bones) + drop,
        upper_edge=upper_edge,
        upper_rim=upper_rim,
        lower_rim=lower_rim,
        lower_edge=lower_edge,
        beyond_corner=beyond_corner,
        lips=canvas.cover(lips, softness=1.6),
        opening=canvas.cover(opening, softness=1.1) * (parted / 0.06).clamp(max=1),
    )


def closed_seam(mouth: Mouth, head: Head, canvas: Canvas, both: dict[int, Tensor]) -> Tensor:
    """The dark line between closed lips, 0..1."""
    seam = bell((head.v - (mouth.upper_rim + mouth.lower_rim) / 2) / (0.012 + 0.6 * canvas.pixel))
    within = canvas.cover(mouth.beyond_corner - 0.01, softness=2.0)
    return seam * within * (1 - mouth.opening) * (1 - 0.6 * both[25].clamp(max=1))


def paint_inside(
    image: Tensor,
    mouth: Mouth,
    head: Head,
    canvas: Canvas,
    lit: Lighting,
    au: dict[int, Tensor],
    both: dict[int, Tensor],
) -> Tensor:
    """Paint what open lips show: a dark cave with a tongue, and teeth where the action units bare them."""
    below_rim = head.v - mouth.upper_rim
    depth = below_rim / (mouth.lower_rim - mouth.upper_rim).clamp_(min=0.01)  # 0 at the upper lip, 1 at the lower
    tongue = 1 + 2.2 * bell(head.u / 0.16, (depth - 0.95) / 0.35)
    cave = rgb(0.055, 0.014, 0.014, image) * (tongue * lit.total)

    along_squared = mouth.along * mouth.along
    length = 0.075 + 0.02 * au[12] - 0.02 * along_squared
    bared = (au[12] + au[20] + au[10] + 0.35 * both[26]).clamp_(max=1)
    upper_teeth = canvas.cover(below_rim - length) * canvas.cover(mouth.along.abs() - 0.86, softness=2.0) * bared
    lower_teeth = canvas.cover(mouth.lower_rim - 0.035 - head.v) * (0.7 * au[20]).clamp_(max=1)
    gaps = 1 - 0.17 * bell(torch.sin(head.u * 34.0) * 4) * canvas.resolves(0.02)
    shade = gaps * (1 - 0.55 * along_squared).clamp_(min=0.2) * (0.55 + 0.45 * smoothstep(0, 0.03, below_rim))
    enamel = rgb(0.72, 0.66, 0.56, image) * (shade * (0.25 + 0.75 * lit.total))
    inside = over(cave, enamel, upper_teeth.maximum(lower_teeth))
    return over(image, inside, mouth.opening)
