"""From rendered films to labelled faces: who is there, from when to when and where is known, so that is the oracle."""

import hashlib
import itertools
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scnlib import cli
from scnlib.datasets import duplicates, load_dataset, webemotion_build
from scnlib.datasets.check import check
from scnlib.datasets.face_geometry import similarity, template, warp
from scnlib.datasets.films import Actor, render_film
from scnlib.datasets.tracks import Track
from scnlib.datasets.video import write_video
from scnlib.datasets.webemotion import read_table, statistics
from scnlib.datasets.webemotion_build import Settings, build
from scnlib.errors import ScnError
from scnlib.faces import CLASSES
from tests.datasets.found_faces import detector

SMALL, RATE = Settings(size=48), 2
GREETING, COUPLE, PARTY = "happy/Ünïcode 笑顔.mp4", "grossed_out/couple.mkv", "scared/nobody.mp4"


class Unused:
    """A detector for videos of which nothing can be decoded."""

    device = torch.device("cpu")


@pytest.fixture(scope="module")
def films():
    """One who moves, changes and is away from 6 to 8.5 s; two at once, of whom one comes later; nobody."""
    wanders = Actor(1, ("happiness", "surprise"), ((0, 6), (8.5, 14.5)), (0.1, 0.4), (0.9, 0.6))
    couple = [Actor(4, ("sadness",), begin=(0, 0.5), end=(0.05, 0.5), side=110),
              Actor(6, ("anger", "neutral"), ((1, 9),), (1, 0.5), (0.95, 0.4), side=110)]  # fmt: skip
    return {
        GREETING: render_film(0, [wanders], 14.5, RATE),
        COUPLE: render_film(0, couple, 7, RATE),
        PARTY: render_film(2, [Actor(4, present=())], 6, RATE),
    }


@pytest.fixture(scope="module")
def source(films, tmp_path_factory):
    folder = tmp_path_factory.mktemp("web") / "in"
    for name, film in films.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_video(folder / name, film.frames, RATE)
    write_video(folder / "happy" / "short.mp4", films[GREETING].frames[:6], RATE)
    (folder / "happy" / "notes.txt").write_text("where these come from")
    (folder / "sad").mkdir()
    (folder / "sad" / "empty.mp4").touch()
    (folder / "sad" / "text.mp4").write_text("not a film")
    return folder


