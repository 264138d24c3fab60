"""Folders in, folders out: every picture a row, originals untouched, nothing done twice."""

import hashlib
import io

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from PIL import Image

from scnlib import cli
from scnlib.datasets import align
from scnlib.datasets.align import Settings, align_folder, align_images
from scnlib.datasets.face_geometry import padded, template
from scnlib.errors import ScnError
from tests.datasets.found_faces import detector, portrait, scenes

SMALL, BOXED = Settings(size=48, margin=0.0), Settings(size=96, how="box", margin=0.1)


def picture(image=None):
    return Image.fromarray((portrait() if image is None else image).permute(1, 2, 0).contiguous().numpy())


def put(folder, *names):
    """The same face under several names."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture().save(path)


def aligned(source, target, settings=SMALL):
    return align_folder(source, target, settings, detector=detector()).set_index("file", drop=False)


def contents(folder):
    return {
        path: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in folder.rglob("*.*")
    }


@pytest.fixture
def source(tmp_path):
    return tmp_path / "in"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"


def test_every_kind_of_file_gets_its_row_and_the_rest_goes_on(source, target):
    face = picture()
    source.mkdir()
    face.save(source / "good.png")
    face.convert("CMYK").save(source / "cmyk.jpg", quality=95)
    face.convert("L").save(source / "grey.png")
    face.convert("RGBA").save(source / "transparent.webp", lossless=True)
    face.convert("P").save(source / "palette.gif")
    Image.fromarray(np.asarray(face.convert("L")).astype(np.uint16) * 257).save(source / "sixteen.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn by 90 degrees to the right
    face.transpose(Image.Transpose.ROTATE_90).save(source / "turned.png", exif=exif)
    face.resize((150, 170)).save(source / "other size.bmp")
    (source / "Ünïcode 顔").mkdir()
    face.save(source / "Ünïcode 顔" / "笑顔 😀.PNG")
    Image.new("RGB", (1, 1)).save(source / "one.png")
    Image.new("RGB", (100, 90), "green").save(source / "nobody.png")
    (source / "empty.jpg").touch()
    (source / "text.jpg").write_text("not a picture")
    whole = io.BytesIO()
    face.save(whole, "JPEG")
    (source / "truncated.jpg").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    whole = io.BytesIO()
    face.save(whole, "PNG")
    middle = len(whole.getvalue()) // 2
    (source / "corrupt.png").write_bytes(whole.getvalue()[:middle] + bytes(200) + whole.getvalue()[middle + 200 :])
    (source / "gone.jpg").symlink_to(source / "nowhere.jpg")
    (source / "labels.csv").write_text("not a picture, and not named like one")

    rows = aligned(source, target)

    unreadable = {"empty.jpg", "text.jpg", "truncated.jpg", "corrupt.png", "gone.jpg"}
    assert set(rows.index[rows["status"] == "unreadable"]) == unreadable
    assert rows.loc[sorted(unreadable), "reason"].str.len().min() > 10
    assert "0 bytes" in rows.loc["empty.jpg", "reason"] and "no known image format" in rows.loc["text.jpg", "reason"]
    assert set(rows.index[rows["status"] == "no face"]) == {"one.png", "nobody.png"}
    assert "1 x 1 px" in rows.loc["one.png", "reason"]
    good = rows[rows["status"] == "found"]
    assert len(good) == 9 and len(rows) == 16
    assert (good["probability"] > 0.9).all()
    first = np.asarray(Image.open(target / good.loc["good.png", "output"])).astype(float)
    assert first.shape == (48, 48, 3)
    for file, row in good.iterrows():
        crop = np.asarray(Image.open(target / row["output"])).astype(float)
        # The same face, so nearly the same crop: wrongly read 16 bits or an ignored EXIF would be far off.
        assert np.abs(crop.mean(axis=2) - first.mean(axis=2)).mean() < 25, file
        assert row["left_eye_x"] < row["nose_x"] < row["right_eye_x"] and row["left_eye_y"] < row["nose_y"]
    assert good.loc["Ünïcode 顔/笑顔 😀.PNG", "output"] == "Ünïcode 顔/笑顔 😀.png"
    assert (target / "Ünïcode 顔/笑顔 😀.png").is_file()
    turned = good.loc["turned.png", ["left_eye_x", "left_eye_y", "nose_x"]].astype(float)
    np.testing.assert_allclose(turned, good.loc["good.png", turned.index].astype(float), atol=0.1)


def test_originals_stay_as_they_are(source, target):
    put(source, "a.png", "b/c.jpg")
    before = contents(source)
    aligned(source, target)
    assert contents(source) == before


def test_a_second_call_does_nothing_and_new_or_changed_pictures_only(source, target, monkeypatch):
    put(source, "a.png", "b.png", "d/c.png")
    read = []
    original = align._read
    monkeypatch.setattr(align, "_read", lambda path: read.append(path.name) or original(path))
    first = aligned(source, target)
    stamps = contents(target)
    read.clear()
    second = aligned(source, target)
    pd.testing.assert_frame_equal(first, second)
    assert read == [] and all(contents(target)[path] == stamps[path] for path in stamps if path.suffix == ".png")
    put(source, "e.png")
    Image.new("RGB", (64, 64)).save(source / "a.png")
    (target / "b.png").unlink()
    third = aligned(source, target)
    assert sorted(read) == ["a.png", "b.png", "e.png"]
    assert third.loc["a.png", "status"] == "no face" and not (target / "a.png").exists()
    assert (target / "b.png").is_file() and (target / "e.png").is_file()


def test_a_picture_that_is_gone_keeps_its_crop(source, target):
    put(source, "a.png", "b.png")
    aligned(source, target)
    before = (target / "a.png").read_bytes()
    (source / "a.png").unlink()
    Image.new("RGB", (64, 64)).save(source / "a.jpg")
    rows = aligned(source, target)
    assert set(rows.index) == {"a.png", "a.jpg", "b.png"}
    assert (target / rows.loc["a.png", "output"]).read_bytes() == before


@pytest.mark.parametrize("torn", [False, True])
def test_a_killed_call_goes_on_where_it_was(source, target, monkeypatch, torn):
    put(source, *(f"{i}.png" for i in range(4)))
    monkeypatch.setattr(align, "_WINDOW", 2)
    real, windows = align._window, []

    def dies_in_the_second(window, *rest):
        windows.append(window)
        if len(windows) == 2:
            raise KeyboardInterrupt
        return real(window, *rest)

    monkeypatch.setattr(align, "_window", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        aligned(source, target)
    journal = target / "manifest.partial.csv"
    if torn:  # the power went while the second row was written
        journal.write_bytes(journal.read_bytes()[:-9])
    windows.clear()
    windows.append("counted")
    windows.append("counted")
    rows = aligned(source, target)
    todo = [file for window in windows[2:] for file in window]
    assert todo == (["1.png", "2.png", "3.png"] if torn else ["2.png", "3.png"])
    assert list(rows.index) == [f"{i}.png" for i in range(4)] and (rows["status"] == "found").all()
    assert not journal.exists() and not list(target.rglob("*.unfinished"))
    assert rows["bytes"].nunique() == 1 and rows["probability"].nunique() == 1


def test_other_settings_are_refused(source, target):
    put(source, "a.png")
    aligned(source, target)
    before = contents(target)
    with pytest.raises(ValueError, match="was made with margin=0.0, now it is 0.3"):
        aligned(source, target, Settings(size=48, margin=0.3))
    assert contents(target) == before


def test_places_where_crops_must_not_go(source, tmp_path, monkeypatch):
    put(source, "a.png")
    for wrong, words in ((source, "is the folder"), (source / "x", "lies in"), (tmp_path, "holds the folder")):
        with pytest.raises(ValueError, match=words):
            aligned(source, wrong)
    (tmp_path / "link").symlink_to(source)
    with pytest.raises(ValueError, match="lies in"):
        aligned(source, tmp_path / "link" / "x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(ScnError, match=r"not from `scn align` \(thesis.txt\)"):
        aligned(source, tmp_path / "mine")
    assert [path.name for path in source.iterdir()] == ["a.png"]


def test_folders_without_pictures(source, target):
    with pytest.raises(FileNotFoundError, match="is no folder"):
        aligned(source, target)
    source.mkdir()
    with pytest.raises(FileNotFoundError, match="holds no pictures"):
        aligned(source, target)
    assert not target.exists()


def test_two_processes_do_not_share_a_folder(source, target):
    put(source, "a.png")
    target.mkdir()
    with FileLock(target / "align.lock"), pytest.raises(ScnError, match="another process"):
        aligned(source, target)
    assert len(aligned(source, target)) == 1


def test_pictures_that_differ_in_their_ending_only(source, target):
    put(source, "a.png", "a.jpg", "b/a.png", "a.b.png")
    rows = aligned(source, target)
    assert dict(rows["output"]) == {
        "a.png": "a.png.png", "a.jpg": "a.jpg.png", "a.b.png": "a.b.png.png", "b/a.png": "b/a.png"
    }  # fmt: skip


def test_every_face_of_a_picture(source, target):
    source.mkdir()
    picture(torch.cat([portrait(), portrait().flip(2)], dim=2)).save(source / "two.png")
    put(source, "one.png")
    Image.new("RGB", (64, 64)).save(source / "none.png")
    settings = Settings(size=48, faces="every", format="jpg")
    rows = aligned(source, target, settings)
    assert list(rows["status"]) == ["no face", "found", "several", "several"]
    assert list(rows["faces"]) == [0, 1, 2, 2]
    assert list(rows["output"].dropna()) == ["one.face0.jpg", "two.face0.jpg", "two.face1.jpg"]
    assert all((target / name).is_file() for name in rows["output"].dropna())
    assert "1 several, 1 no face, 0 unreadable; 3 faces written" in align.summary(rows)
    stamps = contents(target)
    again = aligned(source, target, settings)
    pd.testing.assert_frame_equal(rows, again)
    assert contents(target)[target / "two.face1.jpg"] == stamps[target / "two.face1.jpg"]
    largest = aligned(source, target.with_name("largest"))
    assert dict(largest["status"]) == {"none.png": "no face", "one.png": "found", "two.png": "several"}


def test_eyes_come_to_the_places_of_the_template():
    """The crop, looked at by the detector again: its points are the template's."""
    for result in align_images(scenes().images, detector(), Settings(size=160, margin=0.4)):
        points = detector().find(result.crops, every=True)[0].points[0]
        assert (points - template(160, 0.4)).norm(dim=1).mean() < 0.06 * 160


