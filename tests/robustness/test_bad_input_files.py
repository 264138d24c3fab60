"""Files that others packed, cut off, opened in an office program, or made up: a right result, or one clear refusal.

Where Hypothesis makes the input, the property is always the same: what comes back is right, or the call refuses with a
message that names the file and, where one is to blame, the row; no other exception, and nothing on the disk changes.
"""

import csv
import dataclasses
import inspect
import io
import lzma
import math
import os
import shutil
import struct
import sys
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from scnlib import cli, results
from scnlib.augment import Augmentation
from scnlib.bench import rows as bench_rows
from scnlib.config import Config, profile_config
from scnlib.datasets import LOADERS, affectnet, ferplus, folder, load_dataset, rafdb, webemotion
from scnlib.datasets.align_manifest import COLUMNS as ALIGN_COLUMNS
from scnlib.datasets.align_manifest import MANIFEST, rows_before
from scnlib.datasets.check import check
from scnlib.datasets.face_crops import Settings
from scnlib.datasets.released import released_labels
from scnlib.knowledge import load_knowledge
from scnlib.methods import METHODS, Method, make_method
from scnlib.options import typed
from scnlib.paper.measuring import everything
from scnlib.paper.results import load_epochs, load_results, load_transition
from scnlib.tables import read_csv
from tests.datasets.made import pictures, save, write_affectnet_csv, write_affectnet_npy, write_folder, write_rafdb
from tests.robustness.bad import answer, told, tree

some = settings(max_examples=40, deadline=None, database=None, derandomize=True)
few = settings(max_examples=15, deadline=None, database=None, derandomize=True)

PLAIN = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="/\\.,;")
NAMES = st.text(PLAIN, min_size=1, max_size=30)
LINE_ENDS, SEPARATORS = st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from([" ", "\t", ",", ";", "  ", ", "])
BOM = st.sampled_from(["", "\ufeff"])
NUMBERS = st.one_of(st.integers(), st.integers(-(10**400), 10**400), st.floats())
LARGEST = sys.float_info.max
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)),
    max_leaves=5,
)


@st.composite
def damaged(draw, whole: str) -> bytes:
    """A text file after what happens to files: other line ends or separators, a BOM, cut off, other cells and lines."""
    text = whole
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["cell", "cut", "line twice", "line lost", "put in", "separator"]))
        lines = text.split("\n")
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        if kind == "cell":
            cells = lines[at].split(",")
            new = draw(
                st.sampled_from(["", "nan", "inf", "-1", "1e999", "9" * 30, "9" * 5000, "x", '"', "٣", "\0", "[]"])
            )
            cells[draw(st.integers(0, len(cells) - 1))] = new
            lines[at] = ",".join(cells)
            text = "\n".join(lines)
        elif kind == "cut":
            text = text[: draw(st.integers(0, len(text)))]
        elif kind == "line twice":
            text = "\n".join([*lines[: at + 1], *lines[at:]])
        elif kind == "line lost":
            text = "\n".join([*lines[:at], *lines[at + 1 :]])
        elif kind == "put in":
            where = draw(st.integers(0, len(text)))
            text = text[:where] + draw(st.text(max_size=5)) + text[where:]
        else:
            text = text.replace(",", draw(st.sampled_from([";", "\t", ",,"])))
    text = draw(BOM) + text.replace("\n", draw(LINE_ENDS))
    encoded = text.encode(draw(st.sampled_from(["utf-8", "utf-16"])), errors="surrogateescape")
    return encoded + draw(st.sampled_from([b"", b"\xff\xfe", b"\x00"]))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


# ------------------------------------------------------------------------------------------------------- label lists


@pytest.mark.attack(
    "label lists with names in any alphabet, tabs, commas, semicolons, CRLF, a BOM, paths before the names",
    "each label belongs to its name",
)
@given(st.dictionaries(NAMES, st.integers(0, 6), min_size=1, max_size=5), SEPARATORS, LINE_ENDS, BOM,
       st.sampled_from([0, 1]), st.sampled_from(["", "/mnt/a b/", "C:\\raf\\", "../"]))  # fmt: skip
@some
def test_labels_of_any_list_belong_to_their_names(place, labels, separator, end, bom, base, prefix):
    path = place / "names.txt"
    lines = [f"{prefix}{name}.jpg{separator}{label + base}" for name, label in labels.items()]
    path.write_text(bom + end.join(lines) + end, encoding="utf-8", newline="")
    wanted = {name.removesuffix("_aligned"): label for name, label in labels.items()}
    found = told(lambda: released_labels(path, base=base), path, "stands in line")
    assert found is None if len(wanted) < len(labels) else found.labels == wanted


