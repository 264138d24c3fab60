"""Films with rendered faces in them: scenes that move, with the truth known for every frame.

For whatever follows faces through time: who is there from when to when, where, and what the face shows, is computed and
not annotated. Nobody in these films exists.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.datasets.scenes import backgrounds, feather
from scnlib.faces import CLASSES, landmarks, render, sample_latents

_RENDERED = 96  # portraits are rendered at this size, then resampled to the one they have in the film


@dataclass(frozen=True)
class Actor:
    """One person in a film.

    Attributes:
        person: which one; the same number is the same person.
        shows: expressions, one after the other in equal parts of the film; each comes and goes.
        present: (from, to) in seconds, from included; there may be several such stretches.
        begin, end: (left, top) of the portrait at the first and at the last moment of the film, as shares of the room.
        side: of the portrait in pixels.
    """

    person: int
    shows: tuple[str, ...] = ("neutral",)
    present: tuple[tuple[float, float], ...] = ((0.0, math.inf),)
    begin: tuple[float, float] = (0.5, 0.5)
    end: tuple[float, float] = (0.5, 0.5)
    side: int = 120


@dataclass(frozen=True)
class Film:
    """T frames with A actors.

    Attributes:
        frames: uint8 ``(T, 3, H, W)``.
        times: float64 ``(T,)`` seconds.
        there: bool ``(T, A)``: who is in the picture.
        portraits: float32 ``(T, A, 4)``: left, top, right, bottom of each portrait, also of those who are away.
        points: float32 ``(T, A, 5, 2)``: as in ``scenes.Scenes``.
        labels: int64 ``(T, A)``: what each face shows.
    """

    frames: Tensor
    times: Tensor
    there: Tensor
    portraits: Tensor
    points: Tensor
    labels: Tensor


def render_film(
    seed: int, actors: Sequence[Actor], seconds: float, rate: float = 4, height: int = 180, width: int = 240
) -> Film:
    """Render a film: one background, and faces that move, change and come and go.

    Args:
        seed: of the people and of the background.
        actors: later ones stand before earlier ones.
        seconds: its length; frames are at 0, 1 / rate, ...
        rate: frames a second.
        height, width: in pixels.

    Raises:
        ValueError: a portrait does not fit into the picture, or an expression is unknown.
    """
    times = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    frames = backgrounds(seed, 1, height, width).expand(len(times), -1, -1, -1).clone()
    parts = [_played(actor, seed, times, seconds, frames) for actor in actors]
    there, portraits, points, labels = (torch.stack(column, dim=1) for column in zip(*parts, strict=True))
    return Film(frames.round_().clamp_(0, 255).to(torch.uint8), times, there, portraits, points, labels)


def _played(actor: Actor, seed: int, times: Tensor, seconds: float, frames: Tensor) -> tuple[Tensor, ...]:
    """Put one actor into the frames; where, what and when it is."""
    height, width = frames.shape[2:]
    if actor.side > min(height, width):
        raise ValueError(f"a portrait of {actor.side} pixels does not fit into {width} x {height}")
    for name in actor.shows:
        if name not in CLASSES:
            raise ValueError(f"unknown expression {name!r}; known: {', '.join(CLASSES)}")
    place = times / seconds * len(actor.shows)
    labels = torch.tensor([CLASSES.index(actor.shows[int(part)]) for part in place])
    strength = (0.35 + 0.65 * torch.sin(math.pi * (place % 1))).float()
    share = (times / seconds).float()[:, None]
    begin, end = (torch.tensor(place, dtype=torch.float32) for place in (actor.begin, actor.end))
    room = torch.tensor([width - actor.side, height - actor.side])
    corners = (begin.lerp(end, share) * room).round()
    latents = sample_latents(
        seed, [actor.person] * len(times), "easy", crop="loose", label=labels, intensity=strength,
        roll=0.15 * torch.sin(6.3 * share[:, 0]),
    )  # fmt: skip
    there = torch.zeros(len(times), dtype=torch.bool)
    for begin, end in actor.present:
        there |= (times >= begin) & (times < end)
    pictures = render(latents[there], _RENDERED, supersample=1) if there.any() else ()
    for t, picture in zip(there.nonzero().flatten().tolist(), pictures, strict=True):
        left, top = (int(value) for value in corners[t])
        portrait = F.interpolate(picture[None].float(), size=(actor.side,) * 2, mode="bilinear", antialias=True)[0]
        frames[t, :, top : top + actor.side, left : left + actor.side].lerp_(portrait, feather(actor.side))
    points = landmarks(latents, _RENDERED) * (actor.side / _RENDERED) + corners[:, None]
    return there, torch.cat([corners, corners + actor.side], dim=1), points, labels
