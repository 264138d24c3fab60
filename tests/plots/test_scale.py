"""Timelines and shares drawn: every bar where its numbers say, every sample in one of four kinds."""

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from scnlib import plots
from tests.plots.reading import all_inside, texts


def plan(*rows):
    return pd.DataFrame(rows, columns=["lane", "step", "begin", "end"])


def test_bars_lie_where_the_plan_says():
    plans = {
        "free": plan(("host", 1, 0, 1), ("device", 1, 1, 3)),
        "waiting": plan(("host", 1, 0, 1), ("device", 1, 1, 3), ("host", 2, 3, 4)),
    }
    figure = plots.host_and_device(plans, title="t", note="n", unit="ms")
    assert len(figure.axes) == 2
    for axes, drawn in zip(figure.axes, plans.values(), strict=True):
        bars = [bar for container in axes.containers for bar in container if isinstance(bar, Rectangle)]
        found = [
            (round(bar.get_y() + bar.get_height() / 2), bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars
        ]
        assert found == [(["host", "device"].index(r.lane), r.begin, r.end) for r in drawn.itertuples()]
    words = texts(figure)
    assert "time, ms" in words and " | 3 | " in f" | {words} | " and "waiting" in words
    assert all_inside(figure)


def test_every_sample_is_of_one_kind_and_in_its_share():
    alpha = np.array([0.9, 0.2, 0.8, 0.3, 0.7, 0.1])
    own = np.array([False, True, True, False, False, True])
    whole = np.array([False, True, False, True, False, True])
    figure = plots.ranks_in_shares(alpha, own, whole, 3, title="t", note="n")
    (axes,) = figure.axes
    kinds = {dots.get_label(): dots.get_offsets().tolist() for dots in axes.collections}
    assert kinds == {
        "low both ways: 2": [[0.2, 1], [0.1, 3]],
        "high both ways: 2": [[0.9, 1], [0.7, 3]],
        "low in its share only: 1": [[0.8, 2]],
        "low in the batch only: 1": [[0.3, 2]],
    }
    (border,) = (line.get_xdata()[0] for line in axes.lines)
    assert border == np.mean([0.3, 0.7]), "between the highest of the low and the lowest of the high"
    assert all_inside(figure)


def test_ways_stand_beside_one_thread_and_its_multiple():
    ways = pd.DataFrame(
        {
            "method": ["1 thread", "2 threads", "2 runs side by side"],
            "value": [100.0, 150.0, 210.0],
            "low": [90.0, 140.0, 200.0],
            "high": [110.0, 160.0, 230.0],
            "ratio": [np.nan, 1.48, 2.1],
        }
    )
    figure = plots.ways_beside_one(ways, 2, title="t", note="n", label="images/s")
    (axes,) = figure.axes
    bars = [bar for container in axes.containers for bar in container]
    assert [bar.get_width() for bar in bars] == [100, 150, 210]
    assert len({bar.get_hatch() for bar in bars}) == 2
    marks, whiskers = axes.lines[:2], axes.lines[2:]
    assert [line.get_xdata()[0] for line in marks] == [100, 200]
    assert [line.get_xdata().tolist() for line in whiskers] == [[90, 110], [140, 160], [200, 230]]
    words = texts(figure)
    assert "150  (× 1.48)" in words and "210  (× 2.10)" in words and "one thread" in words and "nan" not in words
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(ways["method"])
    assert axes.get_xlim()[1] > 230 and all_inside(figure)