@pytest.mark.attack("label lists of arbitrary bytes", "labels, or a refusal that names file and line")
@given(st.one_of(st.binary(max_size=80), damaged("train_1.jpg 3\ntrain_2.jpg 5\n")))
@example(b"train_1.jpg " + b"9" * 5000)
@example(b"train_1.jpg \xc2\xb2")
@some
def test_a_label_list_of_any_bytes(place, content):
    (place / "noise.txt").write_bytes(content)
    found = told(lambda: released_labels(place / "noise.txt", base=0), place / "noise.txt")
    assert found is None or all(type(label) is int and 0 <= label < 10**9 for label in found.labels.values())
    assert (place / "noise.txt").read_bytes() == content


# ------------------------------------------------------------------------------------------------------------ RAF-DB


@pytest.fixture(scope="module")
def raf(tmp_path_factory):
    return write_rafdb(tmp_path_factory.mktemp("raf"), train=7, test=7)


@pytest.fixture
def raf_list(raf):
    """RAF-DB's list, as it was again after the test."""
    path = raf / rafdb.LIST
    whole = path.read_bytes()
    yield path
    path.write_bytes(whole)


@pytest.mark.attack("RAF-DB's list with tabs, CRLF, a BOM, empty lines", "the same faces under the same labels")
@pytest.mark.parametrize("change", [
    lambda text: text.replace(" ", "\t"), lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\n", "\r"),
    lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\n\n"), lambda text: text.rstrip("\n"),
])  # fmt: skip
def test_the_same_list_in_another_dress(raf, raf_list, change):
    usual = rafdb.read_list(raf, "train")
    raf_list.write_text(change(raf_list.read_text()), encoding="utf-8", newline="")
    found = rafdb.read_list(raf, "train")
    assert found.ids == usual.ids and torch.equal(found.labels, usual.labels) and not found.problems


@pytest.mark.attack("RAF-DB's list of arbitrary bytes", "each bad line is a problem with its number; the rest is read")
@given(st.one_of(st.binary(max_size=200), damaged("train_00001.jpg 1\ntrain_00002.jpg 2\ntest_0001.jpg 3\n")))
@some
def test_a_raf_list_of_any_bytes(raf, content):
    path = raf / rafdb.LIST
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        listing = rafdb.read_list(raf, "train")
        assert all("line " in problem for problem in listing.problems)
        assert len(set(listing.ids)) == len(listing) and all("/aligned/" in name for name in listing.ids)
        assert told(lambda: load_dataset("rafdb", raf, size=8), raf) is None  # a class is missing at the least
    finally:
        path.write_bytes(whole)


@pytest.mark.attack(
    "one picture named twice, by another ending, by its aligned name, by a path", "refused with the line"
)
@pytest.mark.parametrize(("line", "message"), [
    ("train_00001.png 3", "line 15: train_00001.png stands in line 1 already"),
    ("train_00001_aligned.jpg 3", "line 15: train_00001_aligned.jpg stands in line 1 already"),
    ("train_x/train_00001.jpg 3", "is no name of an image, but of one in a folder"),
    ("train_..\\train_00001.jpg 3", "is no name of an image, but of one in a folder"),
])  # fmt: skip
def test_a_picture_does_not_count_twice(raf, raf_list, line, message):
    raf_list.write_text(raf_list.read_text() + line + "\n")
    assert told(lambda: load_dataset("rafdb", raf, size=16), raf, message) is None
    assert len(load_dataset("rafdb", raf, size=16, allow_missing=True)) == 7


def _in_a_circle(path):
    path.unlink()
    path.symlink_to(path)


def _to_nowhere(path):
    path.unlink()
    path.symlink_to("/nowhere/at/all.png")


