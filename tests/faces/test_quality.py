"""Degradations, each against an oracle that shares no code with it."""

import math

import pytest
import torch
import torch.nn.functional as F

from scnlib.faces import sample_latents
from scnlib.faces.quality import compress, degrade, lose_resolution

NO_BLUR, NO_SHRINKING = torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1)


def number(*values):
    return torch.tensor(values).view(-1, 1, 1, 1)


@pytest.fixture
def picture():
    return torch.rand(2, 3, 24, 24, generator=torch.Generator().manual_seed(0))


def test_nothing_lost_changes_nothing(picture):
    torch.testing.assert_close(lose_resolution(picture, NO_BLUR, NO_SHRINKING), picture)
    assert torch.equal(compress(picture, number(0.0)), picture)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_shrinking_by_a_whole_number_is_averaging_and_interpolating(picture, factor):
    small = F.avg_pool2d(picture, factor)
    expected = F.interpolate(small, size=(24, 24), mode="bilinear", align_corners=False)
    torch.testing.assert_close(lose_resolution(picture, NO_BLUR, number(float(factor))), expected)


@pytest.mark.parametrize("factor", [1.0, 1.3, 1.7, 2.0])
def test_an_even_picture_stays_even(factor):
    even = torch.full((1, 3, 35, 35), 0.4)
    torch.testing.assert_close(lose_resolution(even, number(0.8), number(factor)), even)


def test_blur_has_the_stated_deviation():
    point = torch.zeros(1, 1, 97, 97)
    point[..., 48, 48] = 1
    spread = lose_resolution(point, number(0.9), NO_SHRINKING)[0, 0]  # at 97 px: 0.9 * 97 / 48 pixels
    distance = torch.arange(97) - 48.0
    assert spread.sum().item() == pytest.approx(1, abs=1e-4)
    assert (spread.sum(dim=0) * distance**2).sum().sqrt().item() == pytest.approx(0.9 * 97 / 48, rel=1e-3)


def compressed_by_hand(block, coarseness):
    """The discrete cosine transform by its definition, rounding, and its inverse, in plain Python."""
    n = 8
    scale = [math.sqrt((1 if k == 0 else 2) / n) for k in range(n)]
    wave = [[scale[k] * math.cos((2 * x + 1) * k * math.pi / (2 * n)) for x in range(n)] for k in range(n)]
    rounded = []
    for i in range(n):
        rounded.append([])
        for j in range(n):
            c = sum(wave[i][y] * wave[j][x] * (block[y][x] - 0.5) for y in range(n) for x in range(n))
            step = coarseness * (0.02 + 0.02 * (i + j)) + 1e-4
            rounded[i].append(step * round(c / step))
    return [
        [0.5 + sum(wave[i][y] * wave[j][x] * rounded[i][j] for i in range(n) for j in range(n)) for x in range(n)]
        for y in range(n)
    ]


def test_compression_rounds_cosines(picture):
    found = compress(picture, number(0.7))[1, 2, 8:16, 16:24]
    expected = torch.tensor(compressed_by_hand(picture[1, 2, 8:16, 16:24].double().tolist(), 0.7))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [32, 33, 39, 50])
def test_any_size_can_be_compressed(size):
    picture = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    found = compress(picture, number(0.0, 0.5))
    assert found.shape == picture.shape
    assert torch.equal(found[0], picture[0])
    assert 0.001 < (found[1] - picture[1]).abs().mean() < 0.2
    whole = size // 8 * 8  # blocks that need no padding are what they are in a picture cut to whole blocks
    torch.testing.assert_close(
        found[1:, :, :whole, :whole], compress(picture[1:, :, :whole, :whole].contiguous(), number(0.5))
    )


def test_each_face_has_its_own_degradations():
    latents = sample_latents(0, range(6), "hard")
    pictures = torch.rand(6, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    together = degrade(pictures, latents.as_fields(), latents.texture_key)
    for index in range(6):
        one = latents[index]
        alone = degrade(pictures[index : index + 1], one.as_fields(), one.texture_key)
        torch.testing.assert_close(alone[0], together[index], atol=2 / 255, rtol=0)
    assert together.min() >= 0
    assert together.max() <= 1


def test_grain_has_the_stated_strength_and_grey_has_no_colour():
    clean = {"blur": 0.0, "shrink": 1.0, "contrast": 1.0, "brightness": 0.0, "gamma": 1.0, "compression": 0.0}
    even = torch.full((2, 3, 64, 64), 0.5)
    latents = sample_latents(0, range(2), grain=0.03, grey=0.0, **clean)
    noise = degrade(even, latents.as_fields(), latents.texture_key) - 0.5
    assert noise.std().item() == pytest.approx(0.03, rel=0.05)
    assert not torch.equal(noise[0], noise[1])
    coloured = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    latents = sample_latents(0, range(2), grain=0.0, grey=1.0, **clean)
    red, green, blue = degrade(coloured, latents.as_fields(), latents.texture_key).unbind(dim=1)
    torch.testing.assert_close(red, green)
    torch.testing.assert_close(red, blue)
