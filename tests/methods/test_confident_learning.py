"""Confident learning: predictions from outside the fold, planted errors found, and what to do without cleanlab."""

import importlib.util
import math

import pytest
import torch

from scnlib.errors import ScnError
from scnlib.methods.confident_learning import ConfidentLearning, label_issues, out_of_sample_probabilities

from .made import build, make_batch


def clusters(n=300, noise=0.2, distance=3.0):
    """Features around the corners of a triangle, true and given labels."""
    generator = torch.Generator().manual_seed(0)
    true = torch.arange(n) % 3
    flipped = torch.rand(n, generator=generator) < noise
    features = distance * torch.eye(3)[true] + torch.randn(n, 3, generator=generator)
    return features, true, torch.where(flipped, (true + 1) % 3, true)


def test_a_samples_own_label_does_not_move_its_prediction():
    features, _, given = clusters()
    before = out_of_sample_probabilities(features, given, 3)
    assert before.sum(1).tolist() == pytest.approx([1.0] * 300)
    changed = given.clone()
    changed[7], changed[8] = given[8], given[7]  # the folds stay as they are: as many of each class
    after = out_of_sample_probabilities(features, changed, 3)
    assert (before.argmax(1) == after.argmax(1)).float().mean() > 0.98


def test_predictions_are_out_of_sample():
    """Noise in 200 dimensions: a fit to the very samples would know every label, one to others knows none."""
    features = torch.randn(60, 200, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(60) % 3
    assert (out_of_sample_probabilities(features, labels, 3).argmax(1) == labels).float().mean() < 0.5


def test_planted_errors_are_found_well_above_chance():
    pytest.importorskip("cleanlab")
    features, true, given = clusters()
    issues = label_issues(out_of_sample_probabilities(features, given, 3), given)
    wrong = given != true
    assert wrong[issues].float().mean() > 3 * wrong.float().mean()
    assert issues[wrong].float().mean() > 0.5


def test_left_out_are_as_many_as_the_confident_counts_say():
    """cleanlab's joint by hand, for two classes whose probabilities leave no doubt."""
    pytest.importorskip("cleanlab")
    labels = torch.tensor([0] * 10 + [1] * 10)
    sure = torch.tensor([[0.95, 0.05]] * 8 + [[0.1, 0.9]] * 2 + [[0.02, 0.98]] * 9 + [[0.9, 0.1]], dtype=torch.float64)
    confident = [sure[labels == c, c].mean() for c in range(2)]
    joint = [
        [sum(labels[i] == j and sure[i, c] >= confident[c] for i in range(20)) for c in range(2)] for j in range(2)
    ]
    assert [[int(n) for n in row] for row in joint] == [[8, 2], [1, 9]]
    assert label_issues(sure, labels).nonzero().squeeze(1).tolist() == [8, 9, 19]


def test_what_is_left_out_does_not_count():
    method, batch = ConfidentLearning(warm_up=2), make_batch()
    model = build(method, batch)
    model.memory.weights[::4] = 0
    step = method.step(model, batch, 1)
    rows = zip(torch.softmax(model(batch.images)[0].double(), 1).tolist(), batch.labels.tolist(), strict=True)
    kept = [-math.log(p[y]) for i, (p, y) in enumerate(rows) if i % 4]
    assert step.loss.item() == pytest.approx(sum(kept) / 30, rel=1e-5)
    assert torch.equal(step.alpha, (torch.arange(40) % 4 > 0).float())


def test_filtering_starts_after_the_warm_up_and_is_repeated():
    pytest.importorskip("cleanlab")
    features, _, given = clusters()
    method, batch = ConfidentLearning(warm_up=2), make_batch(300, 3)
    model = build(method, batch, num_classes=3)
    asked = []
    for epoch in range(1, 6):
        method.after_epoch(model, epoch, given, lambda: asked.append(epoch) or features)  # noqa: B023
        assert bool((model.memory.weights == 0).any()) == (epoch >= 2)
    assert asked == [2, 4]


def test_the_folds_are_the_methods_own():
    pytest.importorskip("cleanlab")
    features, _, given = clusters(60, distance=1.0)
    model = build(ConfidentLearning(), make_batch(60, 3), num_classes=3)
    kept = {}
    for folds in (2, 5):
        ConfidentLearning(warm_up=1, folds=folds).after_epoch(model, 1, given, lambda: features)
        kept[folds] = model.memory.weights.clone()
        found = label_issues(out_of_sample_probabilities(features, given, 3, folds), given)
        assert torch.equal(kept[folds], (~found).float())
    assert not torch.equal(kept[2], kept[5])


def test_classes_that_are_missing_or_alone():
    pytest.importorskip("cleanlab")
    features, _, given = clusters(60)
    for labels in (
        torch.zeros_like(given),
        given.clamp_max(1),
        torch.where(torch.arange(60) == 5, 2, given.clamp_max(1)),
    ):
        probabilities = out_of_sample_probabilities(features, labels, 4)
        assert probabilities.isfinite().all()
        assert not probabilities[:, 3].any()
        assert label_issues(probabilities, labels).shape == (60,)
    assert not label_issues(out_of_sample_probabilities(features, torch.zeros_like(given), 4), 0 * given).any()


def test_without_cleanlab_the_start_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ScnError, match="needs cleanlab, which is not installed: pip install cleanlab"):
        ConfidentLearning().memory(torch.zeros(3, dtype=torch.int64), 2)


@pytest.mark.parametrize("options", [{"folds": 1}, {"warm_up": 0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match=f"confident_learning: {next(iter(options))}"):
        ConfidentLearning(**options)
