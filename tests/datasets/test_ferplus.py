"""FER+ in both layouts, built from random squares: vote rules against a loop, joins, files that are wrong."""

import csv
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scnlib.datasets import ferplus, load_dataset

# name, Usage, votes in fer2013new.csv; label.csv differs for the image marked below.
ROWS = [
    ("fer0000000.png", "Training", [8, 0, 0, 2, 0, 0, 0, 0, 0, 0]),  # neutral
    ("fer0000001.png", "Training", [5, 5, 0, 0, 0, 0, 0, 0, 0, 0]),  # a tie: no majority
    ("", "Training", [0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),  # not a face: no name, and no image of that number
    ("fer0000003.png", "Training", [1, 1, 6, 0, 0, 0, 1, 1, 0, 0]),  # surprise: single votes do not count
    ("fer0000004.png", "Training", [0, 0, 0, 0, 0, 0, 0, 9, 1, 0]),  # contempt
    ("fer0000005.png", "Training", [0, 2, 0, 0, 0, 0, 0, 0, 8, 0]),  # unknown
    ("fer0000003.png", "Training", [0, 10, 0, 0, 0, 0, 0, 0, 0, 0]),  # the same name again: happiness, and it counts
    ("fer0000007.png", "PublicTest", [0, 0, 0, 0, 10, 0, 0, 0, 0, 0]),  # anger
    ("fer0000008.png", "PrivateTest", [0, 0, 0, 0, 0, 10, 0, 0, 0, 0]),  # disgust
]
EMOTIONS = [6, 3, 0, 5, 3, 3, 3, 0, 1]  # FER2013's labels, row by row
LABEL_CSV = {"fer0000003.png": [1, 1, 6, 0, 0, 0, 1, 1, 0, 0]}  # of the duplicate, label.csv holds the first


def pixels_of(row):
    return np.random.default_rng(row).integers(0, 256, (48, 48), dtype=np.uint8)


def write_vote_table(root):
    with (root / "fer2013new.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Usage", "Image name", *ferplus.COLUMNS])
        writer.writerows([usage, name, *votes] for name, usage, votes in ROWS)


@pytest.fixture
def folders(tmp_path):
    root = tmp_path / "folders"
    for split, usage in ferplus.USAGES.items():
        folder = root / "data" / ferplus.FOLDERS[split]
        folder.mkdir(parents=True)
        lines = {}
        for row, (name, owner, votes) in enumerate(ROWS):
            if owner == usage and name:
                Image.fromarray(pixels_of(row)).save(folder / name)
                counted = LABEL_CSV.get(name, votes)
                lines[name] = f'{name},"(0, 0, 48, 48)",{",".join(map(str, counted))}\n'
        (folder / "label.csv").write_text("".join(lines.values()))
    write_vote_table(root)
    with (root / "fer2013_emotion.csv").open("w") as file:
        file.write("Image name,emotion,ambiguous\n")
        for (name, *_), emotion in zip(ROWS, EMOTIONS, strict=True):
            if name:
                file.write(f"{name},{emotion},{int(name == 'fer0000000.png')}\n")
    return root


@pytest.fixture
def kaggle(tmp_path):
    root = tmp_path / "kaggle"
    root.mkdir()
    write_vote_table(root)
    with (root / "fer2013.csv").open("w") as file:
        file.write("emotion,pixels,Usage\n")
        for row, (_, usage, _) in enumerate(ROWS):
            file.write(f"{EMOTIONS[row]},{' '.join(map(str, pixels_of(row).ravel()))},{usage}\n")
    return root


def names(faces):
    return [name.rsplit("/", 1)[-1] for name in faces.ids]


def majority_by_hand(votes):
    """The FER+ rule, one image at a time."""
    votes = [0 if v == 1 else v for v in votes]
    winner = votes.index(max(votes))
    return winner if max(votes) > sum(votes) / 2 and winner < 8 else -1


def test_majority_rule_against_a_loop():
    rng = random.Random(0)
    table = [[rng.choice([0, 0, 0, 1, 2, 3, 5, 8]) for _ in range(10)] for _ in range(3000)] + [[0] * 10, [1] * 10]
    expected = [majority_by_hand(votes) for votes in table]
    assert ferplus.majority_labels(torch.tensor(table)).tolist() == expected
    assert {-1, 0, 7} <= set(expected)


