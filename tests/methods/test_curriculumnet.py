"""CurriculumNet: densities and groups by hand, the stages, and that the dense middle of a class is the cleaner part."""

import math

import pytest
import torch

from scnlib.methods import curriculumnet
from scnlib.methods.curriculumnet import CurriculumNet, densities, levels

from .made import build, make_batch


def densities_by_hand(features, near):
    points = features.double().tolist()
    distance = [[math.dist(a, b) for b in points] for a in points]
    cutoff = sorted(d for row in distance for d in row)[int(len(points) ** 2 * near)]
    return [sum(d < cutoff for j, d in enumerate(row) if j != i) / (len(points) - 1) for i, row in enumerate(distance)]


@pytest.mark.parametrize("near", [0.3, 0.6])
def test_densities_by_hand(near):
    features = torch.randn(50, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert densities(features, near).tolist() == pytest.approx(densities_by_hand(features, near))


def test_a_large_class_is_measured_against_a_part_of_it(monkeypatch):
    features = torch.randn(900, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    whole = densities(features, 0.6)
    monkeypatch.setattr(curriculumnet, "REFERENCES", 200)
    part = densities(features, 0.6)
    assert torch.equal(part, densities(features, 0.6))
    assert torch.corrcoef(torch.stack([whole, part]))[0, 1] > 0.95
    assert (whole - part).abs().max() < 0.2
    assert ((part >= 0) & (part <= 1)).all()


def test_groups_are_those_of_k_means():
    """Against the best of all cuts of the sorted numbers into three."""
    density = torch.rand(40, generator=torch.Generator().manual_seed(5), dtype=torch.float64) ** 2
    ranked = density.sort(descending=True).values
    cuts = [(i, j) for i in range(1, 39) for j in range(i + 1, 40)]
    spread = [sum(((g - g.mean()) ** 2).sum() for g in ranked.tensor_split(cut)) for cut in cuts]
    best = cuts[min(range(len(cuts)), key=lambda k: spread[k])]
    for group, part in enumerate(ranked.tensor_split(best)):
        assert torch.equal(density[levels(density) == group].sort(descending=True).values, part)


@pytest.mark.parametrize("density", [torch.ones(1), torch.zeros(9), torch.tensor([0.0, 1.0])])
def test_classes_too_small_or_even_for_three_groups(density):
    found = levels(density)
    assert found[density.argmax()] == 0
    assert (levels(torch.full((9,), 0.4)) == 0).all()


def test_the_densest_part_of_a_class_is_the_cleanest():
    """Three clusters; in each class 30 % of the samples belong to another one."""
    generator = torch.Generator().manual_seed(0)
    true = torch.arange(900) % 3
    given = torch.where(torch.rand(900, generator=generator) < 0.3, (true + 1) % 3, true)
    features = 3.0 * torch.eye(3)[true] + torch.randn(900, 3, generator=generator)
    method = CurriculumNet(warm_up=2)
    model = build(method, make_batch(900, 3), num_classes=3)
    method.after_epoch(model, 1, given, lambda: pytest.fail("features before they are wanted"))
    method.after_epoch(model, 2, given, lambda: features)
    clean = [(given == true)[model.memory.level == level].float().mean() for level in range(3)]
    assert clean[0] > 0.9 > clean[1] > clean[2]
    assert clean[0] > (given == true).float().mean() + 0.15


def test_each_class_is_measured_by_the_methods_share_and_its_own_choice(monkeypatch):
    monkeypatch.setattr(curriculumnet, "REFERENCES", 20)
    features = torch.randn(90, 3, generator=torch.Generator().manual_seed(0))
    given = torch.arange(90) % 3
    method = CurriculumNet(near=0.3, warm_up=1)
    model = build(method, make_batch(90, 3), num_classes=3)
    method.after_epoch(model, 1, given, lambda: features)
    for label in range(3):
        own = features[given == label]
        assert torch.equal(model.memory.density[given == label], densities(own, 0.3, label))
        assert not torch.equal(densities(own, 0.3, label), densities(own, 0.3, label + 1))  # other references


def test_stages_let_in_one_group_after_the_other():
    method = CurriculumNet(warm_up=2, noisy_weight=0.5)
    level = torch.tensor([0, 1, 2])
    expected = {1: [1, 1, 1], 2: [1, 1, 1], 3: [1, 0, 0], 4: [1, 0, 0], 5: [1, 0.5, 0], 6: [1, 0.5, 0]}
    expected |= {7: [1, 0.5, 0.5], 8: [1, 0.5, 0.5], 9: [1, 0.5, 0.5]}
    for epoch, weights in expected.items():
        assert method.weights(level, epoch).tolist() == weights


def test_the_loss_is_the_weighted_mean():
    method, batch = CurriculumNet(warm_up=1), make_batch()
    model = build(method, batch)
    model.memory.level.copy_(torch.arange(40) % 3)
    model.memory.density.copy_(torch.linspace(0, 1, 40))
    step = method.step(model, batch, epoch=3)
    total = count = 0.0
    rows = zip(torch.softmax(model(batch.images)[0].double(), 1).tolist(), batch.labels.tolist(), strict=True)
    for i, (p, y) in enumerate(rows):
        weight = (1, 0.5, 0)[i % 3]
        total, count = total - weight * math.log(p[y]), count + weight
    assert step.loss.item() == pytest.approx(total / count, rel=1e-5)
    assert torch.equal(step.alpha, torch.linspace(0, 1, 40))


@pytest.mark.parametrize("options", [{"near": 0.0}, {"noisy_weight": 1.5}, {"warm_up": 0}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ValueError, match=f"curriculumnet: {next(iter(options))}"):
        CurriculumNet(**options)
