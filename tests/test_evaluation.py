"""Measures against scikit-learn and closed forms."""

import numpy as np
import pytest
import torch
from sklearn import metrics

from scnlib import evaluation


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 6, 500)
    guesses = np.where(rng.random(500) < 0.6, labels, rng.integers(0, 7, 500))
    return torch.from_numpy(guesses), torch.from_numpy(labels)


def test_accuracy_and_confusion_against_scikit_learn(predictions):
    guesses, labels = predictions
    assert evaluation.accuracy(guesses, labels).item() == pytest.approx(metrics.accuracy_score(labels, guesses))
    expected = metrics.confusion_matrix(labels, guesses, labels=range(8))
    assert np.array_equal(evaluation.confusion_matrix(labels, guesses, 8).numpy(), expected)


def test_mean_class_accuracy_leaves_out_absent_classes(predictions):
    guesses, labels = predictions
    expected = np.mean([(guesses[labels == c] == c).double().mean() for c in range(6)])
    assert evaluation.mean_class_accuracy(guesses, labels, 8).item() == pytest.approx(expected)


def test_auroc_against_scikit_learn_with_ties():
    rng = np.random.default_rng(1)
    positive = rng.random(1000) < 0.3
    scores = np.round(rng.normal(size=1000) + positive, 1)
    ours = evaluation.auroc(torch.from_numpy(scores), torch.from_numpy(positive))
    assert ours.item() == pytest.approx(metrics.roc_auc_score(positive, scores), abs=1e-12)


def test_auroc_limits():
    positive = torch.tensor([True, True, False, False])
    assert evaluation.auroc(torch.tensor([4.0, 3.0, 2.0, 1.0]), positive).item() == 1
    assert evaluation.auroc(torch.ones(4), positive).item() == 0.5
    assert evaluation.auroc(torch.ones(4), torch.zeros(4, dtype=torch.bool)).isnan()
