"""What alpha knows, as a file and as rows: nothing is lost between the two."""

import numpy as np
import pandas as pd
import pytest

from scnlib.knowledge import COLUMNS, add_knowledge, gathered, load_knowledge, spread
from tests.paper.made import run, table

ROWS = pd.DataFrame(
    [
        ("k1", "blur", "train", "spearman", 0.25, 90),
        ("k1", "flipped", "train", "auroc", 0.5, 100),
        ("k1", "flipped", "train", "auroc_within", 0.625, 100),
        ("k1", "blur", "test", "spearman", np.nan, 40),
        ("k0", "grey", "train", "auroc", 0.75, 7),
    ],
    columns=COLUMNS,
)


def ordered(knowledge):
    return knowledge.sort_values(["key", "mode", "quantity", "measure"]).reset_index(drop=True)


def test_a_line_for_each_run_and_signal(tmp_path):
    wide = spread(ROWS)
    assert wide[["key", "mode"]].to_numpy().tolist() == [["k1", "train"], ["k1", "test"], ["k0", "train"]]
    first = wide.iloc[0]
    assert (first["blur spearman"], first["flipped auroc_within"], first["flipped n"]) == (0.25, 0.625, 100)
    assert pd.isna(first["grey auroc"]) and pd.isna(first["grey n"])


def test_back_and_forth_through_a_file(tmp_path):
    spread(ROWS).to_csv(tmp_path / "a_knows.csv.xz", index=False, float_format="%.7g")
    back = load_knowledge(tmp_path)
    pd.testing.assert_frame_equal(ordered(back), ordered(ROWS), check_dtype=False)


def test_nothing_known_is_a_table_without_lines():
    empty = pd.DataFrame(columns=COLUMNS)
    assert spread(empty).empty and list(gathered(spread(empty)).columns) == COLUMNS


@pytest.mark.parametrize(("column", "named"), [("mode", "'mode'"), ("blur n", "'blur n'")])
def test_a_missing_column_is_named(tmp_path, column, named):
    spread(ROWS).drop(columns=column).to_csv(tmp_path / "a_knows.csv.xz", index=False)
    with pytest.raises(ValueError, match=f"a_knows.csv.xz: column {named} is missing"):
        load_knowledge(tmp_path)


def test_knowledge_is_counted_from_chance():
    rows = [("auroc", "occluded", "train", 0.6), ("spearman", "faint", "train", -0.2), ("auroc", "grey", "eval", 0.9)]
    knowledge = pd.DataFrame(rows, columns=["measure", "quantity", "mode", "value"]).assign(key=run()["key"])
    row = add_knowledge(table(run()), knowledge).iloc[0]
    assert (row["knows occluded"], row["knows faint"]) == pytest.approx((0.2, -0.2))
    assert "knows grey" not in row
