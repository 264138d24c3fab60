"""RAF-DB's layout from rendered faces: labels by name, a validation share, lists and images that are wrong."""

import numpy as np
import pytest
import torch
from PIL import Image

from scnlib import runs
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.datasets import has_validation, load_dataset, rafdb
from scnlib.run_folder import open_run

from .made import pictures, save, write_rafdb


@pytest.fixture
def root(tmp_path):
    return write_rafdb(tmp_path / "rafdb")


def list_of(root):
    return root / "EmoLabel/list_patition_label.txt"


def replace_line(path, line, text):
    lines = path.read_text().splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n")


def test_labels_and_images_belong_together(root):
    train, test = (load_dataset("rafdb", root, split, size=40) for split in ("train", "test"))
    images, names = pictures(56)
    assert train.ids[0] == "Image/aligned/train_00001_aligned.jpg"
    assert test.ids[-1] == "Image/aligned/test_0014_aligned.jpg"
    assert [train.class_names[i] for i in train.labels.tolist()] == names[:42]
    assert [test.class_names[i] for i in test.labels.tolist()] == names[42:]
    loaded = torch.cat([train.images, test.images]).permute(0, 2, 3, 1).numpy().astype(int)
    assert np.abs(loaded - images).mean() < 6  # JPEG
    assert np.abs(loaded - images[::-1]).mean() > 15


def test_published_counts_add_up_to_the_papers():
    assert (sum(rafdb.PUBLISHED["train"]), sum(rafdb.PUBLISHED["test"])) == (12271, 3068)


def test_a_folder_basic_is_found(root, tmp_path):
    root.rename(tmp_path / "basic")
    assert len(load_dataset("rafdb", tmp_path, "test")) == 14


def test_a_validation_share_is_stratified_seeded_and_disjoint(root):
    whole = load_dataset("rafdb", root, "train+val", size=40, val_fraction=0.34)
    train, val = (load_dataset("rafdb", root, split, size=40, val_fraction=0.34) for split in ("train", "val"))
    assert set(val.class_counts().values()) == {2}  # round(.34 * 6)
    assert set(train.ids) | set(val.ids) == set(whole.ids)
    assert not set(train.ids) & set(val.ids)
    again = load_dataset("rafdb", root, "val", size=40, val_fraction=0.34)
    other = load_dataset("rafdb", root, "val", size=40, val_fraction=0.34, val_seed=1)
    assert again.ids == val.ids != other.ids
    smaller = load_dataset("rafdb", root, "val", size=40, val_fraction=0.17)
    assert set(smaller.ids) < set(val.ids)
    at = dict(zip(whole.ids, whole.images, strict=True))
    assert all(torch.equal(at[name], image) for name, image in zip(val.ids, val.images, strict=True))


def test_without_a_share_there_is_no_validation(root):
    with pytest.raises(ValueError, match=r"rafdb has no validation split of its own: val_fraction=0\.1"):
        load_dataset("rafdb", root, "val")
    assert not has_validation("rafdb", root)
    assert has_validation("rafdb", root, val_fraction=0.1)


def test_original_photographs_and_folders_of_ones_own(root):
    for file in (root / "Image/aligned").iterdir():
        Image.new("RGB", (90, 60), "red").save(root.joinpath("Image", file.name.replace("_aligned", "")))
    (root / "Image/original").mkdir()
    for file in list((root / "Image").glob("*.jpg")):
        file.rename(root / "Image/original" / file.name)
    faces = load_dataset("rafdb", root, size=20, images="original")
    assert faces.ids[0] == "Image/original/train_00001.jpg"
    assert faces.images[0, 0].min() > 240
    with pytest.raises(FileNotFoundError, match="there is no folder Image/mine"):
        load_dataset("rafdb", root, images="mine")


def test_a_run_trains_on_it(root, tmp_path):
    options = {"backbone": "small", "data": {"val_fraction": 0.34}}
    config = profile_config("smoke", dataset="rafdb", method="scn", **options)
    run = runs.run(config, root=root, out=tmp_path / "run", progress=False)
    assert (run.manifest["n_train"], run.manifest["n_test"]) == (28, 14)
    assert run.manifest["class_names"] == list(rafdb.CLASSES)
    assert 0 <= run.metrics["val_accuracy"].iloc[-1] <= 1


def test_the_command_line_trains_without_validation(root, tmp_path, capsys):
    words = ["run", "--profile", "smoke", "--dataset", "rafdb", "--root", str(root), "--backbone", "small"]
    assert main([*words, "--epochs", "1", "--noise-rate", "0.2", "--out", str(tmp_path / "run")]) == 0
    assert "n = 14" in capsys.readouterr().out
    assert open_run(tmp_path / "run").metrics["val_accuracy"].isna().all()


