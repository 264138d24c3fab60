"""Frames out of video files, a few a second, upright and in RGB. Decoding is PyAV's, that is FFmpeg's."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scnlib.errors import ScnError

SUFFIXES = (".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v", ".mpg", ".mpeg", ".flv", ".wmv", ".3gp", ".ts", ".ogv")

#: Of a frame, ours: 8K has 33 million. FFmpeg refuses larger ones before it unpacks them.
MOST_PIXELS = 40_000_000
_LIMIT = {"max_pixels": str(MOST_PIXELS)}


@dataclass(frozen=True)
class Frame:
    """One frame: ``time`` in seconds after the first one, ``image`` uint8 ``(3, H, W)``."""

    time: float
    image: Tensor


class BrokenVideo(ValueError):
    """A file that cannot be read, or not to its end; the message says why, without the file's name."""


class LongVideo(ValueError):
    """A file that lasts longer than asked for; the message says how long, without the file's name."""


def sample_frames(path: Path, every: float = 0.5, height: int = 480, longest: float = math.inf) -> Iterator[Frame]:
    """One frame every ``every`` seconds, from the first on.

    Each is the first one at or after its time. A frame that is higher than ``height`` is made smaller; shape and
    rotation are kept and applied, as a player does.

    Args:
        path: a file of any format that FFmpeg reads; of its streams the first video.
        every: seconds, > 0.
        height: largest number of rows.
        longest: seconds.

    Raises:
        LongVideo: before the first frame where the file says that it is longer than ``longest`` by more than a second
            and a tenth; else in place of the first frame after ``longest``.
        BrokenVideo: at once where nothing can be read; after the last good frame where the file ends too early.
        ScnError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise ScnError(f"videos are read with PyAV, which cannot be imported ({error}): pip install av") from None
    if not path.is_file():
        raise BrokenVideo("is not there")
    if path.stat().st_size == 0:
        raise BrokenVideo("is empty (0 bytes)")
    try:
        # A list of addresses may hide behind any name: nothing but files is opened, whatever stands in it.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"} | _LIMIT)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise BrokenVideo(f"no known video format ({_reason(error)})") from None
    with container:
        if not container.streams.video:
            raise BrokenVideo("holds no pictures")
        coded = container.streams.video[0].codec_context
        if coded.width * coded.height > MOST_PIXELS:
            raise BrokenVideo(f"has frames of {coded.width} x {coded.height} px, which is too much")
        yield from _sampled(container, every, height, longest)


def _sampled(container, every: float, height: int, longest: float) -> Iterator[Frame]:
    from av.error import FFmpegError

    stream = container.streams.video[0]
    stream.codec_context.options = _LIMIT
    stream.thread_type = "AUTO"
    promised = _promised_seconds(container, stream)
    if promised is not None and promised > longest + _leeway(longest):
        raise LongVideo(f"lasts {promised:.0f} s by its own words, more than {longest:g}")
    first, last, wanted = None, 0.0, 0
    frames = container.decode(stream)
    while True:
        try:
            frame = next(frames)
            if frame.time is None:
                continue
            first = frame.time if first is None else first
            last = frame.time - first
            if last < wanted * every - 1e-6:
                continue
            image = _upright(frame, height)
        except StopIteration:
            break
        except (FFmpegError, ValueError) as error:
            words = f"breaks off after {last:.1f} s" if first is not None else "holds no frame that can be decoded"
            raise BrokenVideo(f"{words} ({_reason(error)})") from None
        if last > longest:  # of what the file says nothing, or less than is true
            raise LongVideo(f"lasts more than {longest:g} s")
        yield Frame(last, image)
        wanted = int((last + 1e-6) / every) + 1
    if first is None:
        raise BrokenVideo("holds no frame that can be decoded")
    if promised is not None and last < promised - _leeway(promised):
        raise BrokenVideo(f"breaks off after {last:.1f} s of {promised:.1f}")


def _promised_seconds(container, stream) -> float | None:
    """How long the file says that it is."""
    import av

    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


def _leeway(seconds: float) -> float:
    """By how many seconds a promise may be off: sound may last longer than the pictures, and some formats guess."""
    return max(1.0, 0.1 * seconds)


def _upright(frame, height: int) -> Tensor:
    """uint8 ``(3, H, W)``, no larger than asked for, turned as the camera was held."""
    turns = round(getattr(frame, "rotation", 0) / 90) % 4
    rows, columns = frame.height, frame.width
    shown = columns if turns % 2 else rows
    scale = min(1.0, height / shown)
    size = {"width": max(2, round(columns * scale)), "height": max(2, round(rows * scale))}
    picture = frame.reformat(**size, format="rgb24").to_ndarray()
    return torch.from_numpy(np.ascontiguousarray(np.rot90(picture, turns).transpose(2, 0, 1)))


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def write_video(path: Path, frames: Tensor, rate: float, codec: str = "mpeg4") -> None:
    """Frames as a video file, for what is rendered here.

    Args:
        path: its ending decides on the container.
        frames: uint8 ``(T, 3, H, W)``, H and W even.
        rate: frames a second, a whole number of them in 1000 seconds.
        codec: an encoder of FFmpeg.
    """
    from fractions import Fraction

    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(round(rate * 1000), 1000))
        stream.height, stream.width = frames.shape[2:]
        stream.pix_fmt, stream.bit_rate = "yuv420p", 4_000_000
        for frame in frames.permute(0, 2, 3, 1).contiguous().numpy():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
