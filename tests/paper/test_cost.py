"""Costs against sums by hand: what is not measured is never a number."""

import json

import pandas as pd
import pytest

from scnlib.bench.rows import COLUMNS
from scnlib.cli import main
from scnlib.config import RECIPE_VERSION, profile_config
from scnlib.paper.cost import (
    IMAGES,
    Rate,
    Work,
    costs,
    hours,
    machines,
    makespan,
    rate_of,
    rates,
    seconds,
    to_text,
    work,
    work_of,
)

CPU, GPU = "CPU: one, 2 cores", "GPU one"
NOTHING = pd.DataFrame({"config": []})


def run(method="scn", trained=1000, judged=0, measured=False, name="a", **rest):
    return Work("t", "rafdb", method, "resnet18", 224, 1024, trained, judged, measured, ("", name), **rest)


def rate(value, method="scn", batch=64, device=CPU, **rest):
    return Rate(device, method, "resnet18", 224, batch, value, "by hand", **rest)


def test_seconds_are_images_over_rates():
    known = [rate(10.0), rate(50.0, method="")]
    assert seconds(run(trained=1000, judged=200), known) == 1000 / 10 + 200 / 50
    assert seconds(run(trained=1000, judged=200), known[:1]) == 100
    assert seconds(run(trained=1000, judged=200), [rate(10.0, with_judging=True), known[1]]) == 100
    assert seconds(run("baseline"), known) is None


def test_the_rate_is_that_of_the_batch_nearest_in_ratio():
    assert rate_of(run(), [rate(1.0, batch=64), rate(2.0, batch=256)]).value == 2.0  # 1024 / 256 = 4, 1024 / 64 = 16
    assert rate_of(run(), [rate(1.0, batch=2048), rate(2.0, batch=256)]).value == 1.0


@pytest.mark.parametrize(
    ("durations", "devices", "end"),
    [([3, 5, 2], 1, 10), ([4] * 16, 8, 8), ([7, 1, 1], 8, 7), ([], 8, 0), ([5, 4, 3, 3, 3], 2, 10)],
)
def test_makespan(durations, devices, end):
    assert makespan(durations, devices) == end


def test_costs_count_a_run_of_two_tables_once_and_say_what_is_left():
    runs = [run(trained=3600), run(trained=7200, name="b", measured=True), run("lrn", name="c")]
    again = Work("u", *list(vars(runs[0]).values())[1:])
    table = costs([*runs, again], [rate(1.0), rate(4.0, device=GPU)], [(CPU, 1), (GPU, 1)])
    assert table["table"].tolist() == ["t", "u", "all"]
    assert table["runs"].tolist() == [3, 1, 3] and table["left"].tolist() == [2, 1, 2]
    assert table["images"].tolist() == [11800, 3600, 11800]
    assert table[CPU, 1, "left"].tolist() == [1.0, 1.0, 1.0] and table[GPU, 1, "left"].tolist() == [0.25] * 3
    assert table[CPU, 1, "all"].tolist() == [3.0, 1.0, 3.0]
    assert table[CPU, 1, "left unknown"].tolist() == [1, 0, 1]  # lrn, which nobody measured


def test_rates_come_from_the_benchmark_and_where_there_is_none_from_finished_runs():
    row = dict.fromkeys(COLUMNS) | {"group": "training", "name": "small", "unit": "images/s", "size": 48, "batch": 256}
    bench = pd.DataFrame(
        [
            row | {"method": "scn", "value": 900.0, "device": CPU, "precision": "bfloat16"},
            row | {"method": "released", "value": 90.0, "device": CPU},
            row | {"method": "scn", "value": 0.2, "device": CPU, "unit": "share of matrix rate"},
            row | {"group": "preparing", "name": "evaluation, small", "method": "scnlib", "value": 3e3, "device": CPU},
        ]
    )
    done = {"backbone": "small", "size": 48, "epochs": 10, "n_train": 100}
    results = pd.DataFrame(
        [
            done | {"device": CPU, "method": "scn", "duration_s": 1.0},  # benchmarked, so it does not count
            done | {"device": GPU, "method": "scn", "duration_s": 1.0},
            done | {"device": GPU, "method": "scn", "duration_s": 2.0},
            done | {"device": GPU, "method": "scn", "duration_s": 4.0},
            done | {"device": f"{CPU}; {GPU}", "method": "scn", "duration_s": 4.0},
        ]
    )
    found = rates(bench, results)
    assert [(r.device, r.method, r.value, r.with_judging) for r in found] == [
        (CPU, "scn", 900.0, False),
        (CPU, "", 3000.0, False),
        (GPU, "scn", 500.0, True),
    ]
    assert machines(found) == [(CPU, 1), (GPU, 1), (GPU, 8)]


