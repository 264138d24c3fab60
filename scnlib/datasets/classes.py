"""Class orders differ between datasets, releases and copies: they are matched by name, never by number."""

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor

from scnlib.datasets.faceset import FaceSet, content_sha256

#: What people call the expressions -> what this project calls them.
SYNONYMS = {
    "neutrality": "neutral", "normal": "neutral",
    "happy": "happiness", "joy": "happiness", "happily": "happiness",
    "surprised": "surprise",
    "sad": "sadness",
    "angry": "anger",
    "disgusted": "disgust",
    "fearful": "fear", "afraid": "fear", "scared": "fear",
    "contemptuous": "contempt",
}  # fmt: skip


def canonical(name: str) -> str:
    """A class name as this project spells it: lower case, without a number before it, synonyms resolved."""
    word = name.strip().casefold().lstrip("0123456789").lstrip("_- .") or name.strip().casefold()
    return SYNONYMS.get(word, word)


def map_labels(labels: Tensor, names: Sequence[str], onto: Sequence[str]) -> Tensor:
    """The same labels in another class order, matched by name.

    Args:
        labels: int64 ``(N,)`` in ``0 .. len(names) - 1``.
        names: the classes of ``labels``, in their order.
        onto: the classes of the result, in its order.

    Returns:
        int64 ``(N,)``; -1 where ``onto`` has no class of that name.

    Raises:
        ValueError: if two classes of one side have the same name, or the sides have no name in common.
    """
    wanted = {name: i for i, name in enumerate(_unique(onto))}
    table = [wanted.get(name, -1) for name in _unique(names)]
    if max(table, default=-1) < 0:
        raise ValueError(f"no class in common between {', '.join(names)} and {', '.join(onto)}")
    return torch.tensor(table, dtype=torch.int64)[labels]


def in_order_of(faces: FaceSet, class_names: Sequence[str]) -> FaceSet:
    """The same faces under another class order; faces of a class that it lacks are left out.

    Votes and label distributions are sorted with it, distributions sum to 1 again, and a face whose true label is of
    no class of the new order is left out, too.
    """
    old = [canonical(name) for name in faces.class_names]
    columns = [old.index(canonical(name)) if canonical(name) in old else -1 for name in class_names]
    labels = map_labels(faces.labels, faces.class_names, class_names)
    keep = labels >= 0
    true = faces.true_labels
    if true is not None:
        true = map_labels(true, faces.class_names, class_names)
        keep &= true >= 0
    rows = keep.nonzero().flatten()
    kept = dataclasses.replace(faces, true_labels=None)
    kept = kept if len(rows) == len(faces) else kept.select(rows)
    new = {
        "class_names": tuple(class_names),
        "labels": labels[rows],
        "true_labels": None if true is None else true[rows],
        "votes": _columns(kept.votes, columns),
        "targets": _columns(kept.targets, columns),
    }
    if new["targets"] is not None:
        new["targets"] = new["targets"] / new["targets"].sum(1, keepdim=True)
    digest = content_sha256(torch.tensor(list(bytes.fromhex(kept.source.sha256))), new["labels"])
    return dataclasses.replace(kept, **new, source=dataclasses.replace(kept.source, sha256=digest))


def _columns(table: Tensor | None, columns: list[int]) -> Tensor | None:
    if table is None:
        return None
    padded = torch.cat([table, table.new_zeros(len(table), 1)], dim=1)  # column -1: of a class that is not there
    return padded[:, columns]


def _unique(names: Sequence[str]) -> list[str]:
    found = [canonical(name) for name in names]
    twice = [name for name in found if found.count(name) > 1]
    if twice:
        raise ValueError(f"the class {twice[0]!r} appears twice in {', '.join(names)}")
    return found
