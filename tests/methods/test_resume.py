"""Every method: a run that was interrupted ends with the same numbers."""

import pytest

from ..conftest import make_faces
from ..test_training import assert_same, start
from .test_every_method import NAMES, small


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_run_ends_bit_equal(name):
    """A warm-up of one epoch: stages, filters and second sources begin with the interruption, and go on after it."""
    method = small(name)
    whole = start(method, make_faces(24))
    for _ in range(3):
        whole.train_epoch()
    first = start(method, make_faces(24))
    first.train_epoch()
    second = start(method, make_faces(24))
    second.restore(first.state(), first.records)
    for _ in range(2):
        second.train_epoch()
    assert_same(second, whole)