@pytest.fixture(scope="module")
def target(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "out"
    before = contents(source)
    build(source, folder, SMALL, detector=detector())
    assert contents(source) == before, "originals were touched"
    return folder


@pytest.fixture
def copy(target, tmp_path):
    return shutil.copytree(target, tmp_path / "copy")


def contents(folder):
    return {p: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in folder.rglob("*.*")}


def test_every_video_gets_its_row(target):
    rows = read_table(target, "videos.csv").set_index("file")
    assert rows["status"].to_dict() == {
        GREETING: "ok", COUPLE: "ok", PARTY: "no face", "happy/short.mp4": "too short", "sad/empty.mp4": "unreadable",
        "sad/text.mp4": "unreadable",
    }  # fmt: skip
    assert rows.loc["sad/empty.mp4", "reason"] == "is empty (0 bytes)"
    assert "no known video format" in rows.loc["sad/text.mp4", "reason"]
    assert "lasts about 2.5 s" in rows.loc["happy/short.mp4", "reason"]
    assert rows.loc[GREETING, ["keyword", "class"]].tolist() == ["happy", "happiness"]
    assert rows.loc[COUPLE, ["keyword", "class"]].tolist() == ["grossed out", "disgust"]
    assert rows.loc[PARTY, ["frames", "frames_with_face", "clips"]].tolist() == [12, 0, 0]


def test_clips_begin_and_end_where_the_faces_come_and_go(target, films):
    found = read_table(target, "clips.csv")
    for name, film in films.items():
        expected = []
        for there in film.there.T:
            times = film.times[there].tolist()
            gaps = [0, *(i for i in range(1, len(times)) if times[i] - times[i - 1] > 1), len(times)]
            expected += [times[i:j] for i, j in itertools.pairwise(gaps) if j and times[j - 1] - times[i] >= 5]
        rows = found[found["file"] == name]
        assert len(rows) == len(expected), name
        for row, stretch in zip(rows.itertuples(), sorted(expected), strict=True):
            # A detector may miss a face in a frame, also in the first or in the last one.
            assert 0 <= row.begin - stretch[0] <= 0.5 and 0 <= stretch[-1] - row.end <= 0.5
            assert 0.75 * len(stretch) <= row.frames_with_face <= len(stretch)
    assert len(found) == 4


def test_faces_are_those_who_were_there_aligned(target, films):
    """Each written face against the film itself, cut out at the true points of the nearest actor."""
    faces, rows = read_table(target, "faces.csv"), read_table(target, "clips.csv").set_index("clip")
    owners, close = {}, []
    for face in faces.itertuples():
        film = films[rows.loc[face.clip, "file"]]
        frame = round(face.time * RATE)
        image = film.frames[frame].expand(film.there.shape[1], -1, -1, -1)
        true = warp(image, similarity(film.points[frame], template(48, 0.1)), 48).float()
        here = torch.from_numpy(np.asarray(Image.open(target / face.face)).astype(np.float32)).permute(2, 0, 1)
        owner = int((true - here).abs().mean(dim=(1, 2, 3)).argmin())
        alike = [torch.corrcoef(torch.stack([one.mean(0).flatten(), here.mean(0).flatten()]))[0, 1] for one in true]
        assert film.there[frame, owner], face
        close.append(float(alike[owner]))
        owners.setdefault(face.clip, set()).add(owner)
    assert np.median(close) > 0.8
    assert all(len(several) == 1 for several in owners.values()), "a clip shows one person"
    assert sorted(min(owner) for clip, owner in owners.items() if rows.loc[clip, "file"] == COUPLE) == [0, 1]


def test_no_face_is_written_twice_and_changes_are_kept(target, films):
    rows = read_table(target, "clips.csv")
    assert (rows["faces"] >= 2).all() and (rows["faces"] < rows["frames_with_face"]).all()
    faces = load_dataset("webemotion", target, size=48, test_fraction=0, allow_missing=True)
    from scnlib.datasets.duplicates import near_duplicates

    # The written files went through JPEG: a pair at the very threshold may fall to the other side.
    assert len(near_duplicates(faces.images, bits=3, least=0.98)) == 0


def test_table_1_counts_what_is_left(target):
    table = statistics(target).set_index("class")
    faces = read_table(target, "faces.csv").query("copy_of == ''")
    assert table.loc["happiness"].tolist() == [1, 2, (faces["class"] == "happiness").sum()]
    assert table.loc["disgust", ["videos", "clips"]].tolist() == [1, 2]
    assert table.loc["all"].tolist() == [2, 4, len(faces)]
    assert table.loc["fear"].tolist() == [0, 0, 0]
    assert tuple(table.index) == (*CLASSES, "all")


def test_a_second_call_does_nothing_and_a_new_video_only(source, target, copy, tmp_path, monkeypatch):
    looked = []
    original = webemotion_build._looked_at
    monkeypatch.setattr(
        webemotion_build, "_looked_at", lambda video, *rest: looked.append(video.file) or original(video, *rest)
    )
    again = tmp_path / "again"
    shutil.copytree(source, again)  # with the times of the files, as stamps want them
    before = contents(copy / "faces")
    build(again, copy, SMALL, detector=Unused())
    assert sorted(looked) == ["sad/empty.mp4", "sad/text.mp4"]  # unreadable ones are worth another look
    assert contents(copy / "faces") == before
    looked.clear()
    (again / "sad" / "empty.mp4").unlink()
    (again / "sad" / "text.mp4").unlink()
    shutil.copy(again / PARTY, again / "sad" / "new.mp4")
    rows = build(again, copy, SMALL, detector=detector())
    assert looked == ["sad/new.mp4"]
    assert rows["file"].tolist() == sorted(rows["file"]) and "sad/empty.mp4" not in set(rows["file"])
    pd.testing.assert_frame_equal(read_table(copy, "clips.csv"), read_table(target, "clips.csv"))


def test_a_killed_call_goes_on_with_what_is_missing(source, target, copy, monkeypatch):
    """Killed before the couple's record was written: some of its faces lie there already, the others do not."""
    looked, original = [], webemotion_build._looked_at

    def killed(video, *rest):
        looked.append(video.file)
        original(video, *rest)
        raise KeyboardInterrupt

    (row,) = read_table(copy, "videos.csv").query("file == @COUPLE").itertuples()
    (copy / "records" / f"{row.id}.json").unlink()
    monkeypatch.setattr(webemotion_build, "_looked_at", killed)
    with pytest.raises(KeyboardInterrupt):
        build(source, copy, SMALL, detector=detector())
    assert looked == [COUPLE] and not (copy / "records" / f"{row.id}.json").exists()
    monkeypatch.setattr(webemotion_build, "_looked_at", original)
    build(source, copy, SMALL, detector=detector())
    for name in ("videos.csv", "clips.csv", "faces.csv"):
        assert (copy / name).read_bytes() == (target / name).read_bytes()


def test_while_the_disk_is_away_what_was_done_stays_done(target, copy, tmp_path):
    listing = tmp_path / "list.csv"  # the same names, beside which no video lies
    listing.write_text(f"file,keyword\n{COUPLE},grossed out\n{GREETING},happy\n", encoding="utf-8")
    before = contents(copy / "faces")
    rows = build(listing, copy, SMALL, detector=Unused())
    assert rows["status"].tolist() == ["ok", "ok"]
    assert contents(copy / "faces") == before
    assert (copy / "faces.csv").read_bytes() == (target / "faces.csv").read_bytes()


@pytest.fixture
def one_video(tmp_path, monkeypatch):
    """A list of one video, and ``look(names, ...)``: build while a look writes these faces and then does what is said.

    The video has changed before each look.
    """
    film, out = tmp_path / "a.mp4", tmp_path / "out"
    (tmp_path / "list.csv").write_text("file,keyword\na.mp4,sad\n")

    def look(names, then=lambda: None):
        def looked_at(one, target, *_):
            (target / "faces").mkdir(exist_ok=True)
            for name in names:
                Image.new("RGB", (16, 16)).save(target / "faces" / name)
            then()
            faces = [{"face": f"faces/{name}", "clip": 0, "time": 0, "hash": f"{2**k - 1:032x}"}
                     for k, name in zip((0, 60, 120), names, strict=False)]  # fmt: skip
            return {"status": "ok" if faces else "unreadable", "reason": "", "faces": faces}

        film.write_bytes(bytes(1 + film.stat().st_size if film.exists() else 1))
        monkeypatch.setattr(webemotion_build, "_looked_at", looked_at)
        return build(tmp_path / "list.csv", out, detector=Unused())

    return SimpleNamespace(film=film, look=look, faces=lambda: sorted(path.name for path in (out / "faces").iterdir()))


def test_earlier_faces_go_only_after_another_look_succeeded(one_video):
    one_video.look(["a.png", "b.png"])

    def killed():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        one_video.look([], killed)
    assert one_video.faces() == ["a.png", "b.png"]
    one_video.look(["b.png", "c.png"])
    assert one_video.faces() == ["b.png", "c.png"]


def test_a_disk_that_goes_in_the_middle_of_a_call_takes_no_faces_along(one_video):
    one_video.look(["a.png", "b.png"])
    assert one_video.look([], one_video.film.unlink)["status"].tolist() == ["ok"]
    assert one_video.faces() == ["a.png", "b.png"]
    assert one_video.look([])["status"].tolist() == ["unreadable"]  # it is back, and broken
    assert one_video.faces() == []


def test_a_call_killed_while_settings_are_written_stands_in_nobodys_way(tmp_path, monkeypatch):
    (tmp_path / "list.csv").write_text("file,keyword\ngone.mp4,sad\n")

    def half(path, content, *_, **__):
        with path.open("wb") as file:
            file.write((content.encode() if isinstance(content, str) else content)[:20])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Path, "write_text", half)
        patch.setattr(Path, "write_bytes", half)
        build(tmp_path / "list.csv", tmp_path / "out", detector=Unused())
    assert len(build(tmp_path / "list.csv", tmp_path / "out", detector=Unused())) == 1


