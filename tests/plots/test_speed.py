"""Speed drawn: what stands where is what was measured, and what could not be measured says so."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from scnlib import plots
from scnlib.plots.style import COLOURS
from tests.plots.reading import all_inside, texts


def measured(rows, **more):
    table = pd.DataFrame(rows, columns=["name", "method", "size", "batch", "value", "low", "high"])
    return table.assign(repeats=7, device="a CPU", cores=2, torch="2.9", **more)


def throughput():
    rates = {"scn": (600, 150, 40), "released": (200, 60, 20)}
    return measured(
        ("resnet18", method, size, 64, rate, 0.9 * rate, 1.2 * rate)
        for method, values in rates.items()
        for size, rate in reversed(list(zip((48, 112, 224), values, strict=True)))
    )


def lines(axes):
    return {bar.get_label(): bar for bar in axes.containers}


def test_throughput_has_a_line_a_method_in_the_order_of_sizes():
    figure = plots.throughput_by_size(throughput(), title="t", note="n")
    (axes,) = figure.axes
    assert list(lines(axes)) == ["scn", "released"]
    line, _, (whiskers,) = lines(axes)["scn"]
    assert list(line.get_xdata()) == [48, 112, 224] and list(line.get_ydata()) == [600, 150, 40]
    np.testing.assert_allclose(whiskers.get_segments()[0][:, 1], [540, 720])
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["48", "112", "224"]
    styles = {(bar[0].get_color(), bar[0].get_linestyle(), bar[0].get_marker()) for bar in axes.containers}
    assert len(styles) == 2 and all(len(set(column)) == 2 for column in zip(*styles, strict=True))
    assert all_inside(figure)


def test_batches_are_lines_of_their_own_where_there_are_several():
    rows = throughput()
    figure = plots.throughput_by_size(pd.concat([rows, rows[rows["method"] == "scn"].assign(batch=256)]))
    assert list(lines(figure.axes[0])) == ["scn, batch 64", "released, batch 64", "scn, batch 256"]


def ladder():
    rates = [("plain", 100.0), ("batched", 250.0), ("channels last", 200.0), ("bf16", np.nan), ("compiled", 400.0)]
    return measured(("small", name, 48, 64, rate, rate - 5, rate + 5) for name, rate in rates)


def test_steps_begin_where_the_one_before_ended():
    figure = plots.speedup_steps(ladder(), title="t", note="n")
    (axes,) = figure.axes
    bars = [bar for container in axes.containers for bar in container]
    # A bar to the left has a negative width.
    assert [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in bars] == [
        (0, 100), (100, 250), (250, 200), (200, 400)
    ]  # fmt: skip
    assert len({(to_hex(bar.get_facecolor()), bar.get_hatch()) for bar in bars}) == 3  # start, faster, slower
    words = texts(figure)
    assert "250  (× 2.50)" in words and "200  (× 0.80)" in words and "400  (× 2.00)" in words
    assert words.count("not on this machine") == 1
    assert [tick.get_text() for tick in axes.get_yticklabels()] == list(ladder()["method"])
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first on top
    assert all_inside(figure)


def test_a_step_is_as_fast_as_its_neighbouring_turns_say():
    rows = measured((("small", name, 48, 64, rate, rate, rate) for name, rate in (("a", 10.0), ("b", 12.0))))
    rows["ratio"] = [np.nan, 0.9]
    figure = plots.speedup_steps(rows)
    assert "12.0  (× 0.90)" in texts(figure)
    assert to_hex(figure.axes[0].containers[1][0].get_facecolor()) == COLOURS["red"].lower()


def overhead(*ends):
    return measured(("resnet18", "scn", size, 64, (low + high) / 2, low, high) for size, (low, high) in enumerate(ends))


def test_overhead_is_open_where_the_goal_lies_inside_its_interval():
    figure = plots.overhead_intervals(overhead((-1, 2), (1, 5), (4, 8)), note="n")
    (axes,) = figure.axes
    points = [container[0] for container in axes.containers]
    assert [point.get_xdata()[0] for point in points] == [0.5, 3, 6]
    assert [to_hex(point.get_markerfacecolor()) == "#ffffff" for point in points] == [False, True, False]
    ends = [container[2][0].get_segments()[0][:, 0].tolist() for container in axes.containers]
    assert ends == [[-1, 2], [1, 5], [4, 8]]
    words = texts(figure)
    assert "goal: under 3 %" in words and "+0.5 %" in words and "resnet18, 0 px (n = 7)" in words
    low, high = axes.get_xlim()
    assert low < -1 and high > 8
    assert all_inside(figure)


def test_a_cheaper_method_keeps_goal_and_zero_in_sight():
    low, high = plots.overhead_intervals(overhead((-6, -4))).axes[0].get_xlim()
    assert low < -6 and high > 3


@pytest.mark.parametrize("changed", [{}, {"repeats": [7, 7, 7, 35, 35], "device": ["a CPU"] * 3 + ["a GPU"] * 2}])
def test_the_note_says_turns_device_and_origin(changed):
    words = plots.measured_on(ladder().assign(**changed), "measured at full scale")
    assert words.startswith("Medians of n = 7 to 35 turns" if changed else "Medians of n = 7 turns")
    assert ("a CPU and a GPU" if changed else "a CPU") in words
    assert "2 CPU threads; torch 2.9; measured at full scale." in words
