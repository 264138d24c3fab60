"""What each exercise is checked against: one file a lesson, each with its ``EXERCISES``."""

import re
from importlib import import_module
from importlib.util import find_spec

from scnlib.course.checks.kinds import Implement, Predict


def exercise(number: str) -> Implement | Predict:
    """The exercise ``"06.1"``: the first of lesson 06.

    Raises:
        ValueError: if there is none that can be checked; the message names those that there are.
    """
    lesson = str(number)[:2]
    name = f"{__name__}.lesson_{lesson}"
    if not re.fullmatch(r"\d\d\.\d", str(number)) or find_spec(name) is None:
        raise ValueError(f"there is no exercise {number!r}; write it like '06.1', the lesson first")
    known = import_module(name).EXERCISES
    if number not in known:
        raise ValueError(f"there is no exercise {number!r} to check; lesson {lesson} has {', '.join(known)}")
    return known[number]
