"""NLA's densities against torch's multivariate normal, where they peak, and the divergence against a loop."""

import math

import pytest
import torch
from torch.distributions import MultivariateNormal

from scnlib.methods import Batch
from scnlib.methods.nla import NLA, gaussian, jensen_shannon, noise_aware_weights, stretch

from .test_scn import batch, build  # noqa: F401 (a fixture)

GRID = torch.cartesian_prod(torch.linspace(0, 1, 101), torch.linspace(0, 1, 101)).double()


@pytest.mark.parametrize(("mean", "variance", "covariance"), [((0.5, 0.5), 0.8, -0.4), ((0.3, 0.15), 0.85, 0.8)])
def test_the_density_is_the_normal_one_and_peaks_at_its_mean(mean, variance, covariance):
    matrix = torch.tensor([[variance, covariance], [covariance, variance]], dtype=torch.float64)
    expected = MultivariateNormal(torch.tensor(mean, dtype=torch.float64), matrix).log_prob(GRID).exp()
    found = gaussian(GRID, mean, variance, covariance)
    torch.testing.assert_close(found, expected)
    assert GRID[found.argmax()].tolist() == pytest.approx(list(mean))


def logits_of(*probabilities):
    return torch.tensor(probabilities, dtype=torch.float64).log()


def test_the_weight_reads_label_and_strongest_rival():
    logits = logits_of([0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7])
    labels = torch.tensor([0, 0, 2])
    weights = noise_aware_weights(logits, labels, 0.6)
    pairs = [(0.5, 0.3), (0.2, 0.5), (0.7, 0.2)]
    kinds = [((0.5, 0.5), 0.8, -0.3), ((0.3, 0.15), 0.85, 0.8), ((0.5, 0.5), 0.8, -0.3)]
    expected = [
        gaussian(torch.tensor([pair], dtype=torch.float64), *kind).item()
        for pair, kind in zip(pairs, kinds, strict=True)
    ]
    assert weights.tolist() == pytest.approx(expected, rel=1e-12)


def test_the_undecided_count_more_than_the_sure_and_the_contradicted_least():
    logits = logits_of([0.48, 0.47, 0.05], [0.98, 0.01, 0.01], [0.02, 0.96, 0.02])
    undecided, sure, contradicted = noise_aware_weights(logits, torch.zeros(3, dtype=torch.int64), 1.0)
    assert undecided > sure > contradicted


def test_as_training_goes_on_the_density_turns_to_the_line_of_two_candidates():
    pair = torch.tensor([[0.9, 0.1], [0.3, 0.3]], dtype=torch.float64)  # on the line p + n = 1, and off it
    early, late = (gaussian(pair, (0.5, 0.5), 0.8, -0.5 * e) for e in (0.0, 1.0))
    assert late[0] / late[1] > early[0] / early[1]


def test_the_divergence_is_jensens_and_shannons():
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(6, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    total = 0.0
    for p, q in zip(first.softmax(1).tolist(), second.softmax(1).tolist(), strict=True):
        for a, b in zip(p, q, strict=True):
            middle = (a + b) / 2
            total += (a * math.log(a / middle) + b * math.log(b / middle)) / 2
    assert jensen_shannon(first, second).item() == pytest.approx(total / 6, rel=1e-12)
    assert jensen_shannon(first, first).item() == pytest.approx(0, abs=1e-15)


def test_it_is_finite_and_at_most_ln_2_where_views_contradict_each_other():
    first = torch.tensor([[500.0, 0.0], [500.0, 0.0]], requires_grad=True)
    loss = jensen_shannon(first, first.detach().flip(1))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert first.grad.isfinite().all()


def test_the_step_is_the_equation(batch):  # noqa: F811
    method = NLA(warm_up=6)
    model = build(method)
    step = method.step(model, batch, epoch=2)
    logits, mirrored = model(batch.images)[0], model(batch.images.flip(-1))[0]
    weights = noise_aware_weights(logits, batch.labels, 1 - math.exp(-1.25)).detach()
    own = -logits.log_softmax(1)[torch.arange(40), batch.labels]
    torch.testing.assert_close(step.loss, (((1 + weights) * own).mean() + jensen_shannon(logits, mirrored)) / 2)
    torch.testing.assert_close(step.alpha, weights)
    assert not step.alpha.requires_grad


def test_two_certain_and_wrong_samples_are_finite():
    logits = torch.tensor([[400.0, 0.0, 0.0], [400.0, 0.0, 0.0]])
    assert noise_aware_weights(logits, torch.tensor([1, 2]), 1.0).isfinite().all()
    labels = torch.tensor([1, 2])
    sample = Batch(torch.rand(2, 3, 2, 2), labels, labels, torch.arange(2))
    assert NLA().step(build(NLA()), sample, 1).loss.isfinite()


def test_the_density_stretches_as_the_released_code_has_it():
    # 1 - exp(-15 epoch / epochs), with a warm-up of a quarter of the epochs.
    for epoch in (1, 7, 40):
        assert stretch(epoch, warm_up=10) == pytest.approx(1 - math.exp(-15 * epoch / 40))


def test_a_wrong_warm_up_is_refused():
    with pytest.raises(ValueError, match="warm_up counts epochs"):
        NLA(warm_up=0)
