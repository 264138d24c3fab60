"""Reading results, and which of them count as the same experiment."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from scnlib.paper import add_curves, load_epochs, load_results
from scnlib.paper.grid import Selector
from scnlib.paper.results import COLUMNS, FULL_SCALE, by_seed, paired, prepare, recipe_of, select, unlike
from tests.paper.made import run, table


def write(folder, name, *rows):
    path = folder / name
    pd.DataFrame(list(rows)).to_csv(path, index=False)
    return path


def test_a_folder_is_read_without_curves_and_other_tables(tmp_path):
    write(tmp_path, "a.csv", run(seed=0), run(seed=1, accuracy=51.5))
    write(tmp_path, "b.csv", run("scn", seed=0, alpha_mean=0.25))
    write(tmp_path, "a_epochs.csv.xz", {"key": "k", "epoch": 1})
    write(tmp_path, "a_alpha.csv.xz", {"key": "k", "epoch": 1, "bin": 0.5})
    write(tmp_path, "timing.csv", {"what": "loader", "seconds": 1})
    results = load_results(tmp_path)
    assert results["accuracy"].tolist() == [50, 51.5, 50]
    assert results["seed"].tolist() == [0, 1, 0]
    assert results["alpha_mean"].isna().tolist() == [True, True, False]
    assert set(COLUMNS) <= set(results.columns)


def test_without_results_there_are_no_rows(tmp_path):
    results = load_results(tmp_path)
    assert len(results) == 0
    assert set(COLUMNS) <= set(results.columns)
    assert len(prepare(results)) == 0
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_results(tmp_path / "nowhere")


def test_bad_files_are_named_with_column_and_line(tmp_path):
    row = run()
    del row["split"]
    with pytest.raises(ValueError, match=r"short\.csv: column 'split' is missing"):
        load_results(write(tmp_path, "short.csv", row))
    with pytest.raises(ValueError, match=r"bad\.csv: column 'accuracy', line 3: expected a number, found 'high'"):
        load_results(write(tmp_path, "bad.csv", run(), run(seed=1, accuracy=50.0) | {"accuracy": "high"}))
    with pytest.raises(ValueError, match=r"gap\.csv: column 'seed', line 2: expected a number, found ''"):
        load_results(write(tmp_path, "gap.csv", run() | {"seed": None}))
    with pytest.raises(ValueError, match=r"json\.csv: column 'options', line 2: expected a JSON object, found '\[1\]'"):
        load_results(write(tmp_path, "json.csv", run() | {"options": "[1]"}))
    with pytest.raises(ValueError, match=r"key\.csv: column 'key', line 2: is empty"):
        load_results(write(tmp_path, "key.csv", run() | {"key": ""}))
    with pytest.raises(ValueError, match="column 'key' is missing"):
        load_results(write(tmp_path, "other.csv", {"what": 1}))


def test_a_run_in_two_files_counts_once_unless_its_results_differ(tmp_path):
    write(tmp_path, "a.csv", run())
    write(tmp_path, "b.csv", run())
    assert len(load_results(tmp_path)) == 1
    write(tmp_path, "b.csv", run(accuracy=60.0))
    with pytest.raises(ValueError, match="has several results \\(accuracy 50, 60\\)"):
        load_results(tmp_path)


def test_curves_give_what_was_fitted_after_one_epoch(tmp_path):
    key = run()["key"]
    accuracies = ((2, 0.4), (1, 0.1), (3, 0.6))
    write(tmp_path, "a_epochs.csv.xz", *({"key": key, "epoch": e, "test_accuracy": a} for e, a in accuracies))
    results = add_curves(table(run(), run(seed=1)), load_epochs(tmp_path))
    assert results["early_accuracy"].tolist()[0] == pytest.approx(10)
    assert results["early_accuracy"].isna().tolist() == [False, True]
    write(tmp_path, "b_epochs.csv.xz", {"key": key, "loss": 1})
    with pytest.raises(ValueError, match=r"b_epochs\.csv\.xz: column 'epoch' is missing"):
        load_epochs(tmp_path)
    assert (
        add_curves(table(run()), load_epochs(tmp_path / "a_epochs.csv.xz")[["key", "epoch"]])
        .iloc[0]
        .isna()[["rote_first", "rote_last", "early_accuracy", "val_accuracy", "margin_learnt"]]
        .all()
    )


@pytest.mark.parametrize(("by_heart", "right"), [(0.0, 0.2), (0.25, 0.6), (1.0, 0.9)])
def test_what_is_known_by_rote_is_told_from_accidents(by_heart, right):
    """A network that knows some wrong labels by heart and answers all else without regard to the label."""
    random = np.random.default_rng(0)
    n, classes = 400_000, 8
    true = random.integers(classes, size=n)
    flipped = random.random(n) < 0.3
    given = np.where(flipped, (true + random.integers(1, classes, size=n)) % classes, true)
    answer = np.where(random.random(n) < right, true, (true + random.integers(1, classes, size=n)) % classes)
    answer = np.where(flipped & (random.random(n) < by_heart), given, answer)
    noisy = run(noise_rate=0.3)
    curve = {
        "epoch": 1, "key": noisy["key"], "label_accuracy": 1 - flipped.mean(), "relabelled": 0,
        "memorised": (answer == given)[flipped].mean(), "train_accuracy_given": (answer == given).mean(),
        "train_accuracy_true": (answer == true).mean(),
    }  # fmt: skip
    results = add_curves(table(noisy), pd.DataFrame([curve]))
    assert results["rote_last"].item() == results["rote_first"].item() == pytest.approx(100 * by_heart, abs=0.5)
    relabelled = add_curves(table(noisy), pd.DataFrame([curve | {"relabelled": 3}]))
    assert relabelled["rote_last"].isna().all()
    assert add_curves(table(noisy | {"noise_kind": "pair"}), pd.DataFrame([curve]))["rote_last"].isna().all()


def test_curves_give_the_first_third_and_the_end():
    epochs = pd.DataFrame(
        {"key": run()["key"], "epoch": range(1, 13), "test_accuracy": [e / 100 for e in range(1, 13)]}
    )
    epochs = epochs.assign(val_accuracy=epochs["test_accuracy"] / 2, margin_rank=0.15).sample(frac=1, random_state=0)
    row = add_curves(table(run()), epochs).iloc[0]
    assert (row["early_accuracy"], row["val_accuracy"], row["margin_learnt"]) == pytest.approx((4, 6, 0.15))


def test_recipes_name_what_differs_and_nothing_else():
    same = {"lr": 0.05, "batch_size": 256, "seed": 0, "method": {"name": "scn"}, "noise_rate": 0.1}
    results = prepare(
        table(
            run(config=same),
            run(seed=1, config=same | {"seed": 1, "noise_rate": 0.3, "method": {"name": "baseline"}}),
            run(seed=2, config=same | {"lr": 0.01}),
            run(seed=3, epochs=40, config=same),
        )
    )
    assert results["recipe"].tolist() == [
        "quick, 12 epochs, 48 px, resnet18, train, lr 0.05",
        "quick, 12 epochs, 48 px, resnet18, train, lr 0.05",
        "quick, 12 epochs, 48 px, resnet18, train, lr 0.01",
        "quick, 40 epochs, 48 px, resnet18, train",
    ]


def test_nested_options_of_the_loader_are_part_of_the_recipe():
    results = prepare(table(run(config={"data": {"n": 96}}), run(seed=1, config={"data": {}})))
    assert [r.rsplit(", ", 1)[1] for r in results["recipe"]] == ["data.n 96", "data.n unset"]


def test_where_relabelling_starts_is_a_variation_and_no_option():
    results = prepare(
        table(
            run("scn", options={"relabel_epoch": 8}),
            run("scn", seed=1),
            run("scn", seed=2, options={"relabelling": False, "relabel_epoch": 8}),
            run(),
            run("scn", seed=3, config={"method": {"name": "scn", "relabel_epoch": 7}}),
        )
    )
    starts = ["relabelling from epoch 8", "relabelling from epoch 4", "", "", "relabelling from epoch 7"]
    assert results["variation"].tolist() == starts
    assert [json.loads(arm)[-1] for arm in results["arm"]] == [{}, {}, {"relabelling": False}, {}, {}]


def test_selection_is_exact():
    results = prepare(
        table(
            run("scn", 1, noise_rate=0.1),
            run("scn", 2, noise_rate=0.2),
            run("scn", 3, noise_rate=0.1, options={"gamma": 0.2}),
            run("scn", 4, noise_rate=0.1, noise_kind="pair"),
            run("scn", 5, noise_rate=0.1, dataset="rendered"),
            run("scn", 6, noise_rate=0.1, variant="released_code", seed=1),
            run("scn", 7, noise_kind="fer2013"),
            run("scn", 8, noise_kind="pair"),
            run("scn", 9, options={"margin_rank": 0}),
            run("scn", 10, options={"gamma": 0.5, "margin_relabel": 0.2}, seed=1),
            run("baseline", 11),
        )
    )

    def found(**fields):
        return select(results, Selector("scn", "ferplus", **fields))["accuracy"].tolist()

    assert found(noise_rate=0.1) == [1]
    assert found(noise_rate=0.1, options={"gamma": 0.2}) == [3]
    assert found(noise_rate=0.1, noise_kind="pair") == [4]
    assert found() == [8, 10]  # at rate 0 the kind changes no label; options at their defaults are none
    assert found(noise_kind="fer2013") == [7]  # real noise without a rate is not clean
    assert found(options={"margin_rank": 0.0}) == [9]
    assert found(pretrained=True) == []
    assert select(results, Selector("scn", "rafdb", 0.1), "rendered")["accuracy"].tolist() == [5]


def test_pretrained_runs_say_so_and_are_not_taken_for_scratch():
    results = prepare(table(run(weights="msceleb"), run(seed=1, weights=None), run(seed=2, weights="imagenet")))
    assert select(results, Selector("baseline", "ferplus"))["seed"].tolist() == [1]
    assert select(results, Selector("baseline", "ferplus", pretrained=True))["seed"].tolist() == [0]


def test_sampling_classes_and_datasets_make_other_arms():
    """A selector finds exactly the run it names; which faces are loaded otherwise is recipe."""
    seven, both = {"num_classes": 7}, {"sets": "affectnet+rafdb"}
    results = prepare(
        table(
            run("scn", config={"data": {"n": 5, "num_classes": 8}}),
            run("scn", seed=1, config={"oversample": True}),
            run("scn", seed=2, config={"data": seven}),
            run("scn", seed=3, dataset="joint"),
            run("scn", seed=4, dataset="joint", config={"data": seven | both}),
            run("scn", seed=5, backbone="ir50"),
        )
    )

    def found(name="ferplus", stand_in=None, **fields):
        return select(results, Selector("scn", name, **fields), stand_in)["seed"].tolist()

    assert found() == [0, 5]
    assert found(oversample=True) == [1]
    assert found(data=seven) == [2]
    assert found("joint") == [3]
    assert found("joint", data=seven | both) == [4]
    assert found("joint", "ferplus") == []
    assert found(backbone="ir50") == [5]
    assert recipe_of({"data": {"n": 5, "num_classes": 7}})["data"] == {"n": 5}
    assert "oversample" not in recipe_of({"oversample": True})


def test_two_runs_of_one_seed_are_not_averaged():
    rows = prepare(table(run(), run(accuracy=60.0) | {"key": "newer"}))
    with pytest.raises(ValueError, match="have the same method, recipe and seed 0"):
        by_seed(rows, "accuracy")


def test_origin_is_full_scale_unless_said():
    results = prepare(table(run(), run(seed=1, origin="measured here")))
    assert results["origin"].tolist() == [FULL_SCALE, "measured here"]


def test_options_may_be_a_dict_and_columns_must_be_there():
    row = run("scn") | {"options": {"gamma": 0.2}}
    assert json.loads(prepare(table(row))["arm"][0])[-1] == {"gamma": 0.2}
    with pytest.raises(ValueError, match="results lack the column 'profile'"):
        prepare(table(run()).drop(columns="profile"))


def test_a_row_of_a_real_run_has_all_columns():
    """The names that ``Run.row`` writes, read from its source so that the two cannot drift apart unseen."""
    import inspect

    run_folder = pytest.importorskip("scnlib.run_folder")
    source = inspect.getsource(run_folder.Run.row)
    assert [name for name in COLUMNS if f'"{name}"' not in source] == []


def test_fields_that_came_later_stand_for_what_was_before_them():
    early, late = {"lr": 0.05}, {"lr": 0.05, "optimizer": "sgd"}
    adam = run(seed=2, config=late | {"optimizer": "adam"})
    recipes = prepare(table(run(config=early), run(seed=1, config=late), adam))["recipe"]
    assert recipes.tolist() == [
        f"quick, 12 epochs, 48 px, resnet18, train, optimizer {o}" for o in ("sgd", "sgd", "adam")
    ]


@pytest.mark.parametrize(
    ("column", "values"),
    [("recipe_version", (1, 2)), ("data", ("old", "new")), ("start", ("msceleb@sha256:a", "msceleb@sha256:b"))],
)
def test_runs_of_other_code_or_other_images_are_not_averaged(column, values):
    rows = pd.DataFrame({"key": ["a", "b"], "seed": [0, 1], "accuracy": [70.0, 60.0], column: values})
    with pytest.raises(ValueError, match="runs ...a, ...b are of 2 .* not averaged"):
        by_seed(rows, "accuracy")


def arm_rows(accuracies, **columns):
    keys = [f"{accuracy}" for accuracy in accuracies.values()]
    return pd.DataFrame({"key": keys, "seed": [*accuracies], "accuracy": [*accuracies.values()], **columns})


def test_pairs_are_of_one_seed():
    found = paired(arm_rows({0: 70.0, 2: 75.0, 5: 1.0}), arm_rows({2: 71.0, 0: 69.0, 7: 9.0}), "accuracy")
    assert found == {0: 1.0, 2: 4.0}


@pytest.mark.parametrize(
    ("column", "words"), [("recipe_version", "versions of the recipe"), ("data", "sets of images")]
)
def test_arms_of_other_code_or_other_images_are_not_paired(column, words):
    old, new = arm_rows({0: 70.0}, **{column: "1"}), arm_rows({0: 60.0}, **{column: "2"})
    assert paired(old, new, "accuracy") == {} and unlike(old, new) == f"2 {words} (1, 2)"
    assert paired(old, new.drop(columns=column), "accuracy") == {0: 10.0}, "nobody knows that they differ"
    assert paired(old, new, "accuracy", names=[]) == {0: 10.0}


def test_what_arms_start_from_may_be_what_is_compared():
    scratch, pretrained = arm_rows({0: 70.0}, start=""), arm_rows({0: 75.0}, start="msceleb@sha256:a")
    assert paired(pretrained, scratch, "accuracy") == {0: 5.0}


def test_curves_without_a_column_for_relabelling_say_nothing_of_what_is_known_by_rote():
    noisy = run(noise_rate=0.3)
    shares = {"memorised": 0.1, "train_accuracy_given": 0.6, "train_accuracy_true": 0.7, "label_accuracy": 0.7}
    curve = pd.DataFrame([{"key": noisy["key"], "epoch": 1, "test_accuracy": 0.5, **shares}])
    found = add_curves(table(noisy), curve).iloc[0]
    assert math.isnan(found["rote_last"]) and found["early_accuracy"] == 50


@pytest.mark.parametrize(("config", "classes"), [({}, 8), ({"data": {"num_classes": 7}}, 7)])
def test_accidents_are_as_many_as_there_are_classes(config, classes):
    """Who knows no wrong label repeats one in C - 1 of its errors, and nothing of that is known by rote."""
    noisy, right = run(noise_rate=0.3, dataset="affectnet", config=config), 0.4
    repeated = (1 - right) / (classes - 1)
    shares = {"train_accuracy_given": 0.7 * right + 0.3 * repeated, "train_accuracy_true": right}
    curve = {"epoch": 1, "relabelled": 0, "label_accuracy": 0.7, "memorised": repeated, **shares}
    found = add_curves(table(noisy), pd.DataFrame([{"key": noisy["key"], **curve}]))
    assert found["rote_last"].item() == pytest.approx(0, abs=1e-9)


def test_a_run_without_a_config_is_refused(tmp_path):
    for config in ("", "{}"):
        write(tmp_path, "a.csv", run(), run(seed=1) | {"config": config})
        with pytest.raises(ValueError, match=r"a\.csv: column 'config', line 3: expected a JSON object"):
            load_results(tmp_path)
