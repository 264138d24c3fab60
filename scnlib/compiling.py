"""A backbone that trains by ``torch.compile``: fused for each size of batch, on CUDA replayed as CUDA graphs.

Compiled are the maps that a backbone computes before pooling, in training mode, with static shapes; that is nearly all
of a step's work. What follows (pooling, IR-50's dropout, heads, loss, optimiser) runs as ever, so that random numbers
are the plain loop's. The batches of an epoch have two sizes at most (``epoch_batches``), so there are two programs, and
networks of the same shape, such as those of other seeds, find them. Evaluation stays as it is: the last batch of every
set of images has a size of its own.
"""

import os
import shutil

import torch
from torch import Tensor, nn


def compiler() -> str | None:
    """The C++ compiler that ``torch.compile`` will call; None where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", "g++"), "clang++", "cl"))), None)


def compile_backbone(backbone: nn.Module, graphs: bool) -> None:
    """Let a backbone in training mode compute its ``maps`` compiled, in place; hooks and names of weights stay.

    Args:
        graphs: record and replay their two passes as CUDA graphs, too, so that the host need not launch every kernel of
            them; only on CUDA. Then say ``next_step()`` before each step.

    Raises:
        ValueError: there is no C++ compiler, without which ``torch.compile`` cannot work.
    """
    if compiler() is None:
        raise ValueError("--compile needs a C++ compiler such as g++, and none is on the path; leave --compile out")
    plain = backbone.maps
    fused = torch.compile(plain, dynamic=False, mode="reduce-overhead" if graphs else None)

    def maps(images: Tensor) -> Tensor:
        return (fused if backbone.training else plain)(images)

    backbone.maps = maps


def next_step() -> None:
    """What CUDA graphs of the last step wrote may be written over from here on."""
    torch.compiler.cudagraph_mark_step_begin()