def test_box_crops_do_not_turn():
    """A box crop is what Pillow cuts out around the middle of the box."""
    compared = 0
    for image, result in zip(scenes().images, align_images(scenes().images, detector(), BOXED), strict=True):
        left, top, right, bottom = result.found.boxes[0].tolist()
        side = 1.2 * max(right - left, bottom - top)
        x, y = (left + right - side) / 2, (top + bottom - side) / 2
        if x >= 0 and y >= 0 and x + side <= 200 and y + side <= 160:
            place = (x, y, x + side, y + side)
            cut = picture(image).transform((96, 96), Image.Transform.EXTENT, place, Image.Resampling.BILINEAR)
            difference = result.crops[0].float() - torch.from_numpy(np.array(cut)).permute(2, 0, 1).float()
            assert difference.abs().mean() < 3
            compared += 1
    assert compared


def test_padding_moves_no_point():
    """Boxes and points are in the picture's own pixels, however much was put around it."""
    plain = align_images(scenes().images, detector(), SMALL)
    wide = align_images(scenes().images, detector(), Settings(size=48, margin=0.0, pad="edge", pad_share=0.25))
    for one, other in zip(plain, wide, strict=True):
        assert (one.found.points[0] - other.found.points[0]).norm(dim=1).max() < 10
    bordered, across, down = padded(scenes().images, "edge", 0.25)
    torch.testing.assert_close(
        detector().find(bordered)[0].points[0] - torch.tensor([across, down]), wide[0].found.points[0]
    )


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"how": "magic"}, "how='magic' is unknown; known: similarity, box"),
        ({"pad": "mirror"}, "pad='mirror' is unknown; known: none, edge, reflect, constant"),
        ({"size": 4}, "size must be in 8..2048, got 4"),
        ({"pad_share": 1.5}, "pad_share must be in 0..1, got 1.5"),
    ],
)
def test_settings_out_of_range(option, message):
    with pytest.raises(ValueError, match=message):
        Settings(**option)