def _a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.attack(
    "an image that is a link in a circle, a link to nowhere, a folder",
    "refused by name; with allow_missing the rest is loaded",
)
@pytest.mark.parametrize(("name", "change"), [
    (name, change) for name in ("rafdb", "affectnet", "folder") for change in (_in_a_circle, _to_nowhere, _a_folder)
    if (name, change) != ("folder", _a_folder)  # there it is one more folder to look into
])  # fmt: skip
def test_what_stands_in_an_images_place(tmp_path, name, change):
    write = {"rafdb": write_rafdb, "affectnet": write_affectnet_npy, "folder": write_folder}[name]
    root = write(tmp_path / name, train=24, test=8)
    victim = sorted(
        (root / {"rafdb": "Image/aligned", "affectnet": "train_set/images"}.get(name, "train")).rglob("*.*g")
    )[-1]
    change(victim)
    before = tree(root)
    assert told(lambda: load_dataset(name, root, size=16), root, victim.name) is None
    assert len(load_dataset(name, root, size=16, allow_missing=True)) == 23
    assert not check(name, root).ok
    assert tree(root) == before


# --------------------------------------------------------------------------------------------------------- AffectNet

ROW = "0/face0.png,30,20,40,40,1;2,0,0.1,-0.2"


@pytest.fixture(scope="module")
def affect(tmp_path_factory):
    return write_affectnet_csv(tmp_path_factory.mktemp("affect"), train=8, test=8)


@pytest.fixture
def affect_list(affect):
    path = affect / "Manually_Annotated_file_lists/training.csv"
    whole = path.read_bytes()
    yield path
    path.write_bytes(whole)


@pytest.mark.attack("AffectNet's list of arbitrary bytes, boxes of nan, inf and 1e999", "each bad line is a problem")
@given(st.one_of(st.binary(max_size=200), damaged("\n".join([ROW, ROW.replace("face0", "face1"), ""]))))
@example(ROW.replace("30", "inf").encode())
@example(ROW.replace("30", "nan").encode())
@example(ROW.replace(",40,40,", ",1e300,40,").encode())
@some
def test_an_affectnet_list_of_any_bytes(affect, content):
    path = affect / "Manually_Annotated_file_lists/training.csv"
    whole = path.read_bytes()
    path.write_bytes(content)
    try:
        listing = affectnet.read_list(affect, "train", "csv")
        assert all("training.csv, line " in problem for problem in listing.problems)
        assert len(set(listing.ids)) == len(listing)
        assert told(lambda: load_dataset("affectnet", affect, size=8), affect) is None
    finally:
        path.write_bytes(whole)


@pytest.mark.attack(
    "AffectNet rows that name one photograph twice: a//b, ./b, another ending", "refused with both lines"
)
@pytest.mark.parametrize("name", ["0//face0.png", "./0/face0.png", "0/./face0.png", "0\\face0.png", "0/face0.jpg"])
def test_a_photograph_does_not_count_twice(affect, affect_list, name):
    affect_list.write_text(affect_list.read_text() + ROW.replace("0/face0.png", name) + "\n")
    message = r"line 11: 0/face0"
    assert told(lambda: load_dataset("affectnet", affect, size=16), message, "line 2") is None


@pytest.mark.attack("names longer than any file system has, in AffectNet's list", "the row is named; the rest is there")
@pytest.mark.parametrize("name", ["x" * 300 + ".png", "y" * 300 + "/a.png", "0/" + "z" * 5000 + ".png"])
def test_names_that_no_file_has(affect, affect_list, name):
    affect_list.write_text(affect_list.read_text() + ROW.replace("0/face0.png", name) + "\n")
    assert told(lambda: load_dataset("affectnet", affect, size=16), "training.csv (line 11) but is not there") is None
    assert len(load_dataset("affectnet", affect, size=16, allow_missing=True)) == 8


@pytest.mark.attack("AffectNet's folders without a single annotation or image", "refused: no image of the class")
def test_an_empty_split(tmp_path):
    for part in ("train_set", "val_set"):
        for kind in ("annotations", "images"):
            (tmp_path / part / kind).mkdir(parents=True)
    assert told(lambda: load_dataset("affectnet", tmp_path, size=16), "no image of the class 'neutral'") is None
    assert told(lambda: load_dataset("affectnet", tmp_path, allow_missing=True), "none of the 0 images") is None


# -------------------------------------------------------------------------------------------------------------- FER+

VOTES = 'fer0000000.png,"(0, 0, 48, 48)",8,0,0,2,0,0,0,0,0,0\nfer0000001.png,"(0, 0, 48, 48)",0,9,0,0,0,0,0,0,1,0\n'
TABLE = "\n".join([",".join(["Usage", "Image name", *ferplus.COLUMNS]), "Training,fer0000000.png,8,0,0,2,0,0,0,0,0,0",
                   "Training,fer0000001.png,0,9,0,0,0,0,0,0,1,0", "PublicTest,,0,0,0,0,0,0,0,0,0,10", ""])  # fmt: skip


