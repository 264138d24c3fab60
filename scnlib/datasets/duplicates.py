"""Pictures that stand in a dataset twice: exactly, or almost."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.datasets.decode import Box, decode

#: Side of the small picture that a fingerprint is taken from; it has 2 * side ** 2 bits.
SIDE = 8

#: Two pictures are near-duplicates where at most this many of the 128 bits differ and their pixels correlate this much.
NEAR_BITS = 6
NEAR_LIKENESS = 0.95

#: Side in pixels at which two files are the same picture: that of the papers' networks.
COMPARED = 224

#: Rows that are compared with as many others at once: 4 MiB of floats.
TILE = 1024


def exact_groups(images: Tensor) -> list[list[int]]:
    """Rows whose pixels are all equal, in groups of two or more, by first row.

    Args:
        images: uint8 ``(N, C, H, W)``.
    """
    groups: dict[bytes, list[int]] = {}
    for row, image in enumerate(images.numpy()):
        groups.setdefault(hashlib.sha256(image.tobytes()).digest(), []).append(row)
    return [rows for rows in groups.values() if len(rows) > 1]


def same_pictures(files: Sequence[Path], boxes: Sequence[Box | None], small: Tensor) -> list[list[int]]:
    """Files that training sees as one picture, whatever their format, in groups of two or more, by first row.

    What is equal is equal when small, too, so only files whose small pictures agree are opened again.

    Args:
        files: N images that can be read.
        boxes: what is cut out of each, or None.
        small: uint8 ``(N, 3, S, S)``, the same images by ``decode`` at a small size.
    """
    groups: dict[bytes, list[int]] = {}
    for row in sorted(row for rows in exact_groups(small) for row in rows):
        picture = decode(files[row], COMPARED, boxes[row])
        groups.setdefault(hashlib.sha256(picture.tobytes()).digest(), []).append(row)
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


def near_tiles(hashes: Tensor, most: int) -> Iterator[tuple[Tensor, Tensor]]:
    """All pairs of rows whose fingerprints differ in at most ``most`` bits, in parts: ``TILE`` rows against ``TILE``.

    The larger rows of the pairs rise from tile to tile, and for the same larger rows the smaller ones do: see
    ``mark_copies``. At any time there is one tile, that is ``TILE ** 2`` floats and at most as many pairs, however
    large N is. Time grows with the square of N.

    Args:
        hashes: bool ``(N, B)``.
        most: bits.

    Yields:
        int64 ``(P, 2)`` with the smaller row first, and int64 ``(P,)`` how many bits differ; P > 0.
    """
    bits = hashes.shape[1]
    for right in range(0, len(hashes), TILE):
        larger = _signs(hashes[right : right + TILE]).T
        for left in range(0, right + 1, TILE):
            agreement = _signs(hashes[left : left + TILE]) @ larger  # bits - 2 * (bits that differ)
            found = (agreement >= bits - 2 * most).nonzero()
            if left == right:
                found = found[found[:, 1] > found[:, 0]]
            if len(found):
                distances = ((bits - agreement[found[:, 0], found[:, 1]]) / 2).round().long()
                yield found + torch.tensor([left, right]), distances


def _signs(hashes: Tensor) -> Tensor:
    return hashes.float() * 2 - 1


def likeness(images: Tensor, pairs: Tensor) -> Tensor:
    """Correlation of the grey pixels of each pair, float ``(P,)``: 1 for the same picture at any brightness."""
    result = []
    for few in pairs.split(1024):
        first, second = (images[few[:, k]].float().mean(1).flatten(1) for k in (0, 1))
        first, second = first - first.mean(1, keepdim=True), second - second.mean(1, keepdim=True)
        result.append(F.cosine_similarity(first, second, dim=1))
    return torch.cat(result) if result else torch.zeros(0)


def near_duplicates(
    images: Tensor, bits: int = NEAR_BITS, least: float = NEAR_LIKENESS, hashes: Tensor | None = None
) -> Tensor:
    """Pairs of near-duplicates, exact ones among them: int64 ``(P, 2)``, the smaller row first.

    The fingerprint proposes, the pixels decide.

    Args:
        images: uint8 ``(N, C, H, W)``.
        bits: largest number of bits that differ.
        least: smallest correlation.
        hashes: the images' ``difference_hash`` where it is known already.
    """
    hashes = difference_hash(images) if hashes is None else hashes
    kept = [pairs[likeness(images, pairs) >= least] for pairs, _ in near_tiles(hashes, bits)]
    return torch.cat([torch.zeros(0, 2, dtype=torch.int64), *kept])


def copy_of(n: int, pairs: Tensor) -> Tensor:
    """Which earlier row each of ``n`` rows repeats, so that one of every look stays: int64 ``(n,)``, -1 for those.

    Rows are taken in their order. A row is dropped where it pairs with one that stayed; likeness to a dropped one does
    not count, or a face that changes slowly would be dropped altogether.

    Args:
        n: rows.
        pairs: int64 ``(P, 2)``, the smaller row first.
    """
    first = torch.full((n,), -1, dtype=torch.int64)
    mark_copies(first, pairs)
    return first


def mark_copies(first: Tensor, pairs: Tensor) -> None:
    """``copy_of`` in parts: enter pairs into ``first``, which begins as -1 everywhere.

    What comes out is that of all pairs at once where they come in the order of ``near_tiles``. A pair of which a row
    was dropped by then changes nothing, and may be left out.
    """
    for i, j in sorted(pairs.tolist(), key=lambda pair: (pair[1], pair[0])):
        if first[i] < 0 and first[j] < 0:
            first[j] = i
