"""Which numbers to compute in, and why."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Precision:
    """The dtype of autocast (float32: none) and the reason, which every run prints."""

    dtype: torch.dtype
    reason: str

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context in which networks run; losses and heads stay in float32."""
        return torch.autocast(device.type, self.dtype, enabled=self.dtype != torch.float32)

    def __str__(self) -> str:
        return f"{str(self.dtype).removeprefix('torch.')} ({self.reason})"


def choose_device(name: str | None = None) -> torch.device:
    """The named device, or the best one here: CUDA, then Apple's mps, then the CPU.

    Raises:
        ValueError: if the named device is not there.
    """
    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name is None:
        name = "cuda" if here["cuda"] else "mps" if here["mps"] else "cpu"
    if not here.get(name.split(":")[0], False):
        usable = ", ".join(kind for kind, usable in here.items() if usable)
        raise ValueError(f"device {name!r} is not usable here; usable: {usable}")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device {name!r} is not usable here ({error})") from None
    gpus = torch.cuda.device_count()
    if device.type == "cuda" and (device.index or 0) >= gpus:
        raise ValueError(f"device {name!r} is not usable here; GPUs: {gpus}, counted from 'cuda:0'")
    return device


def choose_precision(device: torch.device) -> Precision:
    """bfloat16 where the hardware multiplies it natively, float32 elsewhere."""
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        native = major >= 8
        return Precision(
            torch.bfloat16 if native else torch.float32,
            f"compute capability {major}.{minor} {'has' if native else 'lacks'} bfloat16 tensor cores",
        )
    if device.type == "cpu":
        # Private in torch, so asked for politely: without an answer the slower, safe choice stands.
        probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        found = [name for name in probes if getattr(torch.cpu, name, lambda: False)()]
        if found:
            return Precision(torch.bfloat16, "the CPU has AVX-512 BF16 or AMX")
        return Precision(torch.float32, "the CPU has no bfloat16 instructions")
    return Precision(torch.float32, f"bfloat16 autocast was not tested on {device.type}")