def test_plurality_takes_the_first_of_a_tie_and_no_unknown():
    votes = torch.tensor([[4, 4, 0, 0, 0, 0, 0, 0, 2, 0], [2, 0, 0, 0, 0, 0, 0, 0, 8, 0], [0] * 10])
    assert ferplus.plurality_labels(votes).tolist() == [0, -1, -1]
    ties = torch.tensor(
        [[0, 0, 5, 0, 0, 0, 0, 0, 5, 0], [0, 0, 4, 0, 0, 0, 0, 0, 1, 5], [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]]
    )
    assert ferplus.plurality_labels(ties).tolist() == [2, -1, 1]  # an emotion stands before "unknown"


def test_the_official_folders(folders):
    faces = load_dataset("ferplus", folders)
    assert names(faces) == ["fer0000000.png", "fer0000003.png", "fer0000004.png"]
    assert faces.ids[0] == "data/FER2013Train/fer0000000.png"
    assert [faces.class_names[i] for i in faces.labels.tolist()] == ["neutral", "surprise", "contempt"]
    assert faces.images.shape == (3, 1, 48, 48)
    assert np.array_equal(faces.images[2, 0].numpy(), pixels_of(4))
    assert faces.votes[2].tolist() == [0, 0, 0, 0, 0, 0, 0, 9]
    assert faces.other_votes[2].tolist() == [1, 0]
    assert "label.csv" in faces.source.version


def test_the_other_official_votes(folders):
    faces = load_dataset("ferplus", folders, votes="fer2013new.csv")
    assert [faces.class_names[i] for i in faces.labels.tolist()] == ["neutral", "contempt", "happiness"]


def test_kaggles_layout_joins_row_by_row(kaggle):
    faces = load_dataset("ferplus", kaggle)
    by_name = dict(zip(names(faces), faces.labels.tolist(), strict=True))
    assert by_name == {"fer0000000.png": 0, "fer0000003.png": 1, "fer0000004.png": 7}
    at = names(faces).index("fer0000003.png")
    assert np.array_equal(faces.images[at, 0].numpy(), pixels_of(6))  # of a repeated name the last row
    assert len(load_dataset("ferplus", kaggle, "val")) == 1


def test_splits_join(folders):
    both = load_dataset("ferplus", folders, "train+val")
    assert names(both)[-1] == "fer0000007.png"
    assert len(both) == 4
    assert load_dataset("ferplus", folders, "test").labels.tolist() == [5]


def test_seven_classes_leave_contempt_out(folders):
    faces = load_dataset("ferplus", folders, num_classes=7)
    assert names(faces) == ["fer0000000.png", "fer0000003.png"]
    assert faces.votes.shape == (2, 7) and faces.other_votes.tolist() == [[0, 0], [0, 0]]
    with_contempt = load_dataset("ferplus", folders)
    assert torch.equal(with_contempt.other_votes[:2], faces.other_votes)  # a vote for contempt is none for no emotion


def test_a_distribution_keeps_single_votes_and_drops_those_for_no_emotion():
    votes = torch.tensor([[6, 1, 0, 0, 0, 0, 0, 1, 2, 0], [0, 0, 3, 1, 0, 0, 0, 4, 0, 1]])
    eight, seven = (ferplus.vote_distribution(votes, n).tolist() for n in (8, 7))
    assert eight[0] == pytest.approx([6 / 8, 1 / 8, 0, 0, 0, 0, 0, 1 / 8])
    assert seven[0] == pytest.approx([6 / 7, 1 / 7, 0, 0, 0, 0, 0])
    assert seven[1] == pytest.approx([0, 0, 3 / 4, 1 / 4, 0, 0, 0])


def test_distributions_are_renormalised_over_the_emotions(folders):
    faces = load_dataset("ferplus", folders, rule="distribution")
    assert faces.targets[names(faces).index("fer0000000.png")].tolist() == pytest.approx([0.8, 0, 0, 0.2, 0, 0, 0, 0])
    assert faces.targets.sum(1).tolist() == pytest.approx([1.0] * len(faces))


