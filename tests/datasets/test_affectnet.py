"""AffectNet's two releases from rendered faces: found out, read alike, and what is wrong with either."""

import pickle

import numpy as np
import pytest
import torch

from scnlib import runs
from scnlib.config import profile_config
from scnlib.datasets import affectnet, has_validation, load_dataset

from .made import pictures, save, write_affectnet_csv, write_affectnet_npy


@pytest.fixture
def csv(tmp_path):
    return write_affectnet_csv(tmp_path / "csv")


@pytest.fixture
def npy(tmp_path):
    return write_affectnet_npy(tmp_path / "npy")


class Boom:
    def __reduce__(self):
        return print, ("a pickle was opened",)


@pytest.mark.parametrize("release", ["csv", "npy"])
def test_the_release_is_found_and_images_keep_their_labels(release, csv, npy):
    root = {"csv": csv, "npy": npy}[release]
    assert affectnet.detect_release(root) == release
    images, names = pictures(64, affectnet.CLASSES)
    for split, rows in (("train", slice(0, 48)), ("test", slice(48, 64))):
        faces = load_dataset("affectnet", root, split, size=40)
        assert [faces.class_names[i] for i in faces.labels.tolist()] == names[rows]
        # Cut to its box, the face is the picture that was pasted into the photograph.
        assert np.array_equal(faces.images.permute(0, 2, 3, 1).numpy(), images[rows])
        assert f"{release} release" in faces.source.version


def test_the_whole_photograph_where_asked_for(csv):
    whole = load_dataset("affectnet", csv, "test", size=80, crop=False)
    assert whole.images.shape == (16, 3, 80, 80)
    assert (whole.images[:, :, :18] == 90).all()  # the grey around the face
    assert "face box" not in whole.source.version


def test_rows_without_a_class_are_counted_and_left_out(csv, npy):
    listing = affectnet.read_list(csv, "train", "csv")
    assert listing.notes == ("1 row of class 10 (no face) not used",)
    np.save(npy / "train_set/annotations/3_exp.npy", np.array("9"))
    assert len(load_dataset("affectnet", npy, size=40)) == 47


@pytest.mark.parametrize("release", ["csv", "npy"])
def test_seven_classes_leave_contempt_out(release, csv, npy):
    faces = load_dataset("affectnet", {"csv": csv, "npy": npy}[release], num_classes=7, size=40)
    assert faces.class_names == affectnet.CLASSES[:7]
    assert len(faces) == 42
    assert faces.class_counts()["anger"] == 6


def test_both_releases_in_one_folder_must_be_told_apart(tmp_path):
    write_affectnet_csv(tmp_path)
    write_affectnet_npy(tmp_path)
    with pytest.raises(ValueError, match="both releases are there; say release='csv' or release='npy'"):
        load_dataset("affectnet", tmp_path)
    assert "npy release" in load_dataset("affectnet", tmp_path, "test", release="npy").source.version


def test_a_run_trains_on_it_and_measures_mean_class_accuracy(npy, tmp_path):
    options = {"backbone": "small", "data": {"val_fraction": 0.17}, "epochs": 1}
    config = profile_config("smoke", dataset="affectnet", method="baseline", **options)
    run = runs.run(config, root=npy, out=tmp_path / "run", progress=False)
    assert (run.manifest["n_train"], run.manifest["n_test"]) == (40, 16)
    prediction, labels = run.samples["test_prediction"], run.samples["test_labels"]
    recalls = [(prediction[labels == c] == c).mean() for c in range(8)]
    assert run.row()["mean_class_accuracy"] == pytest.approx(100 * np.mean(recalls), abs=0.01)
    assert not has_validation("affectnet", npy)


def test_nested_lists_and_their_usual_places(csv, tmp_path):
    (csv / "Manually_Annotated").mkdir()
    (csv / "Manually_Annotated_Images").rename(csv / "Manually_Annotated/Manually_Annotated_Images")
    for name in ("training.csv", "validation.csv"):
        (csv / "Manually_Annotated_file_lists" / name).rename(csv / name)
    assert len(load_dataset("affectnet", csv, "test", size=40)) == 16


