"""What lesson 02 counts, against counts by hand."""

import numpy as np
import torch

from scnlib.course import datasets
from scnlib.datasets import load_dataset
from scnlib.datasets.duplicates import NEAR_BITS

from ..datasets.made import pictures


def test_the_published_table_has_only_what_papers_print():
    table = datasets.dataset_table()
    assert table.loc["RAF-DB", ["train", "test"]].tolist() == [12271, 3068]
    assert table.loc["FERPlus", ["train", "validation", "test"]].tolist() == [28709, 3589, 3589]
    assert table["test"].isna()["WebEmotion"]
    counts = datasets.published_classes("train")
    assert {name: sum(part.values()) for name, part in counts.items()} == {
        "RAF-DB": 12271, "AffectNet": 283901, "FER+": 25045,
    }  # fmt: skip
    assert "contempt" not in counts["AffectNet"]  # not stated, so not there


def test_the_constant_guess():
    guess = datasets.constant_guess({"a": 1, "b": 6, "c": 1})
    assert guess == {"name": "b", "accuracy": 0.75, "mean_class_accuracy": 1 / 3}


def test_numbers_and_names():
    table = datasets.label_numbers()
    assert table.loc[4].tolist() == ["happiness", "anger", "sadness", "fear"]
    assert table.loc[0, "RAF-DB"] == "" and table.loc[7, "RAF-DB"] == "neutral"


def test_planted_copies_and_strangers():
    images = torch.from_numpy(pictures(40)[0].transpose(0, 3, 1, 2).copy())
    copies = datasets.plant_copies(images)
    assert all(copy.shape == images.shape and copy.dtype == torch.uint8 for copy in copies.values())
    assert torch.equal(copies["mirrored"][3, :, :, 0], images[3, :, :, -1])
    apart = datasets.copy_distances(images, copies)
    assert apart["the same pixels"].max() == 0
    assert (apart["saved again as JPEG"] <= NEAR_BITS).mean() > 0.8
    assert np.median(apart["shifted by 2 pixels"]) > NEAR_BITS
    strangers = datasets.nearest_stranger(torch.cat([images, images[:1]]))
    assert len(strangers) == 41 and strangers[0] == strangers[-1] == 0 and (strangers[1:-1] > 0).all()


def test_a_faulty_folder_is_described():
    report = datasets.faulty_folder_report(load_dataset("rendered", n=64, size=32))
    assert "is empty (0 bytes)" in report and "truncated" in report
    assert "test: no row of the class contempt" in report
    assert "3 problems:" in report and "DIR/train/" in report
