"""Oversampling against a count by hand, and a run that uses it."""

import dataclasses
from collections import Counter

import pytest
import torch

from scnlib.config import profile_config
from scnlib.datasets.sampling import balanced_index
from scnlib.precision import Precision
from scnlib.training import Training

from ..conftest import make_faces

LABELS = torch.tensor([0] * 10 + [1] * 3 + [2] * 7 + [4])


def test_all_classes_are_equally_frequent_and_everyone_is_there():
    index = balanced_index(LABELS, seed=3)
    assert torch.equal(index[: len(LABELS)], torch.arange(len(LABELS)))
    assert Counter(LABELS[index].tolist()) == {0: 10, 1: 10, 2: 10, 4: 10}
    shown = Counter(index.tolist())
    for c, allowed in {0: {1}, 1: {3, 4}, 2: {1, 2}, 4: {10}}.items():  # as evenly within a class as can be
        assert {shown[i] for i in (c == LABELS).nonzero().flatten().tolist()} == allowed


def test_the_choice_is_seeded():
    assert torch.equal(balanced_index(LABELS, 1), balanced_index(LABELS, 1))
    assert any(not torch.equal(balanced_index(LABELS, 0), balanced_index(LABELS, seed)) for seed in range(1, 6))


def test_what_is_balanced_stays_as_it_is():
    assert torch.equal(balanced_index(torch.arange(12) % 3), torch.arange(12))
    assert len(balanced_index(torch.empty(0, dtype=torch.int64))) == 0


def start(train, **fields):
    config = profile_config("smoke", method="scn", options={"relabelling": False}, epochs=1, **fields)
    return Training(config, train, {}, torch.device("cpu"), Precision(torch.float32, "test"))


def test_training_shows_rare_classes_as_often_as_common_ones():
    faces = make_faces(64, noise=0.0)
    train = faces.select(torch.cat([torch.arange(0, 64, 4), torch.tensor([1, 2, 3])]))  # 16, 1, 1, 1
    training = start(train, oversample=True)
    seen: Counter = Counter()
    views: dict[int, list] = {}
    for batch in training._batches(1, augmented=True, on_batch=lambda n: None):
        seen.update(batch.given.tolist())
        for i, image in zip(batch.index.tolist(), batch.images, strict=True):
            views.setdefault(i, []).append(image)
    assert seen == {0: 16, 1: 16, 2: 16, 3: 16}
    assert len(views[18]) == 16
    assert len({tuple(image.flatten().tolist()) for image in views[18]}) == 16  # each time another view
    training.train_epoch()
    assert training.alpha[0].shape == (19,)
    assert training.samples_per_epoch == 64


def test_without_oversampling_nothing_moves():
    faces = dataclasses.replace(make_faces(40, noise=0.0), true_labels=None)
    losses = [start(faces, **fields).train_epoch()["train_loss"] for fields in ({}, {"oversample": True})]
    assert losses[0] == losses[1]  # the classes are equal already


def test_what_is_no_switch_is_refused():
    with pytest.raises(ValueError, match="oversample must be true or false, got 1"):
        profile_config("smoke", oversample=1)
