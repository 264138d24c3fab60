"""Lesson 05: what each way of weighting does to alpha."""

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import losses
from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.importance import logit_slope, loss_over_alpha


def _cross_entropies(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels, reduction="none")


def _label_logit(logits: Tensor, labels: Tensor) -> Tensor:
    return logits.gather(1, labels[:, None]).squeeze(1)


def _batches(generator: torch.Generator) -> list[tuple]:
    by_hand = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([0.5, 0.25]), torch.tensor([0, 0])
    cases = [by_hand]
    for n in (5, 32):
        logits = 2 * torch.randn(n, 7, generator=generator)
        cases.append((logits, torch.rand(n, generator=generator), torch.randint(7, (n,), generator=generator)))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 05.1


def _slope_of_weighted_loss(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    weight = alpha.clone().requires_grad_()
    return torch.autograd.grad(losses.loss_weighted_cross_entropy(logits, weight, labels), weight)[0]


def _not_averaged(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return _cross_entropies(logits, labels)


def _still_weighted(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return alpha * _cross_entropies(logits, labels) / len(labels)


def _downhill(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return -_slope_of_weighted_loss(logits, alpha, labels)


def _the_other_choice(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return logit_slope(logits, alpha, labels) / len(labels)


def _the_loss(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return losses.loss_weighted_cross_entropy(logits, alpha, labels)


def _by_sum_of_alpha(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return _cross_entropies(logits, labels) / alpha.sum()


# ---------------------------------------------------------------------------------------------------------------- 05.2


def _unscaled_softmax(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return logit_slope(logits, torch.ones_like(alpha), labels)


def _turned_round(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return -logit_slope(logits, alpha, labels)


def _plain_average(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return logits.mean(1) - _label_logit(logits, labels)


def _largest(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return logits.max(1).values - _label_logit(logits, labels)


def _scaled_logits(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return alpha * logit_slope(logits, alpha, labels)


def _of_the_mean(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    return logit_slope(logits, alpha, labels) / len(labels)


def _one_minus_p(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    p = torch.softmax(alpha[:, None] * logits, dim=1)
    return _label_logit(p, labels) - 1


# ---------------------------------------------------------------------------------------------------------------- 05.3


def _best_alpha() -> str:
    """Which alpha in 0..1 the face with scores (2, 1.5, -2) and label 1 would choose for itself."""
    alphas = [step / 100 for step in range(101)]
    curve = loss_over_alpha(torch.tensor([[2.0, 1.5, -2.0]]), torch.tensor([1]), alphas)[0]
    return {0: "a", 100: "c"}.get(int(curve.argmin()), "b")


EXERCISES = {
    "05.1": Implement(
        reference=_slope_of_weighted_loss,
        cases=_batches,
        passed="$\\ell_i / N$, never negative and without α in it: no face ever asks for more weight. Descent only "
        "goes one way, and that is the collapse.",
        mistakes=(
            Mistake(
                "a slope that forgot the mean", _not_averaged, "$L$ is a mean over N faces: each holds $1/N$ of it."
            ),
            Mistake(
                "the weighted loss of each face",
                _still_weighted,
                "$\\alpha_i\\,\\ell_i$ is linear in $\\alpha_i$: what is left of it after the derivative by "
                "$\\alpha_i$?",
            ),
            Mistake(
                "the step and not the slope",
                _downhill,
                "The gradient is asked for; descent then goes against it, and takes the minus sign there.",
            ),
            Mistake(
                "the slope of weighted logits",
                _the_other_choice,
                "That is the paper's second choice. Here α stands in front of the loss, not inside the softmax.",
            ),
            Mistake("the loss itself", _the_loss, "A slope for each face is wanted, `(N,)`."),
            Mistake(
                "a division by the sum of α",
                _by_sum_of_alpha,
                "Another loss, and a thoughtful one (05.4 asks about it). Equation and package divide by N.",
            ),
        ),
    ),
    "05.2": Implement(
        reference=logit_slope,
        cases=_batches,
        passed="Expected logit minus the label's. If the label has the largest one, no average is above it: such a "
        "face gains weight. Now both directions exist.",
        mistakes=(
            Mistake(
                "a softmax without α",
                _unscaled_softmax,
                "The probabilities in the expectation are those of $\\alpha z$, which the loss is made of.",
            ),
            Mistake(
                "the difference turned round", _turned_round, "The loss *falls* where the label's logit lies above."
            ),
            Mistake(
                "the average over classes",
                _plain_average,
                "All classes count alike only at $\\alpha = 0$. Weigh each logit with its probability.",
            ),
            Mistake("the largest logit", _largest, "Not the favourite's logit but the *expected* one."),
            Mistake(
                "α times the slope",
                _scaled_logits,
                "By the chain rule the derivative of $\\alpha z_c$ by α is $z_c$, without α.",
            ),
            Mistake(
                "the slope of the mean",
                _of_the_mean,
                "Here each face's *own* loss is asked about. Autograd gives it for the sum of the losses.",
            ),
            Mistake(
                "the derivative by the logit",
                _one_minus_p,
                "$p_y - 1$ is the slope in the label's *logit*. The slope in α follows from it and all other classes.",
            ),
        ),
    ),
    "05.3": Predict(
        truth=_best_alpha,
        passed="At $\\alpha = 0$ the average of all logits, 0.5, lies below the label's 1.5: α rises. At 1 the "
        "favourite carries most of the weight and the expected logit lies above it: α falls. In between is the best.",
        mistakes=(
            Mistake(
                "a wrong prediction that must sink to 0",
                "a",
                "Look at the slope at $\\alpha = 0$, where all classes are as likely: is the label's 1.5 above or "
                "below "
                "the average of 2, 1.5 and -2?",
            ),
            Mistake(
                "a label far above the average that rises to 1",
                "c",
                "Look at the slope at $\\alpha = 1$: with $p = \\mathrm{softmax}(2, 1.5, -2)$ the expected logit is "
                "close to 1.8. Where is the label's?",
            ),
        ),
    ),
}
