"""Lesson 01's experiments: how well faces are found, how fast, what tight crops do, what alignment brings."""

import statistics
import time

import numpy as np
import torch
from torch import Tensor

from scnlib import counter_rng
from scnlib.datasets import FaceSet
from scnlib.datasets.face_detection import Detector
from scnlib.datasets.face_geometry import padded, similarity, template, transform, warp
from scnlib.datasets.tight_crops import find_each
from scnlib.faces import Latents, landmarks


def true_points(faces: FaceSet) -> Tensor | None:
    """Where the five points of rendered faces are ``(N, 5, 2)``; None for faces that were photographed."""
    return landmarks(Latents.from_dict(faces.latents), faces.images.shape[-1]) if faces.latents else None


def in_four_surroundings(
    images: Tensor, detector: Detector
) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[str]]:
    """The face that a mirror multiplies most, as the detector sees it with half its size of this and that around it.

    Args:
        images: ``(N, C, S, S)`` uint8.

    Returns:
        Four pictures ``(3, 2 S, 2 S)``, boxes and points of what is found in each, and what is around each.
    """
    mirrored = find_each(images, detector, "reflect", 0.5)
    chosen = max(range(len(images)), key=lambda i: len(mirrored[i]))
    image = images[chosen : chosen + 1].expand(-1, 3, -1, -1)
    names = ["none", "edge", "constant", "reflect"]
    pictures, boxes, points = [], [], []
    for name in names:
        wide, across, _ = padded(image, name, 0.5)
        around = image.shape[-1] // 2 - across  # without padding, the picture stands on a white sheet
        pictures.append(torch.nn.functional.pad(wide[0], [around] * 4, value=255))
        (found,) = detector.find(wide)
        boxes.append(found.boxes + around)
        points.append(found.points + around)
    return pictures, boxes, points, names


def detection_speed(images: Tensor, detector: Detector) -> dict[str, float]:
    """Pictures per second: facenet-pytorch's MTCNN called picture by picture, and ours.

    The ways take turns at every picture, so that whatever else the machine does disturbs none of them more than the
    others, and of each picture's three rounds the median counts: a single round may be lucky or unlucky.

    Args:
        images: ``(N, 3, H, W)`` uint8.
        detector: facenet-pytorch gets its device and its smallest face.
    """
    from facenet_pytorch import MTCNN
    from PIL import Image

    plain = MTCNN(keep_all=True, min_face_size=detector.smallest, device=detector.device)
    ways = {
        "facenet-pytorch, picture by picture": lambda image, picture: plain.detect(picture, landmarks=True),
        "scnlib, every face": lambda image, picture: detector.find(image, every=True),
        "scnlib, largest face": lambda image, picture: detector.find(image),
    }
    total = dict.fromkeys(ways, 0.0)
    for image in images.split(1):
        picture = Image.fromarray(image[0].permute(1, 2, 0).contiguous().numpy())
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(3):
            for name, way in ways.items():
                began = time.perf_counter()
                way(image, picture)
                seconds[name].append(time.perf_counter() - began)
        for name in ways:
            total[name] += statistics.median(seconds[name])
    return {name: len(images) / total[name] for name in ways}


