"""What the machine can do at best: matrices multiplied in a second, beside what a training step needs."""

import dataclasses
from functools import cache

import torch
from torch.utils.flop_counter import FlopCounterMode

from scnlib.bench.rows import Row, rows_of
from scnlib.bench.turns import median_interval, repeating, take_turns
from scnlib.models import make_backbone


@cache
def multiplication_rates(device: torch.device, turns: int, seconds: float) -> dict[str, list[float]]:
    """Number format -> floating-point operations a second in each turn, of a product of square matrices.

    A product of two n x n matrices counts 2 n^3 operations. Measured once in a process: other groups want it, too. On
    GPUs ``float32`` is what their convolutions make of it, by default TF32: torch would multiply matrices exactly.
    """
    side = 8192 if device.type == "cuda" else 2048
    if not seconds:
        side = 64

    def arm(dtype: torch.dtype):
        left, right = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
        return repeating(lambda: _as_convolutions(left, right), 2 * side**3, device, seconds)

    return take_turns({"float32": arm(torch.float32), "bfloat16": arm(torch.bfloat16)}, turns)


def _as_convolutions(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    exactly = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    product = left @ right
    torch.backends.cuda.matmul.allow_tf32 = exactly
    return product


def best_rate(device: torch.device, precision: str, turns: int, seconds: float) -> float:
    """Operations a second that the machine reaches in this number format: the median of the turns."""
    return median_interval(multiplication_rates(device, turns, seconds)[precision])[0]


def rows(device: torch.device, turns: int, seconds: float) -> list[Row]:
    rates = multiplication_rates(device, turns, seconds)
    tera = {name: [rate / 1e12 for rate in values] for name, values in rates.items()}
    made = rows_of(tera, "float32", group="machine", name="matrix product", unit="TFLOP/s")
    return [dataclasses.replace(row, precision=row.method) for row in made]


def flops(backbone: str, size: int, *, backward: bool = True) -> int:
    """Floating-point operations that an image costs on its way through a backbone, and back.

    A multiplication and an addition are two. Counted are convolutions and matrix products, on tensors without content;
    heads, a ten-thousandth of it, are not.
    """
    network = make_backbone(backbone, size, seed=0).to("meta").train()
    images = torch.zeros(2, 3, size, size, device="meta")
    with FlopCounterMode(display=False) as counter:
        features = network(images)
        if backward:
            features.sum().backward()
    return counter.get_total_flops() // len(images)
