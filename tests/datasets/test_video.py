"""Frames out of files whose frames are known."""

import struct

import pytest
import torch

from scnlib.datasets import video
from scnlib.datasets.video import BrokenVideo, LongVideo, sample_frames, write_video


def stripes(count, height=64, width=96):
    """Frame t is grey with level 20 + 5 t, and its left third is white."""
    frames = (20 + 5 * torch.arange(count)).view(-1, 1, 1, 1).expand(-1, 3, height, width).clone()
    frames[..., : width // 3] = 235
    return frames.to(torch.uint8)


def level(image):
    return image[:, :, image.shape[2] // 2 :].float().mean().item()


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "Ünïcode 笑顔: 100 %.mp4"
    write_video(path, stripes(40), 10)
    return path


def test_one_frame_each_half_second_and_the_right_one(film):
    frames = list(sample_frames(film, every=0.5))
    assert [round(frame.time, 3) for frame in frames] == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]
    for number, frame in enumerate(frames):
        assert frame.image.shape == (3, 64, 96) and frame.image.dtype == torch.uint8
        assert level(frame.image) == pytest.approx(20 + 25 * number, abs=3)
        assert frame.image[:, :, :28].float().mean() > 225


def test_between_the_frames_of_a_slow_film_the_next_one_counts(film):
    assert [round(frame.time, 2) for frame in sample_frames(film, every=0.25)][:5] == [0, 0.3, 0.5, 0.8, 1.0]
    assert len(list(sample_frames(film, every=0.01))) == 40  # no more than there are


def test_large_frames_become_smaller_in_shape(film):
    (frame, *_) = sample_frames(film, height=32)
    assert frame.image.shape == (3, 32, 48)


def test_what_cannot_be_read_says_why(tmp_path, film):
    def reason(name, content=None):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BrokenVideo) as error:
            list(sample_frames(path))
        return str(error.value)

    assert reason("gone.mp4") == "is not there"
    assert reason("empty.mp4", b"") == "is empty (0 bytes)"
    assert "no known video format" in reason("text.mp4", b"this is a text and no film\n" * 50)
    assert "no known video format" in reason("index at the end, cut.mp4", film.read_bytes()[:2000])
    # A list of addresses under a film's name must not be followed.
    assert reason(
        "list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"
    )
    assert reason("list.mp4", b"ffconcat version 1.0\nfile 'http://127.0.0.1:9/a.ts'\n")


def test_what_breaks_off_is_used_up_to_there(tmp_path):
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    write_video(whole, stripes(80) + torch.randint(0, 20, (80, 3, 64, 96), dtype=torch.uint8), 10)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    times = []
    with pytest.raises(BrokenVideo, match="breaks off after"):
        for frame in sample_frames(cut):
            times.append(frame.time)
    assert 2 < times[-1] < 6


def test_a_long_one_is_refused_before_its_first_frame_or_where_it_lied(film, monkeypatch):
    with pytest.raises(LongVideo, match="lasts 4 s by its own words, more than 2"):
        next(sample_frames(film, longest=2))
    assert len(list(sample_frames(film, longest=3.5))) == 8  # promised are 4 s: the frames decide
    for promised in (None, 1.0, 2.9):
        monkeypatch.setattr(video, "_promised_seconds", lambda *_, promised=promised: promised)
        times = []
        with pytest.raises(LongVideo, match="lasts more than 2 s"):
            for frame in sample_frames(film, longest=2):
                times.append(frame.time)
        assert times == pytest.approx([0, 0.5, 1, 1.5, 2])


def test_sound_alone(tmp_path):
    import wave

    with wave.open(str(tmp_path / "sound.mp4"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    with pytest.raises(BrokenVideo, match="holds no pictures"):
        list(sample_frames(tmp_path / "sound.mp4"))


def test_a_camera_held_upright_is_turned_as_players_turn_it(tmp_path, film):
    content = bytearray(film.read_bytes())
    start = content.index(b"tkhd") + 44  # the matrix of the track's header, ISO 14496-12, version 0
    quarter = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # clockwise: what was left is above
    content[start : start + 36] = struct.pack(">9i", *quarter)
    (tmp_path / "turned.mp4").write_bytes(content)
    (frame, *_) = sample_frames(tmp_path / "turned.mp4")
    assert frame.image.shape == (3, 96, 64)
    assert frame.image[:, :28].float().mean() > 225 and frame.image[:, 40:].float().mean() < 40
    (small, *_) = sample_frames(tmp_path / "turned.mp4", height=48)
    assert small.image.shape == (3, 48, 32)