def shaken(images: Tensor, points: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Faces as careless cropping leaves them: turned by up to 0.4 rad, moved by up to a tenth, 0.75 to 1.05 as large.

    Args:
        images: ``(N, C, S, S)`` uint8.
        points: ``(N, 5, 2)``.

    Returns:
        The images and where their points are now.
    """
    n, side = len(images), images.shape[-1]
    u = counter_rng.uniform(seed, "shaken", torch.arange(4 * n)).view(n, 4)
    angle, scale = 0.4 * (2 * u[:, 0] - 1), 0.75 + 0.3 * u[:, 1]
    a, b = scale * angle.cos(), scale * angle.sin()
    turn = torch.stack([a, -b, b, a], dim=1).view(n, 2, 2)
    middle = torch.full((2, 1), side / 2)
    shift = middle - turn @ middle + 0.2 * side * (u[:, 2:, None] - 0.5)
    matrices = torch.cat([turn, shift], dim=2)
    return warp(images, matrices, side), transform(points, matrices)


def aligned(images: Tensor, points: Tensor) -> Tensor:
    """Images turned, scaled and moved so that their five points lie where they should; same size."""
    side = images.shape[-1]
    return warp(images, similarity(points, template(side, 0.0)), side)


def turned(images: Tensor, points: Tensor) -> Tensor:
    """As ``aligned``, but turned only, about the middle of the five points."""
    linear = similarity(points, template(images.shape[-1], 0.0))[:, :, :2]
    # Larger by a hair: at a scale of 1, rounding would decide which faces are averaged as if they shrank.
    return _about_middle(images, points, 1.0001 * linear / _scale(linear), points.mean(dim=1))


def moved_and_scaled(images: Tensor, points: Tensor) -> Tensor:
    """As ``aligned``, but not turned."""
    target = template(images.shape[-1], 0.0)
    scale = _scale(similarity(points, target)[:, :, :2])
    return _about_middle(images, points, scale * torch.eye(2), target.mean(dim=0))


def _scale(linear: Tensor) -> Tensor:
    """By how much similarities ``(N, 2, 2)`` enlarge: ``(N, 1, 1)``."""
    return linear.det().sqrt()[:, None, None]


def _about_middle(images: Tensor, points: Tensor, linear: Tensor, target: Tensor) -> Tensor:
    """Images under linear maps ``(N, 2, 2)``, with the middle of their points at ``target``."""
    shift = target[..., None] - linear @ points.mean(dim=1)[..., None]
    return warp(images, torch.cat([linear, shift], dim=2), images.shape[-1])


def aligned_by_detector(images: Tensor, detector: Detector) -> tuple[Tensor, Tensor]:
    """As ``aligned`` by the points that are found, with the edge drawn out by half; and bool ``(N,)`` where they were.

    A face that is not found stays as it is.
    """
    found = find_each(images, detector, "edge", 0.5)
    there = torch.tensor([len(faces) > 0 for faces in found])
    result = images.clone()
    if there.any():
        points = torch.stack([faces.points[0] for faces in found if len(faces)])
        result[there] = aligned(images[there], points)
    return result, there


def hog(images: Tensor) -> np.ndarray:
    """Histograms of oriented gradients of grey images: float32 ``(N, D)``.

    Source: Dalal and Triggs, Histograms of Oriented Gradients for Human Detection, CVPR 2005.
    """
    from skimage.feature import hog as of_one

    grey = images.float().mean(dim=1).numpy() / 255
    cells = {"orientations": 8, "pixels_per_cell": (8, 8), "cells_per_block": (2, 2), "feature_vector": True}
    return np.stack([of_one(image, **cells) for image in grey]).astype(np.float32)


def lbp(images: Tensor) -> np.ndarray:
    """Histograms of local binary patterns of grey images, in cells of 8 x 8 pixels: float32 ``(N, 10 cells)``.

    Nine patterns of eight neighbours at distance 1 have at most two changes between brighter and darker on their way
    round, whatever the rotation; all others are the tenth.

    Source: Ojala, Pietikäinen and Mäenpää, Multiresolution Gray-Scale and Rotation Invariant Texture Classification
        with Local Binary Patterns, PAMI 2002.
    """
    from skimage.feature import local_binary_pattern

    grey = images.float().mean(dim=1).round().to(torch.uint8).numpy()
    patterns = np.stack([local_binary_pattern(image, 8, 1, "uniform") for image in grey]).astype(np.int64)
    n, rows, columns = patterns.shape[0], patterns.shape[1] // 8, patterns.shape[2] // 8
    cells = patterns[:, : 8 * rows, : 8 * columns].reshape(n, rows, 8, columns, 8)
    counts = [(cells == pattern).sum(axis=(2, 4)) for pattern in range(10)]
    return np.stack(counts, axis=-1).reshape(n, -1).astype(np.float32)


def linear_svm(train: np.ndarray, train_labels: Tensor, test: np.ndarray, test_labels: Tensor) -> np.ndarray:
    """Which test samples a linear support vector machine gets right: bool ``(N,)``. Deterministic."""
    from sklearn.svm import LinearSVC

    middle, spread = train.mean(axis=0), train.std(axis=0) + 1e-6
    machine = LinearSVC(C=0.003, dual=False, random_state=0)
    machine.fit((train - middle) / spread, train_labels.numpy())
    return machine.predict((test - middle) / spread) == test_labels.numpy()