def test_each_crop_is_fingerprinted_once(tmp_path, monkeypatch):
    number, original = [], duplicates.difference_hash
    monkeypatch.setattr(duplicates, "difference_hash", lambda images: number.append(len(images)) or original(images))
    crops = torch.randint(0, 256, (6, 3, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    crops[4] = crops[1]
    one = webemotion_build.Video("a.mp4", tmp_path / "a.mp4", "sad")
    clip = Track(tuple(range(6)), (0,) * 6, 0.0, 2.5)
    written = webemotion_build._written(
        one, tmp_path, [clip], [k / 2 for k in range(6)], [SimpleNamespace(crops=crop[None]) for crop in crops]
    )
    assert number == [6]
    assert [face["time"] for face in written["faces"]] == [0, 0.5, 1, 1.5, 2.5]
    assert written["faces"][1]["hash"] == webemotion_build._hex(original(crops[1:2])[0])


def test_only_the_faces_of_a_tile_are_opened_at_once(tmp_path, monkeypatch):
    """40 faces of which each third repeats one of ten looks, in tiles of 8."""
    monkeypatch.setattr(duplicates, "TILE", 8)
    looks = torch.nn.functional.interpolate(torch.rand(40, 3, 9, 9, generator=torch.Generator().manual_seed(5)), 64)
    pictures = (looks * 255).to(torch.uint8)
    which = [k % 10 if k % 3 == 0 else k for k in range(40)]
    names, opened = [f"{k}.png" for k in range(40)], []
    for name, k in zip(names, which, strict=True):
        Image.fromarray(pictures[k].permute(1, 2, 0).numpy()).save(tmp_path / name)
    original = webemotion_build.decode_all
    monkeypatch.setattr(
        webemotion_build, "decode_all", lambda files, size: opened.append(len(files)) or original(files, size)
    )
    hashes = [webemotion_build._hex(bits) for bits in duplicates.difference_hash(pictures[which])]
    first = webemotion_build._copies(tmp_path, names, hashes)
    assert first == [which.index(k) if which.index(k) < row else -1 for row, k in enumerate(which)]
    assert sum(row >= 0 for row in first) > 5 and 0 < max(opened) <= 16


def test_a_video_under_two_keywords_counts_once(source, target, copy, tmp_path):
    listing = tmp_path / "list.csv"
    shutil.copy(source / COUPLE, tmp_path / "first.mkv")
    listing.write_text("file,keyword,from\nfirst.mkv,angry,x\nfirst.mkv,SAD,y\n", encoding="utf-8-sig")
    out = tmp_path / "out"
    rows = build(listing, out, SMALL, detector=detector())
    assert rows["status"].tolist() == ["ok", "ok"] and rows["class"].tolist() == ["anger", "sadness"]
    faces = read_table(out, "faces.csv")
    copies = faces[faces["copy_of"] != ""]
    assert set(copies["class"]) == {"sadness"} and 2 * len(copies) == len(faces)
    assert copies["copy_of"].tolist() == faces["face"][: len(copies)].tolist()
    table = statistics(out).set_index("class")
    assert table.loc["sadness"].tolist() == [0, 0, 0] and table.loc["all", "videos"] == 1


def test_a_broken_video_gives_what_is_whole(films, tmp_path):
    whole = tmp_path / "whole.mkv"
    write_video(whole, films[GREETING].frames, RATE)
    folder = tmp_path / "in" / "funny"
    folder.mkdir(parents=True)
    (folder / "cut.mkv").write_bytes(whole.read_bytes()[: int(0.7 * whole.stat().st_size)])
    (row,) = build(tmp_path / "in", tmp_path / "out", SMALL, detector=detector()).to_dict("records")
    assert row["status"] == "ok" and "breaks off after" in row["reason"]
    assert read_table(tmp_path / "out", "clips.csv")["end"].tolist() == [5.5]


def test_a_long_video_is_no_video_of_the_plan(tmp_path, monkeypatch):
    """No face is looked for in it, unless the file does not say how long it is."""
    monkeypatch.setattr(webemotion_build, "LONGEST_SECONDS", 6)
    (tmp_path / "in" / "calm").mkdir(parents=True)
    write_video(tmp_path / "in" / "calm" / "long.mp4", torch.zeros(32, 3, 64, 64, dtype=torch.uint8), 2)
    (row,) = build(tmp_path / "in", tmp_path / "honest", SMALL, detector=Unused()).to_dict("records")
    assert (row["status"], row["frames"]) == ("too long", 0) and "lasts 16 s by its own words" in row["reason"]
    monkeypatch.setattr("scnlib.datasets.video._promised_seconds", lambda *_: None)
    (row,) = build(tmp_path / "in", tmp_path / "silent", SMALL, detector=detector()).to_dict("records")
    assert (row["status"], row["reason"]) == ("too long", "lasts more than 6 s")


def test_unknown_keywords_are_refused_with_file_and_row(source, tmp_path):
    listing = tmp_path / "list.csv"
    listing.write_text("file,keyword\na.mp4,happy\nb.mp4,hapy\n")
    with pytest.raises(ValueError, match=r"list.csv, row 3 \(b.mp4\): keyword 'hapy' is none of the 40.*'happy'"):
        build(listing, tmp_path / "out")
    (tmp_path / "in" / "glad").mkdir(parents=True)
    (tmp_path / "in" / "glad" / "a.mp4").touch()
    with pytest.raises(ValueError, match="glad/a.mp4: keyword 'glad' is none of the 40"):
        build(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damaged_lists(tmp_path):
    def refused(text, match, error=ValueError):
        listing = tmp_path / "list.csv"
        listing.write_bytes(text)
        with pytest.raises(error, match=match):
            build(listing, tmp_path / "out")

    refused(b"video,word\na.mp4,happy\n", "needs the columns file and keyword, it has video, word")
    refused(b"file,keyword\na.mp4,sad\n,sad\n", "row 3: no file is named")
    refused(b"file,keyword\na.mp4,sad\nb.mp4,sad\na.mp4, Sad\n", "row 4: a.mp4 stands under 'sad' in row 2 already")
    refused(b"file,keyword\na.mp4\n", r"row 2 \(a.mp4\): keyword '' is none")
    refused(b"file,keyword\n\xff\xfe,sad\n", "is no CSV in UTF-8")
    refused(b"file,keyword\n", "names no video", FileNotFoundError)
    with pytest.raises(FileNotFoundError, match="neither a folder with a folder for each keyword nor a list"):
        build(tmp_path / "nowhere", tmp_path / "out")


def test_a_listed_video_that_is_gone_has_its_row_and_the_rest_goes_on(tmp_path):
    (tmp_path / "list.csv").write_text("file,keyword\ngone.mp4,sad\n")
    (row,) = build(tmp_path / "list.csv", tmp_path / "out", detector=Unused()).to_dict("records")
    assert (row["status"], row["reason"]) == ("unreadable", "is not there")
    assert statistics(tmp_path / "out").set_index("class").loc["all"].tolist() == [0, 0, 0]


def test_originals_and_other_peoples_files_are_safe(source, target, tmp_path):
    for out in (source, source / "sad" / "out", source.parent):
        with pytest.raises(ValueError, match="lie in each other"):
            build(source, out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(ScnError, match=r"not from `scn webemotion build` \(thesis.txt\)"):
        build(source, tmp_path / "mine")
    with pytest.raises(ValueError, match="was made with size=48, now it is 64"):
        build(source, target, Settings(size=64))
    (tmp_path / "stray.mp4").touch()
    with pytest.raises(ValueError, match=r"stray.mp4 lies in no folder of a keyword"):
        build(tmp_path, tmp_path.parent / "elsewhere")


def test_settings_that_make_no_sense():
    with pytest.raises(ValueError, match="every must be in 0.04..2, got 0"):
        Settings(every=0)
    with pytest.raises(ValueError, match="patience=0.2 must be at least every=0.5"):
        Settings(patience=0.2)


def test_the_loader_sets_whole_videos_aside(tmp_path):
    rows = []
    for video in range(20):
        name = CLASSES[video % 2]
        for frame in range(5):
            face = f"faces/{name}/{video:012x}-00-{frame:04d}.jpg"
            (tmp_path / face).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (16, 16), (10 * video, 40 * frame, 0)).save(tmp_path / face)
            rows.append((face, f"{video:012x}-00", name, frame / 2, rows[-1][0] if frame == 4 else ""))
    pd.DataFrame(rows, columns=["face", "clip", "class", "time", "copy_of"]).to_csv(tmp_path / "faces.csv", index=False)
    train, test, every = (
        load_dataset("webemotion", tmp_path, split, size=16, allow_missing=True, test_fraction=share)
        for split, share in (("train", 0.2), ("test", 0.2), ("train", 0.0))
    )
    films = [{face.split("/")[2][:12] for face in part.ids} for part in (train, test)]
    assert len(films[1]) == 4 and not films[0] & films[1] and len(films[0] | films[1]) == 20
    assert test.class_counts() == {name: 8 if name in CLASSES[:2] else 0 for name in CLASSES}  # copies are left out
    assert len(every) == 80 and sorted(train.ids + test.ids) == sorted(every.ids)
    assert every.class_names == CLASSES
    with pytest.raises(ValueError, match="no image of the class 'surprise' in this split"):
        load_dataset("webemotion", tmp_path)
    with pytest.raises(ValueError, match="split='val' is unknown"):
        load_dataset("webemotion", tmp_path, "val")
    with pytest.raises(FileNotFoundError, match="`scn webemotion build IN .*` writes it"):
        load_dataset("webemotion", tmp_path / "nowhere")
    with pytest.raises(ValueError, match="webemotion needs a root"):
        load_dataset("webemotion")


def test_the_command_line(source, copy, capsys, tmp_path):
    report = check("webemotion", copy)
    assert "6 videos: 2 ok, 1 no face, 1 too short, 0 too long, 2 unreadable" in report.text()
    assert "sad/empty.mp4 could not be read when it was looked at: it is empty (0 bytes)" in report.problems
    assert "train: no row of the class fear" in report.problems and "never released" in report.text()
    (first, *_) = sorted((copy / "faces" / "disgust").iterdir())
    first.unlink()
    assert cli.main(["data", "check", "webemotion", "--root", str(copy)]) == 1
    assert f"{first.name} is named in faces.csv, row" in capsys.readouterr().out
    assert cli.main(["webemotion", "build", str(source), str(source)]) == 2
    assert "lie in each other" in capsys.readouterr().err
    assert cli.main(["data", "check", "webemotion", "--root", str(tmp_path)]) == 1
