"""The peak memory of one arm: a process that does little else, started by ``training.peak_memory``."""

import json
import math
import sys
import tempfile
from pathlib import Path

import torch

from scnlib import faces
from scnlib.bench import released
from scnlib.bench.ours import PICTURES, plan, training_arm
from scnlib.bench.training import methods
from scnlib.precision import choose_precision


def run(device: torch.device, arm: str, backbone: str, size: int, batch: int) -> None:
    """A few batches of an arm, on noise instead of faces: rendering would need more memory than some networks."""
    noise = torch.randint(0, 256, (PICTURES, 3, max(size, released.SIDE), max(size, released.SIDE)),
                          dtype=torch.uint8)  # fmt: skip
    images, labels = noise[:, :, :size, :size], torch.arange(len(noise)) % len(faces.CLASSES)
    if arm == "released":
        with tempfile.TemporaryDirectory() as folder:
            paths = released.write_files(noise[:, :, : released.SIDE, : released.SIDE], Path(folder))
            released.released_arm(
                paths, labels, len(faces.CLASSES),
                backbone=backbone, size=size, batch=batch, device=device, seconds=0, workers=0,
            )()  # fmt: skip
    elif arm != "nothing":
        training_arm(
            plan(methods()[arm], backbone, size, batch), images, labels, device, choose_precision(device), seconds=0
        )()


def peak(device: torch.device) -> float:
    """MiB since the start of this process; NaN where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    status = Path("/proc/self/status")
    if status.is_file():  # getrusage would count the memory of the process that started this one
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    try:
        import resource
    except ImportError:
        return math.nan
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # macOS counts bytes


if __name__ == "__main__":
    name, *how = json.loads(sys.argv[1])
    run(torch.device(name), *how)
    print(peak(torch.device(name)))
