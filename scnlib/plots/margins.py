"""Figures of the rank regularisation: a batch in two groups, the gap between them, the margin that follows it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scnlib.losses import high_importance_count
from scnlib.plots.style import COLOURS, GREY, PALE, legend_above, line_styles, new_figure, styled

HIGH, LOW = COLOURS["blue"], COLOURS["orange"]


@styled
def rank_groups(panels: Mapping[str, object], *, beta: float = 0.7, margin: float = 0.15, note: str = "") -> Figure:
    """Batches sorted by importance, their two groups with the means, the gap, and the push on each sample.

    Args:
        panels: name -> alpha ``(N,)`` of one batch; an arrow on each group tells the push, 1/M or 1/(N-M) a sample.
        beta: share of the high group.
        margin: delta 1; where the gap is smaller the loss pushes, else it is silent and no arrows are drawn.
    """
    figure, axes = new_figure(4.5 * len(panels), 4.1, len(panels), note=note)
    for place, (name, alpha) in zip(axes[0], panels.items(), strict=True):
        _groups(place, name, alpha, beta, margin)
    return figure


@styled
def rank_loss(
    alpha: object, *, beta: float = 0.7, margin: float = 0.15, widest: float = 0.5, title: str = "", note: str = ""
) -> Figure:
    """One batch in its two groups, and the rank loss that its gap costs at this margin and would cost at others.

    Args:
        alpha: ``(N,)`` of one batch.
        beta, margin: as in ``rank_groups``; neither group may be empty.
        widest: the largest margin on the axis.
    """
    figure, axes = new_figure(8.6, 4.1, 2, note=note)
    gap = _groups(axes[0, 0], title, alpha, beta, margin)
    place, margins, loss = axes[0, 1], np.array([0, min(max(gap, 0), widest), widest]), max(0.0, margin - gap)
    place.plot(margins, np.maximum(0, margins - gap), color=HIGH, label="max{0, δ₁ − gap}")
    place.axvline(gap, color=GREY, linestyle=":", label=f"the gap, {gap:.3f}")
    place.plot(margin, loss, marker="*", markersize=13, color=LOW, linestyle="", label=f"here: δ₁ = {margin:g}")
    place.set(xlim=(0, widest), ylim=(-0.02 * widest, 1.02 * widest), xlabel="margin δ₁", ylabel="rank loss")
    place.grid()
    place.set_title(f"loss {loss:.3f}", fontsize=10)
    legend_above(place, columns=1)
    return figure


def _groups(place: Axes, name: str, alpha: object, beta: float, margin: float) -> float:
    """One sorted batch in its axes; returns the gap between its groups."""
    ranked = np.sort(np.asarray(alpha, dtype=float))[::-1]
    count = high_importance_count(len(ranked), beta)
    parts = ((slice(0, count), HIGH, "o", "high"), (slice(count, None), LOW, "^", "low"))
    means = []
    for part, colour, marker, group in parts:
        ranks, mean = np.arange(1, len(ranked) + 1)[part], ranked[part].mean()
        label = f"{group} group: {len(ranks)}, mean {mean:.3f}"
        place.plot(ranks, ranked[part], linestyle="", marker=marker, color=colour, markersize=4.5, label=label)
        place.plot([ranks[0], ranks[-1]], [mean, mean], color=colour, linewidth=2.2)
        means.append((float(ranks.mean()), mean))
    gap = means[0][1] - means[1][1]
    spread = max(np.ptp(ranked), 0.01)
    ends = max(-0.02, ranked.min() - 0.45 * spread), min(1.02, ranked.max() + 0.45 * spread)
    if gap < margin:
        for (x, y), way, colour in zip(means, (1, -1), (HIGH, LOW), strict=True):
            arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.2}
            head = min(max(y + way * 0.35 * spread, ends[0]), ends[1])  # outside it would not be drawn at all
            place.annotate("", (x, head), (x, y + way * 0.04 * spread), arrowprops=arrow)
    state = f"below {margin:g}: the loss pushes" if gap < margin else f"above {margin:g}: the loss is silent"
    place.set_ylim(ends)
    place.set_xlabel("rank in the batch")
    place.set_ylabel("α")
    place.grid(axis="y")
    place.set_title(f"{name}\ngap {gap:.3f}, {state}", fontsize=10)
    legend_above(place, columns=1)
    return gap


@styled
def margin_paths(
    paths: Mapping[str, tuple[object, object]],
    gaps: tuple[object, object] | None = None,
    *,
    x_label: str = "step",
    title: str = "",
    note: str = "",
) -> Figure:
    """Margins over training, with the gaps that they are compared with.

    Args:
        paths: name -> (places, margins).
        gaps: (places, gaps) of single batches, as pale dots.
    """
    figure, ((axes,),) = new_figure(6.8, 4.2, note=note)
    if gaps is not None:
        style = {"linestyle": "", "marker": ".", "markersize": 3.5, "color": "#9a9a9a", "zorder": 0}
        axes.plot(*gaps, label="gap of each batch", **style)
    for style, (name, (places, margins)) in zip(line_styles(), paths.items(), strict=False):
        axes.plot(places, margins, label=name, markevery=max(1, len(places) // 9), **style)
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel(x_label)
    axes.set_ylabel("δ₁ and gap")
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def margin_loss(
    margins: Sequence[float],
    losses: Mapping[str, object],
    gaps: object,
    *,
    marks: Mapping[str, float] | None = None,
    title: str = "",
    note: str = "",
) -> Figure:
    """What a learnable margin sees: its expected loss at each of its values, above the gaps of single batches.

    Args:
        margins: ``(A,)`` values of delta 1.
        losses: name -> ``(A,)``.
        gaps: ``(S,)``, drawn as a histogram at the foot.
        marks: name -> the margin of least loss.
    """
    figure, ((axes,),) = new_figure(6.8, 4.2, note=note)
    every = max(1, len(margins) // 8)
    for style, (name, curve) in zip(line_styles(), losses.items(), strict=False):
        axes.plot(margins, curve, label=name, markevery=every, **style)
        if marks and name in marks:
            height = np.interp(marks[name], margins, curve)
            axes.plot(marks[name], height, marker="*", markersize=15, color=style["color"], linestyle="", zorder=4)
    below = axes.twinx()
    below.hist(np.asarray(gaps, dtype=float), bins=30, color=PALE, edgecolor="#bbbbbb", linewidth=0.5)
    below.set_ylim(0, 4 * below.get_ylim()[1])
    below.set_yticks([])
    below.spines["right"].set_visible(False)
    axes.set_zorder(below.get_zorder() + 1)
    axes.patch.set_visible(False)
    axes.set_xlim(margins[0], margins[-1])
    axes.set_xlabel("δ₁ (grey: gaps of the batches; star: least loss)")
    axes.set_ylabel("expected loss")
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure


@styled
def gaps_by_batch_size(
    groups: Mapping[str, Mapping[int, object]],
    margins: Sequence[float] = (0.15, 0.07),
    *,
    title: str = "",
    note: str = "",
) -> Figure:
    """The gap between the groups in batches of several sizes: mean, and the middle 90 % of the batches.

    Args:
        groups: name -> batch size -> ``(draws,)`` gaps.
        margins: values of delta 1, as dotted lines.
    """
    figure, ((axes,),) = new_figure(6.8, 4.2, note=note)
    sizes = sorted({size for group in groups.values() for size in group})
    shifts = np.linspace(-0.15, 0.15, len(groups)) if len(groups) > 1 else [0.0]
    for style, shift, (name, group) in zip(line_styles(), shifts, groups.items(), strict=False):
        places = [sizes.index(size) + shift for size in group]
        means = np.array([np.mean(values) for values in group.values()])
        low, high = np.array([np.quantile(values, (0.05, 0.95)) for values in group.values()]).T
        axes.errorbar(places, means, (means - low, high - means), label=name, capsize=4, **style)
    for margin in margins:
        axes.axhline(margin, color=GREY, linestyle=(0, (1, 2)), linewidth=1.3, zorder=0)
        axes.annotate(f"δ₁ = {margin:g}", (0.995, margin), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                      fontsize=8.5, color=GREY)  # fmt: skip
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.set_xlim(-0.5, len(sizes) - 0.2)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("batch size N")
    axes.set_ylabel(r"gap  $\bar{\alpha}_H - \bar{\alpha}_L$")
    axes.grid(axis="y")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure
