"""Expressions as muscles: which action units make which emotion, and how two expressions mix.

The Facial Action Coding System (Ekman and Friesen 1978) describes a face by the muscles that move: AU12 pulls the lip
corners up, AU4 draws the brows down and together. Here an emotion is a *prototype*, a strength for each action unit;
a person's way of showing it varies around the prototype, and half of an intensity is half of every muscle.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.faces.draws import Draws

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
CLASSES_7 = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")  # in the order of RAF-DB

ACTION_UNITS = {
    1: "inner brow raiser",
    2: "outer brow raiser",
    4: "brow lowerer",
    5: "upper lid raiser",
    6: "cheek raiser",
    7: "lid tightener",
    9: "nose wrinkler",
    10: "upper lip raiser",
    12: "lip corner puller",
    14: "dimpler",
    15: "lip corner depressor",
    17: "chin raiser",
    20: "lip stretcher",
    23: "lip tightener",
    25: "lips part",
    26: "jaw drop",
}
COLUMN = {unit: column for column, unit in enumerate(ACTION_UNITS)}  # AU number -> its column in a tensor
STRONGEST = 1.3  # activations are clamped to 0..1.3; 1 is a full, unposed display

PROTOTYPES = {
    "neutral": {},
    "happiness": {6: 0.9, 12: 1.0, 25: 0.75, 7: 0.2},
    "surprise": {1: 1.0, 2: 1.0, 5: 0.9, 25: 1.0, 26: 1.0},
    "sadness": {1: 1.0, 4: 0.65, 15: 1.0, 17: 0.6, 7: 0.25},
    "anger": {4: 1.0, 5: 0.35, 7: 0.8, 23: 1.0, 17: 0.25},
    "disgust": {9: 1.0, 10: 1.0, 17: 0.35, 4: 0.5, 7: 0.55, 6: 0.3, 25: 0.3},
    "fear": {1: 1.0, 2: 0.6, 4: 0.65, 5: 1.0, 20: 1.0, 25: 0.8, 26: 0.25},
    "contempt": {12: 0.75, 14: 1.0},
}

UNILATERAL = "contempt"  # the one emotion that shows on one side of the face
OTHER_SIDE = 0.04  # what is left of it on the other side


@dataclass(frozen=True)
class Variant:
    """Action units that join an expression in some people: with which probability, and how strongly at most."""

    units: tuple[int, ...]
    probability: float
    maximum: float


VARIANTS = {
    "neutral": (),
    "happiness": (Variant((26,), 0.3, 0.5), Variant((1, 2), 0.2, 0.4)),
    "surprise": (),
    "sadness": (Variant((25,), 0.2, 0.3), Variant((6,), 0.3, 0.5)),
    "anger": (Variant((10,), 0.3, 0.4), Variant((25,), 0.3, 0.5)),
    "disgust": (Variant((25,), 0.4, 0.6), Variant((15,), 0.3, 0.5)),
    "fear": (Variant((26,), 0.5, 0.6),),
    "contempt": (Variant((2,), 0.2, 0.4),),
}


def class_names(num_classes: int) -> tuple[str, ...]:
    """The label set of that size: ``CLASSES`` (8) or ``CLASSES_7`` (7, without contempt).

    Raises:
        ValueError: for any other number.
    """
    if num_classes not in (7, 8):
        raise ValueError(f"num_classes must be 8 (with contempt) or 7 (RAF-DB's, without), got {num_classes}")
    return CLASSES if num_classes == 8 else CLASSES_7


def prototype_table() -> Tensor:
    """``(8, 16)`` activations at intensity 1: a row for each of ``CLASSES``, a column for each action unit."""
    table = torch.zeros(len(CLASSES), len(ACTION_UNITS))
    for row, name in enumerate(CLASSES):
        for unit, activation in PROTOTYPES[name].items():
            table[row, COLUMN[unit]] = activation
    return table


def display(draws: Draws, emotion: Tensor, jitter: float) -> Tensor:
    """How each person shows an emotion at full intensity: the prototype, jittered, with the person's variants.

    The draws are keyed by (sample, emotion), so that a person smiles the same smile whether happiness is their first
    expression or the one mixed in.

    Args:
        draws: random numbers of N samples.
        emotion: ``(N,)`` rows of ``CLASSES``.
        jitter: standard deviation of the relative strength of each action unit.

    Returns:
        ``(N, 16, 2)`` activations; the last axis is the side of the image, left and right.
    """
    unit = torch.arange(len(ACTION_UNITS))
    strength = (1 + draws.normal("strength of a unit", jitter, counters=(emotion[:, None], unit))).clamp(0.3, 1.4)
    activation = prototype_table()[emotion] * strength
    for row, name in enumerate(CLASSES):
        for variant in VARIANTS[name]:
            key = f"{name} with AU{'+'.join(map(str, variant.units))}"
            shown = (emotion == row) & draws.chance(f"{key} occurs", variant.probability)
            extra = shown * draws.uniform(f"{key} strength", 0.2 * variant.maximum, variant.maximum)
            for unit_number in variant.units:
                column = activation[:, COLUMN[unit_number]]
                activation[:, COLUMN[unit_number]] = torch.maximum(column, extra)
    return activation[:, :, None] * _sides(draws, emotion)[:, None, :]


def _sides(draws: Draws, emotion: Tensor) -> Tensor:
    """``(N, 2)`` share of an expression that each side of the face shows: (1, 1), or one-sided for contempt."""
    on_the_left = draws.chance("contempt on the left", 0.5)
    chosen = torch.stack([on_the_left, ~on_the_left], dim=1)
    one_sided = (emotion == CLASSES.index(UNILATERAL))[:, None]
    return torch.where(one_sided & ~chosen, OTHER_SIDE, 1.0)


def mix_expressions(first: Tensor, second: Tensor, mix: Tensor, intensity: Tensor) -> Tensor:
    """The action units of a mixed expression.

        AU = intensity * ((1 - mix) * first + mix * second)

    Args:
        first, second: ``(N, 16, 2)`` activations at full intensity.
        mix: ``(N,)`` share of the second expression in [0, 1].
        intensity: ``(N,)``; 0 is a neutral face.

    Returns:
        ``(N, 16, 2)``.
    """
    mix, intensity = mix[:, None, None], intensity[:, None, None]
    return intensity * ((1 - mix) * first + mix * second)
