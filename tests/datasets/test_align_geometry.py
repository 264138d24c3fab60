"""Similarities and resampling, against scikit-image and against pictures whose values are known everywhere."""

import math

import numpy as np
import pytest
import torch

from scnlib.datasets.face_geometry import BORDERS, box_transform, padded, similarity, template, transform, warp


def ramp(height=40, width=50):
    """``(2, 3, H, W)``: three planes that rise along x, along y, and along both; the pixel at i + 1/2 holds 2 i, ..."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([2 * x, 3 * y, x + y]).to(torch.uint8).expand(2, -1, -1, -1)


def turned(angle, scale, shift):
    a, b = scale * math.cos(angle), scale * math.sin(angle)
    return torch.tensor([[[a, -b, shift[0]], [b, a, shift[1]]]])


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_similarity_is_scikit_images(noise):
    from skimage.transform import SimilarityTransform

    generator = torch.Generator().manual_seed(0)
    points = 100 * torch.rand(20, 5, 2, generator=generator, dtype=torch.float64)
    target = template(112).double() + noise * torch.randn(20, 5, 2, generator=generator, dtype=torch.float64)
    for mine, source, goal in zip(similarity(points, target), points.numpy(), target.numpy(), strict=True):
        if hasattr(SimilarityTransform, "from_estimate"):
            theirs = SimilarityTransform.from_estimate(source, goal)
        else:
            theirs = SimilarityTransform()
            assert theirs.estimate(source, goal)
        np.testing.assert_allclose(mine.numpy(), theirs.params[:2], atol=1e-9)


def test_similarity_undoes_a_similarity():
    generator = torch.Generator().manual_seed(1)
    target = torch.rand(3, 5, 2, generator=generator, dtype=torch.float64)
    how = ((0.3, 2.0, (5.0, -7.0)), (-2.9, 0.01, (0.0, 0.0)), (0.0, 1.0, (1e3, 1.0)))
    matrices = torch.cat([turned(*one) for one in how]).double()
    moved = transform(target, matrices)
    torch.testing.assert_close(transform(moved, similarity(moved, target)), target)


def test_similarity_does_not_mirror():
    points = template(100)[None]
    mirrored = torch.tensor([100.0, 0.0]) - points * torch.tensor([1.0, -1.0])
    matrix = similarity(mirrored, points[0])[0, :, :2]
    assert torch.linalg.det(matrix) > 0


def test_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="one place"):
        similarity(torch.ones(2, 5, 2), template(112))


def test_template():
    torch.testing.assert_close(template(112)[0], torch.tensor([38.2946, 51.6963]))
    torch.testing.assert_close(template(224), 2 * template(112))
    wide = template(100, margin=0.5)
    torch.testing.assert_close(wide - 50, (template(100) - 50) / 2)
    with pytest.raises(ValueError, match="margin"):
        template(100, margin=-0.5)


@pytest.mark.parametrize("margin", [0.0, 0.25])
def test_box_transform_brings_the_square_around_a_box_to_the_whole_picture(margin):
    box = torch.tensor([[10.0, 20.0, 50.0, 100.0]])  # 40 x 80: the square is 80 wide around (30, 60)
    half = 40 * (1 + 2 * margin)
    corners = torch.tensor([[[30 - half, 60 - half], [30 + half, 60 + half]]])
    moved = transform(corners, box_transform(box, 64, margin))
    torch.testing.assert_close(moved, torch.tensor([[[0.0, 0.0], [64.0, 64.0]]]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("how", [(0.0, 1.0, (0.0, 0.0)), (0.4, 1.3, (-10.0, -12.0)), (-0.2, 2.5, (-30.0, -20.0))])
def test_warp_reads_a_ramp_where_the_matrix_says(how):
    size, images, matrix = 16, ramp(), turned(*how)
    result = warp(images, matrix.expand(2, -1, -1), size).float()
    place = torch.arange(size) + 0.5
    new = torch.stack(torch.meshgrid(place, place, indexing="xy"), dim=-1).view(-1, 2)
    square = torch.cat([matrix[0], torch.tensor([[0.0, 0.0, 1.0]])])
    x, y = (torch.cat([new, torch.ones(len(new), 1)], dim=1) @ torch.linalg.inv(square).T)[:, :2].T - 0.5
    inside = ((x >= 0) & (x <= 49) & (y >= 0) & (y <= 39)).view(size, size)
    assert inside.float().mean() > 0.6
    for plane, expected in enumerate((2 * x, 3 * y, x + y)):
        torch.testing.assert_close(
            result[0, plane][inside], expected.view(size, size)[inside], atol=0.51, rtol=0
        )  # fmt: skip
    torch.testing.assert_close(result[0], result[1])


def test_warp_agrees_with_scikit_image():
    from skimage.transform import AffineTransform
    from skimage.transform import warp as theirs

    generator = torch.Generator().manual_seed(0)
    image = torch.randint(0, 256, (1, 3, 30, 40), generator=generator, dtype=torch.uint8)
    matrix = turned(0.5, 1.4, (-8.0, -3.0))
    mine = warp(image, matrix, 32, outside="constant")[0].permute(1, 2, 0).float().numpy()
    # scikit-image puts the first pixel's centre at 0.
    half = AffineTransform(translation=(0.5, 0.5))
    full = AffineTransform(matrix=np.vstack([matrix[0].numpy(), [0, 0, 1]]))
    tform = half + full + half.inverse
    their = theirs(image[0].permute(1, 2, 0).numpy().astype(float), tform.inverse, output_shape=(32, 32), order=1)
    inside = theirs(np.ones((30, 40)), tform.inverse, output_shape=(32, 32), order=1) > 0.999
    assert inside.mean() > 0.3
    np.testing.assert_allclose(mine[inside], their[inside], atol=0.6)


def test_a_shrinking_warp_averages():
    """A chessboard of single pixels becomes grey. Single samples would see black or white."""
    board = (255 * (torch.arange(128)[:, None] + torch.arange(128)[None]).remainder(2)).to(torch.uint8)
    result = warp(board.expand(1, 3, -1, -1), turned(0.3, 1 / 8, (4.0, 2.0)), 12)[:, :, 4:10, 4:10]
    assert (result.float() - 127.5).abs().max() < 12


def test_what_lies_outside():
    white = torch.full((1, 3, 8, 8), 255, dtype=torch.uint8)
    far = turned(0.0, 1.0, (100.0, 0.0))
    assert warp(white, far, 8, outside="constant").max() == 0
    assert warp(white, far, 8, outside="edge").min() == 255
    with pytest.raises(ValueError, match="outside='nothing' is unknown; known: edge, reflect, constant"):
        warp(white, far, 8, outside="nothing")


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 5), (20, 10)])
def test_padding_keeps_the_picture_in_the_middle(border, height, width):
    image = torch.arange(3 * height * width, dtype=torch.uint8).view(1, 3, height, width)
    wide, across, down = padded(image, border, 0.5)
    assert wide.shape[2:] == (height + 2 * down, width + 2 * across)
    assert (wide[:, :, down : down + height, across : across + width] == image).all()
    assert across == min(round(width / 2), width - 1) and down == min(round(height / 2), height - 1)


def test_no_padding():
    image = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    assert padded(image, "none", 0.5) == (image, 0, 0)
