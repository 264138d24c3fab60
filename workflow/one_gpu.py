"""Run a command on one GPU that no other such command uses, and wait for one if need be.

    python one_gpu.py COMMAND ...

Snakemake counts GPUs and does not say which; SLURM does, and then there is one and nothing to choose. Each GPU has a
lock in the machine's temporary folder; the command inherits it, and the system releases it when the command ends.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def visible() -> list[str]:
    """Names of the GPUs that this process may use: ``CUDA_VISIBLE_DEVICES``, else all of the machine."""
    if "CUDA_VISIBLE_DEVICES" in os.environ:
        return os.environ["CUDA_VISIBLE_DEVICES"].split(",")
    listed = subprocess.run(["nvidia-smi", "--list-gpus"], capture_output=True, text=True, check=True)
    return [str(number) for number in range(len(listed.stdout.splitlines()))]


def take(names: list[str]) -> str:
    """The first free one, locked; a single one is taken as it is."""
    while len(names) > 1:
        for name in names:
            lock = os.open(Path(tempfile.gettempdir()) / f"scn-{os.getuid()}-gpu-{name}.lock", os.O_CREAT | os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            os.set_inheritable(lock, True)
            return name
        time.sleep(1)
    return names[0]


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], {**os.environ, "CUDA_VISIBLE_DEVICES": take(visible())})
