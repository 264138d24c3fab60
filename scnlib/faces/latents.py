"""What there is to know about a rendered face: every latent, its meaning, its range, and how it is drawn.

``Latents`` is one flat record of tensors whose first axis counts faces; it is written in parts (the head, its looks,
the pose, ...) so that each can be read on its own. Lengths are in *head units*: the half width of an average head is
about 0.9, x points to the right of the image, y down, z towards the camera. "Left" is the left of the image.
"""

import dataclasses
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.faces.action_units import ACTION_UNITS, CLASSES, STRONGEST, class_names, display, mix_expressions
from scnlib.faces.draws import Draws

RENDERER_VERSION = "1"  # raise it whenever the same latents give other pixels, or the same seed other latents

OCCLUDERS = ("none", "sunglasses", "patch", "hand", "mask")
_OCCLUDER_SHARES = {"sunglasses": 0.20, "patch": 0.35, "hand": 0.30, "mask": 0.15}  # among faces that have one


@dataclass(frozen=True)
class Preset:
    """How difficult a set of faces is."""

    intensity: tuple[float, float]  # lowest and highest intensity of the expression
    ambiguous: float  # probability that a second expression is mixed in
    largest_mix: float  # the largest share of the second expression (the smallest is 0.1)
    occluded: float  # probability of an occluder
    degradation: float  # 0 = clean pictures, 1 = every kind of degradation is common
    distractors: float  # 0.4 times this is the probability of each action unit to be lightly active for no reason
    jitter: float  # standard deviation of the relative strength of each action unit
    asymmetry: float  # 0.6 times this is that of the difference between the sides of the face
    pose: float  # scale of head turns, gaze and misplacement


PRESETS = {
    "easy": Preset((0.6, 1.0), 0.0, 0.0, 0.0, 0.0, 0.0, 0.10, 0.10, 0.5),
    "default": Preset((0.5, 1.0), 0.10, 0.30, 0.06, 0.35, 0.05, 0.12, 0.12, 0.6),
    "medium": Preset((0.5, 1.0), 0.15, 0.35, 0.10, 0.5, 0.1, 0.15, 0.15, 0.7),
    "hard": Preset((0.3, 1.0), 0.30, 0.45, 0.25, 1.0, 0.25, 0.20, 0.20, 1.0),
}


@dataclass(frozen=True)
class Crop:
    """How much of the picture the face fills."""

    zoom: tuple[float, float]  # half the side of the picture, in head units
    raised: float  # how far the face is moved up, as a share of half the side


CROPS = {
    "tight": Crop((0.98, 1.12), 0.20),  # eyebrows to chin: what a network is trained on
    "loose": Crop((1.25, 1.50), 0.0),  # the whole head: what a face detector needs
}


@dataclass(frozen=True)
class Expression:
    """What the face shows."""

    label: Tensor  # int64, index into the class names: the expression that dominates
    intensity: Tensor  # 0 neutral .. 1 full
    second_class: Tensor  # int64, the expression mixed in
    mix: Tensor  # share of the second expression, 0 for an unambiguous face
    action_units: Tensor  # (N, 16, 2): activation 0..1.3 of each of ACTION_UNITS on the left and right of the image


@dataclass(frozen=True)
class Bones:
    """The shape of the head and its features at rest, as differences from an average face."""

    head_width: Tensor
    head_height: Tensor
    jaw_width: Tensor
    cheek_width: Tensor
    chin_length: Tensor
    chin_cleft: Tensor  # a dimple in the chin where positive
    eye_spacing: Tensor
    eye_height: Tensor  # positive is lower
    eye_width: Tensor
    eye_opening: Tensor
    eye_tilt: Tensor  # positive: the outer corners are higher
    nose_length: Tensor
    nose_width: Tensor
    nose_height: Tensor  # how far it protrudes
    mouth_height: Tensor  # positive is lower
    mouth_width: Tensor
    mouth_rest: Tensor  # positive: the corners hang in a neutral face
    upper_lip: Tensor
    lower_lip: Tensor
    brow_height: Tensor  # positive is lower
    brow_thickness: Tensor
    brow_arch: Tensor


