"""A backbone that trains by ``torch.compile``: fused for each size of batch, on CUDA replayed as a CUDA graph.

Only what trains is compiled, with static shapes. The batches of an epoch have two sizes at most (``epoch_batches``), so
there are two programs, and networks of the same shape (other seeds, in one process) find them there. Evaluation stays
as it is: the last batch of every set of images has a size of its own.
"""

import os
import shutil

import torch
from torch import Tensor, nn


def compile_backbone(backbone: nn.Module, graphs: bool) -> None:
    """Let a backbone in training mode run compiled, in place; its hooks and the names of its weights stay.

    Args:
        graphs: record and replay CUDA graphs, too, so that the host need not prepare each step; only on CUDA. Then say
            ``next_step()`` before each step.

    Raises:
        ValueError: there is no C++ compiler, without which ``torch.compile`` cannot work.
    """
    if not any(map(shutil.which, (os.environ.get("CXX", "g++"), "clang++", "cl"))):
        raise ValueError("--compile needs a C++ compiler such as g++, and none is on the path; leave --compile out")
    plain = backbone.forward
    fused = torch.compile(plain, dynamic=False, mode="reduce-overhead" if graphs else None)

    def forward(images: Tensor) -> Tensor:
        return (fused if backbone.training else plain)(images)

    backbone.forward = forward


def next_step() -> None:
    """What CUDA graphs of the last step wrote may be written over from here on."""
    torch.compiler.cudagraph_mark_step_begin()
