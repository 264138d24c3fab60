"""Training sets that are larger than the memory of the device: their images come batch by batch.

    they fit          the device holds them all, and a batch is a gather there
    they do not       they stay where the loader left them, in memory or in the cache's file; the next batch is read and
                      copied while the device works on this one, on CUDA by a stream beside that of the work

Both ways give the same batches, so which one was taken is no part of a run's key.
"""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

#: Images may take this share of a device's free memory; the rest is for the network, its gradients and activations.
SHARE = 0.5

#: Where Linux says how much memory a container may use.
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def room(device: torch.device) -> float:
    """Bytes that images may take there: ``SHARE`` of what is free on a GPU, else of all memory of the machine.

    Of all that a container may use, where Linux says that; infinite on Windows, which does not tell.
    """
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # by torch, to use again
        return SHARE * (torch.cuda.mem_get_info(device)[0] + kept)
    if not hasattr(os, "sysconf"):  # Windows does not tell
        return float("inf")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _CGROUP.read_text().strip() if _CGROUP.is_file() else ""
    return SHARE * min(memory, int(limit)) if limit.isdecimal() else SHARE * memory


def read_ahead(images: Tensor, batches: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
    """``images[rows]`` on the device for each batch of rows, the next one being read while this one is used.

    Args:
        images: uint8 ``(N, C, H, W)``, not on the device.
        batches: int64 ``(n,)`` each, on the CPU.
    """
    copying = torch.cuda.Stream(device) if device.type == "cuda" else None

    def read(rows: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
        if copying is None:
            return images[rows], None
        return images[rows].pin_memory().to(device, non_blocking=True), copying.record_event()

    def arrived(coming: Future) -> Tensor:
        batch, copied = coming.result()
        if copied is None:
            return batch.to(device)
        working = torch.cuda.current_stream(device)
        working.wait_event(copied)
        batch.record_stream(working)  # or a later copy may be given its memory while it is worked on
        return batch

    # The reader has a stream of its own: in that of the work a copy would wait for the step before it.
    with ThreadPoolExecutor(1, initializer=torch.cuda.set_stream, initargs=(copying,)) as reader:
        coming = None
        for rows in batches:
            now, coming = coming, reader.submit(read, rows)
            if now is not None:
                yield arrived(now)
        if coming is not None:
            yield arrived(coming)


def in_words(images: Tensor, device: torch.device) -> str:
    """What a person is told where images are streamed."""
    return (
        f"the training images ({images.nbytes / 2**30:.3g} GiB) take more than {SHARE:.0%} of the memory of {device}: "
        "they are streamed, batch by batch"
    )
