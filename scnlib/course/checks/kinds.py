"""Two kinds of exercises that a program can check, and the mistakes that it knows by name.

An exercise holds what is asked (a function, or a guess), the package's own answer, and wrong answers that people give.
An answer is compared on seeded inputs. Where it is wrong, and as wrong as one of those, that mistake is named.
"""

import inspect
import linecache
import math
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

#: How far a student's float32 may be from the package's: relative, absolute.
CLOSE = {"rtol": 1e-4, "atol": 1e-6}

_SHOWN = 10  # a tensor of more elements is named by its shape, or by one of its cells or rows
_DECIMAL, _WHOLE = "decimal numbers (float)", "whole numbers (int)"


@dataclass(frozen=True)
class Finding:
    """What came out: ``state`` is "passed", "not yet" or "not attempted"; ``mistake`` the name of a known one."""

    state: str
    words: str
    mistake: str = ""


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people give.

    Attributes:
        name: completes "This looks like ...".
        answer: the wrong function, or the wrong guess (or a function without arguments that computes it).
        hint: what to look at.
        shows: whether a function makes this mistake. None: if it gives what ``answer`` gives, on every input.
    """

    name: str
    answer: Any
    hint: str
    shows: Callable[[Callable], bool] | None = None

    def value(self) -> float | str:
        """The wrong guess."""
        return self.answer() if callable(self.answer) else self.answer

    def found(self) -> Finding:
        """What is said to who makes it."""
        return Finding("not yet", f"This looks like *{self.name}*. {self.hint}", self.name)


@dataclass(frozen=True)
class Implement:
    """A function to write.

    Attributes:
        passed: what to take away, said once it is right.
        mistakes: told by their results; those with ``shows`` are asked first to last.
        reference: the package's function with the same arguments; None where any function will do that makes none of
            the mistakes.
        cases: generator -> tuples of arguments, the first small enough to follow by hand.
        gradient: whether the gradient by the first argument counts, too.
    """

    passed: str
    mistakes: tuple[Mistake, ...]
    cases: Callable[[torch.Generator], Sequence[tuple]]
    reference: Callable | None = None
    gradient: bool = False

    def examine(self, answer: object) -> Finding:
        """Run the answer on every case and say what came of it. Nothing that it does is raised."""
        if answer is None or answer is ...:
            return _NOT_ATTEMPTED
        if not callable(answer):
            words = f"A function is wanted, and this is {_a(answer)}. Give the function itself, without calling it."
            return Finding("not yet", words)
        cases = list(self.cases(torch.Generator().manual_seed(0)))
        try:
            calls = [_call(answer, case, self.gradient) for case in cases]
        except _NoNumber as error:
            return Finding("not yet", str(error))
        except Exception as error:
            return Finding("not yet", _trouble(answer, error))
        results = [result for result, _ in calls]
        if any(part is None for result in results for part in result):
            return _NOT_ATTEMPTED
        wanted = [_call(self.reference, case, self.gradient)[0] for case in cases] if self.reference else results
        results = [_as_wanted(*pair) for pair in zip(results, wanted, strict=True)]
        if not self.reference or not all(map(_same, results, wanted)):
            try:
                for mistake in self.mistakes:
                    if self._shows(mistake, answer, cases, results):
                        return mistake.found()
            except Exception as error:
                return Finding("not yet", _trouble(answer, error))
        for case, result, right in zip(cases, results, wanted, strict=True):
            if not _same(result, right):
                return Finding("not yet", _difference(answer, case, result, right, self.gradient))
        changed = {number for _, places in calls for number in places}
        if changed:
            return Finding("not yet", _overwritten(_names(answer, cases[0])[min(changed)]))
        return Finding("passed", self.passed)

    def _shows(self, mistake: Mistake, answer: Callable, cases: list[tuple], results: list[tuple]) -> bool:
        if mistake.shows:
            return mistake.shows(answer)
        theirs = (_call(mistake.answer, case, self.gradient)[0] for case in cases)
        return all(map(_same, results, theirs))


@dataclass(frozen=True)
class Predict:
    """A number or a choice to give before anything is run.

    Attributes:
        truth: computes it with the package.
        passed: why it is so.
        mistakes: other guesses; for a choice, all of them.
        hint: for a number that is none of these.
        within: how far a number may be off.
    """

    truth: Callable[[], float | str]
    passed: str
    mistakes: tuple[Mistake, ...]
    hint: str = ""
    within: float = 0.005

    def examine(self, answer: object) -> Finding:
        """Compare the guess with the truth and with the known mistakes."""
        if answer is None or answer is ...:
            return _NOT_ATTEMPTED
        truth = self.truth()
        guess = answer.strip().lower() if isinstance(answer, str) else answer
        if isinstance(truth, str):
            known = sorted({truth, *(mistake.answer for mistake in self.mistakes)})
            if guess not in known:
                return Finding("not yet", f"Answer with one of {', '.join(map(repr, known))}.")
        else:
            try:
                guess = float(guess)
            except (TypeError, ValueError, RuntimeError):
                return Finding("not yet", f"A number is wanted, and this is {_a(answer)}.")
        if self._near(guess, truth):
            return Finding("passed", self.passed)
        off = {mistake: self._off(guess, mistake.value()) for mistake in self.mistakes}
        nearest = min(off, key=off.get)
        if self._near(guess, nearest.value()):
            return nearest.found()
        if not isinstance(truth, str):
            if abs(truth) <= 1 and self._near(guess / 100, truth):
                return Finding("not yet", "The digits are right, the unit is not: a share of 1, not percent.")
            if abs(truth) > 1 and self._near(guess * 100, truth):
                return Finding("not yet", "The digits are right, the unit is not: points (percent), not a share.")
        return Finding("not yet", self.hint)

    def _near(self, guess: float | str, value: float | str) -> bool:
        return self._off(guess, value) <= self.within + 1e-9  # 0.88 - 0.875 is a little more than 0.005

    @staticmethod
    def _off(guess: float | str, value: float | str) -> float:
        if isinstance(value, str):
            return 0.0 if guess == value else math.inf
        off = abs(guess - float(value))
        return math.inf if math.isnan(off) else off


_NOT_ATTEMPTED = Finding(
    "not attempted", "Replace the `...` and run the cell again. (A function must end with `return` and a value.)"
)


# ------------------------------------------------------------------------------------------------------------- results


class _NoNumber(Exception):
    """An answer returned something that no tensor can be made of."""


def _call(function: Callable, case: tuple, gradient: bool) -> tuple[tuple[Tensor | None, ...], list[int]]:
    """What a function makes of a copy of the arguments, and which arguments it changed.

    Returns:
        Each part of the result as a tensor, None for nothing. With ``gradient`` the derivative of the sum of the first
        part by the first argument follows, 0 where none arrives. Then the places of arguments that were overwritten.
    """
    arguments = [value.clone() if isinstance(value, Tensor) else value for value in case]
    if gradient:
        arguments[0].requires_grad_()
    with torch.enable_grad():
        returned = function(*arguments)
    tensors = tuple(map(_tensor, returned if isinstance(returned, tuple | list) else (returned,)))
    if isinstance(returned, list) and len(tensors) == 1 and tensors[0] is not None and not tensors[0].ndim:
        tensors = (tensors[0][None],)  # one label in a list, of a batch of one
    places = [i for i, (a, b) in enumerate(zip(arguments, case, strict=True)) if not _untouched(a, b)]
    if not gradient or tensors[0] is None:
        return tensors, places
    arrived = None
    if tensors[0].requires_grad:
        (arrived,) = torch.autograd.grad(tensors[0].sum(), arguments[0], allow_unused=True)
    slope = torch.zeros_like(case[0]) if arrived is None else arrived
    return (*(part.detach() for part in tensors), slope), places


def _tensor(part: object) -> Tensor | None:
    if part is None or part is ...:
        return None
    try:
        return torch.as_tensor(part)
    except (TypeError, ValueError, RuntimeError):
        raise _NoNumber(f"It returns {_a(part)}; a number or a tensor is wanted.") from None


def _untouched(value: object, before: object) -> bool:
    return not isinstance(value, Tensor) or torch.equal(value, before)


def _as_wanted(result: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Several numbers that came in one tensor, one by one where several are wanted; a list of them as one tensor."""
    if len(result) == 1 < len(wanted) and result[0].ndim == 1:
        return tuple(result[0].unbind())
    if len(wanted) == 1 < len(result) and wanted[0].ndim == 1 and not any(part.ndim for part in result):
        return (torch.stack(result),)
    return result


