"""What lessons read out of results, each against numbers worked out another way."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest

from scnlib.config import profile_config
from scnlib.course import readings, tuning
from scnlib.paper.verdicts import arm
from tests.paper.made import run, table


def rendered(method, accuracy, seed=0, noise_rate=0.3, options=None, key="", **fields):
    """A row of results of the quick recipe on rendered faces, some of its fields changed."""
    config = profile_config(
        "quick", method=method, noise_rate=noise_rate, seed=seed, options=options, **fields
    ).to_dict()
    row = run(method, accuracy, seed, noise_rate, options, json.loads(json.dumps(config)), dataset="rendered")
    row |= {"backbone": "small", "epochs": config["epochs"]}
    return row | {"key": key or f"{row['key']} {config['lr']}"}


def test_settings_are_told_apart_by_the_recipe():
    rows = [rendered("baseline", 60, seed, lr=lr) for lr, seed in itertools.product((0.05, 0.1), (0, 1))]
    rows.append(rendered("scn", 50, 0, options={"relabelling": False}, lr=0.1))
    results = table(*rows).assign(val_accuracy=[40, 41, 42, np.nan, 30])
    named = {"baseline": arm("baseline", 0.3), "scn": arm("scn", 0.3, relabelling=False)}
    found = readings.by_setting(results, named, "lr", [0.05, 0.1, 0.2])
    assert found[["label", "value", "seed", "val", "test"]].values.tolist() == [
        ["baseline", 0.05, 0, 40, 60],
        ["baseline", 0.05, 1, 41, 60],
        ["baseline", 0.1, 0, 42, 60],
        ["scn", 0.1, 0, 30, 50],
    ]


def test_a_sweep_has_a_row_for_what_was_measured():
    gammas = ((0.2, 0, 70), (0.2, 1, 72), (0.5, 0, 69), (0.5, 1, 70), (0.5, 2, 80))
    rows = [rendered("scn", acc, seed, 0.0, {"gamma": gamma}) for gamma, seed, acc in gammas]
    found = readings.option_sweep(table(*rows), "gamma", (0.2, 0.5, 0.8), 0.5, {"clean": 0.0, "noisy": 0.3})
    assert found["value"].tolist() == [0.2, 0.5] and set(found["series"]) == {"clean"}
    assert found["n"].tolist() == [2, 3] and found["mean"].tolist() == [71, 73]
    assert found["gain"][0] == 1.5 and math.isnan(found["gain"][1])  # paired: 70 - 69 and 72 - 70
    assert found["together"].tolist() == [71, 69.5], "a third seed at one value has no say in which is best"
    assert found["n_together"].tolist() == [2, 2]


def test_single_seeds_are_paired():
    rows = [rendered("baseline", 60, 0), rendered("baseline", 62, 1), rendered("scn", 59, 1), rendered("scn", 1, 2)]
    found = readings.seed_gains(table(*rows), {"30 %": (arm("scn", 0.3), arm("baseline", 0.3))})
    assert found.values.tolist() == [["30 %", 1, -3]]


def test_single_runs_of_arms():
    rows = [rendered("baseline", 60, 0), rendered("baseline", 62, 1), rendered("scn", 59, 1, noise_rate=0.1)]
    named = {"baseline": arm("baseline", 0.3), "SCN": arm("scn", 0.3)}
    assert readings.runs_of(table(*rows), named).values.tolist() == [["baseline", 0, 60], ["baseline", 1, 62]]


def test_the_rows_of_table_5_under_noise():
    found = readings.arms_of("scn-5", 0.3)
    assert list(found) == ["none", "relabel", "rank", "weight", "weight + rank", "weight + rank + relabel"]
    assert found["none"].method == "baseline" and {runs.noise_rate for runs in found.values()} == {0.3}
    assert found["weight"].options == {"ranking": False, "relabelling": False}


def test_three_arms_under_one_noise():
    assert readings.three(0.3)["SCN without relabelling"] == arm("scn", 0.3, relabelling=False)
    assert {runs.noise_kind for runs in readings.three(noise_kind="fer2013").values()} == {"fer2013"}


def test_keys_of_an_arm_under_a_recipe():
    rows = [rendered("baseline", 60, lr=0.05, key="a"), rendered("baseline", 60, lr=0.1, key="b")]
    results = table(*rows, rendered("scn", 50, key="c"))
    assert readings.keys_of(results, arm("baseline", 0.3)) == ["a"]
    assert readings.keys_of(results, arm("baseline", 0.3), lr=0.1) == ["b"]
    assert readings.keys_of(results, arm("baseline", 0.2)) == []


def test_printed_gains_of_table_2():
    found = readings.printed_gains("scn-2").set_index(["method", "dataset", "pretrained", "noise_rate"])["gain"]
    assert found[("scn", "RAF-DB", False, 0.1)] == pytest.approx(70.26 - 61.43)
    assert found[("scn", "FERPlus", True, 0.3)] == pytest.approx(82.47 - 79.34)
    assert len(found) == 24 and "baseline" not in found.index.get_level_values("method")


def test_means_of_settings():
    runs = pd.DataFrame(
        [("scn", 0.2, seed, 45, 64 + seed) for seed in (0, 1)], columns=["label", "value", "seed", "val", "test"]
    )
    found = readings.setting_means(runs, "test").set_index(["series", "value"])
    assert found.loc[("scn", 0.2), "mean"] == 64.5 and found.loc[("scn", 0.2), "n"] == 2


def test_how_much_more_is_gained_with_other_labels():
    small = {"backbone": "small"}
    rows = [run("baseline", 70.0, seed, **small) for seed in (0, 1, 2)] + [
        run("scn", 71.0, seed, **small) for seed in (0, 1)
    ]
    real = {"noise_kind": "fer2013", **small}
    rows += [run("baseline", 60.0, seed, **real) for seed in (0, 1)] + [
        run("scn", 64.0 + seed, seed, **real) for seed in (0, 1, 2)
    ]
    arms = [
        {name: arm(name, noise_kind=kind) for name in ("baseline", "scn", "lrn")} for kind in ("fer2013", "symmetric")
    ]
    scn, lrn = readings.more_gain(table(*rows), *arms, "ferplus").to_dict("records")
    assert (scn["label"], scn["first"], scn["second"], scn["more"], scn["n"]) == ("scn", 4.5, 1.0, 3.5, 2)
    assert scn["high"] - scn["more"] == pytest.approx(12.706 * 0.5, abs=0.01), "t(1) times s / sqrt(2)"
    assert lrn["n"] == 0 and math.isnan(lrn["more"])


def test_gains_of_lessons_do_not_mix_versions_of_the_recipe():
    old, new = {"recipe_version": 1}, {"recipe_version": 2}
    named = {"baseline": arm("baseline", 0.3), "scn": arm("scn", 0.3)}
    results = table(rendered("baseline", 60) | new, rendered("scn", 50) | old)
    assert readings.seed_gains(results, {"30 %": (named["scn"], named["baseline"])}).empty
    sweep = [rendered("scn", 60, 0, 0.0) | new, rendered("scn", 50, 0, 0.0, {"gamma": 0.2}) | old]
    found = readings.option_sweep(table(*sweep), "gamma", (0.2, 0.5), 0.5, {"clean": 0.0}).set_index("value")
    assert found["mean"].to_dict() == {0.2: 50, 0.5: 60} and math.isnan(found["gain"][0.2])
    assert math.isnan(found["together"][0.2]), "the older run takes no part in the choice"
    runs = readings.by_setting(results.assign(val_accuracy=40.0), named, "lr", [0.05])
    assert runs["recipe_version"].tolist() == ["2", "1"]
    assert math.isnan(tuning.tuned(runs, "baseline").loc["scn", "gain"])
