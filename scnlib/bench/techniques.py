"""From the plainest training loop to the fast one, a technique at a time, each on top of those before it.

All loops train the same network on the same resident images with the same augmentation; only how they compute differs.
"""

import math
import sys
import time
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import faces
from scnlib.augment import Augmentation, views
from scnlib.bench.how import How, Task
from scnlib.bench.ours import PICTURES, pictures, plan
from scnlib.bench.released import BATCH
from scnlib.bench.rows import Row, row_of
from scnlib.bench.training import QUICK
from scnlib.bench.turns import repeating, take_turns, timed
from scnlib.compiling import compile_backbone, next_step
from scnlib.methods import Baseline
from scnlib.models import normalize
from scnlib.precision import Precision
from scnlib.training import build_model


@dataclass(frozen=True)
class Technique:
    """One loop.

    Attributes:
        name: what is new in it.
        batched: augment a batch in one go, not image by image.
        channels_last: keep the channels of a pixel side by side.
        autocast: compute in bfloat16, where this machine has instructions for it.
        compiled: let ``torch.compile`` fuse what lies between the convolutions, as ``scn run --compile`` does.
        graphs: replay the compiled passes of the backbone as CUDA graphs; only on CUDA.
    """

    name: str
    batched: bool = False
    channels_last: bool = False
    autocast: bool = False
    compiled: bool = False
    graphs: bool = False


LADDER = (
    Technique("plain: float32, NCHW, image by image"),
    Technique("augmented batch by batch", batched=True),
    Technique("channels last", batched=True, channels_last=True),
    Technique("bfloat16 autocast", batched=True, channels_last=True, autocast=True),
    Technique("torch.compile", batched=True, channels_last=True, autocast=True, compiled=True),
    Technique("CUDA graphs", batched=True, channels_last=True, autocast=True, compiled=True, graphs=True),
)


class Loop:
    """A network in training, by one technique.

    Args:
        images: uint8 ``(N, 3, size, size)`` on the device; every step sees all of them.
        labels: int64 ``(N,)``.
        precision: of a technique with autocast.
    """

    def __init__(self, how: Technique, backbone: str, images: Tensor, labels: Tensor, precision: Precision) -> None:
        self.how, self.images, self.labels, self.precision = how, images, labels, precision
        self.layout = torch.channels_last if how.channels_last else torch.contiguous_format
        made = build_model(plan(Baseline(), backbone, images.shape[-1], len(images)), len(faces.CLASSES))
        self.model = made.to(images.device, memory_format=self.layout).train()
        if how.compiled:
            compile_backbone(self.model.backbone, how.graphs)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4)
        self.index = torch.arange(len(images), device=images.device)
        self.steps = 0

    def step(self) -> Tensor:
        """Augment, forwards, backwards, update; returns the loss."""
        self.steps += 1
        if self.how.graphs:
            next_step()
        scaled = normalize(self.images)
        parts = [slice(None)] if self.how.batched else [slice(i, i + 1) for i in range(len(scaled))]
        seen = torch.cat([views(scaled[p], self.index[p], self.steps, 0, Augmentation()) for p in parts])
        dtype = self.precision.dtype if self.how.autocast else torch.float32
        with torch.autocast(seen.device.type, dtype, enabled=dtype != torch.float32):
            features = self.model.backbone(seen.contiguous(memory_format=self.layout))
        loss = F.cross_entropy(self.model.classifier(features.float()), self.labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss


def tasks(how: How) -> list[Task]:
    """The ladder for each network; ``--quick`` leaves out the compiler, which thinks for a minute or more."""
    networks = [QUICK] if how.quick else [("resnet18", size, BATCH) for size in how.sizes]
    return [
        Task(
            f"techniques, {backbone} at {size} px",
            (how.turns + 2) * 4 * max(how.seconds, BATCH * (size / 48) ** 1.8 / 300) + (not how.quick) * 120,
            lambda network=(backbone, size, batch): ladder(how, *network),
        )
        for backbone, size, batch in networks
    ]


def ladder(how: How, backbone: str, size: int, batch: int) -> list[Row]:
    """A row for each technique, its ratio to the one before; NaN for those that this machine cannot do."""
    images, labels = (
        part[torch.arange(batch) % PICTURES].to(how.device) for part in pictures(size)
    )  # fmt: skip
    common = {"group": "techniques", "name": backbone, "size": size, "batch": batch}
    arms, more = {}, []
    steps = [technique for technique in LADDER if not (technique.compiled and how.quick)]
    steps = [technique for technique in steps if how.device.type == "cuda" or not technique.graphs]
    for technique in steps:
        if technique.autocast and not technique.compiled and how.precision.dtype == torch.float32:
            continue
        loop = Loop(technique, backbone, images, labels, how.precision)
        if technique.compiled:
            seconds = first_steps(loop, how.device)
            more += [row_of([seconds], method=f"{technique.name}, first step", unit="s", precision=how.dtype, **common)]
            if math.isnan(seconds):
                continue
        arms[technique.name] = repeating(loop.step, batch, how.device, how.seconds)
    rates = take_turns(arms, how.turns)
    found, before = [], None
    for technique in steps:
        values = rates.get(technique.name, [math.nan])
        row = {"method": technique.name, "precision": how.dtype if technique.autocast else "float32"}
        found.append(row_of(values, before if technique.name in rates else None, unit="images/s", **row, **common))
        if technique.name in rates:
            before = technique.name, values
    return found + more


def first_steps(loop: Loop, device: torch.device) -> float:
    """Seconds until a compiled loop runs at its speed: one step, three where CUDA graphs are warmed up and recorded.

    NaN where there is no compiler for this device.
    """
    begun = time.perf_counter()
    try:
        for _ in range(3 if loop.how.graphs else 1):
            timed(loop.step, device)
    except Exception as error:  # whatever compilers raise: none there, none for this device, none that gets it right
        print(f"torch.compile does not work here: {str(error).splitlines()[0]}", file=sys.stderr)
        return math.nan
    return time.perf_counter() - begun
