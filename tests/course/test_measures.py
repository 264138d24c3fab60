"""What lessons read off a run, against counts done by hand on ten samples."""

import numpy as np
import pandas as pd
import pytest
import torch

from scnlib.course import measures
from tests.course.made import write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run")


def test_learning_and_memorising_are_told_apart(run):
    table = measures.learnt(run)
    # Epoch 1 predicts class 0 for all: 3 of 6 right labels are 0, 2 of 4 wrong labels are 0, and 2 of those 4 truths.
    assert table.iloc[0].tolist() == pytest.approx([1, 0.5, 0.5, 0.5, 0.3])
    # Epoch 2 predicts the truth, epoch 3 the given labels.
    assert table.iloc[1][["right", "memorised", "seen_through"]].tolist() == [1, 0, 1]
    assert table.iloc[2][["right", "memorised", "seen_through"]].tolist() == [1, 1, 0]


def test_the_audit_counts_cures_and_harms(run):
    flow = measures.relabel_flow(run)
    assert flow.iloc[0][["cured", "harmed", "other"]].tolist() == [0, 0, 0]
    assert np.isnan(flow.iloc[0]["precision"])
    assert flow.iloc[-1][["cured", "harmed", "other"]].tolist() == [2, 1, 0]
    assert flow.iloc[-1][["precision", "given_right", "recall"]].tolist() == pytest.approx([2 / 3, 1 / 3, 0.5])
    assert flow.iloc[-1]["label_accuracy"] == pytest.approx(0.7)
    steps = np.array([1, 1, -1, *[0] * 7])  # two cured, one harmed; the interval is that of the mean change
    assert flow.iloc[-1][["gain", "interval"]].tolist() == pytest.approx([10, 196 * steps.std() / 10**0.5])


def test_labels_after_an_epoch_are_those_the_next_one_trains_on(run):
    history = measures.label_history(run)
    assert (history[:-1] == run.samples["current"][1:]).all()
    assert (history[-1] == run.samples["final"]).all()


def test_a_run_without_wrong_labels_has_nothing_to_memorise(run):
    run.samples["true"] = run.samples["given"]
    assert measures.learnt(run)["memorised"].isna().all()


def test_means_are_taken_over_seeds_at_the_highest_noise():
    rows = pd.DataFrame({"label": ["SCN", "SCN", "baseline", "SCN"], "noise_rate": [0.3, 0.3, 0.3, 0.1]})
    numbers = dict.fromkeys(("memorised", "label_accuracy", "relabel_precision"), 50.0)
    rows = rows.assign(noise_kind="symmetric", accuracy=[60.0, 62.0, 70.0, 90.0], **numbers)
    rows["alpha_auroc"] = [0.5, 0.5, np.nan, 0.5]
    table = measures.means_at_highest_noise(rows)
    assert table["test accuracy, %"].to_dict() == {"SCN": 61, "baseline": 70}
    assert table["runs"].to_dict() == {"SCN": 2, "baseline": 1}
    assert table.loc["baseline", "AUROC of α"] == ""
    assert measures.means_at_highest_noise(rows[:0]).empty


def test_causes_are_counted_at_both_ends_of_alpha():
    latents = {name: torch.zeros(40) for name in ("occluder_kind", "glasses", "blur", "grey", "mix", "skin")}
    latents["intensity"] = torch.ones(40)
    latents["blur"][:2] = 1.0  # the two lowest
    latents["occluder_kind"][-1] = 2  # one of the two highest
    labels, alpha = torch.ones(40, dtype=torch.int64), np.arange(40) / 40
    table = measures.causes_of_extremes(latents, labels, alpha, ["neutral", "joy"])
    assert table.loc["blurred", "chance, ±"] == pytest.approx(196 * (0.05 * 0.95 / 2) ** 0.5, abs=0.05)
    assert table.loc["joy"].tolist() == [100, 100, 100, 0]
    table = table.drop(columns="chance, ±")
    assert table.loc["blurred"].tolist() == [5, 100, 0]
    assert table.loc["covered"].tolist() == [2.5, 0, 50]
    assert table.loc["neutral"].tolist() == [0, 0, 0]


def test_real_faces_have_no_known_causes():
    assert measures.causes_of_extremes({}, torch.zeros(3), np.zeros(3), []).empty
