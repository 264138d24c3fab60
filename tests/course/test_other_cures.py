"""Measuring functions of lessons 13 and 14, each against numbers worked out another way."""

import math
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scnlib.config import profile_config
from scnlib.course import other_cures
from scnlib.losses import soft_cross_entropy
from scnlib.methods import METHODS, make_method
from scnlib.methods.eac import attention_inconsistency
from scnlib.methods.gce import generalized_cross_entropy
from scnlib.methods.nla import jensen_shannon
from scnlib.models import Classifier, SmallCNN
from tests.conftest import make_faces
from tests.course.test_readings import rendered
from tests.paper.made import table


def test_every_method_has_its_family():
    found = other_cures.families(METHODS)
    assert len(found) == len(METHODS)
    assert found["family"].ne("").all() and found.loc["SCN", "family"] == "relabelling"
    assert other_cures.families(["unheard of"])["trusts"].item() == "see scnlib/methods/unheard of.py"


def test_who_weighs_no_sample_has_no_alpha():
    faces = make_faces(16)
    for name, (_, _, knows) in other_cures.CURES.items():
        if knows is None and name in METHODS:
            config = profile_config("smoke", method=name, data={"n": 16})
            model = config.method.build(SmallCNN(32), 4)
            model.memory = config.method.memory(faces.labels, 4)
            batch = other_cures.Batch(torch.randn(16, 3, 32, 32), faces.labels, faces.labels, torch.arange(16))
            assert config.method.step(model, batch, 1).alpha is None, name


class TestPulls:
    LOSSES: ClassVar = {"ce": soft_cross_entropy, "gce": lambda z, t: generalized_cross_entropy(z, t, 0.7)}

    def test_cross_entropy_pulls_with_what_is_missing_and_gce_with_a_share_of_it(self):
        found = other_cures.pulls(self.LOSSES, [0.05, 0.5, 0.9], classes=8)
        assert found["ce"].tolist() == pytest.approx([0.95, 0.5, 0.1])
        assert found["gce"].tolist() == pytest.approx([p**0.7 * (1 - p) for p in (0.05, 0.5, 0.9)])

    def test_shares_add_up_over_samples(self):
        logits = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))
        labels, wrong = torch.arange(30) % 4, torch.arange(30) < 9
        found = other_cures.pull_shares(self.LOSSES, logits, labels, wrong).loc["ce"]
        lengths = (logits.softmax(1) - F.one_hot(labels, 4)).norm(dim=1)
        assert found["share"] == pytest.approx(float(lengths[:9].sum() / lengths.sum()), rel=1e-5)
        assert found["wrong"] == pytest.approx(float(lengths[:9].mean()), rel=1e-5)
        assert found["right"] == pytest.approx(float(lengths[9:].mean()), rel=1e-5)


def test_the_toy_class_has_its_strangers_elsewhere():
    points, wrong = other_cures.toy_class(400, 0.25)
    assert wrong.sum() == 100
    assert points[wrong].norm(dim=1).mean() > 2 * points[~wrong].norm(dim=1).mean()


class TestTransition:
    def test_of_a_sure_network_it_is_counting(self):
        generator = torch.Generator().manual_seed(0)
        true = torch.randint(4, (3000,), generator=generator)
        wanted = torch.tensor([[0.7, 0.3, 0, 0], [0, 1, 0, 0], [0.1, 0.2, 0.6, 0.1], [0, 0, 0.5, 0.5]])
        given = torch.multinomial(wanted[true], 1, generator=generator).squeeze(1)
        counted = other_cures.counted_transition(true, given, 4)
        sure = F.one_hot(true, 4).float().clamp(1e-6)
        torch.testing.assert_close(other_cures.fitted_transition(sure, given, 50), counted, atol=1e-3, rtol=0)
        torch.testing.assert_close(counted, wanted, atol=0.05, rtol=0)

    def test_each_round_makes_the_labels_likelier(self):
        generator = torch.Generator().manual_seed(1)
        p = torch.randn(200, 3, generator=generator).mul(2).softmax(1)
        labels = torch.randint(3, (200,), generator=generator)
        likelihoods = []
        for steps in (1, 2, 5, 50):
            transition = other_cures.fitted_transition(p, labels, steps)
            likelihoods.append(float((p @ transition)[torch.arange(200), labels].log().sum()))
            assert torch.allclose(transition.sum(1), torch.ones(3))
        assert likelihoods == sorted(likelihoods)


