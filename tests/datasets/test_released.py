"""Noisy label files as others released them: base said, paths reduced, rows and images matched by name."""

import random
from pathlib import Path

import pytest
import torch

from scnlib.datasets import load_dataset, rafdb, released
from scnlib.datasets.check import check
from scnlib.datasets.released import flip_report, flips_as_known, released_labels

from .made import write_rafdb


@pytest.fixture
def root(tmp_path):
    return write_rafdb(tmp_path / "rafdb")


def write_labels(root, name, base, flipped=(), prefix="", test=False):
    """The official labels with ``flipped`` rows (0-based) moved to the next class."""
    lines = []
    for row, text in enumerate((root / "EmoLabel/list_patition_label.txt").read_text().splitlines()):
        image, label = text.split()
        label = int(label) - 1
        if row in flipped:
            label = (label + 1) % 7
        if image.startswith("train") or test:
            lines.append(f"{prefix}{image} {label + base}")
    random.Random(0).shuffle(lines)
    path = root / "EmoLabel" / name
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("prefix", ["", "/mnt/users/somebody/raf/train_aligned/", "C:\\raf\\", "aligned/"])
def test_only_what_was_flipped_differs(root, base, prefix):
    write_labels(root, "noise.txt", base, flipped=(0, 5, 9), prefix=prefix)
    faces = load_dataset("rafdb", root, size=40, label_file="noise.txt", label_base=base)
    clean = load_dataset("rafdb", root, size=40)
    assert torch.equal(faces.true_labels, clean.labels)
    assert (faces.labels != faces.true_labels).nonzero().flatten().tolist() == [0, 5, 9]
    assert faces.labels[5] == (clean.labels[5] + 1) % 7
    assert "labels of noise.txt" in faces.source.version
    assert faces.source.sha256 != clean.source.sha256


def test_test_labels_stay_clean_even_where_the_file_has_others(root):
    write_labels(root, "noise.txt", 1, flipped=(1, 44), test=True)
    options = {"size": 40, "label_file": "noise.txt", "label_base": 1}
    assert load_dataset("rafdb", root, "test", **options).true_labels is None
    assert torch.equal(
        load_dataset("rafdb", root, "test", **options).labels, load_dataset("rafdb", root, "test", size=40).labels
    )
    assert int((load_dataset("rafdb", root, **options).labels != load_dataset("rafdb", root).labels).sum()) == 1


def test_the_validation_share_has_the_files_noise(root):
    write_labels(root, "noise.txt", 0, flipped=range(0, 42, 3))
    options = {"size": 40, "label_file": "noise.txt", "label_base": 0, "val_fraction": 0.5}
    train, val = (load_dataset("rafdb", root, split, **options) for split in ("train", "val"))
    wrong = sum(int((part.labels != part.true_labels).sum()) for part in (train, val))
    assert wrong == 14


@pytest.mark.parametrize("base", [0, 1])
def test_the_wrong_base_is_noticed(root, base):
    write_labels(root, "noise.txt", base, flipped=(3,))
    with pytest.raises(ValueError, match=f"with base={1 - base} it must be .*is the other base meant"):
        load_dataset("rafdb", root, label_file="noise.txt", label_base=1 - base)


def test_another_class_order_is_noticed():
    file = released.ReleasedLabels("noise.txt", 0, {"a": 1, "b": 0, "c": 1}, {"a": 1, "b": 2, "c": 3})
    with pytest.raises(ValueError, match="differs from the known labels on 100% of the images"):
        file.onto(["a", "b", "c"], torch.tensor([0, 1, 0]), 2)


def test_rows_and_images_that_do_not_belong_together_are_named(root):
    path = write_labels(root, "noise.txt", 1)
    kept = [line for line in path.read_text().splitlines() if "00004" not in line and "00007" not in line]
    path.write_text("\n".join(kept) + "\n")
    with pytest.raises(ValueError, match=r"has no row for train_00004; 2 images without a row"):
        load_dataset("rafdb", root, label_file="noise.txt", label_base=1)
    path.write_text("train_99999.jpg 3\n" + write_labels(root, "other.txt", 1).read_text())
    with pytest.raises(ValueError, match=r"line 1: no image is called train_99999; 1 such row"):
        load_dataset("rafdb", root, label_file="noise.txt", label_base=1)