def test_original_labels_by_class_name_without_the_ambiguous(folders):
    faces = load_dataset("ferplus", folders, labels="fer2013")
    assert names(faces) == ["fer0000003.png", "fer0000004.png"]
    assert [faces.class_names[i] for i in faces.labels.tolist()] == ["happiness", "happiness"]
    assert [faces.class_names[i] for i in faces.true_labels.tolist()] == ["surprise", "contempt"]


def test_original_labels_from_kaggle_by_row(kaggle):
    faces = load_dataset("ferplus", kaggle, labels="fer2013")
    assert dict(zip(names(faces), faces.labels.tolist(), strict=True))["fer0000000.png"] == 0  # 6 is neutral
    assert len(faces) == 3  # with "neutral", the first class


def test_more_annotators_than_ten_are_believed_and_more_than_a_thousand_are_not():
    path = Path("label.csv")
    assert ferplus._vote_row(["900", *"000000000"], path, 1)[0] == 900
    with pytest.raises(ValueError, match="label.csv, line 1: 1,001 votes of one kind are more than anybody counted"):
        ferplus._vote_row(["1001", *"000000000"], path, 1)


def test_other_sizes_are_resized(folders):
    assert load_dataset("ferplus", folders, size=112).images.shape == (3, 1, 112, 112)


def test_the_cache_notices_a_changed_image(folders):
    before = load_dataset("ferplus", folders).images[0]
    path = folders / "data/FER2013Train/fer0000000.png"
    Image.fromarray(255 - pixels_of(0)).save(path)
    assert torch.equal(load_dataset("ferplus", folders).images[0], 255 - before)


def test_reordering_the_labels_does_not_swap_the_images(folders):
    path = folders / "data/FER2013Train/label.csv"
    before = dict(zip(load_dataset("ferplus", folders).ids, load_dataset("ferplus", folders).images, strict=True))
    path.write_text("\n".join(reversed(path.read_text().splitlines())) + "\n")
    after = load_dataset("ferplus", folders)
    assert list(after.ids) == list(reversed(before))
    assert all(torch.equal(before[name], image) for name, image in zip(after.ids, after.images, strict=True))


def test_counting_without_looking_at_images(folders, kaggle):
    assert [ferplus.count(folders, split) for split in ("train", "val", "test")] == [3, 1, 1]
    assert ferplus.count(kaggle, "train") == 3


def test_nothing_is_written_into_the_root(folders):
    before = sorted(folders.rglob("*"))
    load_dataset("ferplus", folders)
    assert sorted(folders.rglob("*")) == before