def test_the_mirror_measures_what_the_methods_train_on():
    torch.manual_seed(0)
    network = Classifier(SmallCNN(32), 4).eval()
    faces = make_faces(10)
    look = other_cures.mirrored(network, faces.images, faces.labels)
    with torch.no_grad():
        views = [other_cures.normalize(faces.images), other_cures.normalize(faces.images).flip(-1)]
        logits = [network(view)[0] for view in views]
        maps = [network.backbone.maps(view.expand(-1, 3, -1, -1)) for view in views]
    torch.testing.assert_close(look.logits, logits[0].log_softmax(1), atol=1e-4, rtol=1e-4)
    weight = network.classifier.weight
    assert float(look.apart.mean()) == pytest.approx(float(attention_inconsistency(*maps, weight)), rel=1e-4)
    assert float(look.divergence.mean()) == pytest.approx(float(jensen_shannon(*logits)), rel=1e-3, abs=1e-7)
    place = torch.einsum("k,khw->hw", weight[faces.labels[3]], maps[0][3])
    torch.testing.assert_close(look.own[3], place, atol=1e-4, rtol=1e-4)


def test_the_trust_table_has_the_mean_over_seeds_and_says_what_kind_of_trust():
    rows = [rendered("gce", 60, s, key=f"g{s}") | {"alpha_auroc": a} for s, a in enumerate((0.7, 0.8, 0.9))]
    rows += [rendered("rul", 60, key="r") | {"alpha_auroc": 0.5}, rendered("mixup", 60, key="m")]
    found = other_cures.trust_table(table(*rows), ("mixup", "rul", "gce")).set_index("label")
    assert found.index.tolist() == [other_cures.method_label(name) for name in ("gce", "rul")]
    gce = found.iloc[0]
    assert (gce["effect"], gce["n"]) == (pytest.approx(0.8), 3)
    assert gce["high"] - gce["effect"] == pytest.approx(4.3027 * 0.1 / math.sqrt(3), abs=1e-4)
    assert "sees the label" in gce["group"] and "face alone" in found.iloc[1]["group"]


def test_right_labels_learnt_are_counted_apart_from_the_wrong_ones():
    """100 labels, 30 of them wrong: the network predicts 35 of the 70 right ones and 6 of the 30 wrong ones."""
    results = table(rendered("gce", 60, 0, key="a"), rendered("gce", 60, 1, key="b"), rendered("sce", 60, key="c"))
    curves = [("a", 1, 0.9, 0.9), ("a", 2, 0.41, 0.2), ("b", 2, 0.55, 0.2)]
    epochs = pd.DataFrame(curves, columns=["key", "epoch", "train_accuracy_given", "memorised"])
    found = other_cures.right_learnt(results, epochs, ("gce", "sce"))
    assert found.to_dict() == {"gce": pytest.approx((50 + 70) / 2)}


BOARD = pd.DataFrame(
    {
        "method": ["gce", "baseline", "mixup", "rul"], "mean": [65.0, 62.0, 50.0, math.nan],
        "std": [3.6, 2.6, math.nan, math.nan],
        "n": [3, 3, 1, 0], "gain": [3.0, math.nan, -10.0, math.nan], "low": [0.5, math.nan, math.nan, math.nan],
        "high": [5.5, math.nan, math.nan, math.nan], "low_all": [-0.5, math.nan, math.nan, math.nan],
        "high_all": [6.5, math.nan, math.nan, math.nan], "mean_class_accuracy": [55.0, 52.0, 40.0, math.nan],
        "memorised": [5.0, 20.0, math.nan, math.nan], "alpha_auroc": [0.8, math.nan, math.nan, math.nan],
    }
)  # fmt: skip


