"""One of a thing, and several."""

import pytest

from scnlib.words import counted


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 faces"), (1, "1 face"), (2, "2 faces"), (1204, "1,204 faces"), (1_000_001, "1,000,001 faces")],
)
def test_one_of_a_thing_is_singular(number, words):
    assert counted(number, "face") == words


def test_an_irregular_plural_is_given():
    assert [counted(n, "class", "classes") for n in (1, 8)] == ["1 class", "8 classes"]
