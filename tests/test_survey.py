"""Counts of votes and copies, against counts by hand; the committed tables against each other."""

import dataclasses
import math

import pandas as pd
import pytest
import torch

from scnlib import survey
from scnlib.course import datasets
from scnlib.datasets import ferplus, tight_crops
from scnlib.paths import results_dir
from scnlib.results import read_table
from scnlib.uncertainty import vote_entropy

from .conftest import make_faces
from .datasets.test_ferplus import folders  # noqa: F401 - a fixture

VOTES = torch.tensor([
    [10, 0, 0, 0, 0, 0, 0, 0, 0, 0],  # 0 bits, neutral
    [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],  # 1 bit, no majority
    [0, 6, 2, 0, 0, 0, 0, 0, 2, 0],  # happiness; over the emotions 3 : 1
    [0, 0, 0, 0, 0, 0, 0, 0, 9, 1],  # no emotion at all
])  # fmt: skip


def entropy_by_hand(votes):
    total = sum(votes)
    return -sum(v / total * math.log2(v / total) for v in votes if v)


def test_entropy_is_the_equation():
    generator = torch.Generator().manual_seed(0)
    votes = torch.randint(0, 6, (50, 8), generator=generator) + torch.eye(8, dtype=torch.int64)[torch.arange(50) % 8]
    assert vote_entropy(votes).tolist() == pytest.approx([entropy_by_hand(row) for row in votes.tolist()])
    assert vote_entropy(torch.ones(1, 8)).item() == pytest.approx(3)
    assert vote_entropy(torch.zeros(1, 8)).isnan().all()


def test_faces_are_counted_by_class_and_disagreement():
    table = survey.vote_counts(VOTES, "val")
    held = table[table["count"] > 0][["class", "bits", "count"]].to_numpy().tolist()
    assert held == [["neutral", 0.0, 1], ["happiness", 0.75, 1], [survey.NO_MAJORITY, 1.0, 1]]
    wide = datasets.disagreement(table, "val")
    assert wide.shape == (9, 3) and wide.to_numpy().sum() == 3
    assert list(wide.columns) == [0.0, 0.75, 1.0]


def test_single_votes_under_each_majority():
    table = survey.vote_matrix(VOTES).set_index(["class", "vote"])["count"]
    assert table["happiness"].to_dict() | {} == dict.fromkeys(ferplus.COLUMNS, 0) | {
        "happiness": 6, "surprise": 2, "unknown": 2,
    }  # fmt: skip
    assert table.sum() == 20


def faces_with_votes(n, seed):
    faces = make_faces(n, noise=0.0, seed=seed)
    images = torch.randint(0, 255, faces.images.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)
    votes = torch.nn.functional.one_hot(faces.labels, 4) * 10
    return faces, images, votes, torch.zeros(n, 2, dtype=torch.int64)


def test_twins_are_counted_within_and_across_splits():
    parts = {}
    for seed, split in enumerate(("train", "test")):
        faces, images, votes, others = faces_with_votes(8, seed)
        parts[split] = dataclasses.replace(faces, images=images, votes=votes, other_votes=others)
    parts["train"].images[5] = parts["train"].images[1]  # label 1 both
    parts["test"].images[2] = parts["train"].images[0]  # labels 2 and 0
    parts["test"].images[4] = parts["train"].images[0]  # labels 0 and 0
    parts["test"].votes[4, 0] = 9  # the same label by other votes
    pairs = survey.duplicate_pairs(parts)
    table = survey.duplicate_counts(parts, pairs)
    exact = table[table["kind"] == "same pixels"].drop(columns="kind").to_numpy().tolist()
    assert exact == [
        ["train", "train", 1, 1, 1, 1],
        ["train", "test", 2, 1, 0, 2],
        ["test", "test", 1, 0, 0, 1],
    ]
    near = table[table["kind"] == "near"]["pairs"].tolist()
    assert near == [1, 2, 1]
    faces = survey.known_faces(parts, pairs["near"])
    assert faces["twin"].tolist() == [0, 0, 1, 0, 1, 0, 0, 0], "the copy within the training set is none of theirs"
    assert faces["label"].tolist() == parts["test"].labels.tolist()
    assert faces["agreed"].tolist() == [10, 10, 10, 10, 9, 10, 10, 10]


def test_measuring_writes_five_tables_and_no_picture(folders, tmp_path):  # noqa: F811
    # At least one image in each split has a majority; the copies are none.
    paths = survey.measure_ferplus(folders, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("ferplus_*")) == sorted(path.name for path in paths)
    assert read_table(paths[0]).query("split == 'train'")["count"].sum() == 5
    assert read_table(paths[2])["pairs"].sum() == 0
    assert (paths[3].name, len(read_table(paths[3]))) == ("ferplus_faces.csv.xz", 1)
    assert (read_table(paths[4])["n"] == 1).all()


def test_the_committed_counts_belong_together():
    votes = pd.read_csv(results_dir() / "ferplus_votes.csv")
    labelled = votes[votes["class"] != survey.NO_MAJORITY].groupby("split")["count"].sum().to_dict()
    assert labelled == ferplus.PUBLISHED["label.csv"]
    classes = votes[votes["split"] == "train"].groupby("class")["count"].sum()
    assert tuple(classes[name] for name in ferplus.CLASSES) == ferplus.PUBLISHED_CLASSES
    twins = pd.read_csv(results_dir() / "ferplus_duplicates.csv").set_index(["kind", "first", "second"])
    assert (twins.loc["near"] >= twins.loc["same pixels"]).all().all()
    assert (twins["same_votes"] <= twins["same_label"]).all() and (twins["images"] <= twins["pairs"]).all()
    crops = pd.read_csv(results_dir() / "ferplus_tight_crops.csv")
    assert list(zip(crops["around"], crops["share"], strict=True)) == list(tight_crops.PADDINGS)
    assert (crops["n"] == ferplus.PUBLISHED["label.csv"]["test"]).all() and (crops["several"] <= crops["found"]).all()
