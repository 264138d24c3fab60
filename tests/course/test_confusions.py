"""Matrices of counts, each against numbers worked out another way."""

import math

import numpy as np
import pandas as pd
import pytest

from scnlib.course import confusions
from tests.course.test_readings import rendered
from tests.paper.made import table


class TestClasses:
    CONFUSION = pd.DataFrame(
        [("x", "a", 6, 4), ("x", "b", 1, 9), ("y", "a", 8, 2), ("y", "b", 3, 7), ("z", "a", 0, 10), ("z", "b", 10, 0)],
        columns=["key", "label", "a", "b"],
    )

    def test_matrices_are_added_and_others_left_out(self):
        assert confusions.error_matrix(self.CONFUSION, ["x", "y"]).to_numpy().tolist() == [[14, 6], [4, 16]]
        assert confusions.class_recall(self.CONFUSION, ["x", "y"]) == {"a": 0.7, "b": 0.8}
        assert confusions.class_recall(self.CONFUSION, []) == {}

    def test_a_class_that_is_lost_altogether_is_halved_and_one_that_nobody_had_is_not(self):
        reference = {"a": 0.8, "b": 0.5, "c": 0.5, "d": 0.0}
        assert confusions.halved({"a": 0.4, "b": 0.24, "c": 0.0, "d": 0.0}, reference) == ["b", "c"]

    def frame(self, rows, names="abc"):
        return pd.DataFrame(rows, index=list(names), columns=list(names))

    def test_the_same_mistakes_whatever_their_number(self):
        one = self.frame([[50, 9, 1], [8, 70, 2], [3, 7, 60]])
        often = one * 10
        assert confusions.same_mistakes(one, often) == pytest.approx(1)
        swapped = self.frame([[50, 1, 9], [2, 70, 8], [7, 3, 60]])
        assert confusions.same_mistakes(one, swapped) == pytest.approx(-1, abs=0.1)

    def test_how_many_are_right_does_not_count(self):
        one = self.frame([[50, 9, 1], [8, 70, 2], [3, 7, 60]])
        other = one.to_numpy(copy=True)
        np.fill_diagonal(other, 1)
        assert confusions.same_mistakes(one, self.frame(other)) == pytest.approx(1)

    def test_a_class_that_one_side_never_names_stays_out(self):
        one = self.frame([[50, 9, 1, 5], [8, 70, 2, 5], [3, 7, 60, 5], [1, 2, 3, 4]], "abcd")
        other = self.frame([[50, 9, 1, 0], [8, 70, 2, 0], [3, 7, 60, 0], [9, 0, 0, 0]], "abcd")
        assert confusions.same_mistakes(one, other) == pytest.approx(1)

    def test_several_matrices_are_judged_by_the_same_classes(self):
        one = self.frame([[50, 9, 1, 5], [8, 70, 2, 5], [3, 7, 60, 5], [1, 2, 3, 4]], "abcd")
        silent = one.assign(d=0)
        assert confusions.classes_in_use(one, silent) == ["a", "b", "c"]
        inside = one.loc[list("abc"), list("abc")]
        other = self.frame([[1, 2, 3], [1, 2, 4], [5, 2, 1]])
        assert confusions.same_mistakes(one, other, ["a", "b", "c"]) == confusions.same_mistakes(inside, other)

    def test_too_little_is_no_number(self):
        assert math.isnan(
            confusions.same_mistakes(self.frame([[1, 2], [3, 4]], "ab"), self.frame([[1, 2], [3, 4]], "ab"))
        )


@pytest.mark.parametrize("by", ["true", "given"])
def test_a_score_that_knows_the_class_alone_against_all_pairs(by):
    counts = pd.DataFrame([[6, 4, 0], [1, 8, 0], [0, 3, 2]], list("abc"), list("abc"))
    faces = [(true, given) for true in counts.index for given in counts for _ in range(counts.loc[true, given])]
    known = [face[by == "given"] for face in faces]
    wrong = [true != given for true, given in faces]
    rate = {name: np.mean([w for k, w in zip(known, wrong, strict=True) if k == name]) for name in set(known)}
    pairs = [(rate[known[i]] > rate[known[j]]) + 0.5 * (rate[known[i]] == rate[known[j]])
             for i in range(len(faces)) for j in range(len(faces)) if wrong[i] and not wrong[j]]  # fmt: skip
    assert confusions.class_only_auroc(counts, by) == pytest.approx(np.mean(pairs))


def test_classes_pay_over_the_seeds_that_both_have():
    """Seed 1 of the baseline, which recognises nobody, has no partner; with it 3 of 10 were no loss beside 8 of 20."""
    runs = {"b0": ("baseline", 60, 0), "b1": ("baseline", 80, 1), "e0": ("elr", 57, 0)}
    results = table(*(rendered(*of, dataset="ferplus", key=key) | {"dataset": "ferplus"} for key, of in runs.items()))
    counts = {"b0": (8, 5), "b1": (0, 0), "e0": (3, 5)}  # of ten faces of each class, recognised
    rows = [row for key, (a, b) in counts.items() for row in ((key, "a", a, 10 - a), (key, "b", 10 - b, b))]
    confusion = pd.DataFrame(rows, columns=["key", "label", "a", "b"])
    found = confusions.what_classes_pay(results, confusion, ["elr"], 0.3)
    assert found == [{"method": "ELR", "gain": "-3.0", "lost": "a", "n": 1}]
