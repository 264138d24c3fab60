"""Figures of the rank regularisation: groups, gaps and margins are those that were given."""

import numpy as np
import pytest

from scnlib import plots
from tests.plots.reading import texts

ALPHA = np.array([0.1, 0.9, 0.4, 0.8, 0.7, 0.2, 0.6, 0.5, 0.3, 1.0])


def test_groups_have_their_means_and_the_loss_says_whether_it_pushes():
    figure = plots.rank_groups({"wide": ALPHA, "narrow": 0.5 + ALPHA / 100}, beta=0.7, margin=0.15)
    wide, narrow = figure.axes
    assert "gap 0.500, above 0.15: the loss is silent" in texts(figure)
    assert "gap 0.005, below 0.15: the loss pushes" in texts(figure)
    assert "high group: 7, mean 0.700" in texts(figure) and "low group: 3, mean 0.200" in texts(figure)
    arrows = [len([text for text in axes.texts if getattr(text, "arrow_patch", None)]) for axes in (wide, narrow)]
    assert arrows == [0, 2]
    assert wide.lines[0].get_ydata().tolist() == sorted(ALPHA, reverse=True)[:7]


def test_the_rank_loss_is_what_the_gap_lacks_of_the_margin():
    narrow = 0.5 + ALPHA / 100  # a gap of 0.005
    for margin, loss in ((0.2, 0.195), (0.004, 0.0)):
        figure = plots.rank_loss(narrow, beta=0.7, margin=margin, title="a batch")
        star = next(line for line in figure.axes[1].lines if line.get_marker() == "*")
        assert star.get_xydata()[0] == pytest.approx([margin, loss], abs=1e-6)
        assert f"loss {loss:.3f}" in texts(figure) and "a batch\ngap 0.005" in texts(figure)
    near_one = plots.rank_loss([0.99] * 7 + [0.5] * 3, margin=0.5).axes[0]
    heads = [text.xy[1] for text in near_one.texts if getattr(text, "arrow_patch", None)]
    assert all(near_one.get_ylim()[0] <= head <= near_one.get_ylim()[1] for head in heads) and len(heads) == 2
    assert "high group: 5, mean" in texts(plots.rank_loss(narrow, beta=0.5, margin=0.1))


def test_paths_are_drawn_over_the_gaps():
    figure = plots.margin_paths({"printed": ([0, 1, 2], [0.15, 0.1, 0.1])}, gaps=([1, 2], [0.12, 0.2]))
    gaps, path = figure.axes[0].lines[:2]
    assert gaps.get_ydata().tolist() == [0.12, 0.2] and path.get_ydata().tolist() == [0.15, 0.1, 0.1]
    assert "printed" in texts(figure) and "gap of each batch" in texts(figure)


def test_a_star_marks_the_least_loss():
    margins = np.linspace(0, 1, 11)
    figure = plots.margin_loss(margins, {"r = .5": (margins - 0.5) ** 2}, [0.4, 0.6], marks={"r = .5": 0.5})
    star = next(line for line in figure.axes[0].lines if line.get_marker() == "*")
    assert star.get_xydata().tolist() == [[0.5, 0.0]]


def test_gaps_are_means_with_the_middle_of_the_batches():
    values = np.linspace(0.1, 0.3, 101)
    figure = plots.gaps_by_batch_size({"epoch 1": {16: values, 64: values + 0.1}}, margins=(0.15,))
    (bars,) = figure.axes[0].containers
    line, _, (whiskers,) = bars.lines
    assert line.get_ydata() == pytest.approx([0.2, 0.3])
    assert whiskers.get_segments()[0][:, 1] == pytest.approx([0.11, 0.29])
    assert "δ₁ = 0.15" in texts(figure) and "1,024" not in texts(figure)
