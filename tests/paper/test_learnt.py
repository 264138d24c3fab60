"""Right labels from those that agree and those that are memorised."""

import pandas as pd
import pytest

from scnlib.paper.learnt import learnt, stopped_early


def test_right_and_wrong_labels_are_counted_apart():
    """100 labels, 25 of them wrong: 60 of the right ones and 5 of the wrong ones are predicted; then 75 and 25."""
    one = pd.DataFrame({"epoch": [1, 2], "train_accuracy_given": [0.65, 1.0], "memorised": [0.2, 1.0],
                        "test_accuracy": [0.7, 0.6]})  # fmt: skip
    other = one.assign(test_accuracy=[0.5, 0.6])
    found = learnt(pd.concat([one, other]), 0.25).set_index("epoch")
    assert found["right"].tolist() == pytest.approx([0.8, 1.0])
    assert found["memorised"].tolist() == pytest.approx([0.2, 1.0])
    assert found.loc[1, ["test_low", "test", "test_high"]].tolist() == pytest.approx([0.5, 0.6, 0.7])


def test_the_epoch_is_chosen_on_validation_labels_and_not_on_the_test_set():
    curves = pd.DataFrame({"key": ["a", "a", "a", "b", "b"], "val_accuracy": [0.3, 0.5, 0.5, 0.2, 0.1],
                           "test_accuracy": [0.9, 0.6, 0.7, 0.4, 0.8]}, index=[0, 1, 2, 0, 1])  # fmt: skip
    assert stopped_early(curves.reset_index(drop=True)).to_dict() == {"a": 0.6, "b": 0.4}
