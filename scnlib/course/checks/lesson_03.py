"""Lesson 03: where wrong labels go, and how to make some."""

import math
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


def _largest_rate(kind: str, num_classes: int = 6) -> float:
    """Up to which rate the true class is the most common label of its faces, by halving."""
    low, high = 0.0, 1.0
    for _ in range(24):
        rate = (low + high) / 2
        row = expected_transition(num_classes, rate, kind)[0]
        low, high = (rate, high) if row[0] > row[1:].max() else (low, rate)
    return low


# ---------------------------------------------------------------------------------------------------------------- 03.3


def _given(_: torch.Generator) -> list[tuple]:
    return [(torch.tensor([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]), 3, 0.5, 0)]


_SIZES = [200, 47, 83, 14]  # round, floor and ceil of their shares differ
_SORTED = torch.repeat_interleave(torch.arange(4), torch.tensor(_SIZES))
_LABELS = _SORTED[torch.randperm(len(_SORTED), generator=torch.Generator().manual_seed(0))]
_ALIKE = torch.arange(3).repeat(60)  # classes of one size
_RATES = (0.1, 0.3, 0.5)


def _wrong_by_class(noisy: Tensor, labels: Tensor = _LABELS) -> list[int]:
    return [int((noisy[labels == c] != c).sum()) for c in range(4)]


def _noisy(function: Callable, rate: float, seed: int = 0, labels: Tensor = _LABELS) -> Tensor:
    return torch.as_tensor(function(labels.clone(), int(labels.max()) + 1, rate, seed))


def _asked(rate: float) -> list[int]:
    return _wrong_by_class(corrupt_labels(_LABELS, 4, rate))


def _by_class(labels: Tensor, num_classes: int, seed: int, choose: Callable) -> Tensor:
    """Labels of which those are wrong that ``choose(n, generator)`` picks among a class's n members."""
    generator, noisy = torch.Generator().manual_seed(seed), labels.clone()
    for c in range(num_classes):
        members = (labels == c).nonzero().flatten()
        chosen = members[choose(len(members), generator)]
        noisy[chosen] = (c + torch.randint(1, num_classes, (len(chosen),), generator=generator)) % num_classes
    return noisy


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


