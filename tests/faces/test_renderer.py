"""Pictures: shapes, determinism, and that what is pinned can be seen."""

import pytest
import torch

from scnlib.counter_rng import random_bits
from scnlib.faces import OCCLUDERS, PRESETS, Preset, render, render_float, sample_latents

GOLDEN = [
    59.074, 13.326, 3.746, -6.654, -6.019, 26.953, -37.87, 25.309,
    -10.375, -5.011, -8.26, 31.087, 1.643, 17.224, 27.118, 34.482,
]  # fmt: skip

CLEAN = Preset((1.0, 1.0), 0.0, 0.0, 0.0, 0.0, distractors=0.0, jitter=0.0, asymmetry=0.0, pose=0.5)


def largest_difference(first, second):
    return (first.int() - second.int()).abs().max().item()


@pytest.mark.parametrize("size", [32, 33, 48, 100, 224])
def test_any_size(size):
    pictures = render(sample_latents(0, range(2)), size, supersample=1)
    assert pictures.shape == (2, 3, size, size)
    assert pictures.dtype == torch.uint8
    assert pictures.float().std() > 20


@pytest.mark.parametrize("preset", PRESETS)
def test_no_picture_is_blown_out_black_or_broken(preset):
    pictures = render_float(sample_latents(1, range(48), preset), 48, supersample=1)
    assert pictures.isfinite().all()
    assert 0 <= pictures.min() <= pictures.max() <= 1
    brightness = pictures.mean(dim=(1, 2, 3))
    assert 0.08 < brightness.min() < brightness.max() < 0.92


def test_a_picture_does_not_depend_on_its_batch():
    latents = sample_latents(2, range(30), "hard")
    together = render(latents, 48, supersample=1)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    assert largest_difference(render(latents[order], 48, supersample=1), together[order]) <= 2
    assert largest_difference(render(latents[17], 48, supersample=1), together[17:18]) <= 2


def test_supersampling_is_a_mean_in_linear_light():
    """So the brightness of a picture, where it is not compressed by the highlights' shoulder, stays what it was."""
    latents = sample_latents(0, range(4), CLEAN, exposure=0.3)
    coarse, fine = (render_float(latents, 64, supersample=s, degrade=False) ** 2.2 for s in (1, 3))
    torch.testing.assert_close(coarse.mean(dim=(2, 3)), fine.mean(dim=(2, 3)), rtol=0.03, atol=1e-3)


def test_degrade_false_ignores_the_quality():
    latents = sample_latents(0, range(4), "hard", blur=0.9, grain=0.04, compression=1.0)
    pristine = latents.replace(
        blur=0.0, shrink=1.0, grain=0.0, compression=0.0, grey=0.0, contrast=1.0, brightness=0.0, gamma=1.0
    )
    clean = render(latents, 48, supersample=1, degrade=False)
    assert largest_difference(clean, render(pristine, 48, supersample=1)) <= 1
    assert largest_difference(clean, render(latents, 48, supersample=1)) > 20


@pytest.mark.parametrize("kind", range(1, len(OCCLUDERS)))
def test_occluders_are_seen(kind):
    pinned = {"occluder_x": 0.0, "occluder_y": 0.3}
    bare, hidden = (sample_latents(0, range(4), CLEAN, occluder_kind=k, **pinned) for k in (0, kind))
    change = (render_float(bare, 48, supersample=1) - render_float(hidden, 48, supersample=1)).abs().amax(dim=1)
    assert ((change > 0.05).float().mean(dim=(1, 2)) > 0.02).all()


def test_darker_skin_is_darker_and_every_class_looks_different():
    tones = render_float(sample_latents(0, [3] * 3, CLEAN, skin=(0.0, 0.5, 1.0), hair_colour=0.2), 48, supersample=1)
    centre = tones[:, :, 16:32, 16:32].mean(dim=(1, 2, 3))
    assert centre[0] > centre[1] > centre[2]
    moods = render_float(sample_latents(0, [3] * 8, CLEAN, label=range(8)), 48, supersample=1).flatten(1)
    assert torch.cdist(moods, moods).add(torch.eye(8) * 100).min() > 0.5


def test_nobody_changes_the_pictures_silently():
    """Sixteen faces, each the sum of its pixels under random signs: whatever moves somewhere moves these numbers.

    If this fails on purpose, raise RENDERER_VERSION with it: runs are keyed by latents, and so would not notice.
    """
    latents = sample_latents(
        0, range(16), "hard", label=torch.arange(16) % 8, intensity=1.0, occluder_kind=torch.arange(16) % len(OCCLUDERS)
    )
    pictures = render_float(latents, 64, degrade=False)
    signs = (random_bits(0, "signs", torch.arange(pictures[0].numel())) & 1) * 2 - 1
    found = pictures.flatten(1).double() @ signs.double()
    assert found.tolist() == pytest.approx(GOLDEN, abs=0.02)


def lit(**light):
    """Pictures of bald, bare faces that differ in the light alone."""
    bare = {"bald": 1.0, "long_hair": 0.0, "fringe": 0.0, "beard": 0.0, "moustache": 0.0, "glasses": 0.0, "yaw": 0.0}
    pinned = {"azimuth": 0.0, "elevation": 0.3, "warmth": 0.0, "roll": 0.0, "pitch": 0.0} | bare | light
    return render_float(sample_latents(0, range(6), CLEAN, **pinned), 48, supersample=1, degrade=False)


def test_the_lamp_is_where_the_latents_say():
    def rightwards(pictures):
        return pictures[:, :, 14:34, 26:40].mean((1, 2, 3)) - pictures[:, :, 14:34, 8:22].mean((1, 2, 3))

    assert (rightwards(lit(azimuth=1.0)) > 0.05).all() and (rightwards(lit(azimuth=-1.0)) < -0.05).all()

    def upwards(pictures):
        return pictures[:, :, 2:8, 16:32].mean((1, 2, 3)) - pictures[:, :, 38:44, 16:32].mean((1, 2, 3))

    assert (upwards(lit(elevation=1.0)) > upwards(lit(elevation=0.15)) + 0.03).all()
    red, _, blue = (lit(warmth=0.15) - lit(warmth=-0.15)).mean((2, 3)).unbind(1)
    assert (red > 0.01).all() and (blue < -0.01).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 31}, "size must be in 32..224 pixels, got 31"),
        ({"size": 225}, "size must be in 32..224 pixels, got 225"),
        ({"supersample": 0}, "supersample must be in 1..4, got 0"),
    ],
)
def test_bad_values_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        render(sample_latents(0, range(1)), **{"size": 48} | arguments)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_renders_the_same_faces():
    latents = sample_latents(0, range(20), "hard")
    found = render(latents.to("cuda"), 48).cpu()
    expected = render(latents, 48)
    difference = (found.int() - expected.int()).abs()
    assert (difference <= 2).float().mean() > 0.999
