"""Many at once: host and device side by side in time, cores side by side, and a batch that is ranked in shares."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scnlib.plots.style import COLOURS, GREY, INK, legend_above, new_figure, styled


@styled
def host_and_device(plans: Mapping[str, pd.DataFrame], *, title: str = "", note: str = "", unit: str = "") -> Figure:
    """What the host prepares and the device computes, step by step; two lanes for each plan.

    Args:
        plans: name -> columns ``lane`` ("host" or "device"), ``step``, ``begin``, ``end``.
        unit: of time.
    """
    figure, axes = new_figure(7.6, 1.25 * len(plans) + 1.1, rows=len(plans), title=title, note=note, sharex=True)
    looks = {
        "host": {"facecolor": COLOURS["orange"], "hatch": "---"},
        "device": {"facecolor": COLOURS["sky"], "hatch": "///"},
    }
    last = max(plan["end"].max() for plan in plans.values())
    for place, (name, plan) in zip(axes[:, 0], plans.items(), strict=True):
        for row in plan.itertuples():
            lane = list(looks).index(row.lane)
            place.barh(lane, row.end - row.begin, 0.7, row.begin, edgecolor=INK, linewidth=0.6, **looks[row.lane])
            box = {"boxstyle": "circle,pad=0.12", "facecolor": "white", "edgecolor": "none"}
            place.annotate(
                str(row.step), ((row.begin + row.end) / 2, lane), ha="center", va="center", fontsize=8, bbox=box
            )
        end = plan["end"].max()
        place.axvline(end, color=INK, linestyle="--", linewidth=1.2)
        place.annotate(f"{end:g}", (end, 0.5), (4, 0), textcoords="offset points", va="center", fontsize=9)
        place.set_yticks(range(len(looks)), list(looks))
        place.set_ylim(len(looks) - 0.5, -0.5)
        place.set_xlim(0, 1.06 * last)
        place.tick_params(axis="y", length=0)
        place.set_title(name, fontsize=10)
    axes[-1, 0].set_xlabel(f"time, {unit}" if unit else "time")
    return figure


@styled
def ways_beside_one(rows: pd.DataFrame, cores: int, *, title: str = "", note: str = "", label: str = "") -> Figure:
    """The rate of each way to use a machine's cores, beside one thread and as many times that as there are cores.

    Args:
        rows: columns ``method`` (the way), ``value``, ``low``, ``high``, ``ratio``; one thread comes first.
        label: of the axis.
    """
    figure, ((axes,),) = new_figure(7.6, 0.52 * len(rows) + 1.8, note=note)
    single = float(rows["value"].iloc[0])
    for times, dash, words in ((1, "--", "one thread"), (cores, (0, (1, 2)), f"× {cores}")):
        axes.axvline(times * single, color=GREY, linestyle=dash, linewidth=1.4, zorder=1)
        axes.annotate(words, (times * single, 1), (0, 3), xycoords=("data", "axes fraction"), fontsize=8.5, color=GREY,
                      textcoords="offset points", ha="center", annotation_clip=False)  # fmt: skip
    for place, row in enumerate(rows.itertuples()):
        look = {"facecolor": COLOURS["sky"], "hatch": "///"} if place else {"facecolor": "#bdbdbd"}
        axes.barh(place, row.value, 0.6, edgecolor=INK, linewidth=0.6, zorder=2, **look)
        axes.plot([row.low, row.high], [place, place], color=INK, linewidth=1.2, zorder=3)
        words = f"{row.value:,.0f}" + (f"  (× {row.ratio:.2f})" if place else "")
        axes.text(1.01, place, words, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), list(rows["method"]))
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_xlim(0, 1.06 * max(cores * single, rows["high"].max()))
    axes.xaxis.set_major_formatter(lambda rate, _: f"{rate:,g}")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)
    axes.set_title(title, pad=18)
    return figure


@styled
def ranks_in_shares(
    alpha: object, own: object, whole: object, shares: int, *, title: str = "", note: str = ""
) -> Figure:
    """A batch cut into shares: whom each share would put into its low group, and whom the whole batch does.

    Args:
        alpha: ``(N,)`` importance, in the order in which the batch is cut.
        own: bool ``(N,)``, low in its share.
        whole: bool ``(N,)``, low in the batch.
    """
    alpha, own, whole = (np.asarray(values) for values in (alpha, own, whole))
    number = np.concatenate([np.full(len(part), i) for i, part in enumerate(np.array_split(alpha, shares), start=1)])
    figure, ((axes,),) = new_figure(7.6, 0.4 * shares + 1.9, note=note)
    kinds = {
        "low both ways": (own & whole, COLOURS["blue"], "v", 12, 0.35),
        "high both ways": (~own & ~whole, GREY, "o", 8, 0.25),
        "low in its share only": (own & ~whole, COLOURS["red"], "<", 42, 1),
        "low in the batch only": (~own & whole, COLOURS["orange"], ">", 42, 1),
    }
    for name, (mask, colour, marker, size, opacity) in kinds.items():
        look = {
            "color": colour,
            "marker": marker,
            "s": size,
            "alpha": opacity,
            "edgecolors": "white",
            "linewidths": 0.4,
        }
        axes.scatter(alpha[mask], number[mask], label=f"{name}: {mask.sum()}", zorder=2 + (size > 20), **look)
    if whole.any() and not whole.all():
        border = (alpha[whole].max() + alpha[~whole].min()) / 2
        axes.axvline(border, color=INK, linestyle="--", linewidth=1.2, zorder=1)
    axes.set_yticks(range(1, shares + 1))
    axes.set_ylim(shares + 0.6, 0.4)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y")
    axes.set(xlabel="α", ylabel="share of the batch")
    axes.set_title(title)
    legend_above(axes, columns=2)
    return figure
