"""Two datasets as one: classes by name, tested on the first."""

import numpy as np
import pytest

from scnlib import runs
from scnlib.config import profile_config
from scnlib.datasets import affectnet, has_validation, load_dataset, rafdb

from .made import pictures, write_affectnet_npy, write_folder, write_rafdb


@pytest.fixture
def root(tmp_path):
    write_rafdb(tmp_path / "both/rafdb")
    write_affectnet_npy(tmp_path / "both/affectnet")
    return tmp_path / "both"


def test_the_second_datasets_faces_keep_their_expression(root):
    joint = load_dataset("joint", root, size=40)
    assert joint.class_names == rafdb.CLASSES
    assert len(joint) == 42 + 42  # without AffectNet's six faces of contempt
    assert joint.ids[0].startswith("rafdb/") and joint.ids[-1].startswith("affectnet/")
    images, names = pictures(48, affectnet.CLASSES)
    kept = [i for i, name in enumerate(names) if name != "contempt"]
    assert np.array_equal(joint.images[42:].permute(0, 2, 3, 1).numpy(), images[kept])
    assert [joint.class_names[i] for i in joint.labels[42:].tolist()] == [names[i] for i in kept]
    assert "rafdb: basic" in joint.source.version and "affectnet: npy release" in joint.source.version


def test_the_other_way_round_it_has_eight_classes(root):
    joint = load_dataset("joint", root, size=40, sets="affectnet+rafdb")
    assert joint.class_names == affectnet.CLASSES
    assert len(joint) == 48 + 42


def test_with_seven_classes_contempt_is_in_no_split(root):
    for split, n in (("train", 42 + 42), ("test", 14)):
        joint = load_dataset("joint", root, split, size=40, sets="affectnet+rafdb", num_classes=7)
        assert joint.class_names == affectnet.CLASSES[:7]
        assert len(joint) == n and joint.labels.max() == 6


def test_validation_and_test_are_the_firsts(root):
    assert load_dataset("joint", root, "test", size=40).ids == tuple(
        f"rafdb/{name}" for name in load_dataset("rafdb", root / "rafdb", "test", size=40).ids
    )
    train, val = (load_dataset("joint", root, split, size=40, val_fraction=0.34) for split in ("train", "val"))
    assert len(val) == 14 and len(train) == 28 + 42
    assert not set(val.ids) & set(train.ids)
    assert not has_validation("joint", root)
    assert has_validation("joint", root, val_fraction=0.1)
    assert has_validation("joint", root, sets="ferplus+rafdb")


def test_a_run_trains_on_both(root, tmp_path):
    config = profile_config("smoke", dataset="joint", method="scn", backbone="small", epochs=1)
    run = runs.run(config, root=root, out=tmp_path / "run", progress=False)
    assert (run.manifest["n_train"], run.manifest["n_test"]) == (84, 14)


def test_what_does_not_fit_is_named(root):
    for options, message in [
        ({"sets": "rafdb"}, "must name two or more datasets"),
        ({"sets": "rafdb+rafdb"}, "must name two or more datasets, each once"),
        ({"sets": "rafdb+ck"}, "sets='ck' is unknown; known: 'rafdb', 'affectnet'"),
    ]:
        with pytest.raises(ValueError, match=message):
            load_dataset("joint", root, **options)
    with pytest.raises(ValueError, match="joint needs a root: the folder that holds rafdb/, affectnet/"):
        load_dataset("joint")


def test_what_is_left_out_is_said(root):
    assert "6 faces of contempt left out" in load_dataset("joint", root, size=40).source.version


def test_a_misspelt_class_is_not_dropped(tmp_path):
    write_rafdb(tmp_path / "rafdb")
    write_folder(tmp_path / "folder", names={"anger": "angr"})
    with pytest.raises(ValueError, match="joint: folder has a class 'angr', which is none of surprise.*is it misspelt"):
        load_dataset("joint", tmp_path, size=40, sets="rafdb+folder")


@pytest.mark.parametrize("name", ["joint", "rafdb", "folder"])
def test_allow_missing_is_true_or_false(tmp_path, name):
    with pytest.raises(ValueError, match="allow_missing must be true or false, got 'no'"):
        load_dataset(name, tmp_path, allow_missing="no")


def test_a_problem_names_the_folder_that_can_be_checked(root):
    (root / "rafdb/Image/aligned/train_00003_aligned.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"RAF-DB at .*rafdb: .*`scn data check` of this folder lists all"):
        load_dataset("joint", root, size=40)
