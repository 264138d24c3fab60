"""A device apart, for machines without a GPU: what a GPU would refuse is refused, what it would wait for is noted.

Tensors on it are computed with the CPU's own functions, so a run there ends with the CPU's very numbers. They say that
they lie on the device ``meta``: the one other device on which torch lets gradients flow back without its hardware.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

APART = torch.device("meta")

aten = torch.ops.aten
#: What a GPU must have finished before the processor can go on: it asks for a number, or for how many there are.
QUESTIONS = {
    aten._local_scalar_dense.default, aten.equal.default, aten.nonzero.default, aten.masked_select.default,
    aten._unique.default, aten._unique2.default, aten.unique_dim.default, aten.unique_consecutive.default,
    aten.bincount.default, aten.repeat_interleave.Tensor,
}  # fmt: skip
COPIES = {aten._to_copy.default, aten.copy_.default}
LOOKS_UP = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}


class _Apart(Tensor):
    """A tensor of the device apart around the one, ``held``, that has its numbers."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held: Tensor) -> "_Apart":
        return Tensor._make_wrapper_subclass(
            cls, held.size(), held.stride(), held.storage_offset(), dtype=held.dtype, device=APART
        )

    def __init__(self, held: Tensor) -> None:
        self.held = held

    @classmethod
    def __torch_dispatch__(cls, call, types, args=(), kwargs=None):
        raise RuntimeError(f"{call}: a tensor on {APART} is used outside of DeviceApart")

    def tolist(self) -> list:
        return self.cpu().tolist()  # torch has none for tensors of other classes


class DeviceApart(TorchDispatchMode):
    """Inside this context tensors can be on ``APART``.

    Attributes:
        waits: the calls so far for which a GPU would have made the processor wait.

    Raises:
        RuntimeError: a call mixes tensors of both devices, or draws there with a generator of the CPU.
    """

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_dispatch__(self, call, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        leaves = tree_leaves((args, kwargs))
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        there = [tensor for tensor in tensors if isinstance(tensor, _Apart)]
        goes_there = bool(there) if kwargs.get("device") is None else torch.device(kwargs["device"]) == APART
        if call is aten.copy_.default:
            goes_there = isinstance(args[0], _Apart)
        if call in COPIES:
            if isinstance(tensors[-1], _Apart) != goes_there:
                self.waits.append(str(call))
        elif there:
            if any(tensor.dim() and not isinstance(tensor, _Apart) for tensor in tensors):
                raise RuntimeError(f"{call}: expected all tensors to be on the same device, found {APART} and cpu")
            if call in QUESTIONS or (call in LOOKS_UP and _by_mask(args[1])):
                self.waits.append(str(call))
        if goes_there and any(isinstance(leaf, torch.Generator) for leaf in leaves):
            raise RuntimeError(f"{call}: a generator of the CPU cannot draw on {APART}")
        made = call(*tree_map(_on_the_cpu, args), **tree_map(_on_the_cpu, kwargs))
        if call is aten.copy_.default:
            return args[0]
        return tree_map(_sender(there), made) if goes_there else made


def _by_mask(indices: list[Tensor | None]) -> bool:
    return any(index is not None and index.dtype == torch.bool for index in indices)


def _on_the_cpu(leaf: object) -> object:
    if isinstance(leaf, torch.device):
        return torch.device("cpu")
    return leaf.held if isinstance(leaf, _Apart) else leaf


def _sender(there: list[_Apart]) -> Callable[[object], object]:
    """Brings what a call made to the device; a call in place made the very tensor that it was given."""
    given = {id(tensor.held): tensor for tensor in there}

    def send(made: object) -> object:
        if not isinstance(made, Tensor):
            return made
        return given[id(made)] if id(made) in given else _Apart(made)

    return send