class TestASourceThatChanges:
    def test_a_changed_image_is_read_again(self, root):
        before = load_dataset("rafdb", root, size=40)
        save(np.zeros((40, 40, 3), np.uint8), root / "Image/aligned/train_00005_aligned.jpg")
        after = load_dataset("rafdb", root, size=40)
        assert after.images[4].max() < 10 < before.images[4].max()
        assert after.source.sha256 != before.source.sha256

    def test_a_lost_image_is_missed(self, root):
        load_dataset("rafdb", root, size=40)
        (root / "Image/aligned/train_00017_aligned.jpg").unlink()
        message = (
            r"RAF-DB at .*: Image/aligned/train_00017_aligned\.jpg is named in EmoLabel/list_patition_label\.txt "
            r"\(line 17\) but is not there\. 41 of 42 images were found"
        )
        with pytest.raises(FileNotFoundError, match=message):
            load_dataset("rafdb", root, size=40)
        faces = load_dataset("rafdb", root, size=40, allow_missing=True)
        assert len(faces) == 41
        assert "1 row left out" in faces.source.version

    def test_a_changed_label_is_read_again(self, root):
        load_dataset("rafdb", root, size=40)
        replace_line(list_of(root), 1, "train_00001.jpg 7")
        assert load_dataset("rafdb", root, size=40).labels[0] == 6

    def test_nothing_is_written_into_the_root(self, root):
        before = sorted(root.rglob("*"))
        load_dataset("rafdb", root)
        assert sorted(root.rglob("*")) == before


class TestBadInput:
    def test_a_missing_root(self, tmp_path):
        with pytest.raises(ValueError, match="rafdb needs a root"):
            load_dataset("rafdb")
        with pytest.raises(FileNotFoundError, match=r"it holds no EmoLabel/list_patition_label\.txt"):
            load_dataset("rafdb", tmp_path)
        with pytest.raises(FileNotFoundError, match="there is no such folder"):
            load_dataset("rafdb", tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("train_00003.jpg 0", "line 3: the label must be 1 to 7, got '0'; this is no list of RAF-DB"),
            ("train_00003.jpg 8", "line 3: the label must be 1 to 7, got '8'"),
            ("train_00003.jpg happy", "line 3: the label must be 1 to 7, got 'happy'"),
            ("train_00003.jpg", "line 3: expected a name and a label, got 1 field"),
            ("val_00003.jpg 2", "line 3: a name begins with train_ or test_"),
            ("train_00001.jpg 2", r"line 3: train_00001\.jpg stands in line 1 already"),
        ],
    )
    def test_a_damaged_row(self, root, text, message):
        replace_line(list_of(root), 3, text)
        with pytest.raises(ValueError, match=message):
            load_dataset("rafdb", root)
        assert len(load_dataset("rafdb", root, allow_missing=True)) == 41

    def test_damaged_images_are_counted_and_can_be_left_out(self, root):
        (root / "Image/aligned/train_00002_aligned.jpg").write_bytes(b"")
        (root / "Image/aligned/train_00009_aligned.jpg").write_bytes(b"nonsense")
        message = r"list_patition_label\.txt \(line 2\)\): .*is empty \(0 bytes\)\. 2 of 42 images cannot be used"
        with pytest.raises(ValueError, match=message):
            load_dataset("rafdb", root, size=40)
        faces = load_dataset("rafdb", root, size=40, allow_missing=True)
        assert len(faces) == 40
        assert not {name[-17:-12] for name in faces.ids} & {"00002", "00009"}
        images, _ = pictures(42)
        assert np.abs(faces.images[1].permute(1, 2, 0).numpy().astype(int) - images[2]).mean() < 6

    def test_a_class_without_images(self, root):
        lines = [text for text in list_of(root).read_text().splitlines() if not text.endswith(" 4")]
        list_of(root).write_text("\n".join(lines) + "\n")
        with pytest.raises(ValueError, match="no image of the class 'happiness' in this split"):
            load_dataset("rafdb", root)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"split": "all"}, "rafdb: split='all' is unknown"),
            ({"val_fraction": 1.0}, "val_fraction must be a number in 0 <= f < 1, got 1.0"),
            ({"val_fraction": "some"}, "val_fraction must be a number"),
            ({"label_file": "x.txt"}, "label_file and label_base belong together"),
            ({"colour": 1}, "dataset rafdb has no option 'colour'; known: size, images, val_fraction"),
        ],
    )
    def test_unknown_options(self, root, options, message):
        with pytest.raises(ValueError, match=message):
            load_dataset("rafdb", root, **options)


class TestFilesByStem:
    def test_another_ending_is_found_and_two_are_refused(self, root):
        path = root / "Image/aligned/train_00001_aligned.jpg"
        Image.open(path).save(path.with_suffix(".png"))
        with pytest.raises(
            ValueError, match=r"train_00001\.jpg may be train_00001_aligned\.jpg or train_00001_aligned\.png"
        ):
            load_dataset("rafdb", root, size=40)
        path.unlink()
        assert load_dataset("rafdb", root, size=40).ids[0] == "Image/aligned/train_00001_aligned.png"

    def test_a_list_with_foreign_letters_names_the_line(self, root):
        list_of(root).write_bytes(b"tr\xe4in_1.jpg 1\n" + list_of(root).read_bytes())
        with pytest.raises(ValueError, match="line 1: a name begins with train_ or test_"):
            load_dataset("rafdb", root, size=40)
