"""What lessons 05 and 06 measure, against autograd, loops and numbers done by hand."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from scnlib import losses
from scnlib.config import profile_config
from scnlib.course import importance
from scnlib.training import epoch_batches
from tests.conftest import make_faces
from tests.course.made import write_run


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(40, 8, generator=generator, dtype=torch.float64)
    return logits, torch.rand(40, generator=generator, dtype=torch.float64), torch.arange(40) % 8


def test_the_slope_is_autograds(batch):
    logits, alpha, labels = batch
    alpha.requires_grad_()
    losses.logit_weighted_cross_entropy(logits, alpha, labels).backward()
    torch.testing.assert_close(importance.logit_slope(logits, alpha.detach(), labels), len(alpha) * alpha.grad)


def test_a_right_prediction_never_wants_less_importance(batch):
    logits, alpha, _ = batch
    assert (importance.logit_slope(logits, alpha, logits.argmax(1)) <= 0).all()


def test_the_loss_over_alpha_begins_at_a_guess_and_is_convex(batch):
    logits, _, labels = batch
    curves = importance.loss_over_alpha(logits, labels, np.linspace(0, 1, 21))
    assert curves[:, 0] == pytest.approx(math.log(8))
    assert (np.diff(curves, n=2) > -1e-9).all()
    assert curves[:, -1] == pytest.approx(F.cross_entropy(logits, labels, reduction="none").numpy())


def test_the_four_faces_are_what_they_are_called():
    logits = torch.tensor([[5.0, 0, 0], [1.0, 0.9, 0], [1.0, 0.9, -3], [4.0, 0, 0]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 1, 1])
    over = torch.from_numpy(importance.loss_over_alpha(logits, labels, np.linspace(0, 1, 51)))
    found = importance.four_faces(logits, labels, over)
    assert found == {"right and sure": 0, "right, barely": 1, "wrong, undecided": 2, "wrong and sure": 3}


def test_the_gap_by_hand():
    alpha = np.array([0.1, 0.9, 0.4, 0.8, 0.7, 0.2, 0.6, 0.5, 0.3, 1.0])
    assert importance.group_gap(alpha) == pytest.approx(0.7 - 0.2)
    assert importance.group_gap(alpha, beta=0.5) == pytest.approx(0.8 - 0.3)
    loss = losses.rank_regularization(torch.tensor(alpha), margin=0.8)
    assert importance.group_gap(alpha) == pytest.approx(0.8 - float(loss))
    with pytest.raises(ValueError, match="leave a group empty"):
        importance.group_gap(alpha[:1])


def test_uniform_importances_have_the_gap_of_theory():
    # The k-th smallest of N uniform numbers is k / (N + 1) on average: the parts of any split are N / 2(N + 1) apart.
    alpha = np.random.default_rng(1).random(200_000)
    gaps = importance.batch_gaps(alpha, (10, 100, 10**7), draws=2000)
    assert list(gaps) == [10, 100]
    for size, found in gaps.items():
        assert found.mean() == pytest.approx(size / (2 * (size + 1)), abs=4 * found.std() / 2000**0.5)
    assert gaps[10].std() / gaps[100].std() == pytest.approx(10**0.5, rel=0.15)


def test_recorded_gaps_are_those_of_the_batches(tmp_path):
    run = write_run(tmp_path / "run")
    run.__dict__["config"] = dataclasses.replace(run.config, batch_size=4)
    table = importance.recorded_gaps(run)
    assert table["step"].tolist() == list(range(1, 10)) and table["epoch"].tolist() == [1] * 3 + [2] * 3 + [3] * 3
    index = epoch_batches(10, 4, 0, 2)[1].numpy()
    high, low = np.split(np.sort(run.samples["alpha"][1][index].astype(float))[::-1], [int(0.7 * len(index))])
    assert table["gap"][4] == pytest.approx(high.mean() - low.mean())


def test_a_printed_margin_sinks_until_it_is_silent():
    path = importance.margin_path([0.1] * 50, 0.15, lr=0.01)
    assert (np.diff(path) <= 0).all() and path[1] == pytest.approx(0.145)
    assert path[-1] == pytest.approx(0.1, abs=1e-9) and len(path) == 51
    # Each step may have its own rate.
    assert importance.margin_path([0.0, 0.0], 0.15, lr=[0.02, 0.04]) == pytest.approx([0.15, 0.14, 0.12])


def test_a_rewarded_margin_finds_the_quantile():
    gaps = np.random.default_rng(0).normal(0.3, 0.02, 20_000)
    path = importance.margin_path(gaps, 0.0, lr=0.002, reward=0.25)
    assert path[-5000:].mean() == pytest.approx(np.quantile(gaps, 0.25), abs=0.002)


def test_the_expected_loss_is_least_at_the_quantile():
    gaps = np.random.default_rng(0).random(999)
    margins = np.linspace(0, 1, 2001)
    for reward in (0.25, 0.5, 0.9):
        curve = importance.expected_margin_loss(gaps, margins, reward)
        assert margins[curve.argmin()] == pytest.approx(np.quantile(gaps, reward), abs=0.002)
    printed = importance.expected_margin_loss(gaps, margins)
    assert printed[margins < gaps.min()].max() == 0 < printed[-1]


def test_first_steps_are_the_runs_own():
    config = profile_config("smoke", method="scn", options={"relabelling": False})
    faces = make_faces(96)
    table = importance.first_steps(config, faces, epochs=1)
    assert table["step"].tolist() == [1, 2, 3]  # 96 faces in batches of 32
    assert (table["alpha_min"] <= table["alpha_mean"]).all() and (table["alpha_mean"] <= table["alpha_max"]).all()
    again = importance.first_steps(config, faces, epochs=1)
    assert again.equals(table)


def test_small_numbers_are_in_words():
    said = [importance.in_words(value) for value in (0.0, 1e-6, 0.00011, 0.0021, 0.917, 1)]
    assert said == ["< 0.0001", "< 0.0001", "0.00011", "0.0021", "0.92", "1.00"]
    assert importance.in_words(0.174, 3) == "0.174"


def test_a_note_promises_intervals_only_where_there_are_some():
    one = pd.DataFrame({"n": [1, 1], "low": math.nan})
    assert importance.seeds_note(one) == "1 run each"
    assert "interval" not in importance.seeds_note(one.assign(n=[1, 3]))
    assert "95 % intervals" in importance.seeds_note(one.assign(n=[1, 3], low=[math.nan, -1.0]))


def test_the_best_of_a_sweep_is_said_for_one_few_and_unpaired_values():
    rows = pd.DataFrame({"value": [0.15, 0.0], "mean": [60.0, 61.05], "n": [3, 1], "gain": [math.nan, 0.55]})
    rows = rows.assign(gain_low=math.nan, gain_high=math.nan, together=[60.5, 61.05], n_together=1)
    assert "not measured yet" in importance.best_of_sweep(rows[:1], 0.15)
    assert "not measured yet" in importance.best_of_sweep(rows[:0], 0.15)
    said = importance.best_of_sweep(rows, 0.15)
    assert (
        "2 values measured at the same seeds (0, 0.15), 0 has the largest mean, 61.05 % (n = 1), +0.55 points" in said
    )
    assert "within 0.55 points" in said and "[" not in said
    assert "the paper's own" in importance.best_of_sweep(rows.assign(together=[62.0, 61.0]), 0.15)
    assert "0.15 is not measured" in importance.best_of_sweep(rows.assign(value=[0.3, 0.0], gain=math.nan), 0.15)
    assert "[-1.00, +2.10]" in importance.best_of_sweep(rows.assign(gain_low=-1.0, gain_high=2.1), 0.15)
