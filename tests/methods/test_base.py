"""What all methods share: the memory of a sample, what it is taught, and what its probabilities are."""

import dataclasses

import torch

from scnlib.methods import Baseline
from scnlib.methods.base import remember

from .made import make_batch


def test_all_views_of_a_sample_are_given_the_mean_that_is_remembered():
    """Sample 2 is there three times; on a GPU any of its rows might be written last."""
    means = torch.arange(8.0).view(4, 2)
    before, index = means.tolist(), torch.tensor([2, 0, 2, 3, 2])
    values = torch.tensor([[1.0, 0.0], [0.2, 0.8], [0.5, 0.5], [0.6, 0.4], [0.9, 0.1]])
    given = remember(means, values, index, 0.75)
    expected = {0: [0.2, 0.8], 2: [0.9, 0.1], 3: [0.6, 0.4]}
    for sample, value in expected.items():
        wanted = torch.tensor([0.75 * m + 0.25 * v for m, v in zip(before[sample], value, strict=True)])
        torch.testing.assert_close(means[sample], wanted)
    assert torch.equal(given, means[index])
    assert means[1].tolist() == before[1]


def test_a_batch_teaches_its_current_labels_or_its_distributions():
    batch = make_batch()
    assert not torch.equal(batch.labels, batch.given)
    assert batch.supervision is batch.labels
    shares = torch.full((40, 5), 0.2)
    assert dataclasses.replace(batch, targets=shares).supervision is shares


def test_without_a_weighting_alpha_does_not_change_a_probability():
    logits = torch.tensor([[2.0, 0.0, -1.0]])
    assert Baseline().probabilities(logits, torch.tensor([0.1])).tolist() == logits.softmax(1).tolist()
