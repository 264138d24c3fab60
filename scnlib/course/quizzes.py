"""Quizzes: five questions a lesson, a reason for every option. Plain Markdown, which needs no server to be read."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Option:
    """One answer: what it says, whether it is right, and why one may think so or why it is so."""

    say: str
    because: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """A question with its options; ``source`` names the place in a paper that the answer rests on, "" for none."""

    ask: str
    options: tuple[Option, ...]
    source: str = ""


def read(path: Path) -> list[Question]:
    """The questions of ``notebooks/source/quizzes/NN_name.toml``: tables ``question``, each with tables ``option``."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))["question"]
    return [
        Question(row["ask"], tuple(Option(**option) for option in row["option"]), row.get("source", ""))
        for row in found
    ]


def cells(questions: list[Question]) -> str:
    """A quiz as Markdown cells in py:percent: the options as a list, the answers folded away below them."""
    texts = ["## Quiz\n\nOne option of each is right. Decide before you unfold the reasons."]
    texts += [_markdown(number, question) for number, question in enumerate(questions, start=1)]
    commented = ("\n".join(f"# {line}".rstrip() for line in text.splitlines()) for text in texts)
    return "".join(f"# %% [markdown]\n{text}\n\n" for text in commented)


def _markdown(number: int, question: Question) -> str:
    letters = "ABCDE"
    options = "\n".join(
        f"- **{letter}.** {option.say}" for letter, option in zip(letters, question.options, strict=False)
    )
    reasons = "\n".join(
        f"- **{letter} is {'right' if option.right else 'not right'}.** {option.because}"
        for letter, option in zip(letters, question.options, strict=False)
    )
    source = f"\n\nSource: {question.source}." if question.source else ""
    return (
        f"### Question {number}\n\n{question.ask}\n\n{options}\n\n"
        f"<details>\n<summary>The answer, with a reason for every option</summary>\n\n{reasons}{source}\n\n</details>"
    )
