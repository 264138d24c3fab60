"""A folder for each class: the order of classes, validation, names of all kinds, and what is missing."""

import numpy as np
import pytest
import torch

from scnlib import faces as rendered_faces
from scnlib import runs
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.datasets import FaceSet, has_validation, load_dataset
from scnlib.datasets.check import check

from .made import pictures, save, write_folder


@pytest.fixture
def root(tmp_path):
    return write_folder(tmp_path / "faces")


def test_sorted_by_name_and_said(root):
    faces = load_dataset("folder", root, size=40)
    assert faces.class_names == tuple(sorted(rendered_faces.CLASSES_7))
    assert "sorted by name" in faces.source.version
    images, names = pictures(42)
    for name, label, image in zip(faces.ids, faces.labels.tolist(), faces.images, strict=True):
        number = int(name.rsplit("/", 1)[-1].removesuffix(".png"))
        assert faces.class_names[label] == names[number] == name.split("/")[1]
        assert np.array_equal(image.permute(1, 2, 0).numpy(), images[number])


@pytest.mark.parametrize("classes", [("neutral", "anger", "fear"), "neutral, anger,fear"])
def test_an_order_that_is_given_holds_for_all_splits(root, classes):
    for split in ("train", "test"):
        faces = load_dataset("folder", root, split, size=40, classes=classes)
        assert faces.class_names == ("neutral", "anger", "fear")
        assert {name.split("/")[1]: label for name, label in zip(faces.ids, faces.labels.tolist(), strict=True)} == {
            "neutral": 0, "anger": 1, "fear": 2,
        }  # fmt: skip
    assert "as given" in faces.source.version


def test_validation_from_a_folder_or_from_train(root):
    assert not has_validation("folder", root)
    with pytest.raises(ValueError, match="there is no val/; make one, or take a tenth of each class"):
        load_dataset("folder", root, "val")
    with pytest.raises(ValueError, match=r"there is no val/; make one, .* or train without --split"):
        load_dataset("folder", root, "train+val")
    assert len(load_dataset("folder", root, "train+val", size=40, val_fraction=0.34)) == 42
    train, val = (load_dataset("folder", root, split, size=40, val_fraction=0.34) for split in ("train", "val"))
    assert (len(train), len(val)) == (28, 14)
    for file in (root / "test").rglob("*.png"):
        save(np.full((20, 20, 3), 9, np.uint8), root / "val" / file.parent.name / file.name)
    assert has_validation("folder", root)
    assert (load_dataset("folder", root, "val", size=40).images == 9).all()
    assert len(load_dataset("folder", root, "train+val", size=40)) == 56
    with pytest.raises(ValueError, match="there is a val/, so leave val_fraction away"):
        load_dataset("folder", root, "val", val_fraction=0.1)


def test_names_in_any_alphabet_and_subfolders(tmp_path):
    root = write_folder(tmp_path / "gesichter ü", names={"anger": "Ärger", "fear": "恐怖"})
    (root / "train/Ärger/weitere").mkdir()
    next((root / "train/Ärger").glob("*.png")).rename(root / "train/Ärger/weitere/gesicht é.png")
    (root / "train/Ärger/.DS_Store").write_bytes(b"x")
    (root / "train/Ärger/list.txt").write_text("x")
    faces = load_dataset("folder", root, size=40)
    assert "Ärger" in faces.class_names and "恐怖" in faces.class_names
    assert "train/Ärger/weitere/gesicht é.png" in faces.ids
    assert len(faces) == 42


def test_a_run_trains_on_it(root, tmp_path):
    config = profile_config("smoke", dataset="folder", method="baseline", backbone="small", epochs=1)
    run = runs.run(config, root=root, out=tmp_path / "run", progress=False)
    assert run.manifest["n_train"] == 42
    assert run.manifest["source"]["name"] == "folder"
    assert run.metrics["val_accuracy"].isna().all()


def test_files_that_come_and_go_are_noticed(root):
    assert len(load_dataset("folder", root, size=40)) == 42
    (root / "train/anger/005.png").unlink()
    assert len(load_dataset("folder", root, size=40)) == 41
    save(np.zeros((30, 30, 3), np.uint8), root / "train/anger/new.png")
    faces = load_dataset("folder", root, size=40)
    assert faces.images[faces.ids.index("train/anger/new.png")].max() == 0


