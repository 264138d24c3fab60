"""Counts of a network's cost, against sums by hand and the number that is published for ResNet-18."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from scnlib.methods import METHODS
from scnlib.models import make_backbone
from scnlib.paper.inference import inference_cost


def test_the_small_network_layer_by_layer():
    layers = [(3, 32, 24), (32, 64, 12), (64, 128, 6), (128, 256, 3), (256, 256, 3)]  # channels in and out, side
    weights = [9 * a * b for a, b, _ in layers]
    found = inference_cost("baseline", "small", 48, 7)
    assert found["parameters"] == sum(weights) + 2 * sum(b for _, b, _ in layers) + 256 * 7
    places = [w * side**2 for w, (_, _, side) in zip(weights, layers, strict=True)]
    assert found["multiply-adds"] == sum(places) + 256 * 7


def test_resnet18_has_the_published_cost():
    found = inference_cost("baseline", "resnet18", 224, 1000)
    assert found["multiply-adds"] == pytest.approx(1.814e9, rel=1e-3)
    assert found["parameters"] == 11_689_512 - 1000  # torchvision's classifier has a bias


def test_scn_has_one_more_number_for_each_feature():
    for backbone, features in (("small", 256), ("resnet18", 512)):
        more, less = (inference_cost(method, backbone, 48) for method in ("scn", "baseline"))
        assert {name: more[name] - less[name] for name in more} == {"parameters": features, "multiply-adds": features}


def test_torchs_own_counter_agrees():
    network = METHODS["scn"]().build(make_backbone("small", 32, 0), 8).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() == 2 * inference_cost("scn", "small", 32)["multiply-adds"]
