"""Options as they come, from a command line or a JSON file, against the types that their owners state."""

import dataclasses
import difflib
import math
import sys
import types
import typing
from collections.abc import Iterable, Mapping

WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def known_words(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: what is known, and which of it was perhaps meant."""
    known = list(known)
    nearest = difflib.get_close_matches(word, known, n=1)
    return f"known: {', '.join(known) or 'none'}" + "".join(f". Did you mean {one!r}?" for one in nearest)


def typed(owner: str, name: str, annotation: object, value: object) -> object:
    """The value of an option, of a type that its owner states; a whole number becomes a float where floats are meant.

    Args:
        owner: who has the option, for the message: ``"method scn"``.
        annotation: ``bool``, ``int``, ``float``, ``str``, ``None`` or several of them, ``float | None``; of any other
            the owner checks the value himself.

    Raises:
        ValueError: another type, a number that is not finite, or a whole one of more than 63 bits.
    """
    stated = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    if not set(stated) <= {*WORDS, types.NoneType}:
        return value
    if float in stated and isinstance(value, int | float) and not isinstance(value, bool):  # NumPy's float64 is a float
        value = math.inf if isinstance(value, int) and abs(value) > sys.float_info.max else float(value)
    if type(value) not in stated:
        words = " or ".join(WORDS[one] for one in stated if one in WORDS)
        raise ValueError(f"{owner}: {name} must be {words}, got {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{owner}: {name} must be a finite number, got {value}")
    if type(value) is int and abs(value) >= 2**63:
        raise ValueError(f"{owner}: {name} must be a whole number of at most 63 bits, got one of {value.bit_length()}")
    return value


def typed_fields(owner: str, kind: type, given: Mapping[str, object]) -> dict[str, object]:
    """Values for fields of a dataclass, each ``typed``.

    Raises:
        ValueError: the dataclass has no such field, or a value is of another type.
    """
    known = {field.name: field.type for field in dataclasses.fields(kind)}
    for name in given:
        if name not in known:
            raise ValueError(f"{owner} has no option {name!r}; {known_words(name, known)}")
    return {name: typed(owner, name, known[name], value) for name, value in given.items()}
