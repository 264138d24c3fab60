"""What alpha and its rivals know, on signals made by hand."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from scnlib import paper, runs
from scnlib.config import profile_config
from scnlib.course import knowledge
from scnlib.splits import load_splits
from tests.course.made import GIVEN, TRUE, write_run
from tests.paper.made import run

KNOWN = {"flipped": torch.tensor([True, True, False, False]), "blur": torch.tensor([3.0, 2.0, 1.0, torch.nan])}


class TestOneScale:
    def test_an_oracle_a_coin_and_the_wrong_way_round(self):
        signals = {
            "oracle": np.array([0.1, 0.2, 0.3, 0.4]),
            "inverse": np.array([0.4, 0.3, 0.2, 0.1]),
            "flat": np.ones(4),
        }
        table = knowledge.knowledge(signals, KNOWN).set_index(["quantity", "signal"])["knowledge"]
        assert table["flipped"].tolist() == [1, -1, 0]
        assert table["blur"]["oracle"] == pytest.approx(1) and table["blur"]["inverse"] == pytest.approx(-1)
        assert np.isnan(table["blur"]["flat"])

    def test_signals_of_a_quantity_stand_together(self):
        table = knowledge.knowledge({"a": torch.rand(4), "b": torch.rand(4)}, KNOWN)
        assert table["title"].tolist() == ["wrong label"] * 2 + ["blur"] * 2
        assert table["n"].tolist() == [4, 4, 3, 3]

    def test_95_percent_of_blind_signals_lie_within_chance(self):
        generator = torch.Generator().manual_seed(0)
        known = {"flipped": torch.arange(200) < 40, "blur": torch.rand(200, generator=generator)}
        blind = {str(i): torch.rand(200, generator=generator) for i in range(400)}
        table = knowledge.knowledge(blind, known)
        within = (table["knowledge"].abs() <= table["chance"]).groupby(table["quantity"]).mean()
        assert within.between(0.92, 0.98).all(), within

    def test_overview_counts_whom_it_concerns(self):
        table = knowledge.overview(KNOWN)
        assert table.loc["wrong label", "faces concerned, %"] == 50
        assert table.loc["blur", ["faces concerned, %", "median of these"]].tolist() == [66.7, 2.5]


def test_disagreement_by_hand(tmp_path):
    table = knowledge.disagreement_auroc(write_run(tmp_path / "run"))
    wrong, right = GIVEN != TRUE, GIVEN == TRUE
    assert wrong.sum() == 4 and right.sum() == 6
    # epoch 1 predicts 0 for all: of the wrong, 8 and 9 disagree; of the right, 5, 6 and 7. Epoch 2 predicts the truth.
    assert table["prediction ≠ given label"].tolist() == pytest.approx([0.5 + (2 / 4 - 3 / 6) / 2, 1.0, 0.5])


def test_a_look_is_the_networks_own(squares):
    run = runs.run(profile_config("smoke", noise_rate=0.25), progress=False)
    faces = load_splits(run.config).train
    view = knowledge.look(run, faces)
    assert view["alpha"].numpy() == pytest.approx(
        run.samples["alpha_eval"], abs=0.02
    )  # recorded in bfloat16 or float16
    assert (view["confidence"] >= view["margin"]).all()
    with torch.no_grad():
        logits = run.network().classifier(view["features"])
    expected = -torch.nn.functional.cross_entropy(logits, faces.labels, reduction="none")
    torch.testing.assert_close(view["given_label"], expected, rtol=1e-4, atol=1e-5)


def test_a_probe_finds_what_is_in_the_features_and_nothing_else():
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(300, 5, generator=generator)
    there, absent = features[:, 0], torch.rand(300, generator=generator)
    known = {"grey": there > 0.5, "blur": there.exp(), "grain": absent, "occluded": torch.arange(300) < 2}
    judged = knowledge.probe(features, known)
    assert set(judged) == {"grey", "blur", "grain"}, "two faces are too few for five folds"
    found = {name: knowledge.knowledge({"p": judged[name]}, {name: known[name]})["knowledge"][0] for name in judged}
    assert found["grey"] > 0.9 and found["blur"] > 0.9 and abs(found["grain"]) < 0.25


def test_full_scale_knowledge_joins_by_run(tmp_path, monkeypatch):
    monkeypatch.setattr(knowledge, "load_knowledge", lambda file: pd.DataFrame(
        {"key": ["k0", "k0", "other"], "quantity": ["flipped", "blur", "flipped"], "mode": ["train", "test", "train"],
         "measure": ["auroc", "spearman", "auroc"], "value": [0.75, 0.2, 0.9], "n": [10, 5, 10]})
        .pipe(lambda rows: pd.concat([rows, rows.iloc[:1].assign(measure="auroc_within", value=0.6)])))  # fmt: skip
    config = profile_config("quick", noise_rate=0.3, options={"relabelling": False})
    row = {"key": "k0", "dataset": "rendered", "method": "scn", "variant": "paper", "noise_kind": "symmetric",
           "noise_rate": 0.3, "seed": 4, "size": 48, "backbone": "small", "epochs": 12, "profile": "quick",
           "split": "train", "options": '{"relabelling": false}', "accuracy": 50.0, "mean_class_accuracy": 50.0,
           "config": json.dumps(config.to_dict())}  # fmt: skip
    monkeypatch.setattr(knowledge, "load_results", lambda: pd.DataFrame([row]))
    chosen = paper.arm("scn", 0.3, relabelling=False)
    table = knowledge.full_scale_knowledge("rendered", chosen, mode="train")
    assert table[["quantity", "seed", "knowledge", "n"]].to_numpy().tolist() == [["flipped", 4, 0.5, 10]]
    (within,) = knowledge.full_scale_knowledge("rendered", chosen, mode="train", within=True)["knowledge"]
    assert within == pytest.approx(0.2)
    assert knowledge.full_scale_knowledge("rendered", paper.arm("scn", 0.1), mode="train").empty


def test_best_epoch_bonus_by_hand():
    small = {"dataset": "rendered", "backbone": "small"}
    rows = [run("scn", 50.0 + seed, seed, best_accuracy=52.0 + 2 * seed, **small) for seed in range(5)]
    others = [
        run("scn", 10.0, 5, options={"gamma": 0.2}, best_accuracy=90.0, **small),
        run("scn", 10.0, 6, config={"lr": 0.4}, best_accuracy=91.0, **small),
        run("scn", 10.0, 7, config={"oversample": True}, best_accuracy=92.0, **small),
        run("baseline", 70.0, 0, best_accuracy=71.0, backbone="small"),
    ]
    table = knowledge.best_epoch_bonus(pd.DataFrame([*rows, rows[0], *others]))
    assert table["bonus"].tolist() == [2.0, 3.0, 4.0, 5.0, 6.0], "a run counts once, one of another recipe does not"
    assert set(table["label"]) == {"SCN"} and set(table["group"]) == {"rendered faces"}
    assert knowledge.best_epoch_bonus(pd.DataFrame(others)).empty, "one run of a method is too few"
