"""Keyed random numbers: reproducible bit for bit, uniform, and independent of company."""

import torch

from scnlib import counter_rng


def splitmix(x):
    """The finaliser of SplitMix64 in Python integers."""
    mask = (1 << 64) - 1
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return x ^ (x >> 31)


def bits_by_hand(seed, name, *counters):
    mask = (1 << 64) - 1
    x = splitmix((seed * 0x9E3779B97F4A7C15 + counter_rng.stream_id(name)) & mask)
    for counter in counters:
        x = splitmix(splitmix((x + (counter + 1) * 0xD1B54A32D192ED03) & mask))
    return x


def test_equals_the_same_hash_in_python_integers():
    index = torch.tensor([0, 1, 2, 12345, 2**40])
    ours = counter_rng.random_bits(42, "name", index, 7)
    expected = [bits_by_hand(42, "name", i, 7) for i in index.tolist()]
    assert [bits % (1 << 64) for bits in ours.tolist()] == expected


def test_integers_and_tensors_count_alike():
    a = counter_rng.uniform(1, "x", torch.arange(5), 3)
    b = counter_rng.uniform(1, "x", torch.arange(5), torch.tensor(3))
    assert torch.equal(a, b)


def test_several_names_draw_what_each_draws():
    index = torch.arange(5)
    together = counter_rng.uniforms(1, ("x", "y"), index, 3)
    assert torch.equal(together, torch.stack([counter_rng.uniform(1, name, index, 3) for name in ("x", "y")]))


def test_names_seeds_and_counters_are_streams_of_their_own():
    index = torch.arange(1000)
    draws = [
        counter_rng.uniform(0, "a", index),
        counter_rng.uniform(0, "b", index),
        counter_rng.uniform(1, "a", index),
        counter_rng.uniform(0, "a", index, 0),
        counter_rng.uniform(0, "a", index, 1),
    ]
    correlations = torch.corrcoef(torch.stack(draws)) - torch.eye(5)
    assert correlations.abs().max() < 0.13


def test_uniform():
    draws = counter_rng.uniform(0, "u", torch.arange(200_000))
    assert draws.min() >= 0 and draws.max() < 1
    counts = torch.histc(draws, 50, 0, 1)
    assert ((counts - 4000) ** 2 / 4000).sum() < 85.4  # 99.9 % quantile, 49 degrees of freedom


def test_generators_repeat():
    first, again, other = (counter_rng.generator(3, "order", epoch) for epoch in (1, 1, 2))
    a, b, c = (torch.randperm(50, generator=g) for g in (first, again, other))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
