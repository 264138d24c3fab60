"""Each symptom is told of rows that have it and of no healthy ones; a real run tells its own, once."""

import dataclasses

import pytest
import torch

from scnlib import runs, splits
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.diagnostics import symptoms
from scnlib.training import Training

from .conftest import make_faces


def config(method="scn", batch_size=32, **options):
    return profile_config("smoke", method=method, options=options, batch_size=batch_size)


def row(epoch, **more):
    """A healthy epoch."""
    healthy = {"rank_loss": 0.04, "alpha_min": 0.1, "alpha_max": 0.99, "trusted_agreement": 0.6, "relabelled": 0}
    return {"epoch": epoch, **healthy, **more}


def only(found):
    """The one symptom that there must be."""
    assert len(found) == 1, found
    return found[0]


def but_one_answer(found):
    """Of a run that is too short to learn anything."""
    return [message for message in found if "same answer" not in message]


@pytest.mark.parametrize("options", [{}, {"ranking": False}, {"weighting": "none"}, {"weighting": "loss"}])
def test_a_healthy_run_has_none(options):
    assert symptoms([row(1), row(2)], config(**options), 1000) == []


def test_methods_without_a_learnt_alpha_have_none():
    strange = row(1, alpha_min=1.0, alpha_max=1.0, rank_loss=0.0)
    for name in ("baseline", "self_paced"):
        assert symptoms([strange], config(name), 1000) == []
    assert symptoms([{"epoch": 1, "relabelled": 3}], config(weighting="none", ranking=False), 1000) == []


def test_alpha_near_one_for_everybody():
    found = only(symptoms([row(1), row(2, alpha_min=0.995)], config(), 1000))
    assert found.startswith("epoch 2: ") and "0.9950" in found and "margin_rank" in found
    assert "ranking=true" in only(symptoms([row(1, alpha_min=0.995)], config(ranking=False), 1000))
    assert symptoms([row(1, alpha_min=0.985)], config(), 1000) == []


def test_alpha_near_zero_for_everybody():
    collapsed = [row(1), row(2, alpha_max=0.0042), row(3, alpha_max=0.0001)]
    found = only(symptoms(collapsed, config(), 1000))
    assert found.startswith("epoch 2: ") and "0.0042" in found and "smaller lr" in found
    assert "weighting='logits'" in only(symptoms(collapsed, config(weighting="loss"), 1000))
    assert "classifier" not in only(symptoms(collapsed, config(weighting="none"), 1000))


@pytest.mark.parametrize(("beta", "which"), [(0.01, "high"), (1.0, "low"), (0.0, "high")])
def test_a_group_that_cannot_have_members(beta, which):
    found = only(symptoms([row(1, rank_loss=0.0)], config(beta=beta), 1000))
    assert f"leaves the {which}-importance group empty" in found and "batch_size" in found
    assert symptoms([], config(beta=beta), 1000) == [found], "known before the first epoch"


def test_batches_shrink_when_the_samples_do_not_fill_them():
    assert "in a batch of 1 " in only(symptoms([], config(batch_size=2), 3))
    assert symptoms([], config(batch_size=2), 4) == []
    assert symptoms([], config(batch_size=1, ranking=False), 4) == [], "without ranking there are no groups"


def test_a_silent_rank_loss():
    found = only(symptoms([row(1), row(2, rank_loss=0.0), row(3), row(4, rank_loss=0.0)], config(), 1000))
    assert found.startswith("epoch 2: ") and "margin_rank = 0.15" in found and "by 0.5" in found
    assert symptoms([row(1, rank_loss=1e-4)], config(), 1000) == []
    assert "1 - gamma" not in only(symptoms([row(1, rank_loss=0.0)], config(variant="released_code"), 1000))


def test_a_silent_rank_loss_is_told_of_a_learnt_margin():
    rewarded = config(learnable_margin=True, margin_reward=0.5)
    assert "margin_rank = 0.2 " in only(symptoms([row(1, rank_loss=0.0, margin_rank=0.2)], rewarded, 1000))
    assert symptoms([row(1, rank_loss=0.04, margin_rank=0.2)], rewarded, 1000) == []
    shrunk = symptoms([row(1, rank_loss=0.0, margin_rank=0.01)], config(learnable_margin=True), 1000)
    assert "margin_reward" in only(shrunk)


