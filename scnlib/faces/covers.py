"""What hides a face: glasses, a patch of paper, a hand, a mask."""

import math

import torch
from torch import Tensor

from scnlib.faces.eyes import eye_centre
from scnlib.faces.fields import bell, over, rgb
from scnlib.faces.geometry import Canvas, Head
from scnlib.faces.latents import OCCLUDERS, Bones, Light, Looks, Occluder
from scnlib.faces.light import Lighting
from scnlib.faces.textures import Textures


def has_occluder(occluder: Occluder, kind: str) -> Tensor:
    """``(N, 1, 1, 1)`` 1.0 where the face has that occluder."""
    return (occluder.occluder_kind == OCCLUDERS.index(kind)).float()


def paint_glasses(
    image: Tensor, bones: Bones, looks: Looks, occluder: Occluder, head: Head, canvas: Canvas, lit: Lighting
) -> Tensor:
    """Paint frames, bridge, arms and slightly tinted, reflecting lenses; or sunglasses."""
    dark = has_occluder(occluder, "sunglasses")
    worn = looks.glasses.maximum(dark)
    aside = head.u.abs()
    below_eyes = head.v - bones.eye_height
    radius = looks.glasses_roundness
    beyond_x = (aside - eye_centre(bones) - 0.02).abs() - (0.245 - radius)
    beyond_y = (below_eyes - 0.035).abs() - (0.19 - radius)
    corner = (beyond_x.clamp(min=0) ** 2 + beyond_y.clamp(min=0) ** 2).sqrt_()
    rounded = corner + beyond_x.maximum(beyond_y).clamp_(max=0) - radius  # distance to a rectangle with round corners

    rim = canvas.cover(rounded.abs() - looks.glasses_thickness)
    bridge = canvas.cover(((below_eyes + 0.02).abs() - 0.018).maximum(aside - 0.13))
    arms = canvas.cover(((below_eyes + 0.06).abs() - 0.02).maximum(0.62 - aside))
    frame = (rim + bridge + arms).clamp_(max=1) * worn
    lens = canvas.cover(rounded) * worn
    streak = bell((0.7 * head.u - head.v - 0.1 * lit.towards[0]) / 0.05)
    glare = lens * (0.05 + 0.10 * streak) * (0.6 + 0.4 * dark)
    image = over(image, rgb(0.015, 0.015, 0.015, image), lens * (0.06 + 0.87 * dark)) + glare
    return over(image, looks.glasses_grey * (0.4 + 0.6 * lit.total), frame)


def paint_patch(image: Tensor, occluder: Occluder, light: Light, canvas: Canvas, textures: Textures) -> Tensor:
    """Paint a rectangle of one colour."""
    turn = occluder.occluder_turn * math.pi
    cosine, sine = torch.cos(turn), torch.sin(turn)
    from_x, from_y = canvas.x - occluder.occluder_x, canvas.y - occluder.occluder_y
    along, across = cosine * from_x + sine * from_y, cosine * from_y - sine * from_x
    distance = (along.abs() - 1.3 * occluder.occluder_size).maximum(across.abs() - 0.7 * occluder.occluder_size)
    brightness = 0.6 + 0.5 * textures.low + 0.3 * torch.cos(light.azimuth) * torch.cos(light.elevation)
    paper = occluder.occluder_colour**1.6 * brightness
    return over(image, paper, canvas.cover(distance) * has_occluder(occluder, "patch"))


def paint_hand(image: Tensor, skin: Tensor, occluder: Occluder, light: Light, canvas: Canvas) -> Tensor:
    """Paint four fingers that come in from the side: capsules that spread like a fan."""
    side = torch.where(occluder.occluder_x > 0, 1.0, -1.0)
    along = (canvas.x - 0.5 * occluder.occluder_x) * side - 0.15
    down = canvas.y - 0.75 - 0.3 * occluder.occluder_turn
    before_tip_squared = (-along).clamp(min=0) ** 2
    thickness = 0.078
    distance = torch.full_like(along, 9.0)
    for finger in (-1.5, -0.5, 0.5, 1.5):
        off_axis = down + finger * (0.17 - 0.10 * along)
        distance = distance.minimum((off_axis * off_axis + before_tip_squared).sqrt_() - thickness)
    roundness = (1 - ((distance + thickness) * (1 / thickness)) ** 2).clamp_(min=0).sqrt_()
    finger_skin = skin * ((0.45 + 0.55 * roundness) * (0.5 * light.ambient + 0.7 * light.key))
    return over(image, finger_skin, canvas.cover(distance) * has_occluder(occluder, "hand"))


def paint_mask(image: Tensor, occluder: Occluder, light: Light, head: Head, canvas: Canvas, lit: Lighting) -> Tensor:
    """Paint a surgical mask from the bridge of the nose to the chin."""
    upper_edge = 0.40 + 0.16 * head.u * head.u
    pleats = 0.9 + 0.1 * torch.sin(40 * head.v) * canvas.resolves(0.03)
    cloth = rgb(0.45, 0.62, 0.70, image) * ((0.4 * light.ambient + 0.75 * light.key * lit.facing) * pleats)
    coverage = canvas.cover(upper_edge - head.v) * head.mask * has_occluder(occluder, "mask")
    return over(image, cloth, coverage)