class TestBadInput:
    def test_a_missing_root(self, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no such folder\. data/README.md says how"):
            load_dataset("ferplus", tmp_path / "nowhere")
        with pytest.raises(FileNotFoundError, match=r"holds neither data/ nor fer2013\.csv"):
            load_dataset("ferplus", tmp_path)
        with pytest.raises(ValueError, match="ferplus needs a root"):
            load_dataset("ferplus")

    def test_a_half_copied_folder(self, folders):
        (folders / "data/FER2013Train/fer0000003.png").unlink()
        message = r"FER2013Train/fer0000003\.png is named in label\.csv \(line 3\) but is not there\. 4 of 5 images"
        with pytest.raises(FileNotFoundError, match=message):
            load_dataset("ferplus", folders)

    def test_a_damaged_image(self, folders):
        (folders / "data/FER2013Train/fer0000003.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
        with pytest.raises(ValueError, match=r"fer0000003\.png cannot be read as an image"):
            load_dataset("ferplus", folders)

    def test_an_image_of_another_size(self, folders):
        Image.new("L", (64, 48)).save(folders / "data/FER2013Train/fer0000003.png")
        with pytest.raises(ValueError, match=r"fer0000003\.png is 64 x 48 px"):
            load_dataset("ferplus", folders)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (
                'fer0000000.png,"(0, 0, 48, 48)",1,2,3',
                r"label\.csv, line 6: expected a name, a box and 10 votes, got 5",
            ),
            ('fer0000000.png,"(0, 0, 48, 48)",' + ",".join("x" * 10), r"label\.csv, line 6: votes must be 10 whole"),
            ('fer0000000.png,"(0, 0, 48, 48)",-1' + ",0" * 9, r"label\.csv, line 6: votes cannot be negative"),
        ],
    )
    def test_a_damaged_row(self, folders, line, message):
        with (folders / "data/FER2013Train/label.csv").open("a") as file:
            file.write(line + "\n")
        with pytest.raises(ValueError, match=message):
            load_dataset("ferplus", folders)

    def test_a_missing_table(self, folders):
        (folders / "fer2013new.csv").unlink()
        with pytest.raises(FileNotFoundError, match=r"fer2013new\.csv is missing"):
            load_dataset("ferplus", folders, votes="fer2013new.csv")
        (folders / "fer2013_emotion.csv").unlink()
        with pytest.raises(FileNotFoundError, match="needs fer2013.csv"):
            load_dataset("ferplus", folders, labels="fer2013")

    def test_an_emotion_outside(self, folders):
        path = folders / "fer2013_emotion.csv"
        path.write_text(path.read_text().replace("fer0000004.png,3", "fer0000004.png,7"))
        with pytest.raises(ValueError, match=r"fer2013_emotion\.csv, line 5: emotion must be 0 to 6, got '7'"):
            load_dataset("ferplus", folders, labels="fer2013")

    def test_a_shortened_kaggle_file(self, kaggle):
        path = kaggle / "fer2013.csv"
        path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
        with pytest.raises(ValueError, match="has 8 rows and fer2013new.csv 9"):
            load_dataset("ferplus", kaggle)

    def test_a_reordered_kaggle_file(self, kaggle):
        path = kaggle / "fer2013.csv"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
        with pytest.raises(ValueError, match=r"line 2: Usage is PrivateTest, in fer2013new\.csv it is Training"):
            load_dataset("ferplus", kaggle)

    def test_too_few_pixels(self, kaggle):
        path = kaggle / "fer2013.csv"
        lines = path.read_text().splitlines()
        lines[1] = "6,1 2 3,Training"
        path.write_text("\n".join(lines) + "\n")
        with pytest.raises(ValueError, match="line 2: expected 2304 numbers from 0 to 255"):
            load_dataset("ferplus", kaggle)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"rule": "mode"}, "rule='mode' is unknown; known: 'majority', 'plurality', 'distribution'"),
            ({"num_classes": 6}, "num_classes=6 is unknown"),
            ({"labels": "mine"}, "labels='mine' is unknown"),
            ({"votes": "other.csv"}, "votes='other.csv' is unknown"),
            ({"colour": True}, "dataset ferplus has no option 'colour'; known: size, num_classes, rule, votes, labels"),
        ],
    )
    def test_unknown_options(self, folders, options, message):
        with pytest.raises(ValueError, match=message):
            load_dataset("ferplus", folders, **options)

    def test_unknown_dataset_and_split(self, folders):
        with pytest.raises(ValueError, match="unknown dataset 'imagenet'; known: rendered, ferplus"):
            load_dataset("imagenet")
        with pytest.raises(ValueError, match="split='all' is unknown"):
            load_dataset("ferplus", folders, "all")


@pytest.mark.parametrize("split", ["train", "train+val"])
def test_images_of_which_the_test_set_has_a_twin_can_be_left_out(folders, split):
    usual = ferplus.load(folders, split)
    twin, test = (folders / "data" / name for name in ("FER2013Train/fer0000004.png", "FER2013Test/fer0000008.png"))
    Image.fromarray(np.clip(np.asarray(Image.open(test)).astype(int) * 9 // 10 + 20, 0, 255).astype(np.uint8)).save(
        twin
    )
    with_twin = ferplus.load(folders, split)
    without = ferplus.load(folders, split, twins=False)
    assert names(with_twin) == names(usual), "by default the official lists stay as they are"
    assert names(without) == [name for name in names(usual) if name != "fer0000004.png"]
    assert without.source.sha256 != with_twin.source.sha256 and "no twins of test" in without.source.version
    assert torch.equal(ferplus.load(folders, "test", twins=False).images, ferplus.load(folders, "test").images)


def test_where_no_image_has_a_twin_all_stay(folders):
    assert names(ferplus.load(folders, "train", twins=False)) == names(ferplus.load(folders, "train"))
