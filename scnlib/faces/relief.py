"""The skin's third dimension: one height field of nose, cheeks, folds, wrinkles and lips, and the shadows in it.

The ray-cast finds an ellipsoid; everything finer is a height over it. Light needs only the field's slope, which tilts
the normals, and an occlusion factor, since little light reaches the bottom of a crease. Most of what makes an
expression readable, apart from brows, eyes and mouth, is here: the fold beside a smile (AU12, AU10), the furrow between
drawn brows (AU4), the lines of a lifted forehead (AU1, AU2), the wrinkled nose (AU9), the dimple of contempt (AU14).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.faces.features import Features
from scnlib.faces.fields import bell, smoothstep
from scnlib.faces.geometry import Canvas, Head, hairline, nose, nose_half_width, nose_tip
from scnlib.faces.latents import Bones, Light, Looks
from scnlib.faces.mouth import Mouth, closed_seam
from scnlib.faces.textures import Textures


@dataclass(frozen=True)
class Creases:
    """Where the skin folds, and how deep: fields that both the relief and the occlusion are made of."""

    fold: Tensor  # nasolabial fold, from the wing of the nose to beside the corner of the mouth
    fold_ridge: Tensor  # the cheek bulging outside of it
    fold_depth: Tensor
    apple: Tensor  # the cheek's ball, lifted by a smile
    furrow: Tensor  # the two vertical lines between the brows
    furrow_depth: Tensor
    forehead: Tensor  # horizontal lines, -1..1, within the forehead
    forehead_depth: Tensor
    nose_lines: Tensor  # -1..1, wrinkles over the nose's root
    bag: Tensor  # under the eyes
    bag_depth: Tensor
    crows_feet: Tensor  # -1..1, rays from the outer corners of the eyes
    dimple: Tensor  # beside the corner of the mouth
    under_lip: Tensor


def find_creases(
    looks: Looks, head: Head, canvas: Canvas, features: Features, textures: Textures, au: dict[int, Tensor]
) -> Creases:
    """Place every fold of the skin, and say how deep the action units and age make it."""
    u, v, age, mouth = head.u, head.v, looks.age, features.mouth
    aside = u.abs()  # distance from the middle of the face

    # The fold must pass outside the corner of the mouth and fade before its height, or it reads as a scar.
    descent = smoothstep(0.40, 0.90, v)
    fold_path = 0.185 + (mouth.half_width - 0.07 + 0.04 * au[12]) * descent + 0.03 * au[12]
    fades_out = smoothstep(mouth.corner + 0.10, mouth.corner - 0.12, v)
    within = smoothstep(0.40, 0.54, v) * fades_out
    width = 0.042 + 0.018 * descent
    fold = bell((aside - fold_path) / width) * within
    fold_ridge = bell((aside - fold_path - 0.09) / 0.07) * within

    rows = torch.sin((v + 0.02 * torch.cos(u * 5) + 0.03 * textures.low) * 52.0)
    hair_ends = hairline(looks)
    on_forehead = smoothstep(hair_ends + 0.05, hair_ends + 0.25, v) * smoothstep(-0.30, -0.42, v) * bell(u / 0.55)
    lifted = 1.5 * au[1] * (0.45 + 0.55 * au[2]) * (1 - 0.3 * au[4])
    rays = torch.sin((v - 0.35 * (aside - 0.6) * (v - 0.01).sign()) * 75.0)
    return Creases(
        fold=fold,
        fold_ridge=fold_ridge,
        fold_depth=0.008 + 0.022 * age + 0.027 * au[12] + 0.034 * au[10] + 0.024 * au[9] + 0.004 * au[14],
        apple=bell((aside - 0.44) / 0.17, (v - 0.40 + 0.05 * au[12]) / 0.14),
        furrow=bell((aside - 0.075 + 0.01 * au[4]) / 0.022, (v + 0.20) / 0.12),
        furrow_depth=au[4] + 0.35 * age,
        forehead=rows * on_forehead,
        forehead_depth=(0.8 * age + lifted).clamp_(max=1.6) * canvas.resolves(0.03),
        nose_lines=bell(u / 0.12, (v - 0.04) / 0.08) * torch.sin((v + 0.25 * aside) * 85.0) * canvas.resolves(0.02),
        bag=bell((v - features.eyes.lower_lid - 0.055) / 0.022) * features.eyes.arch,
        bag_depth=0.7 * au[6] + 0.5 * age + 0.4 * au[7],
        crows_feet=bell((aside - 0.66) / 0.07, (v - 0.02) / 0.11) * rays * canvas.resolves(0.02),
        dimple=bell((aside - mouth.half_width - 0.035) / 0.052, (v - mouth.corner) / 0.070),
        under_lip=bell(u / 0.21, (v - mouth.lower_edge - 0.045) / 0.040),
    )


def height_field(
    bones: Bones,
    looks: Looks,
    head: Head,
    features: Features,
    creases: Creases,
    textures: Textures,
    au: dict[int, Tensor],
    both: dict[int, Tensor],
) -> Tensor:
    """The height of the skin over the ellipsoid, in head units."""
    v, aside = head.v, head.u.abs()
    height = nose(bones, both[9], head.u, v)
    height += _sockets_and_bones(head, features, au, both)
    height += (0.055 * au[12] + 0.05 * au[6] + 0.02 * au[9]) * creases.apple
    height += creases.fold_depth * (0.8 * creases.fold_ridge - creases.fold)
    height += 0.0075 * creases.forehead_depth * creases.forehead
    height += 0.012 * au[9] * creases.nose_lines
    height += 0.006 * (au[6] + 0.5 * looks.age) * creases.crows_feet
    height -= 0.030 * creases.furrow_depth * creases.furrow
    height -= 0.022 * creases.bag_depth * creases.bag
    height -= 0.03 * (1 + both[17]) * creases.under_lip
    height -= (0.008 + 0.010 * au[14] + 0.008 * au[12]) * creases.dimple
    height += _lips(features.mouth, v)
    chin_ripple = bell(head.u / 0.15, (v - 1.05) / 0.1) * textures.middle
    height += 0.048 * both[17] * chin_ripple - 0.020 * bell(aside / 0.035, (v - 0.63) / 0.06)  # and the philtrum
    height -= 0.05 * bones.chin_cleft.clamp(0, 1) * bell(aside / 0.02, (v - 1.1) / 0.06)
    height += 0.006 * textures.middle + 0.004 * (0.5 + looks.age) * textures.fine
    return height


def _sockets_and_bones(head: Head, features: Features, au: dict[int, Tensor], both: dict[int, Tensor]) -> Tensor:
    """The large forms: eye sockets with the eyeballs in them, brow ridge, cheekbones, the mouth's hill, the chin."""
    u, v, aside, eyes = head.u, head.v, head.u.abs(), features.eyes
    from_eye = v - eyes.height
    sockets = bell(eyes.outwards / 0.24, (from_eye + 0.03) / 0.14)
    eyeballs = bell(eyes.outwards / 0.17, from_eye / 0.09)
    ridge = bell((v - features.brows.rest - 0.02 - 0.04 * au[4]) / 0.08) * bell((u / 0.68) ** 2)
    cheekbones = bell((aside - 0.55) / 0.2, (v - 0.33) / 0.17)
    hill = bell(u / 0.40, (v - 0.78) / 0.2)
    chin = bell(u / 0.2, (v - 1.08 - 0.15 * both[26] + 0.03 * both[17]) / 0.12)
    return 0.055 * eyeballs - 0.085 * sockets + 0.035 * ridge + 0.05 * cheekbones + 0.045 * hill + 0.055 * chin


