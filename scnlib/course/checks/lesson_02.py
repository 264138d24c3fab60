"""Lesson 02: from ten votes to one label, and what the votes say beyond it."""

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.datasets.ferplus import CLASSES, PUBLISHED_CLASSES, majority_labels, plurality_labels
from scnlib.evaluation import accuracy, mean_class_accuracy
from scnlib.uncertainty import vote_entropy

_EMOTIONS = len(CLASSES)


def _labelled(votes: Tensor, counted: Tensor, least: Tensor) -> Tensor:
    """The winner where it has more than ``least`` and is an emotion, else -1."""
    top, winner = counted.max(1)
    return torch.where((top > least) & (winner < _EMOTIONS), winner, -1)


def _without_singles(votes: Tensor) -> Tensor:
    return torch.where(votes == 1, 0, votes)


# ---------------------------------------------------------------------------------------------------------------- 02.1


def _singles_counted(votes: Tensor) -> Tensor:
    return _labelled(votes, votes, votes.sum(1) / 2)


def _half_is_enough(votes: Tensor) -> Tensor:
    counted = _without_singles(votes)
    return _labelled(votes, counted, counted.sum(1) / 2 - 0.25)


def _emotions_only(votes: Tensor) -> Tensor:
    counted = _without_singles(votes)[:, :_EMOTIONS]
    return _labelled(votes, counted, counted.sum(1) / 2)


def _any_column(votes: Tensor) -> Tensor:
    counted = _without_singles(votes)
    top, winner = counted.max(1)
    return torch.where(2 * top > counted.sum(1), winner, -1)


def _ballots(generator: torch.Generator) -> list[tuple]:
    clear = torch.tensor([[8, 0, 0, 2, 0, 0, 0, 0, 0, 0]])
    by_hand = torch.tensor(
        [
            [5, 1, 0, 4, 0, 0, 0, 0, 0, 0],  # 5 of 9 once the single vote is gone
            [5, 1, 1, 1, 1, 1, 0, 0, 0, 0],
            [0, 5, 5, 0, 0, 0, 0, 0, 0, 0],
            [2, 0, 0, 2, 0, 0, 0, 0, 6, 0],
            [0, 0, 5, 0, 0, 0, 2, 0, 3, 0],
            [0, 0, 4, 0, 0, 0, 0, 0, 4, 2],
        ]
    )
    chance = torch.rand(64, 10, generator=generator) ** 4
    drawn = torch.multinomial(chance, 10, replacement=True, generator=generator)
    return [(clear,), (by_hand,), (torch.nn.functional.one_hot(drawn, 10).sum(1),)]


# ---------------------------------------------------------------------------------------------------------------- 02.2

_LABELS = torch.repeat_interleave(torch.arange(_EMOTIONS), torch.tensor(PUBLISHED_CLASSES))


def _always_neutral() -> float:
    return float(mean_class_accuracy(torch.zeros_like(_LABELS), _LABELS, _EMOTIONS))


def _plain_accuracy() -> float:
    return float(accuracy(torch.zeros_like(_LABELS), _LABELS))


# ---------------------------------------------------------------------------------------------------------------- 02.3


def _shares(votes: Tensor) -> Tensor:
    return votes.double() / votes.sum(1, keepdim=True)


def _nats(votes: Tensor) -> Tensor:
    return torch.special.entr(_shares(votes)).sum(1)


def _nothing_times_infinity(votes: Tensor) -> Tensor:
    p = _shares(votes)
    return -(p * p.log2()).sum(1)


def _share_of_the_largest(votes: Tensor) -> Tensor:
    return torch.special.entr(_shares(votes)).sum(1) / torch.tensor(float(votes.shape[1])).double().log()


def _negative(votes: Tensor) -> Tensor:
    return -vote_entropy(votes)


def _one_for_all(votes: Tensor) -> Tensor:
    return vote_entropy(votes).sum()


def _minority(votes: Tensor) -> Tensor:
    return 1 - _shares(votes).max(1).values


def _emotion_votes(generator: torch.Generator) -> list[tuple]:
    return [
        (torch.tensor([[10, 0, 0, 0, 0, 0, 0, 0]]),),
        (torch.tensor([[5, 5, 0, 0, 0, 0, 0, 0], [4, 0, 0, 3, 2, 0, 0, 0]]),),
        (torch.randint(0, 5, (16, 8), generator=generator) + 1,),
    ]


EXERCISES = {
    "02.1": Implement(
        reference=majority_labels,
        cases=_ballots,
        passed="And every face with -1 is not trained on at all: the rule removes the most uncertain faces.",
        mistakes=(
            Mistake(
                "single votes that count",
                _singles_counted,
                "FER+ takes one lone vote for a column as a slip: it may not win, nor make a majority harder to reach.",
            ),
            Mistake(
                "half as a majority",
                _half_is_enough,
                "*More* than half: with 5 to 5 either class would do, and the order of the columns would decide.",
            ),
            Mistake(
                "a majority among emotions only",
                _emotions_only,
                'Votes for "unknown" and "not a face" are votes against the label. The sum runs over all ten columns.',
            ),
            Mistake(
                "a label that is no emotion",
                _any_column,
                'Columns 8 and 9 are "unknown" and "not a face". Where one of them wins, there is no label: -1.',
            ),
            Mistake(
                "the most votes",
                plurality_labels,
                "Four of ten can be the most and are no majority. Compare the top column with half of the sum.",
            ),
        ),
    ),
    "02.2": Predict(
        truth=_always_neutral,
        passed="One class wholly right, seven wholly wrong: 1 in 8, however many faces are neutral. That is why the "
        "mean class accuracy shows ignorance that the accuracy hides.",
        hint="Write down the share that is right in each of the eight classes, then take their mean.",
        mistakes=(
            Mistake(
                "the accuracy",
                _plain_accuracy,
                "That is the share of neutral faces. Here each *class* counts alike, however large it is.",
            ),
            Mistake("no class right", 0.0, "One class is wholly right: the faces that are neutral."),
            Mistake("all right", 1.0, "Only the neutral faces are."),
        ),
    ),
    "02.3": Implement(
        reference=vote_entropy,
        cases=_emotion_votes,
        passed="0 bits where all agree, 1 for a coin toss between two, 3 where all eight are as likely.",
        mistakes=(
            Mistake("an entropy in nats", _nats, "The natural logarithm measures in nats; bits want `log2`."),
            Mistake(
                "nothing times minus infinity",
                _nothing_times_infinity,
                "A class without votes has $0 \\cdot \\log 0$, which a computer calls NaN and which shall count 0. "
                "`torch.special.xlogy` or `entr` do it; or leave out the zeros.",
            ),
            Mistake(
                "a share of the largest entropy",
                _share_of_the_largest,
                "Divided by $\\log C$ it runs from 0 to 1. Useful, but no longer in bits.",
            ),
            Mistake("a negative entropy", _negative, "Logarithms of shares are negative; the minus sign is missing."),
            Mistake("one number for all faces", _one_for_all, "Sum over the classes only: one number a face."),
            Mistake(
                "the share of the minority",
                _minority,
                "That knows only how many disagree, not among how many classes they scatter.",
            ),
        ),
    ),
}
