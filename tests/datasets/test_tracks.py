"""Tracks on boxes whose owners are known."""

import pytest
import torch

from scnlib.datasets.tracks import Track, clips, follow, overlap


def boxes(*places, side=10.0):
    return torch.tensor([[x, 0.0, x + side, side] for x in places]).reshape(-1, 4)


def test_overlap_is_shared_area_over_covered_area():
    def by_hand(a, b):
        """Counted on a grid of unit squares."""
        cells = [{(x, y) for x in range(int(l), int(r)) for y in range(int(t), int(d))} for l, t, r, d in (a, b)]  # noqa: E741
        return len(cells[0] & cells[1]) / len(cells[0] | cells[1])

    first = torch.tensor([[0.0, 0, 4, 6], [2, 1, 7, 5], [10, 10, 11, 12]])
    second = torch.tensor([[1.0, 0, 5, 6], [2, 1, 7, 5]])
    expected = [[by_hand(a, b) for b in second.tolist()] for a in first.tolist()]
    torch.testing.assert_close(overlap(first, second), torch.tensor(expected))


def test_boxes_without_area_share_nothing():
    empty = torch.tensor([[3.0, 3, 3, 3], [5, 5, 4, 4]])
    assert overlap(empty, empty).tolist() == [[0, 0], [0, 0]]
    assert overlap(torch.zeros(0, 4), boxes(0)).shape == (0, 1)


def test_two_who_pass_are_kept_apart_whatever_their_order_in_a_frame():
    left, right = [0, 1, 2, 3], [30, 29, 28, 27]
    here = [boxes(a, b) if t % 2 else boxes(b, a) for t, (a, b) in enumerate(zip(left, right, strict=True))]
    tracks = follow([0, 1, 2, 3], here)
    assert [track.frames for track in tracks] == [(0, 1, 2, 3)] * 2
    assert [track.faces for track in tracks] == [(0, 1, 0, 1), (1, 0, 1, 0)]


def test_the_nearer_box_wins_and_each_is_taken_once():
    # Both faces of the second frame overlap the first track; the second one more.
    tracks = follow([0, 1], [boxes(0), boxes(4, 1)])
    assert [(t.frames, t.faces) for t in tracks] == [((0, 1), (0, 1)), ((1,), (0,))]


def test_who_leaves_for_longer_than_patience_comes_back_as_another():
    times = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    missed = [boxes(0), boxes(), boxes(0), boxes(0), boxes(), boxes(), boxes(0), boxes(0)]
    tracks = follow(times, missed, patience=1.0)
    assert tracks == [Track((0, 2, 3), (0, 0, 0), 0.0, 1.5), Track((6, 7), (0, 0), 3.0, 3.5)]
    assert len(follow(times, missed, patience=1.5)) == 1


def test_a_jump_begins_a_new_track():
    assert len(follow([0, 1], [boxes(0), boxes(8)], least=0.3)) == 2  # 2 of 18 columns are shared
    assert len(follow([0, 1], [boxes(0), boxes(8)], least=0.1)) == 1


@pytest.mark.parametrize(("seconds", "kept"), [(4.9, 0), (4.9996, 1), (5.0, 1), (60.0, 1)])
def test_clips_last_long_enough(seconds, kept):
    assert len(clips([Track((0, 9), (0, 0), 2.0, 2.0 + seconds)], 5)) == kept


def test_nobody():
    assert follow([], []) == []
    assert follow([0, 1], [boxes(), boxes()]) == []
