"""A row that is measured again: equal where nothing changed, and what changed is named."""

import dataclasses
import json
import math
import re

import pandas as pd
import pytest

from scnlib import results, runs, splits, verify
from scnlib.cli import main
from scnlib.config import profile_config

from .conftest import make_faces


@pytest.fixture
def committed(squares, tmp_path):
    """A folder of results with two rows, and its files' bytes."""
    configs = [profile_config("smoke", method=method, noise_rate=0.25) for method in ("scn", "baseline")]
    folder = tmp_path / "results"
    results.add("squares", [runs.run(config, progress=False) for config in configs], folder)
    return folder, {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_row_measured_again_is_equal_and_nothing_is_written(committed, tmp_path, capsys):
    folder, before = committed
    words = ["results", "verify", "squares", "--folder", str(folder), "--seed", "3"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert re.search(r"equal: (\d+) of \1 numbers are the same", printed) and "--seed 3 chooses it again" in printed
    assert "the same: key, config_sha256, data" in printed
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert not list((tmp_path / "out").glob("verify-*")) and len(list((tmp_path / "out" / "runs").glob("r*"))) == 2
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[0] == printed.splitlines()[0]


def test_other_faces_are_said_and_so_are_other_numbers(committed, monkeypatch):
    folder, _ = committed
    scn = results.load("squares", folder=folder)["key"][0]
    row = verify.choose("squares", scn, folder=folder)
    other = dataclasses.replace(make_faces(64, noise=0.0, seed=77), true_labels=None)
    monkeypatch.setattr(splits, "load_dataset", lambda *a, **k: other)
    found = verify.repeat(row)
    assert {"key", "data"} <= set(found.circumstances) and "config_sha256" not in found.circumstances
    assert found.verdict != "equal" and "alpha_mean" in found.numbers
    assert f"  data                    {row['data']} -> " in found.text()


def check(tolerance=2.0, **changed):
    before = dict.fromkeys(verify.NUMBERS, 50.0) | dict.fromkeys(verify.CIRCUMSTANCES, "x")
    return verify.Check(before, before | changed, tolerance)


def test_the_test_accuracy_decides_and_every_other_number_is_shown():
    assert check().verdict == "equal" and check().text().startswith("equal: 11 of 11")
    assert check(memorised=10.0).verdict == "within tolerance"
    assert check(accuracy=52.0).verdict == "within tolerance" and check(accuracy=52.01).verdict == "differs"
    assert check(accuracy=50.6, tolerance=0.5).verdict == "differs"
    text = check(accuracy=53.0, torch="y").text()
    assert text.startswith("differs: 10 of 11 numbers are the same; accuracy may differ by ± 2")
    assert "  accuracy                50 -> 53" in text and "  torch                   x -> y" in text


def test_what_a_csv_writes_differently_is_not_different():
    before = dict.fromkeys(verify.NUMBERS, math.nan) | {"processes": 1.0, "dirty": False, "python": math.nan}
    after = dict.fromkeys(verify.NUMBERS, math.nan) | dict.fromkeys(verify.CIRCUMSTANCES, "") | {"processes": 1}
    found = verify.Check(before, after | {"dirty": False, "python": "3.11.7"})
    assert found.verdict == "equal" and not found.circumstances, "what the row does not say is not compared"


def test_only_numbers_that_there_are_count_as_the_same():
    """Neither a number that no such run has (a baseline's alpha) nor one that came into the code after the row."""
    baseline = {"alpha_mean": math.nan, "alpha_auroc": math.nan}
    row = check(**baseline).after
    old = {name: value for name, value in row.items() if name != "alpha_regained"}
    assert verify.Check(row, row).text().startswith("equal: 9 of 9 numbers")
    assert verify.Check(old, row).text().startswith("equal: 8 of 8 numbers")
    gone = verify.Check(row, row | {"memorised": math.nan})
    assert gone.text().startswith("within tolerance: 8 of 9 numbers") and "memorised" in gone.text()


def test_a_cheap_row_of_todays_recipe_is_chosen_by_chance(tmp_path):
    config = profile_config("smoke", method="baseline")
    rows = [
        {"key": f"k{seconds}{version}", "recipe_version": version, "duration_s": seconds, "config": text}
        for seconds in (1.0, 2.0, 3.0, 900.0)
        for version, text in ((1, "{}"), (2, json.dumps(config.to_dict())))
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "made.csv", index=False)
    chosen = {verify.choose("made", seed=seed, folder=tmp_path)["key"] for seed in range(20)}
    assert chosen == {"k1.02", "k2.02"}
    assert verify.choose("made", "k900.01", folder=tmp_path)["duration_s"] == 900


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["verify", "nothing"], "there are no measured runs"),
        (["verify", "squares", "--cell", "zz"], "a key begins with 'zz' in 0 rows; one is meant"),
        (["squares"], "name the directories of the runs to add to squares"),
    ],
)
def test_what_cannot_be_chosen_is_refused(committed, words, message, capsys):
    assert main(["results", *words, "--folder", str(committed[0])]) == 2
    assert message in capsys.readouterr().err


def test_a_row_that_this_code_cannot_repeat_says_why(committed):
    row = verify.choose("squares", seed=0, folder=committed[0])
    with pytest.raises(ValueError, match="cannot be repeated: it is of recipe version 1, and this code is version 2"):
        verify.repeat(row | {"recipe_version": 1})
    with pytest.raises(ValueError, match="cannot be repeated: this code does not know its config"):
        verify.repeat(row | {"config": "{}"})
    weighted = row["config"].replace('"pretrained":""', '"pretrained":"msceleb@sha256:0123456789abcdef"')
    with pytest.raises(ValueError, match="starts from msceleb@sha256:0123456789abcdef; say --weights FILE"):
        verify.repeat(row | {"config": weighted})


def test_a_missing_folder_is_the_loaders_to_say():
    config = profile_config("smoke", dataset="ferplus", method="baseline")
    row = {"key": "k", "recipe_version": 2, "config": json.dumps(config.to_dict())}
    with pytest.raises(ValueError, match="ferplus needs a root"):
        verify.repeat(row)