def _lost_on_the_way(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    noisy, wrong = labels.clone(), corrupt_labels(labels, num_classes, rate, seed=seed)
    for c in range(num_classes):
        noisy[labels == c][:] = wrong[labels == c]  # into a copy of these labels
    return noisy


def _changes_nothing(function: Callable) -> bool:
    return all((_noisy(function, rate) == _LABELS).all() for rate in _RATES)


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


def _leaves_the_classes(function: Callable, labels: Tensor = _LABELS) -> bool:
    found = torch.stack([_noisy(function, rate, labels=labels) for rate in _RATES])
    return bool((found < 0).any() or (found > labels.max()).any())


def _of_four_classes(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return corrupt_labels(labels, 4, rate, seed=seed)


def _knows_four_classes_only(function: Callable) -> bool:
    return _leaves_the_classes(function, _ALIKE)


def _always_the_first(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return _by_class(labels, num_classes, seed, lambda n, generator: torch.arange(round(rate * n)))


def _same_members(function: Callable) -> bool:
    changed = [_noisy(function, 0.5, seed) != _LABELS for seed in range(5)]
    return all((mask == changed[0]).all() for mask in changed)


def _begun_again(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    def chosen(n: int, generator: torch.Generator) -> Tensor:
        return torch.randperm(n, generator=generator.manual_seed(seed))[: round(rate * n)]

    return _by_class(labels, num_classes, seed, chosen)


def _same_places(function: Callable) -> bool:
    """Whether classes of one size lose the same of their members, with every seed."""
    for seed in range(3):
        changed = _noisy(function, 0.5, seed, _ALIKE) != _ALIKE
        first, *others = (changed[c == _ALIKE] for c in range(3))
        if not all((mask == first).all() for mask in others):
            return False
    return True


def _in_blocks(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator, noisy, begin = torch.Generator().manual_seed(seed), labels.clone(), 0
    for c, n in enumerate(torch.bincount(labels, minlength=num_classes).tolist()):
        chosen = begin + torch.randperm(n, generator=generator)[: round(rate * n)]
        noisy[chosen] = (c + torch.randint(1, num_classes, (len(chosen),), generator=generator)) % num_classes
        begin += n
    return noisy


def _needs_them_sorted(function: Callable) -> bool:
    in_order = [_wrong_by_class(_noisy(function, rate, labels=_SORTED), _SORTED) for rate in _RATES]
    return in_order == [_asked(rate) for rate in _RATES] and _counts_scatter(function)


def _not_the_first_class(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    return torch.where(labels == 0, labels, corrupt_labels(labels, num_classes, rate, seed=seed))


def _leaves_a_class_out(function: Callable) -> bool:
    wrong = torch.tensor([_wrong_by_class(_noisy(function, rate)) for rate in _RATES]).sum(0)
    return bool((wrong == 0).any())


def _of_noisy_members(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator, noisy = torch.Generator().manual_seed(seed), labels.clone()
    for c in range(num_classes):
        members = (noisy == c).nonzero().flatten()
        chosen = members[torch.randperm(len(members), generator=generator)[: round(rate * len(members))]]
        noisy[chosen] = (c + torch.randint(1, num_classes, (len(chosen),), generator=generator)) % num_classes
    return noisy


def _changes_labels_twice(function: Callable) -> bool:
    """Whether a class is empty where all labels of all classes shall change: all that came into the last one left."""
    return len(_noisy(function, 1.0, labels=_ALIKE).unique()) < 3


def _with_replacement(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    def chosen(n: int, generator: torch.Generator) -> Tensor:
        return torch.randint(n, (round(rate * n),), generator=generator)

    return _by_class(labels, num_classes, seed, chosen)


def _draws_members_twice(function: Callable) -> bool:
    """Whether wrong labels are too few at 50 %, and hardly so at 10 %, where two draws seldom meet.

    Of labels that may be drawn again a quarter is missing at every rate.
    """
    found = sum(sum(_wrong_by_class(_noisy(function, 0.1, seed))) for seed in range(10))
    return _too_few(function) and found > 0.87 * 10 * sum(_asked(0.1))


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


def _counted_by(rounding: Callable) -> Callable:
    """Exact counts in each class, but other ones: ``rounding(rate, n)`` of n."""

    def corrupt(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
        def chosen(n: int, generator: torch.Generator) -> Tensor:
            return torch.randperm(n, generator=generator)[: rounding(rate, n)]

        return _by_class(labels, num_classes, seed, chosen)

    return corrupt


def _has_counts_of(rounding: Callable) -> Callable:
    def shows(function: Callable) -> bool:
        found = [_wrong_by_class(_noisy(function, rate)) for rate in _RATES]
        return found == [[rounding(rate, size) for size in _SIZES] for rate in _RATES]

    return shows


def _cut_off(rate: float, size: int) -> int:
    return int(rate * size)


def _raised(rate: float, size: int) -> int:
    return math.ceil(rate * size)


def _kept(rate: float, size: int) -> int:
    return size - round(rate * size)


def _rest_by_rate(rate: float, size: int) -> int:
    return round((1 - rate) * size)


def _never_the_last_step(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    wrong = corrupt_labels(labels, num_classes, rate, seed=seed) != labels
    steps = torch.randint(1, num_classes - 1, (len(labels),), generator=generator)
    return torch.where(wrong, (labels + steps) % num_classes, labels)


def _as_common_as_they_are(labels: Tensor, num_classes: int, rate: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noisy = corrupt_labels(labels, num_classes, rate, seed=seed)
    for c in range(num_classes):
        chosen, others = (noisy != labels) & (labels == c), labels[labels != c]
        noisy[chosen] = others[torch.randint(len(others), (int(chosen.sum()),), generator=generator)]
    return noisy


def _targets(function: Callable) -> Tensor:
    """Where the wrong labels of classes 0 and 2 go, over ten seeds: counts ``(2, 3)``, all others."""
    noisy = torch.stack([_noisy(function, 0.5, seed) for seed in range(10)])
    rows = [torch.bincount(noisy[:, c == _LABELS].flatten(), minlength=4) for c in (0, 2)]
    return torch.stack([torch.cat([row[:c], row[c + 1 :]]) for row, c in zip(rows, (0, 2), strict=True)])


def _misses_a_class(function: Callable) -> bool:
    return bool((_targets(function) == 0).any())


def _has_favourites(function: Callable) -> bool:
    counts = _targets(function).double()
    return bool(((counts / counts.sum(1, keepdim=True) - 1 / 3).abs() > 0.1).any())  # four standard deviations


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
        "with pair noise at one half, however many classes there are.",
        hint="Set the largest wrong share equal to the share that stays right, and solve for the rate.",
        mistakes=(
            Mistake(
                "the limit of pair noise",
                lambda: _largest_rate("pair"),
                "There all mistakes fall into one class. Here five classes share them.",
            ),
            Mistake("the limit of eight classes", 7 / 8, "These are six: a wrong label has five places to go to."),
            Mistake(
                "the share that is right", 1 / 6, "That is what is left *at* the limit; the rate is the other part."
            ),
            Mistake(
                "one class too few", 4 / 5, "Five wrong classes share the mistakes: solve $1 - r = r / 5$ once more."
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
                "labels that stay as they were",
                _lost_on_the_way,
                "No label is wrong in the end. With two pairs of brackets, `noisy[members][chosen] = ...`, a copy is "
                "written to: `noisy[members[chosen]] = ...`.",
                _changes_nothing,
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
                "a fixed number of classes",
                _of_four_classes,
                "With three classes labels come out that there are not. How many there are, `num_classes` says.",
                _knows_four_classes_only,
            ),
            Mistake(
                "the same members each time",
                _always_the_first,
                "Seeds 0 to 4 change the same labels, to other classes each time. Shuffle the members before you take "
                "the first.",
                _same_members,
            ),
            Mistake(
                "a generator that begins again in each class",
                _begun_again,
                "Classes of one size lose the same places. Make the generator once, before the loop over the classes.",
                _same_places,
            ),
            Mistake(
                "labels that must be sorted",
                _in_blocks,
                "The counts are right where the labels come class by class, and nowhere else. Find the members of a "
                "class with `labels == c`.",
                _needs_them_sorted,
            ),
            Mistake(
                "a class that is left out",
                _not_the_first_class,
                "In one class no label is ever wrong. Does the loop begin at 0 and reach `num_classes - 1`?",
                _leaves_a_class_out,
            ),
            Mistake(
                "members by labels that are wrong already",
                _of_noisy_members,
                "A label that was changed into class c is there when the turn comes to c, and may be changed again. "
                "Find the members in `labels`, not in the result.",
                _changes_labels_twice,
            ),
            Mistake(
                "pair noise",
                _always_the_next,
                "All mistakes of class 0 go to one class. Symmetric noise draws among all others.",
                _one_target,
            ),
            Mistake(
                "a count that is cut off",
                _counted_by(_cut_off),
                "`int` takes the lower number: of 47 faces at 10 % four are wrong where `round` makes five.",
                _has_counts_of(_cut_off),
            ),
            Mistake(
                "a count that is rounded up",
                _counted_by(_raised),
                "`ceil` takes the upper number: of 83 faces at 10 % nine are wrong where `round` makes eight.",
                _has_counts_of(_raised),
            ),
            Mistake(
                "the rate of the labels that stay",
                _counted_by(_kept),
                "The counts are exact, but those of $1 - r$: the rate is the share that goes *wrong*.",
                lambda function: any(_has_counts_of(kept)(function) for kept in (_kept, _rest_by_rate)),
            ),
            Mistake(
                "members that are drawn twice",
                _with_replacement,
                "`randint` may give a place more than once, so that fewer are changed than drawn. Take the first of a "
                "`randperm`.",
                _draws_members_twice,
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
            Mistake(
                "a class that is never drawn",
                _never_the_last_step,
                "One of the other classes never comes. `randint(low, high)` stops *before* `high`: for steps of 1 to "
                "$C - 1$ it must be $C$.",
                _misses_a_class,
            ),
            Mistake(
                "other classes with unequal chances",
                _as_common_as_they_are,
                "Some of the other classes come more often than others: each has the chance $1 / (C - 1)$.",
                _has_favourites,
            ),
        ),
    ),
}
