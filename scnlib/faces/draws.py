"""Named random numbers for a set of faces, equal bit for bit on every machine and in every batch.

A latent is a function of (seed, its own name, sample index): it neither depends on the batch a face sits in nor
shifts when another latent is added. Only integer hashes and the correctly rounded operations + - * / sqrt are used.
``erfinv``, ``exp``, ``sin`` and ``pow`` are not correctly rounded: torch's vectorised kernels differ from their scalar
tail in the last bit, so that a face would depend on its place in the batch. They belong to rendering.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from scnlib.counter_rng import random_bits, uniform


@dataclass(frozen=True)
class Draws:
    """The random numbers of N faces: ``index`` is ``(N,)`` int64, one sample index for each."""

    seed: int
    index: Tensor

    def uniform(self, name: str, low: float = 0.0, high: float = 1.0) -> Tensor:
        """``(N,)`` uniform on [low, high)."""
        return low + (high - low) * uniform(self.seed, name, self.index)

    def chance(self, name: str, probability: float) -> Tensor:
        """``(N,)`` bool, true with that probability."""
        return uniform(self.seed, name, self.index) < probability

    def normal(self, name: str, scale: float = 1.0, limit: float = 2.2, counters: tuple[Tensor, ...] = ()) -> Tensor:
        """Bell-shaped numbers of standard deviation ``scale``, cut at ``limit`` deviations.

        The sum of four uniform numbers (Irwin and Hall), here the four 16-bit lanes of one hash: an integer sum, exact
        on every device. Its tails are a little thinner than a normal distribution's, which a face does not mind.

        Args:
            counters: further counters that broadcast with ``(N, 1, ...)``, for several numbers a face.

        Returns:
            ``(N,)``, or the broadcast shape of the index and the counters.
        """
        index = self.index.view(-1, *[1] * (max((c.dim() for c in counters), default=1) - 1))
        bits = random_bits(self.seed, name, index, *counters)
        lanes = sum((bits >> shift) & 0xFFFF for shift in (0, 16, 32, 48))
        # Four lanes of variance 1/12 have a standard deviation of sqrt(1/3); the mean of their sum is 2.
        standard = ((lanes.float() + 2.0) * 2.0**-16 - 2.0) * math.sqrt(3)
        return standard.clamp(-limit, limit) * scale

    def colour(self, name: str) -> Tensor:
        """``(N, 3)`` uniform numbers, one for each channel."""
        return uniform(self.seed, name, self.index[:, None], torch.arange(3))

    def key(self, name: str) -> Tensor:
        """``(N,)`` int64 of 64 random bits, to key the textures of each face."""
        return random_bits(self.seed, name, self.index)
