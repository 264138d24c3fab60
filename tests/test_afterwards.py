"""What finished runs are asked: second choices against counts by hand, probes against features whose worth is known."""

import dataclasses

import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from scnlib import afterwards, run_folder
from scnlib.models import normalize
from scnlib.paper.afterwards import load_afterwards
from scnlib.splits import Splits, load_splits
from tests.conftest import make_faces


def by_hand(new, given, true, second, weights):
    """Expected second choices if each face draws one of its possible classes by these weights; float64 loops."""
    expected = 0.0
    for g, t, row in zip(given.tolist(), true.tolist(), second.tolist(), strict=True):
        possible = [c for c in range(len(row)) if c not in (g, t)]
        reach = sum(weights[c] for c in possible)
        expected += sum(weights[c] for c in possible if row[c]) / reach
    return expected


def drawn(n=400, classes=5, weights=(5.0, 3.0, 2.0, 1.0, 1.0), seed=0):
    """Wrong new labels drawn by popularity alone, and second choices that nobody looked at."""
    generator = torch.Generator().manual_seed(seed)
    true, given = torch.randint(0, classes, (2, n), generator=generator)
    barred = (F.one_hot(true, classes) + F.one_hot(given, classes)) > 0
    new = torch.multinomial(torch.tensor(weights).expand(n, -1).masked_fill(barred, 0), 1, generator=generator)[:, 0]
    second = torch.rand(n, classes, generator=generator) < 0.3
    return new, given, true, second & ~F.one_hot(true, classes).bool()


def test_where_all_faces_have_the_same_choice_chance_is_the_shares():
    """Right labels 0 that became 1, 1, 1 and 2: three quarters and one quarter."""
    zeros = torch.zeros(4, dtype=torch.int64)
    second = torch.tensor([[0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]]).bool()
    assert afterwards.chance(torch.tensor([1, 1, 1, 2]), zeros, zeros, second) == pytest.approx(2 * 0.75 + 0.25 + 1)
    assert afterwards.chance(zeros[:0], zeros[:0], zeros[:0], second[:0]) == 0


def test_popularity_is_that_under_which_each_class_comes_as_often_as_it_did():
    new, given, true, _ = drawn()
    for label in range(5):
        everywhere = F.one_hot(torch.full_like(new, label), 5).bool()
        assert afterwards.chance(new, given, true, everywhere) == pytest.approx(int((new == label).sum()), abs=1e-3)


def test_neither_the_given_nor_the_true_label_is_ever_drawn():
    new, given, true, _ = drawn()
    for barred in (given, true):
        assert afterwards.chance(new, given, true, F.one_hot(barred, 5).bool()) == 0


def test_who_does_not_look_is_right_as_often_as_chance_says():
    new, given, true, second = drawn(20_000)
    expected = by_hand(new, given, true, second, (5.0, 3.0, 2.0, 1.0, 1.0))  # the weights that drew
    assert afterwards.chance(new, given, true, second) == pytest.approx(expected, rel=0.01)
    hits = int(second.gather(1, new[:, None]).sum())
    assert abs(hits - expected) < 4 * (20_000 * 0.25) ** 0.5


def test_who_looks_at_the_class_alone_is_chance_in_the_class():
    """Each true class has one second choice, which the network always takes, whatever the face."""
    true = torch.arange(60) % 3
    new, second = (true + 1) % 3, F.one_hot((true + 1) % 3, 4).bool()
    assert afterwards.chance_in_class(new, true, true, second) == pytest.approx(60)
    assert afterwards.chance(new, true, true, second) == pytest.approx(30)


def test_second_choice_by_votes_and_by_the_renderer():
    faces = make_faces(4, noise=0.0)  # labels 0, 1, 2, 3
    votes = torch.tensor([[6, 3, 1, 0], [0, 10, 0, 0], [2, 2, 6, 0], [4, 0, 0, 5]])
    expected = [[0, 1, 0, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0]]
    assert afterwards.second_choice(dataclasses.replace(faces, votes=votes)).int().tolist() == expected
    latents = {"second_class": torch.tensor([1, 2, 3, 0]), "mix": torch.tensor([0.2, 0.0, 0.3, 0.0])}
    rendered = dataclasses.replace(faces, latents=latents)
    assert afterwards.second_choice(rendered).int().tolist() == [[0, 1, 0, 0], [0] * 4, [0, 0, 0, 1], [0] * 4]
    assert afterwards.second_choice(faces) is None


