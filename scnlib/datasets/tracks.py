"""From faces in single frames to faces over time: tracks, and the clips that are long enough to keep."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Track:
    """One face followed through a video.

    Attributes:
        frames: numbers of the sampled frames in which it is seen, rising.
        faces: for each of them, which of the frame's faces it is.
        begin, end: seconds of the first and of the last of these frames.
    """

    frames: tuple[int, ...]
    faces: tuple[int, ...]
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long the face is seen, from the first frame to the last."""
        return self.end - self.begin


def overlap(first: Tensor, second: Tensor) -> Tensor:
    """Intersection over union of all pairs of boxes.

    Args:
        first, second: float ``(K, 4)`` and ``(L, 4)``: left, top, right, bottom.

    Returns:
        ``(K, L)`` in 0..1; 0 where both boxes are empty.
    """
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(dim=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return torch.where(union > 0, shared / union, torch.zeros_like(shared))


def follow(
    times: Sequence[float], boxes: Sequence[Tensor], *, least: float = 0.3, patience: float = 1.0
) -> list[Track]:
    """Join the faces of successive frames into tracks.

    In each frame the pairs of an open track's last box and a face are taken in the order of their overlap, largest
    first, down to ``least``; each track and each face is in at most one. A face that is left begins a track, and a
    track that has not been seen for more than ``patience`` seconds is over. Who comes back later is a new track: a box
    knows no person, and after a cut another person at the same place continues the track.

    Args:
        times: seconds of F frames, rising.
        boxes: for each frame ``(K, 4)``.
        least: smallest intersection over union.
        patience: seconds; detectors miss a face now and then.

    Returns:
        The tracks by their first frame, and within a frame by the face's number.
    """
    tracks: list[list[tuple[int, int]]] = []
    open_tracks: list[int] = []
    for frame, (now, here) in enumerate(zip(times, boxes, strict=True)):
        open_tracks = [one for one in open_tracks if now - times[tracks[one][-1][0]] <= patience + 1e-6]
        free = set(range(len(here)))
        if open_tracks and free:
            last = torch.stack([boxes[f][k] for f, k in (tracks[one][-1] for one in open_tracks)])
            for one, face in _best_pairs(overlap(last, here), least):
                tracks[open_tracks[one]].append((frame, face))
                free.discard(face)
        for face in sorted(free):
            open_tracks.append(len(tracks))
            tracks.append([(frame, face)])
    return [
        Track(tuple(f for f, _ in seen), tuple(k for _, k in seen), times[seen[0][0]], times[seen[-1][0]])
        for seen in tracks
    ]


def clips(tracks: Sequence[Track], shortest: float) -> list[Track]:
    """The tracks that last at least ``shortest`` seconds. Times of frames are rounded, so a millisecond is forgiven."""
    return [track for track in tracks if track.seconds >= shortest - 1e-3]


def _best_pairs(overlaps: Tensor, least: float) -> list[tuple[int, int]]:
    """Pairs (row, column) by falling overlap, none of them twice."""
    pairs, rows, columns = [], set(), set()
    for place in overlaps.flatten().argsort(descending=True, stable=True).tolist():
        row, column = divmod(place, overlaps.shape[1])
        if overlaps[row, column] < least:
            break
        if row not in rows and column not in columns:
            pairs.append((row, column))
            rows.add(row)
            columns.add(column)
    return pairs
