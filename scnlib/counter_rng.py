"""Random numbers that are a function of *what they are for*, not of *when they are drawn*.

An ordinary generator gives the next number to whoever asks next, so a sample's augmentation depends on the batch it
sits in, and adding one parameter shifts all later ones. Here a number is a hash of (seed, name, counters): the flip
of image 17 in epoch 3 is the same in every batch, on every device, in every process, and after every resume.

The hash is two rounds of the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) on int64, whose
multiplication wraps alike on every device. Only integers are hashed, so results are bit-equal everywhere.
"""

from collections.abc import Iterable
from functools import cache

import torch
from torch import Tensor

_MASK = (1 << 64) - 1


def _signed(value: int) -> int:
    """The int64 with the bits of ``value`` modulo 2**64."""
    value &= _MASK
    return value - (1 << 64) if value >> 63 else value


def _shift_right(x: Tensor, bits: int) -> Tensor:
    """Logical right shift: torch's ``>>`` on int64 copies the sign bit."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def _mix(x: Tensor) -> Tensor:
    x = (x ^ _shift_right(x, 30)) * _signed(0xBF58476D1CE4E5B9)
    x = (x ^ _shift_right(x, 27)) * _signed(0x94D049BB133111EB)
    return x ^ _shift_right(x, 31)


def stream_id(name: str) -> int:
    """The FNV-1a hash of a name: which of the 2**64 independent streams it draws from."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def random_bits(seed: int, name: str, *counters: Tensor | int) -> Tensor:
    """64 random bits for each element of the broadcast ``counters``.

    Args:
        seed: any integer.
        name: what the numbers are for; every name is its own stream.
        counters: int64 tensors and integers; they broadcast. Typically ``(sample_index, epoch)``.

    Returns:
        int64 tensor of the broadcast shape, on the counters' device.
    """
    return _counted(torch.tensor(_start(seed, name)), counters)


@cache
def _start(seed: int, name: str) -> int:
    """The bits with which a stream begins."""
    return int(_mix(torch.tensor(_signed(seed * 0x9E3779B97F4A7C15 + stream_id(name)))))


def _counted(x: Tensor, counters: Iterable[Tensor | int]) -> Tensor:
    step = 0xD1B54A32D192ED03
    for counter in counters:
        if isinstance(counter, Tensor):
            if x.device != counter.device:  # still a number of the host: filling does not wait for the device
                x = torch.full((), int(x), dtype=torch.int64, device=counter.device)
            x = x + (counter + 1) * _signed(step)
        else:
            x = x + _signed((counter + 1) * step)
        x = _mix(_mix(x))
    return x


def uniform(seed: int, name: str, *counters: Tensor | int) -> Tensor:
    """float32 uniform on [0, 1), in steps of 2**-24, one for each element of the broadcast ``counters``."""
    return _unit(random_bits(seed, name, *counters))


def uniforms(seed: int, names: Iterable[str], index: Tensor, *counters: Tensor | int) -> Tensor:
    """What ``uniform`` gives for each of the names, ``(len(names), *index.shape)``, in as many calls as for one.

    A batch's few numbers take a GPU less time than being told what to do with them.
    """
    starts = torch.stack([torch.full_like(index, _start(seed, name)) for name in names])
    return _unit(_counted(starts, (index, *counters)))


def _unit(bits: Tensor) -> Tensor:
    return _shift_right(bits, 40).to(torch.float32) * 2.0**-24


def generator(seed: int, name: str, *counters: int) -> torch.Generator:
    """A CPU generator for a whole permutation or draw, seeded by (seed, name, counters)."""
    bits = random_bits(seed, name, *counters)
    return torch.Generator().manual_seed(int(_shift_right(bits, 1)))
