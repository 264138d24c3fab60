"""A cache is whole or absent, and made once."""

import torch

from scnlib.datasets.cache import cached
from scnlib.paths import cache_dir


def test_it_builds_once_for_each_key():
    calls = []

    def build():
        calls.append(1)
        return {"x": torch.arange(5)}

    assert torch.equal(cached("test", {"a": 1}, build)["x"], torch.arange(5))
    assert torch.equal(cached("test", {"a": 1}, build)["x"], torch.arange(5))
    assert len(calls) == 1
    cached("test", {"a": 2}, build)
    assert len(calls) == 2


def test_a_damaged_file_is_made_again():
    cached("test", {}, lambda: {"x": torch.arange(5)})
    (path,) = cache_dir().glob("test-*.safetensors")
    for damage in (b"", b"nonsense that is no safetensors file", path.read_bytes()[:-8]):
        path.write_bytes(damage)
        assert torch.equal(cached("test", {}, lambda: {"x": torch.arange(5)})["x"], torch.arange(5))


def test_a_failing_build_leaves_nothing():
    def build():
        raise KeyboardInterrupt

    try:
        cached("test", {}, build)
    except KeyboardInterrupt:
        assert not list(cache_dir().glob("*.safetensors"))