def test_command(source, target, capsys, monkeypatch):
    monkeypatch.setattr(align, "Detector", lambda device, smallest: detector())
    put(source, "a.png")
    assert cli.main(["align", str(source), str(target), "--size", "112", "--how", "box", "--device", "cpu"]) == 0
    assert "1 picture: 1 found, 0 several, 0 no face, 0 unreadable; 1 face written" in capsys.readouterr().out
    assert np.asarray(Image.open(target / "a.png")).shape == (112, 112, 3)
    assert cli.main(["align", str(source), str(source / "out")]) == 2
    assert "choose an OUT outside of it" in capsys.readouterr().err
    assert cli.main(["align", str(source), str(target.with_name("new")), "--device", "abacus"]) == 2
    assert "device 'abacus' is not usable here" in capsys.readouterr().err


def test_linked_folders_are_followed_but_not_in_circles(source, target, tmp_path):
    put(source, "a.png")
    put(tmp_path / "elsewhere", "b.png")
    (source / "linked").symlink_to(tmp_path / "elsewhere")
    (source / "circle").symlink_to(source)
    put(source, "z/c.png")
    (source / "again").symlink_to(source / "z")
    assert list(aligned(source, target).index) == ["a.png", "linked/b.png", "z/c.png"]
    with pytest.raises(ValueError, match="choose an OUT outside of it"):
        aligned(source, tmp_path / "elsewhere/out")


