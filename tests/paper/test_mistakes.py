"""Mistakes against a world in which labels attract them and true classes do not matter."""

import numpy as np
import pandas as pd
import pytest

from scnlib.paper.mistakes import commonest_beyond_sinks, counts_matrix, expected_mistakes, sink_shares

NAMES = list("abcd")
OFF = ~np.eye(4, dtype=bool)


def a_world_of_sinks(totals=(6000, 3000, 1000, 2000), weights=(0.1, 0.2, 0.3, 0.4)):
    """Expected counts where a mistake's label depends on nothing but its attraction."""
    shares = OFF * np.array(weights)
    return np.array(totals)[:, None] * shares / shares.sum(1, keepdims=True)


def test_the_attraction_of_labels_is_found_again():
    assert sink_shares(a_world_of_sinks(), OFF) == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=1e-6)


def test_the_expected_mistakes_of_each_label_are_its_observed_ones():
    wrong = np.random.default_rng(0).integers(1, 500, (4, 4)) * OFF
    weights = sink_shares(wrong, OFF)
    expected = wrong.sum(1, keepdims=True) * OFF * weights / (OFF * weights).sum(1, keepdims=True)
    assert expected.sum(0) == pytest.approx(wrong.sum(0), rel=1e-3)


def test_a_share_of_all_mistakes_would_mislead():
    wrong = a_world_of_sinks()
    assert wrong.sum(0)[0] / wrong.sum() < 0.075, (
        "label a seems to attract little: its own class makes half the mistakes"
    )


def test_the_fit_takes_many_tables_at_once():
    tables = np.random.default_rng(0).integers(1, 500, (3, 4, 4)) * OFF
    assert sink_shares(tables, OFF) == pytest.approx(np.stack([sink_shares(table, OFF) for table in tables]))


def test_sinks_alone_leave_nothing_to_explain():
    table = commonest_beyond_sinks(a_world_of_sinks().round().astype(int), NAMES, NAMES, draws=400)
    assert table["given"].tolist() == ["d", "d", "d", "c"]
    assert table["excess"].abs().max() < 0.002
    assert ((table["low"] < 0) & (table["high"] > 0)).all()


def test_what_a_class_does_alone_stands_out():
    wrong = a_world_of_sinks().round().astype(int)
    wrong[0] = [0, 5000, 500, 500]
    row = commonest_beyond_sinks(wrong, NAMES, NAMES, draws=400).iloc[0]
    # The other classes still show the old attraction: b's share of what is wrong for a is .2 / (.2 + .3 + .4).
    assert (row["given"], row["n"]) == ("b", 6000)
    assert row["share"] == pytest.approx(5 / 6) and row["expected"] == pytest.approx(2 / 9, abs=0.01)
    assert row["low"] > 0.5 and row["low"] < row["excess"] < row["high"]


def test_right_labels_play_no_part_and_classes_without_mistakes_are_left_out():
    wrong = a_world_of_sinks().round().astype(int)
    wrong[2] = 0
    bare, full = (commonest_beyond_sinks(wrong + right * np.eye(4, dtype=int), NAMES, NAMES) for right in (0, 900))
    assert bare["true"].tolist() == ["a", "b", "d"] and bare.equals(full)


def test_a_true_class_that_no_label_names_is_compared_like_others():
    wrong = a_world_of_sinks().round().astype(int)
    table = commonest_beyond_sinks(np.vstack([wrong, [10, 20, 30, 40]]), [*NAMES, "e"], NAMES)
    assert table.iloc[4]["share"] == 0.4 and table.iloc[4]["expected"] == pytest.approx(0.4, abs=0.002)


def test_the_interval_has_its_coverage():
    """In worlds of sinks the interval of class a holds 0 in about 95 of 100 draws."""
    shares, generator = a_world_of_sinks(), np.random.default_rng(1)
    held = 0
    for number in range(100):
        counts = np.stack([generator.multinomial(300, row / row.sum()) for row in shares])
        row = commonest_beyond_sinks(counts, NAMES, NAMES, draws=200, seed=number).iloc[3]  # d has no rival near c
        held += row["low"] <= 0 <= row["high"]
    assert held >= 86


def test_the_same_seed_draws_the_same_and_leaves_the_global_one_alone():
    state = np.random.get_state()[1].copy()
    wrong = a_world_of_sinks().round().astype(int)
    first, again = (commonest_beyond_sinks(wrong, NAMES, NAMES) for _ in range(2))
    assert first.equals(again) and (np.random.get_state()[1] == state).all()
    assert not first.equals(commonest_beyond_sinks(wrong, NAMES, NAMES, seed=1))


def test_one_class_alone_cannot_be_compared():
    with pytest.raises(ValueError, match="at least two classes"):
        commonest_beyond_sinks(a_world_of_sinks().astype(int) * [[1], [0], [0], [0]], NAMES, NAMES)


def test_classes_that_share_no_mistake_cannot_be_compared_and_say_so():
    table = commonest_beyond_sinks([[0, 9], [9, 0]], ["a", "b"], ["a", "b"], draws=10)
    assert table["share"].tolist() == [1, 1] and table[["expected", "excess", "low", "high"]].isna().all(axis=None)


def test_counts_become_a_matrix_in_the_order_of_the_table():
    table = pd.DataFrame([("b", "b", 3), ("b", "a", 1), ("b", "c", 0), ("a", "b", 2), ("a", "a", 5)],
                         columns=["true", "given", "count"])  # fmt: skip
    matrix, rows, columns = counts_matrix(table, "true", "given")
    assert (rows, columns) == (["b", "a"], ["b", "a"])  # nobody was called c
    assert matrix.tolist() == [[3, 1], [2, 5]]


def test_quasi_independence_keeps_rows_columns_and_products():
    counts = np.array([[0.0, 6, 3, 3], [5, 0, 1, 2], [4, 4, 0, 2], [9, 1, 1, 0]])
    fitted = expected_mistakes(counts, ~np.eye(4, dtype=bool))
    assert fitted.sum(0) == pytest.approx(counts.sum(0), rel=1e-4)
    assert fitted.sum(1) == pytest.approx(counts.sum(1), rel=1e-4)
    assert (fitted.diagonal() == 0).all()
    # a_i b_j: cross ratios without the diagonal are 1
    assert fitted[0, 2] * fitted[1, 3] == pytest.approx(fitted[0, 3] * fitted[1, 2])
