"""Lesson 13: a loss that listens less, and two networks that choose for each other."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.methods.gce import generalized_cross_entropy
from scnlib.methods.self_paced import smallest

# ---------------------------------------------------------------------------------------------------------------- 13.1


def _gce(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return generalized_cross_entropy(logits, F.one_hot(labels, logits.shape[1]).to(logits.dtype), q)


def _own(logits: Tensor, labels: Tensor) -> Tensor:
    return torch.softmax(logits, dim=1)[range(len(labels)), labels]


def _with_logarithms(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    p = torch.log_softmax(logits, dim=1)[range(len(labels)), labels]
    return ((1 - p**q) / q).mean()


def _over_the_batch(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    p = torch.softmax(logits, dim=0)[range(len(labels)), labels]
    return ((1 - p**q) / q).mean()


def _cross_entropy(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return F.cross_entropy(logits, labels)


def _not_divided(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return q * _gce(logits, labels, q)


def _absolute(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return _gce(logits, labels, 1.0)


def _of_the_favourite(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return _gce(logits, logits.argmax(1), q)


def _summed(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return len(labels) * _gce(logits, labels, q)


def _focal(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    p = _own(logits, labels)
    return ((1 - p) ** q / q).mean()


def _power_of_mean(logits: Tensor, labels: Tensor, q: float) -> Tensor:
    return (1 - _own(logits, labels).mean() ** q) / q


def _logits(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0]), 0.7)]
    for n, q in ((12, 0.7), (30, 0.3)):
        labels = torch.randint(6, (n,), generator=generator)
        cases.append((2 * torch.randn(n, 6, generator=generator), labels, q))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 13.2


def _exchanged(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return smallest(second, share).bool(), smallest(first, share).bool()


def _for_oneself(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return smallest(first, share).bool(), smallest(second, share).bool()


def _largest(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return smallest(-second, share).bool(), smallest(-first, share).bool()


def _forgotten(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return smallest(second, 1 - share).bool(), smallest(first, 1 - share).bool()


def _together(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    both = smallest(first + second, share).bool()
    return both, both.clone()


def _agreed(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    both = smallest(first, share).bool() & smallest(second, share).bool()
    return both, both.clone()


def _places_for_ranks(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    count = int(smallest(first, share).sum())
    return second.argsort() < count, first.argsort() < count


def _below_threshold(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return second < share, first < share


def _up_to_quantile(first: Tensor, second: Tensor, share: float) -> tuple[Tensor, Tensor]:
    return second <= second.quantile(share), first <= first.quantile(share)


def _losses(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([0.1, 2.0, 0.3, 1.5]), torch.tensor([1.8, 0.2, 0.4, 1.6]), 0.5)]
    for n, share in ((20, 0.7), (33, 0.7), (33, 0.9), (24, 0.7)):
        first = 2 * torch.rand(n, generator=generator)
        cases.append((first, 0.5 * first + torch.rand(n, generator=generator), share))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 13.3


def _kept_pull(p: float = 0.01, q: float = 0.7) -> float:
    """GCE's gradient as a share of cross-entropy's, where the label has probability p."""
    logits = torch.tensor([[p, 1 - p]], dtype=torch.float64).log().requires_grad_()
    label = torch.tensor([0])
    lengths = [
        torch.autograd.grad(loss, logits)[0].norm() for loss in (_gce(logits, label, q), F.cross_entropy(logits, label))
    ]
    return float(lengths[0] / lengths[1])


EXERCISES = {
    "13.1": Implement(
        reference=_gce,
        cases=_logits,
        gradient=1,
        passed="Its pull is $p^q$ of cross-entropy's: a label that the network disbelieves is heard less, and so is "
        "a hard face.",
        mistakes=(
            Mistake(
                "the logarithm of p",
                _with_logarithms,
                "p is a probability, not its logarithm: a power of a negative number is NaN. Take `torch.softmax`.",
            ),
            Mistake(
                "a softmax over the batch",
                _over_the_batch,
                "The probabilities of one *face* sum to 1: `dim=1` runs over the classes.",
            ),
            Mistake("cross-entropy", _cross_entropy, "That is the limit for $q \\to 0$."),
            Mistake(
                "a loss not divided by q",
                _not_divided,
                "$(1 - p^q) / q$: without the division it vanishes for small q.",
            ),
            Mistake("the absolute error", _absolute, "That is $q = 1$. Take the power before you subtract."),
            Mistake("the favourite's probability", _of_the_favourite, "p belongs to the *label*, believed or not."),
            Mistake("a sum over the batch", _summed, "The mean over the batch, as for any other loss."),
            Mistake(
                "a power of the doubt",
                _focal,
                "$(1 - p)^q$ is another curve: it takes the power of the doubt, GCE that of the belief.",
            ),
            Mistake("a power of the mean", _power_of_mean, "The loss of each face first, then the mean."),
        ),
    ),
    "13.2": Implement(
        reference=_exchanged,
        cases=_losses,
        passed="Each chooses for the other, so that none confirms its own errors. Both are told the share, and that "
        "is knowledge.",
        mistakes=(
            Mistake(
                "a choice for oneself",
                _for_oneself,
                "That is self-paced learning, twice. In co-teaching the *other* network chooses what one is trained "
                "on.",
            ),
            Mistake("the largest losses", _largest, "Small losses mark labels that the network agrees with."),
            Mistake("the share that is forgotten", _forgotten, "`share` is how much is *kept*."),
            Mistake(
                "one choice for both", _together, "That is close to JoCoR. Here each network has a set of its own."
            ),
            Mistake(
                "the faces that both keep", _agreed, "Then fewer than `share` are kept, and nobody corrects anybody."
            ),
            Mistake(
                "places taken for ranks",
                _places_for_ranks,
                "`argsort()[:count]` are the faces, the smallest loss first. Where that is below count says nothing.",
            ),
            Mistake(
                "a threshold on the loss",
                _below_threshold,
                "`share` is a share of the batch and not a value of the loss.",
            ),
            Mistake(
                "a quantile as the border",
                _up_to_quantile,
                "A quantile lies between two losses, and of 24 faces at 0.7 it lets in 17 where 16 are right. Sort and "
                "count.",
            ),
        ),
    ),
    "13.3": Predict(
        truth=_kept_pull,
        passed="$0.01^{0.7}$: four parts in a hundred. The brake needs a network that already doubts; at the start "
        "every label "
        "has $p = 1/C$.",
        hint="The share is $p^q$. What is that for p = 0.01 and q = 0.7?",
        within=0.003,
        mistakes=(
            Mistake("all of it", 1.0, "That is cross-entropy, $q \\to 0$."),
            Mistake(
                "the share at q = 1", 0.01, "That is the absolute error, which lets go entirely. Take the power 0.7."
            ),
            Mistake("p times q", 0.007, "A power, not a product."),
            Mistake("what is lost", lambda: 1 - _kept_pull(), "That is what the brake takes away."),
        ),
    ),
}