def _lips(mouth: Mouth, v: Tensor) -> Tensor:
    """Two half-round cushions, where the mouth is not open."""
    upper = _cushion(mouth.upper_edge, mouth.upper_rim, v)
    lower = _cushion(mouth.lower_rim, mouth.lower_edge, v)
    return mouth.lips * (1 - mouth.opening) * (0.045 * upper + 0.055 * lower)


def _cushion(top: Tensor, bottom: Tensor, v: Tensor) -> Tensor:
    half = (bottom - top).clamp_(min=0.012) * 0.5 + 0.003
    offset = (v - (top + bottom) * 0.5) / half
    return (1 - offset * offset).clamp_(min=0).sqrt_()


def slope(height: Tensor, canvas: Canvas) -> tuple[Tensor, Tensor]:
    """The rise of the height field to the right and downwards, by central differences."""
    padded = F.pad(height, (1, 1, 1, 1), mode="replicate")
    scale = 0.5 / canvas.pixel
    right = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) * scale
    down = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) * scale
    return right, down


def occlusion(
    bones: Bones,
    light: Light,
    head: Head,
    canvas: Canvas,
    features: Features,
    creases: Creases,
    au: dict[int, Tensor],
    both: dict[int, Tensor],
) -> Tensor:
    """The share of light that reaches the skin, 0.12..1: less in sockets, creases and nostrils, and under the nose."""
    u, v, aside, eyes = head.u, head.v, head.u.abs(), features.eyes
    tip, nose_half = nose_tip(bones, both[9]), nose_half_width(bones)
    open_sky = 1 - 0.28 * bell((eyes.outwards + 0.07) / 0.15, (v - eyes.height + 0.08) / 0.075)
    open_sky -= 1.7 * creases.fold_depth * creases.fold
    open_sky -= 0.27 * creases.furrow_depth * creases.furrow
    open_sky -= 0.16 * bell((u + 0.1 * torch.sin(light.azimuth)) / 0.15, (v - tip - 0.16) / 0.06)  # the nose's shadow
    open_sky -= 0.14 * bell((aside - nose_half * 1.25 - 0.02) / 0.035) * bell((v - tip) / 0.07)  # behind its wings
    open_sky -= 0.20 * creases.under_lip
    open_sky -= (0.36 * au[14] + 0.13 * au[12] + 0.08 * au[15]) * creases.dimple
    open_sky -= 0.09 * creases.forehead_depth * (-creases.forehead).clamp_(min=0)
    open_sky -= 0.08 * au[9] * (1 - creases.nose_lines) * bell(u / 0.13, (v - 0.03) / 0.08)
    open_sky -= 0.18 * creases.bag_depth * creases.bag
    open_sky -= 0.10 * au[9] * bell((aside - 0.17 - 0.1 * (v - 0.1)) / 0.04) * bell((v - 0.22) / 0.13)
    open_sky -= 0.15 * smoothstep(0.92, 1.03, head.rim)
    nostrils = bell((aside - nose_half * 0.62) / 0.046, (v - tip - 0.078 + 0.012 * both[9]) / 0.028)
    seam = closed_seam(features.mouth, head, canvas, both)
    return (open_sky * (1 - 0.82 * nostrils) * (1 - 0.62 * seam)).clamp_(0.12, 1)