def test_a_link_in_out_does_not_lead_to_originals(source, target):
    put(source, "d/a.png")
    aligned(source, target)
    (target / "d/a.png").unlink()
    (target / "d").rmdir()
    (target / "d").symlink_to(source / "d")
    put(source, "d/a.png")
    before = contents(source)
    with pytest.raises(ScnError, match="among the originals; remove that link"):
        aligned(source, target)
    assert contents(source) == before


def test_unreadable_pictures_and_empty_crops_are_tried_again(source, target, monkeypatch):
    put(source, "a.png", "b.png")
    original = align._read
    monkeypatch.setattr(align, "_read", lambda path: "the disk was away" if path.name == "a.png" else original(path))
    assert aligned(source, target).loc["a.png", "status"] == "unreadable"
    monkeypatch.setattr(align, "_read", original)
    (target / "b.png").write_bytes(b"")
    assert list(aligned(source, target)["status"]) == ["found", "found"]
    assert (target / "b.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("align.json", lambda text: "", r"align\.json does not hold the settings"),
        ("align.json", lambda text: "[]", r"align\.json does not hold the settings"),
        ("manifest.csv", lambda text: text.replace("\n", ",mine\n"), r"manifest\.csv does not have the columns"),
        ("manifest.csv", lambda text: text.rstrip("\n") + ",mine\n", r"manifest\.csv: the row of a\.png has more than"),
    ],
)
def test_damaged_notes_are_named(source, target, name, change, message):
    put(source, "a.png")
    aligned(source, target)
    (target / name).write_text(change((target / name).read_text()))
    with pytest.raises(ScnError, match=message):
        aligned(source, target)
