"""Lesson 08: the loss of the assembled network, what is left of its step, and what alpha knows."""

from collections.abc import Callable
from math import floor

import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib import losses
from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.evaluation import auroc

# ---------------------------------------------------------------------------------------------------------------- 08.1


def _scn(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    weighted = losses.logit_weighted_cross_entropy(logits, alpha, labels)
    return losses.total_loss(weighted, losses.rank_regularization(alpha), gamma)


def _parts(logits: Tensor, alpha: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    return losses.logit_weighted_cross_entropy(logits, alpha, labels), losses.rank_regularization(alpha)


def _alpha_cut_off(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _scn(logits, alpha.detach(), labels, gamma)


def _rank_cut_off(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return gamma * losses.rank_regularization(alpha).item() + (1 - gamma) * _parts(logits, alpha, labels)[0]


def _added(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return sum(_parts(logits, alpha, labels))


def _gamma_on_the_labels(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return _scn(logits, alpha, labels, 1 - gamma)


def _whole_classification(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    weighted, rank = _parts(logits, alpha, labels)
    return weighted + gamma * rank


def _alpha_outside(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    weighted = losses.loss_weighted_cross_entropy(logits, alpha, labels)
    return losses.total_loss(weighted, losses.rank_regularization(alpha), gamma)


def _rank_loss_below_zero(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return losses.total_loss(_parts(logits, alpha, labels)[0], _short_of_margin(alpha, floor), gamma)


def _rounded(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return losses.total_loss(_parts(logits, alpha, labels)[0], _short_of_margin(alpha, round).relu(), gamma)


def _short_of_margin(alpha: Tensor, whole: Callable) -> Tensor:
    count, ordered = whole(0.7 * len(alpha) + 1e-9), alpha.sort(descending=True).values
    return 0.15 - (ordered[:count].mean() - ordered[count:].mean())


def _unweighted(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    return losses.total_loss(F.cross_entropy(logits, labels), losses.rank_regularization(alpha), gamma)


def _alpha_on_probabilities(logits: Tensor, alpha: Tensor, labels: Tensor, gamma: float) -> Tensor:
    p = alpha[:, None] * torch.softmax(logits, dim=1)
    own = -p[range(len(labels)), labels].log().mean()
    return losses.total_loss(own, losses.rank_regularization(alpha), gamma)


def _batches(generator: torch.Generator) -> list[tuple]:
    by_hand = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0], [0.0, 1.0]])
    cases = [(by_hand, torch.tensor([0.52, 0.48, 0.50, 0.40]), torch.tensor([0, 1, 0, 0]), 0.5)]
    for n, gamma, spread in ((10, 0.2, 0.1), (33, 0.5, 0.1), (33, 0.8, 1.0)):  # the last one's gap is above the margin
        logits, alpha = torch.randn(n, 8, generator=generator), torch.rand(n, generator=generator)
        cases.append((logits, 0.5 + spread * (alpha - 0.5), torch.randint(8, (n,), generator=generator), gamma))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 08.2


def _left_of_the_step() -> float:
    """The classifier's first gradient as a share of the baseline's: gamma 0.5, margin met, every alpha 1."""
    logits = torch.randn(8, 8, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = torch.arange(8)
    ours = losses.total_loss(losses.logit_weighted_cross_entropy(logits, torch.ones(8), labels), torch.tensor(0.0))
    lengths = [torch.autograd.grad(loss, logits)[0].norm() for loss in (ours, F.cross_entropy(logits, labels))]
    return float(lengths[0] / lengths[1])


# ---------------------------------------------------------------------------------------------------------------- 08.3


def _knows(alpha: Tensor, wrong: Tensor) -> Tensor:
    return auroc(-alpha, wrong)


def _right_for_wrong(alpha: Tensor, wrong: Tensor) -> Tensor:
    return auroc(alpha, wrong)


def _pairs(alpha: Tensor, wrong: Tensor) -> Tensor:
    return alpha[wrong][:, None] - alpha[~wrong]


def _ties_lost(alpha: Tensor, wrong: Tensor) -> Tensor:
    return (_pairs(alpha, wrong) < 0).double().mean()


def _ties_won(alpha: Tensor, wrong: Tensor) -> Tensor:
    return (_pairs(alpha, wrong) <= 0).double().mean()


def _share_at_the_bottom(alpha: Tensor, wrong: Tensor) -> Tensor:
    lowest = alpha.argsort(stable=True)[: int(wrong.sum())]
    return wrong[lowest].double().mean()


def _gap_of_means(alpha: Tensor, wrong: Tensor) -> Tensor:
    return (alpha[~wrong].mean() - alpha[wrong].mean()).double()


def _scores(generator: torch.Generator) -> list[tuple]:
    by_hand = torch.tensor([0.2, 0.5, 0.5, 0.9]), torch.tensor([True, True, False, False])
    cases = [by_hand]
    for n in (20, 60):
        alpha = (10 * torch.rand(n, generator=generator)).round() / 10
        wrong = torch.rand(n, generator=generator) < 0.3
        cases.append((alpha - 0.1 * wrong, wrong))
    return cases


EXERCISES = {
    "08.1": Implement(
        reference=_scn,
        cases=_batches,
        gradient=2,
        passed="All of SCN's loss in one place. α scales the scores inside the softmax, and γ shortens the "
        "classifier's step.",
        mistakes=(
            Mistake(
                "an α that learns nothing",
                _alpha_cut_off,
                "The value is right, but no gradient comes back to `alpha`. Both losses should move it: no `detach`.",
            ),
            Mistake(
                "a rank loss that moves nothing",
                _rank_cut_off,
                "The value is right, but the rank loss in it is a plain number. Leave it a tensor: no `item` and no "
                "`detach`.",
            ),
            Mistake(
                "two losses added",
                _added,
                "The released code adds them with weight 1 each. The paper trades them off: γ and $1 - γ$.",
            ),
            Mistake("γ on the wrong loss", _gamma_on_the_labels, "γ is the weight of the *rank* loss."),
            Mistake(
                "a classification loss at full weight",
                _whole_classification,
                "In the paper it counts $1 - γ$. That is the half step which lessons 06 and 11 ask about.",
            ),
            Mistake(
                "α in front of the loss",
                _alpha_outside,
                "That is the choice which the paper rejects (lesson 05). α multiplies the scores, inside the softmax.",
            ),
            Mistake(
                "a rank loss below zero",
                _rank_loss_below_zero,
                "Once the margin is met nothing is asked any more: $\\max\\{0, \\cdot\\}$ (lesson 06).",
            ),
            Mistake("a group size that was rounded", _rounded, "The high group has $\\lfloor 0.7 N \\rfloor$ faces."),
            Mistake("scores that nobody weighed", _unweighted, "Equation 2 has $\\alpha_i z_i$ in its softmax."),
            Mistake(
                "α on the probabilities",
                _alpha_on_probabilities,
                "Then the classes no longer sum to 1, and α drops out of the slope of the scores. Multiply the scores.",
            ),
        ),
    ),
    "08.2": Predict(
        truth=_left_of_the_step,
        passed="$1 - \\gamma$ stays, whether the rank loss says anything or not. So a comparison at one learning "
        "rate compares "
        "two step sizes.",
        hint="Write down the total loss with $L_{RR} = 0$ and $\\alpha = 1$, and compare it with the baseline's.",
        mistakes=(
            Mistake(
                "a silent loss that costs nothing",
                1.0,
                "$L_{RR}$ is 0, but the factor in front of the *other* loss is still there.",
            ),
            Mistake("the factor taken twice", 0.25, "α is 1 here and takes nothing; only γ does."),
            Mistake("the way back", 2.0, "That is by how much the learning rate must grow to undo it."),
        ),
    ),
    "08.3": Implement(
        reference=_knows,
        cases=_scores,
        passed="How likely a wrong label has the lower α, ties counting half: no threshold, no scale, 0.5 for a coin.",
        mistakes=(
            Mistake(
                "the right labels asked for",
                _right_for_wrong,
                "This is how often a wrong label has the *higher* α. Low importance is the suspicion.",
            ),
            Mistake("ties that nobody wins", _ties_lost, "Two equal α decide nothing: such a pair counts one half."),
            Mistake("ties that are won", _ties_won, "Two equal α decide nothing: such a pair counts one half."),
            Mistake(
                "a share at one cut",
                _share_at_the_bottom,
                "The precision at one threshold depends on how many are wrong. Compare all pairs of a wrong and a "
                "right label.",
            ),
            Mistake(
                "a difference of means",
                _gap_of_means,
                "It depends on the scale of α, which any margin can stretch. Count pairs, not distances.",
            ),
        ),
    ),
}
