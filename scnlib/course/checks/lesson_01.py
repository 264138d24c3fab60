"""Lesson 01: the similarity that aligns five points, and an error that large and small faces share."""

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.datasets.face_geometry import similarity, template


def _matrix(c: Tensor, t: Tensor) -> Tensor:
    return torch.stack([torch.stack([c.real, -c.imag, t.real]), torch.stack([c.imag, c.real, t.imag])])


def _complex(points: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """z, w, and both without their means."""
    z, w = torch.view_as_complex(points.contiguous()), torch.view_as_complex(target.contiguous())
    return z, w, z - z.mean(), w - w.mean()


# ---------------------------------------------------------------------------------------------------------------- 01.1


def _aligned(points: Tensor, target: Tensor) -> Tensor:
    return similarity(points[None], target)[0]


def _no_conjugate(points: Tensor, target: Tensor) -> Tensor:
    z, w, z0, w0 = _complex(points, target)
    c = (z0 * w0).sum() / z0.abs().square().sum()
    return _matrix(c, w.mean() - c * z.mean())


def _conjugate_of_target(points: Tensor, target: Tensor) -> Tensor:
    z, w, z0, w0 = _complex(points, target)
    c = (z0 * w0.conj()).sum() / z0.abs().square().sum()
    return _matrix(c, w.mean() - c * z.mean())


def _means_left_in(points: Tensor, target: Tensor) -> Tensor:
    z, w, _, _ = _complex(points, target)
    c = (z.conj() * w).sum() / z.abs().square().sum()
    return _matrix(c, w.mean() - c * z.mean())


def _shift_not_turned(points: Tensor, target: Tensor) -> Tensor:
    z, w, z0, w0 = _complex(points, target)
    c = (z0.conj() * w0).sum() / z0.abs().square().sum()
    return _matrix(c, w.mean() - z.mean())


def _way_back(points: Tensor, target: Tensor) -> Tensor:
    return _aligned(target, points)


def _bent(points: Tensor, target: Tensor) -> Tensor:
    with_one = torch.cat([points, torch.ones(len(points), 1)], dim=1)
    return torch.linalg.lstsq(with_one, target).solution.T


def _faces(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([[0.0, 0.0], [2.0, 0.0], [1.0, 2.0]]), torch.tensor([[1.0, 1.0], [1.0, 5.0], [-3.0, 3.0]]))]
    for _ in range(4):
        shaken = template(112) + 6 * torch.randn(5, 2, generator=generator)
        turn = torch.tensor([[0.9, -0.4], [0.4, 0.9]])
        cases.append((0.5 * shaken @ turn + torch.tensor([40.0, 10.0]), template(112)))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 01.2


def _one_to_the_right() -> str:
    """Which option happens to c and t when all points are found one pixel too far to the right."""
    points, target = _faces(torch.Generator().manual_seed(0))[1]
    before, after = _aligned(points, target), _aligned(points + torch.tensor([1.0, 0.0]), target)
    same_c = torch.allclose(before[:, :2], after[:, :2], atol=1e-4)
    moved = after[:, 2] - before[:, 2]
    if not same_c:
        return "b"
    return "a" if torch.allclose(moved, torch.tensor([-1.0, 0.0]), atol=1e-3) else "c"


# ---------------------------------------------------------------------------------------------------------------- 01.3


def _eye_error(found: Tensor, true: Tensor) -> Tensor:
    from scnlib.datasets.face_detection import Found
    from scnlib.datasets.tight_crops import point_errors

    one = Found(torch.zeros(1, 4), torch.ones(1), found[None])
    return torch.tensor(point_errors([one], true[None])[0], dtype=torch.float32)


def _eyes(points: Tensor) -> Tensor:
    return (points[1] - points[0]).norm()


def _in_pixels(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).norm(dim=1).mean()


def _by_found_eyes(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).norm(dim=1).mean() / _eyes(found)


def _in_portraits(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).norm(dim=1).mean() / 20


def _by_eyes_across(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).norm(dim=1).mean() / (true[1] - true[0])[0].abs()


def _by_coordinate(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).abs().mean() / _eyes(true)


def _squared(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).square().sum(1).mean() / _eyes(true)


