"""Lesson 11: the size of a step, and the luck of a winner."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import losses
from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.luck import lucky_sweeps

# ---------------------------------------------------------------------------------------------------------------- 11.1


def _length(loss: Tensor, logits: Tensor) -> Tensor:
    return torch.autograd.grad(loss, logits)[0].norm()


def _relative(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float, scale: float | None = None) -> Tensor:
    scores = logits.clone().requires_grad_()
    weighted = losses.logit_weighted_cross_entropy(scores, alpha, labels)
    plain = _length(F.cross_entropy(scores, labels), scores)
    factor = (1 - gamma) if scale is None else scale
    return factor * _length(weighted, scores) / plain


def _gamma_kept(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _relative(logits, alpha, labels, gamma, scale=gamma)


def _no_gamma(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _relative(logits, alpha, labels, gamma, scale=1.0)


def _no_alpha(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _relative(logits, torch.ones_like(alpha), labels, gamma)


def _product(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return (1 - gamma) * alpha.mean()


def _inverse(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return 1 / _relative(logits, alpha, labels, gamma)


def _squared(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _relative(logits, alpha, labels, gamma).square()


def _of_losses(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return (1 - gamma) * losses.logit_weighted_cross_entropy(logits, alpha, labels) / F.cross_entropy(logits, labels)


def _batches(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0.5, 0.4]), torch.tensor([0, 0]), 0.2)]
    for n, gamma in ((16, 0.5), (32, 0.8)):
        logits, labels = 2 * torch.randn(n, 7, generator=generator), torch.randint(7, (n,), generator=generator)
        cases.append((logits, torch.rand(n, generator=generator), labels, gamma))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 11.2


def _matching_rate() -> float:
    """The rate at which SCN with gamma 0.8 and every alpha 1 takes the baseline's first step at 0.05."""
    logits, _, labels, _ = _batches(torch.Generator().manual_seed(0))[1]
    return 0.05 / float(_relative(logits, torch.ones(len(labels)), labels, 0.8))


# ---------------------------------------------------------------------------------------------------------------- 11.3


def _lead() -> float:
    return float(lucky_sweeps(5, 1.0)[0].mean())


def _range() -> float:
    return float(lucky_sweeps(5, 1.0)[1].mean())


EXERCISES = {
    "11.1": Implement(
        reference=_relative,
        cases=_batches,
        passed="A loss multiplied by a half is a learning rate multiplied by a half. No row of table 5 names this "
        "variable.",
        mistakes=(
            Mistake(
                "γ as what is left", _gamma_kept, "γ goes to the rank loss; the classification loss keeps $1 - γ$."
            ),
            Mistake(
                "γ forgotten", _no_gamma, "Weighting is one half of it. What stands before $L_{WCE}$ in the total?"
            ),
            Mistake("α forgotten", _no_alpha, "α multiplies the logits, and the chain rule brings it out as a factor."),
            Mistake(
                "a product of the two factors",
                _product,
                "$(1 - γ)\\,\\bar\\alpha$ is a good guess at the start, when all faces are alike. The softmax "
                "changes with α, too: "
                "take the two gradients and their lengths.",
            ),
            Mistake("the inverse", _inverse, "SCN's gradient over the baseline's, and not the other way round."),
            Mistake("squared lengths", _squared, "Take the root of the sum of squares: `.norm()`."),
            Mistake("a ratio of losses", _of_losses, "A loss may be small and steep. Steps are made of gradients."),
        ),
    ),
    "11.2": Predict(
        truth=_matching_rate,
        passed="$0.05 / (1 - 0.8)$. Table 6 sweeps γ at one rate, and with it the length of the step.",
        hint="What is left of the classification loss, and by what must the rate be multiplied to make up for it?",
        within=0.002,
        mistakes=(
            Mistake("a rate divided by γ", 0.0625, "0.8 is what the rank loss gets; 0.2 is left for the labels."),
            Mistake("a rate that shrinks", 0.01, "The step is already too short by a factor of five."),
            Mistake("a rate multiplied by γ", 0.04, "The step has become shorter, so the rate must grow."),
            Mistake("the same rate", 0.05, "Then the first step has a fifth of the length."),
        ),
    ),
    "11.3": Predict(
        truth=_lead,
        passed="Two thirds of a standard deviation, from nothing. A default that leads its sweep by that much has "
        "shown nothing yet.",
        hint="Draw five normal numbers many times and average the distance of the largest from the second: "
        "`torch.randn(10000, 5)`.",
        within=0.06,
        mistakes=(
            Mistake(
                "equals that come out equal", 0.0, "They are equal on average. One run each, and somebody is ahead."
            ),
            Mistake("the lead over the average", 1.163, "Over the mean of all five. The second is lucky as well."),
            Mistake(
                "the second minus the first",
                lambda: -_lead(),
                "The size is right. `diff` subtracts each value from the next one, and `topk` has the largest first: "
                "turn the sign.",
            ),
            Mistake("the distance from best to worst", _range, "First minus *second* is asked for."),
            Mistake(
                "one standard deviation",
                1.0,
                "That is how far a single value strays; the two best lie closer together.",
            ),
        ),
    ),
}
