"""The colour of the skin before light falls on it, and what grows on it: brows, beard, lips and make-up."""

import torch
from torch import Tensor

from scnlib.faces.features import Features
from scnlib.faces.fields import bell, from_palette, over, rgb, smoothstep
from scnlib.faces.geometry import Canvas, Head, nose_tip
from scnlib.faces.latents import Bones, Light, Looks
from scnlib.faces.light import Lighting
from scnlib.faces.mouth import Mouth
from scnlib.faces.relief import Creases
from scnlib.faces.textures import Textures

# fmt: off
SKINS = ((255, 226, 208), (243, 201, 172), (229, 178, 140), (205, 146, 106), (160, 104, 70), (112, 70, 48),
         (74, 46, 34))
# fmt: on
HAIRS = ((22, 18, 16), (46, 32, 24), (88, 58, 36), (140, 96, 54), (206, 168, 104), (150, 62, 34), (170, 168, 165))


def skin_colour(looks: Looks) -> Tensor:
    """``(N, 3, 1, 1)`` linear light."""
    return from_palette(SKINS, looks.skin)


def hair_colour(looks: Looks) -> Tensor:
    """``(N, 3, 1, 1)`` linear light, greyed by age."""
    coloured = from_palette(HAIRS, looks.hair_colour)
    return over(coloured, rgb(0.42, 0.41, 0.40, coloured), looks.hair_grey)


def beard_density(looks: Looks, head: Head, canvas: Canvas, mouth: Mouth, textures: Textures) -> Tensor:
    """0..1: how much of the skin a beard, stubble or moustache covers."""
    aside = head.u.abs()
    below_cheeks = smoothstep(0.52, 0.72, head.v + 0.25 * (aside - 0.45).clamp(min=0) + 0.06 * textures.middle)
    around_mouth = (smoothstep(0.25, 0.45, aside) + smoothstep(0.86, 0.98, head.v)).clamp_(max=1)
    on_lip = 1.25 * bell(head.u / 0.30, (head.v - mouth.upper_edge + 0.05 - 0.12 * aside * aside) / 0.045)
    beard = (below_cheeks * around_mouth * (looks.beard + looks.stubble)).clamp_(max=1)
    density = beard.maximum((on_lip * looks.moustache).clamp_(max=0.95))
    stubbly = 1 + textures.bristles * canvas.resolves(0.012)
    return (density * stubbly).clamp_(0, 0.95) * (1 - mouth.lips)


def paint_skin(
    bones: Bones,
    looks: Looks,
    head: Head,
    features: Features,
    creases: Creases,
    beard: Tensor,
    textures: Textures,
    both: dict[int, Tensor],
) -> Tensor:
    """The albedo ``(N, 3, S, S)``: mottled skin, red cheeks and nose, beard, brows and lips."""
    skin, hair = skin_colour(looks), hair_colour(looks)
    mottled = 1 + 0.16 * textures.low + 0.10 * textures.middle + 0.10 * textures.fine
    nose_red = bell(head.u / 0.12, (head.v - nose_tip(bones, both[9])) / 0.1)
    blush = (0.35 * creases.apple + 0.30 * nose_red) * (1 - 0.5 * looks.skin)
    albedo = skin * mottled * (1 - blush * rgb(-0.10, 0.20, 0.22, skin))

    albedo = over(albedo, hair, beard)
    # Brows are darker than the skin whatever the hair, or dark skin would have none.
    brow = torch.minimum(0.52 * hair, skin * (0.45 + 0.9 * looks.hair_grey))
    hairy = (features.brows.coverage * (0.80 + 0.5 * textures.bristles)).clamp_(max=0.93)
    albedo = over(albedo, brow, hairy * (1 - 0.25 * looks.hair_grey))

    lips = over(skin * rgb(0.86, 0.48, 0.50, skin), rgb(0.50, 0.05, 0.08, skin), 0.6 * looks.makeup)
    return over(albedo, lips, 0.85 * bare_lips(features.mouth))


def bare_lips(mouth: Mouth) -> Tensor:
    """Coverage of the lips themselves, without the opening between them."""
    return mouth.lips * (1 - mouth.opening)


def shade_skin(albedo: Tensor, light: Light, lit: Lighting, beard: Tensor, mouth: Mouth) -> Tensor:
    """Light the albedo and lay the highlight over it; lips are glossier, a beard is dull."""
    oiliness = (1 - beard) * (0.5 + 0.5 * lit.open_sky) * (1 + 0.7 * bare_lips(mouth))
    return albedo * lit.coloured + light.shine * light.key * lit.gloss * oiliness
