"""The README's first page, read off rows that are known."""

import pandas as pd
import pytest

from scnlib.paper.front import readme_table, results_page
from scnlib.paper.quick import own_runs
from tests.paper.made import run


@pytest.fixture
def results(tmp_path):
    """Two seeds of three arms on rendered faces, one of the baseline on FER+ and of LRN on FER2013's labels."""
    rendered = {"dataset": "rendered", "backbone": "small", "label_accuracy": 70.0}
    rows = [run("baseline", 60.0 + seed, seed, rate, **rendered) for seed in (0, 1) for rate in (0.0, 0.3)]
    rows += [run("scn", 50.0, seed, 0.3, alpha_mean=0.5, alpha_auroc=0.51, **rendered) for seed in (0, 1)]
    pd.DataFrame(rows).to_csv(tmp_path / "rendered.csv", index=False)
    small = {"backbone": "small"}
    real = {"noise_kind": "fer2013", "alpha_mean": 0.5, "alpha_auroc": 0.9, "label_accuracy": 68.0, **small}
    real_faces = [run("baseline", 67.0, 0, 0.3, label_accuracy=70.0, **small), run("lrn", 66.0, 0, 0.0, **real)]
    pd.DataFrame(real_faces).to_csv(tmp_path / "ferplus.csv", index=False)
    return tmp_path


def test_methods_stand_in_rows_and_labels_in_columns(results):
    lines = readme_table(results).splitlines()
    assert lines[0] == "| faces | method | clean | 30% flips | FER2013's labels |"
    assert "| rendered | baseline | 60.5 ± 0.7 | 60.5 ± 0.7 |  |" in lines
    assert "| rendered | SCN |  | 50.0 ± 0.0 |  |" in lines
    assert "over 2 seeds where no other n stands" in readme_table(results)


def test_another_number_of_seeds_is_told(results):
    lines = readme_table(results).splitlines()
    assert "| FER+ | baseline |  | 67.0 (n = 1) |  |" in lines
    assert "| FER+ | LRN |  |  | 66.0 (n = 1) |" in lines


def test_published_numbers_stand_below_those_of_their_faces_alone(results):
    lines = readme_table(results).splitlines()
    assert "| *FERPlus* | *baseline, published* | *82.40* | *68.54* |  |" in lines
    assert sum("published*" in line for line in lines) == 2  # baseline and SCN; none on rendered faces


def test_details_say_what_accuracy_does_not(results):
    lines = results_page(results).splitlines()
    assert "| rendered | 30% flips | baseline | 60.5 ± 0.7 | 50.5 ± 0.7 | 70.0 ± 0.0 | no trust | 2 |" in lines
    assert "| rendered | 30% flips | SCN | 50.0 ± 0.0 | 40.0 ± 0.0 | 70.0 ± 0.0 | 0.51 | 2 |" in lines
    assert "| FER+ | FER2013's labels | LRN | 66.0 | 56.0 | 68.0 | 0.90 | 1 |" in lines


def test_runs_of_other_recipes_and_from_weights_are_left_out(results):
    table = pd.read_csv(results / "rendered.csv")
    faster = table[table["method"] == "baseline"].assign(config='{"lr": 0.1}', accuracy=10.0)
    warm = table[table["method"] == "baseline"].assign(weights="abc", accuracy=20.0)
    doubled = table[table["method"] == "baseline"].assign(config='{"oversample": true}', accuracy=30.0)
    tenth = table[(table["method"] == "baseline") & (table["noise_rate"] == 0.3)].assign(noise_rate=0.1)
    pd.concat([table, faster, warm, doubled, tenth]).assign(key=lambda rows: range(len(rows))).to_csv(
        results / "rendered.csv", index=False
    )
    assert set(own_runs("rendered", results)["accuracy"]) == {50.0, 60.0, 61.0}
    assert set(own_runs("rendered", results, None)["accuracy"]) == {50.0, 60.0, 61.0}
    assert set(own_runs("ferplus", results, None)["label"]) == {"baseline", "LRN"}


def test_two_runs_of_one_seed_are_not_averaged(results):
    table = pd.read_csv(results / "rendered.csv")
    pd.concat([table, table.assign(accuracy=10.0)]).assign(key=lambda rows: range(len(rows))).to_csv(
        results / "rendered.csv", index=False
    )
    with pytest.raises(ValueError, match="have the same method, recipe and seed 0"):
        readme_table(results)


def test_nothing_measured_is_said(tmp_path):
    assert readme_table(tmp_path) == results_page(tmp_path) == "Nothing has been measured yet."
