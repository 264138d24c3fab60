"""What to search for to make a WebEmotion: 40 emotion words of 8 classes, 45 countries, 6 age words, as data.

The paper names the numbers, five of the words (those of happiness), the continents and the age words; it names no other
word and no country. Those are ours. Nothing here searches or downloads anything: ``queries`` is a list for any tool.

Source: SCN, section 4.1.
"""

import csv
import io
from dataclasses import dataclass
from difflib import get_close_matches

#: Emotion words by class. Happiness is the paper's own list, smug included; the other 35 words are ours.
WORDS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutral", "calm", "expressionless", "serious", "relaxed"),
    "happiness": ("happy", "funny", "ecstatic", "smug", "kawaii"),
    "surprise": ("surprised", "astonished", "amazed", "shocked", "startled"),
    "sadness": ("sad", "crying", "depressed", "heartbroken", "lonely"),
    "anger": ("angry", "furious", "annoyed", "enraged", "irritated"),
    "disgust": ("disgusted", "revolted", "nauseated", "repulsed", "grossed out"),
    "fear": ("scared", "afraid", "terrified", "frightened", "panicked"),
    "contempt": ("contempt", "scornful", "disdainful", "arrogant", "sneering"),
}

#: Countries by continent. The paper names the four continents; the countries are ours.
COUNTRIES: dict[str, tuple[str, ...]] = {
    "Asia": ("China", "India", "Indonesia", "Iran", "Israel", "Japan", "Malaysia", "Philippines", "South Korea",
             "Thailand", "Turkey", "Vietnam"),
    "Europe": ("France", "Germany", "Greece", "Ireland", "Italy", "Netherlands", "Norway", "Poland", "Portugal",
               "Romania", "Russia", "Spain", "United Kingdom"),
    "Africa": ("Egypt", "Ethiopia", "Ghana", "Kenya", "Morocco", "Nigeria", "Senegal", "South Africa", "Tanzania",
               "Uganda"),
    "America": ("Argentina", "Brazil", "Canada", "Chile", "Colombia", "Cuba", "Jamaica", "Mexico", "Peru",
                "United States"),
}  # fmt: skip

#: The paper's.
AGE_WORDS = ("baby", "lady", "woman", "man", "old man", "old woman")

#: Of each search the first so many videos, all shorter than so many seconds; a clip shows a face for at least so many.
TOP_VIDEOS, LONGEST_SECONDS, SHORTEST_FACE_SECONDS = 20, 240, 5

_CLASS_OF = {word: name for name, words in WORDS.items() for word in words}


@dataclass(frozen=True)
class Query:
    """One search: an emotion word with a country, or with an age word; what it has not is empty."""

    query: str
    class_name: str
    keyword: str
    country: str = ""
    age: str = ""


def queries() -> list[Query]:
    """All searches, each emotion word with every country and with every age word: 40 (45 + 6) = 2,040.

    How the paper combined its words it does not say. Twenty videos of each of these searches make up to 40,800, and it
    has "around 41,000"; every word with every country *and* every age word would make up to 216,000.
    """
    plan = []
    for name, words in WORDS.items():
        for word in words:
            plan += [Query(f"{word} {c}", name, word, country=c) for some in COUNTRIES.values() for c in some]
            plan += [Query(f"{word} {age}", name, word, age=age) for age in AGE_WORDS]
    return plan


def as_csv() -> str:
    """``queries`` as CSV: query, class, keyword, country, age, and what to take of the answers.

    ``top``: the first so many videos; ``shorter_than_seconds``: leave out the others before counting.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["query", "class", "keyword", "country", "age", "top", "shorter_than_seconds"])
    for one in queries():
        writer.writerow(
            [one.query, one.class_name, one.keyword, one.country, one.age, TOP_VIDEOS, LONGEST_SECONDS]
        )  # fmt: skip
    return text.getvalue()


def class_of(keyword: str) -> str:
    """The class that a keyword stands for; letter case, underscores and hyphens do not matter.

    Raises:
        ValueError: it is none of the 40.
    """
    word = plain(keyword)
    if word not in _CLASS_OF:
        near = get_close_matches(word, _CLASS_OF, 1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ValueError(
            f"keyword {keyword!r} is none of the {len(_CLASS_OF)} of the plan. {hint}See `scn webemotion plan`"
        )
    return _CLASS_OF[word]


def plain(keyword: str) -> str:
    """A keyword as the plan writes it, also from the name of a folder: ``"Grossed_Out"`` -> ``"grossed out"``."""
    return " ".join(keyword.casefold().replace("_", " ").replace("-", " ").split())
