"""Several processes train one network: its work is shared out, the loss is not.

All processes hold all images and labels and go through the same batches. ``Shares.own`` gives each its share of a
batch; hooks on the backbone then put everybody's features together, so that what comes after it (heads, loss, ranks,
new labels, records) is that of the whole batch, computed alike by all. No loss and no method knows that there are
several.

    backward:   each process keeps its own rows of dL/dfeatures, times the number of processes W
    then:       gradient of a parameter = mean over the processes

Before the features a process has W times its own part of the gradient, and the parts add up to the whole: the mean is
exact. Behind them every process has the whole gradient, and so is their mean. Without a process group there is one
process, and nothing here changes anything.

Source: SCN, section 3.5, trains batches of 1,024 on 8 GPUs and does not say whether it ranks a batch or a GPU's part of
    it; ours is the batch.
"""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn


def processes() -> int:
    """How many train together; 1 without a process group."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0 on. The first one writes files."""
    return dist.get_rank() if processes() > 1 else 0


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Join the processes that ``torchrun`` started: one on each GPU, or on CPUs. All but the first print nothing.

    After an error this process leaves the others as they are: ``torchrun`` ends them when it ends.

    Raises:
        ValueError: if a machine has fewer GPUs than processes, or torchrun's environment variables are not all there.
    """
    backend, gpus, local = "gloo", torch.cuda.device_count(), int(os.environ.get("LOCAL_RANK", "0"))
    if gpus:
        if local >= gpus:
            raise ValueError(
                f"process {local} of this machine finds {gpus} GPUs; start torchrun with --nproc-per-node={gpus}, or "
                "with CUDA_VISIBLE_DEVICES= to train on CPUs"
            )
        torch.cuda.set_device(local)
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend)
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere if rank() else sys.stdout):
        yield
    dist.destroy_process_group()


def first(function: Callable, *arguments: object) -> object:
    """Let the first process call ``function(*arguments)`` while the others wait; all return its result.

    Raises:
        Exception: on all processes, if the call raised one.
    """
    if processes() == 1:
        return function(*arguments)
    answer: list = [None, None]
    if rank() == 0:
        try:
            answer[0] = function(*arguments)
        except Exception as error:
            answer[1] = error
    dist.broadcast_object_list(answer)
    result, error = answer
    if error is not None:
        raise error
    return result


def agree(value: object) -> bool:
    """Whether all processes hold an equal value; all get the answer."""
    if processes() == 1:
        return True
    held: list = [None] * processes()
    dist.all_gather_object(held, value)
    return all(one == value for one in held)


def equalise(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors with those of the first process, in place."""
    if processes() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, src=0)


def average(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors of one dtype with their means over the processes, in place and in one message."""
    if processes() > 1:
        tensors = list(tensors)
        mean = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(mean)  # a sum: gloo has no mean
        mean /= processes()
        for tensor, part in zip(tensors, mean.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))


def normalised_together(model: nn.Module, device: torch.device) -> nn.Module:
    """The network with batch normalisation over the shares of all processes, on GPUs; elsewhere torch has none.

    Unlike the rest of a step, torch's layer waits for the device.
    """
    if processes() > 1 and device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(model)
    return model


def batch_norm_scope(device: torch.device) -> str:
    """Over what batch normalisation takes its means in training, in words for a manifest."""
    return "share of each process" if processes() > 1 and device.type != "cuda" else "whole batch"


def share(n: int, number: int, parts: int) -> slice:
    """Part ``number`` of n samples cut into ``parts``, in order; their sizes differ by one at most."""
    return slice(n * number // parts, n * (number + 1) // parts)


class Shares:
    """Gives a process its share of the samples, and the features of all samples behind the backbones.

    Attributes:
        generator: seeds what processes draw on their own, such as dropout; has the same state on all.
    """

    def __init__(self, backbones: Iterable[nn.Module]) -> None:
        self.generator = torch.Generator()
        self._private = contextlib.ExitStack()
        self._whole = 0
        if processes() > 1:
            for backbone in backbones:
                backbone.register_forward_pre_hook(self._before)
                backbone.register_forward_hook(self._after)

    def own(self, samples: Tensor) -> Tensor:
        """This process's share of samples ``(N, ...)``; the next features to be put together are those of these N."""
        self._whole = len(samples)
        return samples[share(len(samples), rank(), processes())]

    def _before(self, backbone: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if backbone.training:
            # Dropout must differ between processes, and what a method draws after the backbone must not.
            devices = [inputs[0].device] if inputs[0].is_cuda else []
            self._private.enter_context(torch.random.fork_rng(devices))
            torch.manual_seed(int(torch.randint(2**62, (), generator=self.generator)) + rank())

    def _after(self, backbone: nn.Module, inputs: tuple[Tensor, ...], features: Tensor) -> Tensor:
        self._private.close()
        return _Together.apply(features, self._whole)


class _Together(torch.autograd.Function):
    """Shares ``(n, D)`` of all processes -> ``(N, D)`` on each. A sum of rows and zeros, which is exact."""

    @staticmethod
    def forward(ctx, own: Tensor, whole: int) -> Tensor:
        ctx.rows = share(whole, rank(), processes())
        together = own.new_zeros(whole, *own.shape[1:])
        together[ctx.rows] = own
        dist.all_reduce(together)
        return together

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.rows] * processes(), None
