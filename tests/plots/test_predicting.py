"""Maps lie over the face on one scale; groups stand with their intervals."""

import numpy as np
import pandas as pd
import torch

from scnlib import plots
from tests.plots.reading import all_inside, texts


def test_activation_maps_share_one_scale():
    maps = torch.tensor([[[1.0, -4.0], [0, 2]], [[0.5, 0.5], [0.5, 0.5]]])
    figure = plots.activation_maps(
        torch.zeros(3, 8, 8, dtype=torch.uint8), maps, ["a: -0.2", "b: +0.5"], title="t", note="n"
    )
    face, first, second = figure.axes[:3]
    assert len(face.images) == 1
    for axes, one in ((first, maps[0]), (second, maps[1])):
        shades = axes.images[-1]
        np.testing.assert_array_equal(shades.get_array(), one)
        assert shades.get_clim() == (-4, 4)
    assert "a: -0.2" in texts(figure) and all_inside(figure)


def test_group_accuracy_marks_means_intervals_and_everyone():
    rows = pd.DataFrame(
        [("class", "a", 30, 90.0, 80.0, 95.0), ("class", "b", 10, 50.0, 30.0, 70.0),
         ("age", "old", 40, 80.0, 70.0, 88.0), ("age", "nobody", 0, np.nan, np.nan, np.nan)],
        columns=["factor", "group", "n", "accuracy", "low", "high"],
    )  # fmt: skip
    figure = plots.group_accuracy(rows, title="t", note="n")
    (axes,) = figure.axes
    segments = [segment for bars in axes.collections for segment in bars.get_segments()]
    assert [tuple(sorted(segment[:, 0])) for segment in segments] == [(80, 95), (30, 70), (70, 88)]
    everyone = next(line for line in axes.lines if line.get_linestyle() == "--")
    assert everyone.get_xdata()[0] == 80  # (30 * 90 + 10 * 50) / 40
    words = texts(figure)
    assert "b  (n = 10)" in words and "nobody" not in words and all_inside(figure)