@dataclass(frozen=True)
class Looks:
    """Skin, hair and what people do to their faces. Flags are 0.0 or 1.0."""

    skin: Tensor  # 0 palest .. 1 darkest
    age: Tensor  # 0 young .. 1 old
    masculine: Tensor  # flag
    makeup: Tensor  # 0..1
    iris: Tensor  # 0 dark brown .. 1 blue
    hair_colour: Tensor  # 0 black .. 1 light grey, along a palette
    hair_grey: Tensor  # share of grey that age has brought
    hair_volume: Tensor
    hairline: Tensor  # height of the hairline in the middle of the forehead
    parting: Tensor
    bald: Tensor  # flag
    long_hair: Tensor  # flag
    fringe: Tensor  # flag
    beard: Tensor  # density
    moustache: Tensor  # density
    stubble: Tensor  # density
    glasses: Tensor  # flag
    glasses_roundness: Tensor
    glasses_grey: Tensor  # grey value of the frame
    glasses_thickness: Tensor


@dataclass(frozen=True)
class Pose:
    """Where the head is and where it looks. Angles in radians."""

    yaw: Tensor  # positive: the nose points to the right of the image
    pitch: Tensor  # positive: the nose points down
    roll: Tensor  # positive: the crown tips to the right of the image, clockwise
    zoom: Tensor  # half the side of the picture in head units
    shift_x: Tensor  # place of the head, as a share of half the side
    shift_y: Tensor
    gaze_x: Tensor  # place of the pupils within the eyes
    gaze_y: Tensor


@dataclass(frozen=True)
class Light:
    """One lamp, the light from everywhere else, and the camera's exposure."""

    azimuth: Tensor  # radians, positive: from the right
    elevation: Tensor  # radians above the horizon
    key: Tensor  # strength of the lamp
    ambient: Tensor  # strength of the rest
    warmth: Tensor  # colour of the lamp: positive is reddish
    shine: Tensor  # how much the skin glistens
    exposure: Tensor


@dataclass(frozen=True)
class Scene:
    """What is behind the head and below it."""

    background_from: Tensor  # (N, 3) the two colours that the background is made of
    background_to: Tensor  # (N, 3)
    background_saturation: Tensor
    background_blocks: Tensor  # flag: square patches
    clothes: Tensor  # (N, 3)


@dataclass(frozen=True)
class Occluder:
    """What hides a part of the face."""

    occluder_kind: Tensor  # int64, index into OCCLUDERS
    occluder_x: Tensor
    occluder_y: Tensor
    occluder_size: Tensor
    occluder_turn: Tensor  # 0..1
    occluder_colour: Tensor  # (N, 3)


@dataclass(frozen=True)
class Quality:
    """What is wrong with the picture."""

    blur: Tensor  # standard deviation in pixels of a 48-pixel picture; 0 = sharp
    shrink: Tensor  # the picture was once smaller by this factor; 1 = never
    grey: Tensor  # flag: no colour
    contrast: Tensor  # factor, 1 = unchanged
    brightness: Tensor  # added, 0 = unchanged
    gamma: Tensor  # exponent, 1 = unchanged
    grain: Tensor  # amplitude of the sensor's noise, 0 = none
    compression: Tensor  # coarseness of a JPEG-like compression; 0 = none


