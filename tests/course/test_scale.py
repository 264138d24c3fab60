"""What lesson A2 counts, against counting by hand."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from scnlib.bench.rows import COLUMNS
from scnlib.config import profile_config
from scnlib.course import scale
from scnlib.paper.cost import Rate, Work
from scnlib.precision import Precision
from tests.conftest import make_faces

CPU, FLOAT32 = torch.device("cpu"), Precision(torch.float32, "test")


# ---------------------------------------------------------------------------------------------- the time of a step


def test_the_parts_of_a_step_add_up_to_what_the_clock_said(monkeypatch):
    ticks = iter(range(1000))  # every look at the clock is a second later than the one before
    monkeypatch.setattr(scale.time, "perf_counter", lambda: float(next(ticks)))
    times = scale.step_times(profile_config("smoke", method="scn", batch_size=8), make_faces(16), CPU, FLOAT32, turns=2)
    assert list(times) == list(scale.PARTS)
    assert times.shape == (2, 5) and (times == 1).all().all()


def test_faces_are_made_ready_in_three_ways_and_all_of_them_each_time(monkeypatch):
    seen = []
    monkeypatch.setattr(scale, "_view", lambda images, index: seen.append((len(images), index.tolist())))
    found = scale.preparation_rates(make_faces(6), CPU, turns=2, seconds=0)
    assert found["method"].tolist() == ["files, one by one", "memory, one by one", "memory, the batch at once"]
    assert (found["value"] > 0).all() and (found["low"] <= found["value"]).all()
    assert np.isnan(found["ratio"][0]) and (found["ratio"][1:] > 0).all()
    singles, whole = [one for one in seen if one[0] == 1], [one for one in seen if one[0] == 6]
    assert {place for _, (place,) in singles} == set(range(6)) and len(singles) == 6 * len(whole)
    assert all(index == list(range(6)) for _, index in whole)


# ------------------------------------------------------------------------------------------------------- who waits


@pytest.mark.parametrize(
    ("work", "count"),
    [
        (lambda x: (x.relu().mean(), torch.where(x > 0, x, -x), x.sort(), x[torch.tensor([0, 2])]), 0),
        (lambda x: x.sum().item(), 1),
        (lambda x: float(x.max()) + float(x.min()), 2),
        (lambda x: 1 if x.sum() > 0 else 2, 1),
        (lambda x: (x > 0).nonzero(), 1),
        (lambda x: x[x > 0], 1),
        (lambda x: torch.equal(x, x), 1),
    ],
)
def test_a_question_is_what_the_host_must_wait_for(work, count):
    assert scale.questions(lambda: work(torch.randn(5))) == count


def test_questions_on_the_way_back_count():
    layer = nn.Linear(3, 1)
    layer.weight.register_hook(lambda gradient: gradient * float(gradient.norm()))
    assert scale.questions(lambda: layer(torch.ones(2, 3)).sum().backward()) == 1


@pytest.mark.parametrize(("host", "device"), [(1, 2), (3, 1), (2, 2)])
def test_without_questions_the_slower_decides_and_with_them_the_sum(host, device):
    steps = 6
    free, waiting = (scale.lanes(host, device, steps, waits=waits) for waits in (False, True))
    assert free["end"].max() == host + device + (steps - 1) * max(host, device)
    assert waiting["end"].max() == steps * (host + device)
    for plan in (free, waiting):
        by = {lane: rows.set_index("step") for lane, rows in plan.groupby("lane")}
        assert (by["device"]["begin"] >= by["host"]["end"]).all(), "nothing is computed before it is prepared"
        for rows in by.values():
            assert (rows["begin"].iloc[1:].to_numpy() >= rows["end"].iloc[:-1].to_numpy()).all(), "one at a time"


# ----------------------------------------------------------------------------------------------- a batch in shares


def test_importances_are_drawn_as_often_as_they_were_counted():
    counts = pd.DataFrame(
        {"bin": [0.0, 0.25, 0.5, 0.75] * 2, "right": [0, 3, 0, 1, 0, 2, 0, 1], "wrong": [0, 1, 0, 0] * 2}
    )
    alpha = scale.draw_alpha(counts, 4000, seed=1)
    share = ((alpha >= 0.25) & (alpha < 0.5)).mean()
    assert abs(share - 7 / 9) < 4 * math.sqrt(7 / 9 * 2 / 9 / 4000)
    assert ((alpha >= 0.75) & (alpha < 1)).mean() == pytest.approx(1 - share)
    assert abs(alpha[alpha < 0.5].mean() - 0.375) < 0.01, "even within a bin"
    np.testing.assert_array_equal(alpha, scale.draw_alpha(counts, 4000, seed=1))


def test_each_share_ranks_for_itself():
    alpha = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    assert scale.low_in_shares(alpha, 2, beta=0.5).tolist() == [False, False, True, True] * 2
    assert scale.low_in_shares(alpha, 1, beta=0.5).tolist() == [False] * 4 + [True] * 4
    with pytest.raises(ValueError, match="8 samples cannot be cut into 9 shares"):
        scale.low_in_shares(alpha, 9)


# -------------------------------------------------------------------------------------------------- measured rows


def bench_rows(*rows):
    names = ("group", "name", "method", "size", "value", "unit", "device", "ratio", "low", "high")
    table = pd.DataFrame([dict(zip(names, row, strict=False)) for row in rows]).assign(batch=64, repeats=7)
    return table.reindex(columns=COLUMNS)


ROWS = bench_rows(
    ("training", "resnet18", "scn", 48, 600, "images/s", "CPU: a, 2 cores", 3.0),
    ("training", "resnet18", "scn", 48, 0.4, "share of matrix rate", "CPU: a, 2 cores"),
    ("training", "resnet18", "scn", 48, 60_000, "images/s", "H100", 30.0),
    ("training", "resnet18", "scn", 48, 0.2, "share of matrix rate", "H100"),
    ("training", "resnet18", "released", 48, 200, "images/s", "CPU: a, 2 cores"),
    ("techniques", "small", "plain", 48, 5, "images/s", "CPU: a, 2 cores"),
    ("techniques", "resnet18", "plain", 224, 3, "images/s", "CPU: a, 2 cores"),
    ("techniques", "resnet18", "compiled, first step", 224, 80, "s", "CPU: a, 2 cores"),
    ("techniques", "resnet18", "plain", 224, 4, "images/s", "CPU: b, 8 cores"),
)


def test_rows_of_one_device_and_their_largest_ladder():
    assert set(scale.on_first(ROWS, cpu=True)["device"]) == {"CPU: a, 2 cores"}
    assert set(scale.on_first(ROWS, cpu=False)["device"]) == {"H100"}
    assert scale.ladder(scale.on_first(ROWS, cpu=True))["value"].tolist() == [3]
    nothing = pd.DataFrame(columns=COLUMNS)
    for cpu in (True, False):
        assert scale.ladder(scale.on_first(nothing, cpu=cpu)).empty
    assert scale.beside_released(nothing).empty


def test_rates_ratios_and_shares_stand_in_one_row():
    found = scale.beside_released(ROWS[ROWS["group"] == "training"]).set_index("device")
    assert found.loc["CPU: a, 2 cores", ["images/s", "times released", "share of matrix rate"]].tolist() == [
        600,
        3,
        0.4,
    ]
    assert found.loc["H100", ["images/s", "times released", "share of matrix rate"]].tolist() == [60_000, 30, 0.2]


def test_goals_stand_beside_what_was_measured_with_the_largest_batch():
    found = pd.DataFrame(
        [(112, 64, 81.0, 0.5), (48, 64, 329.0, 0.4), (48, 256, 1316.0, 0.456), (32, 64, 9.0, 0.1)],
        columns=["size", "batch", "images/s", "share of matrix rate"],
    )
    shown = scale.beside_goals(found.astype({"size": "Int64"}))
    assert shown.index.tolist() == [48, 112]
    assert shown.to_numpy().tolist() == [[658, 1316, 200, 46], [162, 81, 50, 50]]
    assert scale.beside_goals(scale.beside_released(pd.DataFrame(columns=COLUMNS))).empty


def test_ways_of_scaling_are_those_of_the_first_cpu():
    rows = bench_rows(
        ("scaling", "small", "1 GPU", 48, 9, "images/s", "H100"),
        ("scaling", "small", "1 thread", 48, 1, "images/s", "CPU: a, 2 cores"),
        ("scaling", "small", "2 threads", 48, 2, "images/s", "CPU: a, 2 cores", 2.0),
        ("scaling", "small", "1 thread", 48, 3, "images/s", "CPU: b, 8 cores"),
        ("training", "small", "scn", 48, 4, "images/s", "CPU: a, 2 cores"),
    )
    assert scale.ways_of_scaling(rows)["value"].tolist() == [1, 2]
    assert scale.ways_of_scaling(rows[-1:]).empty


def test_names_say_the_device_where_there_are_several():
    assert scale.where(ROWS)["name"].tolist()[:3] == ["resnet18, a", "resnet18, a", "resnet18, H100"]
    assert scale.where(ROWS[:2])["name"].tolist() == ["resnet18", "resnet18"]


def test_an_interval_that_holds_the_goal_is_open():
    ends = {48: (-1.0, 2.9), 112: (3.1, 5.0), 224: (-0.5, 3.0)}
    rows = bench_rows(*(("overhead", "r", "scn", size, 1, "%", "d", 1.0, *both) for size, both in ends.items()))
    assert scale.against_goal(rows, 3.0) == {
        "met": ["r at 48 px [-1.0, +2.9], n = 7"], "missed": ["r at 112 px [+3.1, +5.0], n = 7"],
        "open": ["r at 224 px [-0.5, +3.0], n = 7"]
    }  # fmt: skip


def test_costs_add_up_and_what_nobody_measured_is_said():
    def work(table, run, method="scn"):
        return Work(table, "rafdb", method, "resnet18", 224, 64, 3_600_000, 0, False, (run, ""))

    known = [Rate("CPU: a", "scn", "resnet18", 224, 64, 100.0, "test")]  # ten hours a run
    both = [work("one", "x"), work("one", "y"), work("two", "y"), work("two", "z", "lrn")]
    found = scale.cost_table(both, known, [("CPU: a", 1), ("GPU", 8)])
    assert found["runs"].tolist() == [2, 2, 3], "a run of two tables counts once"
    assert found["images, millions"].tolist() == [7.2, 7.2, 10.8]
    assert found["1 × CPU: a"].tolist() == [
        "20.0 h", "10.0 h for 1 of 2 runs", "20.0 h for 2 of 3 runs"
    ]  # fmt: skip
    assert set(found["8 × GPU"]) == {"not measured"}
