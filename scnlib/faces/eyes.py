"""Eyes and brows: their outlines as the action units move them, and their painting."""

from dataclasses import dataclass

from torch import Tensor

from scnlib.faces.fields import bell, from_palette, over, rgb, smoothstep
from scnlib.faces.geometry import Canvas, Head
from scnlib.faces.latents import Bones, Light, Looks, Pose
from scnlib.faces.light import Lighting

IRISES = ((48, 30, 20), (70, 44, 26), (98, 70, 40), (88, 100, 70), (80, 110, 140))
IRIS_RADIUS, PUPIL_RADIUS = 0.086, 0.036
BROW_HALF_LENGTH = 0.27


@dataclass(frozen=True)
class Eyes:
    """The eyes' outlines, both eyes in one formula: ``along`` runs from -1 (inner corner) to 1 (outer corner)."""

    along: Tensor
    outwards: Tensor  # distance from the eye's centre away from the nose
    half_width: Tensor  # (N, 1, 1, 1)
    arch: Tensor  # sqrt(1 - along^2): 1 in the middle, 0 at and beyond the corners
    upper_lid: Tensor  # the height v of the lid's edge
    lower_lid: Tensor
    height: Tensor  # (N, 1, 1, 1) height v of the eyes
    opening: Tensor  # coverage


def eye_centre(bones: Bones) -> Tensor:
    """Distance ``|u|`` of the eyes from the middle of the face."""
    return 0.375 + bones.eye_spacing


def eye_outlines(bones: Bones, head: Head, canvas: Canvas, au: dict[int, Tensor]) -> Eyes:
    """Where the lids are. AU5 opens the upper lid, AU7 and AU6 narrow the eye, AU9 squints, AU1 with AU4 slants it."""
    half_width = 0.185 + bones.eye_width
    outwards = head.u.abs() - eye_centre(bones)
    along = outwards / half_width
    arch = (1 - along * along).clamp_(min=0).sqrt_()
    opening_up = (0.090 + bones.eye_opening) * (1 + 0.62 * au[5] - 0.30 * au[7] - 0.22 * au[6] - 0.18 * au[9])
    opening_down = (0.058 + bones.eye_opening / 2) * (1 + 0.12 * au[5] - 0.55 * au[6] - 0.50 * au[7] - 0.35 * au[9])
    axis = bones.eye_height - (bones.eye_tilt + 0.012) * 1.2 * along
    slant = 0.02 * au[1] * (4 * au[4]).clamp(max=1) * along
    highest_inside = 1 - 0.12 * along.clamp(-1, 1)  # the upper lid peaks nearer to the nose
    upper_lid = axis - opening_up.clamp_(min=0.018) * arch * arch.sqrt().sqrt() * highest_inside + slant
    lower_lid = axis + opening_down.clamp_(min=0.006) * arch * arch.sqrt()
    distance = (upper_lid - head.v).maximum(head.v - lower_lid).maximum((along.abs() - 1) * half_width)
    opening = canvas.cover(distance)
    return Eyes(along, outwards, half_width, arch, upper_lid, lower_lid, bones.eye_height, opening)


