"""What relabelling does, against counts done by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from scnlib.config import profile_config
from scnlib.course import cures, measures
from scnlib.paper.results import load_epochs, load_results
from scnlib.paper.verdicts import arm
from scnlib.relabel import relabel
from scnlib.run_folder import Run
from scnlib.runs import run
from tests.course.made import FINAL, GIVEN, TRUE, write_run

TINY = {"data": {"n": 40}, "size": 32, "epochs": 3, "batch_size": 16, "noise_rate": 0.3}


@pytest.fixture(scope="module")
def relabelling_run(tmp_path_factory) -> Run:
    """A real run that relabels from its first epoch on, at every contradiction."""
    config = profile_config("smoke", options={"relabel_epoch": 1, "margin_relabel": 0.0}, **TINY)
    return run(config, out=tmp_path_factory.mktemp("cures") / "run", device="cpu", progress=False)


def test_labels_are_judged_by_the_truth():
    # 0 harmed, 3 and 8 cured; the wrong labels are 3, 4, 8 and 9.
    judged = measures.judged(GIVEN, FINAL, TRUE)
    assert (judged["changed"], judged["cured"], judged["harmed"], judged["other"]) == (3, 2, 1, 0)
    assert judged["precision"] == pytest.approx(2 / 3) and judged["given_right"] == pytest.approx(1 / 3)
    assert judged["recall"] == 0.5 and judged["label_accuracy"] == 0.7
    assert judged["gain"] == pytest.approx(10)  # one more of ten
    steps = np.array([-1, 1, 1, *[0] * 7])  # each sample's change; the interval is that of its mean
    assert judged["interval"] == pytest.approx(196 * steps.std() / 10**0.5)


def test_nothing_changed_is_no_share():
    judged = measures.judged(GIVEN, GIVEN, TRUE)
    assert np.isnan(judged["precision"]) and np.isnan(judged["given_right"])
    assert judged["gain"] == judged["interval"] == 0


def test_a_sweep_asks_equation_5_at_every_margin():
    p = torch.tensor([[0.1, 0.9], [0.45, 0.55], [0.8, 0.2], [0.3, 0.7]])
    given, true = torch.tensor([0, 0, 0, 0]), torch.tensor([1, 0, 0, 1])
    table = cures.sweep(p, given, true, margins=(0.0, 0.2, 0.5, 0.9)).set_index("margin")
    # The gaps are .8 (cure), .1 (harm), none, .4 (cure).
    assert table["changed"].tolist() == [3, 2, 1, 0]
    assert table["cured"].tolist() == [2, 2, 1, 0]
    assert table["harmed"].tolist() == [1, 0, 0, 0]
    assert table["gain"].tolist() == [25, 50, 25, 0]
    asked = torch.tensor([False, True, True, False])
    assert cures.sweep(p, given, true, candidates=asked, margins=(0.0,))["changed"].item() == 1


def test_the_gain_is_changes_times_p_minus_q():
    generator = torch.Generator().manual_seed(3)
    p = torch.rand(200, 4, generator=generator).softmax(1)
    given, true = (torch.randint(0, 4, (200,), generator=generator) for _ in range(2))
    for row in cures.sweep(p, given, true, margins=(0.0, 0.05, 0.1)).itertuples():
        assert row.gain == pytest.approx(100 * row.changed / 200 * (row.precision - row.given_right))


def test_the_flow_between_classes_counts_every_change_once():
    given, new, true = np.array([0, 0, 0, 1, 2, 2]), np.array([1, 1, 2, 1, 0, 0]), np.array([1, 0, 1, 1, 1, 0])
    flow = cures.class_flow(given, new, true, 3)
    assert flow["cured"].tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert flow["harmed"].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert flow["other"].tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]


def test_the_groups_of_training_are_found_again(relabelling_run):
    samples, low = relabelling_run.samples, cures.low_groups(relabelling_run)
    after = np.concatenate([samples["current"][1:], samples["final"][None]])
    changed = after != samples["given"]
    assert changed.any() and not (changed & ~low).any()
    assert (after == samples["prediction"])[changed].all()
    # With delta 2 = 0 every contradiction in the low group changes a label.
    assert (changed == (low & (samples["prediction"] != samples["given"]))).all()


def test_the_doctor_is_equation_5_without_a_margin(relabelling_run):
    table = cures.doctor_by_epoch(relabelling_run).set_index(["group", "epoch"])
    samples = relabelling_run.samples
    changed = samples["final"] != samples["given"]
    assert table.loc[("low", 3), "changed"] == changed.sum()
    assert table.loc[("low", 3), "cured"] == (changed & (samples["final"] == samples["true"])).sum()
    assert table.loc[("all", 3), "changed"] == (samples["prediction"][-1] != samples["given"]).sum()


def test_every_new_label_has_one_fate(relabelling_run):
    table = cures.fates(relabelling_run)
    assert (
        table["under"].tolist()
        == (relabelling_run.samples["current"] != relabelling_run.samples["given"]).sum(1).tolist()
    )
    assert (table[["kept", "another", "risen", "unsure"]].sum(axis=1) == table["under"]).all()
    assert table["under"].sum() > 0
    assert (table["risen_cured"] <= table["risen"]).all() and (table["unsure_cured"] <= table["unsure"]).all()


def test_fates_need_the_groups_of_training(tmp_path):
    with pytest.raises(ValueError, match="relabel_mode='train'"):
        cures.fates(write_run(tmp_path / "run", relabel_mode="eval", relabel_epoch=1))
    with pytest.raises(ValueError, match="nobody is in a low group"):
        plain = write_run(tmp_path / "plain", relabel_epoch=1)
        del plain.samples["alpha"]
        cures.low_groups(plain)


def test_the_last_network_says_what_the_run_recorded(relabelling_run):
    from scnlib.splits import load_splits

    images = load_splits(relabelling_run.config).train.images
    logits, alpha = measures.opinion(relabelling_run, images)
    assert (logits.argmax(1).numpy() == relabelling_run.samples["prediction_eval"]).mean() > 0.95  # bf16 may differ
    assert np.abs(alpha.numpy() - relabelling_run.samples["alpha_eval"]).max() < 0.02
    labels = torch.from_numpy(relabelling_run.samples["given"]).long()
    _, changed = relabel((alpha[:, None] * logits).softmax(1), labels, alpha, margin=0.0)
    low = torch.zeros(len(alpha), dtype=bool).index_fill_(0, alpha.argsort()[: len(alpha) - 28], True)
    table = cures.sweep((alpha[:, None] * logits).softmax(1), labels, labels, candidates=low, margins=(0.0,))
    assert table["changed"].item() == changed.sum()


def test_curves_are_averaged_over_seeds(tmp_path):
    rows, epochs = [], []
    for seed, last in ((0, 0.5), (1, 0.7)):
        config = profile_config("quick", noise_rate=0.3, seed=seed)
        columns = ("n_train", "n_test", "duration_s", "mean_class_accuracy", "best_accuracy", "memorised",
                   "label_accuracy", "relabel_precision", "relabel_recall", "alpha_mean", "alpha_auroc")  # fmt: skip
        rows.append(
            {
                "key": f"k{seed}", "dataset": "rendered", "method": "scn", "variant": "paper", "seed": seed, "size": 48,
                "noise_kind": "symmetric", "noise_rate": 0.3, "backbone": "small", "epochs": 12, "profile": "quick",
                "split": "train", "options": "{}", "config": json.dumps(config.to_dict()), "accuracy": 50.0,
                **dict.fromkeys(columns, 1.0), **dict.fromkeys(("commit", "data", "device", "dtype", "torch"), "x"),
            }
        )  # fmt: skip
        epochs += [{"key": f"k{seed}", "epoch": e, "label_accuracy": v} for e, v in ((1, 0.7), (2, last))]
    pd.DataFrame(rows).to_csv(tmp_path / "made.csv", index=False)
    pd.DataFrame(epochs).to_csv(tmp_path / "made_epochs.csv.xz", index=False)
    named = {"SCN": arm("scn", 0.3), "late": arm("scn", 0.3, relabel_epoch=8)}
    found = cures.curves(load_results(tmp_path), load_epochs(tmp_path), named)
    assert list(found) == ["SCN"]
    assert found["SCN"].iloc[-1].tolist() == pytest.approx([2, 0.6, 0.5, 0.7, 2])


def test_the_skew_of_few_counts_is_tested_exactly():
    # Two classes, three draws: all alike has probability 2 / 8, and every outcome is at least as far as 2 to 1.
    assert cures.skew_p_value([3, 0], [1, 1], draws=40_000) == pytest.approx(0.25, abs=0.01)
    assert cures.skew_p_value([2, 1], [1, 1], draws=1000) == 1
    assert cures.skew_p_value([30, 0], [1, 1], draws=1000) == pytest.approx(1 / 1001)
    with pytest.raises(ValueError, match="never occurs"):
        cures.skew_p_value([1, 1], [1, 0])
