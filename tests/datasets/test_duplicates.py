"""Fingerprints and pairs against a loop, on noise in which copies were planted."""

import torch
from torch.overrides import TorchFunctionMode

from scnlib.datasets import duplicates


def noise(n, seed=0, size=24):
    coarse = torch.rand(n, 1, 9, 9, generator=torch.Generator().manual_seed(seed))
    images = torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    return (images * 200 + 20).to(torch.uint8).expand(-1, 3, -1, -1).contiguous()


def near_pairs(hashes, most):
    pairs, distances = zip(
        (torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, dtype=torch.int64)),
        *duplicates.near_tiles(hashes, most),
        strict=True,
    )
    return torch.cat(pairs), torch.cat(distances)


def test_exact_copies_are_grouped():
    images = noise(12)
    images[7] = images[2]
    images[11] = images[2]
    images[9] = images[4]
    assert duplicates.exact_groups(images) == [[2, 7, 11], [4, 9]]
    assert duplicates.exact_groups(noise(5)) == []
    images[9, 0, 0, 0] += 1  # one level of one pixel
    assert duplicates.exact_groups(images) == [[2, 7, 11]]


def test_pairs_are_those_of_a_loop():
    hashes = torch.rand(2100, 20, generator=torch.Generator().manual_seed(1)) < 0.5  # three blocks
    pairs, distances = near_pairs(hashes, 1)
    expected = set()
    for i in range(len(hashes)):
        differing = (hashes[i + 1 :] != hashes[i]).sum(1)
        expected |= {(i, i + 1 + j, int(differing[j])) for j in (differing <= 1).nonzero().flatten().tolist()}
    assert {(*pair, d) for pair, d in zip(pairs.tolist(), distances.tolist(), strict=True)} == expected
    assert len(expected) > 20


def test_no_tensor_grows_with_the_square_of_their_number():
    class Largest(TorchFunctionMode):
        numbers = 0

        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            if isinstance(result, torch.Tensor):
                self.numbers = max(self.numbers, result.numel())
            return result

    hashes = torch.rand(3000, 64, generator=torch.Generator().manual_seed(2)) < 0.5
    with Largest() as largest:
        near_pairs(hashes, 2)
    assert 3000 * 64 <= largest.numbers <= 1024**2


def test_copies_are_marked_tile_by_tile_as_all_at_once(monkeypatch):
    monkeypatch.setattr(duplicates, "TILE", 4)
    generator = torch.Generator().manual_seed(3)
    for n in (1, 4, 13, 30):
        hashes = torch.rand(n, 6, generator=generator) < 0.5  # so few bits that nearly all have several neighbours
        expected: list[int] = []
        for j in range(n):
            stayed = (i for i in range(j) if expected[i] < 0 and int((hashes[i] != hashes[j]).sum()) <= 1)
            expected.append(next(stayed, -1))
        first = torch.full((n,), -1)
        for pairs, _ in duplicates.near_tiles(hashes, 1):
            duplicates.mark_copies(first, pairs[(first[pairs] < 0).all(dim=1)])
        assert first.tolist() == expected == duplicates.copy_of(n, near_pairs(hashes, 1)[0]).tolist()
        assert n < 13 or max(expected) >= 0


def test_a_fingerprint_says_where_it_gets_darker():
    ramp = torch.linspace(255, 0, 36).to(torch.uint8)
    falling = ramp.expand(1, 1, 36, 36)  # darker to the right, level downwards
    bits = duplicates.difference_hash(falling)[0]
    assert bits[:64].all() and not bits[64:].any()
    assert not duplicates.difference_hash(falling.flip(-1))[0].any()


def test_it_survives_light_and_size_but_no_mirror():
    images = noise(60)
    copies = (images.float() * 0.8 + 30).to(torch.uint8)
    distance = (duplicates.difference_hash(images) != duplicates.difference_hash(copies)).sum(1)
    assert distance.max() <= duplicates.NEAR_BITS
    mirrored = (duplicates.difference_hash(images) != duplicates.difference_hash(images.flip(-1))).sum(1)
    assert mirrored.min() > duplicates.NEAR_BITS


def test_planted_copies_are_found_and_no_others():
    images = noise(80)
    copies = (images[:10].float() + torch.randint(-3, 4, images[:10].shape)).clamp(0, 255).to(torch.uint8)
    pairs = duplicates.near_duplicates(torch.cat([images, copies]))
    assert pairs.tolist() == [[i, 80 + i] for i in range(10)]
    apart = torch.eye(90, 128) > 0  # two bits differ from any other
    assert len(duplicates.near_duplicates(torch.cat([images, copies]), bits=1, hashes=apart)) == 0


def test_likeness_is_the_correlation():
    images = noise(6)
    pairs = torch.tensor([[0, 1], [2, 5], [3, 3]])
    flat = images.float().mean(1).flatten(1)
    expected = [torch.corrcoef(flat[pair])[0, 1].item() for pair in pairs]
    assert torch.allclose(duplicates.likeness(images, pairs), torch.tensor(expected), atol=1e-5)


def test_nothing_at_all():
    none = torch.zeros(0, 1, 8, 8, dtype=torch.uint8)
    assert duplicates.near_duplicates(none).shape == (0, 2)
    assert duplicates.exact_groups(none) == []


def test_of_every_look_the_first_stays():
    # 0-1-2 change slowly: 2 is like 1, which is dropped, and not like 0. 4 repeats 3, and 5 both of them.
    pairs = torch.tensor([[4, 5], [0, 1], [1, 2], [3, 4], [3, 5]])
    assert duplicates.copy_of(6, pairs).tolist() == [-1, 0, -1, -1, 3, 3]
    assert duplicates.copy_of(2, torch.zeros(0, 2, dtype=torch.int64)).tolist() == [-1, -1]
