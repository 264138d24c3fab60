"""IR-50: the names and shapes of face.evoLVe's checkpoints, and what the network computes."""

import pytest
import torch
import torch.nn.functional as F

from scnlib.ir50 import IR50, Unit


@pytest.fixture(scope="module")
def shapes():
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in IR50(112).state_dict().items()}


def test_names_and_shapes_are_face_evolves(shapes):
    assert shapes["input_layer.0.weight"] == (64, 3, 3, 3)
    assert shapes["input_layer.2.weight"] == (64,)
    assert shapes["body.0.res_layer.0.weight"] == (64,)
    assert shapes["body.0.res_layer.1.weight"] == (64, 64, 3, 3)
    assert shapes["body.0.res_layer.2.weight"] == (64,)
    assert shapes["body.3.shortcut_layer.0.weight"] == (128, 64, 1, 1)
    assert shapes["body.3.res_layer.1.weight"] == (128, 64, 3, 3)
    assert shapes["body.3.res_layer.3.weight"] == (128, 128, 3, 3)
    assert shapes["body.7.shortcut_layer.1.running_var"] == (256,)
    assert shapes["body.23.res_layer.4.bias"] == (512,)
    assert shapes["output_layer.0.weight"] == (512,)
    assert shapes["output_layer.3.weight"] == (512, 512 * 7 * 7)
    assert shapes["output_layer.4.running_mean"] == (512,)
    shortcuts = {name.split(".")[1] for name in shapes if "shortcut" in name}
    assert shortcuts == {"3", "7", "21"}  # where the width changes
    assert max(int(name.split(".")[1]) for name in shapes if name.startswith("body")) == 23


def test_it_has_as_many_weights_as_counted_by_hand():
    """Convolutions, PReLU slopes, two numbers a channel for each normalisation, and the head."""
    total = 64 * 3 * 9 + 64 + 2 * 64
    inputs = 64
    for width, units in ((64, 3), (128, 4), (256, 14), (512, 3)):
        for _ in range(units):
            total += 2 * inputs + 9 * inputs * width + width + 9 * width * width + 2 * width
            total += (inputs * width + 2 * width) if inputs != width else 0
            inputs = width
    total += 2 * 512 + 512 * 512 * 49 + 512 + 2 * 512
    with torch.device("meta"):
        assert sum(p.numel() for p in IR50(112).parameters()) == total
        assert IR50(224).output_layer[3].in_features == 512 * 14 * 14


def test_features_are_of_either_sign_and_depend_on_the_place(size=40):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        backbone = IR50(size).eval()
        images = torch.randn(2, 3, size, size)
    with torch.no_grad():
        features = backbone(images)
        assert features.shape == (2, 512) and (features < 0).any() and features.isfinite().all()
        side = -(-size // 16)
        assert backbone.maps(images).shape == (2, 512, side, side)
        moved = backbone(images.roll(size // 2, dims=3))
    assert not torch.allclose(features, moved, atol=1e-2)


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(4, 4, 2), (4, 4, 1), (4, 6, 2)])
def test_a_unit_against_its_formula(inputs, outputs, stride):
    generator = torch.Generator().manual_seed(1)
    unit = Unit(inputs, outputs, stride).double().eval()
    for tensor in unit.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator, dtype=torch.float64) + 0.1)
    x = torch.randn(2, inputs, 5, 5, generator=generator, dtype=torch.float64)

    def normalised(values, part):
        s = {name: value[None, :, None, None] for name, value in part.state_dict().items() if value.dim()}
        return (values - s["running_mean"]) / (s["running_var"] + 1e-5).sqrt() * s["weight"] + s["bias"]

    first, conv, slope, second, last = unit.res_layer
    inner = F.conv2d(normalised(x, first), conv.weight, padding=1)
    inner = torch.where(inner > 0, inner, inner * slope.weight[None, :, None, None])
    residual = normalised(F.conv2d(inner, second.weight, stride=stride, padding=1), last)
    shortcut = x[:, :, ::stride, ::stride]
    if inputs != outputs:
        conv, norm = unit.shortcut_layer
        shortcut = normalised(torch.einsum("oi,bihw->bohw", conv.weight[:, :, 0, 0], shortcut), norm)
    torch.testing.assert_close(unit(x), residual + shortcut)


def test_gradients_reach_every_weight():
    backbone = IR50(32)
    backbone(torch.randn(4, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in backbone.parameters())
