"""Counts of FER+ that hold no picture, for ``data/results``.

Votes, copies, which of its tight crops a detector finds, FER2013's labels against the votes, and what is known of each
test face.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scnlib.datasets import FaceSet, ferplus, load_dataset, tight_crops
from scnlib.datasets.duplicates import exact_groups, near_duplicates
from scnlib.datasets.face_detection import Detector
from scnlib.evaluation import confusion_matrix
from scnlib.faces import CLASSES
from scnlib.paths import results_dir
from scnlib.results import table_path, write_table
from scnlib.uncertainty import vote_entropy

#: Width of the bins of disagreement, in bits.
BIN = 0.25

#: What a face whose votes give no label is counted under.
NO_MAJORITY = "no majority"

#: What can be known of faces that were photographed.
FOUND = ["around", "share", "found", "several", "n"]

SPLITS = ("train", "val", "test")


def vote_counts(votes: Tensor, split: str) -> pd.DataFrame:
    """Faces of one split by class and disagreement: columns split, class, bits (left edge of the bin), count.

    Args:
        votes: int64 ``(N, 10)`` in the order of ``ferplus.COLUMNS``. Disagreement is over the eight emotions; a face
            that only has votes for none of them is not counted.
    """
    labels = ferplus.majority_labels(votes)
    entropy = vote_entropy(votes[:, : len(CLASSES)])
    names = [*CLASSES, NO_MAJORITY]  # label -1 is the last
    rows = []
    for label, name in enumerate(names):
        chosen = entropy[(labels == (label if name != NO_MAJORITY else -1)) & ~entropy.isnan()]
        bins = torch.bincount((chosen / BIN).long(), minlength=int(np.log2(len(CLASSES)) / BIN) + 1).tolist()
        rows += [(split, name, i * BIN, count) for i, count in enumerate(bins)]
    return pd.DataFrame(rows, columns=["split", "class", "bits", "count"])


def vote_matrix(votes: Tensor) -> pd.DataFrame:
    """All single votes on faces of each majority class: columns class, vote, count."""
    labels = ferplus.majority_labels(votes)
    cells = [
        (name, column, int(votes[labels == label, j].sum()))
        for label, name in enumerate(CLASSES)
        for j, column in enumerate(ferplus.COLUMNS)
    ]
    return pd.DataFrame(cells, columns=["class", "vote", "count"])


def duplicate_pairs(parts: Mapping[str, FaceSet]) -> dict[str, Tensor]:
    """Pictures that stand in a dataset twice: kind ("same pixels", "near", which has the former in it) -> pairs.

    Args:
        parts: splits by name.

    Returns:
        int64 ``(P, 2)`` of each kind, rows of all splits one behind the other, the smaller first.
    """
    images = torch.cat([faces.images for faces in parts.values()])
    same = [(a, b) for rows in exact_groups(images) for i, a in enumerate(rows) for b in rows[i + 1 :]]
    return {"same pixels": torch.tensor(same).view(-1, 2).long(), "near": near_duplicates(images)}


def duplicate_counts(parts: Mapping[str, FaceSet], kinds: Mapping[str, Tensor]) -> pd.DataFrame:
    """How many pictures stand in a dataset twice, within and across splits.

    Args:
        parts: splits by name.
        kinds: of ``duplicate_pairs``.

    Returns:
        A row for each kind and pair of splits: ``kind``, ``first``, ``second``, ``pairs``, ``same_label`` (pairs with
        one label), ``same_votes`` (with the very same votes), ``images`` (of the second split with a twin in the first;
        within a split: those not the first of a kind).
    """
    labels = torch.cat([faces.labels for faces in parts.values()])
    votes = torch.cat([torch.cat([faces.votes, faces.other_votes], dim=1) for faces in parts.values()])
    split, rows = _split_of(parts), []
    for kind, pairs in kinds.items():
        for i, first in enumerate(parts):
            for j, second in list(enumerate(parts))[i:]:
                chosen = pairs[(split[pairs[:, 0]] == i) & (split[pairs[:, 1]] == j)]
                agree = labels[chosen[:, 0]] == labels[chosen[:, 1]]
                alike = (votes[chosen[:, 0]] == votes[chosen[:, 1]]).all(1)
                counts = (len(chosen), int(agree.sum()), int(alike.sum()), len(chosen[:, 1].unique()))
                rows.append((kind, first, second, *counts))
    return pd.DataFrame(rows, columns=["kind", "first", "second", "pairs", "same_label", "same_votes", "images"])


def known_faces(parts: Mapping[str, FaceSet], near: Tensor) -> pd.DataFrame:
    """What is known of each test face, in their order: columns ``label``, ``agreed``, ``twin``.

    Args:
        parts: splits by name, among them "train" before "test".
        near: pairs of near-duplicates, of ``duplicate_pairs``.

    Returns:
        ``label``: the class, from 0; ``agreed``: votes for it; ``twin``: 1 where a training face is a near-duplicate.
    """
    test, split = parts["test"], _split_of(parts)
    train_row, test_row = (list(parts).index(name) for name in ("train", "test"))
    leaks = near[(split[near[:, 0]] == train_row) & (split[near[:, 1]] == test_row), 1]
    twin = torch.zeros(len(split), dtype=torch.int64).index_fill(0, leaks, 1)[split == test_row]
    agreed = test.votes.gather(1, test.labels[:, None])[:, 0]
    return pd.DataFrame({"label": test.labels.numpy(), "agreed": agreed.numpy(), "twin": twin.numpy()})


def _split_of(parts: Mapping[str, FaceSet]) -> Tensor:
    """The position of each row's split among the splits, int64."""
    return torch.cat([torch.full((len(faces),), i) for i, faces in enumerate(parts.values())])


