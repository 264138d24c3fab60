"""Ridges and bins of alpha: what is drawn is the distribution that was given."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy.stats import spearmanr

from scnlib import plots
from scnlib.plots.style import RIGHT, WRONG
from tests.plots.reading import texts


def ridges(figure, colour):
    """The outlines of one colour, from the first epoch down, each from its own base line."""
    lines = [line for line in figure.axes[0].lines if to_hex(line.get_color()) == colour.lower()]
    lines = [line for line in lines if len(line.get_xdata()) > 2]
    return [(line.get_xdata(), line.get_ydata() - round(line.get_ydata().min())) for line in lines]


def medians(figure, colour):
    lines = [line for line in figure.axes[0].lines if to_hex(line.get_color()) == colour.lower()]
    return [line.get_xdata()[0] for line in lines if len(line.get_xdata()) == 2 and np.ptp(line.get_ydata())]


@pytest.fixture
def alpha():
    return np.random.default_rng(0).beta([[2], [5]], [[5], [2]], (2, 4000))


def test_a_ridge_has_the_shape_of_its_density(alpha):
    figure = plots.alpha_ridge([1, 2], alpha)
    for (x, height), values in zip(ridges(figure, RIGHT), alpha, strict=True):
        middles, share = (x[1:] + x[:-1]) / 2, np.diff(x) * (height[1:] + height[:-1]) / 2
        share /= share.sum()
        assert (middles * share).sum() == pytest.approx(values.mean(), abs=0.002)
        for edge in (0.2, 0.5, 0.8):
            assert share[middles < edge].sum() == pytest.approx((values < edge).mean(), abs=0.01)


def test_the_marks_are_the_medians(alpha):
    wrong = np.arange(4000) < 1000
    figure = plots.alpha_ridge([1, 2], alpha, wrong)
    assert medians(figure, RIGHT) == pytest.approx(np.median(alpha[:, ~wrong], axis=1))
    assert medians(figure, WRONG) == pytest.approx(np.median(alpha[:, wrong], axis=1))
    assert "right labels (n = 3,000)" in texts(figure) and "wrong labels (n = 1,000)" in texts(figure)


def test_one_epochs_kinds_share_a_scale():
    alpha = np.concatenate([np.full(500, 0.5), np.linspace(0, 1, 500)])[None]
    figure = plots.alpha_ridge([1], alpha, np.arange(1000) >= 500)
    (_, narrow), (_, wide) = ridges(figure, RIGHT)[0], ridges(figure, WRONG)[0]
    # All in one point against all over the range: the kernel's height over 1.
    assert narrow.max() / np.median(wide) == pytest.approx(1 / (0.015 * np.sqrt(2 * np.pi)), rel=0.05)


def test_a_saturated_alpha_leaves_nothing_outside_the_range():
    ((x, height),) = ridges(plots.alpha_ridge([1], np.ones((1, 100))), RIGHT)
    assert x[0] == 0 and x[-1] == 1 and height.argmax() == len(x) - 1


def test_long_trainings_are_thinned_from_the_first_to_the_last_epoch():
    figure = plots.alpha_ridge(range(1, 41), np.full((40, 5), 0.5))
    shown = [int(label.get_text()) for label in figure.axes[0].get_yticklabels()]
    assert len(shown) == 12 and shown[0] == 40 and shown[-1] == 1


def test_rows_must_be_epochs():
    with pytest.raises(ValueError, match="alpha has 2 rows for 3 epochs"):
        plots.alpha_ridge([1, 2, 3], np.zeros((2, 5)))


def drawn(figure):
    """Places, medians, lower and upper ends of the whiskers."""
    line, _, (whiskers,) = figure.axes[0].containers[0]
    ends = np.array([segment[:, 1] for segment in whiskers.get_segments()])
    return line.get_xdata(), line.get_ydata(), *ends.T


def test_bins_hold_tenths_and_show_their_quantiles():
    generator = np.random.default_rng(1)
    quantity = generator.normal(size=1000)
    alpha = 1 / (1 + np.exp(-quantity - generator.normal(size=1000)))
    figure = plots.by_bins(quantity, alpha, quantity_name="blur")
    tenths = np.array_split(np.argsort(quantity), 10)
    x, middle, low, high = drawn(figure)
    assert x == pytest.approx([np.median(quantity[part]) for part in tenths])
    for got, share in ((middle, 0.5), (low, 0.1), (high, 0.9)):
        assert got == pytest.approx([np.quantile(alpha[part], share) for part in tenths])
    assert f"{spearmanr(quantity, alpha).statistic:+.2f}" in texts(figure)
    assert "10 bins of 100 samples" in texts(figure)


def test_few_values_are_categories():
    figure = plots.by_bins([3, 3, 7, 7, 7], [0.1, 0.2, 0.5, 0.6, 0.7], quantity_name="votes")
    assert list(drawn(figure)[1]) == pytest.approx([0.15, 0.6])
    assert "3\nn = 2" in texts(figure) and "7\nn = 3" in texts(figure)


def test_a_yes_or_no_reads_so_and_names_have_no_correlation():
    assert "no\nn = 2" in texts(plots.by_bins(np.array([True, False, False]), [0.1, 0.2, 0.3], quantity_name="covered"))
    assert "correlation" not in texts(plots.by_bins(["a", "b", "b"], [0.1, 0.2, 0.3], quantity_name="class"))


def test_samples_without_the_quantity_are_left_out():
    figure = plots.by_bins([0.0, 1.0, np.nan], [0.1, 0.2, 0.9], quantity_name="blur")
    assert "n = 2" in texts(figure) and max(drawn(figure)[3]) < 0.5
    with pytest.raises(ValueError, match="no sample has blur"):
        plots.by_bins([np.nan], [0.1], quantity_name="blur")
    with pytest.raises(ValueError, match=r"quantity has shape \(2,\), alpha \(3,\)"):
        plots.by_bins([0, 1], [0.1, 0.2, 0.3], quantity_name="blur")


def test_a_constant_has_no_correlation():
    assert "correlation +nan" in texts(plots.by_bins([1, 1], [0.1, 0.2], quantity_name="blur"))


def test_epochs_share_a_scale():
    alpha = np.array([[0.1, 0.1, 0.1, 0.9], [0.1, 0.4, 0.6, 0.9]])
    wrong = np.array([False, False, False, True])
    first, second = (plots.alpha_in_epoch(alpha, wrong, epoch) for epoch in (1, 2))
    assert first.axes[0].get_ylim() == second.axes[0].get_ylim() == (0, pytest.approx(1.05))
    assert "epoch 2" in texts(second) and "AUROC 0.00" in texts(second), "the one wrong label has the highest alpha"
    assert "no wrong labels" in texts(plots.alpha_in_epoch(alpha, wrong & False, 1))
