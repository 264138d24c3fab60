"""Relative uncertainty learning against its equations, and who gets the larger share of a blend."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from scnlib.methods import Batch
from scnlib.methods.rul import RUL, UncertainClassifier, relative_uncertainty
from scnlib.models import SmallCNN

from .test_scn import batch  # noqa: F401 (a fixture)


class Maps(nn.Module):
    """A backbone that hands its input on as 6 maps."""

    num_features = 6
    pools_by_mean = True

    def maps(self, images):
        return images.repeat(1, 2, 1, 1)

    def forward(self, images):
        return self.maps(images).mean((2, 3))


def build(method, backbone=None, classes=5):
    torch.manual_seed(1)
    return method.build(backbone or Maps(), classes)


def test_the_step_is_the_equation(batch):  # noqa: F811
    method = RUL(dropout=0.0, width=4)
    model = build(method)
    torch.manual_seed(5)
    step = method.step(model, batch, epoch=1)
    torch.manual_seed(5)
    partner = torch.randperm(40).tolist()
    maps = Maps().maps(batch.images)
    means, variances = model.mean(maps), model.log_variance(maps)  # batch statistics, as in the step
    s = [sum(math.exp(v) for v in row) / 4 for row in variances.tolist()]
    total = 0.0
    for i, j in enumerate(partner):
        share = s[i] / (s[i] + s[j])
        log_p = model.classifier(share * means[i] + (1 - share) * means[j]).log_softmax(0)
        total -= (log_p[batch.labels[i]] + log_p[batch.labels[j]]).item() / 2
    assert step.loss.item() == pytest.approx(total / 40, rel=1e-5)
    torch.testing.assert_close(step.alpha, 1 / (1 + torch.tensor(s)))
    torch.testing.assert_close(step.logits, model.classifier(means).detach())


def test_the_more_uncertain_face_has_the_larger_share():
    log_s = torch.tensor([2.0, 0.0, -3.0], dtype=torch.float64)
    shares = relative_uncertainty(log_s, log_s.flip(0))
    expected = [math.exp(a) / (math.exp(a) + math.exp(b)) for a, b in ((2, -3), (0, 0), (-3, 2))]
    assert shares.tolist() == pytest.approx(expected, rel=1e-12)
    assert shares[0] > 0.5 > shares[2]
    extreme = torch.tensor([500.0, -500.0], requires_grad=True)
    relative_uncertainty(extreme, extreme.flip(0)).sum().backward()
    assert extreme.grad.isfinite().all()


def test_the_loss_teaches_the_uncertainty(batch):  # noqa: F811
    method = RUL(width=4)
    model = build(method)
    torch.manual_seed(0)
    method.step(model, batch, 1).loss.backward()
    gradients = [parameter.grad for parameter in model.log_variance.parameters()]
    assert all(g is not None and g.isfinite().all() for g in gradients) and any(g.abs().max() > 0 for g in gradients)


def test_a_test_face_is_not_blended():
    method = RUL(width=8)
    model = build(method, SmallCNN(48)).eval()
    images = torch.randn(4, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    logits, certainty = method.predict(model, images)
    alone = torch.cat([method.predict(model, image[None])[0] for image in images])
    torch.testing.assert_close(logits, alone, atol=1e-4, rtol=1e-4)
    assert ((certainty > 0) & (certainty < 1)).all()


@pytest.mark.parametrize("size", [32, 48, 64])
def test_any_size_of_image_fits(size):
    method = RUL()
    model = build(method, SmallCNN(size))
    labels = torch.tensor([0, 1])
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    step = method.step(model, Batch(images, labels, labels, torch.arange(2)), 1)
    assert step.loss.isfinite() and step.logits.shape == (2, 5)


def test_maps_of_the_heads_own_size_are_read_as_they_are():
    model = UncertainClassifier(Maps(), 5, width=4, dropout=0.0, grid=2).eval()
    maps = torch.randn(3, 6, 2, 2, generator=torch.Generator().manual_seed(0))
    normalised = F.batch_norm(maps, torch.zeros(6), torch.ones(6), eps=2e-5)
    linear = model.mean[4]
    expected = (normalised.flatten(1) @ linear.weight.T + linear.bias) / math.sqrt(1 + 2e-5)
    torch.testing.assert_close(model.mean(maps), expected)


@pytest.mark.parametrize("options", [{"width": 0}, {"grid": 0}, {"dropout": 1.0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="rul: "):
        RUL(**options)
