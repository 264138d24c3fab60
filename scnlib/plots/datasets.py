"""Figures of datasets: balance of the classes, disagreement of annotators, copies."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from scnlib.plots.style import BARS, COLOURS, GREY, INK, new_figure, styled
from scnlib.plots.tables import _SHADES


@styled
def class_shares(
    counts: Mapping[str, Mapping[str, float]], classes: Sequence[str], *, title: str = "", note: str = ""
) -> Figure:
    """The share of each class in each dataset, side by side in one order of classes.

    Args:
        counts: dataset -> class -> images; a class that a dataset does not have stays empty.
        classes: names, from the top.
    """
    figure, axes = new_figure(
        1.2 + 2.2 * len(counts), 0.36 * len(classes) + 1.5, len(counts), title=title, note=note, sharey=True
    )
    widest = max(max(part.values()) / sum(part.values()) for part in counts.values())
    for number, (place, (name, part)) in enumerate(zip(axes[0], counts.items(), strict=True)):
        total, held = sum(part.values()), [one for one in part.values() if one]
        for y, label in enumerate(classes):
            if label not in part:
                place.text(0.01 * widest, y, "no number", va="center", fontsize=8, color=GREY)
                continue
            share = part[label] / total
            place.barh(y, share, 0.76, edgecolor=INK, linewidth=0.5, **BARS[number % len(BARS)])
            text = f"{100 * share:.0f} %" if share >= 0.0095 else f"{100 * share:.1f} %"
            place.annotate(text, (share, y), (3, 0), textcoords="offset points", va="center", fontsize=8)
        place.set_title(f"{name}\n{max(held) / min(held):,.0f} to 1", fontsize=10)
        place.set_xlim(0, 1.25 * widest)
        place.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        place.tick_params(axis="y", length=0)
    axes[0, 0].set_yticks(range(len(classes)), classes)
    axes[0, 0].invert_yaxis()
    return figure


@styled
def disagreement_map(
    counts: object, rows: Sequence[str], bits: Sequence[float], *, title: str = "", note: str = ""
) -> Figure:
    """How far annotators disagree on the faces of each class: row shares in percent, with row means and counts.

    Args:
        counts: ``(R, B)`` faces of each class in each bin.
        rows: classes.
        bits: left edges of B bins of one width.
    """
    counts = np.asarray(counts, dtype=float)
    totals = counts.sum(1)
    shares = np.divide(counts, totals[:, None], out=np.full_like(counts, np.nan), where=totals[:, None] > 0)
    width = float(bits[1] - bits[0]) if len(bits) > 1 else 1.0
    figure, ((axes,),) = new_figure(2.6 + 0.52 * len(bits) + 0.8, 1.5 + 0.42 * len(rows), note=note)
    axes.pcolormesh(shares, cmap=_SHADES, vmin=0, vmax=np.nanmax(shares), edgecolors="white", linewidth=1)
    for i, j in np.ndindex(shares.shape):
        if counts[i, j]:
            dark = shares[i, j] > 0.5 * np.nanmax(shares)
            text = f"{100 * shares[i, j]:.0f}" if shares[i, j] >= 0.005 else "<1"
            axes.text(j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=9, color="white" if dark else INK)
    for i, total in enumerate(totals):
        axes.text(len(bits) + 0.15, i + 0.5, f"n = {total:,.0f}", ha="left", va="center", fontsize=8.5, color=GREY)
    axes.set_xticks(np.arange(len(bits) + 1), [f"{edge:g}" for edge in [*bits, bits[-1] + width]])
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows)
    axes.set_xlim(0, len(bits) + 1.7)
    axes.invert_yaxis()
    axes.set_xlabel("disagreement of the ten annotators, bits (0: all agree); cells: % of the row", loc="left")
    axes.set_ylabel("label by majority")
    axes.tick_params(axis="y", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title)
    return figure


@styled
def copy_distances(distances: Mapping[str, object], limit: int, *, title: str = "", note: str = "") -> Figure:
    """How many bits of the fingerprint change from a picture to its copies, one strip a kind, and to strangers.

    Args:
        distances: kind -> ``(N,)`` bits; ``"nearest stranger"`` is the kind that is no copy.
        limit: pairs up to this many bits are called near.
    """
    figure, ((axes,),) = new_figure(7.6, 0.44 * len(distances) + 1.5, note=note)
    for y, (kind, values) in enumerate(distances.items()):
        values = np.sort(np.asarray(values))
        offsets = np.linspace(-0.28, 0.28, 7)[np.arange(len(values)) % 7]
        other = kind == "nearest stranger"
        axes.plot(
            values, y + offsets, "x" if other else "o", markersize=3.4, alpha=0.5, markeredgewidth=0.8,
            color=COLOURS["red"] if other else COLOURS["blue"], markerfacecolor="none",
        )  # fmt: skip
        found = float((values <= limit).mean()) if len(values) else 0.0
        text = f"{100 * found:.0f} % {'taken for a copy' if other else 'found'}"
        axes.text(1.01, y, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
    axes.axvline(limit + 0.5, color=INK, linestyle="--", linewidth=1.2)
    axes.text(limit + 0.5, -0.75, f" near: up to {limit} bits", fontsize=8.5, va="center")
    axes.set_yticks(range(len(distances)), list(distances))
    axes.set_ylim(len(distances) - 0.5, -1.1)
    axes.set_xlim(left=-1)
    axes.set_xlabel("bits of the fingerprint that differ, of 128")
    axes.tick_params(axis="y", length=0)
    axes.set_title(title)
    return figure
