"""One of the processes of ``scaling``: it waits, and trains an epoch whenever it is told to."""

import contextlib
import json
import os
import sys

import torch

from scnlib.bench.ours import face_set, pictures, plan
from scnlib.distributed import joined
from scnlib.methods import SCN
from scnlib.precision import choose_precision
from scnlib.training import Training


def work(backbone: str, size: int, batch: int, batches: int) -> None:
    """Train an epoch for each line that comes in, and answer with a line; alone, or as torchrun's variables say."""
    answers = sys.stdout  # which ``joined`` takes from all processes but the first
    images, labels = pictures(size)
    device, config = torch.device("cpu"), plan(SCN(relabel_epoch=1), backbone, size, batch)
    with joined() if "WORLD_SIZE" in os.environ else contextlib.nullcontext():
        training = Training(config, face_set(images, labels, batch * batches), {}, device, choose_precision(device))
        for _ in sys.stdin:
            training.train_epoch()
            print("done", file=answers, flush=True)


if __name__ == "__main__":
    work(*json.loads(sys.argv[1]))
