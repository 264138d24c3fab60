"""What a network costs when it is used: its weights, and the multiplications of one picture."""

from functools import cache

import torch
from torch import Tensor, nn

from scnlib.methods import METHODS
from scnlib.models import BACKBONES


@cache
def inference_cost(method: str, backbone: str, size: int, classes: int = 8) -> dict[str, int]:
    """Counts for a method with its default options.

    Args:
        size: side of the picture.

    Returns:
        ``"parameters"``, all that the network has, and ``"multiply-adds"`` of its convolutions and linear layers for
        one picture, importance included where there is one.
    """
    multiplied = []

    def note(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        multiplied.append(layer.weight.numel() * output[0, 0].numel())  # every weight at every place

    with torch.device("meta"):
        network = METHODS[method]().build(BACKBONES[backbone](size), classes)
    network = network.to_empty(device="cpu").eval()  # what the weights are does not matter, and drawing them takes long
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(note)
    with torch.inference_mode():
        network(torch.zeros(1, 3, size, size))
    return {"parameters": sum(p.numel() for p in network.parameters()), "multiply-adds": sum(multiplied)}
