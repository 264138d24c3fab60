"""Run directories: done once, shared, resumed, never overwritten."""

import dataclasses
import json
import multiprocessing
import shutil

import numpy as np
import pytest

from scnlib import results, runs
from scnlib.config import Config, profile_config
from scnlib.methods import SCN

from .conftest import load_squares, make_faces


def smoke(**fields):
    return profile_config("smoke", noise_rate=0.25, **fields)


def test_a_run_leaves_everything_needed_to_believe_it(squares):
    run = runs.run(smoke(), progress=False)
    assert sorted(p.name for p in run.path.iterdir()) == [
        "checkpoint.safetensors", "config.json", "manifest.json", "metrics.csv", "samples.npz",
    ]  # fmt: skip
    assert run.manifest["status"] == "done"
    assert run.manifest["wrong_labels"] == 16
    assert run.config == smoke()
    assert list(run.metrics.columns) == list(runs.METRICS)
    assert len(run.metrics) == 2
    samples = run.samples
    assert samples["alpha"].shape == samples["prediction"].shape == samples["current"].shape == (2, 64)
    assert (samples["given"] != samples["true"]).sum() == 16
    row = run.row()
    assert row["accuracy"] == pytest.approx(
        100 * (samples["test_prediction"] == samples["test_labels"]).mean(), abs=1e-3
    )
    assert row["options"] == "{}"
    assert json.loads(row["config"])["method"]["name"] == "scn"


def test_a_finished_run_is_not_trained_again(squares, monkeypatch):
    first = runs.run(smoke(), progress=False)
    stamp = (first.path / "metrics.csv").stat().st_mtime_ns
    monkeypatch.setattr(runs, "_train", lambda *a: pytest.fail("trained again"))
    assert runs.run(smoke(), progress=False).path == first.path
    assert (first.path / "metrics.csv").stat().st_mtime_ns == stamp


def test_the_key_follows_config_and_data_but_not_the_profiles_name(squares):
    splits = runs.load_splits(smoke())
    key = runs.run_key(smoke(), splits)
    assert key == runs.run_key(dataclasses.replace(smoke(), profile="mine"), splits)
    assert key != runs.run_key(smoke(lr=0.01), splits)
    assert key != runs.run_key(smoke(options={"beta": 0.6}), splits)
    other = dataclasses.replace(splits, train=make_faces(64, noise=0.1, seed=5))
    assert key != runs.run_key(smoke(), other)


def test_an_interrupted_run_ends_like_an_undisturbed_one(squares, tmp_path, monkeypatch):
    whole = runs.run(smoke(epochs=3), out=tmp_path / "whole", progress=False)

    class Killed(BaseException):
        pass

    original, epochs = runs.Training.train_epoch, []

    def killed_in_the_second_epoch(self, **kwargs):
        epochs.append(1)
        if len(epochs) == 2:
            raise Killed
        return original(self, **kwargs)

    monkeypatch.setattr(runs.Training, "train_epoch", killed_in_the_second_epoch)
    with pytest.raises(Killed):
        runs.run(smoke(epochs=3), out=tmp_path / "cut", progress=False)
    assert not (tmp_path / "cut" / "manifest.json").exists()
    with pytest.raises(FileNotFoundError, match="was not finished; the same `scn run` resumes it"):
        runs.open_run(tmp_path / "cut")
    monkeypatch.setattr(runs.Training, "train_epoch", original)
    cut = runs.run(smoke(epochs=3), out=tmp_path / "cut", progress=False)

    assert cut.metrics.drop(columns="seconds").equals(whole.metrics.drop(columns="seconds"))
    for name, value in whole.samples.items():
        assert np.array_equal(value, cut.samples[name]), name
    ours = (tmp_path / "cut" / "checkpoint.safetensors").read_bytes()
    assert ours == (tmp_path / "whole" / "checkpoint.safetensors").read_bytes()


def test_another_config_is_refused_and_nothing_changes(squares, tmp_path):
    runs.run(smoke(), out=tmp_path / "run", progress=False)
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    with pytest.raises(
        runs.RunConflict,
        match=r"was written with method.margin_rank=0.15; this run has method.margin_rank=0.07. Choose",
    ):
        runs.run(smoke(options={"margin_rank": 0.07}), out=tmp_path / "run", progress=False)
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}


