"""The features that move: eyes, brows and mouth, outlined together."""

from dataclasses import dataclass

from torch import Tensor

from scnlib.faces.eyes import Brows, Eyes, brow_outlines, eye_outlines
from scnlib.faces.geometry import Canvas, Head
from scnlib.faces.latents import Bones
from scnlib.faces.mouth import Mouth, mouth_outlines


@dataclass(frozen=True)
class Features:
    eyes: Eyes
    brows: Brows
    mouth: Mouth


def outline_features(
    bones: Bones, head: Head, canvas: Canvas, au: dict[int, Tensor], both: dict[int, Tensor]
) -> Features:
    """Where the action units put the features, on this head.

    Args:
        au: each action unit as a field, with the left activation on the left of the face.
        both: its mean over the two sides, for muscles in the middle of the face.
    """
    return Features(
        eyes=eye_outlines(bones, head, canvas, au),
        brows=brow_outlines(bones, head, canvas, au),
        mouth=mouth_outlines(bones, head, canvas, au, both),
    )