def test_what_training_has_not_comes_from_the_group_of_all_methods():
    row = dict.fromkeys(COLUMNS) | {"name": "small", "size": 48, "batch": 256, "device": CPU, "precision": "float32"}
    row |= {"group": "methods", "unit": "images/s"}
    bench = pd.DataFrame(
        [
            row | {"method": "scn", "value": 800.0},
            row | {"method": "lrn", "value": 500.0},
            row | {"method": "rul", "value": float("nan")},
            row | {"method": "lrn", "value": 1.6, "unit": "times the baseline's epoch"},
            row | {"method": "scn", "value": 900.0, "group": "training"},
            row | {"method": "scn", "value": 850.0, "group": "scaling"},
        ]
    )
    done = {"backbone": "small", "size": 48, "epochs": 10, "n_train": 100, "device": CPU, "duration_s": 10.0}
    found = rates(bench, pd.DataFrame([done | {"method": name} for name in ("lrn", "rul")]))
    assert {(r.method, r.value, r.with_judging) for r in found} == {
        ("scn", 900, False), ("scn", 800, False), ("lrn", 500, False), ("rul", 100, True)
    }  # fmt: skip
    one = Work("t", "rendered", "scn", "small", 48, 256, 1000, 0, False, ("", "a"))
    assert rate_of(one, found).value == 900, "longer turns first"


def test_the_runs_of_table_6_on_the_papers_data_are_five_gammas_of_40_epochs():
    runs = work("scn-6", None, "paper", (0,), NOTHING)
    assert [(r.method, r.dataset, r.trained, r.judged, r.size, r.batch) for r in runs] == [
        ("scn", "rafdb", 40 * 12271, 40 * 3068, 224, 1024)
    ] * 5
    assert len(work("scn-6", None, "paper", (0, 1, 2), NOTHING)) == 15


def test_a_row_of_results_makes_its_run_measured_but_not_the_one_from_weights():
    def results(**fields):
        config = profile_config("paper", dataset="rafdb", method="baseline", **fields)
        return pd.DataFrame({"config": [json.dumps(config.to_dict())], "recipe_version": [str(RECIPE_VERSION)]})

    def measured(rows):
        return [r.run[0] for r in work("scn-5", None, "paper", (0,), rows) if r.measured]

    assert measured(results()) == [""]
    weights = {"pretrained": "msceleb@sha256:0123456789abcdef", "normalization": "unit"}
    assert measured(results(**weights)) == ["msceleb"]
    assert measured(results(seed=5)) == measured(NOTHING) == []


@pytest.mark.parametrize(
    ("dataset", "data", "trained", "judged"),
    [("ferplus", {}, 25_045 + 3_191, 3_137), ("rendered", {"n": 50}, 100, 50), ("rafdb", {}, 12_271, 3_068)],
)
def test_validation_images_that_are_trained_on_are_not_judged(dataset, data, trained, judged):
    """FER+ by the majority rule; RAF-DB has no validation split."""
    one = work_of(profile_config("paper", dataset=dataset, split="train+val", data=data, epochs=2))
    assert (one.trained, one.judged) == (2 * trained, 2 * judged)


