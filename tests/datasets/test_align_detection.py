"""Our driving of MTCNN, against facenet-pytorch's own and against rendered truth."""

import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from scnlib.datasets.face_detection import Detector, _SumTable
from scnlib.datasets.scenes import render_scenes
from scnlib.errors import ScnError
from tests.datasets.found_faces import detector, portrait, scenes


def distances(found, scene):
    """Mean distance of the five points of the largest face from the truth, in distances of the eyes."""
    truth = scene.points[:, 0]
    apart = (truth[:, 1] - truth[:, 0]).norm(dim=1)
    first = torch.stack([faces.points[0] for faces in found])
    return (first - truth).norm(dim=2).mean(dim=1) / apart


def test_finds_what_facenet_pytorch_finds():
    from facenet_pytorch import MTCNN

    theirs = MTCNN(keep_all=True)
    two = render_scenes(5, 1, 120, 220, faces=2, side=(90, 110)).images[0]
    mirrored = portrait().flip(2)[:, :170]
    for image in (*scenes().images[:2], portrait(), mirrored, two):
        boxes, probabilities, points = theirs.detect(Image.fromarray(image.permute(1, 2, 0).numpy()), landmarks=True)
        found = detector().find(image[None], every=True)[0]
        assert len(found) == len(boxes) > 0
        np.testing.assert_allclose(found.boxes, np.asarray(boxes, dtype=float), atol=1e-2)
        np.testing.assert_allclose(found.points, np.asarray(points, dtype=float), atol=1e-2)
        np.testing.assert_allclose(found.probabilities, np.asarray(probabilities, dtype=float), atol=1e-4)
    assert len(found) == 2


@pytest.mark.parametrize("side", [7, 24, 48])
def test_crops_and_levels_are_area_means(side):
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, 3, 61, 47), generator=generator, dtype=torch.uint8)
    table = _SumTable(images)
    sides = torch.tensor([[0, 5, 60], [61, 25, 61], [0, 3, 46], [47, 30, 47]])  # top, bottom, left, right of three
    crops = table.crops(torch.tensor([0, 1, 1]), sides, side)
    for crop, picture, (top, bottom, left, right) in zip(crops, (0, 1, 1), sides.T.tolist(), strict=True):
        area = F.interpolate(
            images[picture : picture + 1, :, top:bottom, left:right].float(), (side, side), mode="area"
        )
        torch.testing.assert_close(128 * crop + 127.5, area[0], atol=1e-3, rtol=0)
    for scale in (0.6, 0.37, 1.2):
        area = F.interpolate(images.float(), (int(61 * scale + 1), int(47 * scale + 1)), mode="area")
        torch.testing.assert_close(128 * table.shrunk(scale) + 127.5, area, atol=1e-3, rtol=0)


def test_rendered_truth():
    found = detector().find(scenes().images)
    assert all(len(faces) == 1 for faces in found)
    assert distances(found, scenes()).max() < 0.2
    left, top, right, bottom = scenes().portraits[:, 0].T
    middle = torch.stack([faces.boxes[0].view(2, 2).mean(dim=0) for faces in found])
    assert (middle[:, 0] > left).all() and (middle[:, 0] < right).all()
    assert (middle[:, 1] > top).all() and (middle[:, 1] < bottom).all()


def test_pictures_do_not_see_each_other():
    black = torch.zeros(1, 3, 160, 200, dtype=torch.uint8)
    mixed = torch.cat([scenes().images[:1], black, scenes().images[1:3]])
    for every in (False, True):
        together = detector().find(mixed, every)
        assert [len(faces) for faces in together] == [1, 0, 1, 1]
        for image, faces in zip(mixed, together, strict=True):
            alone = detector().find(image[None], every)[0]
            torch.testing.assert_close(faces.points, alone.points, atol=1e-2, rtol=0)


def test_the_largest_comes_first_and_small_ones_are_looked_for_where_there_is_no_large_one():
    large, small = portrait()[:, 20:190, 20:190], F.interpolate(portrait()[None].float(), size=(60, 60), mode="area")[0]
    picture = torch.full((3, 240, 320), 90, dtype=torch.uint8)
    picture[:, 20:190, 120:290] = large
    picture[:, 170:230, 20:80] = small.to(torch.uint8)
    every = detector().find(picture[None], every=True)[0]
    assert len(every) == 2
    assert every.boxes[0, 0] > 120 > every.boxes[1, 2]
    torch.testing.assert_close(detector().find(picture[None])[0].points[0], every.points[0], atol=5, rtol=0)
    picture[:, :, 100:] = 90
    assert len(detector().find(picture[None])[0]) == 1


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 300), (12, 12), (19, 19)])
def test_pictures_too_small_for_a_face(height, width):
    for faces in detector().find(torch.zeros(2, 3, height, width, dtype=torch.uint8), every=True):
        assert (len(faces), faces.boxes.shape, faces.points.shape) == (0, (0, 4), (0, 5, 2))


def test_options_out_of_range():
    with pytest.raises(ValueError, match="smallest must be at least 6 pixels, got 3"):
        Detector(smallest=3)


def test_without_facenet_pytorch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "facenet_pytorch", None)
    monkeypatch.setitem(sys.modules, "facenet_pytorch.models.mtcnn", None)
    with pytest.raises(ScnError, match="pip install facenet-pytorch"):
        Detector()


def test_scenes_are_the_same_however_many():
    few = render_scenes(0, 1, 160, 200, side=(100, 150))
    assert (few.images == scenes().images[:1]).all()
    torch.testing.assert_close(few.points, scenes().points[:1])
    with pytest.raises(ValueError, match="must be in 32..100 pixels"):
        render_scenes(0, 1, 160, 200, faces=2, side=(100, 150))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_finds_the_same():
    for every in (False, True):
        here = detector().find(scenes().images, every)
        there = Detector("cuda").find(scenes().images, every)
        for cpu, gpu in zip(here, there, strict=True):
            torch.testing.assert_close(gpu.points, cpu.points, atol=0.5, rtol=0)
            torch.testing.assert_close(gpu.boxes, cpu.boxes, atol=0.5, rtol=0)
