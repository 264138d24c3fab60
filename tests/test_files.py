"""A file is whole or not there, and who could not write it says which one."""

import pytest
import torch
from safetensors.torch import load_file

from scnlib import files


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "x.txt"
    path.write_text("before")
    return path


def test_a_file_takes_the_place_of_another_at_once(place):
    with files.whole(place) as unfinished:
        unfinished.write_text("after")
        assert place.read_text() == "before"
    assert place.read_text() == "after"
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("trouble", [OSError(28, "No space left on device"), KeyboardInterrupt(), ValueError("x")])
def test_what_was_there_stays(place, trouble):
    with pytest.raises(type(trouble)) as caught, files.whole(place) as unfinished:
        unfinished.write_text("hal")
        raise trouble
    assert place.read_text() == "before"
    assert list(place.parent.iterdir()) == [place]
    if isinstance(trouble, OSError):
        assert str(caught.value) == f"{place} could not be written ([Errno 28] No space left on device)"


def test_what_a_killed_process_left_is_overwritten(place):
    place.with_name("x.txt.unfinished").write_text("far longer than what comes")
    files.write(place, "after")
    assert place.read_text() == "after"
    folder = place.with_name(".x.txt.unfinished")
    folder.mkdir()
    (folder / ".tmpAbC").write_text("what safetensors begins with")
    files.write_tensors(place, {"a": torch.arange(3)})
    assert torch.equal(load_file(place)["a"], torch.arange(3))
    assert list(place.parent.iterdir()) == [place]


def test_tensors_that_cannot_be_written_name_their_file(tmp_path):
    with pytest.raises(OSError, match=r"nowhere/x\.safetensors could not be written"):
        files.write_tensors(tmp_path / "nowhere" / "x.safetensors", {"a": torch.zeros(1)})
