"""``NAME_afterwards.csv``: what finished runs were asked (``scnlib.afterwards``), a line for each run."""

from pathlib import Path

import pandas as pd

from scnlib.paths import results_dir
from scnlib.tables import read_csv

SUFFIX = "_afterwards"
NUMBERS = ("probe_accuracy", "new_wrong", "new_second", "by_popularity", "by_class")


def load_afterwards(*paths: Path | str) -> pd.DataFrame:
    """The lines of ``*_afterwards.csv`` files or of the folders that hold them; default ``data/results``.

    Raises:
        ValueError: a file lacks a column, or a cell is no number; the message names it.
    """
    tables = [pd.DataFrame(columns=["key", *NUMBERS])]
    for path in map(Path, paths or (results_dir(),)):
        for file in [path] if path.is_file() else sorted(path.glob(f"*{SUFFIX}.csv")):
            table = read_csv(file, NUMBERS, dtype={"key": str})
            for column in ("key", *NUMBERS):
                if column not in table:
                    raise ValueError(f"{file}: column {column!r} is missing; this is no table of finished runs")
            tables.append(table)
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


def add_afterwards(results: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Results with what was asked of them later, in percent; NaN where nobody asked.

    ``probe_accuracy``; of the wrong new labels ``second`` are second choices, ``second_popular`` and
    ``second_popular_in_class`` would be by chance, see ``scnlib.afterwards``.

    Args:
        results: one row a run, with ``key``.
        table: of ``load_afterwards``.
    """
    found = table.drop_duplicates("key").set_index("key")[list(NUMBERS)].astype(float)
    shares = {"second": "new_second", "second_popular": "by_popularity", "second_popular_in_class": "by_class"}
    wrong = found["new_wrong"].where(found["new_wrong"] > 0)
    found = found.assign(**{name: 100 * found[count] / wrong for name, count in shares.items()})
    return results.assign(**{name: results["key"].map(found[name]) for name in ("probe_accuracy", *shares)})
