"""Measuring functions of lesson 13, each against numbers worked out another way."""

import math
from typing import ClassVar

import pytest
import torch
import torch.nn.functional as F

from scnlib.config import profile_config
from scnlib.course import other_cures
from scnlib.losses import soft_cross_entropy
from scnlib.methods import METHODS, Batch
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
            batch = Batch(torch.randn(16, 3, 32, 32), faces.labels, faces.labels, torch.arange(16))
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
