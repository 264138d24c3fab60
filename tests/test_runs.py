"""Run directories: done once, shared, resumed, never overwritten."""

import dataclasses
import json
import multiprocessing
import shutil
from pathlib import Path

import numpy as np
import pytest

from scnlib import runs, splits
from scnlib.config import Config, profile_config
from scnlib.methods import SCN
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


def test_an_option_that_came_later_leaves_earlier_runs_their_key():
    config = profile_config("quick", method="scn", options={"beta": 0.6}, lr=0.02)
    plain = config.to_dict()
    del plain["optimizer"], plain["method"]["margin_reward"]  # as a run from before these options has it
    assert Config.from_dict(plain).sha256() == config.sha256()
    for changed in ({"optimizer": "adam"}, {"lr": 0.03}, {"options": {"beta": 0.6, "learnable_margin": True}}):
        other = profile_config("quick", method="scn", **{"options": {"beta": 0.6}, "lr": 0.02, **changed})
        assert other.sha256() != config.sha256()


def test_config_round_trip():
    config = profile_config("paper", dataset="ferplus", method="scn", options={"beta": 0.6}, epochs=20)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.milestones == (8, 15)
    assert config.method.relabel_epoch == 5
    assert profile_config("quick", epochs=24).method.relabel_epoch == 8
    assert profile_config("quick", epochs=3).method.relabel_epoch == 1
    warm_ups = [profile_config("quick", method="coteaching", epochs=n).method.warm_up for n in (2, 12, 24)]
    assert warm_ups == [1, 3, 6]
    pretraining = [profile_config("quick", method="ipa2lt", epochs=n).method.pretraining for n in (2, 12, 24)]
    assert pretraining == [1, 9, 18]


def test_profiles_say_what_the_design_says():
    quick = profile_config("quick")
    assert (quick.size, quick.epochs, quick.batch_size, quick.lr, quick.backbone) == (48, 12, 256, 0.05, "small")
    assert quick.method == SCN(relabel_epoch=4)
    assert profile_config("quick", dataset="ferplus").backbone == "small"
    paper = profile_config("paper")
    assert (paper.size, paper.epochs, paper.batch_size, paper.lr) == (224, 40, 1024, 0.1)
    assert (paper.milestones, paper.method) == ((15, 30), SCN())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"noise_rate": 1.2}, "noise_rate must lie in 0..1, got 1.2"),
        ({"noise_rate": float("nan")}, "a run: noise_rate must be a finite number, got nan"),
        ({"noise_kind": "odd"}, "noise_kind='odd' is unknown; known: 'symmetric', 'pair', 'fer2013'"),
        ({"noise_kind": "fer2013"}, "noise_kind='fer2013' is the real noise of FER\\+ images"),
        ({"epochs": 0}, "epochs must lie in 1..2147483647, got 0"),
        ({"seed": -1}, "seed must lie in 0..2147483647, got -1"),
        ({"lr": -0.1}, "lr must be at least 0, got -0.1"),
        ({"lr": float("nan")}, "a run: lr must be a finite number, got"),
        ({"lr": "0.3"}, "a run: lr must be a number, got '0.3'"),
        ({"epochs": True}, "a run: epochs must be a whole number, got True"),
        ({"oversample": 1}, "a run: oversample must be true or false, got 1"),
        ({"data": {"size": 64}}, "data option 'size' is decided by size, not by data"),
        ({"data": {"labels": "fer2013"}}, "data option 'labels' is decided by noise_kind"),
        ({"options": {"relabel_epoch": 13}}, "relabel_epoch=13 lies after the last of 12 epochs"),
        ({"method": "elr", "options": {"warm_up": 3}}, "method elr has no option 'warm_up'"),
        ({"method": "eac", "options": {"warm_up": 12}}, "warm_up=12 leaves none of 12 epochs to eac"),
        ({"method": "ipa2lt", "options": {"pretraining": 12}}, "pretraining=12 leaves none of 12 epochs to ipa2lt"),
        ({"colour": 1}, "a run has no field 'colour'; known: augmentation, backbone"),
        ({"method": "scm"}, "unknown method 'scm'; known: baseline, scn"),
    ],
)
def test_a_wrong_field_is_named(fields, message):
    with pytest.raises(ValueError, match="^" + message):
        profile_config("quick", **fields)


@pytest.mark.parametrize("method", ["coteaching", "jocor", "nla"])
def test_a_ramp_may_be_as_long_as_the_training_or_longer(method):
    """It acts from the first epoch on: Co-teaching's own T_k is 10 epochs, whatever the number of epochs."""
    for warm_up in (12, 40):
        assert profile_config("quick", method=method, options={"warm_up": warm_up}).method.warm_up == warm_up


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
