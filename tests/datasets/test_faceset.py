"""The container: what it refuses, what it keeps together, and that saving loses nothing."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from scnlib.datasets import FaceSet, Source

from ..conftest import make_faces


def full(n=12):
    faces = make_faces(n)
    return dataclasses.replace(
        faces,
        votes=torch.arange(n * 4).view(n, 4),
        other_votes=torch.arange(n * 2).view(n, 2),
        targets=torch.full((n, 4), 0.25),
        latents={"intensity": torch.linspace(0, 1, n)},
    )


def same(a: FaceSet, b: FaceSet) -> bool:
    tensors = ("images", "labels", "votes", "other_votes", "targets", "true_labels")
    return (
        all(torch.equal(getattr(a, name), getattr(b, name)) for name in tensors)
        and torch.equal(a.latents["intensity"], b.latents["intensity"])
        and (a.ids, a.class_names, a.source) == (b.ids, b.class_names, b.source)
    )


def test_saving_loses_nothing(tmp_path):
    faces = dataclasses.replace(full(), ids=tuple(f"ordner/gesicht ü {i}.png" for i in range(12)))
    faces.save(tmp_path / "faces.safetensors")
    assert same(FaceSet.load(tmp_path / "faces.safetensors"), faces)


def test_a_damaged_or_foreign_file_is_named(tmp_path):
    path = tmp_path / "faces.safetensors"
    full().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"faces\.safetensors is damaged or no safetensors file"):
        FaceSet.load(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="holds no FaceSet"):
        FaceSet.load(path)


def test_select_keeps_rows_together():
    faces = full()
    rows = torch.tensor([3, 1, 7])
    part = faces.select(rows)
    assert part.ids == ("3", "1", "7")
    for name in ("images", "labels", "votes", "other_votes", "targets", "true_labels"):
        assert torch.equal(getattr(part, name), getattr(faces, name)[rows])
    assert part.source.sha256 != faces.source.sha256
    mask = torch.zeros(12, dtype=torch.bool)
    mask[[2, 5]] = True
    assert faces.select(mask).ids == ("2", "5")


def test_new_labels_remember_the_truth():
    clean = dataclasses.replace(make_faces(8, noise=0.0), true_labels=None)
    noisy = clean.with_labels((clean.labels + 1) % 4)
    assert torch.equal(noisy.true_labels, clean.labels)
    noisier = noisy.with_labels((clean.labels + 2) % 4)
    assert torch.equal(noisier.true_labels, clean.labels)


def test_counts():
    faces = make_faces(10, noise=0.0)
    assert faces.class_counts() == {"a": 3, "b": 3, "c": 2, "d": 2}
    assert len(faces) == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"labels": torch.tensor([0, 1, 9, 3])},
            r"squares: labels\[2\] \(2\) is 9, outside the 4 classes 0..3; 1 such",
        ),
        ({"labels": torch.tensor([0, 1, -1, 3])}, r"labels\[2\] \(2\) is -1"),
        ({"labels": torch.zeros(4)}, "labels must be int64"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, "labels has 3 rows for 4 images"),
        ({"ids": ("a",)}, "ids has 1 row for 4 images"),
        ({"votes": torch.zeros(5, 4)}, "votes has 5 rows"),
        ({"latents": {"age": torch.zeros(2)}}, r"latents\['age'\] has 2 rows"),
        ({"images": torch.zeros(4, 1, 8, 8)}, "images must be uint8"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    fields = {
        "images": torch.zeros(4, 1, 8, 8, dtype=torch.uint8),
        "labels": torch.arange(4),
        "class_names": tuple("abcd"),
        "ids": tuple("0123"),
        "source": Source("squares", "test", "0"),
    }
    with pytest.raises(ValueError, match=message):
        FaceSet(**{**fields, **change})
