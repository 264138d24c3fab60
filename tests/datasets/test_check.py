"""``scn data check``: every count and every planted fault, and an exit code that says whether there is one."""

import shutil

import numpy as np
import pytest
from PIL import Image

from scnlib.cli import main
from scnlib.datasets import LOADERS, affectnet, ferplus, rafdb
from scnlib.datasets.check import CHECKS, HOW, SHOWN, check

from .made import write_affectnet_csv, write_affectnet_npy, write_folder, write_rafdb
from .test_ferplus import folders, kaggle  # noqa: F401 - fixtures


@pytest.fixture
def small_rafdb(tmp_path, monkeypatch):
    """RAF-DB as published, had it 42 and 14 images."""
    monkeypatch.setattr(rafdb, "PUBLISHED", {"train": (6,) * 7, "test": (2,) * 7})
    return write_rafdb(tmp_path / "rafdb")


def test_a_whole_dataset_is_right(small_rafdb, capsys):
    assert main(["data", "check", "rafdb", "--root", str(small_rafdb)]) == 0
    printed = capsys.readouterr().out
    assert "Nothing is wrong." in printed
    assert "non-commercial research only" in printed
    lines = [line.split() for line in printed.splitlines()]
    assert ["happiness", "6", "6"] in lines and ["happiness", "2", "2"] in lines
    assert ["all", "42", "42"] in lines and ["all", "14", "14"] in lines


def test_all_faults_are_told_and_the_rest_is_counted(small_rafdb, capsys):
    images = small_rafdb / "Image/aligned"
    (images / "train_00003_aligned.jpg").unlink()
    (images / "train_00004_aligned.jpg").write_bytes(b"")
    (images / "test_0002_aligned.jpg").write_bytes(b"junk")
    report = check("rafdb", small_rafdb)
    assert not report.ok
    text = report.text()
    assert "train_00003_aligned.jpg is named in EmoLabel/list_patition_label.txt (line 3) but is not there" in text
    assert "train_00004_aligned.jpg is empty (0 bytes); EmoLabel/list_patition_label.txt (line 4)" in text
    assert "test_0002_aligned.jpg cannot be read as an image" in text
    assert "train: 5 images of disgust, published are 6" in text
    assert sum(report.splits[0].found.values()) == 40
    assert main(["data", "check", "rafdb", "--root", str(small_rafdb)]) == 1
    capsys.readouterr()
    assert main(["data", "check", "rafdb", "--root", str(small_rafdb), "--lists-only"]) == 1
    printed = capsys.readouterr().out
    assert "is empty" not in printed and "train_00003_aligned.jpg" in printed


def test_many_problems_are_counted_and_the_first_shown(small_rafdb):
    for file in (small_rafdb / "Image/aligned").glob("train_000[12]*"):
        file.unlink()
    report = check("rafdb", small_rafdb)
    assert len(report.problems) >= 20
    assert f"... and {len(report.problems) - SHOWN:,} more" in report.text()


def test_a_damaged_list_is_told_once(small_rafdb):
    path = small_rafdb / "EmoLabel/list_patition_label.txt"
    path.write_text(path.read_text() + "train_00042.jpg 3\n")
    report = check("rafdb", small_rafdb)
    assert [one for one in report.problems if "line 57" in one] == [
        "EmoLabel/list_patition_label.txt, line 57: train_00042.jpg stands in line 42 already"
    ]


def test_affectnets_published_counts(tmp_path, monkeypatch):
    assert sum(filter(None, affectnet.PUBLISHED["train"])) == 283_901
    monkeypatch.setattr(affectnet, "PUBLISHED", {"train": (6,) * 7 + (None,), "test": (2,) * 8})
    monkeypatch.setattr(affectnet, "PUBLISHED_TEST_TOTAL", {"csv": 16, "npy": 15})
    report = check("affectnet", write_affectnet_csv(tmp_path / "csv"))
    assert report.ok
    assert "not stated" in report.text()  # contempt
    assert "1 row of class 10 (no face) not used" in report.text()
    assert check("affectnet", tmp_path / "csv", num_classes=7).ok
    report = check("affectnet", write_affectnet_npy(tmp_path / "npy"))
    assert report.problems == ("test: 16 images, published are 15",)


def test_a_folder_has_no_published_counts(tmp_path):
    root = write_folder(tmp_path / "mine")
    assert check("folder", root).ok
    (root / "test/anger/notes.txt").write_text("x")
    np.save(root / "train/anger/broken.npy", np.zeros(3))
    assert "1 file not used: no images by their suffix" in check("folder", root).text()
    for file in (root / "test/fear").iterdir():
        file.unlink()
    assert check("folder", root).problems == ("test: no row of the class fear",)
    assert check("folder", root, classes="anger,sadness").ok  # the other classes of train are left out


