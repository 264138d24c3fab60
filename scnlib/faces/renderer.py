"""From latents to pictures: the painting of one face, layer by layer, and of many in chunks of fixed size."""

import torch
from torch import Tensor

from scnlib.faces.action_units import ACTION_UNITS
from scnlib.faces.covers import paint_glasses, paint_hand, paint_mask, paint_patch
from scnlib.faces.eyes import lash_lines, paint_eyes
from scnlib.faces.features import outline_features
from scnlib.faces.fields import GAMMA, over
from scnlib.faces.geometry import both_sides, cast_head, make_canvas
from scnlib.faces.hair import comb_hair, paint_hair_behind, paint_hair_in_front
from scnlib.faces.latents import Latents
from scnlib.faces.light import illuminate
from scnlib.faces.mouth import paint_inside
from scnlib.faces.quality import degrade as degrade_picture
from scnlib.faces.relief import find_creases, height_field, occlusion, slope
from scnlib.faces.skin import beard_density, paint_skin, shade_skin, skin_colour
from scnlib.faces.surroundings import paint_background, paint_clothes, paint_ears, paint_neck
from scnlib.faces.textures import make_textures

SMALLEST, LARGEST = 32, 224
# Enough pixels to hide the cost of calling some hundred operations, few enough to stay in a processor's cache.
PIXELS_PER_CHUNK = 110_000
PIXELS_PER_CHUNK_ON_A_GPU = 4_000_000


def paint(latents: Latents, side: int) -> Tensor:
    """Paint faces in linear light, unclipped and undegraded: ``(N, 3, side, side)``, at least 0.

    Layers from back to front: background, hair behind, neck, clothes, ears, head (skin, mouth, eyes, hair, glasses),
    occluders.
    """
    face = latents.as_fields()
    # One record under the names of its parts, so that each call says which part it reads.
    bones = looks = pose = light = scene = occluder = face
    canvas = make_canvas(pose, side)
    textures = make_textures(face.texture_key, side)
    both = both_sides(face.action_units)
    head = cast_head(bones, pose, both, canvas)
    au = _on_each_side(face.action_units, head.right)

    features = outline_features(bones, head, canvas, au, both)
    creases = find_creases(looks, head, canvas, features, textures, au)
    height = height_field(bones, looks, head, features, creases, textures, au, both)
    open_sky = occlusion(bones, light, head, canvas, features, creases, au, both)
    lit = illuminate(light, head, slope(height, canvas), open_sky)

    beard = beard_density(looks, head, canvas, features.mouth, textures)
    albedo = paint_skin(bones, looks, head, features, creases, beard, textures, both)
    front = shade_skin(albedo, light, lit, beard, features.mouth)
    front = paint_inside(front, features.mouth, head, canvas, lit, au, both)
    front = paint_eyes(front, features.eyes, head, canvas, looks, pose, light, lit)
    front = front * lash_lines(features.eyes, head, canvas, looks, au)
    hair = comb_hair(looks, light, head, canvas, textures)
    front = paint_hair_in_front(front, hair, looks, head, canvas, lit, textures)
    front = paint_glasses(front, bones, looks, occluder, head, canvas, lit)

    skin = skin_colour(looks)
    image = paint_background(scene, textures)
    image = paint_hair_behind(image, hair, bones, looks, head, canvas, textures)
    image = paint_neck(image, skin, bones, looks, light, head, canvas, jaw_drop=both[26])
    image = paint_clothes(image, scene, light, canvas, textures)
    image = paint_ears(image, skin, bones, looks, light, head, canvas)
    image = over(image, front, head.mask)
    image = paint_patch(image, occluder, light, canvas, textures)
    image = paint_hand(image, skin, occluder, light, canvas)
    return paint_mask(image, occluder, light, head, canvas, lit)


def _on_each_side(action_units: Tensor, right: Tensor) -> dict[int, Tensor]:
    """Each action unit as a field: its left activation on the left of the face, its right one on the right."""
    left, right_side = (action_units[:, :, side, None, None] for side in (0, 1))
    blended = torch.lerp(left, right_side, right)
    return {unit: blended[:, column : column + 1] for column, unit in enumerate(ACTION_UNITS)}


def expose(linear: Tensor, latents: Latents) -> Tensor:
    """Linear light to sRGB in 0..1: each face's exposure, a soft shoulder for highlights, and the gamma curve.

    Dark skin is exposed longer and the palest shorter, as a photographer would.
    """
    face = latents.as_fields()
    exposure = face.exposure * (1 + 0.75 * face.skin * face.skin - 0.20 * (1 - face.skin) ** 3)
    bright = (linear * exposure).clamp_(min=1e-4)
    shoulder = 0.55
    excess = (bright - shoulder).clamp(min=0) * (1 / (1 - shoulder))
    compressed = bright.clamp(max=shoulder) + (1 - shoulder) * excess * (1 + excess * excess).rsqrt()
    return compressed ** (1 / GAMMA)


def render_float(latents: Latents, size: int, *, supersample: int = 2, degrade: bool = True) -> Tensor:
    """Render faces as numbers: like ``render``, but float32 sRGB in [0, 1] and not rounded.

    Raises:
        ValueError: if ``size`` or ``supersample`` is out of range.
    """
    _check_size(size, supersample)
    if len(latents) == 0:
        raise ValueError("there are no faces to render: len(latents) is 0")
    chunk = faces_per_chunk(size, supersample, latents.texture_key.device)
    pictures = []
    for start in range(0, len(latents), chunk):
        part = latents[start : start + chunk]
        pictures.append(_render_chunk(_padded(part, chunk), size, supersample, degrade)[: len(part)])
    return torch.cat(pictures)


def render(latents: Latents, size: int, *, supersample: int = 2, degrade: bool = True) -> Tensor:
    """Render faces.

    Faces are painted in chunks of a fixed number, the last one filled up by repeating its last face: torch's kernels
    may round differently at different places of a tensor, so a face's pixels could otherwise depend, by one or two
    of 255, on how many faces there are.

    Args:
        latents: N faces.
        size: side of the pictures in pixels, 32..224.
        supersample: 1..4; each pixel is the mean, in linear light, of this squared. 1 is four times faster than 2.
        degrade: False for clean pictures, whatever the latents say about their quality.

    Returns:
        ``(N, 3, size, size)`` uint8 RGB, on the latents' device.

    Raises:
        ValueError: if ``size`` or ``supersample`` is out of range.
    """
    return (render_float(latents, size, supersample=supersample, degrade=degrade) * 255).round_().to(torch.uint8)


@torch.no_grad()
def _render_chunk(latents: Latents, size: int, supersample: int, degrade: bool) -> Tensor:
    linear = paint(latents, size * supersample)
    if supersample > 1:
        linear = torch.nn.functional.avg_pool2d(linear, supersample)
    picture = expose(linear, latents)
    return degrade_picture(picture, latents.as_fields(), latents.texture_key) if degrade else picture


def faces_per_chunk(size: int, supersample: int, device: torch.device) -> int:
    """How many faces are painted at once."""
    pixels = PIXELS_PER_CHUNK if device.type == "cpu" else PIXELS_PER_CHUNK_ON_A_GPU
    return max(1, pixels // (size * supersample) ** 2)


def _padded(latents: Latents, count: int) -> Latents:
    last = len(latents) - 1
    return latents[torch.arange(count, device=latents.texture_key.device).clamp(max=last)]


def _check_size(size: int, supersample: int) -> None:
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size must be in {SMALLEST}..{LARGEST} pixels, got {size}")
    if not 1 <= supersample <= 4:
        raise ValueError(f"supersample must be in 1..4, got {supersample}")
