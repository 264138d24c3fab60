"""Lesson 06: the rank loss by hand, whom it pushes, and what a margin makes of itself."""

import math

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.importance import group_gap, margin_path
from scnlib.losses import high_importance_count, rank_regularization


def _groups(alpha: Tensor, beta: float, count: int | None = None) -> tuple[Tensor, Tensor]:
    """The high and the low group, sorted."""
    count = high_importance_count(len(alpha), beta) if count is None else count
    ranked = alpha.sort(descending=True).values
    return ranked[:count], ranked[count:]


# ---------------------------------------------------------------------------------------------------------------- 06.1


def _unsorted(alpha: Tensor, beta: float, margin: float) -> Tensor:
    count = high_importance_count(len(alpha), beta)
    return (margin - (alpha[:count].mean() - alpha[count:].mean())).clamp_min(0)


def _smallest_first(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(-alpha, beta)
    return (margin - (low.mean() - high.mean()).abs()).clamp_min(0)


def _mean_of_batch(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, _ = _groups(alpha, beta)
    return (margin - (high.mean() - alpha.mean())).clamp_min(0)


def _divided_by_batch(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta)
    return (margin - (high.sum() - low.sum()) / len(alpha)).clamp_min(0)


def _sums(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta)
    return (margin - (high.sum() - low.sum())).clamp_min(0)


def _bottomless(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta)
    return margin - (high.mean() - low.mean())


def _turned(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta)
    return (high.mean() - low.mean() - margin).clamp_min(0)


def _rounded_up(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta, math.ceil(beta * len(alpha)))
    return (margin - (high.mean() - low.mean())).clamp_min(0)


def _beta_is_low(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, 1 - beta)
    return (margin - (high.mean() - low.mean())).clamp_min(0)


def _extremes(alpha: Tensor, beta: float, margin: float) -> Tensor:
    return (margin - (alpha.max() - alpha.min())).clamp_min(0)


def _thresholded(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = alpha[alpha >= beta], alpha[alpha < beta]
    gap = (high.mean() if len(high) else alpha.sum() * 0) - (low.mean() if len(low) else alpha.sum() * 0)
    return (margin - gap).clamp_min(0)


def _alphas(generator: torch.Generator) -> list[tuple]:
    cases = [(torch.tensor([0.52, 0.60, 0.50, 0.56]), 0.5, 0.15)]
    for n, beta, margin in ((10, 0.7, 0.7), (33, 0.7, 0.15), (33, 0.5, 0.6)):
        spread = 0.05 if margin < 0.2 else 1.0
        cases.append((0.4 * (1 - spread) + spread * torch.rand(n, generator=generator), beta, margin))
    wide = torch.cat([0.95 + 0.02 * torch.rand(7, generator=generator), 0.1 * torch.rand(3, generator=generator)])
    return [*cases, (wide[torch.randperm(10, generator=generator)], 0.7, 0.15)]


# ---------------------------------------------------------------------------------------------------------------- 06.2


def _seventh_of_ten() -> float:
    alpha = torch.linspace(0.50, 0.59, 10, requires_grad=True)
    (gradient,) = torch.autograd.grad(rank_regularization(alpha, beta=0.7, margin=0.15), alpha)
    return float(gradient[3])  # in ascending order the seventh largest is the fourth


# ---------------------------------------------------------------------------------------------------------------- 06.3


def _one_step(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return float(margin_path([group_gap(alpha.numpy())], margin, lr=lr, gamma=gamma)[-1])


def _upwards(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return 2 * margin - _one_step(margin, alpha, lr, gamma)


def _always_active(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return margin - lr * gamma


def _without_gamma(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return _one_step(margin, alpha, lr, 1.0)


def _to_the_gap(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return min(margin, group_gap(alpha.numpy()))


def _in_proportion(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return margin - lr * gamma * max(0.0, margin - group_gap(alpha.numpy()))


def _when_met(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return margin - lr * gamma * (group_gap(alpha.numpy()) > margin)


def _margins(generator: torch.Generator) -> list[tuple]:
    near, wide = 0.5 + 0.02 * torch.rand(20, generator=generator), torch.rand(20, generator=generator)
    by_hand = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4])
    return [(0.15, by_hand, 0.1, 0.5), (0.15, near, 0.01, 0.5), (0.15, wide, 0.1, 0.5), (0.9, wide, 0.02, 0.2)]


EXERCISES = {
    "06.1": Implement(
        reference=rank_regularization,
        cases=_alphas,
        gradient=True,
        passed="Two means and a floor. No label enters, so this loss can only push whoever is ahead further ahead.",
        mistakes=(
            Mistake(
                "groups in the order of the batch",
                _unsorted,
                "The groups are made by α: sort it, largest first, before you cut.",
            ),
            Mistake(
                "the smallest as the high group",
                _smallest_first,
                "The first $M$ after the cut are the *largest*: is your order descending?",
            ),
            Mistake(
                "a mean over the whole batch",
                _mean_of_batch,
                "The low mean is taken over the low group alone, not over everybody.",
            ),
            Mistake(
                "sums divided by the whole batch",
                _divided_by_batch,
                "The paper averages within each group: divide the one sum by $M$ and the other by $N - M$.",
            ),
            Mistake("sums for means", _sums, "A group of seven has the larger sum whatever its α is; take the means."),
            Mistake(
                "a loss without its floor",
                _bottomless,
                "Where the gap is wide enough this is negative, and descent would go on widening it for ever: "
                "$\\max\\{0, \\ldots\\}$.",
            ),
            Mistake(
                "a loss turned round",
                _turned,
                "It pushes the groups *together* once they are further apart than the margin. Margin minus gap.",
            ),
            Mistake(
                "a group that is rounded up",
                _rounded_up,
                "$M = \\lfloor \\beta N \\rfloor$: of 33 faces at β = 0.7 the high group has 23.",
            ),
            Mistake(
                "β as the share of the low group", _beta_is_low, "β is the share of the *high* group, the larger one."
            ),
            Mistake(
                "the extremes for the means", _extremes, "Not the largest and the smallest face: the two group means."
            ),
            Mistake(
                "β as a threshold",
                _thresholded,
                "β is a share of the faces, not a value of α: exactly $\\lfloor \\beta N \\rfloor$ are in the high "
                "group.",
            ),
        ),
    ),
    "06.2": Predict(
        truth=_seventh_of_ten,
        passed="$-1/7$, for it as for the very first: the loss knows two groups and no places in them. Descent goes "
        "against the slope, so its α rises.",
        hint="Write the loss with its two means, and take the derivative by one α that is in the first of them.",
        mistakes=(
            Mistake(
                "the slope with its sign turned",
                lambda: -_seventh_of_ten(),
                "More α in the high group makes the loss *smaller*. What sign has the slope then?",
            ),
            Mistake("a share of the whole batch", -1 / 10, "The mean of the high group divides by its own size."),
            Mistake(
                "the slope of the low group",
                1 / 3,
                "That is for the three lowest. The seventh is just inside the high one.",
            ),
            Mistake(
                "no slope in the middle", 0.0, "It is in the mean like every other. Only a satisfied margin gives 0."
            ),
            Mistake("the slope of a sum", -1.0, "One seventh of it: a mean divides by the size of the group."),
        ),
    ),
    "06.3": Implement(
        reference=_one_step,
        cases=_margins,
        passed="It sinks by the same step whenever it is not met, and otherwise stays. It can never rise: a margin "
        "that is "
        "asked how large it wants to be says, so small that nobody notices.",
        mistakes=(
            Mistake(
                "a margin that grows",
                _upwards,
                "The slope of the loss in $\\delta_1$ is $+1$, and descent goes against it.",
            ),
            Mistake(
                "a margin that sinks though it is met",
                _always_active,
                "Where the gap is at least the margin, the loss is flat: no slope, no step.",
            ),
            Mistake(
                "a step without γ",
                _without_gamma,
                "The rank loss enters the total with weight γ, and so does its slope.",
            ),
            Mistake(
                "a jump to the gap",
                _to_the_gap,
                "That is where it would end. One step of descent has the length rate × γ × slope.",
            ),
            Mistake(
                "a step in proportion to the shortfall",
                _in_proportion,
                "A hinge has the slope 1 however far it is missed; what you took is the slope of its *square*.",
            ),
            Mistake(
                "a step when the margin is met", _when_met, "The loss acts while the gap falls *short* of the margin."
            ),
        ),
    ),
}
