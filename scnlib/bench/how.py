"""What all groups of the benchmark are told, and what they answer with."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch

from scnlib.bench.rows import Row
from scnlib.precision import Precision


@dataclass(frozen=True)
class How:
    """How to measure.

    Attributes:
        device: where to compute.
        precision: of this project's arms; the released recipe computes in float32.
        sizes: sides of the images in pixels.
        turns: of each arm.
        seconds: that a turn lasts at least; 0 does the least that there is to do, for tests.
        quick: leave out what takes minutes.
        workers: processes that load images for the released recipe.
    """

    device: torch.device
    precision: Precision
    sizes: tuple[int, ...] = (48, 112, 224)
    turns: int = 7
    seconds: float = 1.0
    quick: bool = False
    workers: int = min(4, os.cpu_count() or 1)

    @property
    def pairs(self) -> int:
        """Short turns for a small difference: enough for an interval, many for a narrow one."""
        return 5 * self.turns if not self.quick else 9

    @property
    def dtype(self) -> str:
        """The name of the number format."""
        return str(self.precision.dtype).removeprefix("torch.")


@dataclass(frozen=True)
class Task:
    """A part of a group that is measured in one go.

    Attributes:
        label: what a person reads while it runs.
        expected: seconds that it takes on two CPU cores; only proportions count, for the time left.
        work: measures.
    """

    label: str
    expected: float
    work: Callable[[], list[Row]]
