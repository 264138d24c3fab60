"""Lesson 01's experiments, where their result is known beforehand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from scnlib.course import preprocessing
from scnlib.datasets import load_dataset
from scnlib.datasets.face_geometry import template

POINTS = template(40)[None].expand(3, -1, -1)


def test_shaking_moves_the_points_with_the_picture_and_alignment_takes_it_back():
    """A white dot at each eye: after shaking it is at the shaken point, after alignment back in its place."""
    images = torch.zeros(3, 1, 40, 40, dtype=torch.uint8)
    rows, columns = POINTS[0, :2, 1].long(), POINTS[0, :2, 0].long()
    images[:, :, rows, columns] = 255
    points = POINTS.clone()
    points[:, :2] = torch.stack([columns + 0.5, rows + 0.5], dim=1)
    moved, moved_points = preprocessing.shaken(images, points, seed=0)
    assert (moved_points - points).norm(dim=2).amax(dim=1).min() > 1
    back = preprocessing.aligned(moved, moved_points)
    y, x = torch.meshgrid(torch.arange(40) + 0.5, torch.arange(40) + 0.5, indexing="ij")
    for pictures, places in ((moved, moved_points), (back, points)):
        for picture, (left, right, *_) in zip(pictures[:, 0].float(), places, strict=True):
            for half, eye in ((x < (left + right)[0] / 2, left), (x >= (left + right)[0] / 2, right)):
                weight = picture * half
                centre = torch.stack([(weight * x).sum(), (weight * y).sum()]) / weight.sum()
                assert (centre - eye).norm() < 1


def test_of_three_turns_the_median_counts_and_the_ways_take_turns(monkeypatch):
    clock, order = [0.0], []

    def takes(name, *seconds):
        left = list(seconds)

        def way(*_, **__):
            order.append(name)
            clock[0] += left.pop(0)

        return way

    plain = SimpleNamespace(detect=takes("plain", 4.0, 1.0, 2.0, 8.0, 8.0, 1.0))
    every, largest = takes("every", 1.0, 9.0, 1.0, 0.1, 1.0, 1.0), takes("largest", 0.5, 0.4, 0.6, 0.5, 0.5, 9.0)
    detector = SimpleNamespace(
        smallest=20, device="cpu", find=lambda image, **options: (every if options else largest)()
    )
    monkeypatch.setattr("facenet_pytorch.MTCNN", lambda **_: plain)
    monkeypatch.setattr(preprocessing.time, "perf_counter", lambda: clock[0])
    speeds = preprocessing.detection_speed(torch.zeros(2, 3, 8, 8, dtype=torch.uint8), detector)
    assert list(speeds.values()) == pytest.approx([2 / (2 + 8), 2 / (1 + 1), 2 / (0.5 + 0.5)])
    assert order == ["plain", "every", "largest"] * 6


def test_turning_and_moving_undo_their_own_part_of_a_similarity():
    """A white dot at the left eye: each part alone brings it back where only that part was done to the face."""
    points, middle = POINTS.double(), POINTS.double().mean(dim=1, keepdim=True)
    lean = torch.tensor([[math.cos(0.3), -math.sin(0.3)], [math.sin(0.3), math.cos(0.3)]]).double()
    done = {
        preprocessing.turned: (points - middle) @ lean.T + middle,
        preprocessing.moved_and_scaled: 0.8 * (points - middle) + middle + torch.tensor([2.0, -1.0]),
    }
    y, x = torch.meshgrid(torch.arange(40) + 0.5, torch.arange(40) + 0.5, indexing="ij")
    for undo, places in done.items():
        left = places[0, 0]
        spot = (255 * torch.exp(-((x - left[0]) ** 2 + (y - left[1]) ** 2) / 4)).to(torch.uint8)
        back = undo(spot.expand(3, 1, 40, 40), places.float())[0, 0].float()
        centre = torch.stack([(back * x).sum(), (back * y).sum()]) / back.sum()
        assert (centre - POINTS[0, 0]).norm() < 0.2, undo.__name__
        assert (left - POINTS[0, 0]).norm() > 1


def test_true_points_come_from_the_latents():
    faces = load_dataset("rendered", n=4, size=32)
    assert preprocessing.true_points(faces).shape == (4, 5, 2)
    assert preprocessing.true_points(faces.select(torch.tensor([2]))).shape == (1, 5, 2)


def test_hog_tells_upright_from_level_stripes():
    stripes = (255 * (torch.arange(32) // 4 % 2)).to(torch.uint8)
    upright, level = stripes.expand(1, 1, 32, 32), stripes[:, None].expand(1, 1, 32, 32)
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 60, (16, 1, 32, 32), generator=generator)
    images = (torch.cat([upright, level]).repeat(8, 1, 1, 1).int() // 2 + noise).to(torch.uint8)
    features = preprocessing.hog(images)
    assert features.shape == (16, 8 * 4 * 9)
    labels = torch.arange(16) % 2
    assert preprocessing.linear_svm(features[:8], labels[:8], features[8:], labels[8:]).all()


def test_local_binary_patterns_of_a_cell_are_those_of_a_loop():
    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 255, (1, 1, 16, 16), generator=generator, dtype=torch.uint8)

    def pattern(y, x):
        """Bilinear samples on the circle of radius 1, as bits; 9 where they change more than twice."""
        grey = image[0, 0].double().numpy()
        bits = []
        for k in range(8):
            v, u = round(y - math.sin(2 * math.pi * k / 8), 5), round(x + math.cos(2 * math.pi * k / 8), 5)
            top, left = math.floor(v), math.floor(u)
            a, b = v - top, u - left

            def at(row, column):
                return grey[row, column] if 0 <= row < 16 and 0 <= column < 16 else 0.0

            value = (1 - a) * ((1 - b) * at(top, left) + b * at(top, left + 1))
            value += a * ((1 - b) * at(top + 1, left) + b * at(top + 1, left + 1))
            bits.append(value >= grey[y, x])
        changes = sum(bits[k] != bits[k - 1] for k in range(8))
        return sum(bits) if changes <= 2 else 9

    expected = [[0] * 10 for _ in range(4)]
    for y in range(16):
        for x in range(16):
            expected[2 * (y // 8) + x // 8][pattern(y, x)] += 1
    # Ties of rounding may move single pixels.
    assert np.abs(preprocessing.lbp(image).reshape(4, 10) - expected).sum() <= 4
