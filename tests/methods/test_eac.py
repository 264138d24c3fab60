"""Erasing attention consistency: its maps by a loop, zero on symmetric faces, and who may give way."""

import dataclasses

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods import Batch
from scnlib.methods.eac import EAC, attention_inconsistency, erase
from scnlib.models import SmallCNN, make_backbone

from .test_rul import Maps
from .test_scn import batch  # noqa: F401 (a fixture)


def maps_of(seed, n=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 4, 2, 3, generator=generator, dtype=torch.float64)


WEIGHT = torch.randn(5, 4, generator=torch.Generator().manual_seed(9), dtype=torch.float64)


def test_equals_the_equation():
    maps, mirrored = maps_of(0), maps_of(1)
    total = 0.0
    for i in range(3):
        for c in range(5):
            for row in range(2):
                for column in range(3):
                    own = sum(WEIGHT[c, k] * maps[i, k, row, column] for k in range(4))
                    other = sum(WEIGHT[c, k] * mirrored[i, k, row, 2 - column] for k in range(4))
                    total += float(own - other) ** 2
    assert attention_inconsistency(maps, mirrored, WEIGHT).item() == pytest.approx(total / (3 * 5 * 2 * 3), rel=1e-12)


def test_it_is_zero_where_the_attention_moves_with_the_face():
    maps = maps_of(0)
    assert attention_inconsistency(maps, maps.flip(-1), WEIGHT) == 0
    symmetric = maps + maps.flip(-1)
    assert attention_inconsistency(symmetric, symmetric, WEIGHT) == 0
    assert attention_inconsistency(maps, maps, WEIGHT) > 0


def test_only_the_features_can_give_way():
    maps, weight = maps_of(0).requires_grad_(), WEIGHT.clone().requires_grad_()
    attention_inconsistency(maps, maps_of(1), weight).backward()
    assert maps.grad.abs().max() > 0
    assert weight.grad is None


def test_the_step_adds_the_weighted_inconsistency(batch):  # noqa: F811
    method = EAC(erased=0.0, consistency=5.0, warm_up=0)
    torch.manual_seed(1)
    model = method.build(Maps(), 5)
    step = method.step(model, batch, epoch=1)
    first, second = Maps().maps(batch.images), Maps().maps(batch.images.flip(-1))
    classification = F.cross_entropy(first.mean((2, 3)) @ model.classifier.weight.T, batch.labels)
    apart = attention_inconsistency(first, second, model.classifier.weight)
    torch.testing.assert_close(step.loss, classification + 5 * apart)
    assert apart < 1e-10  # such a backbone moves its maps with the face; a convolution's do not
    assert step.alpha is None


def test_face_and_mirror_image_are_erased_apart(monkeypatch, batch):  # noqa: F811
    shown = []
    monkeypatch.setattr(Maps, "maps", lambda self, images: shown.append(images) or images.repeat(1, 2, 1, 1))
    method = EAC(erased=1.0, warm_up=0)
    bright = dataclasses.replace(batch, images=torch.ones(40, 3, 16, 16))
    torch.manual_seed(1)
    method.step(method.build(Maps(), 5), bright, epoch=1)
    face, mirror = ((images == 0).flatten(1) for images in shown)
    assert face.any(1).all() and mirror.any(1).all()
    assert not torch.equal(face, (shown[1] == 0).flip(-1).flatten(1))  # each on its own


def test_a_convolution_does_not_look_alike_at_a_face_and_its_mirror_image():
    method = EAC(erased=0.0, warm_up=1)
    torch.manual_seed(1)
    model = method.build(SmallCNN(32), 5)
    labels = torch.tensor([0, 1])
    sample = Batch(torch.randn(2, 3, 32, 32), labels, labels, torch.arange(2))
    early, late = method.step(model, sample, 1), method.step(model, sample, 2)
    assert early.loss == early.parts["classification_loss"]
    model.train()
    maps, mirrored = (model.backbone.maps(view) for view in (sample.images, sample.images.flip(-1)))
    apart = attention_inconsistency(maps, mirrored, model.classifier.weight)
    assert apart > 1e-6
    torch.testing.assert_close(late.loss, late.parts["classification_loss"] + method.consistency * apart)


def test_a_backbone_that_does_not_average_its_maps_is_refused():
    with pytest.raises(ValueError, match="eac: attention maps need a backbone"):
        EAC().build(make_backbone("ir50", 48, 0), 5)


class TestErase:
    IMAGES = torch.ones(4000, 1, 20, 30)

    def test_as_often_as_asked_and_each_image_on_its_own(self):
        torch.manual_seed(0)
        hit = (erase(self.IMAGES, 0.5) == 0).flatten(1).any(1)
        assert 0.46 < hit.float().mean() < 0.54
        assert torch.equal(erase(self.IMAGES, 0.0), self.IMAGES)
        torch.manual_seed(0)
        assert (erase(self.IMAGES, 1.0) == 0).flatten(1).any(1).all()

    def test_one_rectangle_of_the_right_size(self):
        torch.manual_seed(0)
        gone = erase(self.IMAGES, 1.0)[:, 0] == 0
        rows, columns = gone.any(2), gone.any(1)
        assert torch.equal(gone, rows[:, :, None] & columns[:, None, :])
        assert ((rows[:, 1:] != rows[:, :-1]).sum(1) <= 2).all()
        share = gone.float().mean((1, 2))
        assert share.min() > 0.005 and share.max() < 0.29  # 2 to 25 %, but for whole pixels
        assert share.mean() == pytest.approx(0.135, abs=0.01)

    def test_sides_are_at_most_3_3_times_each_other_and_that_often_tall_as_wide(self):
        torch.manual_seed(0)
        gone = erase(torch.ones(2000, 1, 100, 100), 1.0)[:, 0] == 0  # so large that none is cut, and pixels are fine
        ratio = gone.any(2).sum(1) / gone.any(1).sum(1)
        assert 1 / 3.7 < ratio.min() < 0.4 and 2.5 < ratio.max() < 3.7
        assert ratio.log().mean().abs() < 0.05

    def test_all_channels_and_places(self):
        torch.manual_seed(0)
        gone = erase(torch.ones(4000, 3, 16, 16), 1.0) == 0
        assert torch.equal(gone[:, 0], gone[:, 2])
        seen = gone[:, 0].float().mean(0)
        assert seen.min() > 0


@pytest.mark.parametrize("options", [{"consistency": -1.0}, {"erased": 1.5}, {"warm_up": -1}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match="eac: "):
        EAC(**options)
