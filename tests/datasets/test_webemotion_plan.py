"""The numbers that the paper prints, and a list that a downloader can read."""

import csv

import pytest

from scnlib import cli
from scnlib.datasets import webemotion_plan as plan
from scnlib.faces import CLASSES
from scnlib.paper.settings import setting


def said(name):
    return setting("scn", f"WebEmotion {name}").value


def test_as_many_words_countries_and_ages_as_the_paper_has():
    words = [word for some in plan.WORDS.values() for word in some]
    assert tuple(plan.WORDS) == CLASSES and len(CLASSES) == said("classes")
    assert len(words) == len(set(words)) == said("emotion words")
    countries = [c for some in plan.COUNTRIES.values() for c in some]
    assert len(countries) == len(set(countries)) == said("countries")
    assert set(plan.COUNTRIES) == {"Asia", "Europe", "Africa", "America"}
    assert said("age words") == plan.AGE_WORDS
    assert said("videos for each search") == plan.TOP_VIDEOS
    assert 60 * said("longest video") == plan.LONGEST_SECONDS
    assert said("shortest face") == plan.SHORTEST_FACE_SECONDS
    assert plan.WORDS["happiness"] == ("happy", "funny", "ecstatic", "smug", "kawaii")


def test_twenty_videos_a_search_come_to_about_the_papers_number():
    assert len({one.query for one in plan.queries()}) == len(plan.queries()) == 40 * (45 + 6)
    assert len(plan.queries()) * plan.TOP_VIDEOS == pytest.approx(said("videos"), rel=0.01)


def test_the_list_says_all_that_a_downloader_needs(tmp_path, capsys):
    file = tmp_path / "plan.csv"
    assert cli.main(["webemotion", "plan", "--out", str(file)]) == 0
    assert "2,040 searches" in capsys.readouterr().out
    assert cli.main(["webemotion", "plan"]) == 0
    assert capsys.readouterr().out == file.read_text()
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert {"query": "kawaii Japan", "class": "happiness", "keyword": "kawaii", "country": "Japan", "age": "",
            "top": "20", "shorter_than_seconds": "240"} in rows  # fmt: skip
    assert [row["query"] for row in rows if row["keyword"] == "sad" and row["age"] == "old man"] == ["sad old man"]
    assert all(bool(row["country"]) != bool(row["age"]) for row in rows)
    assert all(plan.class_of(row["keyword"]) == row["class"] for row in rows)


def test_keywords_are_known_however_a_folder_spells_them():
    assert plan.class_of("Grossed_Out ") == plan.class_of("grossed-out") == "disgust"
    with pytest.raises(ValueError, match="'hapy' is none of the 40 of the plan. Did you mean 'happy'"):
        plan.class_of("hapy")
    with pytest.raises(ValueError, match="'happiness' is none of the 40"):  # a class is no keyword
        plan.class_of("happiness")
