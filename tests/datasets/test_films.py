"""What a film says of itself, against its own pixels."""

import pytest
import torch

from scnlib.datasets.films import Actor, render_film
from scnlib.faces import CLASSES


@pytest.fixture(scope="module")
def film():
    moves = Actor(3, ("happiness", "fear"), ((0, 1), (2, 3)), (0, 0), (1, 1), side=60)
    return render_film(5, [moves, Actor(4, present=(), side=60)], 3, rate=2, height=80, width=120)


def test_who_is_there_can_be_seen_and_nobody_else(film):
    assert film.there[:, 0].tolist() == [True, True, False, False, True, True] and not film.there[:, 1].any()
    empty = film.frames[2]
    assert torch.equal(film.frames[3], empty)
    for t in (0, 1, 4, 5):
        left, top, right, bottom = film.portraits[t, 0].int().tolist()
        changed = (film.frames[t] != empty).any(dim=0)
        assert changed[top:bottom, left:right].float().mean() > 0.8
        changed[top:bottom, left:right] = False
        assert not changed.any()


def test_it_moves_from_begin_towards_end_and_its_points_with_it(film):
    corners = film.portraits[:, 0, :2]
    assert corners[0].tolist() == [0, 0] and (corners[1:] >= corners[:-1]).all()
    torch.testing.assert_close(
        corners, (film.times / 3)[:, None].float() * torch.tensor([60.0, 20.0]), atol=0.5, rtol=0
    )
    boxes = film.portraits[:, 0, None]
    points = film.points[:, 0]
    assert ((points > boxes[..., :2]) & (points < boxes[..., 2:])).all()
    assert (points[:, 0, 0] < points[:, 1, 0]).all()  # the left eye is left of the right one


def test_it_shows_one_expression_after_the_other(film):
    assert film.labels[:, 0].tolist() == [CLASSES.index("happiness")] * 3 + [CLASSES.index("fear")] * 3


def test_bad_actors():
    with pytest.raises(ValueError, match="a portrait of 90 pixels does not fit into 120 x 80"):
        render_film(0, [Actor(1, side=90)], 1, height=80, width=120)
    with pytest.raises(ValueError, match="unknown expression 'joy'"):
        render_film(0, [Actor(1, ("joy",), side=60)], 1, height=80, width=120)
