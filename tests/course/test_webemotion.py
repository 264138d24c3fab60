"""Lesson 10's film against its cast, and the steps of table 3 against its rows."""

import dataclasses

import pytest

from scnlib import paper
from scnlib.config import profile_config
from scnlib.course import webemotion
from scnlib.datasets import load_dataset
from scnlib.paper.grid import EXTRA_RUNS, grid
from tests.paper.made import run, table


def test_the_film_gives_the_clips_that_its_cast_makes():
    seen = webemotion.watch()
    stays = sorted((begin, end) for actor in webemotion.CAST.values() for begin, end in actor.present)
    assert len(seen.tracks) == len(stays)
    for (begin, end, kept), (comes, goes) in zip(sorted(seen.tracks), stays, strict=True):
        assert 0 <= begin - comes <= 0.5 and 0 < goes - end <= 1.0
        assert kept == (goes - comes > 5)
    assert seen.table[["class", "videos", "clips", "frames"]].to_numpy().tolist() == [
        ["happiness", 1, 2, len(seen.faces)]
    ]
    assert set(seen.shown) == {"happiness", "neutral", "surprise"} and len(seen.shown) == len(seen.faces)


def test_faces_found_by_a_word_are_those_of_its_class():
    images, shown = webemotion.found_by("sadness", n=200, size=32)
    whole = load_dataset("rendered_web", n=200, size=32)
    assert images.shape == (int((whole.labels == whole.class_names.index("sadness")).sum()), 3, 32, 32)
    assert len(shown) == len(images) and 0 < shown.count("sadness") < len(shown)


def test_each_step_changes_one_thing():
    cells = [cell for cell in grid("scn-3") if cell.published.column == "RAF-DB"]
    measured = [dataclasses.replace(cell.runs, dataset="") for cell in cells]
    measured += [dataclasses.replace(runs, dataset="") for runs in EXTRA_RUNS["scn-3"]]
    steps = webemotion.steps()
    shown = [runs for pair in steps.values() for runs in pair]
    assert all(runs in measured for runs in shown) and all(runs in shown for runs in measured)
    for name, (after, before) in steps.items():
        changed = [f.name for f in dataclasses.fields(after) if getattr(after, f.name) != getattr(before, f.name)]
        expected = ["pretrained", "weights"] if name.startswith("pretraining") else [
            "method" if "fine-tuning" in name else "weights"
        ]  # fmt: skip
        assert changed == expected, name


def test_steps_are_read_off_runs_that_start_from_the_stand_in():
    def row(method, accuracy, seed, before=""):
        config = profile_config("quick", dataset="rendered", method=method, seed=seed)
        if before:
            config = dataclasses.replace(config, pretrained=f"rendered_web-{before}@run:01234567:{seed:016x}")
        weights = f"rendered_web-{before}" if before else ""
        return run(
            method, accuracy, seed, dataset="rendered", backbone="small", config=config.to_dict(), weights=weights
        )

    rows = [row("baseline", 70.0, 0), row("baseline", 71.0, 1), row("scn", 60.0, 0)]
    rows += [
        row("baseline", 73.0, 0, "baseline"),
        row("baseline", 73.0, 1, "baseline"),
        row("baseline", 75.5, 0, "scn"),
    ]
    found = {name: paper.difference(table(*rows), *pair) for name, pair in webemotion.steps().items()}
    assert found["pretraining on web faces"]["effect"] == pytest.approx(2.5)
    assert found["pretraining on web faces"]["n"] == 2
    assert found["SCN in pretraining alone"]["effect"] == pytest.approx(2.5)
    assert [step["n"] for step in found.values()] == [2, 0, 0, 1]
