"""Lesson 03: where wrong labels go, and how to make some."""

from collections.abc import Callable

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.datasets.noise import corrupt_labels

# ---------------------------------------------------------------------------------------------------------------- 03.1


def expected_transition(num_classes: int, rate: float, kind: str) -> Tensor:
    """Row c: with which chances a sample of class c is given each label; float32 ``(C, C)``."""
    if kind == "pair":
        return (1 - rate) * torch.eye(num_classes) + rate * torch.eye(num_classes).roll(1, dims=1)
    off = torch.full((num_classes, num_classes), rate / (num_classes - 1))
    return off.fill_diagonal_(1 - rate)


def _may_stay(num_classes: int, rate: float, kind: str) -> Tensor:
    if kind == "pair":
        return expected_transition(num_classes, rate, kind)
    return (1 - rate) * torch.eye(num_classes) + rate / num_classes


def _too_little(num_classes: int, rate: float, kind: str) -> Tensor:
    if kind == "pair":
        return expected_transition(num_classes, rate, kind)
    return torch.full((num_classes, num_classes), rate / num_classes).fill_diagonal_(1 - rate)


def _columns_for_rows(num_classes: int, rate: float, kind: str) -> Tensor:
    return expected_transition(num_classes, rate, kind).T


def _rate_stays(num_classes: int, rate: float, kind: str) -> Tensor:
    return expected_transition(num_classes, 1 - rate, kind)


def _no_way_round(num_classes: int, rate: float, kind: str) -> Tensor:
    matrix = expected_transition(num_classes, rate, kind)
    if kind == "pair":
        matrix[-1] = torch.eye(num_classes)[-1]
    return matrix


def _all_symmetric(num_classes: int, rate: float, kind: str) -> Tensor:
    return expected_transition(num_classes, rate, "symmetric")


def _matrices(_: torch.Generator) -> list[tuple]:
    return [(3, 0.3, "symmetric"), (3, 0.3, "pair"), (8, 0.3, "symmetric"), (8, 0.45, "pair"), (7, 0.1, "symmetric")]


# ---------------------------------------------------------------------------------------------------------------- 03.2


def _largest_rate(kind: str, num_classes: int = 8) -> float:
    """Up to which rate the true class is the most common label of its faces."""
    rates = torch.linspace(0, 1, 401).tolist()
    rows = ((rate, expected_transition(num_classes, rate, kind)[0]) for rate in rates)
    return max(rate for rate, row in rows if row[0] > row[1:].max())


# ---------------------------------------------------------------------------------------------------------------- 03.3


def _given(_: torch.Generator) -> list[tuple]:
    return [(torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]), 3, 0.5, 0)]


_SIZES = [200, 40, 80, 10]
_LABELS = torch.repeat_interleave(torch.arange(4), torch.tensor(_SIZES))
_RATES = (0.1, 0.3, 0.5)


def _wrong_by_class(noisy: Tensor) -> list[int]:
    return [int((part != c).sum()) for c, part in enumerate(noisy.split(_SIZES))]


def _noisy(function: Callable, rate: float, seed: int = 0) -> Tensor:
    return torch.as_tensor(function(_LABELS.clone(), 4, rate, seed))


def _asked(rate: float) -> list[int]:
    return _wrong_by_class(corrupt_labels(_LABELS, 4, rate))


def _no_labels(function: Callable) -> bool:
    noisy = _noisy(function, 0.3)
    return noisy.shape != _LABELS.shape or noisy.dtype != _LABELS.dtype


