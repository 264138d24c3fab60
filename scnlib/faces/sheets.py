"""Rendered faces for lessons and for the committed figures."""

import torch
from torch import Tensor

from scnlib.faces import CLASSES, OCCLUDERS, render, sample_latents

STEPS = ("evident", "subtle", "low quality", "hidden", "ambiguous")

#: (the expression shown, the one mixed in at the last step).
PAIRS = (("happiness", "surprise"), ("anger", "disgust"))


def uncertainty_series() -> tuple[Tensor, list[str]]:
    """Figure 1 of SCN with rendered faces: for each of ``PAIRS`` one person in five steps of uncertainty.

    Returns:
        uint8 images ``(10, 3, 112, 112)``, row by row, and what each face really shows.
    """
    rows, texts = [], []
    for person, (first, second) in enumerate(PAIRS):
        latents = sample_latents(
            5, [person] * 5, "easy", label=CLASSES.index(first), second_class=CLASSES.index(second),
            intensity=torch.tensor([1.0, 0.3, 0.9, 0.9, 0.8]), mix=torch.tensor([0.0, 0.0, 0.0, 0.0, 0.5]),
            blur=torch.tensor([0.0, 0.0, 1.2, 0.0, 0.0]), shrink=torch.tensor([1.0, 1.0, 2.2, 1.0, 1.0]),
            grain=torch.tensor([0.0, 0.0, 0.02, 0.0, 0.0]), glasses=0.0,
            occluder_kind=torch.tensor([0, 0, 0, OCCLUDERS.index("hand"), 0]),
        )  # fmt: skip
        rows.append(render(latents, 112))
        texts += [first, f"{first}, faintly", first, first, f"{first} + {second}"]
    return torch.cat(rows), texts


def class_sheet(people: int = 3, seed: int = 11) -> tuple[Tensor, list[str]]:
    """Some people in all eight expressions: uint8 ``(people * 8, 3, 96, 96)``, row by row, and the class names."""
    sheets = [
        render(sample_latents(seed, [person] * 8, "easy", label=torch.arange(8), intensity=1.0, crop="loose"), 96)
        for person in range(people)
    ]
    return torch.cat(sheets), list(CLASSES) * people
