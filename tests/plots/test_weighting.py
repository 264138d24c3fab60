"""Figures of what a loss does to alpha: what is drawn is what was given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scnlib import plots
from scnlib.plots.weighting import AGREES, DIFFERS
from tests.plots.reading import texts


def lines(axes, colour):
    return [line for line in axes.lines if to_hex(line.get_color()) == colour.lower()]


def test_slopes_are_drawn_by_agreement():
    loss, slope, agrees = [1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], [True, False, False]
    figure = plots.slope_against_loss({"loss": (loss, loss, agrees), "logits": (loss, slope, agrees)})
    (right,), (wrong,) = lines(figure.axes[1], AGREES), lines(figure.axes[1], DIFFERS)
    assert right.get_xydata().tolist() == [[1, -1]]
    assert wrong.get_xydata().tolist() == [[2, 0.5], [3, 2]]
    assert "descent lowers α" in texts(figure) and "prediction = label" in texts(figure)


def test_a_mark_lies_on_its_curve():
    alphas = np.linspace(0, 1, 11)
    figure = plots.loss_over_alpha(alphas, [2 - alphas, 2 + alphas], ["falls", "rises"], now=[0.25, 0.5], chance=2.0)
    marks = [line.get_xydata()[0] for line in figure.axes[0].lines if len(line.get_xdata()) == 1]
    assert np.array(marks) == pytest.approx(np.array([[0.25, 1.75], [0.5, 2.5]]))
    assert "falls" in texts(figure) and "a guess" in texts(figure)


def test_each_run_has_its_alpha_and_its_loss_by_step():
    table = pd.DataFrame({"step": [1, 2, 3], "alpha_mean": [0.5, 0.3, 0.1], "alpha_min": 0.0, "alpha_max": 0.6})
    table["plain_loss"] = [2.0, 3.0, 2.5]
    figure = plots.alpha_by_step({"fast": table, "slow": table.assign(alpha_mean=0.5)}, chance=2.08)
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[0.5, 0.3, 0.1], [0.5, 0.5, 0.5]]
    assert right.lines[0].get_ydata().tolist() == [2.0, 3.0, 2.5]
    assert "fast" in texts(figure) and "slow" in texts(figure)


def test_losses_by_alpha_carry_their_correlation():
    alpha = np.linspace(0.1, 0.9, 200)
    agrees = np.arange(200) % 2 == 0
    figure = plots.loss_by_alpha(alpha, np.where(agrees, 1 - alpha, alpha), agrees, bins=4)
    (right,), (wrong,) = lines(figure.axes[0], AGREES), lines(figure.axes[0], DIFFERS)
    assert (np.diff(right.get_ydata()) < 0).all() and (np.diff(wrong.get_ydata()) > 0).all()
    assert "prediction = label: ρ = -1.00 (n = 100)" in texts(figure)
    assert "prediction ≠ label: ρ = +1.00 (n = 100)" in texts(figure)


def test_too_few_samples_draw_no_bins():
    figure = plots.loss_by_alpha([0.1, 0.2, 0.3], [1, 2, 3], [True, True, False])
    assert not figure.axes[0].lines


def test_the_histogram_of_losses_keeps_what_lies_beyond_it():
    loss = np.r_[np.linspace(0, 1, 299), 50.0]
    figure = plots.loss_histogram(loss, loss > 0.9, 0.7)
    shares = [patch.get_data().values.sum() for patch in figure.axes[0].patches if patch.get_linewidth() == 2]
    assert shares == pytest.approx([1, 1])
    assert "v = 0" in texts(figure) and "wrong labels (n = 31)" in texts(figure)


def test_the_words_beside_the_threshold_stand_above_the_bars():
    figure = plots.loss_histogram([0.1, 0.1, 0.1, 0.9], [False, False, False, True], 0.5)
    (axes,) = figure.axes
    words = [text for text in axes.texts if text.get_text().strip().startswith("v =")]
    top = max(patch.get_data().values.max() for patch in axes.patches)
    assert len(words) == 2 and min(text.xy[1] for text in words) > top / axes.get_ylim()[1]