def test_numbers_come_before_names_and_in_order(npy):
    ids = load_dataset("affectnet", npy, size=40).ids
    assert ids[:3] == ("train_set/images/0.png", "train_set/images/1.png", "train_set/images/2.png")
    assert ids[10] == "train_set/images/10.png"


class TestASourceThatChanges:
    def test_a_changed_annotation_is_read_again(self, npy):
        load_dataset("affectnet", npy, size=40)
        np.save(npy / "train_set/annotations/0_exp.npy", np.array("6"))
        assert load_dataset("affectnet", npy, size=40).labels[0] == 6

    def test_lost_files_are_missed(self, csv, npy):
        load_dataset("affectnet", npy, size=40)
        (npy / "train_set/images/5.png").unlink()
        with pytest.raises(FileNotFoundError, match=r"images/5\.jpg is named in train_set/annotations/5_exp\.npy but"):
            load_dataset("affectnet", npy, size=40)
        (csv / "Manually_Annotated_Images/1/face1.png").unlink()
        message = r"Images/1/face1\.png is named in .*training\.csv \(line 3\) but is not there\. 47 of 48"
        with pytest.raises(FileNotFoundError, match=message):
            load_dataset("affectnet", csv, size=40)


class TestBadInput:
    def test_a_missing_root(self, tmp_path):
        with pytest.raises(ValueError, match="affectnet needs a root"):
            load_dataset("affectnet")
        with pytest.raises(FileNotFoundError, match=r"holds neither train_set/annotations nor training\.csv"):
            load_dataset("affectnet", tmp_path)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("0/face0.png,30,20,40,40,1;2,0", "line 2: expected 9 fields, got 7"),
            ("0/face0.png,30,20,40,40,1;2,happy,0,0", "line 2: expression must be 0 to 10, got 'happy'"),
            ("0/face0.png,30,20,40,40,1;2,11,0,0", "line 2: expression must be 0 to 10, got '11'"),
            ("0/face0.png,30,20,0,40,1;2,1,0,0", "line 2: the face box is 0 x 40 px"),
            ("0/face0.png,NULL,20,40,40,1;2,1,0,0", "line 2: the face box must be four numbers"),
            ("../../secret.png,30,20,40,40,1;2,1,0,0", "line 2: .* is no name of an image"),
            ("subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,valence,arousal",
             "line 2: 'subDirectory_filePath' is no name of an image"),
        ],
    )  # fmt: skip
    def test_a_damaged_row(self, csv, row, message):
        path = csv / "Manually_Annotated_file_lists/training.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], row, *lines[2:]]) + "\n")
        with pytest.raises(ValueError, match=rf"training\.csv, {message}"):
            load_dataset("affectnet", csv, size=40)
        assert len(load_dataset("affectnet", csv, size=40, allow_missing=True)) == 47

    @pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps(Boom()), "eleven", "array", "pickled array"])
    def test_an_annotation_that_is_no_label(self, npy, content, capsys):
        path = npy / "train_set/annotations/4_exp.npy"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            np.save(path, {"eleven": np.array(11), "array": np.arange(3), "pickled array": np.array([Boom()])}[content])
        with pytest.raises(ValueError, match=r"annotations/4_exp\.npy: holds no whole number from 0 to 10"):
            load_dataset("affectnet", npy, size=40)
        assert "a pickle was opened" not in capsys.readouterr().out

    def test_an_image_without_annotation(self, npy):
        (npy / "train_set/annotations/7_exp.npy").unlink()
        with pytest.raises(ValueError, match=r"train_set/images/7\.png: has no annotation"):
            load_dataset("affectnet", npy, size=40)

    def test_a_class_that_nobody_has(self, npy):
        for file in (npy / "train_set/annotations").glob("*_exp.npy"):
            if str(np.load(file)) == "7":
                np.save(file, np.array("1"))
        with pytest.raises(ValueError, match="no image of the class 'contempt' in this split"):
            load_dataset("affectnet", npy, size=40)
        assert len(load_dataset("affectnet", npy, size=40, num_classes=7)) == 48

    def test_unknown_options(self, npy):
        for options, message in [
            ({"num_classes": 6}, "num_classes=6 is unknown; known: 8, 7"),
            ({"release": "new"}, "release='new' is unknown"),
            ({"images": "aligned"}, "images= names the folder of the csv release"),
            ({"split": "val"}, "affectnet has no validation split of its own"),
        ]:
            with pytest.raises(ValueError, match=message):
                load_dataset("affectnet", npy, **options)