def _same(first: tuple[Tensor, ...], second: tuple[Tensor, ...]) -> bool:
    """Whether all parts of the first agree with the second in shape, kind and value."""
    return len(first) == len(second) and all(
        a.shape == b.shape and _fits(a, b) and torch.allclose(a.double(), b.double(), **CLOSE, equal_nan=True)
        for a, b in zip(first, second, strict=True)
    )


def _fits(values: Tensor, wanted: Tensor) -> bool:
    """Whether the kind of number is as wanted; a whole number may stand for a decimal one."""
    return _kind(values) == _kind(wanted) or (_kind(values), _kind(wanted)) == (_WHOLE, _DECIMAL)


def _kind(values: Tensor) -> str:
    if values.dtype == torch.bool:
        return "yes or no (bool)"
    if values.dtype.is_complex:
        return "complex numbers"
    return _DECIMAL if values.dtype.is_floating_point else _WHOLE


# --------------------------------------------------------------------------------------------------------------- words


def _difference(answer: Callable, case: tuple, result: tuple, right: tuple, gradient: bool) -> str:
    """The first thing in which a result differs from the right one."""
    if len(result) != len(right):
        return f"It returns {_count(len(result) - gradient)} where {len(right) - gradient} should be."
    for number, (a, b) in enumerate(zip(result, right, strict=True)):
        if gradient and number == len(right) - 1:
            if not a.any() and b.any():
                return (
                    "The value is right, but no gradient comes back from it. Something on the way cuts the path: "
                    "`detach`, `item`, `numpy`, `torch.tensor(...)`, or a plain Python number."
                )
            return f"The value is right, its gradient is not: {_wrong(a, b)}."
        part = "It" if len(right) - gradient == 1 else f"Part {number + 1} of the result"
        if a.shape != b.shape:
            return f"{part} {_wrong_shape(a, b)}."
        if not _fits(a, b):
            return f"{part} holds {_kind(a)}; {_kind(b)} are wanted."
        if not _same((a,), (b,)):
            row = int(_wrong_cells(a, b)[0, 0]) if a.ndim else 0
            return f"{part} is {_wrong(a, b)}, with {_arguments(answer, case, a.shape[:1], row)}."
    raise AssertionError("the results do not differ")