def test_a_probe_learns_from_true_labels_and_no_others(scn_run, monkeypatch):
    train = make_faces(64, noise=0.0)
    train = train.with_labels((train.labels + 1) % 4)  # every given label is wrong
    splits = Splits(train, make_faces(32, noise=0.0, seed=1), None)
    shown = {id(splits.train.images): splits.train.true_labels, id(splits.test.images): splits.test.labels}
    generator = torch.Generator().manual_seed(0)

    def features(run, images):
        return F.one_hot(shown[id(images)], 4) + 0.1 * torch.randn(len(images), 4, generator=generator)

    monkeypatch.setattr(afterwards, "features", features)
    assert afterwards.probe(scn_run, splits) == 1
    shown[id(splits.test.images)] = torch.zeros(32, dtype=torch.int64)  # features that say nothing of the face
    assert afterwards.probe(scn_run, splits) == 0.25


def test_features_are_what_the_networks_classifier_sees(scn_run, squares):
    images = load_splits(scn_run.config).test.images
    network = scn_run.network()
    found = afterwards.features(scn_run, images)
    with torch.no_grad():
        logits = network(normalize(images, scn_run.config.normalization))[0]
        torch.testing.assert_close(network.classifier(found), logits, rtol=1e-4, atol=1e-4)


def test_a_row_counts_the_labels_that_the_run_put_wrong(scn_run, squares):
    splits = load_splits(scn_run.config)
    samples = {name: scn_run.samples[name].copy() for name in ("given", "final", "true")}
    samples["given"][60:] = (samples["true"][60:] + 1) % 4  # wrong as it came, and left so
    samples["final"] = samples["given"].copy()
    samples["final"][:4] = (samples["true"][:4] + 1) % 4
    run = dataclasses.replace(scn_run)
    run.__dict__["samples"] = scn_run.samples | samples
    votes = F.one_hot(splits.train.true_labels, 4) * 6 + F.one_hot((splits.train.true_labels + 1) % 4, 4) * 3
    votes[3] = F.one_hot(splits.train.true_labels[3], 4) * 9  # nobody named another class
    known = dataclasses.replace(splits, train=dataclasses.replace(splits.train, votes=votes))
    row = afterwards.row(run, known)
    assert (row["new_wrong"], row["new_second"], row["by_class"]) == (4, 3, 3)
    assert row["key"] == scn_run.manifest["key"] and 0 <= row["probe_accuracy"] <= 100
    assert afterwards.row(run, splits)["new_second"] is None and "seed" not in row


def test_an_answer_takes_the_place_of_the_older_one(scn_run, squares, tmp_path):
    old = pd.DataFrame({"key": [scn_run.manifest["key"], "other"], "probe_accuracy": [1.0, 2.0]})
    old.to_csv(tmp_path / "mine_afterwards.csv", index=False)
    path = afterwards.measure("mine", [scn_run], folder=tmp_path)
    table = pd.read_csv(path)
    assert table["key"].tolist() == ["other", scn_run.manifest["key"]] and table["probe_accuracy"][0] == 2
    assert table["probe_accuracy"][1] > 1
    new = load_afterwards(afterwards.measure("new", [scn_run], folder=tmp_path))
    assert new["new_second"].isna().all() and new["new_wrong"].notna().all()  # squares have no second choices


def test_other_faces_are_refused_and_nothing_is_written(scn_run, squares, tmp_path, monkeypatch):
    others = dataclasses.replace(load_splits(scn_run.config), test=make_faces(32, seed=9))
    monkeypatch.setattr(run_folder, "load_splits", lambda config, root: others)
    with pytest.raises(ValueError, match="was trained on other rendered faces or labels than these"):
        afterwards.measure("mine", [scn_run], folder=tmp_path)
    assert not list(tmp_path.glob("*.csv"))