@pytest.fixture
def fer(tmp_path):
    """FER+'s training folder with two faces."""
    root = tmp_path / "fer"
    for number in range(2):
        save(np.full((48, 48), 90 * number, np.uint8), root / f"data/FER2013Train/fer000000{number}.png")
    (root / "data/FER2013Train/label.csv").write_text(VOTES)
    (root / "fer2013new.csv").write_text(TABLE)
    return root


@pytest.mark.attack("FER+'s label.csv damaged or of arbitrary bytes", "votes, or a refusal that names file and line")
@given(st.one_of(st.binary(max_size=200), damaged(VOTES)))
@example(VOTES.replace("8,", "9" * 30 + ",").encode())
@example(b'"' + VOTES.encode() * 2000)
@example(VOTES.encode() * 2)
@some
def test_votes_of_any_bytes(place, content):
    path = place / "label.csv"
    path.write_bytes(content)
    table = told(lambda: ferplus.read_label_csv(path), path, "line ")
    assert table is None or (len(table.names) == len(set(table.names)) and (table.votes >= 0).all())
    assert path.read_bytes() == content


@pytest.mark.attack("fer2013new.csv damaged or of arbitrary bytes", "votes, or a refusal that names the file")
@given(st.one_of(st.binary(max_size=200), damaged(TABLE)))
@some
def test_a_vote_table_of_any_bytes(place, content):
    path = place / "fer2013new.csv"
    path.write_bytes(content)
    table = told(lambda: ferplus.read_vote_table(place, "train"), path)
    assert table is None or (table.votes >= 0).all()


@pytest.mark.attack("FER+ with CRLF and a BOM", "the same faces")
def test_ferplus_in_another_dress(fer):
    usual = load_dataset("ferplus", fer)
    path = fer / "data/FER2013Train/label.csv"
    path.write_text("\ufeff" + VOTES, encoding="utf-8", newline="\r\n")
    found = load_dataset("ferplus", fer)
    assert found.ids == usual.ids and torch.equal(found.labels, usual.labels)


@pytest.mark.attack("a FER+ split of which nothing is left", "refused with the split's name")
def test_a_ferplus_split_without_faces(fer):
    (fer / "data/FER2013Train/label.csv").write_text("")
    assert told(lambda: load_dataset("ferplus", fer), fer, "is left in train") is None