def _wrong(values: Tensor, right: Tensor) -> str:
    """Small ones whole, of larger ones the first cell that differs, one that is not finite before all others."""
    ill = values.double().isfinite().logical_not() & right.double().isfinite()
    where = " (not finite: look for 0 / 0, a logarithm of 0, or an `exp` that float32 cannot hold)" if ill.any() else ""
    if values.numel() <= _SHOWN:
        return f"{_value(values)} where {_value(right)} is right{where}"
    cells = _wrong_cells(values, right).tolist()
    others = f", one of {len(cells)} wrong cells" if len(cells) > 1 else ""
    cell = tuple(cells[0])
    return f"{_value(values[cell])} at {cells[0]} where {_value(right[cell])} is right{others}{where}"


def _wrong_cells(values: Tensor, right: Tensor) -> Tensor:
    """Places that differ, int64 ``(K, ndim)``; those that are not finite and should be before all others."""
    off = ~torch.isclose(values.double(), right.double(), **CLOSE, equal_nan=True)
    ill = values.double().isfinite().logical_not() & right.double().isfinite()
    return torch.cat([ill.nonzero(), (off & ~ill).nonzero()])


def _wrong_shape(values: Tensor, right: Tensor) -> str:
    if not values.ndim:
        return f"is a single number, of the shape (); the shape {tuple(right.shape)} is wanted"
    wanted = f"{tuple(right.shape)} is wanted" if right.ndim else "a single number is wanted, of the shape ()"
    return f"has the shape {tuple(values.shape)}; {wanted}"


def _overwritten(name: str) -> str:
    return (
        f"The result is right, but `{name}` is not what it was: who calls the function loses it. Work on a copy, and "
        "write `a = a - b` for `a -= b`."
    )


def _trouble(answer: Callable, error: Exception) -> str:
    """What went wrong in the student's own code and where; no line of ours."""
    said = f"`{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else 'without a word'}`"
    code = getattr(answer, "__code__", None)
    own = [
        (frame.f_code, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if code
        and frame.f_code.co_filename == code.co_filename
        and (frame.f_code is code or not frame.f_code.co_name.startswith("<"))
    ]
    if not own:
        return f"It does not do what the task says: {said}."
    where, number = own[-1]
    line = linecache.getline(where.co_filename, number).strip()
    who = "It" if where is code else f"`{where.co_name}`, which it calls,"
    return f"{who} stops in its line {number - where.co_firstlineno + 1}{f': `{line}`' if line else ''} with {said}."


def _arguments(answer: Callable, case: tuple, rows: torch.Size, row: int) -> str:
    """Each argument by name; of a large one with as many rows as the result, the row where that goes wrong."""

    def said(name: str, value: object) -> str:
        if rows and isinstance(value, Tensor) and value.numel() > _SHOWN and value.shape[:1] == rows:
            return f"{name}[{row}] = {_value(value[row])}"
        return f"{name} = {_value(value)}"

    return ", ".join(said(name, value) for name, value in zip(_names(answer, case), case, strict=False))


def _names(answer: Callable, case: tuple) -> list[str]:
    try:
        names = list(inspect.signature(answer).parameters)
    except (TypeError, ValueError):
        names = []
    return names + [f"argument {number}" for number in range(len(names) + 1, len(case) + 1)]


def _value(value: object) -> str:
    if not isinstance(value, Tensor):
        return repr(value)
    if value.numel() > _SHOWN:
        return f"a tensor of shape {tuple(value.shape)}"
    return _listed(value.tolist())


def _listed(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_listed, value))}]"
    return f"{value + 0.0:.4g}" if isinstance(value, float) and math.isfinite(value) else str(value)  # -0 + 0 is 0


def _count(number: int) -> str:
    return "one result" if number == 1 else f"{number} results"


def _a(value: object) -> str:
    text = repr(value)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