def test_a_picture_that_stands_twice_is_named_with_its_files(tmp_path, capsys):
    root = write_folder(tmp_path / "mine")
    first, second = sorted((root / "train/anger").iterdir())[:2]
    shutil.copy(first, root / "test/anger/the_same_bytes.png")
    Image.open(second).convert("RGB").save(root / "train/fear/the_same_pixels.bmp")
    shutil.copy(second, root / "train/anger/twice_is_no_fault.png")
    report = check("folder", root)
    assert report.problems == (
        f"the same picture stands in train and test: train/anger/{first.name}, test/anger/the_same_bytes.png",
        f"the same picture is labelled anger and fear: train/anger/{second.name}, train/anger/twice_is_no_fault.png, "
        "train/fear/the_same_pixels.bmp",
    )
    assert check("folder", root, False).ok  # names alone do not tell
    assert main(["data", "check", "folder", "--root", str(root)]) == 1
    assert "the_same_pixels.bmp" in capsys.readouterr().out


def test_pictures_that_only_look_alike_when_small_are_two(tmp_path):
    root = write_folder(tmp_path / "mine")
    dots = np.full((64, 64, 3), 128, dtype=np.uint8)
    for number, place in enumerate(("train/anger", "test/fear")):
        dots[0, 0] = 128 + number
        Image.fromarray(dots).save(root / place / "dots.png")
    assert check("folder", root).ok


def test_in_a_published_dataset_it_is_a_note(small_rafdb):
    images = small_rafdb / "Image/aligned"
    shutil.copy(images / "train_00001_aligned.jpg", images / "test_0001_aligned.jpg")
    report = check("rafdb", small_rafdb)
    assert report.ok
    assert "stands in train and test: Image/aligned/train_00001_aligned.jpg, Image/aligned/test_0001" in report.text()


def test_options_of_the_loader_that_decide_nothing_here_are_said_to(tmp_path, capsys):
    root = write_folder(tmp_path / "mine")
    words = ["data", "check", "folder", "--root", str(root), "--data"]
    assert main([*words, "val_fraction=0.1", "--data", "size=48"]) == 0
    assert "val_fraction, size: no matter here, left to `scn run`" in capsys.readouterr().out
    assert main([*words, "val_fraction=much"]) == 2
    assert "dataset folder: val_fraction must be a number, got 'much'" in capsys.readouterr().err
    assert main([*words, "val_fracton=0.1"]) == 2
    assert "Did you mean 'val_fraction'?" in capsys.readouterr().err


@pytest.mark.parametrize("layout", ["folders", "kaggle"])
def test_ferplus_before_and_after_the_vote_rule(layout, request, monkeypatch):
    root = request.getfixturevalue(layout)
    found = {split: ferplus.count(root, split) for split in ferplus.FOLDERS}
    monkeypatch.setattr(ferplus, "PUBLISHED", dict.fromkeys(ferplus.PUBLISHED, found))
    monkeypatch.setattr(ferplus, "PUBLISHED_CLASSES", (1, 0, 1, 0, 0, 0, 0, 1))
    report = check("ferplus", root)
    assert report.ok, report.problems
    assert "5 images with votes; the papers count 28,709 rows" in report.text()
    assert "The majority rule keeps 3" in report.text()


def test_ferplus_faults(folders):  # noqa: F811
    (folders / "data/FER2013Train/fer0000003.png").unlink()
    (folders / "data/FER2013Test/fer0000008.png").write_bytes(b"")
    text = "\n".join(check("ferplus", folders).problems)
    assert "FER2013Train/fer0000003.png is named in label.csv (image 3) but is not there" in text
    assert "fer0000008.png is empty (0 bytes); copy or generate it again" in text
    assert "train: 1 image of neutral, published are 8,733" in text


def test_a_dataset_that_is_not_there_says_how_to_get_it(tmp_path, capsys):
    for name in ("rafdb", "affectnet", "ferplus", "folder"):
        assert main(["data", "check", name, "--root", str(tmp_path / "nowhere")]) == 1
        printed = capsys.readouterr().out
        assert "there is no such folder" in printed
        assert HOW[name].splitlines()[0] in printed


@pytest.mark.parametrize("name", ["rendered", "rendered_web"])
def test_rendered_faces_need_no_check(name):
    report = check(name)
    assert report.ok and report.text().endswith("nothing to check.\nNothing is wrong.\nTerms: MIT, like the code.")


def test_every_dataset_can_be_checked():
    assert set(CHECKS) == set(LOADERS) == set(HOW) | {"joint"}


def test_mistakes_are_messages(capsys):
    for words, message in [
        (["data", "check", "ck"], "scn: unknown dataset 'ck'; known: rendered, ferplus, rafdb"),
        (["data", "check", "rafdb"], "scn: rafdb needs a root"),
        (
            ["data", "check", "joint", "--root", "faces"],
            "scn: joint has nothing of its own; check each part: "
            "scn data check rafdb --root faces/rafdb, scn data check affectnet --root faces/affectnet\n",
        ),
        (["data", "check", "joint", "--data", "sets=rafdb+moon"], "scn: joint: sets='moon' is unknown; known: 'rafdb'"),
        (["data", "check", "rafdb", "--root", ".", "--data", "colour=1"], "scn: `scn data check rafdb` has no option"),
    ]:
        assert main(words) == 2
        assert capsys.readouterr().err.startswith(message)
