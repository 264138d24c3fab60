"""The leaderboard against numbers worked out by hand."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from scnlib.config import profile_config
from scnlib.paper.leaderboard import COLUMNS, epoch_costs, leaderboard, leaderboard_text
from tests.paper.made import run, table


def rendered(method, accuracy, seed=0, noise_rate=0.3, **more):
    """A row of results of the quick recipe on rendered faces."""
    fields = more.pop("fields", {})
    config = json.loads(json.dumps(profile_config("quick", method=method, noise_rate=noise_rate, **fields).to_dict()))
    own = {"backbone": "small", "epochs": config["epochs"], **more}
    return run(method, accuracy, seed, noise_rate, None, config, dataset="rendered", **own)


ROWS = [
    *(rendered("baseline", a, s, memorised=20.0, key=f"b{s}") for s, a in enumerate((60, 61, 65))),
    *(rendered("gce", a, s, memorised=5.0, alpha_auroc=0.8, key=f"g{s}") for s, a in enumerate((62, 64, 69))),
    rendered("mixup", 50, key="m0"),
    rendered("mixup", 80, noise_rate=0.0, key="m-clean"),
    rendered("rul", 90, key="r-other-recipe", fields={"lr": 0.1}),
]
BOARD = leaderboard(table(*ROWS), methods=("baseline", "gce", "mixup", "rul"))


def test_best_first_and_what_was_not_measured_last():
    assert BOARD["method"].tolist() == ["gce", "baseline", "mixup", "rul"]
    assert BOARD["n"].tolist() == [3, 3, 1, 0]
    assert BOARD["label"].tolist() == ["GCE", "baseline", "mixup", "RUL"]
    assert tuple(BOARD.columns) == COLUMNS
    assert math.isnan(BOARD["mean"].iloc[-1])  # its only run has another learning rate


def test_another_recipe_is_another_board():
    rows = table(
        rendered("gce", 70, key="g-small"),
        rendered("gce", 80, key="g-large", backbone="resnet18", fields={"backbone": "resnet18"}),
        rendered("gce", 75, key="g-long", fields={"epochs": 24}),
    )
    for changed, accuracy in (({}, 70), ({"backbone": "resnet18"}, 80), ({"epochs": 24}, 75)):
        assert leaderboard(rows, methods=("gce",), **changed)["mean"].tolist() == [accuracy]
    assert "quick recipe, epochs 24" in leaderboard_text(BOARD, "rendered", 0.3, epochs=24)


def test_gains_are_paired_by_seed():
    row = BOARD.set_index("method").loc["gce"]
    differences = [2, 3, 4]
    half = 4.3027 * np.std(differences, ddof=1) / math.sqrt(3)  # Student's quantile, two degrees of freedom
    assert row["gain"] == pytest.approx(3)
    assert (row["low"], row["high"]) == (pytest.approx(3 - half, abs=1e-3), pytest.approx(3 + half, abs=1e-3))
    assert math.isnan(BOARD.set_index("method").loc["baseline", "gain"])
    single = BOARD.set_index("method").loc["mixup"]
    assert single["gain"] == pytest.approx(-10) and math.isnan(single["low"])


def test_the_seeds_behind_a_gain_are_told_from_those_behind_a_mean():
    rows = table(*ROWS[:1], *ROWS[3:6])  # the baseline has seed 0 alone
    board = leaderboard(rows, methods=("baseline", "gce"))
    gce = board.set_index("method").loc["gce"]
    assert (gce["n"], gce["shared"], gce["gain"]) == (3, 1, 2) and math.isnan(gce["low"])
    assert "+2.00 (n = 1)" in leaderboard_text(board, "rendered", 0.3)


def test_another_version_of_the_recipe_is_no_pair():
    rows = table(rendered("baseline", 77.4, recipe_version=2), rendered("gce", 74.2, recipe_version=1))
    board = leaderboard(rows, methods=("baseline", "gce"))
    gce = board.set_index("method").loc["gce"]
    assert (gce["mean"], gce["shared"]) == (74.2, 0) and math.isnan(gce["gain"])
    assert "no pair" in leaderboard_text(board, "rendered", 0.3)


def test_with_two_comparisons_the_common_interval_has_the_level_97_5():
    row = BOARD.set_index("method").loc["gce"]
    assert row["high_all"] - row["gain"] == pytest.approx(6.2053 / math.sqrt(3), abs=1e-3)  # t(2) at 1 - .025 / 2
    assert row["low_all"] < row["low"]


def test_the_text_leaves_no_cell_empty():
    text = leaderboard_text(BOARD, "rendered", 0.3)
    assert "rendered faces, at noise 30 %, quick recipe" in text
    lines = {line.split()[0]: line for line in text.splitlines() if line}
    assert "64.00" not in lines["gce"] and "65.00 ± 3.61" in lines["gce"] and "+3.00 [+0.52, +5.48]" in lines["gce"]
    assert "0.800" in lines["gce"]
    assert "reference" in lines["baseline"] and "no trust" in lines["mixup"] and "not measured" in lines["rul"]
    assert "nothing to find" in leaderboard_text(leaderboard(table(*ROWS), noise_rate=0.0), "rendered", 0.0)


def test_by_default_every_method_has_a_row():
    from scnlib.methods import METHODS

    assert set(leaderboard(table(*ROWS))["method"]) == set(METHODS)


# ------------------------------------------------------------------------------------------------------------- costs


def timed(method, value, device="CPU: a, 2 cores", name="small", size=48, **more):
    row = {"group": "methods", "name": name, "method": method, "size": size, "value": value, "device": device}
    return row | {"unit": "times the baseline's epoch", **more}


BENCH = pd.DataFrame(
    [
        timed("gce", 2000.0, unit="images/s"),
        timed("baseline", 1.0),
        timed("gce", 1.25),
        timed("mixup", math.nan),  # not on that machine
        timed("gce", 9.0, name="resnet18", size=224),
        timed("gce", 8.0, group="training"),
        timed("gce", 1.5, device="GPU b"),
        timed("mixup", 1.1, device="GPU b"),
    ]
)


def test_costs_are_those_of_the_network_on_the_first_machine_that_measured_it():
    board = leaderboard(table(*ROWS), methods=("baseline", "gce", "mixup"), bench=BENCH).set_index("method")
    assert board.loc[["baseline", "gce"], "cost"].tolist() == [1, 1.25] and math.isnan(board.loc["mixup", "cost"])
    assert board.loc[["baseline", "gce", "mixup"], "cost_on"].tolist() == [*["CPU: a, 2 cores"] * 2, ""]
    assert epoch_costs(BENCH, "resnet18", 224) == ({"gce": 9.0}, "CPU: a, 2 cores")
    assert epoch_costs(BENCH, "resnet18", 48) == epoch_costs(BENCH[:0], "small", 48) == ({}, "")
    larger = leaderboard(table(*ROWS), methods=("gce",), bench=BENCH, size=224, backbone="resnet18")
    assert larger["cost"].tolist() == [9.0]


def test_the_text_says_what_costs_were_measured_on_or_that_nobody_did():
    board = leaderboard(table(*ROWS), methods=("baseline", "gce", "mixup", "rul"), bench=BENCH)
    said = " ".join(leaderboard_text(board, "rendered", 0.3).split())
    assert "in those of the baseline, known to a fifth; measured on CPU: a, 2 cores." in said
    assert "0.800 1.25 3" in said and "no trust 1.00 3" in said and "no trust - 1" in said
    said = " ".join(leaderboard_text(BOARD, "rendered", 0.3).split())
    assert "0.800 - 3" in said and "not measured with this network, see `scn bench`." in said
