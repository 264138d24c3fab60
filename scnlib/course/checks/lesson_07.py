"""Lesson 07: equation 5, and the arithmetic that says whether it cured."""

import numpy as np
import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.measures import judged
from scnlib.relabel import low_importance, relabel

# ---------------------------------------------------------------------------------------------------------------- 07.1


def _relabelled(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return relabel(p, labels, alpha, beta=beta, margin=margin)[0]


def _own(p: Tensor, labels: Tensor) -> Tensor:
    return p.gather(1, labels[:, None]).squeeze(1)


def _everybody(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return relabel(p, labels, margin=margin)[0]


def _high_group(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    asked = ~low_importance(alpha, beta)
    return torch.where(asked, _everybody(p, labels, alpha, beta, margin), labels)


def _beta_asked(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return _relabelled(p, labels, alpha, 1 - beta, margin)


def _sure_enough(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    changed = low_importance(alpha, beta) & (p.max(1).values > margin)
    return torch.where(changed, p.argmax(1), labels)


def _no_margin(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return _relabelled(p, labels, alpha, beta, 0.0)


def _runner_up(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    top = p.topk(2, dim=1).values
    changed = low_importance(alpha, beta) & (top[:, 0] - top[:, 1] > margin)
    return torch.where(changed, p.argmax(1), labels)


def _group_by_value(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return torch.where(alpha < beta, _everybody(p, labels, alpha, beta, margin), labels)


def _always_a_fifth(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return _relabelled(p, labels, alpha, beta, 0.2)


def _at_the_tie(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    changed = low_importance(alpha, beta) & (p.max(1).values - _own(p, labels) >= margin)
    return torch.where(changed, p.argmax(1), labels)


def _lowest_trusted(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    return _relabelled(p, labels, -alpha, beta, margin)


def _dropped(p: Tensor, labels: Tensor, alpha: Tensor, beta: float, margin: float) -> Tensor:
    new, changed = relabel(p, labels, alpha, beta=beta, margin=margin)
    return torch.where(changed, new, -1)


def _batches(generator: torch.Generator) -> list[tuple]:
    by_hand = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.4, 0.3, 0.3], [0.2, 0.2, 0.6]])
    cases = [(by_hand, torch.tensor([1, 0, 1, 0]), torch.tensor([0.3, 0.9, 0.4, 0.8]), 0.5, 0.2)]
    for n, beta, margin in ((40, 0.7, 0.2), (65, 0.7, 0.1), (64, 0.25, 0.35)):
        p = torch.softmax(1.5 * torch.randn(n, 12, generator=generator), dim=1)
        labels, alpha = torch.randint(12, (n,), generator=generator), torch.rand(n, generator=generator)
        cases.append((p, labels, alpha, beta, margin))
    tie = torch.tensor([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0.25, 0.25, 0.5], [0.5, 0.5, 0.0]])
    return [*cases, (tie, torch.tensor([1, 0, 0, 2]), torch.tensor([0.3, 0.4, 0.2, 0.9]), 0.25, 0.25)]


# ---------------------------------------------------------------------------------------------------------------- 07.2


def _audited(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    found = judged(given.numpy(), new.numpy(), true.numpy())
    return tuple(torch.tensor(float(found[name])) for name in ("precision", "given_right", "recall", "gain"))


def _precision_of_all(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    _, q, recall, gain = _audited(given, new, true)
    return (new == true).float().mean(), q, recall, gain


def _recall_of_changes(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, q, _, gain = _audited(given, new, true)
    return p, q, p, gain


def _recall_as_touched(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, q, _, gain = _audited(given, new, true)
    wrong = given != true
    return p, q, ((new != given) & wrong).sum() / wrong.sum(), gain


def _no_harm(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, q, recall, _ = _audited(given, new, true)
    return p, q, recall, 100 * ((new == true) & (given != true)).float().mean()


def _gain_of_changed(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, q, recall, _ = _audited(given, new, true)
    return p, q, recall, 100 * (p - q)


def _rest_was_right(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, _, recall, gain = _audited(given, new, true)
    return p, 1 - p, recall, gain


def _as_shares(given: Tensor, new: Tensor, true: Tensor) -> tuple[Tensor, ...]:
    p, q, recall, gain = _audited(given, new, true)
    return p, q, recall, gain / 100


def _cures(generator: torch.Generator) -> list[tuple]:
    rows = ([0, 1, 2, 0, 1, 2, 0, 1], [0, 0, 2, 2, 1, 1, 1, 1], [0, 0, 2, 1, 1, 2, 1, 0])
    cases = [tuple(torch.tensor(row) for row in rows)]
    for _ in range(2):
        true = torch.randint(5, (60,), generator=generator)
        given = torch.where(torch.rand(60, generator=generator) < 0.3, (true + 1) % 5, true)
        opinion = torch.where(torch.rand(60, generator=generator) < 0.5, true, (true + 2) % 5)
        cases.append((given, torch.where(torch.rand(60, generator=generator) < 0.6, opinion, given), true))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 07.3


def _gain() -> float:
    """1,000 faces, 700 labels right. Of 100 changed, 15 were right and 45 are right afterwards."""
    true, given, new = np.zeros(1000, int), np.zeros(1000, int), np.zeros(1000, int)
    given[:300] = new[:300] = 1
    new[:45], new[45:85], new[300:315] = 0, 2, 2
    return float(judged(given, new, true)["gain"])


EXERCISES = {
    "07.1": Implement(
        reference=_relabelled,
        cases=_batches,
        passed="The margin asks how strongly the network contradicts the label; the group asks whom. Lesson 07 shows "
        "which "
        "of the two does the work.",
        mistakes=(
            Mistake(
                "everybody being asked", _everybody, "Equation 5 is for the *low* group only: sort the batch by α."
            ),
            Mistake(
                "the high group being asked",
                _high_group,
                "The high group is trusted and keeps its labels; the others may change.",
            ),
            Mistake(
                "β as the share that is asked",
                _beta_asked,
                "β is the share of the *high* group. The $N - \\lfloor \\beta N \\rfloor$ lowest are asked.",
            ),
            Mistake(
                "β as a threshold",
                _group_by_value,
                "β is a share of the batch and not a value of α.",
            ),
            Mistake(
                "sureness alone",
                _sure_enough,
                "$P_{max}$ must be ahead of the probability *of the given label* by the margin.",
            ),
            Mistake(
                "no margin", _no_margin, "Any contradiction changes a label here. It must be larger than the margin."
            ),
            Mistake(
                "a lead over the runner-up",
                _runner_up,
                "The comparison is with the given label's probability; the second class may be a third one.",
            ),
            Mistake(
                "a margin that is always 0.2",
                _always_a_fifth,
                "`margin` is an argument: it need not be the paper's 0.2.",
            ),
            Mistake(
                "a change at the tie",
                _at_the_tie,
                "$P_{max} - P_{gtInd}$ must be *larger* than the margin; where both are equal the given label stays.",
            ),
            Mistake(
                "the lowest as the trusted group",
                _lowest_trusted,
                "The $\\lfloor \\beta N \\rfloor$ *largest* α are left alone. Is your order descending?",
            ),
            Mistake("labels taken away", _dropped, "Who is not relabelled keeps the label that was given."),
        ),
    ),
    "07.2": Implement(
        reference=_audited,
        cases=_cures,
        passed="$n(p - q)/N$: a cure pays where, among the labels *it changes*, the new one is right more often than "
        "the old one was.",
        mistakes=(
            Mistake("a precision over all faces", _precision_of_all, "$p$ looks only at the labels that were changed."),
            Mistake(
                "a recall over the changes", _recall_of_changes, "The recall divides by the labels that were *wrong*."
            ),
            Mistake(
                "a recall of labels touched",
                _recall_as_touched,
                "A wrong label that became another wrong one was not found: count those that are *right* now.",
            ),
            Mistake("a gain without the harm", _no_harm, "Right labels that were made wrong must be taken off."),
            Mistake(
                "a gain over the changed only",
                _gain_of_changed,
                "$p - q$ is the gain of a changed label; over all N faces it counts with weight $n / N$.",
            ),
            Mistake(
                "$q$ as the rest of $p$",
                _rest_was_right,
                "A changed label can be wrong before *and* after, so $q$ is not $1 - p$. Count the given labels that "
                "were "
                "right.",
            ),
            Mistake("a gain as a share", _as_shares, "In points: times 100."),
        ),
    ),
    "07.3": Predict(
        truth=_gain,
        passed="$100/1000 \\cdot (0.45 - 0.15)$: plus 3 points, by a doctor who is right less often than the labels "
        "are. "
        "How good he is on *all* faces does not enter; only on those that he changes.",
        hint="How many labels became right, how many stopped being so, and of how many is that a share?",
        within=0.05,
        mistakes=(
            Mistake(
                "the doctor against the labels",
                -8.0,
                "62 and 70 are over *all* faces. Most of them he does not touch.",
            ),
            Mistake("a gain without the harm", 4.5, "Fifteen labels were right before he changed them."),
            Mistake("the gain of a changed label", 30.0, "Per changed label, yes. But 900 of 1,000 stay as they are."),
            Mistake("nothing but harm", -1.5, "And the ones that became right?"),
            Mistake("precision for gain", 45.0, "That is $p$. What did the label look like before?"),
        ),
    ),
}
