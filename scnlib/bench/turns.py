"""Measuring in turns: every arm once, then every arm once again, so that what disturbs one disturbs all.

A laptop that grows warm, a neighbour on the same machine: rates drift while one measures. Arms that are measured one
after the other then differ without being different. Here they alternate, forth and back (A B B A A B ...), and are
compared turn by turn.
"""

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch

#: One turn of an arm: does its work and returns its rate, in units a second.
Arm = Callable[[], float]


def take_turns(arms: Mapping[str, Arm], turns: int) -> dict[str, list[float]]:
    """The rates of each arm in each turn, after one turn that does not count.

    The second turn goes through the arms backwards, the third forwards again: a steady drift cancels out.

    Raises:
        ValueError: if ``turns`` is under 1.
    """
    if turns < 1:
        raise ValueError(f"turns must be at least 1, got {turns}")
    rates: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(turns + 1):
        for name in reversed(arms) if number % 2 else arms:
            rate = arms[name]()
            if number:
                rates[name].append(rate)
    return rates


def repeating(work: Callable[[], object], amount: float, device: torch.device, seconds: float) -> Arm:
    """An arm that repeats ``work`` for about ``seconds``, as often in every turn.

    Args:
        work: what is measured; the first call of it only warms up.
        amount: what one call does, in the unit of the rate.
    """
    count = 0

    def turn() -> float:
        nonlocal count
        if not count:
            timed(work, device)
            count = max(1, round(seconds / timed(work, device)))
        return count * amount / timed(again, device)

    def again() -> None:
        for _ in range(count):
            work()  # its result is let go: those of a second would fill a GPU

    return turn


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds from an idle device to an idle device."""
    wait_for(device)
    begun = time.perf_counter()
    work()
    wait_for(device)
    return max(time.perf_counter() - begun, 1e-9)


def wait_for(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def paired_ratios(rates: Sequence[float], reference: Sequence[float]) -> list[float]:
    """``rates[i] / reference[i]``: each turn against the same turn of another arm.

    Raises:
        ValueError: if one has more turns than the other.
    """
    if len(rates) != len(reference):
        raise ValueError(f"turns are compared one by one, but there are {len(rates)} and {len(reference)}")
    return [rate / other for rate, other in zip(rates, reference, strict=True)]


def median_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, and the narrowest two values of the sample, equally far from its ends, that enclose the true median.

        P(x_(k) <= median <= x_(n+1-k)) = 1 - 2 P(B <= k - 1) >= .95,    B binomial (n, 1/2)

    It needs no assumption on how times are spread. With fewer than 6 values it is the smallest and the largest, which
    then enclose it less surely.

    Returns:
        ``(median, low, high)``.
    """
    ordered = sorted(values)
    n, k, tail = len(ordered), 1, 0.5 ** len(ordered)
    while k < n / 2:
        tail += math.comb(n, k) * 0.5**n
        if 1 - 2 * tail < 0.95:
            break
        k += 1
    return statistics.median(ordered), ordered[k - 1], ordered[n - k]