def test_a_dataset_of_unknown_size_has_no_cost():
    with pytest.raises(ValueError, match="how many images 'folder' has is known nowhere"):
        work("scn-6", "folder", "quick", (0,), NOTHING)


def test_a_stand_in_has_the_runs_that_the_table_would_train():
    runs = work("scn-3", "rendered", "quick", (0,), NOTHING)
    assert sorted((r.dataset, r.method) for r in runs) == sorted(
        [("rendered", "baseline"), *[("rendered", m) for m in ("baseline", "scn")] * 2]
        + [("rendered_web", m) for m in ("baseline", "scn")]
    )  # fmt: skip
    assert {r.trained for r in runs} == {12 * 6000, 12 * 12000}


def test_the_command_reads_rates_from_a_file(tmp_path, capsys):
    row = dict.fromkeys(COLUMNS) | {"group": "training", "name": "resnet18", "method": "scn", "size": 224, "batch": 64}
    row |= {"value": 10.0, "unit": "images/s", "precision": "float32", "device": GPU}
    pd.DataFrame([row]).to_csv(tmp_path / "bench.csv", index=False)
    assert main(["cost", "scn-6", "--bench", str(tmp_path / "bench.csv")]) == 0
    printed = capsys.readouterr().out
    assert f"1 x {GPU}" in printed and f"8 x {GPU}" in printed and "68.2 h" in printed
    assert main(["cost", "scn-9"]) == 2 and main(["cost", "--seeds", "0"]) == 2


def test_the_text_has_no_time_where_nothing_was_measured():
    runs = work("scn-6", None, "paper", (0,), NOTHING)
    words = to_text(costs(runs, [], []), runs, [])
    assert "1 CPU machine: not measured: run `scn bench" in words and "8 GPUs: not measured" in words
    known = [rate(10.0, device=GPU)]
    words = to_text(costs(runs, known, machines(known)), runs, known)
    assert "1 CPU machine: not measured" in words and "8 GPUs: not measured" not in words
    # 5 x 40 x 12271 / 10 seconds; on eight GPUs as long as one run, since five runs need no more than five.
    assert "68.2 h" in words and "13.6 h" in words


@pytest.mark.parametrize(
    ("seconds", "devices", "words"),
    [
        ([30], 1, "1 min"),
        ([1800] * 3, 1, "1.5 h"),
        ([1800] * 3, 2, "1.0 h"),
        ([1200, 1500], 8, "25 min"),
        ([5_640 * 3600], 1, "about 5,600 h"),
    ],
)
def test_hours_end_with_the_last_run(seconds, devices, words):
    runs = [run(trained=number, name=str(place)) for place, number in enumerate(seconds)]
    row = costs(runs, [rate(1.0)], [(CPU, devices)], by=("table",)).to_dict("records")[0]
    assert hours(row, (CPU, devices)) == hours(row, (CPU, devices), "left", "left") == words


def test_hours_say_of_how_many_runs_they_are():
    runs = [run(trained=7200), run("lrn", name="b"), run(trained=3600, name="c", measured=True)]
    row = costs(runs, [rate(1.0)], [(CPU, 1)]).to_dict("records")[0]
    assert hours(row, (CPU, 1)) == "3.0 h for 2 of 3 runs"
    assert hours(row, (CPU, 1), "left", "left") == "2.0 h for 1 of 2 runs"
    row = costs(runs[1:2], [rate(1.0)], [(CPU, 1)]).to_dict("records")[0]
    assert hours(row, (CPU, 1)) == "not measured"


def test_images_are_counted_by_their_datasets():
    """SCN 4.1: 12,271 and 3,068; AffectNet with contempt is about 287,000."""
    assert IMAGES["rafdb"] == (12_271, 3_068) and IMAGES["joint"][1] == 3_068
    assert 280_000 < IMAGES["affectnet"][0] < 287_700 and IMAGES["affectnet"][1] == 4_000
    assert IMAGES["joint"][0] == IMAGES["rafdb"][0] + IMAGES["affectnet"][0]