@dataclass(frozen=True)
class Latents(Quality, Occluder, Scene, Light, Pose, Looks, Bones, Expression):  # fields count from the last
    """Everything that determines N rendered faces; see the parts for the meaning of each field.

    ``len(latents)`` is N; ``latents[3:5]``, ``latents[tensor]`` and ``latents[2]`` select faces (an integer keeps the
    first axis, as one face).
    """

    texture_key: Tensor  # (N,) int64: keys the noise in skin, hair, background and sensor

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, which: slice | Tensor | int) -> "Latents":
        if isinstance(which, int):
            which = range(len(self))[which]  # raises IndexError, and counts negative ones from the end
            which = slice(which, which + 1)
        return Latents(**{name: value[which] for name, value in self.to_dict().items()})

    def to_dict(self) -> dict[str, Tensor]:
        """The fields by name: a flat dict of tensors, each ``(N, ...)``."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @staticmethod
    def from_dict(values: Mapping[str, Tensor]) -> "Latents":
        """The inverse of ``to_dict``.

        Raises:
            ValueError: if a field is missing or unknown.
        """
        missing = [name for name in LATENT_NAMES if name not in values]
        unknown = [name for name in values if name not in LATENT_NAMES]
        if missing or unknown:
            raise ValueError(f"these are not the latents of faces: missing {missing}, unknown {unknown}")
        return Latents(**values)

    def replace(self, **values: float | Tensor) -> "Latents":
        """The same faces with some latents replaced: one value for all faces, or one for each.

        ``latents.replace(yaw=0.3)`` turns the heads; ``latents.replace(action_units=...)`` is a face editor. The
        label does not follow: who replaces action units decides what they mean.

        Raises:
            ValueError: if a name is unknown or a value does not fit.
        """
        unknown = [name for name in values if name not in LATENT_NAMES]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a latent; there are: {', '.join(LATENT_NAMES)}")
        fitted = {name: _fit(name, value, getattr(self, name)) for name, value in values.items()}
        return dataclasses.replace(self, **fitted)

    def to(self, device: torch.device | str) -> "Latents":
        """The same latents on another device; rendering happens where the latents are."""
        return Latents(**{name: value.to(device) for name, value in self.to_dict().items()})

    def as_fields(self) -> "Latents":
        """Each number as ``(N, 1, 1, 1)`` and each colour as ``(N, 3, 1, 1)``, to be mixed with images."""
        as_they_are = ("action_units", "texture_key")
        fields = {name: _as_field(value) for name, value in self.to_dict().items() if name not in as_they_are}
        return dataclasses.replace(self, **fields)


LATENT_NAMES = tuple(field.name for field in dataclasses.fields(Latents))


def _as_field(value: Tensor) -> Tensor:
    return value.view(len(value), -1, 1, 1)


def sample_latents(
    seed: int,
    indices: Tensor | range | list[int],
    preset: str | Preset = "default",
    *,
    num_classes: int = 8,
    crop: str = "tight",
    **fixed: float | Tensor,
) -> Latents:
    """Draw the latents of some faces of an endless data set.

    Face ``index`` of ``seed`` is the same face in every call, order, process and machine, bit for bit. The drawing
    happens on the CPU; ``latents.to("cuda")`` moves the result.

    Args:
        seed: which data set.
        indices: which of its faces, N integers; an index may repeat.
        preset: a name in ``PRESETS``, or a ``Preset`` of your own.
        num_classes: 8, labels into ``CLASSES``; or 7, labels into ``CLASSES_7`` (as in RAF-DB, without contempt).
        crop: "tight" (eyebrows to chin) or "loose" (whole head).
        fixed: latents to pin instead of drawing them, by name: one value for all, or one for each face. The rest of
            each face stays what it was, so that ``indices=[7] * 8, label=range(8)`` is one person in eight moods.
            Pinned ``action_units`` are taken as they are, whatever the label; ``(16,)`` is meant for both sides.

    Returns:
        Latents of N faces, on the CPU.

    Raises:
        ValueError: if a preset, crop, number of classes or latent is unknown, or a pinned value does not fit.
    """
    names = class_names(num_classes)
    preset, crop = _named(PRESETS, preset, "preset"), _named(CROPS, crop, "crop")
    draws = Draws(int(seed), _as_indices(indices))
    sheet = _Sheet(fixed)
    _draw_expression(sheet, draws, preset, names)
    _draw_bones(sheet, draws)
    _draw_looks(sheet, draws)
    _draw_pose(sheet, draws, preset, crop)
    _draw_light(sheet, draws)
    _draw_scene(sheet, draws)
    _draw_occluder(sheet, draws, preset)
    _draw_quality(sheet, draws, preset)
    sheet.note("texture_key", draws.key("textures"))
    sheet.refuse_what_was_not_asked_for()
    return Latents(**sheet.noted)


def latents_sha256(latents: Latents) -> str:
    """The identity of some rendered faces: SHA-256 of ``RENDERER_VERSION`` and of every latent's name and bytes.

    Pixels may differ in the last bit from machine to machine; latents do not.
    """
    digest = hashlib.sha256(f"faces {RENDERER_VERSION}\n".encode())
    for name, value in latents.to_dict().items():
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


class _Sheet:
    """The latents drawn so far. Pinned ones take the place of drawn ones before other latents follow from them."""

    def __init__(self, fixed: Mapping[str, float | Tensor]):
        self.fixed = fixed
        self.noted: dict[str, Tensor] = {}

    def note(self, name: str, drawn: Tensor) -> Tensor:
        self.noted[name] = _fit(name, self.fixed[name], drawn) if name in self.fixed else drawn
        return self.noted[name]

    def refuse_what_was_not_asked_for(self) -> None:
        for name in self.fixed:
            if name not in self.noted:
                raise ValueError(f"{name!r} is not a latent; there are: {', '.join(LATENT_NAMES)}")


# What a latent may be where not every number makes sense; the others need only be finite.
_RANGES = {
    "label": (0, len(CLASSES) - 1),
    "second_class": (0, len(CLASSES) - 1),
    "intensity": (0, 1),
    "mix": (0, 1),
    "action_units": (0, STRONGEST),
    "occluder_kind": (0, len(OCCLUDERS) - 1),
    "yaw": (-1, 1),  # beyond, the ray-cast still works but hair, ears and neck do not follow
    "pitch": (-1, 1),
    "zoom": (0.3, 10),
    "blur": (0, 10),
    "shrink": (1, 20),
}


def _fit(name: str, value: float | Tensor, like: Tensor) -> Tensor:
    """A pinned value in the shape and type of the drawn one.

    Raises:
        ValueError: naming the latent and the value, if it has another shape, is not finite, or is out of range.
    """
    value = torch.as_tensor(value).to(like)
    if name == "action_units" and value.shape in (like.shape[1:2], like.shape[:2]):
        value = value[..., None]  # one activation for both sides
    if value.dim() == 1 and like.dim() == 2 and len(value) != like.shape[1]:
        value = value[:, None]  # one number for each face: a grey
    try:
        value = value.expand(like.shape).clone()
    except RuntimeError:
        shapes = f"{tuple(like.shape)}, got {tuple(value.shape)}"
        raise ValueError(f"{name} must be one value or have shape {shapes}") from None
    if value.is_floating_point() and not value.isfinite().all():
        raise ValueError(f"{name} must be finite, got {value[~value.isfinite()][0].item()}")
    low, high = _RANGES.get(name, (-math.inf, math.inf))
    outside = (value < low) | (value > high)
    if outside.any():
        raise ValueError(f"{name} must be in {low}..{high}, got {value[outside][0].item():g}")
    return value


def _named(options: dict, choice, kind: str):
    """``options[choice]`` for a name; anything that is no name is taken to be the thing itself."""
    if not isinstance(choice, str):
        return choice
    if choice not in options:
        raise ValueError(f"{kind} must be one of {', '.join(options)}, got {choice!r}")
    return options[choice]


def _as_indices(indices: Tensor | range | list[int]) -> Tensor:
    indices = torch.as_tensor(indices if isinstance(indices, Tensor) else list(indices)).long().cpu()
    if indices.dim() != 1 or len(indices) == 0:
        raise ValueError(f"indices must be a row of at least one integer, got shape {tuple(indices.shape)}")
    return indices


def _draw_expression(sheet: _Sheet, draws: Draws, preset: Preset, names: tuple[str, ...]) -> None:
    count = len(names)
    label = sheet.note("label", (draws.uniform("label") * count).long())
    another = (draws.uniform("second class") * (count - 1)).long() + 1  # never the label itself
    second_class = sheet.note("second_class", (label + another) % count)
    intensity = sheet.note("intensity", draws.uniform("intensity", *preset.intensity))
    is_ambiguous = draws.chance("ambiguous", preset.ambiguous)
    mix = sheet.note("mix", is_ambiguous * draws.uniform("mix", 0.1, preset.largest_mix))
    for name, value in (("label", label), ("second_class", second_class)):
        if value.max() >= count:
            raise ValueError(f"{name} must be below num_classes = {count}, got {int(value.max())}")

    emotion = torch.tensor([CLASSES.index(name) for name in names])  # from this label set to CLASSES
    first = display(draws, emotion[label], preset.jitter)
    second = display(draws, emotion[second_class], preset.jitter)
    activation = mix_expressions(first, second, mix, intensity)
    activation = activation * _asymmetry(draws, preset) + _distractors(draws, preset)[:, :, None]
    sheet.note("action_units", activation.clamp(0, STRONGEST))


def _asymmetry(draws: Draws, preset: Preset) -> Tensor:
    """``(N, 16, 2)``: what one side gains, the other loses."""
    unit = torch.arange(len(ACTION_UNITS))
    difference = draws.normal("asymmetry", 0.6 * preset.asymmetry, limit=1.6, counters=(unit[None],))
    return torch.stack([1 + difference, 1 - difference], dim=2)


def _distractors(draws: Draws, preset: Preset) -> Tensor:
    """``(N, 16)``: muscles that are a little active without meaning anything."""
    names = [f"AU{unit} unprovoked" for unit in ACTION_UNITS]
    return torch.stack(
        [draws.chance(name, 0.4 * preset.distractors) * draws.uniform(f"{name} strength", 0, 0.35) for name in names],
        dim=1,
    )


_BONE_SPREAD = {  # standard deviations, in head units
    "head_width": 0.05,
    "head_height": 0.05,
    "jaw_width": 0.09,
    "cheek_width": 0.04,
    "chin_length": 0.04,
    "chin_cleft": 0.30,
    "eye_spacing": 0.025,
    "eye_height": 0.020,
    "eye_width": 0.016,
    "eye_opening": 0.012,
    "eye_tilt": 0.012,
    "nose_length": 0.035,
    "nose_width": 0.022,
    "nose_height": 0.040,
    "mouth_height": 0.030,
    "mouth_width": 0.035,
    "mouth_rest": 0.015,
    "upper_lip": 0.012,
    "lower_lip": 0.014,
    "brow_height": 0.025,
    "brow_thickness": 0.008,
    "brow_arch": 0.020,
}


def _draw_bones(sheet: _Sheet, draws: Draws) -> None:
    for name, spread in _BONE_SPREAD.items():
        sheet.note(name, draws.normal(name, spread))


def _draw_looks(sheet: _Sheet, draws: Draws) -> None:
    skin = sheet.note("skin", draws.uniform("skin"))
    age = draws.uniform("age")
    age = sheet.note("age", age * age.sqrt())  # fewer old faces than young ones
    masculine = sheet.note("masculine", draws.chance("masculine", 0.5).float())
    feminine = 1 - masculine
    dark = skin > 0.6
    sheet.note("makeup", feminine * draws.uniform("makeup"))
    sheet.note("iris", draws.uniform("iris") * torch.where(skin > 0.5, 0.3, 1.0))
    sheet.note("hair_colour", draws.uniform("hair colour") * torch.where(dark, 0.35, 1.0))
    sheet.note("hair_grey", ((age - 0.55) * 2.2).clamp(0, 0.9))
    sheet.note("hair_volume", draws.uniform("hair volume", 0.05, 0.24))
    sheet.note("hairline", draws.uniform("hairline", -0.92, -0.62))
    sheet.note("parting", draws.uniform("parting", -0.5, 0.5))
    bald = sheet.note("bald", masculine * draws.chance("bald", 0.14))
    sheet.note("long_hair", (1 - bald) * feminine * draws.chance("long hair", 0.6))
    sheet.note("fringe", (1 - bald) * draws.chance("fringe", 0.3))
    beard = sheet.note("beard", masculine * draws.chance("beard", 0.35) * draws.uniform("beard density", 0.25, 0.95))
    with_beard = beard * draws.chance("moustache with the beard", 0.8)
    alone = masculine * draws.chance("moustache alone", 0.12) * 0.8
    sheet.note("moustache", torch.maximum(with_beard, alone))
    sheet.note("stubble", masculine * draws.uniform("stubble", 0, 0.22))
    sheet.note("glasses", draws.chance("glasses", 0.18).float())
    sheet.note("glasses_roundness", draws.uniform("glasses roundness", 0.05, 0.19))
    sheet.note("glasses_grey", draws.uniform("glasses grey", 0.02, 0.35))
    sheet.note("glasses_thickness", draws.uniform("glasses thickness", 0.012, 0.030))


def _draw_pose(sheet: _Sheet, draws: Draws, preset: Preset, crop: Crop) -> None:
    # Hair, ears and neck do not turn with the head, so the yaw stays below half a radian.
    sheet.note("yaw", draws.normal("yaw", 0.24 * preset.pose, limit=2.0))
    sheet.note("pitch", draws.normal("pitch", 0.13 * preset.pose))
    sheet.note("roll", draws.normal("roll", 0.12 * preset.pose))
    sheet.note("zoom", draws.uniform("zoom", *crop.zoom))
    sheet.note("shift_x", draws.normal("shift x", 0.03 * preset.pose))
    sheet.note("shift_y", draws.normal("shift y", 0.03 * preset.pose) - crop.raised)
    sheet.note("gaze_x", draws.normal("gaze x", 0.022 * preset.pose))
    sheet.note("gaze_y", draws.normal("gaze y", 0.012 * preset.pose))


def _draw_light(sheet: _Sheet, draws: Draws) -> None:
    sheet.note("azimuth", draws.normal("azimuth", 0.6, limit=1.9) + 0.25)
    sheet.note("elevation", draws.uniform("elevation", 0.15, 1.0))
    sheet.note("key", draws.uniform("key", 0.75, 1.25))
    sheet.note("ambient", draws.uniform("ambient", 0.28, 0.60))
    sheet.note("warmth", draws.normal("warmth", 0.07))
    sheet.note("shine", draws.uniform("shine", 0.03, 0.15))
    sheet.note("exposure", draws.uniform("exposure", 0.78, 1.15))


def _draw_scene(sheet: _Sheet, draws: Draws) -> None:
    for name in ("background_from", "background_to", "clothes"):
        brightness = draws.colour(name)
        sheet.note(name, brightness * brightness.sqrt())  # towards the dark, where linear light looks even
    sheet.note("background_saturation", draws.uniform("background saturation", 0.05, 0.75))
    sheet.note("background_blocks", draws.chance("background blocks", 0.4).float())


def _draw_occluder(sheet: _Sheet, draws: Draws, preset: Preset) -> None:
    choice = draws.uniform("occluder choice")
    kind, reached = torch.zeros(len(choice), dtype=torch.long), 0.0
    for name, share in _OCCLUDER_SHARES.items():
        kind[choice >= reached] = OCCLUDERS.index(name)
        reached += share
    sheet.note("occluder_kind", kind * draws.chance("occluded", preset.occluded))
    sheet.note("occluder_x", draws.uniform("occluder x", -0.8, 0.8))
    sheet.note("occluder_y", draws.uniform("occluder y", -0.5, 1.2))
    sheet.note("occluder_size", draws.uniform("occluder size", 0.18, 0.40))
    sheet.note("occluder_turn", draws.uniform("occluder turn"))
    sheet.note("occluder_colour", draws.colour("occluder colour"))


def _draw_quality(sheet: _Sheet, draws: Draws, preset: Preset) -> None:
    amount = preset.degradation
    blurred, shrunk = draws.chance("blurred", 0.45 * amount), draws.chance("shrunk", 0.30 * amount)
    noisy, packed = draws.chance("noisy", 0.5 * amount), draws.chance("compressed", 0.5 * amount)
    sheet.note("blur", blurred * draws.uniform("blur", 0.25, 0.9) * amount)
    sheet.note("shrink", torch.where(shrunk, draws.uniform("shrink", 1.2, 2.0), 1.0))
    sheet.note("grey", draws.chance("grey", 0.1 * amount).float())
    sheet.note("contrast", 1 + draws.normal("contrast", 0.15 * amount))
    sheet.note("brightness", draws.normal("brightness", 0.05 * amount))
    sheet.note("gamma", 1 + draws.normal("gamma", 0.10 * amount))
    sheet.note("grain", noisy * draws.uniform("grain", 0.008, 0.040) * amount)
    sheet.note("compression", packed * draws.uniform("compression", 0.3, 1.0) * amount)
