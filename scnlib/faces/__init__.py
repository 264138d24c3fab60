"""Rendered faces: a data set of facial expressions that needs no download and no consent.

Every face is computed from a seed and an index: its expression (as action units, possibly a mixture), identity, pose,
light and picture quality are known exactly. Faces may be pinned in one respect and drawn in all others, or edited.

    from scnlib.faces import render, sample_latents
    latents = sample_latents(seed=0, indices=[7] * 8, label=range(8), intensity=1.0)
    pictures = render(latents, size=144)   # one person, eight expressions
"""

from scnlib.faces.action_units import ACTION_UNITS, CLASSES, CLASSES_7
from scnlib.faces.landmarks import landmarks
from scnlib.faces.latents import (
    CROPS,
    OCCLUDERS,
    PRESETS,
    RENDERER_VERSION,
    Latents,
    Preset,
    latents_sha256,
    sample_latents,
)
from scnlib.faces.renderer import render, render_float

__all__ = [
    "ACTION_UNITS",
    "CLASSES",
    "CLASSES_7",
    "CROPS",
    "OCCLUDERS",
    "PRESETS",
    "RENDERER_VERSION",
    "Latents",
    "Preset",
    "landmarks",
    "latents_sha256",
    "render",
    "render_float",
    "sample_latents",
]