def _png(width: int, height: int) -> bytes:
    """The beginning of a PNG that promises so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    data = zlib.compress(b"\0")
    body = struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    return b"\x89PNG\r\n\x1a\n" + chunk + body


@pytest.mark.attack(
    "FER+ pictures that promise 10 billion pixels, are cut off, empty, of 47 px, of floating-point pixels, no picture",
    "each refused by name, and told by scn data check",
)
@pytest.mark.parametrize("content", [_png(100_000, 100_000), _png(48, 48), b"", b"junk", _png(47, 48), "float", b"BM"])
def test_pictures_of_ferplus_that_are_none(fer, content):
    path = fer / "data/FER2013Train/fer0000001.png"
    if content == "float":
        Image.fromarray(np.zeros((48, 48), np.float32)).save(path, format="TIFF")
    else:
        path.write_bytes(content)
    assert told(lambda: load_dataset("ferplus", fer), path) is None
    assert str(path) in "".join(ferplus.image_problem(path))


@pytest.mark.attack("a FER+ picture with 16 bits a pixel", "its upper half is read, and nothing is cut off")
def test_sixteen_bits(fer):
    grey = (np.arange(48 * 48).reshape(48, 48) * 28).astype(np.uint16)
    Image.fromarray(grey).save(fer / "data/FER2013Train/fer0000001.png")
    (row,) = [i for i, name in enumerate(load_dataset("ferplus", fer).ids) if name.endswith("1.png")]
    assert torch.equal(load_dataset("ferplus", fer).images[row, 0], torch.from_numpy((grey >> 8).astype(np.uint8)))


@pytest.fixture
def kaggle(tmp_path):
    root = tmp_path / "kaggle"
    root.mkdir()
    (root / "fer2013new.csv").write_text(TABLE)
    pixels = " ".join(["7"] * 48 * 48)
    lines = ["emotion,pixels,Usage", f"6,{pixels},Training", f"3,{pixels},Training", f"0,{pixels},PublicTest"]
    (root / "fer2013.csv").write_text("\n".join(lines) + "\n")
    return root


@pytest.mark.attack(
    "Kaggle's fer2013.csv with semicolons or tabs, without rows, empty, with pixels beyond 64 bits, of bytes",
    "refused with the file and what to do",
)
@pytest.mark.parametrize(("change", "message"), [
    (lambda text: text.replace(",", ";"), "has semicolons between its columns; save it again with commas"),
    (lambda text: text.replace(",", "\t"), "has tabs between its columns; save it again with commas"),
    (lambda text: "", "cannot be read as CSV (No columns to parse from file)"),
    (lambda text: text.replace("7 7", "9" * 30 + " 7", 1), "line 2: expected 2304 numbers from 0 to 255"),
    (lambda text: text.replace("7 7", "nan 7", 1), "line 2: expected 2304 numbers from 0 to 255"),
    (lambda text: text.replace("pixels", "picture"), "the header lacks pixels"),
    (lambda text: text.split("\n")[0], "has 0 rows and fer2013new.csv 3"),
    (lambda text: text.replace("Training", '"Training', 1), "cannot be read as CSV"),
])  # fmt: skip
def test_a_pixel_file_that_is_none(kaggle, change, message):
    path = kaggle / "fer2013.csv"
    assert len(load_dataset("ferplus", kaggle)) == 2
    path.write_text(change(path.read_text()))
    assert told(lambda: load_dataset("ferplus", kaggle), path, message) is None


@pytest.mark.attack("FER2013's labels out of range, empty, or words", "refused with file and line")
@pytest.mark.parametrize("label", ["7", "-1", "", "happy", "3.0", "nan"])
def test_an_original_label_out_of_range(kaggle, label):
    path = kaggle / "fer2013.csv"
    path.write_text(path.read_text().replace("\n3,", f"\n{label},"))
    message = f"{path}, line 3: emotion must be 0 to 6"
    assert told(lambda: load_dataset("ferplus", kaggle, labels="fer2013"), message) is None


# ----------------------------------------------------------------------------------------- folders, names of any bytes


@pytest.mark.attack(
    "names of 255 bytes, in any alphabet, with quotes, line breaks and tags", "they are loaded as they are"
)
def test_names_of_every_kind(tmp_path):
    names = ["x" * 251, "笑顔" * 40, "a\nb", "'; drop", "<b>&amp;", "sp ace", "ü" * 100]
    images = pictures(len(names))[0]
    for part in ("train", "test"):
        for image, name in zip(images, names, strict=True):
            save(image, tmp_path / part / name[:80] / f"{name}.png")
    faces = load_dataset("folder", tmp_path, size=16)
    assert sorted(faces.class_names) == sorted(name[:80] for name in names) and len(faces) == len(names)
    assert all((tmp_path / name).is_file() for name in faces.ids)


@pytest.mark.skipif(os.name == "nt", reason="file names are Unicode there")
@pytest.mark.attack("file names that are no UTF-8", "loaded, checked and written to tables byte by byte")
def test_names_that_are_no_text(tmp_path, capsys):
    root = write_folder(tmp_path / "folder", train=14, test=7)
    odd = os.fsencode(root) + b"/train/anger/\xff\xfe.png"
    save(pictures(1)[0][0], root / "train/anger/plain.png")
    (root / "train/anger/plain.png").rename(os.fsdecode(odd))
    faces = load_dataset("folder", root, size=16)
    assert os.fsdecode(b"train/anger/\xff\xfe.png") in faces.ids
    Path(os.fsdecode(odd)).write_bytes(b"junk")
    assert cli.main(["data", "check", "folder", "--root", str(root)]) == 1
    assert "cannot be read as an image" in capsys.readouterr().out
    results.write_table(tmp_path / "table.csv", pd.DataFrame({"file": [os.fsdecode(b"\xff.png")]}))
    assert b"\xff.png" in (tmp_path / "table.csv").read_bytes()


@pytest.mark.attack("links in a circle among the class folders", "they are no classes, and nothing is followed")
def test_class_folders_in_a_circle(tmp_path):
    root = write_folder(tmp_path / "folder", train=14, test=7)
    (root / "train/loop").symlink_to(root / "train/loop")
    (root / "test/loop").symlink_to(root / "test/loop")
    (root / "train/anger/up").symlink_to(root)
    faces = load_dataset("folder", root, size=16)
    assert len(faces) == 14 and "loop" not in faces.class_names and check("folder", root).ok


@pytest.mark.attack(
    "257 classes, more than labels are recorded with", "refused with their number; no label wraps round"
)
def test_more_classes_than_a_byte_counts(tmp_path):
    for number in range(folder.MOST_CLASSES + 1):
        (tmp_path / f"train/{number:03d}").mkdir(parents=True)
    assert told(lambda: load_dataset("folder", tmp_path), "holds 257 folders, more than 256 classes") is None
    assert len(folder.class_order(tmp_path, [f"{n:03d}" for n in range(256)])) == 256


# -------------------------------------------------------------------------------------------------- tables of results

EPOCHS = "key,epoch,memorised,test_accuracy\na1,1,0.1,0.5\na1,2,,0.6\n"
BENCH = ",".join(bench_rows.COLUMNS) + "\ntraining,small,scn,48,256,float32,100,images/s,90,110,3,,,CPU,2,2,3,c,2026\n"
TRANSITION = "true,given,count\nanger,fear,3\n"
KNOWS = "key,mode,blur spearman,blur n\na1,train,0.5,10\n"
FACES = "face,clip,class,time,copy_of\n" + "".join(
    f"faces/{name}/{k:012x}-00-0000.jpg,{k:012x}-00,{name},0,\n" for k, name in enumerate(webemotion.CLASSES)
)
CLIPS = "clip,file,keyword,class,begin,end,seconds,frames_with_face,faces\n0-00,a.mp4,sad,sadness,0,5,5,10,9\n"


def _results_text() -> str:
    """Two rows of the committed results, with their configs."""
    return results.load("rendered").head(2).to_csv(index=False)


READERS = {
    "runs": (_results_text(), "mine.csv", load_results),
    "curves": (EPOCHS, "mine_epochs.csv", load_epochs),
    "knowledge": (KNOWS, "mine_knows.csv", load_knowledge),
    "transition": (TRANSITION, "ferplus_fer2013_transition.csv", load_transition),
    "bench": (BENCH, "bench_mine.csv", bench_rows.read_csv),
    "merged": (_results_text(), "mine.csv", lambda path: results.load("mine", folder=path.parent)),
    "clips": (CLIPS, "clips.csv", lambda path: webemotion.statistics(path.parent)),
    "faces": (FACES, "faces.csv", lambda path: webemotion.read_list(path.parent, "train")),
}


@pytest.mark.attack(
    "tables of results, curves, rates and faces: cut off, in UTF-16, with NUL, semicolons, stray quotes, lost cells",
    "read, or refused with the file's name",
)
@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@few
def test_a_table_in_any_state(place, kind, data):
    whole, name, read = READERS[kind]
    path = place / name
    path.write_text(whole)
    assert read(path) is not None
    content = data.draw(damaged(whole))
    path.write_bytes(content)
    told(lambda: read(path), path)
    assert path.read_bytes() == content


@pytest.mark.attack("tables without a row, without a byte, with other separators", "refused with what to do")
@pytest.mark.parametrize(("content", "message"), [
    (b"", "cannot be read as CSV (No columns to parse from file)"),
    (b"\n\n", "cannot be read as CSV"),
    (b"a;b\n1;2\n", "has semicolons between its columns; save it again with commas"),
    (b"a\tb\n1\t2\n", "has tabs between its columns; save it again with commas"),
    (b"a,b\n1,x\n", "column 'b', line 2: expected a number, found 'x'"),
    (b"a,b\n1,2\n1,inf\n", "column 'b', line 3: expected a number, found 'inf'"),
    (b'a,b\n1,2\n1,"2\n', "cannot be read as CSV"),
])  # fmt: skip
def test_a_table_that_is_none(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    assert told(lambda: read_csv(tmp_path / "t.csv", ("b",)), tmp_path / "t.csv", message) is None
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfa,b\r\n1,2\r\n")
    assert read_csv(tmp_path / "t.csv", ("b",)).to_dict("list") == {"a": [1], "b": [2]}


@pytest.mark.attack("a compressed table cut off, with a byte changed, or not compressed", "refused with its name")
@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-9], lambda b: b[:12] + b"x" + b[13:], lambda b: b"a,b\n1,2\n", lambda b: b""]
)
def test_a_compressed_table_that_is_none(tmp_path, spoil):
    path = tmp_path / "t.csv.xz"
    path.write_bytes(spoil(lzma.compress(b"a,b\n" + b"1,2\n" * 100)))
    assert told(lambda: read_csv(path), path, "cannot be read as CSV") is None


@pytest.mark.attack("rows of results with seed 0.5, seed inf, accuracy -inf", "refused with column and line")
@pytest.mark.parametrize(("column", "value", "message"), [
    ("seed", "0.5", "column 'seed', line 2: expected a whole number, found '0.5'"),
    ("seed", "inf", "column 'seed', line 2: expected a number, found 'inf'"),
    ("accuracy", "-inf", "column 'accuracy', line 2: expected a number, found '-inf'"),
])  # fmt: skip
def test_a_result_out_of_range(tmp_path, column, value, message):
    rows = list(csv.reader(io.StringIO(_results_text())))
    rows[1][rows[0].index(column)] = value
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    assert told(lambda: load_results(tmp_path), tmp_path / "mine.csv", message) is None


@pytest.mark.attack("data/results with a damaged file", "every command that reads it names the file; exit code 2")
@pytest.mark.parametrize("words", [["table", "scn-6"], ["claims"], ["leaderboard"], ["cost"], ["figure", "scn-6"]])
def test_commands_over_damaged_results(words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("scnlib.paper.results.results_dir", lambda: tmp_path)
    (tmp_path / "mine.csv").write_bytes(b'key,seed\n"')
    code, said = answer(words, capsys)
    assert code == 2 and str(tmp_path / "mine.csv") in said and "Traceback" not in said


# -------------------------------------------------------------------------------------------------------- finished runs


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


DAMAGE = [
    ("manifest.json", lambda _: b'{"status": "done"}'), ("manifest.json", lambda _: b"[]"),
    ("config.json", _cut), ("config.json", lambda _: b"{}"), ("config.json", lambda _: b"\xff\xfe"),
    ("metrics.csv", lambda _: b""), ("metrics.csv", lambda _: b"epoch,test_accuracy\n"),
    ("metrics.csv", lambda text: text.replace(b"0.", b"x.")),
    ("samples.npz", _cut), ("samples.npz", lambda _: b""), ("samples.npz", lambda _: b"PK\x03\x04" + bytes(90)),
    ("samples.npz", lambda content: content[:200] + bytes(200) + content[400:]),
    ("config.json", None), ("metrics.csv", None), ("samples.npz", None),
]  # fmt: skip


@pytest.mark.attack(
    "a finished run of which a file is lost, cut off, or another's",
    "scn results names the file and writes nothing; tables leave the run out and say so",
)
@pytest.mark.parametrize(("name", "change"), DAMAGE)
def test_a_finished_run_that_is_damaged(scn_run, squares, tmp_path, capsys, name, change):
    broken = tmp_path / "out/runs/broken"
    shutil.copytree(scn_run.path, broken)
    if change is None:
        (broken / name).unlink()
    else:
        (broken / name).write_bytes(change((broken / name).read_bytes()))
    before = tree(tmp_path)
    code, said = answer(["results", "mine", str(broken), "--folder", str(tmp_path / "new")], capsys)
    assert code == 2 and str(broken) in said and "Traceback" not in said
    if b"[]" not in (broken / "manifest.json").read_bytes():
        assert name in said
        table, _, unreadable = everything("smoke")
        assert any("broken" in line for line in unreadable) and "a" not in set(table["dataset"])
    assert tree(tmp_path) == before


@pytest.mark.attack("a finished run whose weights are cut off", "predict and export name the file; nothing is written")
@pytest.mark.parametrize("words", [["predict", "P", "--run", "R", "--csv", "T.csv"], ["export", "R", "T.pt2"]])
def test_a_finished_run_without_its_weights(scn_run, tmp_path, capsys, words):
    shutil.copytree(scn_run.path, tmp_path / "run")
    file = tmp_path / "run/model.safetensors"
    file.write_bytes(_cut(file.read_bytes()))
    save(pictures(1)[0][0], tmp_path / "one.png")
    before = tree(tmp_path)
    places = {"P": str(tmp_path / "one.png"), "R": str(tmp_path / "run")}
    code, said = answer([places.get(word, word.replace("T.", f"{tmp_path}/new.")) for word in words], capsys)
    assert code == 2 and f"{file} is damaged" in said and "Traceback" not in said
    assert tree(tmp_path) == before


@pytest.mark.attack("results added beside a table that is damaged", "refused before any of the seven is written")
@pytest.mark.parametrize("suffix", ["", *results.SUFFIXES])
@pytest.mark.parametrize("content", [b"", b"what\n1\n", b'key,config\na,"\n', b"key;config\na;b\n"])
def test_results_beside_a_damaged_table(scn_run, squares, tmp_path, suffix, content):
    results.add("mine", [scn_run], tmp_path)
    path = results.table_path("mine", suffix, tmp_path)
    path.write_bytes(lzma.compress(content) if path.suffix == ".xz" else content)
    before = tree(tmp_path)
    assert told(lambda: results.add("mine", [scn_run], tmp_path), path) is None
    assert tree(tmp_path) == before


# ------------------------------------------------------------------------------------------- notes of earlier calls


@pytest.mark.attack("scn align's manifest with cells that are no numbers, or without its end", "the row is named")
@given(damaged(",".join(ALIGN_COLUMNS) + "\na.png,1,2,found,,9,9,1,0,a.png,0.9" + ",1" * 14 + "\n"))
@some
def test_a_manifest_in_any_state(place, content):
    (place / MANIFEST).write_bytes(content)
    rows = told(lambda: rows_before(place, Settings(faces="every")), place / MANIFEST)
    assert rows is None or all(row["faces"].isdecimal() for mine in rows.values() for row in mine)


# ------------------------------------------------------------------------------------------------------------ options


@pytest.mark.attack("any JSON value for each option of every dataset", "refused by the option's name, or its folder is")
@given(st.one_of(JSON, NUMBERS))
@example([1])
@example(8.0)
@few
def test_options_of_datasets(value):
    for name, load in LOADERS.items():
        options = [p.name for p in inspect.signature(load).parameters.values() if p.kind is p.KEYWORD_ONLY]
        for option in options:
            assert told(partial(load_dataset, name, "/nowhere", **{option: value})) is None
            told(partial(check, name, "/nowhere", **{option: value}))


@pytest.mark.attack("any JSON value for each option of every method", "a method, or a refusal by the option's name")
@given(st.one_of(JSON, NUMBERS))
@example(math.inf)
@example(10**400)
@few
def test_options_of_methods(value):
    for name, method in METHODS.items():
        for field in dataclasses.fields(method):
            made = told(partial(make_method, name, **{field.name: value}), field.name)
            assert made is None or isinstance(made, Method)
            assert made is None or not isinstance(value, int | float) or -LARGEST <= value <= LARGEST


@pytest.mark.attack("any JSON value in each field of a config", "a config with a key, or a refusal by the field's name")
@given(st.one_of(JSON, NUMBERS))
@example(7)
@example(10**400)
@example([math.nan])
@some
def test_fields_of_configs(value):
    for field in set(Config.__dataclass_fields__) - {"method", "augmentation", "profile"}:
        made = told(partial(Config, **{"method": make_method("baseline"), field: value}), field)
        assert made is None or len(made.sha256()) == 64
        if field not in ("pretrained", "dataset"):
            told(partial(profile_config, "quick", **{field: value}), field)


@pytest.mark.attack("augmentation of NaN, infinity and shares above 1", "refused by name")
@pytest.mark.parametrize("name", ["flip", "shift", "rotation", "scale"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1e9])
def test_augmentation_out_of_range(name, value):
    assert told(lambda: Augmentation(**{name: value}), "augmentation", name) is None


@pytest.mark.attack("words of --set and --data in any alphabet, with any number of brackets", "pairs, or a refusal")
@given(st.one_of(st.text(max_size=30), st.builds("{}={}".format, NAMES, st.text(max_size=20))))
@example("a=" + "[" * 100_000)
@example("a=" + "9" * 5000)
@some
def test_words_of_options(word):
    pairs = told(lambda: cli._pairs("--set", [word]), "--set takes OPTION=VALUE")
    assert pairs is None or list(pairs) == [word.partition("=")[0]]


@pytest.mark.attack("whole numbers beyond every float where a number is meant", "refused as not finite")
@given(NUMBERS)
@some
def test_numbers_keep_their_value(value):
    found = told(lambda: typed("method x", "y", float, value), "method x: y must be a finite number")
    assert (found is None) if not -LARGEST <= value <= LARGEST else (type(found) is float and found == float(value))