def paint_eyes(
    image: Tensor, eyes: Eyes, head: Head, canvas: Canvas, looks: Looks, pose: Pose, light: Light, lit: Lighting
) -> Tensor:
    """Paint eyeballs, irises, the glint of the lamp, lashes and the crease of the lid over the skin."""
    below_lid = head.v - eyes.upper_lid
    lid_shadow = 0.45 + 0.55 * smoothstep(0, 0.055, below_lid)
    brightness = lit.total.clamp(max=1.3)

    roundness = 1 - 0.55 * (eyes.outwards / 0.24) ** 2 - 0.8 * ((head.v - eyes.height) / 0.16) ** 2
    white = rgb(0.74, 0.69, 0.66, image) * (roundness.clamp(0.3, 1) * lid_shadow * (0.22 + 0.78 * brightness))

    from_iris_x = eyes.outwards * head.u.sign() - pose.gaze_x
    from_iris_y = head.v - (eyes.height - 0.012 + pose.gaze_y)
    radius = (from_iris_x**2 + from_iris_y**2).sqrt()
    ring = radius * (1 / IRIS_RADIUS)
    tone = (0.6 + 0.7 * ring) * (1 - 0.65 * smoothstep(0.78, 1.0, ring))
    iris = from_palette(IRISES, looks.iris) * (tone * lid_shadow * (0.3 + 0.7 * brightness))
    iris = iris * (1 - 0.93 * canvas.cover(radius - PUPIL_RADIUS))
    eyeball = over(white, iris, canvas.cover(radius - IRIS_RADIUS))
    eyeball = eyeball + rgb(0.10, 0.0, 0.0, image) * bell((eyes.along + 1) / 0.12)  # the pink inner corner

    glint_x = from_iris_x - 0.03 * light.azimuth.sign()
    glint = canvas.cover((glint_x**2 + (from_iris_y + 0.032) ** 2).sqrt() - 0.017)
    eyeball = eyeball + 0.75 * light.key * glint
    return over(image, eyeball, eyes.opening)


def lash_lines(eyes: Eyes, head: Head, canvas: Canvas, looks: Looks, au: dict[int, Tensor]) -> Tensor:
    """The factor by which lashes and lid creases darken what they cover, 1 elsewhere."""
    within = canvas.cover((eyes.along.abs() - 1.03) * eyes.half_width, softness=1.5)
    blur = 0.45 * canvas.pixel  # a line thinner than a pixel is drawn one pixel wide
    below_upper = head.v - eyes.upper_lid
    lashes = bell((below_upper + 0.006) / (0.012 + 0.008 * looks.makeup + blur)) * (0.72 + 0.2 * looks.makeup)
    lower = 0.28 * bell((head.v - eyes.lower_lid - 0.004) / (0.008 + blur))
    crease_height = 0.045 + 0.03 * au[5] - 0.028 * au[4]
    crease = 0.42 * bell((below_upper + crease_height) / (0.009 + blur)) * eyes.arch
    return (1 - lashes * within) * (1 - lower * within) * (1 - crease)


@dataclass(frozen=True)
class Brows:
    centre: Tensor  # height v of the brow's middle line
    coverage: Tensor
    rest: Tensor  # (N, 1, 1, 1) height of the relaxed brow


def brow_outlines(bones: Bones, head: Head, canvas: Canvas, au: dict[int, Tensor]) -> Brows:
    """Where the brows are. AU1 raises the inner end, AU2 the outer, AU4 lowers and joins them, AU9 pulls them down."""
    along = (head.u.abs() - eye_centre(bones)) * (1 / BROW_HALF_LENGTH)  # -1 inner end .. 1 outer end
    inner = (0.5 - 0.5 * along).clamp_(0, 1.2)
    outer = (0.5 + 0.5 * along).clamp_(0, 1.2)
    rest = -0.255 + bones.brow_height + bones.eye_height
    arch = 0.055 * (1 + 8 * bones.brow_arch) * (1 - along * along).clamp_(min=-0.6)
    raised = au[1] * (0.125 * inner * inner.sqrt()) + au[2] * (0.12 * outer)
    lowered = au[4] * (0.125 * inner + 0.045) + au[9] * (0.05 * inner) + au[6] * (0.02 * outer)
    centre = rest - arch + 0.03 * outer * along.clamp(min=0) - raised + lowered
    start = -1.02 - 0.20 * au[4]
    ends = smoothstep(start, start + 0.25, along) * smoothstep(1.12, 0.8, along)
    thickness = (0.042 + bones.brow_thickness) * (1 - 0.45 * outer.clamp(max=1))
    return Brows(centre, canvas.cover((head.v - centre).abs() - thickness, softness=1.8) * ends, rest)