def test_a_silent_rank_loss_beneath_a_reward_is_seen_in_earnest(squares):
    """A margin that starts at 0 asks for nothing; the reward moves it while the losses of an epoch are summed."""
    options = {"learnable_margin": True, "margin_reward": 0.5, "margin_rank": 0.0, "relabelling": False}
    run = runs.run(profile_config("smoke", epochs=2, lr=1e-6, options=options), progress=False)
    found = but_one_answer(run.manifest["warnings"])
    assert run.metrics["rank_loss"][0] == 0 and "the rank loss was 0" in only(found)


def falling(to, epoch=4):
    """Relabelling decides in epoch 2, so it acts from epoch 3 on."""
    return [row(1), row(2, relabelled=9), row(3, relabelled=9), row(epoch, relabelled=9, trusted_agreement=to)]


def test_relabelling_that_lowers_the_agreement_of_trusted_samples():
    # 700 trusted samples: from .6 to .54 the error is 1.96 * sqrt((.24 + .2484) / 700) = 5.2 points.
    found = only(symptoms(falling(0.54), config(), 1000))
    assert found.startswith("epoch 4: ") and "54.0%" in found and "60.0%" in found and "700" in found
    assert "5.2%" in found and "epoch 2" in found and "relabel_epoch" in found
    assert symptoms(falling(0.56), config(), 1000) == [], "within its sampling error"


def test_oversampling_shows_more_samples_and_measures_no_more():
    """Batches are cut from what an epoch shows; an agreement is counted over the samples, each once."""
    assert symptoms(falling(0.56), config(), 1000, per_epoch=5000) == [], "within the error of 700, not of 3,500"
    assert "700 samples" in only(symptoms(falling(0.54), config(), 1000, per_epoch=5000))
    assert "in a batch of 1 " in only(symptoms([], config(batch_size=2), 4, per_epoch=5))


def test_a_run_with_oversampling_hands_both_numbers_over(squares, monkeypatch):
    counts = set()
    faces = make_faces(64).with_labels((torch.arange(64) < 16).long())
    monkeypatch.setattr(splits, "load_dataset", lambda *a, **k: dataclasses.replace(faces, true_labels=None))
    monkeypatch.setattr(runs, "symptoms", lambda records, config, *n: counts.add(n) or [])
    runs.run(profile_config("smoke", epochs=1, oversample=True, options={"relabelling": False}), progress=False)
    assert counts == {(64, 96)}


def test_an_agreement_that_falls_without_relabelling_is_no_such_symptom():
    rows = [row(1), row(2, trusted_agreement=0.3), row(3, trusted_agreement=0.2)]
    assert symptoms(rows, config(relabelling=False), 1000) == []
    acts_next = [row(1), row(2, relabelled=9, trusted_agreement=0.2)]
    assert symptoms(acts_next, config(), 1000) == [], "the epoch that decides still trained on the given labels"


def test_symptoms_of_fewer_epochs_are_the_first_of_those_of_more():
    rows = [row(1), row(2, rank_loss=0.0), row(3, relabelled=9), row(4, relabelled=9, trusted_agreement=0.3),
            row(5, alpha_min=0.999, relabelled=9)]  # fmt: skip
    whole = symptoms(rows, config(), 1000)
    assert len(whole) == 3
    for count in range(len(rows) + 1):
        part = symptoms(rows[:count], config(), 1000)
        assert whole[: len(part)] == part


def smoke(epochs=3, **options):
    return profile_config("smoke", noise_rate=0.25, epochs=epochs, options=options)


def test_a_run_says_its_symptom_once_and_keeps_it(squares, capsys):
    run = runs.run(smoke(margin_rank=0.0), progress=False)
    assert (run.metrics["rank_loss"] == 0).all(), "a margin of 0 asks for nothing"
    message = only(but_one_answer(run.manifest["warnings"]))
    assert message.startswith("epoch 1: the rank loss was 0")
    assert capsys.readouterr().out.count(message) == 1