def test_seven_and_eight_classes_share_labels(csv):
    seven, eight = (load_dataset("affectnet", csv, size=40, num_classes=n) for n in (7, 8))
    at = dict(zip(eight.ids, eight.labels.tolist(), strict=True))
    assert torch.equal(seven.labels, torch.tensor([at[name] for name in seven.ids]))


class TestAlignedFaces:
    def test_their_own_folder_is_not_cut_and_endings_may_differ(self, csv):
        images, _ = pictures(64, affectnet.CLASSES)
        for row in range(48):
            save(images[row], csv / f"aligned/{row % 3}/face{row}.webp", lossless=True)
        faces = load_dataset("affectnet", csv, size=40, images="aligned")
        assert np.array_equal(faces.images.permute(0, 2, 3, 1).numpy(), images[:48])
        assert faces.ids[1] == "aligned/1/face1.webp" and "face box" not in faces.source.version
        save(images[1], csv / "aligned/1/face1.bmp")
        message = r"line 3: 1/face1\.png may be face1\.bmp or face1\.webp in aligned/1"
        with pytest.raises(ValueError, match=message):
            load_dataset("affectnet", csv, size=40, images="aligned")

    def test_a_box_beside_its_picture_names_the_row(self, csv):
        path = csv / "Manually_Annotated_file_lists/training.csv"
        path.write_text(path.read_text().replace("1/face1.png,30,20,40,40", "1/face1.png,300,20,40,40"))
        with pytest.raises(
            ValueError, match=r"\(line 3\)\): .*face1\.png is 100 x 80 px, and the box .* outside of it"
        ):
            load_dataset("affectnet", csv, size=40)

    def test_names_that_keep_their_old_ending(self):
        stems = {"a.jpg": ["a.jpg.png"], "b": ["b.png"]}
        assert [affectnet._files_of(name, stems) for name in ("a.jpg", "b.jpg", "c.jpg")] == [
            ["a.jpg.png"], ["b.png"], [],
        ]  # fmt: skip


def test_a_row_that_stands_twice(csv):
    path = csv / "Manually_Annotated_file_lists/training.csv"
    path.write_text(path.read_text() + "1/face1.png,30,20,40,40,1;2,3,0,0\n")
    with pytest.raises(ValueError, match=r"training\.csv, line 51: 1/face1\.png stands in line 3 already"):
        load_dataset("affectnet", csv, size=40)


@pytest.mark.parametrize("value", [2.7, True, np.inf, np.nan, 1j, -1.0, "archive", "broken archive"])
def test_values_that_are_no_label(npy, value):
    path = npy / "train_set/annotations/4_exp.npy"
    if value == "archive":
        with path.open("wb") as file:
            np.savez(file, np.array(3))
    elif value == "broken archive":
        path.write_bytes(b"PK\x03\x04 and no more")
    else:
        np.save(path, np.array(value))
    with pytest.raises(ValueError, match=r"annotations/4_exp\.npy: holds no whole number from 0 to 10"):
        load_dataset("affectnet", npy, size=40)


@pytest.mark.parametrize("value", [4, 4.0, "4", "4.0", np.float32(4)])
def test_values_that_are_one(npy, value):
    np.save(npy / "train_set/annotations/0_exp.npy", np.array(value))
    assert load_dataset("affectnet", npy, size=40).labels[0] == 4


def test_two_images_for_one_annotation(npy):
    save(pictures(1)[0][0], npy / "train_set/images/0.bmp")
    with pytest.raises(ValueError, match=r"0_exp\.npy: its image may be 0\.bmp or 0\.png"):
        load_dataset("affectnet", npy, size=40)


@pytest.mark.parametrize("option", ["crop", "allow_missing"])
@pytest.mark.parametrize("value", ["no", "False", 1])
def test_flags_are_true_or_false(csv, option, value):
    with pytest.raises(ValueError, match=f"{option} must be true or false, got {value!r}"):
        load_dataset("affectnet", csv, size=40, **{option: value})