def test_a_folder_of_something_else_is_refused(squares, tmp_path):
    (tmp_path / "thesis.txt").write_text("do not overwrite")
    with pytest.raises(runs.RunConflict, match="is not empty and holds no run"):
        runs.run(smoke(), out=tmp_path, progress=False)
    assert (tmp_path / "thesis.txt").read_text() == "do not overwrite"


def _run_in_another_process(out, queue):
    runs.load_dataset = load_squares
    run = runs.run(smoke(), out=out, progress=False)
    queue.put((run.manifest["begun"], run.manifest["duration_s"]))


def test_two_processes_share_one_run(tmp_path):
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    both = [context.Process(target=_run_in_another_process, args=(tmp_path / "run", queue)) for _ in range(2)]
    for process in both:
        process.start()
    answers = [queue.get(timeout=120) for _ in both]
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert answers[0] == answers[1]


def test_config_round_trip():
    config = profile_config("paper", dataset="ferplus", method="scn", options={"beta": 0.6}, epochs=20)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.milestones == (8, 15)
    assert config.method.relabel_epoch == 5


def test_profiles_say_what_the_design_says():
    quick = profile_config("quick")
    assert (quick.size, quick.epochs, quick.batch_size, quick.lr, quick.backbone) == (48, 12, 256, 0.05, "small")
    assert quick.method == SCN(relabel_epoch=4)
    assert profile_config("quick", dataset="ferplus").backbone == "resnet18"
    paper = profile_config("paper")
    assert (paper.size, paper.epochs, paper.batch_size, paper.lr) == (224, 40, 1024, 0.1)
    assert (paper.milestones, paper.method) == ((15, 30), SCN())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"noise_rate": 1.2}, "noise_rate must lie in 0..1, got 1.2"),
        ({"noise_rate": float("nan")}, "noise_rate must lie in 0..1, got nan"),
        ({"noise_kind": "odd"}, "noise_kind='odd' is unknown; known: 'symmetric', 'pair', 'fer2013'"),
        ({"noise_kind": "fer2013"}, "noise_kind='fer2013' is the real noise of FER\\+ images"),
        ({"epochs": 0}, "epochs must be a whole number >= 1, got 0"),
        ({"seed": -1}, "seed must be a whole number in 0"),
        ({"lr": float("nan")}, "lr must be a finite number >= 0, got nan"),
        ({"colour": 1}, "a run has no field 'colour'; known: augmentation, backbone"),
        ({"method": "scm"}, "unknown method 'scm'; known: baseline, scn"),
    ],
)
def test_a_wrong_field_is_named(fields, message):
    with pytest.raises(ValueError, match="^" + message):
        profile_config("quick", **fields)


def test_results_are_added_replaced_and_kept_in_order(squares, tmp_path):
    first = runs.run(smoke(), progress=False)
    second = runs.run(smoke(method="baseline"), progress=False)
    results.add("squares", [first, second], tmp_path)
    path = results.add("squares", [first], tmp_path)
    table = results.load("squares", folder=tmp_path)
    assert list(table["key"]) == [first.manifest["key"], second.manifest["key"]]
    assert path.name == "squares.csv"
    assert len(results.load("squares", "_epochs", tmp_path)) == 4
    alpha = results.load("squares", "_alpha", tmp_path)
    assert alpha.groupby("epoch")[["right", "wrong"]].sum().to_numpy().tolist() == [[48, 16], [48, 16]]
    confusion = results.load("squares", "_confusion", tmp_path)
    assert confusion.groupby("key")["count"].sum().tolist() == [32, 32]
    again = path.read_bytes()
    results.add("squares", [second, first], tmp_path)
    assert path.read_bytes() == again


def test_a_run_whose_data_changed_is_another_run(squares, tmp_path, monkeypatch):
    runs.run(smoke(), out=tmp_path / "run", progress=False)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    monkeypatch.setattr(
        runs, "load_dataset", lambda *a, **k: dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    )
    with pytest.raises(runs.RunConflict, match="the data or RECIPE_VERSION"):
        runs.run(smoke(), out=tmp_path / "run", progress=False)
