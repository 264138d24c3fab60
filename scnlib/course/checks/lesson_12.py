"""Lesson 12: the mean softmax of noisy logits, noise that ties classes, and confidence without labels."""

import math

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.losses_lrn import centre_confidence, monte_carlo_log_probabilities, squared_distances

# ---------------------------------------------------------------------------------------------------------------- 12.1


def _noisy(mean: Tensor, factor: Tensor, noise: Tensor) -> Tensor:
    """(N, C, S)"""
    return mean[:, :, None] + factor @ noise.T


def _mean_of_logs(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return torch.log_softmax(_noisy(mean, factor, noise) / temperature, dim=1).mean(2)


def _no_temperature(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return monte_carlo_log_probabilities(mean, factor, noise, 1.0)


def _multiplied(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return monte_carlo_log_probabilities(mean, factor, noise, 1 / temperature)


def _mean_logits(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return torch.log_softmax(_noisy(mean, factor, noise).mean(2) / temperature, dim=1)


def _sum_of_samples(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return monte_carlo_log_probabilities(mean, factor, noise, temperature) + math.log(len(noise))


def _probabilities(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return monte_carlo_log_probabilities(mean, factor, noise, temperature).exp()


def _underflow(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return torch.softmax(_noisy(mean, factor, noise) / temperature, dim=1).mean(2).log()


def _transposed(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return monte_carlo_log_probabilities(mean, factor.transpose(1, 2), noise, temperature)


def _over_samples(mean: Tensor, factor: Tensor, noise: Tensor, temperature: float) -> Tensor:
    return torch.log_softmax(_noisy(mean, factor, noise) / temperature, dim=2).logsumexp(2) - math.log(len(noise))


def _logits(generator: torch.Generator) -> list[tuple]:
    tied = torch.tensor([[[1.0, 0.0], [1.0, 1.0]]])
    cases = [(torch.tensor([[1.0, 0.0]]), tied, torch.tensor([[1.0, -1.0], [-1.0, 0.5]]), 0.7)]
    for scale, temperature in ((1.0, 0.7), (1.0, 2.0), (150.0, 0.7)):
        mean, factor = (scale * torch.randn(*shape, generator=generator) for shape in ((6, 5), (6, 5, 5)))
        cases.append((mean, factor / scale, torch.randn(20, 5, generator=generator), temperature))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 12.2


def _tied() -> str:
    """Which option p' is nearest to when one large noise moves two of three classes together."""
    noise = torch.randn(20_000, 1, generator=torch.Generator().manual_seed(0))
    mean, factor = torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([[[100.0], [100.0], [0.0]]])
    p = monte_carlo_log_probabilities(mean, factor, noise, 1.0).exp()[0]
    options = {
        "a": torch.softmax(mean[0], dim=0),
        "b": torch.tensor([0.5, 0.0, 0.5]),
        "c": torch.cat([torch.softmax(mean[0, :2], dim=0) / 2, torch.tensor([0.5])]),
        "d": torch.full((3,), 1 / 3),
    }
    return min(options, key=lambda name: float((p - options[name]).abs().max()))


# ---------------------------------------------------------------------------------------------------------------- 12.3


def _farthest(features: Tensor, centres: Tensor) -> Tensor:
    return torch.softmax(squared_distances(features, centres), dim=1)


def _plain_distance(features: Tensor, centres: Tensor) -> Tensor:
    return torch.softmax(-squared_distances(features, centres).sqrt(), dim=1)


def _over_faces(features: Tensor, centres: Tensor) -> Tensor:
    return torch.softmax(-squared_distances(features, centres), dim=0)


def _mean_square(features: Tensor, centres: Tensor) -> Tensor:
    return torch.softmax(-squared_distances(features, centres) / features.shape[1], dim=1)


def _products(features: Tensor, centres: Tensor) -> Tensor:
    return torch.softmax(features @ centres.T, dim=1)


def _underflown(features: Tensor, centres: Tensor) -> Tensor:
    weight = torch.exp(-squared_distances(features, centres))
    return weight / weight.sum(1, keepdim=True)


def _centres(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]]))]
    for m, c, d in ((7, 4, 3), (12, 8, 5)):
        cases.append((torch.randn(m, d, generator=generator), torch.randn(c, d, generator=generator)))
    far = torch.tensor([[11.0, 0.0], [0.0, 12.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 0.0]])
    return [*cases, far]


EXERCISES = {
    "12.1": Implement(
        reference=monte_carlo_log_probabilities,
        cases=_logits,
        passed="The logarithm of the mean probability, without leaving the logarithm. A label that wins in some "
        "draws costs little.",
        mistakes=(
            Mistake(
                "a mean of logarithms",
                _mean_of_logs,
                "First the mean of the probabilities, then the logarithm: one draw in which the label loses would "
                "cost too much.",
            ),
            Mistake("noise without a temperature", _no_temperature, "Divide the noisy logits by T before the softmax."),
            Mistake("logits multiplied by the temperature", _multiplied, "$u_s / T$: a T below 1 makes it sharper."),
            Mistake(
                "one softmax of the mean logits",
                _mean_logits,
                "The mean takes the noise away again. It belongs *behind* the softmax, which is not linear.",
            ),
            Mistake(
                "a sum over the draws",
                _sum_of_samples,
                "Probabilities above 1: divide by S, in logarithms subtract $\\log S$.",
            ),
            Mistake("probabilities", _probabilities, "Their logarithms are wanted."),
            Mistake(
                "an underflow",
                _underflow,
                "Right in theory; but a probability below $10^{-38}$ is 0 in float32, and its logarithm minus "
                "infinity. Use "
                "`log_softmax`, then `logsumexp` over the draws.",
            ),
            Mistake("a transposed factor", _transposed, "$A\\,\\epsilon$: row $k$ of A says how class $k$ moves."),
            Mistake("a softmax over the draws", _over_samples, "The softmax runs over classes, the mean over draws."),
        ),
    ),
    "12.2": Predict(
        truth=_tied,
        passed="In half of the draws classes 0 and 1 are far ahead *together*, and share by their own difference, "
        "which no noise touches; in the other half class 2 is alone in front.",
        mistakes=(
            Mistake(
                "noise that nobody notices",
                "a",
                "True if *all* classes moved together. Here two move and one stays: their difference to it changes.",
            ),
            Mistake(
                "a winner that takes all",
                "b",
                "When classes 0 and 1 are both up, how large is the difference of the two? What does a softmax make of "
                "it?",
            ),
            Mistake(
                "large noise that drowns the logits",
                "d",
                "It would, if each class had noise of its own. Here one number moves two of them: look at "
                "$\\epsilon > 0$ and $\\epsilon < 0$ in turn.",
            ),
        ),
    ),
    "12.3": Implement(
        reference=centre_confidence,
        cases=_centres,
        passed="No label enters, so nothing ties centre c to class c: swap the centres, and the confidences swap "
        "with them.",
        mistakes=(
            Mistake(
                "the farthest centre in front",
                _farthest,
                "That is equation 3 with a distance, word by word. Confidence must grow with *nearness*: mind the "
                "sign.",
            ),
            Mistake("a distance that was not squared", _plain_distance, "$-\\|f - \\mu\\|^2$, without the root."),
            Mistake(
                "shares among faces", _over_faces, "Each *face* shares its confidence among the centres: rows sum to 1."
            ),
            Mistake(
                "a mean over dimensions", _mean_square, "The squares are summed over the dimensions, not averaged."
            ),
            Mistake(
                "an underflow",
                _underflown,
                "Right for near centres; but $\\exp(-121)$ is 0 in float32, and 0 / 0 no number. `torch.softmax` takes "
                "the largest exponent off first.",
            ),
            Mistake("products for distances", _products, "A long centre would win everywhere. Nearness is asked for."),
        ),
    ),
}
