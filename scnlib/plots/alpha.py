"""Figures of the importance weights, right labels against wrong ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from scnlib.evaluation import auroc
from scnlib.plots.style import (
    GREY,
    INK,
    RIGHT,
    WRONG,
    epoch_axis,
    legend_above,
    new_figure,
    rank_correlation,
    signed,
    styled,
)

BINS = np.linspace(0, 1, 21)
MOST_RIDGES = 12


def alpha_histogram(
    alpha: object, wrong: object, *, title: str = "importance α", note: str = "", bins: np.ndarray = BINS
) -> Figure:
    """How alpha is distributed over right and over wrong labels; the AUROC stands in the title.

    Args:
        alpha: ``(N,)`` in 0..1.
        wrong: bool ``(N,)``.
        bins: edges.
    """
    import torch

    alpha, wrong = np.asarray(alpha, dtype=np.float32), np.asarray(wrong, dtype=bool)
    area = float(auroc(torch.tensor(-alpha), torch.tensor(wrong)))
    right_counts, wrong_counts = (np.histogram(alpha[side], bins)[0] for side in (~wrong, wrong))
    return alpha_histogram_from_counts(bins[:-1], right_counts, wrong_counts, auroc=area, title=title, note=note)


def alpha_in_epoch(
    alpha: object, wrong: object, epoch: int, *, title: str = "importance α", note: str = "", bins: np.ndarray = BINS
) -> Figure:
    """``alpha_histogram`` of one epoch, on the scale of all, so that epochs can be compared by turning them over.

    Args:
        alpha: ``(E, N)`` in 0..1.
        wrong: bool ``(N,)``.
        epoch: 1..E.
    """
    alpha, wrong = np.asarray(alpha, dtype=np.float32), np.asarray(wrong, dtype=bool)
    sides = [side for side in (~wrong, wrong) if side.any()]
    highest = max(np.histogram(row[side], bins)[0].max() / side.sum() for row in alpha for side in sides)
    figure = alpha_histogram(alpha[epoch - 1], wrong, title=f"{title}, epoch {epoch}", note=note, bins=bins)
    figure.axes[0].set_ylim(0, 1.05 * highest)
    return figure


@styled
def alpha_histogram_from_counts(
    left_edges: Sequence[float],
    right: Sequence[int],
    wrong: Sequence[int],
    *,
    auroc: float,
    title: str = "importance α",
    note: str = "",
) -> Figure:
    """``alpha_histogram`` from counts in equal bins.

    Each side is shown as shares of itself, since there are more right labels than wrong ones.

    Args:
        left_edges: ``(B,)`` left edges of the bins in ascending order.
        right, wrong: ``(B,)`` counts of samples with right and with wrong given labels.
        auroc: probability that a wrong label has the lower alpha; NaN: there are no wrong labels.
    """
    left_edges, right, wrong = (np.asarray(values, dtype=float) for values in (left_edges, right, wrong))
    width = left_edges[1] - left_edges[0] if len(left_edges) > 1 else 0.05
    edges = np.append(left_edges, left_edges[-1] + width)
    figure, ((axes,),) = new_figure(6.8, 3.7, note=note)
    for counts, name, colour, style, hatch in (
        (right, "right labels", RIGHT, "-", ""),
        (wrong, "wrong labels", WRONG, "--", "////"),
    ):
        shares = counts / max(counts.sum(), 1)
        axes.stairs(shares, edges, fill=True, color=colour, alpha=0.18)
        if hatch:
            only_hatch = {"facecolor": "none", "edgecolor": colour, "hatch": hatch, "linewidth": 0}
            axes.stairs(shares, edges, fill=True, alpha=0.6, **only_hatch)
        label = f"{name} (n = {counts.sum():,.0f})"
        axes.stairs(shares, edges, color=colour, linestyle=style, linewidth=2, label=label)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    axes.set_ylabel("share of its kind")
    axes.set_xlabel("α")
    axes.set_xlim(edges[0], edges[-1])
    axes.grid(axis="y")
    area = "no wrong labels" if np.isnan(auroc) else f"AUROC {auroc:.2f} (0.50: α knows nothing)"
    axes.set_title(f"{title}\n{area}")
    legend_above(axes)
    return figure


@styled
def alpha_over_epochs(
    epochs: Sequence[int], alpha: object, wrong: object, *, title: str = "", note: str = ""
) -> Figure:
    """Median and the middle 80 % of alpha through training, right labels against wrong ones.

    Args:
        epochs: E numbers.
        alpha: ``(E, N)``.
        wrong: bool ``(N,)``, the given label is wrong.
    """
    alpha, wrong = np.asarray(alpha, dtype=float), np.asarray(wrong, dtype=bool)
    figure, ((axes,),) = new_figure(6.8, 3.7, note=note)
    sides = (
        (~wrong, "right labels", RIGHT, "-", "o", ""),
        (wrong, "wrong labels", WRONG, "--", "^", "////"),
    )
    for rows, name, colour, line, marker, hatch in sides:
        if rows.any():
            low, middle, high = np.quantile(alpha[:, rows], (0.1, 0.5, 0.9), axis=1)
            axes.fill_between(epochs, low, high, facecolor=colour, alpha=0.15, linewidth=0)
            if hatch:
                only_hatch = {"facecolor": "none", "edgecolor": colour, "hatch": hatch, "linewidth": 0}
                axes.fill_between(epochs, low, high, alpha=0.4, **only_hatch)
            label = f"{name}: median, middle 80 %"
            axes.plot(epochs, middle, color=colour, linestyle=line, marker=marker, label=label)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("α")
    axes.grid(axis="y", color=GREY, alpha=0.25)
    epoch_axis(axes, np.asarray(epochs))
    axes.set_title(title)
    legend_above(axes)
    return figure


@styled
def alpha_ridge(
    epochs: Sequence[int], alpha: object, wrong: object | None = None, *, title: str = "", note: str = ""
) -> Figure:
    """How alpha is distributed in each epoch: one ridge an epoch, the first at the top.

    A ridge is a density, smoothed with a kernel of width 0.015 that is reflected at 0 and 1 so that nothing leaves the
    range. Right and wrong labels of one epoch share a scale, so their heights compare; each epoch has its own, since
    one collapsed epoch would flatten all others. A tick on the base line marks the median. Of more than
    ``MOST_RIDGES`` epochs that many are shown, evenly spaced, the first and the last among them.

    Args:
        epochs: E numbers.
        alpha: ``(E, N)`` in 0..1.
        wrong: bool ``(N,)``, the given label is wrong; None: all samples are drawn as one kind.

    Raises:
        ValueError: if ``alpha`` has another number of rows than there are epochs.
    """
    epochs, alpha = np.asarray(epochs), np.asarray(alpha, dtype=float)
    if len(epochs) != len(alpha):
        raise ValueError(f"alpha has {len(alpha)} rows for {len(epochs)} epochs; it must be (epochs, samples)")
    everyone = np.ones(alpha.shape[1], dtype=bool)
    wrong = ~everyone if wrong is None else np.asarray(wrong, dtype=bool)
    sides = [
        (~wrong, "right labels" if wrong.any() else "all samples", RIGHT, "-", ""),
        (wrong, "wrong labels", WRONG, "--", "////"),
    ]
    sides = [side for side in sides if side[0].any()]
    shown = np.unique(np.linspace(0, len(epochs) - 1, min(MOST_RIDGES, len(epochs))).round().astype(int))
    figure, ((axes,),) = new_figure(6.8, 0.42 * len(shown) + 1.9, note=note)
    for place, row in enumerate(shown):
        base = len(shown) - 1 - place
        densities = [_density(alpha[row, side[0]]) for side in sides]
        highest = max(density.max() for density in densities)
        order = 2 * place  # a later ridge lies before an earlier one and hides what it covers
        hull = base + 1.15 * np.max(densities, axis=0) / highest
        axes.fill_between(GRID, base, hull, facecolor="white", linewidth=0, zorder=order)
        for (rows, name, colour, line, hatch), density in zip(sides, densities, strict=True):
            top = base + 1.15 * density / highest
            axes.fill_between(GRID, base, top, facecolor=colour, alpha=0.22, linewidth=0, zorder=order)
            if hatch:
                only_hatch = {"facecolor": "none", "edgecolor": colour, "hatch": hatch, "linewidth": 0}
                axes.fill_between(GRID, base, top, alpha=0.5, zorder=order, **only_hatch)
            label = f"{name} (n = {rows.sum():,})" if place == 0 else None
            axes.plot(GRID, top, color=colour, linestyle=line, linewidth=1.5, label=label, zorder=order + 1)
            axes.plot([np.median(alpha[row, rows])] * 2, [base, base + 0.3], color=colour, linestyle=line,
                      linewidth=2.4, zorder=order + 1)  # fmt: skip
        axes.axhline(base, color=GREY, linewidth=0.6, zorder=2 * place)
    axes.set_yticks(range(len(shown)), epochs[shown[::-1]])
    axes.set(xlim=(0, 1), ylim=(-0.1, len(shown) + 0.45), xlabel="α   (upright mark: median)", ylabel="epoch")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_title(title)
    legend_above(axes)
    return figure


GRID = np.linspace(0, 1, 401)


def _density(values: np.ndarray, width: float = 0.015) -> np.ndarray:
    """The density of values in 0..1 on ``GRID``: counts in narrow bins, smoothed by a kernel reflected at both ends."""
    bins = len(GRID) - 1
    counts = np.histogram(values, bins, (0, 1))[0] / max(len(values), 1) * bins
    mirrored = np.concatenate([counts[::-1], counts, counts[::-1]])
    offsets = np.arange(-bins // 2, bins // 2 + 1) / bins
    kernel = np.exp(-0.5 * (offsets / width) ** 2)
    smooth = np.convolve(mirrored, kernel / kernel.sum(), mode="same")
    at_edges = (smooth[:-1] + smooth[1:]) / 2  # from the middles of bins to the edges between them
    return at_edges[bins - 1 : 2 * bins]


@styled
def by_bins(quantity: object, alpha: object, *, quantity_name: str, title: str = "", note: str = "") -> Figure:
    """Alpha against something known of each sample: median and middle 80 % in ten equally full bins.

    A quantity with at most six values is not binned: each value is a category. Spearman's rank correlation over all
    samples stands in the title; names have no order and so no correlation.

    Args:
        quantity: ``(N,)`` numbers, bools, or names; samples where it is NaN are left out.
        alpha: ``(N,)`` in 0..1.

    Raises:
        ValueError: if the two differ in length, or no sample has the quantity.
    """
    quantity, alpha = np.asarray(quantity), np.asarray(alpha, dtype=float)
    if quantity.shape != alpha.shape:
        raise ValueError(f"quantity has shape {quantity.shape}, alpha {alpha.shape}; both must be (N,)")
    named = quantity.dtype.kind not in "biuf"
    if quantity.dtype.kind == "f":
        known = ~np.isnan(quantity)
        quantity, alpha = quantity[known], alpha[known]
    if not len(quantity):
        raise ValueError(f"no sample has {quantity_name}")
    values = np.unique(quantity)
    figure, ((axes,),) = new_figure(6.8, 3.9, note=note)
    if len(values) <= 6 or named:
        groups = [quantity == value for value in values]
        names = {False: "no", True: "yes"} if quantity.dtype.kind == "b" else {}
        places = np.arange(len(values))
        words = [names.get(value, value if named else f"{value:g}") for value in values]
        labels = [f"{word}\nn = {group.sum():,}" for word, group in zip(words, groups, strict=True)]
        axes.set_xticks(places, labels)
        axes.set_xlim(-0.5, len(values) - 0.5)
        line = ""
    else:
        edges = np.unique(np.quantile(quantity, np.linspace(0, 1, 11)))
        bins = np.searchsorted(edges[1:-1], quantity, side="right")
        groups = [bins == number for number in range(len(edges) - 1)]
        groups = [group for group in groups if group.any()]
        places = np.array([np.median(quantity[group]) for group in groups])
        sizes = sorted({int(group.sum()) for group in groups})
        each = f"{sizes[0]:,}" if len(sizes) == 1 else f"{sizes[0]:,} to {sizes[-1]:,}"
        quantity_name += f"   ({len(groups)} bins of {each} samples)"
        line = "-"
    low, middle, high = np.array([np.quantile(alpha[group], (0.1, 0.5, 0.9)) for group in groups]).T
    axes.errorbar(places, middle, [middle - low, high - middle], color=RIGHT, ecolor=RIGHT, elinewidth=1.6, capsize=4,
                  marker="o", markersize=6, linestyle=line, linewidth=1.4)  # fmt: skip
    axes.axhline(np.median(alpha), color=INK, linestyle=":", linewidth=1.2, zorder=0)
    axes.set_xlabel(quantity_name)
    axes.set_ylabel("α: median, middle 80 %")
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    over_all = f"dotted: median of all, n = {len(alpha):,}"
    if not named:
        over_all = f"rank correlation {signed(rank_correlation(quantity, alpha), 2)}; {over_all}"
    axes.set_title(f"{title}\n{over_all}" if title else over_all)
    return figure
