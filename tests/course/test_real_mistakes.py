"""Lesson 10's tables against means and labels counted by hand."""

import numpy as np
import pandas as pd
import pytest

from scnlib.course import readings, real_mistakes
from scnlib.paper import arm, load_results

KINDS = {"clean": {}, "flipped": {"noise_rate": 0.3}, "never": {"noise_rate": 0.77}}


@pytest.fixture(scope="module")
def results():
    return load_results()


def test_means_are_those_of_the_runs(results):
    table = real_mistakes.by_kind(results, KINDS)
    keys = readings.keys_of(results, arm("baseline", 0.3), "ferplus")
    own = results[results["key"].isin(keys)]
    assert table.loc["baseline", "flipped"] == pytest.approx(own["accuracy"].mean())
    assert table["never"].isna().all()
    assert real_mistakes.by_kind(results, KINDS, "alpha_auroc").loc["SCN", "flipped"] == pytest.approx(0.5, abs=0.05)


def test_faces_that_were_trained_on(results):
    found = real_mistakes.training_faces(results, KINDS)
    assert list(found) == ["clean", "flipped"]
    assert found["clean"] == found["flipped"] == 25_045


def test_the_share_of_right_labels_follows_from_all_and_wrong_ones():
    """Of 10 labels 3 are wrong; the network predicts 6 of the right ones and 1 of the wrong ones: 7 in all."""
    rows = [
        {"key": key, "epoch": 1, "train_accuracy_given": 0.7, "memorised": 1 / 3, "test_accuracy": test}
        for key, test in (("a", 0.5), ("b", 0.7), ("other", 0.0))
    ]
    curve = real_mistakes.fitted(pd.DataFrame(rows), ["a", "b"], 0.3)
    np.testing.assert_allclose(curve[["epoch", "right", "memorised", "test"]], [[1, 6 / 7, 1 / 3, 0.6]])


@pytest.mark.parametrize("curves", [pd.DataFrame(), pd.DataFrame({"key": ["a"], "epoch": [1]})])
def test_without_runs_there_is_no_row(curves):
    assert real_mistakes.fitted(curves, ["b"], 0.3).empty
