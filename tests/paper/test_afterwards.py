"""Counts of finished runs as percent of their own wrong labels, joined to rows by key."""

import pandas as pd
import pytest

from scnlib.paper.afterwards import NUMBERS, add_afterwards, load_afterwards

ROWS = pd.DataFrame([("a", 60.0, 40, 10, 5.0, 8.0), ("b", 70.0, 0, 0, 0.0, 0.0)], columns=["key", *NUMBERS])


def test_counts_become_percent_of_the_wrong_labels_and_of_none_there_is_no_percent():
    found = add_afterwards(pd.DataFrame({"key": ["b", "a", "c"]}), ROWS).set_index("key")
    assert found.loc["a"].tolist() == [60, 25, 12.5, 20]
    assert found.loc["b", "probe_accuracy"] == 70 and found.loc["b"].isna().sum() == 3
    assert found.loc["c"].isna().all()


def test_files_are_read_and_what_is_damaged_is_named(tmp_path):
    assert load_afterwards(tmp_path).empty and "probe_accuracy" in load_afterwards(tmp_path)
    ROWS.to_csv(tmp_path / "x_afterwards.csv", index=False)
    ROWS.assign(key="12").iloc[:1].to_csv(tmp_path / "y_afterwards.csv", index=False)
    assert load_afterwards(tmp_path)["key"].tolist() == ["a", "b", "12"]
    ROWS.astype({"new_second": object}).replace({"new_second": {10: "ten"}}).to_csv(
        tmp_path / "y_afterwards.csv", index=False
    )
    with pytest.raises(ValueError, match="y_afterwards.csv: column 'new_second', line 2: expected a number"):
        load_afterwards(tmp_path)
    ROWS.drop(columns="by_class").to_csv(tmp_path / "y_afterwards.csv", index=False)
    with pytest.raises(ValueError, match="y_afterwards.csv: column 'by_class' is missing"):
        load_afterwards(tmp_path)
