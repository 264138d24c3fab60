"""Figures of the importance weights, right labels against wrong ones."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from scnlib.evaluation import auroc
from scnlib.plots.style import GREY, RIGHT, WRONG, epoch_axis, legend_above, new_figure, styled

BINS = np.linspace(0, 1, 21)


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


@styled
def alpha_histogram_from_counts(
    left_edges: Sequence[float],
    right: Sequence[int],
    wrong: Sequence[int],
    *,
    auroc: float | None = None,
    title: str = "importance α",
    note: str = "",
) -> Figure:
    """``alpha_histogram`` from counts in equal bins.

    Each side is shown as shares of itself, since there are more right labels than wrong ones.

    Args:
        left_edges: ``(B,)`` left edges of the bins in ascending order.
        right, wrong: ``(B,)`` counts of samples with right and with wrong given labels.
        auroc: probability that a wrong label has the lower alpha; None: computed from the counts, where two samples in
            one bin count as a tie.
    """
    left_edges, right, wrong = (np.asarray(values, dtype=float) for values in (left_edges, right, wrong))
    width = left_edges[1] - left_edges[0] if len(left_edges) > 1 else 0.05
    edges = np.append(left_edges, left_edges[-1] + width)
    about = ""
    if auroc is None:
        auroc, about = auroc_of_counts(right, wrong), "≈ "
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
    area = "no wrong labels" if np.isnan(auroc) else f"AUROC {about}{auroc:.2f} (0.50: α knows nothing)"
    axes.set_title(f"{title}\n{area}")
    legend_above(axes)
    return figure


def auroc_of_counts(right: Sequence[int], wrong: Sequence[int]) -> float:
    """The probability that a wrong label lies in a lower bin than a right one, ties counting half.

    Args:
        right, wrong: counts in bins of ascending alpha.
    """
    right, wrong = np.asarray(right, dtype=float), np.asarray(wrong, dtype=float)
    above = right[::-1].cumsum()[::-1] - right  # right labels in higher bins
    pairs = right.sum() * wrong.sum()
    return float((wrong * (above + right / 2)).sum() / pairs) if pairs else float("nan")


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
