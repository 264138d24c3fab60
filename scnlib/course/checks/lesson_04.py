"""Lesson 04: what was learnt, what was memorised, and which epoch counts."""

from types import SimpleNamespace

import pandas as pd
import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.course.measures import learnt
from scnlib.datasets.noise import corrupt_labels
from scnlib.evaluation import accuracy

# ---------------------------------------------------------------------------------------------------------------- 04.1


def _learnt(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[float, ...]:
    samples = {"given": given.numpy(), "true": true.numpy(), "prediction": prediction[None].numpy()}
    run = SimpleNamespace(samples=samples, metrics=pd.DataFrame({"epoch": [1], "test_accuracy": [0.0]}))
    row = learnt(run).iloc[0]
    return tuple(torch.tensor(row[name]) for name in ("right", "memorised", "seen_through"))


def _of_all_faces(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    wrong = given != true
    hits = ((prediction == given) & ~wrong, (prediction == given) & wrong, (prediction == true) & wrong)
    return tuple(hit.float().mean() for hit in hits)


def _the_rest_is_memory(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    right, _, seen = _learnt(given, true, prediction)
    return right, 1 - seen, seen


def _true_everywhere(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    _, memorised, seen = _learnt(given, true, prediction)
    return accuracy(prediction, true), memorised, seen


def _given_everywhere(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    _, memorised, seen = _learnt(given, true, prediction)
    return accuracy(prediction, given), memorised, seen


def _last_two_swapped(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    right, memorised, seen = _learnt(given, true, prediction)
    return right, seen, memorised


def _counts(given: Tensor, true: Tensor, prediction: Tensor) -> tuple[Tensor, ...]:
    return tuple(torch.round(share * len(given)) for share in _of_all_faces(given, true, prediction))


def _predictions(generator: torch.Generator) -> list[tuple]:
    by_hand = tuple(torch.tensor(row) for row in ([0, 1, 2, 0, 1], [0, 1, 1, 2, 0], [0, 2, 2, 2, 2]))
    cases = [by_hand]
    for _ in range(2):
        true = torch.randint(4, (50,), generator=generator)
        given = corrupt_labels(true, 4, 0.4)
        asked = torch.rand(50, generator=generator)
        guessed = torch.randint(4, (50,), generator=generator)
        cases.append((given, true, torch.where(asked < 0.3, given, torch.where(asked < 0.8, true, guessed))))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 04.2


def _by_heart() -> float:
    """How many true labels a network gets right that repeats every given one, at 30 % wrong."""
    true = torch.arange(8).repeat_interleave(100)
    return float(accuracy(corrupt_labels(true, 8, 0.3), true))


# ---------------------------------------------------------------------------------------------------------------- 04.3


def _reported(test: Tensor, validation: Tensor) -> Tensor:
    return test[validation.argmax()]


def _best_test(test: Tensor, validation: Tensor) -> Tensor:
    return test.max()


def _last(test: Tensor, validation: Tensor) -> Tensor:
    return test[-1]


def _validation_itself(test: Tensor, validation: Tensor) -> Tensor:
    return validation.max()


def _its_epoch(test: Tensor, validation: Tensor) -> Tensor:
    return validation.argmax()


def _last_of_the_best(test: Tensor, validation: Tensor) -> Tensor:
    return test[len(test) - 1 - validation.flip(0).argmax()]


def _mean_of_both(test: Tensor, validation: Tensor) -> Tensor:
    return test[(test + validation).argmax()]


def _curves(generator: torch.Generator) -> list[tuple]:
    by_hand = torch.tensor([0.40, 0.62, 0.55, 0.60, 0.52]), torch.tensor([0.30, 0.41, 0.44, 0.40, 0.39])
    tie = torch.tensor([0.50, 0.61, 0.58, 0.63]), torch.tensor([0.40, 0.44, 0.42, 0.44])
    drawn = (0.3 + 0.3 * torch.rand(2, 12, generator=generator) for _ in range(3))
    return [by_hand, tie, *(tuple(pair) for pair in drawn)]


EXERCISES = {
    "04.1": Implement(
        reference=_learnt,
        cases=_predictions,
        passed="Three shares with three denominators of their own. Only what lies clearly above a guess is memory.",
        mistakes=(
            Mistake(
                "shares of all faces",
                _of_all_faces,
                "*Of the right labels* and *of the wrong labels*: divide by the number of those, not by N.",
            ),
            Mistake(
                "everything that is not seen through as memory",
                _the_rest_is_memory,
                "A wrong label can also meet a third class, neither given nor true. Memorised is: the *given* class.",
            ),
            Mistake(
                "all true labels in the first share",
                _true_everywhere,
                "Look at the faces whose label is right, and at no others; the wrong ones have shares of their own.",
            ),
            Mistake(
                "all given labels in the first share",
                _given_everywhere,
                "That is the training accuracy, which mixes learning and memory. Take the faces with a right label "
                "only.",
            ),
            Mistake(
                "memory and insight swapped",
                _last_two_swapped,
                "Memorised: it predicts the *given*, false class. Seen through: the true one.",
            ),
            Mistake("counts", _counts, "Shares are wanted, from 0 to 1."),
        ),
    ),
    "04.2": Predict(
        truth=_by_heart,
        passed="It repeats the wrong ones, too: as many true labels as there are right ones, and never more. So 100 % "
        "on given labels and 70 % on true ones are the same network.",
        hint="It says of every face what its label says. For how many faces is that true?",
        mistakes=(
            Mistake("the accuracy on given labels", 1.0, "On those it is perfect. Three in ten of them are false."),
            Mistake("the share of wrong labels", 0.3, "That is how often it is *wrong* about the face."),
            Mistake("a guess", 1 / 8, "It has learnt the right labels by heart along with the wrong ones."),
        ),
    ),
    "04.3": Implement(
        reference=_reported,
        cases=_curves,
        passed="Chosen on one set, reported on another. The choice may be unlucky, and that is the honest part.",
        mistakes=(
            Mistake(
                "the best test epoch",
                _best_test,
                "Whoever looks at the test curve to choose has used the test set for training. Choose with "
                "`validation`.",
            ),
            Mistake(
                "the last epoch", _last, "Honest, too, and what this course reports; but here a choice was asked for."
            ),
            Mistake(
                "the validation accuracy",
                _validation_itself,
                "It chose the epoch, so it flatters itself, and its labels are noisy. Report `test` at that epoch.",
            ),
            Mistake(
                "the last of the best epochs",
                _last_of_the_best,
                "Two epochs may be equally good on the validation faces; the *first* of them counts, says the task.",
            ),
            Mistake("the number of the epoch", _its_epoch, "The test accuracy *in* that epoch is wanted."),
            Mistake("a choice with the test set's help", _mean_of_both, "Half a look at the test set is a look."),
        ),
    ),
}
