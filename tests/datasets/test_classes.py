"""Class orders of the datasets against each other, by name."""

import dataclasses

import pytest
import torch

from scnlib import faces
from scnlib.datasets import affectnet, ferplus, rafdb
from scnlib.datasets.classes import canonical, in_order_of, map_labels

from ..conftest import make_faces


def test_labels_keep_their_names():
    for names, onto in [(ferplus.CLASSES, affectnet.CLASSES), (rafdb.CLASSES, ferplus.CLASSES)]:
        mapped = map_labels(torch.arange(len(names)), names, onto)
        assert [onto[i] for i in mapped.tolist()] == list(names)


def test_a_class_that_the_other_side_lacks_is_minus_one():
    mapped = map_labels(torch.tensor([7, 1]), affectnet.CLASSES, rafdb.CLASSES)
    assert mapped.tolist() == [-1, 3]  # contempt; happiness is RAF-DB's fourth


def test_there_and_back():
    labels = torch.arange(7).repeat(3)
    there = map_labels(labels, rafdb.CLASSES, affectnet.CLASSES)
    assert torch.equal(map_labels(there, affectnet.CLASSES, rafdb.CLASSES), labels)


def test_the_projects_orders_are_the_datasets():
    assert rafdb.CLASSES == faces.CLASSES_7
    assert ferplus.CLASSES == faces.CLASSES
    assert set(affectnet.CLASSES) == set(faces.CLASSES)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [("Happy", "happiness"), ("ANGRY", "anger"), (" sad ", "sadness"), ("3_Surprised", "surprise"),
     ("0", "0"), ("Fearful", "fear"), ("1-neutral", "neutral"), ("bored", "bored")],
)  # fmt: skip
def test_spellings(spelling, name):
    assert canonical(spelling) == name


def test_what_cannot_be_matched_is_refused():
    with pytest.raises(ValueError, match="no class in common between cat, dog and neutral"):
        map_labels(torch.tensor([0]), ("cat", "dog"), ("neutral", "happiness"))
    with pytest.raises(ValueError, match="the class 'happiness' appears twice in happy, joy"):
        map_labels(torch.tensor([0]), ("happy", "joy"), ("happiness",))


def test_faces_votes_and_targets_move_together():
    faces_ = make_faces(8, noise=0.0)
    faces_ = dataclasses.replace(
        faces_,
        class_names=("neutral", "happy", "sad", "contempt"),
        true_labels=None,
        votes=torch.arange(32).view(8, 4),
        targets=torch.tensor([[0.1, 0.2, 0.3, 0.4]]).repeat(8, 1),
    )
    other = in_order_of(faces_, ("sadness", "neutral", "happiness", "anger"))
    assert other.ids == ("0", "1", "2", "4", "5", "6")  # the contempt ones are gone
    assert other.labels.tolist() == [1, 2, 0, 1, 2, 0]
    assert other.votes[0].tolist() == [2, 0, 1, 0]
    assert other.targets[0].tolist() == pytest.approx([0.5, 1 / 6, 1 / 3, 0])
    assert other.source.sha256 != faces_.source.sha256
