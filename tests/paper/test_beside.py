"""Published beside measured: the paper's cells, differences by hand, and nothing where nobody measured."""

import math

import pandas as pd
import pytest

from scnlib.config import profile_config
from scnlib.paper.beside import CHANGES, beside, best_baseline, closer, panels, setups, started_from
from tests.paper.made import run, table


def ran(method, accuracy, seed=0, noise_rate=0.0, best=None, recipe_version=2, images="sha", **fields):
    config = profile_config("quick", dataset="ferplus", method=method, seed=seed, noise_rate=noise_rate, **fields)
    shown = {name: getattr(config, name) for name in ("backbone", "epochs", "size", "split")}
    shown["best_accuracy"] = accuracy if best is None else best
    return run(method, accuracy, seed, noise_rate, config=config.to_dict(), recipe_version=recipe_version, data=images,
               **shown)  # fmt: skip


def test_the_rows_are_the_papers_and_gains_are_over_shared_seeds():
    rows = [ran("baseline", 70.0 + s, s, 0.3, best=70.5 + s) for s in (0, 1)]
    rows += [ran("scn", 68.0 + s, s, 0.3, best=68.1 + s) for s in (0, 1, 2)]
    found = beside(table(*rows)).set_index(["method", "noise_rate"])
    # SCN tables 2 and 4, FERPlus from scratch.
    assert found["published"].to_dict() == {
        ("baseline", 0.0): 82.40, ("SCN", 0.0): 83.42, ("baseline", 0.1): 77.15, ("SCN", 0.1): 78.53,
        ("baseline", 0.2): 71.88, ("SCN", 0.2): 72.46, ("baseline", 0.3): 68.54, ("SCN", 0.3): 70.45,
    }  # fmt: skip
    assert found.loc[("SCN", 0.0), "status"] == "derived"
    scn = found.loc[("SCN", 0.3)]
    assert (scn["mean"], scn["n"], scn["seeds"]) == (69.0, 3, "0, 1, 2")
    assert scn["selection"] == pytest.approx(0.1)
    assert scn["gain"] == -2.0 and scn["published_gain"] == pytest.approx(1.91)  # over the two seeds that both have
    assert found.loc[("baseline", 0.3), "selection"] == 0.5
    assert math.isnan(found.loc[("baseline", 0.3), "gain"]) and found.loc[("SCN", 0.1), "n"] == 0


def test_a_step_closer_is_paired_by_seed_and_by_method():
    rows = [ran("baseline", 77.0 + s, s, best=77.2 + s) for s in (0, 1)]
    rows += [ran("baseline", 80.0 + 2 * s, s, epochs=40) for s in (0, 1)] + [ran("baseline", 79.0, split="train+val")]
    found = closer(table(*rows)).set_index(["group", "label"])
    assert found.loc[("baseline", "40 epochs"), ["effect", "n"]].tolist() == [3.5, 2]  # 3 and 4 points
    assert found.loc[("baseline", "validation faces trained on, too"), ["effect", "n"]].tolist() == [2.0, 1]
    bonus = found.loc[("baseline", "the best epoch on the test set (runs, least to most)")]
    assert bonus["effect"] == pytest.approx(0.2) and bonus["n"] == 2, "runs of other recipes have no say"
    rest = found.drop(index=[("baseline", name) for name in found.loc["baseline"].index if "px" not in name])
    assert rest["effect"].isna().all() and not rest["n"].any()


def test_each_step_changes_one_field_of_the_recipe():
    usual = profile_config("quick", dataset="ferplus", method="baseline").to_dict()
    for fields in CHANGES.values():
        changed = profile_config("quick", dataset="ferplus", method="baseline", **fields).to_dict()
        assert {name for name in usual if usual[name] != changed[name]} == set(fields)


def test_nothing_measured_is_no_error():
    nothing = table(run("baseline", dataset="rendered", recipe_version=2))
    assert not beside(nothing)["n"].any() and closer(nothing)["effect"].isna().all()
    assert "3,137" in setups().loc["images", "here"] and "48 px" in setups().loc["size", "here"]


