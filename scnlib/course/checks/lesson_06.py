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
    high, low = (-group for group in _groups(-alpha, beta))
    return (margin - (high.mean() - low.mean())).clamp_min(0)


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


def _rounded(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta, round(beta * len(alpha)))
    return (margin - (high.mean() - low.mean())).clamp_min(0)


def _a_hair_short(alpha: Tensor, beta: float, margin: float) -> Tensor:
    high, low = _groups(alpha, beta, int(beta * len(alpha)))
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
    for n, beta, margin in ((10, 0.7, 0.7), (8, 0.7, 0.9), (33, 0.7, 0.15), (33, 0.5, 0.6), (90, 0.7, 0.9)):
        spread = 0.05 if margin < 0.2 else 1.0
        cases.append((0.4 * (1 - spread) + spread * torch.rand(n, generator=generator), beta, margin))
    wide = torch.cat([0.95 + 0.02 * torch.rand(7, generator=generator), 0.1 * torch.rand(3, generator=generator)])
    return [*cases, (wide[torch.randperm(10, generator=generator)], 0.7, 0.15)]


# ---------------------------------------------------------------------------------------------------------------- 06.2


def _five_smallest(rise: float = 0.02) -> float:
    """What becomes of the loss when the five smallest of twelve alpha rise, and none overtakes another."""
    alpha = torch.linspace(0.50, 0.72, 12, dtype=torch.float64)
    alpha[5:] += 0.1
    before, after = (
        rank_regularization(a, beta=0.7, margin=0.9) for a in (alpha, alpha + rise * (torch.arange(12) < 5))
    )
    return float(after - before)


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


def _low_share(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return float(margin_path([group_gap(alpha.numpy(), 0.3)], margin, lr=lr, gamma=gamma)[-1])


def _at_the_tie(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return margin - lr * gamma * (group_gap(alpha.numpy()) <= margin)


def _half_at_the_tie(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    gap = group_gap(alpha.numpy())
    return margin - lr * gamma * (0.5 * (gap <= margin) + 0.5 * (gap < margin))


def _not_below_zero(margin: float, alpha: Tensor, lr: float, gamma: float) -> float:
    return max(0.0, _one_step(margin, alpha, lr, gamma))


def _margins(generator: torch.Generator) -> list[tuple]:
    near, wide = 0.5 + 0.02 * torch.rand(20, generator=generator), torch.rand(20, generator=generator)
    by_hand = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.4, 0.4])
    tie, one_high = torch.tensor([0.5] * 7 + [0.25] * 3), torch.tensor([0.9] + [0.5] * 9)
    return [
        (0.15, by_hand, 0.1, 0.5),
        (0.15, near, 0.01, 0.5),
        (0.15, wide, 0.1, 0.5),
        (0.9, wide, 0.02, 0.2),
        (0.25, tie, 0.1, 0.5),
        (0.1, one_high, 0.1, 0.5),  # the three highest alone would meet this margin
        (0.03, 0.5 + 0.01 * (near - 0.5), 0.1, 0.5),  # a step beyond 0
    ]


EXERCISES = {
    "06.1": Implement(
        reference=rank_regularization,
        cases=_alphas,
        gradient=1,
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
                "a group that is rounded",
                _rounded,
                "$M = \\lfloor \\beta N \\rfloor$, cut off, not rounded: of 8 faces at β = 0.7 the high group has 5.",
            ),
            Mistake(
                "a product that falls a hair short",
                _a_hair_short,
                "0.7 * 90 is 62.99999999999999 in Python, and `int` makes 62 of it where 63 is right. Add 1e-9 before "
                "you cut off.",
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
        truth=_five_smallest,
        passed="$4 \\cdot 0.02 / 4 - 0.02 / 8$: four of them lift the low mean, the fifth is in the *high* group "
        "($M = \\lfloor 8.4 \\rfloor = 8$). The loss knows two groups and no places in them.",
        hint="How large is the high group, and how many of the five belong to it? By how much does each mean rise?",
        within=0.0006,
        mistakes=(
            Mistake(
                "a slope with its sign turned",
                lambda: -_five_smallest(),
                "A smaller gap is a *larger* loss. Which way does the low mean go, and the gap with it?",
            ),
            Mistake(
                "a low mean that rises alone",
                0.02,
                "$\\lfloor 0.7 \\cdot 12 \\rfloor = 8$ are in the high group, so the fifth smallest is one of them: it "
                "lifts the *high* mean.",
            ),
            Mistake(
                "a high group of nine",
                lambda: 0.02 - 2 * 0.02 / 9,
                "$M = \\lfloor \\beta N \\rfloor$: 8.4 is cut off. Then *one* of the five is in the high group.",
            ),
            Mistake(
                "five in a mean of four",
                5 * 0.02 / 4,
                "The fifth smallest is not in the low group. What does it do there?",
            ),
            Mistake("a share of the whole batch", 3 * 0.02 / 12, "Each mean divides by the size of its own group."),
            Mistake("sums for means", 3 * 0.02, "The loss takes means: divide by the sizes of the groups."),
            Mistake(
                "no change", 0.0, "Everybody's α is in one of the two means, and the gap falls short of the margin."
            ),
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
                "β as the share of the low group",
                _low_share,
                "The *high* group has the share 0.7: of ten faces the seven largest.",
            ),
            Mistake(
                "a step at the tie",
                _at_the_tie,
                "Where the gap *equals* the margin it is met, says the task: `<` and not `<=`.",
            ),
            Mistake(
                "half a step at the tie",
                _half_at_the_tie,
                "`torch.maximum` of two equal numbers gives each half of the slope. Where the gap equals the margin it "
                "is met: no step.",
            ),
            Mistake(
                "a margin that stops at 0",
                _not_below_zero,
                "Nothing in the loss knows of 0: where the gap is smaller than the step, plain descent goes below it.",
            ),
            Mistake(
                "a step when the margin is met", _when_met, "The loss acts while the gap falls *short* of the margin."
            ),
        ),
    ),
}
