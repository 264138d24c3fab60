"""Faces to touch: what a run's network answers when an expression is mixed or a muscle is pulled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from scnlib import plots
from scnlib.course.explore import Choice, Control, Range
from scnlib.course.measures import opinion
from scnlib.faces import CLASSES, render, sample_latents
from scnlib.faces.action_units import ACTION_UNITS, COLUMN, PROTOTYPES
from scnlib.faces.latents import Latents
from scnlib.faces.renderer import expose, paint
from scnlib.models import normalize
from scnlib.run_folder import Run

PAIRS = (("happiness", "surprise"), ("anger", "disgust"), ("sadness", "fear"))
PEOPLE = {"person 1": 1, "person 2": 2, "person 3": 7, "person 4": 12}
SEED = 5  # of the people, who are in no training set
UNITS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)  # those that tell most, and few enough for one screen
AT_FIRST = PROTOTYPES["happiness"]


@dataclass(frozen=True)
class Mixture:
    """One person's way from one expression to another, and what a network answers on it.

    Attributes:
        shares: ``(S,)`` of the second expression, 0 to 1.
        images: uint8 ``(S, 3, size, size)``.
        answers: name -> ``(S,)``: probabilities of both expressions and of the likeliest other, alpha if there is one.
    """

    shares: np.ndarray
    images: Tensor
    answers: dict[str, np.ndarray]


def mixtures(
    run: Run, pairs: Sequence[tuple[str, str]] = PAIRS, steps: int = 21, person: int = 1
) -> dict[str, Mixture]:
    """Mix expressions in equal steps on one clean face of full strength, and ask the run's last network about each.

    Returns:
        "first → second" -> its mixture.
    """
    names, shares, found = list(run.manifest["class_names"]), torch.linspace(0, 1, steps), {}
    for first, second in pairs:
        emotions = {"label": CLASSES.index(first), "second_class": CLASSES.index(second)}
        plain = {"intensity": 1.0, "glasses": 0.0, "occluder_kind": 0}
        images = render(
            sample_latents(SEED, [person] * steps, "easy", mix=shares, **emotions, **plain), run.config.size
        )
        logits, alpha = opinion(run, images)
        probabilities = run.config.method.probabilities(logits, alpha).numpy()
        own = [names.index(first), names.index(second)]
        answers = {first: probabilities[:, own[0]], second: probabilities[:, own[1]]}
        answers["likeliest other"] = np.delete(probabilities, own, axis=1).max(1)
        if alpha is not None:
            answers["α"] = alpha.numpy()
        found[f"{first} → {second}"] = Mixture(shares.numpy(), images, answers)
    return found


def muscles() -> dict[str, Control]:
    """The controls of ``face_editor``: who, and a slider for each of ``UNITS``, set to a smile."""
    sliders = {f"au{unit}": Range(ACTION_UNITS[unit], 0.0, 1.0, 0.05, AT_FIRST.get(unit, 0.0)) for unit in UNITS}
    return {"person": Choice("who", tuple(PEOPLE)), **sliders}


def face_editor(run: Run, note: str = "") -> Callable[..., Figure]:
    """A function that draws a face with its muscles pulled as asked, and the answer of the run's last network to it.

    Returns:
        ``draw(person, au1=..., au2=..., ...)``, a word of ``PEOPLE`` and strengths in 0..1; units not named are 0.
    """
    network, method, names = run.network(), run.config.method, run.manifest["class_names"]
    people = {word: _plain_face(index) for word, index in PEOPLE.items()}

    @torch.no_grad()
    def draw(person: str, **strengths: float) -> Figure:
        units = torch.zeros(len(ACTION_UNITS))
        for name, strength in strengths.items():
            units[COLUMN[int(name.removeprefix("au"))]] = strength
        image = picture(people[person].replace(action_units=units), run.config.size)
        logits, alpha = method.predict(network, normalize(image, run.config.normalization))
        probabilities = method.probabilities(logits, alpha)[0]
        return plots.face_and_answer(image[0], names, probabilities, None if alpha is None else float(alpha), note=note)

    return draw


@torch.no_grad()
def picture(latents: Latents, size: int) -> Tensor:
    """``render`` of few clean faces, without the filling up to a full chunk: one face in the time of one.

    Returns:
        uint8 ``(N, 3, size, size)``; a pixel may differ from ``render``'s by the last bit.
    """
    linear = torch.nn.functional.avg_pool2d(paint(latents, 2 * size), 2)
    return (expose(linear, latents) * 255).round().to(torch.uint8)


def _plain_face(index: int) -> Latents:
    return sample_latents(SEED, [index], "easy", label=0, glasses=0.0, occluder_kind=0, yaw=0.0, pitch=0.0)
