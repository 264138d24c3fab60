"""Shapes of tensors, compared before broadcasting hides that they do not fit."""

from torch import Tensor


def check_shape(name: str, tensor: Tensor, *allowed: tuple[int | str, ...]) -> None:
    """Refuse an argument of another shape; its values are not looked at, so nothing waits for the device.

    Args:
        name: of the argument, for the message.
        allowed: shapes, one of which it must have; a letter such as ``"N"`` stands for any size.

    Raises:
        ValueError: it has none of them.
    """
    if not any(_fits(tensor.shape, shape) for shape in allowed):
        expected = " or ".join(map(_words, allowed))
        raise ValueError(f"{name} has the shape {_words(tensor.shape)}, expected {expected}")


def _fits(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    return len(shape) == len(wanted) and all(
        isinstance(size, str) or size == here for size, here in zip(wanted, shape, strict=True)
    )


def _words(shape: tuple[int | str, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