def measure_ferplus(root: Path | str, folder: Path | None = None) -> list[Path]:
    """Count votes, duplicates and faces found of FER+ into ``data/results`` and return the five tables.

    Votes are counted over all images that have some, duplicates over those that the majority rule keeps, faces found
    over the test images among these.
    """
    folder, detector = folder or results_dir(), Detector()
    root = ferplus.checked_root(root)
    tables = {split: ferplus.vote_table(root, split).votes for split in SPLITS}
    faces = {split: load_dataset("ferplus", root, split) for split in SPLITS}
    pairs = duplicate_pairs(faces)
    counts = {
        "ferplus_votes": lambda: pd.concat([vote_counts(votes, split) for split, votes in tables.items()]),
        "ferplus_vote_matrix": lambda: vote_matrix(torch.cat(list(tables.values()))),
        "ferplus_duplicates": lambda: duplicate_counts(faces, pairs),
        "ferplus_faces": lambda: known_faces(faces, pairs["near"]),
        "ferplus_tight_crops": lambda: tight_crops.compared(faces["test"].images, None, detector)[FOUND],
    }
    for name, count in counts.items():
        write_table(table_path(name, folder=folder), count())
    return [table_path(name, folder=folder) for name in counts]


def transition(faces: FaceSet) -> pd.DataFrame:
    """Counts of label noise: columns true, given (class names), count."""
    names = faces.class_names
    counts = confusion_matrix(faces.true_labels, faces.labels, len(names)).tolist()
    cells = [(true, given, counts[i][j]) for i, true in enumerate(names) for j, given in enumerate(names)]
    return pd.DataFrame(cells, columns=["true", "given", "count"])


def measure_transition(root: Path | str, folder: Path | None = None) -> tuple[Path, int, float]:
    """Count FER2013's labels against FER+'s majority into ``data/results``.

    Returns:
        The table, the number of training images whose FER2013 label is known for sure, and the share of them whose two
        labels differ.
    """
    faces = load_dataset("ferplus", root, labels="fer2013")
    path = (folder or results_dir()) / "ferplus_fer2013_transition.csv"
    write_table(path, transition(faces))
    return path, len(faces), float((faces.labels != faces.true_labels).float().mean())
