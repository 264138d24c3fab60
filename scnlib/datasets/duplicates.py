"""Pictures that stand in a dataset twice: exactly, or almost."""

import hashlib

import torch
import torch.nn.functional as F
from torch import Tensor

#: Side of the small picture that a fingerprint is taken from; it has 2 * side ** 2 bits.
SIDE = 8

#: Two pictures are near-duplicates where at most this many of the 128 bits differ and their pixels correlate this much.
NEAR_BITS = 6
NEAR_LIKENESS = 0.95


def exact_groups(images: Tensor) -> list[list[int]]:
    """Rows whose pixels are all equal, in groups of two or more, by first row.

    Args:
        images: uint8 ``(N, C, H, W)``.
    """
    groups: dict[bytes, list[int]] = {}
    for row, image in enumerate(images.numpy()):
        groups.setdefault(hashlib.sha256(image.tobytes()).digest(), []).append(row)
    return [rows for rows in groups.values() if len(rows) > 1]


def difference_hash(images: Tensor) -> Tensor:
    """A fingerprint that survives new compression, other brightness and resizing, but not a shift or a mirror.

    The picture is made grey and shrunk to 9 x 9; a bit says whether a cell is brighter than its right or lower
    neighbour.

    Args:
        images: uint8 ``(N, C, H, W)``.

    Returns:
        bool ``(N, 128)``.

    Source: the "difference hash" of Krawetz (2013), here in both directions.
    """
    bits = []
    for few in images.split(1024):
        grey = few.float().mean(1, keepdim=True)
        small = F.interpolate(grey, size=(SIDE + 1, SIDE + 1), mode="bilinear", antialias=True)[:, 0]
        # A plain area is dark nowhere: without the margin, rounding would decide, on each machine in its own way.
        right = small[:, :SIDE, :SIDE] > small[:, :SIDE, 1:] + 0.01
        down = small[:, :SIDE, :SIDE] > small[:, 1:, :SIDE] + 0.01
        bits.append(torch.cat([right.flatten(1), down.flatten(1)], dim=1))
    return torch.cat(bits) if bits else torch.zeros(0, 2 * SIDE**2, dtype=torch.bool)


def near_pairs(hashes: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """All pairs of rows whose fingerprints differ in at most ``most`` bits.

    Args:
        hashes: bool ``(N, B)``.
        most: bits.

    Returns:
        int64 ``(P, 2)`` with the smaller row first, and int64 ``(P,)`` how many bits differ.
    """
    bits = hashes.shape[1]
    signs = hashes.float() * 2 - 1
    pairs, distances = [torch.zeros(0, 2, dtype=torch.int64)], [torch.zeros(0, dtype=torch.int64)]
    for start in range(0, len(signs), 1024):
        agreement = signs[start : start + 1024] @ signs[start:].T  # bits - 2 * (bits that differ)
        found = (agreement >= bits - 2 * most).nonzero()
        found = found[found[:, 1] > found[:, 0]]  # both count from ``start``
        pairs.append(found + start)
        distances.append(((bits - agreement[found[:, 0], found[:, 1]]) / 2).round().long())
    return torch.cat(pairs), torch.cat(distances)


def likeness(images: Tensor, pairs: Tensor) -> Tensor:
    """Correlation of the grey pixels of each pair, float ``(P,)``: 1 for the same picture at any brightness."""
    result = []
    for few in pairs.split(1024):
        first, second = (images[few[:, k]].float().mean(1).flatten(1) for k in (0, 1))
        first, second = first - first.mean(1, keepdim=True), second - second.mean(1, keepdim=True)
        result.append(F.cosine_similarity(first, second, dim=1))
    return torch.cat(result) if result else torch.zeros(0)


def near_duplicates(images: Tensor, bits: int = NEAR_BITS, least: float = NEAR_LIKENESS) -> Tensor:
    """Pairs of near-duplicates, exact ones among them: int64 ``(P, 2)``, the smaller row first.

    The fingerprint proposes, the pixels decide.
    """
    pairs, _ = near_pairs(difference_hash(images), bits)
    return pairs[likeness(images, pairs) >= least]


def copy_of(n: int, pairs: Tensor) -> Tensor:
    """Which earlier row each of ``n`` rows repeats, so that one of every look stays: int64 ``(n,)``, -1 for those.

    Rows are taken in their order. A row is dropped where it pairs with one that stayed; likeness to a dropped one does
    not count, or a face that changes slowly would be dropped altogether.

    Args:
        n: rows.
        pairs: int64 ``(P, 2)``, the smaller row first.
    """
    first = torch.full((n,), -1, dtype=torch.int64)
    for i, j in sorted(pairs.tolist(), key=lambda pair: (pair[1], pair[0])):
        if first[i] < 0 and first[j] < 0:
            first[j] = i
    return first
