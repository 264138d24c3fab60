"""Two kinds of exercises that a program can check, and the mistakes that it knows by name.

An exercise holds what is asked (a function, or a guess), the package's own answer, and wrong answers that people give.
An answer is compared on seeded inputs. Where it is wrong, and as wrong as one of those, that mistake is named.
"""

import inspect
import linecache
import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

#: How far a student's float32 may be from the package's, as a share of it; ``Implement.within`` comes on top.
RTOL = 1e-4

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
        gradient: by how many of the first arguments the gradient counts, too.
        within: how far a number may be off.
        words: what the function may return, where it is to return a word.
    """

    passed: str
    mistakes: tuple[Mistake, ...]
    cases: Callable[[torch.Generator], Sequence[tuple]]
    reference: Callable | None = None
    gradient: int = 0
    within: float = 1e-6
    words: tuple[str, ...] = ()

    def examine(self, answer: object) -> Finding:
        """Run the answer on every case and say what came of it. Nothing that it does is raised."""
        if answer is None or answer is ...:
            return _NOT_ATTEMPTED
        if not callable(answer):
            words = f"A function is wanted, and this is {_a(answer)}. Give the function itself, without calling it."
            return Finding("not yet", words)
        cases = list(self.cases(torch.Generator().manual_seed(0)))
        try:
            calls = [self._call(answer, case) for case in cases]
        except _NoNumber as error:
            return Finding("not yet", str(error))
        except Exception as error:
            return Finding("not yet", _trouble(answer, error))
        results = [result for result, _ in calls]
        if any(part is None for result in results for part in result):
            return _NOT_ATTEMPTED
        wanted = [self._call(self.reference, case)[0] for case in cases] if self.reference else results
        results = [_as_wanted(*pair) for pair in zip(results, wanted, strict=True)]
        if not self.reference or not all(map(self._same, results, wanted)):
            try:
                for mistake in self.mistakes:
                    if self._shows(mistake, answer, cases, results):
                        return mistake.found()
            except Exception as error:
                return Finding("not yet", _trouble(answer, error))
        for case, result, right in zip(cases, results, wanted, strict=True):
            if not self._same(result, right):
                return Finding("not yet", _difference(answer, case, result, right, self.gradient, self.within))
        changed = {number for _, places in calls for number in places}
        if changed:
            return Finding("not yet", _overwritten(_names(answer, cases[0])[min(changed)]))
        return Finding("passed", self.passed)

    def _shows(self, mistake: Mistake, answer: Callable, cases: list[tuple], results: list[tuple]) -> bool:
        if mistake.shows:
            return mistake.shows(answer)
        theirs = (self._call(mistake.answer, case)[0] for case in cases)
        return all(map(self._same, results, theirs))

    def _call(self, function: Callable, case: tuple) -> tuple[tuple, list[int]]:
        return _call(function, case, self.gradient, self.words)

    def _same(self, first: tuple, second: tuple) -> bool:
        return _same(first, second, self.within)


@dataclass(frozen=True)
class Predict:
    """A number or a choice to give before anything is run.

    Attributes:
        truth: computes it with the package.
        passed: why it is so.
        mistakes: other guesses; for a choice, all of them.
        hint: for a number that is none of these.
        within: how far a number may be off.
        words: what an option says, and its letter: ``{"held": "a"}``. Either is an answer.
    """

    truth: Callable[[], float | str]
    passed: str
    mistakes: tuple[Mistake, ...]
    hint: str = ""
    within: float = 0.005
    words: Mapping[str, str] = field(default_factory=dict)

    def examine(self, answer: object) -> Finding:
        """Compare the guess with the truth and with the known mistakes."""
        if answer is None or answer is ...:
            return _NOT_ATTEMPTED
        truth = self.truth()
        guess = answer.strip().lower() if isinstance(answer, str) else answer
        guess = self.words.get(guess, guess) if isinstance(guess, str) else guess
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
    """An answer returned something that no tensor can be made of, or no word that was asked for."""


def _call(function: Callable, case: tuple, gradient: int, words: tuple[str, ...]) -> tuple[tuple, list[int]]:
    """What a function makes of a copy of the arguments, and which arguments it changed.

    Returns:
        Each part of the result as a tensor (or one of ``words``), None for nothing. Then, for ``gradient`` of the first
        arguments, the derivative of the sum of the first part by each, 0 where none arrives. Then the places of
        arguments that were overwritten.
    """
    arguments = [value.clone() if isinstance(value, Tensor) else value for value in case]
    for argument in arguments[:gradient]:
        argument.requires_grad_()
    with torch.enable_grad():
        returned = function(*arguments)
    parts = returned if isinstance(returned, tuple | list) else (returned,)
    places = [i for i, (a, b) in enumerate(zip(arguments, case, strict=True)) if not _untouched(a, b)]
    if words:
        return tuple(_word(part, words) for part in parts), places
    tensors = tuple(map(_tensor, parts))
    if isinstance(returned, list) and len(tensors) == 1 and tensors[0] is not None and not tensors[0].ndim:
        tensors = (tensors[0][None],)  # one label in a list, of a batch of one
    if not gradient or tensors[0] is None:
        return tensors, places
    slopes = tuple(torch.zeros_like(value) for value in case[:gradient])
    if tensors[0].requires_grad:
        slopes = torch.autograd.grad(tensors[0].sum(), arguments[:gradient], materialize_grads=True)
    return (*(part.detach() for part in tensors), *slopes), places


def _tensor(part: object) -> Tensor | None:
    if part is None or part is ...:
        return None
    try:
        return torch.as_tensor(part)
    except (TypeError, ValueError, RuntimeError):
        raise _NoNumber(f"It returns {_a(part)}; a number or a tensor is wanted.") from None


def _word(part: object, words: tuple[str, ...]) -> str | None:
    if part is None or part is ...:
        return None
    if not isinstance(part, str) or part not in words:
        raise _NoNumber(f"It returns {_a(part)}; one of {', '.join(map(repr, words))} is wanted.")
    return part


def _untouched(value: object, before: object) -> bool:
    return not isinstance(value, Tensor) or torch.equal(value, before)


def _as_wanted(result: tuple, wanted: tuple) -> tuple:
    """Several results that came in one tensor, one by one where several are wanted; a list of rows as one tensor."""
    if not all(isinstance(part, Tensor) for part in (*result, *wanted)):
        return result
    if len(result) == 1 < len(wanted) and result[0].ndim and (result[0].ndim == 1 or len(result[0]) == len(wanted)):
        return tuple(result[0].unbind())
    alike = len({part.shape for part in result}) == 1
    if len(wanted) == 1 < len(result) and alike and wanted[0].ndim == 1 + result[0].ndim:
        return (torch.stack(result),)
    return result


def _same(first: tuple, second: tuple, within: float) -> bool:
    """Whether all parts of the first agree with the second: words, or numbers in shape, kind and value."""
    return len(first) == len(second) and all(
        a == b if isinstance(b, str) else a.shape == b.shape and _fits(a, b) and bool(_close(a, b, within).all())
        for a, b in zip(first, second, strict=True)
    )


def _close(values: Tensor, right: Tensor, within: float) -> Tensor:
    return torch.isclose(values.double(), right.double(), rtol=RTOL, atol=within, equal_nan=True)


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


def _difference(answer: Callable, case: tuple, result: tuple, right: tuple, gradient: int, within: float) -> str:
    """The first thing in which a result differs from the right one."""
    values = len(right) - gradient
    if len(result) != len(right):
        return f"It returns {_count(len(result) - gradient)} where {values} should be."
    for number, (a, b) in enumerate(zip(result, right, strict=True)):
        if _same((a,), (b,), within):
            continue
        if isinstance(b, str):
            return f"It is {a!r} where {b!r} is right, with {_arguments(answer, case, torch.Size(), 0)}."
        if number >= values:
            to = _names(answer, case)[number - values]
            if not a.any():
                return (
                    f"The value is right, but no gradient comes back to `{to}`. Something on the way cuts the path: "
                    "`detach`, `item`, `numpy`, `torch.tensor(...)`, or a plain Python number."
                )
            return f"The value is right, its gradient in `{to}` is not: {_wrong(a, b, within)}."
        part = "It" if values == 1 else f"Part {number + 1} of the result"
        if a.shape != b.shape:
            return f"{part} {_wrong_shape(a, b)}."
        if not _fits(a, b):
            return f"{part} holds {_kind(a)}; {_kind(b)} are wanted."
        row = int(_wrong_cells(a, b, within)[0, 0]) if a.ndim else 0
        return f"{part} is {_wrong(a, b, within)}, with {_arguments(answer, case, a.shape[:1], row)}."
    raise AssertionError("the results do not differ")


def _wrong(values: Tensor, right: Tensor, within: float) -> str:
    """Small ones whole, of larger ones the first cell that differs, one that is not finite before all others."""
    ill = values.double().isfinite().logical_not() & right.double().isfinite()
    where = " (not finite: look for 0 / 0, a logarithm of 0, or an `exp` that float32 cannot hold)" if ill.any() else ""
    if values.numel() <= _SHOWN:
        return f"{_beside(values, right)}{where}"
    cells = _wrong_cells(values, right, within).tolist()
    others = f", one of {len(cells)} wrong cells" if len(cells) > 1 else ""
    cell = tuple(cells[0])
    return f"{_beside(values[cell], right[cell], f' at {cells[0]}')}{others}{where}"


def _beside(value: Tensor, right: Tensor, place: str = "") -> str:
    """Both in four digits; in seven where four are the same."""
    same = _value(value) == _value(right)
    shown, wanted = (_value(number, 7 if same else 4) for number in (value, right))
    return f"{shown}{place} where {wanted} is right{' (rounded too early?)' if same else ''}"


def _wrong_cells(values: Tensor, right: Tensor, within: float) -> Tensor:
    """Places that differ, int64 ``(K, ndim)``; those that are not finite and should be before all others."""
    off = ~_close(values, right, within)
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


def _value(value: object, digits: int = 4) -> str:
    if not isinstance(value, Tensor):
        return repr(value)
    if value.numel() > _SHOWN:
        return f"a tensor of shape {tuple(value.shape)}"
    return _listed(value.tolist(), digits)


def _listed(value: object, digits: int) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_listed(part, digits) for part in value)}]"
    finite = isinstance(value, float) and math.isfinite(value)
    return f"{value + 0.0:.{digits}g}" if finite else str(value)  # -0 + 0 is 0


def _count(number: int) -> str:
    return "one result" if number == 1 else f"{number} results"


def _a(value: object) -> str:
    text = repr(value)
    return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
