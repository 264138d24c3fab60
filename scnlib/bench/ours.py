"""The training loop of this project as an arm: whole epochs of ``Training``, without evaluation."""

import math
import time
from functools import cache

import torch
from torch import Tensor

from scnlib import faces
from scnlib.bench.turns import Arm, wait_for
from scnlib.config import Config
from scnlib.datasets import FaceSet, Source
from scnlib.methods import Method
from scnlib.precision import Precision
from scnlib.training import Training

#: Different pictures; more images than these are the same ones again, which costs a training step as much.
PICTURES = 64
#: Images of an epoch at most, so that it fits wherever a training set does.
MOST_IMAGES = 8192
#: Epochs of the plan; as long as nobody trains them all, the learning rate stays small and every loss finite.
EPOCHS = 10_000


@cache
def pictures(size: int) -> tuple[Tensor, Tensor]:
    """Rendered faces ``(64, 3, size, size)`` uint8 and their labels."""
    latents = faces.sample_latents(0, range(PICTURES))
    return faces.render(latents, size, supersample=1), latents.label


def face_set(images: Tensor, labels: Tensor, n: int) -> FaceSet:
    """The same faces again and again, until there are ``n``."""
    again = torch.arange(n) % len(images)
    return FaceSet(
        images=images[again], labels=labels[again], class_names=faces.CLASSES, ids=tuple(map(str, range(n))),
        source=Source("rendered", "again and again", "0" * 64),
    )  # fmt: skip


def plan(method: Method, backbone: str, size: int, batch: int) -> Config:
    """What an arm trains: the quick recipe but for network, size and batch."""
    return Config(method=method, backbone=backbone, size=size, batch_size=batch, epochs=EPOCHS)


def training_arm(
    config: Config,
    images: Tensor,
    labels: Tensor,
    device: torch.device,
    precision: Precision,
    seconds: float,
    epoch: int | None = None,
) -> Arm:
    """Turns of about ``seconds``, each an epoch of at least two batches; the rate is in images a second.

    An epoch is all of ``Training.train_epoch``: order, augmentation, steps, what is recorded and read at its end.

    Args:
        images: uint8 ``(P, 3, size, size)``, any number of them.
        labels: int64 ``(P,)``.
        epoch: which one every turn trains, for methods that do other things in other epochs; None: one after the other.
    """

    def start(batches: int) -> Training:
        train = face_set(images, labels, batches * config.batch_size)
        return Training(config, train, {}, device, precision)

    def turn(training: Training) -> float:
        if epoch is not None:
            training.epoch = epoch - 1
        wait_for(device)
        begun = time.perf_counter()
        training.train_epoch()
        wait_for(device)
        return len(training) / (time.perf_counter() - begun)

    small = start(2)
    turn(small)
    batches = math.ceil(turn(small) * seconds / config.batch_size)
    training = start(max(2, min(batches, MOST_IMAGES // config.batch_size)))
    return lambda: turn(training)
