"""``data/results``: rows are added, replaced, and what came later fits what was there."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock, Timeout

from scnlib import results, runs, splits
from scnlib.config import profile_config
from scnlib.knowledge import load_knowledge
from scnlib.paper.results import load_results
from scnlib.run_folder import METRICS

from .conftest import load_squares, make_faces


def smoke(**fields):
    return profile_config("smoke", noise_rate=0.25, **fields)


def test_results_are_added_replaced_and_kept_in_order(squares, tmp_path):
    first = runs.run(smoke(), progress=False)
    second = runs.run(smoke(method="baseline"), progress=False)
    results.add("squares", [first, second], tmp_path)
    path = results.add("squares", [first], tmp_path)
    table = results.load("squares", folder=tmp_path)
    assert list(table["key"]) == [first.manifest["key"], second.manifest["key"]]
    assert list(table["config"]) == [run.row()["config"] for run in (first, second)], "though it lies beside the rows"
    assert path.name == "squares.csv" and "config" not in pd.read_csv(path)
    assert len(results.load("squares", "_epochs", tmp_path)) == 4
    alpha = results.load("squares", "_alpha", tmp_path)
    assert alpha.groupby("epoch")[["right", "wrong"]].sum().to_numpy().tolist() == [[48, 16]]
    assert set(alpha["epoch"]) == {2}
    confusion = results.load("squares", "_confusion", tmp_path)
    assert list(confusion.columns) == ["key", "label", *"abcd"]
    assert confusion.groupby("key")[list("abcd")].sum().sum(axis=1).tolist() == [32, 32]
    again = path.read_bytes()
    results.add("squares", [second, first], tmp_path)
    assert path.read_bytes() == again


def test_wherever_it_is_killed_the_rows_can_be_read_and_the_next_call_heals(squares, tmp_path, monkeypatch):
    old, other = runs.run(smoke(), out=tmp_path / "old", progress=False), runs.run(smoke(seed=1), progress=False)

    def others(*_, **__):
        return dataclasses.replace(make_faces(64, seed=77), true_labels=None)

    monkeypatch.setattr(splits, "load_dataset", others)
    new = runs.run(smoke(), out=tmp_path / "new", progress=False)
    written = results.write_table
    for number in range(7):
        folder, count = tmp_path / f"killed{number}", iter(range(99))

        def dies(path, table, number=number, count=count):
            if next(count) == number:
                raise KeyboardInterrupt
            written(path, table)

        monkeypatch.setattr(splits, "load_dataset", load_squares)
        results.add("squares", [old, other], folder)
        monkeypatch.setattr(splits, "load_dataset", others)
        monkeypatch.setattr(results, "write_table", dies)
        with pytest.raises(KeyboardInterrupt):
            results.add("squares", [new], folder)
        monkeypatch.setattr(results, "write_table", written)
        assert load_results(folder)["config"].notna().all()
        results.add("squares", [new], folder)
        configs = results.load("squares", "_configs", folder)
        assert set(configs["key"]) == set(load_results(folder)["key"]) == {new.manifest["key"], other.manifest["key"]}


def test_a_table_without_its_configs_is_not_read(squares, tmp_path):
    first, second = (runs.run(smoke(seed=seed), progress=False) for seed in (0, 1))
    path = results.add("squares", [first], tmp_path)
    beside = results.table_path("squares", "_configs", tmp_path)
    before = beside.read_bytes()
    results.add("squares", [second], tmp_path)
    key, content = second.manifest["key"], path.read_bytes()
    beside.write_bytes(before)
    for read in (lambda: results.load("squares", folder=tmp_path), lambda: load_results(tmp_path)):
        with pytest.raises(ValueError, match=f"squares_configs.csv.xz has no config for key '{key}' of squares.csv"):
            read()
    path.write_text("what\n1\n")
    with pytest.raises(ValueError, match="column 'key' is missing"):
        load_results(path)
    path.write_bytes(content)
    beside.unlink()
    for read in (lambda: results.load("squares", folder=tmp_path), lambda: load_results(tmp_path)):
        with pytest.raises(ValueError, match="squares_configs.csv.xz is missing"):
            read()
    assert path.read_bytes() == content


def test_curves_keep_the_digits_that_a_reader_needs_and_counts_whole(squares, tmp_path):
    metrics = {name: [np.nan] * 3 for name in METRICS} | {
        "epoch": [1, 2, 3],
        "rank_loss": [0.123456, np.nan, 12.34567],
        "alpha_auroc": [0.123456, 0.00123456, 1.0],
        "relabelled": [12345.0, 7.0, 999.0],
    }
    short = results.curves(pd.DataFrame(metrics))
    np.testing.assert_array_equal(short["rank_loss"], [0.123, np.nan, 12.3])
    np.testing.assert_array_equal(short["alpha_auroc"], [0.1235, 0.001235, 1])
    assert (short["epoch"].tolist(), short["relabelled"].tolist()) == ([1, 2, 3], [12345, 7, 999])
    assert tuple(short) == results.KEPT and set(short) < set(METRICS)
    pd.DataFrame({"key": ["old"], "epoch": [1], "rank_loss": [2.09351]}).to_csv(
        tmp_path / "mine_epochs.csv.xz", index=False
    )
    results.add("mine", [runs.run(smoke(method="baseline"), progress=False)], tmp_path)
    there = results.load("mine", "_epochs", tmp_path)
    assert there["rank_loss"][0] == 2.09351, "rows of before stay as they are"


def test_a_result_replaces_that_of_the_same_config_on_older_data(squares, tmp_path, monkeypatch):
    old = runs.run(smoke(), out=tmp_path / "old", progress=False)
    other = runs.run(smoke(method="baseline"), progress=False)
    results.add("squares", [old, other], tmp_path)
    monkeypatch.setattr(
        splits, "load_dataset", lambda *a, **k: dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    )
    new = runs.run(smoke(), out=tmp_path / "new", progress=False)
    assert new.manifest["key"] != old.manifest["key"]
    results.add("squares", [new], tmp_path)
    for suffix in ("", *results.SUFFIXES):
        assert old.manifest["key"] not in set(results.load("squares", suffix, tmp_path)["key"])
    assert set(results.load("squares", folder=tmp_path)["key"]) == {other.manifest["key"], new.manifest["key"]}


def test_what_alpha_knows_is_measured_on_the_runs_own_faces(squares, tmp_path):
    run = runs.run(smoke(), progress=False)
    results.add("squares", [run, runs.run(smoke(method="baseline"), progress=False)], tmp_path)
    table = load_knowledge(tmp_path / "squares_knows.csv.xz")
    assert list(table.columns) == ["key", "quantity", "mode", "measure", "value", "n"]
    modes = {key: set(rows["mode"]) for key, rows in table.groupby("key")}
    assert modes.pop(run.manifest["key"]) == {"train", "eval", "confidence_eval"}
    assert [*modes.values()] == [{"confidence_eval"}], "the baseline has no alpha"
    wrong = run.samples["given"] != run.samples["true"]
    table = table[table["key"] == run.manifest["key"]]
    signals = {"train": run.samples["alpha"][-1], "eval": run.samples["alpha_eval"]}
    for mode, signal in {**signals, "confidence_eval": run.samples["confidence_eval"]}.items():
        right, low = signal[~wrong].astype(float), signal[wrong].astype(float)
        expected = np.mean([(a < b) + (a == b) / 2 for a in low for b in right])
        row = table[(table["quantity"] == "flipped") & (table["mode"] == mode)].iloc[0]
        assert (row["measure"], row["n"]) == ("auroc", 64)
        assert row["value"] == pytest.approx(expected, abs=5e-4)


def test_predictions_are_kept_of_faces_that_nobody_can_draw_again(squares, tmp_path, monkeypatch):
    run = runs.run(smoke(), progress=False)
    results.add("mine", [run], tmp_path)
    assert not results.table_path("mine", "_predictions", tmp_path).exists(), "rendered faces can be drawn again"
    monkeypatch.setattr(results, "DRAWN", ())
    results.add("mine", [run], tmp_path)
    row = results.load("mine", "_predictions", tmp_path).iloc[0]
    assert row["key"] == run.manifest["key"]
    assert [int(one) for one in row["predicted"]] == run.samples["test_prediction"].tolist()


def test_who_adds_at_the_same_time_waits(squares, tmp_path, monkeypatch):
    """The tables are read and written under one lock, so nobody writes over rows that he has not read."""
    run, held = runs.run(smoke(), progress=False), []
    lock = FileLock(tmp_path / ".squares.lock")

    def somebody_else():
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    for name in ("_configs_there", "write_table"):
        inner = getattr(results, name)
        monkeypatch.setattr(results, name, lambda *a, inner=inner: held.append(somebody_else()) or inner(*a))
    results.add("squares", [run], tmp_path)
    assert held == [True] * 8 and not somebody_else()


def test_other_faces_than_the_runs_are_refused(squares, tmp_path, monkeypatch):
    run = runs.run(smoke(), progress=False)
    monkeypatch.setattr(
        splits, "load_dataset", lambda *a, **k: dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    )
    with pytest.raises(ValueError, match="was trained on other rendered faces or labels than these"):
        results.add("squares", [run], tmp_path)


def test_a_run_on_another_dataset_is_refused_by_a_datasets_table(squares, tmp_path):
    run, others = (runs.run(smoke(dataset=name), progress=False) for name in ("rendered", "ferplus"))
    with pytest.raises(ValueError, match=r"is a run on rendered, and ferplus is the table of runs on ferplus; add"):
        results.add("ferplus", [others, run], tmp_path)
    assert not list(tmp_path.glob("*ferplus*.csv*"))
    results.add("rendered", [run], tmp_path)
    results.add("mine", [run, others], tmp_path)


def test_a_root_is_handed_to_the_loader(tmp_path, monkeypatch):
    roots = []

    def load(name, root=None, split="train", **options):
        roots.append(root)
        return load_squares(name, root, split, **options)

    monkeypatch.setattr(splits, "load_dataset", load)
    run = runs.run(smoke(), root="here", progress=False)
    roots.clear()
    results.add("squares", [run], tmp_path, root="here")
    assert set(roots) == {"here"}


def test_weights_that_exist_in_training_alone(squares, tmp_path):
    run = runs.run(smoke(method="self_paced"), progress=False)
    assert "alpha" in run.samples and "alpha_eval" not in run.samples
    results.add("squares", [run], tmp_path)
    assert set(results.load("squares", "_knows", tmp_path)["mode"]) == {"train", "confidence_eval"}


@pytest.mark.parametrize("name", ["ferplus", "rendered", "rendered_web"])
def test_every_committed_row_has_the_hash_of_its_config(name):
    table = results.load(name)
    assert len(table) and list(table["config_sha256"]) == [
        results._config_sha256(text)[:16] for text in table["config"]
    ]


def test_a_row_that_stays_keeps_its_very_text(squares, tmp_path):
    path = results.add("squares", [runs.run(smoke(), progress=False)], tmp_path)
    results.read_table(path).assign(processes="").to_csv(path, index=False)  # of before it was noted
    results.add("squares", [runs.run(smoke(seed=1), progress=False)], tmp_path)
    before = path.read_text()
    results.add("squares", [runs.run(smoke(seed=2), progress=False)], tmp_path)
    assert path.read_text().startswith(before)


def test_rows_of_before_a_column_was_added_stay(squares, tmp_path):
    first = runs.run(smoke(), progress=False)
    path = results.add("squares", [first], tmp_path)
    results.read_table(path).drop(columns=["alpha_regained", "alpha_regained_others"]).to_csv(path, index=False)
    (tmp_path / "squares_knows.csv.xz").unlink()
    results.add("squares", [runs.run(smoke(seed=1), progress=False)], tmp_path)
    table = results.load("squares", folder=tmp_path)
    assert list(table.columns) == [*(name for name in first.row() if name != "config"), "config"]
    assert len(table) == 2 and pd.isna(table["alpha_regained"][0])
    assert len(set(results.load("squares", "_knows", tmp_path)["key"])) == 1


def test_a_row_says_how_alpha_rises_after_relabelling(squares):
    run = runs.run(
        smoke(options={"margin_relabel": 0.0, "relabel_group": "all", "relabel_epoch": 1}, epochs=3), progress=False
    )
    samples = run.samples
    first = samples["current"][1] != samples["given"]
    later = ~first & (samples["current"][2] != samples["given"])
    assert first.any(), "nothing was relabelled: the test is empty"
    alpha = torch.from_numpy(samples["alpha"].astype("float32")).double()
    rises = torch.cat([(alpha[2] - alpha[0])[torch.from_numpy(first)], (alpha[2] - alpha[1])[torch.from_numpy(later)]])
    assert run.row()["alpha_regained"] == pytest.approx(float(rises.mean()), abs=1e-5)
    assert np.isnan(runs.run(smoke(method="baseline"), progress=False).row()["alpha_regained"])