def _root_mean_square(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).square().sum(1).mean().sqrt() / _eyes(true)


def _point_by_point(found: Tensor, true: Tensor) -> Tensor:
    return (found - true).norm(dim=1) / _eyes(true)


def _misses(generator: torch.Generator) -> list[tuple]:
    true = torch.tensor([[10.0, 20.0], [30.0, 20.0], [20.0, 30.0], [12.0, 40.0], [28.0, 40.0]])
    off = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [0.0, 2.0], [-3.0, 0.0]])
    turn = torch.tensor([[0.8, 0.6], [-0.6, 0.8]])
    faces = [true, 3 * true @ turn, 0.5 * true @ turn.T]
    return [(true + off, true)] + [(face + 4 * torch.randn(5, 2, generator=generator), face) for face in faces]


EXERCISES = {
    "01.1": Implement(
        reference=_aligned,
        cases=_faces,
        passed="Two sums and two means: turning, scaling and shifting in closed form, without bending.",
        mistakes=(
            Mistake(
                "a product without the conjugate",
                _no_conjugate,
                "$z\\,w$ *adds* the two angles. To learn by how much $w$ is turned against $z$ subtract them: "
                "$\\overline{z}\\,w$.",
            ),
            Mistake(
                "the conjugate of the target",
                _conjugate_of_target,
                "Then $c$ turns by the right angle in the wrong direction. Conjugate the points, not the targets.",
            ),
            Mistake(
                "means that were left in",
                _means_left_in,
                "$c$ shall only turn and scale. Take both means away before the two sums, or the place of the "
                "face in the picture gets into the angle.",
            ),
            Mistake(
                "a shift without the turn",
                _shift_not_turned,
                "The mean of the points is turned and scaled, too, before it is shifted: $t = \\bar w - c\\,\\bar z$.",
            ),
            Mistake(
                "the way back",
                _way_back,
                "This brings the targets to the points. Which of the two is divided by its own length?",
            ),
            Mistake(
                "a map that bends",
                _bent,
                "Six free numbers also stretch and shear the face, and a sheared mouth is another expression. A "
                "similarity has four.",
            ),
        ),
    ),
    "01.2": Predict(
        truth=_one_to_the_right,
        passed="With its mean taken away a shifted face is the same face, so $c$ stays. The shift must undo the pixel "
        "*after* it was turned and scaled: $t$ becomes $t - c$. A constant offset of a detector costs nothing.",
        mistakes=(
            Mistake(
                "a shift in the wrong picture",
                "a",
                "The pixel was counted in the old picture. What is it in the new one, turned and enlarged?",
            ),
            Mistake(
                "a turn by a shift",
                "b",
                "Look at the formula for $c$: which of its parts changes when all five points move alike?",
            ),
        ),
    ),
    "01.3": Implement(
        reference=_eye_error,
        cases=_misses,
        passed="0.1 means the same on a portrait and on a face in a crowd: a tenth of the way between the eyes.",
        mistakes=(
            Mistake(
                "an error in pixels", _in_pixels, "Three pixels are much on a small face and nothing on a large one."
            ),
            Mistake(
                "the found eyes as the unit",
                _by_found_eyes,
                "A detector that puts the eyes too far apart would shrink its own error. Measure with the truth.",
            ),
            Mistake(
                "a unit that is the same for all faces",
                _in_portraits,
                "It fits the first face. The second is three times as large: divide by the distance of its own eyes.",
            ),
            Mistake(
                "the eyes' distance from left to right",
                _by_eyes_across,
                "In a face that leans one eye is higher, too. The distance of two points is $\\sqrt{x^2 + y^2}$.",
            ),
            Mistake(
                "a mean over coordinates",
                _by_coordinate,
                "The error of a *point* is a distance, $\\sqrt{x^2 + y^2}$, and not the mean of |x| and |y|.",
            ),
            Mistake("squared distances", _squared, "A square has another unit than the distance it is divided by."),
            Mistake(
                "a root mean square",
                _root_mean_square,
                "That weighs the worst points more. Here each point's distance counts alike: first the roots, then "
                "their mean.",
            ),
            Mistake(
                "one error a point", _point_by_point, "One number for the face is wanted: the mean over its points."
            ),
        ),
    ),
}
