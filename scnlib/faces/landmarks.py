"""The five points that face detectors give, computed instead of detected."""

import torch
from torch import Tensor

from scnlib.faces.action_units import ACTION_UNITS
from scnlib.faces.eyes import eye_centre
from scnlib.faces.geometry import Spot, both_sides, nose_tip, to_pixels
from scnlib.faces.latents import Latents
from scnlib.faces.mouth import corner_drop, mouth_half_width, mouth_height, mouth_lowered


def landmarks(latents: Latents, size: int) -> Tensor:
    """Where eyes, nose and corners of the mouth are in a rendered picture.

    The points are placed on the head in 3-D, where the painter puts the features, and projected with the same pose;
    hidden ones too.

    Args:
        latents: N faces.
        size: side of the picture in pixels.

    Returns:
        ``(N, 5, 2)`` float32 pixel coordinates (x to the right, y down; the first pixel's centre is at 0.5): left
        eye, right eye, tip of the nose, left and right corner of the mouth, where left is the left of the picture.
    """
    face = latents.as_fields()
    both = both_sides(face.action_units)
    middle = torch.zeros_like(face.yaw)
    spots = [
        Spot(-eye_centre(face), face.eye_height),
        Spot(eye_centre(face), face.eye_height),
        Spot(middle, nose_tip(face, both[9])),
    ]
    for side, sign in ((0, -1), (1, 1)):
        au = {unit: face.action_units[:, column, side].view(-1, 1, 1, 1) for column, unit in enumerate(ACTION_UNITS)}
        height = mouth_height(face) + mouth_lowered(au) + corner_drop(face, au)
        spots.append(Spot(sign * mouth_half_width(face, au, both), height))
    points = [torch.cat(to_pixels(face, face, both, spot, size), dim=-1).view(-1, 2) for spot in spots]
    return torch.stack(points, dim=1)
