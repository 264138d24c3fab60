"""Expressions as action units."""

import pytest
import torch

from scnlib.faces import ACTION_UNITS, CLASSES, Preset, sample_latents
from scnlib.faces.action_units import COLUMN, PROTOTYPES

PLAIN = Preset((1.0, 1.0), 0.0, 0.0, 0.0, 0.0, distractors=0.0, jitter=0.0, asymmetry=0.0, pose=0.0)


@pytest.mark.parametrize("name", CLASSES)
def test_without_variation_a_class_is_at_least_its_prototype(name):
    latents = sample_latents(0, range(100), PLAIN, label=CLASSES.index(name))
    strongest_side = latents.action_units.amax(dim=2)
    for unit in ACTION_UNITS:
        expected = PROTOTYPES[name].get(unit, 0.0)
        assert strongest_side[:, COLUMN[unit]].min().item() == pytest.approx(expected)


def test_variants_occur_as_often_as_stated():
    jaw = sample_latents(0, range(3000), PLAIN, label=CLASSES.index("happiness")).action_units[:, COLUMN[26], 0]
    assert (jaw > 0).float().mean().item() == pytest.approx(0.3, abs=0.05)
    assert jaw.max() <= 0.5


def test_contempt_is_on_one_side():
    units = sample_latents(0, range(200), PLAIN, label=CLASSES.index("contempt")).action_units
    for unit in (12, 14):
        left, right = units[:, COLUMN[unit]].unbind(dim=1)
        ratio = torch.minimum(left, right) / torch.maximum(left, right)
        torch.testing.assert_close(ratio, torch.full_like(ratio, 0.04))
    assert 0.3 < (left > right).float().mean() < 0.7


@pytest.mark.parametrize("label", range(len(CLASSES) - 1))
def test_all_others_are_on_both_sides(label):
    left, right = sample_latents(0, range(20), PLAIN, label=label).action_units.unbind(dim=2)
    assert torch.equal(left, right)


def test_a_mixture_is_the_mixture_of_its_expressions():
    mixing = {"mix": 0.3, "intensity": 0.5}
    preset = Preset((1.0, 1.0), 0.0, 0.0, 0.0, 0.0, distractors=0.0, jitter=0.15, asymmetry=0.1, pose=0.0)
    for first, second in ((1, 7), (3, 6), (0, 4)):
        mixed = sample_latents(0, range(50), preset, label=first, second_class=second, **mixing).action_units
        parts = [
            sample_latents(0, range(50), preset, label=k, mix=0.0, intensity=0.5).action_units for k in (first, second)
        ]
        torch.testing.assert_close(mixed, 0.7 * parts[0] + 0.3 * parts[1])


@pytest.mark.parametrize("preset", ["easy", "hard"])
def test_without_intensity_every_class_is_neutral(preset):
    neutral = sample_latents(0, range(30), preset, label=CLASSES.index("neutral"), mix=0.0).action_units
    for label in range(len(CLASSES)):
        assert torch.equal(sample_latents(0, range(30), preset, label=label, intensity=0.0).action_units, neutral)


def test_activation_grows_with_intensity():
    units = [sample_latents(0, range(50), PLAIN, label=1, intensity=i).action_units.mean() for i in (0.2, 0.5, 1.0)]
    assert units[0] < units[1] < units[2]


def test_the_face_editor():
    wink = torch.zeros(16, 2)
    wink[COLUMN[6], 0] = 1.0
    assert torch.equal(sample_latents(0, range(3), action_units=wink).action_units, wink.expand(3, 16, 2))
    both_sides = torch.rand(16, generator=torch.Generator().manual_seed(0))
    edited = sample_latents(0, range(3), action_units=both_sides).action_units
    assert torch.equal(edited, both_sides[:, None].expand(3, 16, 2))
