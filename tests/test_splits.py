"""The faces of a run: which of them get noise, and what does not go together."""

import dataclasses

import pytest
import torch

from scnlib import splits
from scnlib.config import profile_config
from scnlib.splits import load_splits

from .conftest import load_squares


def smoke(**fields):
    return profile_config("smoke", noise_rate=0.25, **fields)


def real(name, root=None, split="train", **options):
    faces = load_squares(name, split=split)
    return faces.with_labels((faces.labels + 1) % 4) if options.get("labels") == "fer2013" else faces


def test_real_noise_is_in_training_and_validation_but_not_in_the_test(monkeypatch):
    monkeypatch.setattr(splits, "load_dataset", real)
    found = load_splits(profile_config("smoke", dataset="ferplus", noise_kind="fer2013"))
    assert (found.train.labels != found.train.true_labels).all()
    assert (found.val.labels != found.val.true_labels).all()
    assert found.test.true_labels is None


def test_put_in_noise_is_in_training_and_validation_but_not_in_the_test(squares):
    found = load_splits(smoke())
    assert (found.train.labels != found.train.true_labels).sum() == 16
    assert (found.val.labels != found.val.true_labels).sum() == 8
    assert found.test.true_labels is None


def test_votes_as_targets_do_not_go_with_noise_or_relabelling(monkeypatch):
    def load(name, root=None, split="train", **options):
        faces = load_squares(name, split=split)
        return dataclasses.replace(faces, targets=torch.full((len(faces), 4), 0.25))

    monkeypatch.setattr(splits, "load_dataset", load)
    with pytest.raises(ValueError, match="noise changes single labels"):
        load_splits(smoke(method="baseline"))
    with pytest.raises(ValueError, match="scn on single labels; set relabelling=false"):
        load_splits(profile_config("smoke"))
    assert load_splits(profile_config("smoke", method="baseline")).train.targets is not None
