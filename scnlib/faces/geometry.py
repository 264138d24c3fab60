"""Where things are: pixels to points on a head, and points on a head to pixels.

The head is an ellipsoid, met by one parallel ray for each pixel. Three coordinate systems take part:

    picture   shares of half the side, -1..1, as the latents' shift is given
    canvas    (x, y) in head units, upright with the head (roll undone), origin between the eyes
    head      (u, v) in head units, fixed to the skin: u = 0 is the middle of the face, v = 0 the height of the eyes

A feature is a formula in (u, v), so it turns with the head and foreshortens towards the rim by itself.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.faces.action_units import COLUMN
from scnlib.faces.fields import bell, smoothstep
from scnlib.faces.latents import Bones, Looks, Pose

EYES_BELOW_CENTRE = -0.12  # the eyes lie this much above the centre of the head's place in the picture
FRINGE_LENGTH = 0.22  # ends above the brows, since they tell half of the expressions
DEPTH = 1.05  # half axis of the head towards the camera


def both_sides(action_units: Tensor) -> dict[int, Tensor]:
    """Each action unit's mean over the two sides of the face, ``(N, 1, 1, 1)``, by its number."""
    mean = action_units.mean(dim=2)
    return {unit: mean[:, column].view(-1, 1, 1, 1) for unit, column in COLUMN.items()}


@dataclass(frozen=True)
class Canvas:
    """The picture's pixels in head units: ``x`` and ``y`` are fields, ``pixel`` the distance between neighbours."""

    x: Tensor
    y: Tensor
    pixel: Tensor  # (N, 1, 1, 1)

    def cover(self, distance: Tensor, softness: float = 1.0) -> Tensor:
        """How much of each pixel lies inside a shape, given the signed distance to its edge (negative inside)."""
        return (distance * (-1 / (1.4 * softness * self.pixel))).add_(0.5).clamp_(0, 1)

    def resolves(self, detail: float) -> Tensor:
        """0..1: whether the pixels are fine enough for a pattern of that size; finer ones must fade, or they alias."""
        return (detail / self.pixel - 1).clamp(0, 1)


def make_canvas(pose: Pose, side: int) -> Canvas:
    """The canvas of ``side`` x ``side`` pixels: shifted, zoomed and rolled by the pose.

    Args:
        pose: numbers as ``(N, 1, 1, 1)``.
    """
    place = (torch.arange(side, device=pose.zoom.device) + 0.5) * (2 / side) - 1
    across = (place.view(1, 1, 1, side) - pose.shift_x) * pose.zoom
    down = (place.view(1, 1, side, 1) - pose.shift_y) * pose.zoom
    cosine, sine = torch.cos(pose.roll), torch.sin(pose.roll)
    x = cosine * across + sine * down
    y = cosine * down - sine * across - EYES_BELOW_CENTRE
    return Canvas(x, y, pixel=2 * pose.zoom / side)


@dataclass(frozen=True)
class Ellipsoid:
    """The half axes of a head (``DEPTH`` is the third). Its lower half is longer than the upper."""

    half_width: Tensor
    crown: Tensor
    chin: Tensor

    def half_height(self, y: Tensor) -> Tensor:
        return self.crown + (self.chin - self.crown) * (y > 0)


def head_ellipsoid(bones: Bones, jaw_drop: Tensor) -> Ellipsoid:
    return Ellipsoid(
        half_width=0.89 + bones.head_width,
        crown=1.22 + bones.head_height,
        chin=1.27 + bones.head_height + bones.chin_length + 0.17 * jaw_drop,
    )


def contour(bones: Bones, y: Tensor) -> Tensor:
    """How much wider than the ellipsoid the head is at height ``y``: cheeks, jaw, and a narrower chin."""
    jaw = (0.03 + bones.jaw_width) * bell((y - 0.85) / 0.35)
    cheeks = bones.cheek_width * bell((y - 0.35) / 0.30)
    return 1 + jaw + cheeks - 0.05 * bell((y - 1.3) / 0.25)