class TestBoards:
    def test_no_cell_is_a_nan(self):
        shown = other_cures.shown(BOARD)
        assert not shown.isna().any().any() and "nan" not in shown.to_string()
        gce = shown.loc[other_cures.method_label("gce")]
        assert gce["gain [95 %]"] == "+3.0 [+0.5, +5.5]" and gce["accuracy, %"] == "65.0 ± 3.6 (n = 3)"
        assert shown.loc[other_cures.method_label("rul"), "accuracy, %"] == "not measured"
        assert shown.loc["baseline", "gain [95 %]"] == "reference"

    def test_verdicts_are_counted_alone_and_together(self):
        found = other_cures.verdict_counts(BOARD)
        assert found == {"compared": 2, "with_interval": 1, "ahead": 1, "behind": 0, "ahead_all": 0, "behind_all": 0}

    def test_the_forest_leaves_out_what_has_no_gain(self):
        found = other_cures.forest({"a": BOARD, "b": BOARD.iloc[:1]})
        assert found["group"].tolist() == ["a", "a", "b"]
        assert found["effect"].tolist() == [3.0, -10.0, 3.0]

    def test_across_puts_the_baseline_beside_each_method(self):
        found = other_cures.across({"here": BOARD}, ["gce", "rul"]).loc["here"]
        assert found.tolist() == ["62.0 ± 2.6 (n = 3)", "65.0 ± 3.6 (n = 3)", "+3.0 [+0.5, +5.5]", "not measured", ""]

    def test_beside_pairs_the_methods_of_both(self):
        other = BOARD.assign(gain=[1.0, math.nan, math.nan, math.nan])
        found = other_cures.beside(other, BOARD, ("gain", "gain"))
        assert found[["x", "y"]].to_numpy().tolist() == [[1.0, 3.0]]
        same = other_cures.beside(BOARD, BOARD, ("alpha_auroc", "gain"))
        assert same[["x", "y"]].to_numpy().tolist() == [[0.8, 3.0]]

    def test_a_share_below_99_percent_is_a_cost_if_its_whole_interval_is(self):
        table = pd.DataFrame(
            {
                "method": ["baseline", "gce", "sce", "elr", "mixup", "rul"],
                "mean": [80.0, 76.0, 79.9, 80.1, 70.0, math.nan],
                "gain": [math.nan, -4.0, -0.1, 0.1, -10.0, math.nan],
                "low": [math.nan, -5.0, -0.6, -2.0, math.nan, math.nan],
                "high": [math.nan, -3.0, 0.4, 2.2, math.nan, math.nan], "n": [3, 3, 3, 3, 1, 0],
            }
        )  # fmt: skip
        found = other_cures.clean_costs(table)
        assert found.index.tolist() == ["mixup", "GCE", "SCE", "ELR"]
        assert found["says"].tolist() == ["open", "a cost", "none", "open"]
        assert found.loc["GCE", ["share", "low", "high"]].tolist() == pytest.approx([0.95, 0.9375, 0.9625])

    def test_the_rank_table_says_how_many_methods(self):
        pairs = pd.DataFrame(
            [("a", "b", 19, 0.5), ("a", "c", 3, math.nan), ("b", "c", 7, -0.25), ("a", "d", 0, math.nan)],
            columns=["first", "second", "methods", "rho"],
        )
        found = other_cures.rank_table(pairs)
        assert (found.index.tolist(), found.columns.tolist()) == (["b", "c"], ["a", "b"])
        assert found.to_numpy().tolist() == [["+0.50 (19)", ""], ["3 shared", "-0.25 (7)"]]
        assert other_cures.rank_table(pairs[pairs["rho"].isna()]).empty

    def test_evidence_stands_beside_the_baselines(self):
        board = BOARD.assign(alpha_auroc=[0.8, math.nan, math.nan, math.nan])
        board.loc[2, ["high", "memorised"]] = [-8.0, 23.0]
        longer = BOARD.assign(gain=[1.0, math.nan, 4.0, math.nan])
        learnt, steps = pd.Series({"baseline": 62.0, "mixup": 49.5}), pd.Series({"mixup": 0.86, "baseline": 1.0})
        found = other_cures.why_behind(board, learnt, steps, longer)
        assert found.index.tolist() == ["mixup"]
        wanted = {"gain": -10, "n": 1, "step": 0.86, "learnt": -12.5, "memorised": 3, "later": 4}
        assert found.loc["mixup", list(wanted)].to_dict() == pytest.approx(wanted)
        shown = other_cures.why_shown(found).loc["mixup"].tolist()
        assert shown == ["-10.0 (n = 1)", "0.86", "-12.5", "+3.0", "weighs none", "+4.0", "behind"]
        unknown = other_cures.why_behind(BOARD, pd.Series({"baseline": 62.0}), steps, BOARD.assign(gain=math.nan))
        words = other_cures.why_shown(unknown).loc["mixup", ["learnt", "later", "verdict"]].tolist()
        assert words == ["no curve", "not measured", "one seed"]

    def test_rank_correlation(self):
        assert other_cures.spearman(pd.DataFrame({"x": [1, 2, 3], "y": [1, 4, 9]})) == pytest.approx(1)
        assert math.isnan(other_cures.spearman(pd.DataFrame({"x": [1, 2], "y": [1, 4]})))


def test_half_the_loss_is_half_the_first_step():
    faces = make_faces(64)
    configs = {
        "baseline": profile_config("smoke", method="baseline"),
        "half": profile_config("smoke", method="sce", options={"forward": 0.5, "reverse": 0.0}),
        "smoothed away": profile_config("smoke", method="label_smoothing", options={"smoothing": 1.0}),
    }
    steps = other_cures.relative_steps(configs, faces)
    assert steps["half"] == pytest.approx(0.5, rel=1e-4)
    assert steps["smoothed away"] < 0.9
    assert steps.index[0] == "baseline"


@pytest.mark.parametrize("name", sorted(METHODS))
def test_looks_are_counted_where_faces_enter_a_backbone(name):
    config = profile_config("smoke", method=name)
    model, batch = other_cures._first_batch(config, make_faces(32))
    seen = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            module.register_forward_hook(lambda _module, shown, _answer: seen.append(len(shown[0])))
    config.method.step(model, batch, config.epochs)
    cost = other_cures.costs(pd.Series({name: 1.25})).loc[name]
    assert cost["looks"] == sum(seen) / len(batch.index) and cost["times the baseline"] == 1.25


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_has_a_first_step(name):
    config = profile_config("smoke", method=name)
    assert np.isfinite(other_cures.first_step(config, make_faces(64))) and isinstance(make_method(name), object)
    assert isinstance(config.method.build(*[SmallCNN(32) for _ in range(config.method.networks)], 4), nn.Module)