def test_alpha_that_collapses_in_earnest_is_told(squares, capsys):
    options = {"weighting": "loss", "relabelling": False}
    run = runs.run(profile_config("smoke", noise_rate=0.25, lr=0.3, epochs=3, options=options), progress=False)
    assert run.metrics["alpha_max"].iloc[-1] < 0.01, "a loss multiplied by alpha ends at alpha = 0"
    message = only(but_one_answer(run.manifest["warnings"]))
    assert "below 0.01 for every sample" in message and f"warning: {message}\n" in capsys.readouterr().out


def test_a_run_without_symptoms_prints_nothing(squares, capsys):
    config = profile_config("smoke", noise_rate=0.25, epochs=4, lr=0.1, options={"margin_rank": 1.0})
    run = runs.run(config, progress=False)
    assert run.manifest["warnings"] == [] and capsys.readouterr().out == ""


def test_a_resumed_run_has_the_same_warnings_and_does_not_repeat_itself(squares, tmp_path, monkeypatch, capsys):
    whole = runs.run(smoke(margin_rank=0.0), out=tmp_path / "whole", progress=False)
    original, epochs = Training.train_epoch, []

    def killed_in_the_second_epoch(self, **kwargs):
        epochs.append(1)
        if len(epochs) == 2:
            raise KeyboardInterrupt
        return original(self, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "train_epoch", killed_in_the_second_epoch)
        with pytest.raises(KeyboardInterrupt):
            runs.run(smoke(margin_rank=0.0), out=tmp_path / "cut", progress=False)
    capsys.readouterr()
    cut = runs.run(smoke(margin_rank=0.0), out=tmp_path / "cut", progress=False)
    assert cut.manifest["warnings"] == whole.manifest["warnings"] and whole.said == tuple(whole.manifest["warnings"])
    first, *later = whole.manifest["warnings"]
    printed = capsys.readouterr().out
    assert "the rank loss was 0" in first and first not in printed
    assert cut.said == tuple(later) and all(f"warning: {message}\n" in printed for message in later)


def test_the_summary_repeats_each_warning_in_a_line(squares, capsys, tmp_path):
    command = ["run", "--profile", "smoke", "--set", "margin_rank=0", "--out", str(tmp_path / "run")]
    for _ in ("trained", "found"):
        assert main(command) == 0
        printed = capsys.readouterr()
        assert "the rank loss was 0" not in printed.err
        lines = [line for line in printed.out.splitlines() if line.startswith("warning: ")]
        assert "the rank loss was 0" in only(but_one_answer(lines))
        assert len(lines) == len(set(lines)), "said while it trains, or in the summary"


@pytest.mark.parametrize("method", ["baseline", "scn", "lrn"])
def test_a_batch_that_takes_the_whole_training_set(method):
    found = symptoms([], config(method, batch_size=256), 219)
    assert "a batch of 256 takes the whole training set of 219" in only(found) and "smaller batch_size" in found[0]
    assert symptoms([row(1)], config(method, batch_size=256), 219) == found, "said once, before the first epoch"
    assert symptoms([], config(method, batch_size=256), 256), "one step, and nothing is left"
    assert symptoms([], config(method, batch_size=256), 257) == []
    assert symptoms([], config(method, batch_size=256), 219, per_epoch=800) == [], "with oversampling there are four"


@pytest.mark.parametrize("method", ["baseline", "scn", "lrn"])
def test_one_answer_for_all_test_faces_in_the_end(method):
    rows = [row(1, test_answers=1), row(2, test_answers=1)]
    found = only(symptoms(rows, config(method), 1000))
    assert found.startswith("epoch 2: every test face got the same answer")
    assert symptoms(rows[:1], config(method), 1000) == [], "the first epochs of a healthy run do so"
    assert symptoms([rows[0], row(2, test_answers=2)], config(method), 1000) == []
    assert symptoms([rows[0], row(2)], config(method), 1000) == [], "of before it was noted"


def test_a_run_that_learns_nothing_says_so(squares):
    run = runs.run(profile_config("smoke", method="baseline", epochs=1, lr=1e-9), progress=False)
    assert len(set(run.samples["test_prediction"].tolist())) == 1, "the test is empty"
    assert "every test face got the same answer" in only(run.manifest["warnings"])
