"""Networks: shapes, stems, and heads that keep float32 under autocast."""

import contextlib

import pytest
import torch

from scnlib.models import BACKBONES, Classifier, make_backbone, normalize, trains_on_one_image


@pytest.mark.parametrize("name", [name for name in BACKBONES if name != "ir50"])  # tests/test_ir50.py
@pytest.mark.parametrize("size", [32, 48, 112])
def test_features_are_as_many_as_promised_and_not_negative(name, size):
    backbone = make_backbone(name, size, seed=0).eval()
    with torch.no_grad():
        features = backbone(torch.randn(2, 3, size, size))
    assert features.shape == (2, backbone.num_features)
    assert (features >= 0).all()


def test_the_stem_follows_the_image():
    assert make_backbone("resnet18", 48, 0).conv1.kernel_size == (3, 3)
    assert make_backbone("resnet18", 112, 0).conv1.kernel_size == (7, 7)


def test_at_full_size_it_is_torchvisions_resnet18():
    from torchvision.models import resnet18

    theirs = resnet18()
    theirs.fc = torch.nn.Identity()
    ours = make_backbone("resnet18", 224, 0).eval()
    theirs.load_state_dict(ours.state_dict())
    images = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours(images), theirs.eval()(images))


def test_initialisation_follows_the_seed_and_leaves_torchs_generator_alone():
    before = torch.get_rng_state()
    a, b, c = (make_backbone("small", 48, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    first = [next(m.parameters()) for m in (a, b, c)]
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])


def test_heads_compute_in_float32_under_autocast():
    model = Classifier(make_backbone("small", 48, 0), 8, importance=True)
    with torch.autocast("cpu", torch.bfloat16):
        logits, alpha = model(torch.randn(64, 1, 48, 48))
    assert logits.dtype == alpha.dtype == torch.float32
    assert alpha.shape == (64,)
    assert len(alpha.unique()) == 64  # in bfloat16 half of them would be equal


def test_normalize():
    pixels = torch.tensor([0, 255], dtype=torch.uint8).view(1, 1, 1, 2)
    assert normalize(pixels).flatten().tolist() == pytest.approx([-2.0, 2.0])


@pytest.mark.parametrize(
    ("name", "size", "able"),
    [("small", 32, True), ("resnet18", 32, False), ("resnet18", 33, True), ("ir50", 32, False), ("ir50", 112, False)],
)
def test_a_single_image_trains_where_its_maps_are_larger_than_a_pixel_and_never_in_ir50(name, size, able):
    assert trains_on_one_image(make_backbone(name, size, 0), size) == able
    if size < 112:  # and the network itself agrees
        with contextlib.nullcontext() if able else pytest.raises(ValueError, match="more than 1 value per channel"):
            make_backbone(name, size, 0).train()(torch.zeros(1, 3, size, size))


def test_an_unknown_backbone_is_named():
    with pytest.raises(ValueError, match="unknown backbone 'vgg'; known: resnet18, small"):
        make_backbone("vgg", 48, 0)
