"""The small mathematics of pictures."""

import pytest
import torch
import torch.nn.functional as F

from scnlib.faces.fields import bell, enlarge, from_palette, noise, smoothstep


def test_smoothstep_rises_and_falls():
    x = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])
    torch.testing.assert_close(smoothstep(0, 1, x), torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]))
    torch.testing.assert_close(smoothstep(1, 0, x), torch.tensor([1.0, 1.0, 0.5, 0.0, 0.0]))


def test_bell_is_a_product_of_its_offsets():
    a, b = torch.linspace(-1, 1, 5), torch.linspace(0, 2, 5)
    torch.testing.assert_close(bell(a, b), bell(a) * bell(b))
    assert bell(torch.zeros(1)) == 1


def test_palette_meets_its_colours():
    colours = ((0, 0, 0), (255, 0, 0), (255, 255, 255))
    found = from_palette(colours, torch.tensor([0.0, 0.5, 1.0, 0.25]).view(-1, 1, 1, 1))[:, :, 0, 0]
    expected = torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.5, 0.0, 0.0]])
    torch.testing.assert_close(found, expected)


def test_noise_is_even_keyed_and_uncorrelated():
    key = torch.tensor([3, 4, 3])
    found = noise(key, "test", 2, 31, 33)
    assert found.shape == (3, 2, 31, 33)
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found, noise(key, "another", 2, 31, 33))
    sample = found[:2].flatten(1)
    assert sample.min() >= -0.5
    assert sample.max() < 0.5
    assert sample.std().item() == pytest.approx(12**-0.5, rel=0.05)
    for lag in range(1, 6):
        assert abs(torch.corrcoef(torch.stack([sample[0, lag:], sample[0, :-lag]]))[0, 1]) < 0.1
    assert abs(torch.corrcoef(sample)[0, 1]) < 0.1


@pytest.mark.parametrize("mode", ["bicubic", "bilinear", "nearest"])
def test_enlarging_is_interpolation(mode):
    grid = torch.rand(2, 1, 5, 7, generator=torch.Generator().manual_seed(0))
    align = None if mode == "nearest" else False
    expected = F.interpolate(grid, size=(40, 40), mode=mode, align_corners=align)
    torch.testing.assert_close(enlarge(grid, 40, mode), expected)
