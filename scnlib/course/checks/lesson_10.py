"""Lesson 10: does a score know the face, or only its class?"""

import torch
from torch import Tensor

from scnlib.course.checks.kinds import Implement, Mistake, Predict
from scnlib.evaluation import auroc
from scnlib.uncertainty import auroc_within

# ---------------------------------------------------------------------------------------------------------------- 10.1


def _over_all(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    return auroc(scores, wrong)


def _of_each(scores: Tensor, wrong: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """AUROC, pairs and faces of each class that has both kinds."""
    rows = []
    for label in classes.unique():
        member = classes == label
        yes = int(wrong[member].sum())
        pairs = yes * (int(member.sum()) - yes)
        if pairs:
            rows.append((float(auroc(scores[member], wrong[member])), float(pairs), float(member.sum())))
    return tuple(torch.tensor(rows, dtype=torch.float64).T)


def _classes_alike(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    return _of_each(scores, wrong, classes)[0].mean()


def _by_faces(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    values, _, faces = _of_each(scores, wrong, classes)
    return (values * faces).sum() / faces.sum()


def _turned(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    return auroc_within(-scores, wrong, classes)


def _between(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    means = torch.stack([scores[classes == label].mean() for label in classes])
    return auroc(means, wrong)


def _centred(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    means = torch.stack([scores[classes == label].mean() for label in classes])
    return auroc(scores - means, wrong)


def _of_ties(scores: Tensor, wrong: Tensor, classes: Tensor, share: float) -> Tensor:
    a, b = scores[wrong][:, None], scores[~wrong]
    alike = classes[wrong][:, None] == classes[~wrong]
    return ((a > b) + share * (a == b))[alike].double().mean()


def _ties_lost(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    return _of_ties(scores, wrong, classes, 0.0)


def _ties_won(scores: Tensor, wrong: Tensor, classes: Tensor) -> Tensor:
    return _of_ties(scores, wrong, classes, 1.0)


def _faces(generator: torch.Generator) -> list[tuple]:
    scores = torch.tensor([0.9, 0.8, 0.7, 0.3, 0.2, 0.1, 0.4, 0.5])
    by_hand = scores, torch.tensor([1, 1, 0, 0, 1, 0, 0, 0]).bool(), torch.tensor([0, 0, 0, 1, 1, 1, 2, 2])
    cases = [by_hand]
    for n in (60, 150):
        classes = torch.randint(4, (n,), generator=generator) ** 2 // 3
        wrong = torch.rand(n, generator=generator) < 0.15 + 0.2 * classes
        known = 0.5 * classes + 0.3 * wrong * (classes < 2)
        scores = (known + torch.rand(n, generator=generator)).mul(10).round() / 10  # in tenths: ties
        cases.append((scores, wrong, classes))
    return cases


# ---------------------------------------------------------------------------------------------------------------- 10.2


def _knows_the_class() -> float:
    """Classes of 100 faces, 60 and 10 of them wrong; the score is 1 in the first class and 0 in the second."""
    scores = torch.cat([torch.ones(100), torch.zeros(100)])
    wrong = torch.cat([torch.arange(100) < 60, torch.arange(100) < 10])
    return float(auroc(scores, wrong))


EXERCISES = {
    "10.1": Implement(
        reference=auroc_within,
        cases=_faces,
        passed="Only pairs of one class are compared. What is left above 0.5 is knowledge of the face and not of its "
        "class.",
        mistakes=(
            Mistake(
                "an AUROC over all faces",
                _over_all,
                "It also rewards a score for ranking whole *classes*. Compare a wrong and a right label of the same "
                "class.",
            ),
            Mistake(
                "classes that count alike",
                _classes_alike,
                "A class with three pairs would weigh as much as one with three thousand: weigh each by its pairs.",
            ),
            Mistake("classes weighed by their faces", _by_faces, "The unit is a *pair* of a wrong and a right label."),
            Mistake(
                "the order turned round",
                _turned,
                "Here a *high* score means suspicion, and a wrong label should have it.",
            ),
            Mistake(
                "ties that nobody wins", _ties_lost, "Two equal scores decide nothing: such a pair counts one half."
            ),
            Mistake("ties that are won", _ties_won, "Two equal scores decide nothing: such a pair counts one half."),
            Mistake("the means of the classes", _between, "That keeps just what should be taken out: the class."),
            Mistake(
                "scores less the mean of their class",
                _centred,
                "A good idea, but pairs across classes are still compared, on scales that need not agree.",
            ),
        ),
    ),
    "10.2": Predict(
        truth=_knows_the_class,
        passed="Far above a coin's 0.5, without having looked at a single face. *Within* each class it is exactly 0.5.",
        hint="Of all pairs of a wrong and a right label: in how many is the wrong one in the first class and the "
        "right one in the "
        "second (won), and in how many are both in one class (half)?",
        within=0.01,
        mistakes=(
            Mistake(
                "a coin",
                0.5,
                "Within a class, yes. Over all faces most wrong labels lie in the class with the high score.",
            ),
            Mistake("ties that are lost", 54 / 91, "Two faces of one class tie, and a tie counts one half."),
            Mistake("the share of wrong labels", 0.6, "That is a property of the first class. Count pairs."),
            Mistake("certainty", 1.0, "It is blind within each class, and there are wrong labels in both."),
        ),
    ),
}