def test_runs_of_another_version_are_shown_and_not_compared():
    results = table(*(ran("baseline", 76.0 + s, s) for s in (0, 1)), ran("scn", 74.0, recipe_version=1),
                    ran("scn", 79.0, backbone="resnet18"))  # fmt: skip
    scn = beside(results).set_index(["method", "noise_rate"]).loc[("SCN", 0.0)]
    assert (scn["mean"], scn["n"], scn["shared"]) == (74.0, 1, 0) and math.isnan(scn["gain"])
    step = closer(results).set_index(["group", "label"]).loc[("SCN", "ResNet-18")]
    assert step["n"] == 0 and math.isnan(step["effect"])


def test_a_step_may_be_one_to_other_images():
    results = table(ran("baseline", 76.0, images="48 px"), ran("baseline", 79.0, images="112 px", size=112))
    assert closer(results).set_index(["group", "label"]).loc[("baseline", "112 px"), ["effect", "n"]].tolist() == [3, 1]


def test_three_seeds_of_one_recipe_do_not_outweigh_a_second_recipe():
    rows = [ran("baseline", 70.0, s, 0.2) for s in (0, 1, 2)] + [ran("baseline", 75.0, 0, 0.2, epochs=24)]
    results = table(*rows)
    curves = pd.DataFrame({"key": results["key"], "epoch": 12, "val_accuracy": [0.5, 0.9, 0.9, 0.6]})
    chosen = best_baseline(results, curves).set_index("labels").loc["at noise 20 %"]
    assert (chosen["tried"], chosen["mean"], chosen["n"]) == (2, 75.0, 1)


def test_panels_have_last_and_best_epochs_and_the_published_once():
    rows = beside(table(ran("scn", 68.0, 0, 0.3, best=69.0)))
    found = panels(rows)
    assert list(found) == ["baseline: wrong labels, %", "SCN: wrong labels, %"]
    scn = found["SCN: wrong labels, %"]
    assert scn["value"].tolist() == [0, 10, 20, 30] * 2 and scn["published"].count() == 4
    assert scn[scn["value"] == 30]["mean"].tolist() == [69.0, 68.0] and scn["mean"].count() == 2


def test_the_best_baseline_is_chosen_on_validation_labels_and_never_by_the_test():
    rows = [ran("baseline", 70.0, 0, 0.3), ran("baseline", 72.0, 1, 0.3), ran("baseline", 75.0, 0, 0.3, epochs=24)]
    rows += [ran("baseline", 90.0, 0, 0.3, split="train+val"), ran("baseline", 80.0, 0, 0.1)]
    results = table(*rows)

    def found(*val):
        curves = pd.DataFrame({"key": results["key"], "epoch": 12, "val_accuracy": [*val, math.nan, 0.9]})
        return best_baseline(results, curves).set_index("labels")

    longer = found(0.5, 0.9, 0.6).loc["at noise 30 %"]  # seed 1 was run once only: it has no say
    assert (longer["mean"], longer["n"], longer["tried"], longer["val"]) == (75.0, 1, 2, 60.0)
    assert "24 epochs" in longer["recipe"]
    shorter = found(0.7, 0.9, 0.6).loc["at noise 30 %"]
    assert (shorter["mean"], shorter["n"], shorter["val"]) == (71.0, 2, 70.0), "the better test accuracy was not chosen"
    alone = found(0.7, 0.9, 0.6).loc["at noise 10 %"]
    assert alone["recipe"] == "" and math.isnan(alone["mean"]), "one recipe is no choice"


def test_weights_are_compared_with_scratch_where_nothing_else_differs():
    rows = [ran("baseline", 70.0 + s, s) for s in (0, 1)] + [ran("baseline", 60.0, 0, epochs=24)]
    rows += [ran("baseline", 73.0 + 3 * s, s) | {"weights": "rendered-latents", "key": f"w{s}"} for s in (0, 1, 2)]
    rows += [ran("scn", 90.0) | {"weights": "rendered-latents", "key": "alone"}]
    rows += [ran("baseline", 10.0, 2, lr=0.1), ran("baseline", 20.0, 2, oversample=True)]
    (row,) = started_from(table(*({"weights": ""} | r for r in rows)), "rendered").to_dict("records")
    assert row == {
        "method": "baseline",
        "labels": "on clean labels",
        "backbone": "small",
        "mean": 74.5,
        "gain": 4.0,
        "n": 2,
    }
    assert started_from(table(*({"weights": ""} | r for r in rows)), "webemotion").empty