def _mends_in_place(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    labels.copy_(corrupt_labels(labels, num_classes, rate, seed=seed))
    return labels


def _changes_its_input(function: Callable) -> bool:
    labels = _LABELS.clone()
    function(labels, 4, 0.3, 0)
    return bool((labels != _LABELS).any())


def _unseeded(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return corrupt_labels(labels, num_classes, rate, seed=int(torch.randint(2**31, ())))


def _differs_each_time(function: Callable) -> bool:
    return any((_noisy(function, 0.3) != _noisy(function, 0.3)).any() for _ in range(3))


def _deaf(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return corrupt_labels(labels, num_classes, rate, seed=0)


def _ignores_the_seed(function: Callable) -> bool:
    return bool((_noisy(function, 0.5, 0) == _noisy(function, 0.5, 1)).all())


def _out_of_range(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    wrong = corrupt_labels(labels, num_classes, rate, seed=seed) != labels
    return torch.where(wrong, labels + 1, labels)


def _leaves_the_classes(function: Callable) -> bool:
    return any(int(_noisy(function, rate).max()) > 3 or int(_noisy(function, rate).min()) < 0 for rate in _RATES)


def _always_the_next(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return corrupt_labels(labels, num_classes, rate, kind="pair", seed=seed)


def _one_target(function: Callable) -> bool:
    noisy = _noisy(function, 0.5)
    return len(noisy[(_LABELS == 0) & (noisy != 0)].unique()) == 1


def _independent(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    flip = torch.rand(len(labels), generator=generator) < rate
    away = torch.randint(1, num_classes, (len(labels),), generator=generator)
    return torch.where(flip, (labels + away) % num_classes, labels)


def _may_draw_itself(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    chosen = corrupt_labels(labels, num_classes, rate, seed=seed) != labels
    return torch.where(chosen, torch.randint(num_classes, (len(labels),), generator=generator), labels)


def _too_few(function: Callable) -> bool:
    found = [_wrong_by_class(_noisy(function, rate, seed)) for rate in _RATES for seed in range(3)]
    asked = [_asked(rate) for rate in _RATES for _ in range(3)]
    below = [all(f <= a for f, a in zip(*pair, strict=True)) for pair in zip(found, asked, strict=True)]
    return all(below) and found != asked


def _lumped(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randperm(len(labels), generator=generator)[: round(rate * len(labels))]
    noisy = labels.clone()
    noisy[chosen] = (labels[chosen] + torch.randint(1, num_classes, (len(chosen),), generator=generator)) % num_classes
    return noisy


def _exact_over_all_only(function: Callable) -> bool:
    wrong = [_wrong_by_class(_noisy(function, rate)) for rate in _RATES]
    exact = all(sum(w) == round(rate * len(_LABELS)) for w, rate in zip(wrong, _RATES, strict=True))
    return exact and wrong != [_asked(rate) for rate in _RATES]


def _counts_scatter(function: Callable) -> bool:
    return any(_wrong_by_class(_noisy(function, rate)) != _asked(rate) for rate in _RATES)


EXERCISES = {
    "03.1": Implement(
        reference=expected_transition,
        cases=_matrices,
        passed="Rows sum to 1, and the diagonal is what stays right. The same rate, two very different matrices.",
        mistakes=(
            Mistake(
                "a label that may be drawn again",
                _may_stay,
                "*Others*, says the paper: a label that is chosen for change does change. One of how many is it then?",
            ),
            Mistake("rows that do not sum to 1", _too_little, "A wrong label has $C - 1$ places to go to, not $C$."),
            Mistake(
                "columns for rows",
                _columns_for_rows,
                "Row: the true class; column: the label that is given. Class 0 is called 1, and the last one 0.",
            ),
            Mistake("the rate on the diagonal", _rate_stays, "The rate is the share that goes *wrong*."),
            Mistake(
                "a last class without a next one",
                _no_way_round,
                "Pair noise goes round: the class after the last one is class 0.",
            ),
            Mistake(
                "symmetric noise twice", _all_symmetric, 'Look at `kind`: with `"pair"` all mistakes go to one class.'
            ),
        ),
    ),
    "03.2": Predict(
        truth=lambda: _largest_rate("symmetric"),
        passed="A wrong class holds $r / (C - 1)$ and the true one $1 - r$: they meet at $(C - 1) / C$, and "
        "with pair noise at one half.",
        hint="Set the largest wrong share equal to the share that stays right, and solve for the rate.",
        mistakes=(
            Mistake(
                "the limit of pair noise",
                lambda: _largest_rate("pair"),
                "There all mistakes fall into one class. Here seven classes share them.",
            ),
            Mistake(
                "the share that is right", 1 / 8, "That is what is left *at* the limit; the rate is the other part."
            ),
            Mistake(
                "one class too few", 6 / 7, "Seven wrong classes share the mistakes: solve $1 - r = r / 7$ once more."
            ),
        ),
    ),
    "03.3": Implement(
        cases=_given,
        passed="Exact counts in each class, always another label, and one seed gives one noise. Compare 10 % and 30 % "
        "to see whether yours is nested, as the package's is.",
        mistakes=(
            Mistake(
                "something other than labels",
                lambda labels, num_classes, rate, seed: rate,
                "A new int64 tensor is wanted, a label for each label.",
                _no_labels,
            ),
            Mistake(
                "labels changed in place",
                _mends_in_place,
                "Who calls the function loses the labels as they were. Work on `labels.clone()`.",
                _changes_its_input,
            ),
            Mistake(
                "noise without its seed",
                _unseeded,
                "Two calls with one seed differ. Make `torch.Generator().manual_seed(seed)` and pass it to every draw.",
                _differs_each_time,
            ),
            Mistake(
                "a seed that nobody hears",
                _deaf,
                "Seeds 0 and 1 give the same noise. Where does `seed` enter?",
                _ignores_the_seed,
            ),
            Mistake(
                "a label beyond the classes",
                _out_of_range,
                "Labels run from 0 to `num_classes - 1`; something adds to the last class and does not come round.",
                _leaves_the_classes,
            ),
            Mistake(
                "pair noise",
                _always_the_next,
                "All mistakes of class 0 go to one class. Symmetric noise draws among all others.",
                _one_target,
            ),
            Mistake(
                "a label that may be drawn again",
                _may_draw_itself,
                "Some chosen labels came out as they were, so there is less noise than asked for. Draw a step of 1 to "
                "$C - 1$ and go round.",
                _too_few,
            ),
            Mistake(
                "a rate over all classes together",
                _lumped,
                "Over all labels the count is exact, in the classes it is not. The paper says *for each category*.",
                _exact_over_all_only,
            ),
            Mistake(
                "one coin for each label",
                _independent,
                "The counts scatter around the rate, as in the released code. Shuffle the members of each class and "
                "change the first `round(rate * n)`.",
                _counts_scatter,
            ),
        ),
    ),
}
