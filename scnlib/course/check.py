"""Exercises that check themselves: ``check.ex("06.1", rank_loss)`` says how it went, in a sentence or two.

Nothing is printed and nothing raised: what comes back shows itself where it is the last line of a cell.
"""

from dataclasses import dataclass

from scnlib.course.checks import exercise


@dataclass(frozen=True)
class Message:
    """How an exercise went.

    Attributes:
        number: of the exercise.
        state: ``"passed"``, ``"not yet"`` or ``"not attempted"``.
        words: what to take away, or what to look at.
        mistake: the name of a known mistake, else "".
    """

    number: str
    state: str
    words: str
    mistake: str = ""

    def _repr_markdown_(self) -> str:
        return f"**{self._title()}** {self.words}"

    def __repr__(self) -> str:
        return f"{self._title()} {self.words}"

    def _title(self) -> str:
        said = {"passed": "passed ✓", "not yet": "not yet", "not attempted": "not attempted yet"}[self.state]
        return f"{self.number}: {said}."


def ex(number: str, answer: object) -> Message:
    """Check an answer.

    Args:
        number: of the exercise, ``"06.1"``.
        answer: the function that was written, or the number or choice that was predicted. ``...`` or None, or a
            function that returns one of them, counts as not attempted.

    Raises:
        ValueError: if there is no such exercise.
    """
    finding = exercise(number).examine(answer)
    return Message(number, finding.state, finding.words, finding.mistake)
