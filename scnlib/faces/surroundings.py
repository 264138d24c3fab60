"""What a portrait has besides a face: background, neck, clothes and ears."""

import torch
from torch import Tensor

from scnlib.faces.fields import bell, over, rgb, smoothstep
from scnlib.faces.geometry import Canvas, Head, head_ellipsoid
from scnlib.faces.latents import Bones, Light, Looks, Scene
from scnlib.faces.light import towards_lamp
from scnlib.faces.textures import Textures


def paint_background(scene: Scene, textures: Textures) -> Tensor:
    """``(N, 3, S, S)``: two muted colours, mixed by soft clouds, a vertical gradient and sometimes square patches."""
    ends = []
    for colour in (scene.background_from, scene.background_to):
        muted = over(colour.mean(dim=1, keepdim=True).expand_as(colour), colour, scene.background_saturation)
        ends.append(0.6 * muted + 0.01)
    side = textures.low.shape[-1]
    downwards = torch.linspace(-1, 1, side, device=textures.low.device).view(1, 1, side, 1)
    share = 0.5 + 1.3 * textures.low + 0.35 * downwards + 0.5 * scene.background_blocks * textures.patches
    return over(ends[0], ends[1], share.clamp_(0, 1))


def paint_neck(
    image: Tensor, skin: Tensor, bones: Bones, looks: Looks, light: Light, head: Head, canvas: Canvas, jaw_drop: Tensor
) -> Tensor:
    """Paint a cylinder of skin, in the shadow of the chin."""
    lamp_x, _, _ = towards_lamp(light)
    across, y = canvas.x + 0.25 * head.turn, canvas.y
    half_width = 0.50 + 0.5 * bones.head_width + 0.06 * looks.masculine + 0.10 * smoothstep(1.3, 1.7, y)
    roundness = (1 - (across / 0.62) ** 2).clamp_(min=0.05).sqrt_()
    lamp = light.key * 0.75 * (0.55 * roundness + 0.4 * lamp_x * across).clamp_(min=0.05)
    under_chin = 0.45 + 0.55 * smoothstep(1.1, 1.65, y - 0.1 * jaw_drop)
    neck = skin * ((0.5 * light.ambient + lamp) * under_chin)
    return over(image, neck, canvas.cover((across.abs() - half_width).maximum(0.5 - y), softness=1.5))


def paint_clothes(image: Tensor, scene: Scene, light: Light, canvas: Canvas, textures: Textures) -> Tensor:
    """Paint a collar that rises from the shoulders to the neck."""
    lamp_x, _, _ = towards_lamp(light)
    x, y = canvas.x, canvas.y
    top = 1.42 + 0.20 * bell(x / 0.29) + 0.22 * (x.abs() - 0.3).clamp_(min=0)
    cloth = (0.75 + 0.35 * lamp_x * x + 0.3 * textures.low + 0.12 * textures.fine) * light.key
    return over(image, scene.clothes * cloth.clamp_(min=0.02), canvas.cover(top - y, softness=1.5))


def paint_ears(
    image: Tensor, skin: Tensor, bones: Bones, looks: Looks, light: Light, head: Head, canvas: Canvas
) -> Tensor:
    """Paint two ovals beside the head; long hair hides them, and a turned head hides the far one."""
    lamp_x, _, _ = towards_lamp(light)
    x, y = canvas.x, canvas.y
    turned = head.turn.abs()
    beside = (x.abs() - 0.99 * head_ellipsoid(bones, 0.0).half_width + 0.10 * turned) * (1 / 0.105)
    below = (y - 0.10) * (1 / 0.25)
    oval = (beside * beside + below * below).sqrt()
    far_side = (x * head.turn > 0).float()  # the nose hides the ear on the side that it points to
    visible = (1 - 0.9 * looks.long_hair) * (1 - far_side * smoothstep(0.1, 0.45, turned))
    lamp = 0.55 * light.key * (0.5 + 0.5 * lamp_x * x.sign()).clamp_(0, 1)
    hollow = 0.55 + 0.45 * smoothstep(0.3, 0.9, oval)
    ear = skin * rgb(1.05, 0.85, 0.82, skin) * ((0.8 * light.ambient + lamp) * hollow)
    return over(image, ear, canvas.cover((oval - 1) * 0.12, softness=1.2) * visible)
