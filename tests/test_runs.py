"""Run directories: done once, shared, resumed, never overwritten."""

import dataclasses
import json
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest

from scnlib import runs, splits
from scnlib.config import profile_config
from scnlib.run_folder import METRICS, open_run
from scnlib.splits import load_splits

from .conftest import load_squares, make_faces


def smoke(**fields):
    return profile_config("smoke", noise_rate=0.25, **fields)


def test_a_run_leaves_everything_needed_to_believe_it(squares):
    run = runs.run(smoke(), progress=False)
    assert sorted(p.name for p in run.path.iterdir()) == [
        "config.json", "manifest.json", "metrics.csv", "model.safetensors", "samples.npz",
    ]  # fmt: skip
    assert run.manifest["status"] == "done"
    assert run.manifest["wrong_labels"] == 16
    assert run.config == smoke()
    assert list(run.metrics.columns) == list(METRICS)
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
    second = runs.run(smoke(), progress=False)
    assert second.path == first.path
    assert second.found and not first.found
    assert (first.path / "metrics.csv").stat().st_mtime_ns == stamp


def test_the_key_follows_config_and_data_but_not_the_profiles_name(squares):
    loaded = load_splits(smoke())
    key = runs.run_key(smoke(), loaded)
    assert key == runs.run_key(dataclasses.replace(smoke(), profile="mine"), loaded)
    assert key != runs.run_key(smoke(lr=0.01), loaded)
    assert key != runs.run_key(smoke(options={"beta": 0.6}), loaded)
    other = dataclasses.replace(loaded, train=make_faces(64, noise=0.1, seed=5))
    assert key != runs.run_key(smoke(), other)


def test_an_interrupted_run_ends_like_an_undisturbed_one(squares, tmp_path, monkeypatch):
    whole = runs.run(smoke(epochs=3), out=tmp_path / "whole", progress=False)

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
        open_run(tmp_path / "cut")
    monkeypatch.setattr(runs.Training, "train_epoch", original)
    cut = runs.run(smoke(epochs=3), out=tmp_path / "cut", progress=False)

    same_results(cut, whole)
    assert len(cut.manifest["sessions"]) == 2


def same_results(a, b):
    assert a.metrics.drop(columns="seconds").equals(b.metrics.drop(columns="seconds"))
    for name, value in b.samples.items():
        assert np.array_equal(value, a.samples[name]), name
    assert (a.path / "model.safetensors").read_bytes() == (b.path / "model.safetensors").read_bytes()


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


def test_a_kill_at_any_write_loses_nothing(squares, tmp_path, monkeypatch):
    """Die before and after every single file that a run writes; then the same call must end like an undisturbed run."""
    whole = runs.run(smoke(), out=tmp_path / "whole", progress=False)
    replace, writes = Path.replace, []

    def counting(self, target):
        writes.append(target)
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counting)
        runs.run(smoke(), out=tmp_path / "counted", progress=False)
    points = [(n, late) for n in range(len(writes)) for late in (False, True)]
    assert len(points) >= 16
    for point, (fatal, late) in enumerate(points):
        seen = []

        def deadly(self, target, fatal=fatal, late=late, seen=seen):
            seen.append(target)
            if len(seen) - 1 == fatal:
                if late:
                    replace(self, target)
                raise Killed
            return replace(self, target)

        out = tmp_path / f"killed{point}"
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Path, "replace", deadly)
            runs.run(smoke(), out=out, progress=False)
        resumed = runs.run(smoke(), out=out, progress=False)
        same_results(resumed, whole)
        assert len(resumed.metrics) == 2


def test_a_damaged_checkpoint_is_named(squares, tmp_path, monkeypatch):
    def dies(*arguments):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(runs, "_write_samples", dies)
        runs.run(smoke(), out=tmp_path / "run", progress=False)
    (tmp_path / "run" / "checkpoint.safetensors").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors is damaged .* Delete it"):
        runs.run(smoke(), out=tmp_path / "run", progress=False)


def test_one_experiment_has_one_key(squares):
    loaded = load_splits(smoke())
    zero = {"options": {"margin_relabel": 0}, "lr": np.float64(1), "noise_rate": 0}
    same = {"options": {"margin_relabel": 0.0}, "lr": 1.0, "noise_rate": 0.0}
    keys = {
        runs.run_key(profile_config("smoke", **fields), loaded)
        for fields in (zero, same, {**same, "noise_kind": "pair"})
    }
    assert len(keys) == 1


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
    splits.load_dataset = load_squares
    run = runs.run(smoke(), out=out, progress=False)
    queue.put((run.manifest["finished"], run.manifest["duration_s"], len(run.manifest["sessions"])))


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


def test_a_run_whose_data_changed_is_another_run(squares, tmp_path, monkeypatch):
    runs.run(smoke(), out=tmp_path / "run", progress=False)
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    monkeypatch.setattr(
        splits, "load_dataset", lambda *a, **k: dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    )
    with pytest.raises(runs.RunConflict, match="the data or RECIPE_VERSION"):
        runs.run(smoke(), out=tmp_path / "run", progress=False)


def test_a_run_of_before_an_option_existed_is_found(squares, monkeypatch):
    first = runs.run(smoke(), progress=False)
    plain = json.loads((first.path / "config.json").read_text())
    del plain["optimizer"], plain["method"]["margin_reward"]
    (first.path / "config.json").write_text(json.dumps(plain))
    monkeypatch.setattr(runs, "_train", lambda *a: pytest.fail("trained again"))
    assert runs.run(smoke(), progress=False).path == first.path
