"""Label smoothing against its closed form and torch's own."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods.label_smoothing import LabelSmoothing

from .test_scn import batch, build  # noqa: F401 (a fixture)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6, 1.0])
def test_equals_torchs_own(batch, smoothing):  # noqa: F811
    method = LabelSmoothing(smoothing=smoothing)
    model = build(method)
    expected = F.cross_entropy(model(batch.images)[0], batch.labels, label_smoothing=smoothing)
    step = method.step(model, batch, epoch=1)
    torch.testing.assert_close(step.loss, expected)
    assert step.alpha is None


def test_the_best_gap_between_logits_is_the_closed_form():
    # One label in two classes: the loss is least where p is the smoothed label, at a gap of ln((1 - e/2) / (e/2)).
    smoothing = 0.1
    gaps = torch.linspace(0, 6, 60001, dtype=torch.float64)
    logits = torch.stack([gaps, torch.zeros_like(gaps)], 1)
    targets = torch.tensor([1 - smoothing / 2, smoothing / 2], dtype=torch.float64)
    losses = -(targets * logits.log_softmax(1)).sum(1)
    assert gaps[losses.argmin()].item() == pytest.approx(torch.tensor(0.95 / 0.05).log().item(), abs=1e-3)
    step = LabelSmoothing().step(Fixed(logits[losses.argmin()][None].float()), one_sample(), 1)
    (slope,) = torch.autograd.grad(step.loss, step.logits)
    assert slope.abs().max() < 1e-4


class Fixed:
    """A network that says the same of every image."""

    def __init__(self, logits):
        self.logits = logits.requires_grad_()

    def __call__(self, images):
        return self.logits, None


def one_sample():
    from scnlib.methods import Batch

    return Batch(torch.zeros(1, 3, 2, 2), torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))


def test_label_distributions_are_smoothed_too(batch):  # noqa: F811
    method = LabelSmoothing(smoothing=0.2)
    model = build(method)
    targets = torch.rand(40, 5, generator=torch.Generator().manual_seed(3))
    targets = targets / targets.sum(1, keepdim=True)
    expected = F.cross_entropy(model(batch.images)[0], 0.8 * targets + 0.04)
    torch.testing.assert_close(method.step(model, dataclasses.replace(batch, targets=targets), 1).loss, expected)


def test_a_wrong_share_is_refused():
    with pytest.raises(ValueError, match="smoothing must lie in"):
        LabelSmoothing(smoothing=1.5)