def test_a_damaged_image_stops_or_is_left_out(root):
    (root / "train/fear/001.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"001\.png is empty \(0 bytes\)\. 1 of 42 images cannot be used"):
        load_dataset("folder", root, size=40)
    faces = load_dataset("folder", root, size=40, allow_missing=True)
    assert len(faces) == 41 and torch.bincount(faces.labels).tolist() == [6, 6, 5, 6, 6, 6, 6]
    assert faces.source.notes == ("rows that cannot be used and are left out: 1",)
    faces.save(root / "kept.safetensors")
    assert FaceSet.load(root / "kept.safetensors").source == faces.source


def test_a_run_says_what_was_left_out(root, tmp_path, capsys):
    (root / "train/fear/001.png").write_bytes(b"")
    (root / "train/fear/list.txt").write_text("x")
    for file in (root / "test/anger").iterdir():
        file.unlink()
    words = ["run", "--profile", "smoke", "--method", "baseline", "--epochs", "1", "--dataset", "folder"]
    words += ["--root", str(root), "--data", "allow_missing=true", "--out", str(tmp_path / "run")]
    for _ in ("trained", "found"):
        assert main(words) == 0
        lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("train: ", "test: "))]
        assert lines == [
            "train: 1 file not used: no images by their suffix",
            "train: rows that cannot be used and are left out: 1",
            "test: no face of the class anger",
        ]


def test_what_is_missing_is_named(root, tmp_path):
    with pytest.raises(ValueError, match="folder needs a root"):
        load_dataset("folder")
    with pytest.raises(FileNotFoundError, match="it holds faces, and must hold train/<class>/"):
        load_dataset("folder", tmp_path)
    with pytest.raises(ValueError, match="train/ has no class 'joy'; it has anger, disgust"):
        load_dataset("folder", root, classes=["joy", "anger"])
    with pytest.raises(ValueError, match="a class is named twice"):
        load_dataset("folder", root, classes=["anger", "anger"])
    (root / "test/anger").rename(root / "test/rage")
    with pytest.raises(ValueError, match="test/rage is a class that train/ does not have"):
        load_dataset("folder", root, "test")
    for file in (root / "train/fear").iterdir():
        file.unlink()
    with pytest.raises(ValueError, match="no image of the class 'fear' in this split"):
        load_dataset("folder", root)


def test_one_class_is_none(tmp_path):
    save(np.zeros((9, 9, 3), np.uint8), tmp_path / "train/only/1.png")
    with pytest.raises(ValueError, match="a folder for each of at least two classes"):
        load_dataset("folder", tmp_path)


def test_a_single_class_is_told_how_names_are_separated(root):
    with pytest.raises(ValueError, match=r"anger is a single class; .* separated by commas\. train/ has anger, d"):
        load_dataset("folder", root, classes="anger")


def test_names_with_commas_are_named_in_a_list(root):
    (root / "train/anger").rename(root / "train/anger, cold")
    (root / "test/anger").rename(root / "test/anger, cold")
    with pytest.raises(ValueError, match=r"no class 'cold'\. Commas .* 'anger, cold' .* list, classes=\[\"anger, c"):
        load_dataset("folder", root, classes="fear,cold")
    for split in ("train", "test"):
        faces = load_dataset("folder", root, split, size=40, classes=["anger, cold", "fear"])
        assert faces.class_names == ("anger, cold", "fear")


@pytest.mark.parametrize("classes", [3, True, [1, 2]])
def test_classes_are_names(root, classes):
    with pytest.raises(ValueError, match="classes must be names of folders"):
        load_dataset("folder", root, classes=classes)
    with pytest.raises(ValueError, match="classes must be names of folders"):
        check("folder", root, classes=classes)


def test_a_class_that_train_lacks_is_still_a_problem(root):
    (root / "test/rage").mkdir()
    with pytest.raises(ValueError, match="test/rage is a class that train/ does not have"):
        load_dataset("folder", root, "test", size=40, classes="anger,fear")