def hairline(looks: Looks) -> Tensor:
    """Height ``v`` at which the hair ends in the middle of the forehead, with or without a fringe."""
    return looks.hairline + FRINGE_LENGTH * looks.fringe


def protrusion(bones: Bones, nose_wrinkle: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """How far the nose and the mouth stand out of the ellipsoid at (u, v): enough to shift and hide what is behind."""
    return nose(bones, nose_wrinkle, u, v) + 0.05 * bell(u / 0.4, (v - 0.78) / 0.2)


def nose_tip(bones: Bones, nose_wrinkle: Tensor) -> Tensor:
    """Height ``v`` of the tip of the nose; wrinkling (AU9) lifts it."""
    return 0.47 + bones.nose_length - 0.035 * nose_wrinkle


def nose_half_width(bones: Bones) -> Tensor:
    return 0.132 + bones.nose_width


def nose(bones: Bones, nose_wrinkle: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """The relief of the nose: a ridge that rises towards the tip, a ball, and the two wings."""
    tip, half_width = nose_tip(bones, nose_wrinkle), nose_half_width(bones)
    along = (v + 0.08) / (tip + 0.08)  # 0 at the root, 1 at the tip
    rise = smoothstep(0, 1.05, along) * smoothstep(tip + 0.13, tip, v)
    ridge = bell(u / (half_width * (0.62 + 0.38 * along.clamp(0, 1.1))))
    ball = bell(u / (half_width * 0.8), (v - tip) / 0.09)
    wings = bell((u.abs() - half_width * 1.12) / 0.062, (v - tip - 0.015) / 0.065)
    height = 0.8 * (0.27 + bones.nose_height)
    return height * rise * ridge + 0.05 * ball + (0.075 + 0.03 * nose_wrinkle) * wings


@dataclass(frozen=True)
class Head:
    """The head as the pixels see it."""

    u: Tensor
    v: Tensor
    right: Tensor  # 0 on the left of the face, 1 on the right, a soft step between
    mask: Tensor  # coverage
    rim: Tensor  # 0 in the middle of the disc, 1 at the silhouette
    normal: tuple[Tensor, Tensor, Tensor]  # of the bare ellipsoid, unit length, in picture axes: right, down, to us
    turn: Tensor  # (N, 1, 1, 1) sine of the yaw


def cast_head(bones: Bones, pose: Pose, both: dict[int, Tensor], canvas: Canvas) -> Head:
    """Meet the head with one ray for each pixel.

    In axes fixed to the head, the ray through a pixel is o + t d; dividing each axis by the ellipsoid's half axis
    makes the head a unit sphere, and the first meeting the larger root of a quadratic equation in t:

        |d|^2 t^2 + 2 (o.d) t + |o|^2 - 1 = 0,    rim^2 = |o|^2 - (o.d)^2 / |d|^2

    where ``rim`` is the distance of the ray from the sphere's centre. Rays that miss get the nearest point of theirs.
    """
    ellipsoid = head_ellipsoid(bones, jaw_drop=both[26])
    widening = contour(bones, canvas.y)
    axes = (ellipsoid.half_width, ellipsoid.half_height(canvas.y), DEPTH)
    to_head = _rotation(pose)  # rows: the head's axes in the canvas's
    squeezed = canvas.x / widening
    origin = [squeezed * row[0] + canvas.y * row[1] for row in to_head]
    direction = [row[2] for row in to_head]

    sphere_origin = [o / axis for o, axis in zip(origin, axes, strict=True)]
    sphere_direction = [d / axis for d, axis in zip(direction, axes, strict=True)]
    direction_squared = _dot(sphere_direction, sphere_direction)
    closest = -_dot(sphere_origin, sphere_direction) / direction_squared  # t of the point nearest to the centre
    rim_squared = _dot(sphere_origin, sphere_origin) - closest * closest * direction_squared
    hit = closest + ((1 - rim_squared).clamp(min=0) / direction_squared).sqrt()
    point = [o + d * hit for o, d in zip(origin, direction, strict=True)]
    rim = rim_squared.clamp(min=0).sqrt()

    u, v = _look_past_protrusions(bones, both[9], point[0] * widening, point[1], direction)
    outward = _normalise([p / (axis * axis) for p, axis in zip(point, axes, strict=True)])
    return Head(
        u=u,
        v=v,
        right=torch.sigmoid(u * 20),
        mask=canvas.cover((rim - 1) * ellipsoid.half_width, softness=1.2),
        rim=rim,
        normal=_to_picture(outward, to_head, pose.roll),
        turn=torch.sin(pose.yaw),
    )


@dataclass(frozen=True)
class Spot:
    """A place on the skin in head coordinates."""

    u: Tensor
    v: Tensor


def to_pixels(bones: Bones, pose: Pose, both: dict[int, Tensor], spot: Spot, size: int) -> tuple[Tensor, Tensor]:
    """Where a spot of the skin is seen: the way back of ``cast_head`` and ``make_canvas``.

    The head's contour is a function of the height at which a spot is *seen*, which is what we are looking for; three
    rounds from the height it has in front view settle that.
    """
    ellipsoid = head_ellipsoid(bones, jaw_drop=both[26])
    to_head = _rotation(pose)
    outwards = protrusion(bones, both[9], spot.u, spot.v)
    y = spot.v
    for _ in range(3):
        widening = contour(bones, y)
        across, down = spot.u / widening / ellipsoid.half_width, spot.v / ellipsoid.half_height(y)
        forward = DEPTH * (1 - across * across - down * down).clamp(min=0).sqrt() + outwards
        point = (spot.u / widening, spot.v, forward)
        x, y = (sum(point[i] * to_head[i][axis] for i in range(3)) for axis in (0, 1))
    x, y = x * widening, y + EYES_BELOW_CENTRE
    cosine, sine = torch.cos(pose.roll), torch.sin(pose.roll)
    across, down = cosine * x - sine * y, sine * x + cosine * y
    return (across / pose.zoom + pose.shift_x + 1) * (size / 2), (down / pose.zoom + pose.shift_y + 1) * (size / 2)


def _look_past_protrusions(bones: Bones, nose_wrinkle: Tensor, u0: Tensor, v0: Tensor, direction: list[Tensor]):
    """Parallax: where the skin stands out by h, a slanted ray meets it h * slope beside where it meets the ellipsoid.

    The height depends on the place and the place on the height; two rounds settle it.
    """
    u, v = u0, v0
    for _ in range(2):
        height = protrusion(bones, nose_wrinkle, u, v)
        u, v = u0 + height * (direction[0] / direction[2]), v0 + height * (direction[1] / direction[2])
    return u, v


def _rotation(pose: Pose) -> list[tuple[Tensor, Tensor, Tensor]]:
    """The rotation by yaw, then pitch: row i holds the head's axis i (right, down, forward) in canvas axes."""
    cos_yaw, sin_yaw = torch.cos(pose.yaw), torch.sin(pose.yaw)
    cos_pitch, sin_pitch = torch.cos(pose.pitch), torch.sin(pose.pitch)
    return [
        (cos_yaw, -sin_yaw * sin_pitch, -sin_yaw * cos_pitch),
        (torch.zeros_like(cos_yaw), cos_pitch, -sin_pitch),
        (sin_yaw, cos_yaw * sin_pitch, cos_yaw * cos_pitch),
    ]


def _to_picture(vector: list[Tensor], rotation: list, roll: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A direction in head axes, in the axes of the picture: undo the rotation, then apply the roll."""
    x, y, z = (sum(vector[i] * rotation[i][axis] for i in range(3)) for axis in range(3))
    cosine, sine = torch.cos(roll), torch.sin(roll)
    return cosine * x - sine * y, sine * x + cosine * y, z


def _dot(a: list[Tensor], b: list[Tensor]) -> Tensor:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _normalise(vector: list[Tensor]) -> list[Tensor]:
    scale = _dot(vector, vector).clamp(min=1e-6).rsqrt()
    return [component * scale for component in vector]
