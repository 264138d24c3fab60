"""Every bar of the time axis lies where it was said."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from scnlib import plots


def test_bars_are_stays_and_tracks():
    frames = np.zeros((3, 3, 12, 16), dtype=np.uint8)
    there = {"one": [(0, 6), (8, 15)], "guest": [(9, 12)]}
    figure = plots.clip_timeline(frames, [1, 7, 14], there, [(0.5, 5.5, True), (9, 11, False)], 15, title="t", note="n")
    line = figure.axes[-1]
    bars = [p for p in line.patches if isinstance(p, Rectangle)]
    drawn = [(round(p.get_y() + p.get_height() / 2), p.get_x(), p.get_x() + p.get_width()) for p in bars]
    assert drawn == [(0, 0, 6), (0, 8, 15), (1, 9, 12), (2, 0.5, 5.5), (3, 9, 11)]
    assert [text.get_text() for text in line.texts] == ["5 s: a clip", "2 s: too short"]
    assert [tick.get_text() for tick in line.get_yticklabels()] == [
        "one is there", "guest is there", "track 1", "track 2"
    ]  # fmt: skip
    assert len(figure.axes) == 4 and [place.get_xlabel() for place in figure.axes[:3]] == ["1 s", "7 s", "14 s"]


def test_a_frame_without_colour_channels_is_refused():
    with pytest.raises(ValueError, match="images must be"):
        plots.clip_timeline(np.zeros((2, 12, 16)), [0, 1], {}, [], 2)