def test_the_base_must_be_said(root):
    path = write_labels(root, "noise.txt", 1)
    with pytest.raises(TypeError, match="base"):
        released_labels(path)
    for base in (2, None, True):
        with pytest.raises(ValueError, match="base must be 0 or 1"):
            released_labels(path, base=base)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train_1.jpg\n", r"line 1: expected a name and a label, got 'train_1\.jpg'"),
        ("train_1.jpg one\n", "line 1: expected a name and a label"),
        ("train_1.jpg 1\n\n/x/train_1_aligned.jpg 2\n", "line 3: train_1 stands in line 1 already"),
        ("", "holds no labels"),
    ],
)
def test_a_damaged_file(tmp_path, text, message):
    (tmp_path / "noise.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        released_labels(tmp_path / "noise.txt", base=0)
    with pytest.raises(FileNotFoundError, match="there is no label file"):
        released_labels(tmp_path / "nowhere.txt", base=0)


def test_a_file_of_a_known_name_must_have_its_known_flips():
    true = torch.arange(10_000) % 7
    known = round(released.KNOWN_FLIPS["0.1noise_train.txt"] * 10_000)
    labels = torch.where(torch.arange(10_000) < known, (true + 1) % 7, true)
    file = released.ReleasedLabels(Path("0.1noise_train.txt"), 0, {}, {})
    assert flips_as_known(file, labels, true)
    assert not flips_as_known(file, true, true)
    assert "10.36% of 10,000 labels are changed" in flip_report(file, labels, true, tuple("abcdefg"))
    assert flips_as_known(released.ReleasedLabels(Path("mine.txt"), 0, {}, {}), true, true)


def test_the_check_reports_flips(root):
    write_labels(root, "mine.txt", 0, flipped=range(0, 42, 6))
    report = check("rafdb", root, label_file="mine.txt", label_base=0)
    assert "mine.txt: 16.67% of 42 labels are changed" in report.text()
    write_labels(root, "0.1noise_train.txt", 0, flipped=(1,))
    report = check("rafdb", root, label_file="0.1noise_train.txt", label_base=0)
    assert any("the released file of that name changes 10.36%" in problem for problem in report.problems)
    report = check("rafdb", root, label_file="mine.txt", label_base=1)
    assert any("is the other base meant" in problem for problem in report.problems)


def test_another_class_order_with_few_changes_is_noticed():
    """FER2013's order on RAF-DB moves four small classes and a quarter of the images only."""
    fer2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    true = torch.repeat_interleave(torch.arange(7), torch.tensor(rafdb.PUBLISHED["train"]))
    wrong = torch.tensor([fer2013.index(name) for name in rafdb.CLASSES])[true]
    assert 0.2 < float((wrong != true).double().mean()) < 0.3
    names = [str(row) for row in range(len(true))]
    lines = dict.fromkeys(names, 1)
    file = released.ReleasedLabels("fer.txt", 0, dict(zip(names, wrong.tolist(), strict=True)), lines)
    with pytest.raises(ValueError, match=r"gives 1,290 of the 1,290 images of surprise the label of anger, more than"):
        file.onto(names, true, 7, class_names=rafdb.CLASSES)
    # Noise, even much of it, leaves each class its own label most often.
    noisy = torch.where(torch.arange(len(true)) % 2 == 0, (true + torch.arange(len(true)) // 2 % 7) % 7, true)
    file = released.ReleasedLabels("noise.txt", 0, dict(zip(names, noisy.tolist(), strict=True)), lines)
    assert torch.equal(file.onto(names, true, 7), noisy)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "noise.txt").write_bytes(b"train_1.jpg 1\ntr\xffain_2.jpg one\n")
    with pytest.raises(ValueError, match="line 2: expected a name and a label"):
        released_labels(tmp_path / "noise.txt", base=0)
