"""``NAME_knows.csv.xz``: what a run's signals of trust know of each known uncertainty, a line for each run and signal.

    key, mode, blur spearman, ..., flipped auroc, flipped auroc_within, ..., blur n, ..., flipped n, ...

So the file holds it; ``load_knowledge`` gives a row for each number, which is easier to work with.
"""

from pathlib import Path

import pandas as pd

from scnlib.paths import results_dir
from scnlib.tables import read_csv, with_numbers

COLUMNS = ["key", "quantity", "mode", "measure", "value", "n"]


def load_knowledge(path: Path | str | None = None) -> pd.DataFrame:
    """What alpha knows of each known uncertainty, from a ``*_knows.csv.xz`` file or a folder that holds some.

    Args:
        path: default ``data/results``.

    Returns:
        Columns ``key``, ``quantity``, ``mode``, ``measure``, ``value``, ``n``; no rows where there are no files.

    Raises:
        ValueError: if a file lacks a column; the message names file and column.
    """
    path, tables = Path(path or results_dir()), [pd.DataFrame(columns=COLUMNS)]
    for file in [path] if path.is_file() else sorted(path.glob("*_knows.csv.xz")):
        wide = read_csv(file, dtype={"key": str})
        for name in ("key", "mode"):
            if name not in wide.columns:
                raise ValueError(f"{file}: column {name!r} is missing; this is no table of what alpha knows")
        wide = with_numbers(file, wide, wide.columns.drop(["key", "mode"]))
        try:
            tables.append(gathered(wide))
        except KeyError as error:
            raise ValueError(f"{file}: column {error.args[0]!r} is missing: how many faces were compared") from None
    return pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)


def spread(knowledge: pd.DataFrame) -> pd.DataFrame:
    """From a row for each number to a line for each run and signal, as the file has it.

    Args:
        knowledge: columns ``COLUMNS``; a quantity has one n for all its measures.
    """
    named = knowledge.assign(
        column=knowledge["quantity"] + " " + knowledge["measure"], counted=knowledge["quantity"] + " n"
    )
    line = ["key", "mode"]
    values = named.set_index([*line, "column"])["value"].unstack()
    counts = named.drop_duplicates([*line, "counted"]).set_index([*line, "counted"])["n"].unstack()
    lines = knowledge[line].drop_duplicates()  # in their order, without pairs that nobody measured
    return lines.join(values, on=line).join(counts, on=line).reset_index(drop=True)


def gathered(wide: pd.DataFrame) -> pd.DataFrame:
    """The inverse of ``spread``, without quantities that a line does not have.

    Raises:
        KeyError: if a quantity has no column ``"<quantity> n"``.
    """
    parts = [pd.DataFrame(columns=COLUMNS)]
    for name in wide.columns.drop(["key", "mode"]):
        quantity, _, measure = name.rpartition(" ")
        if measure != "n":
            part = wide[["key", "mode"]].assign(
                quantity=quantity, measure=measure, value=wide[name], n=wide[f"{quantity} n"]
            )
            parts.append(part[part["n"].notna() & (part["value"].notna() | (measure != "auroc_within"))])
    table = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    return table[COLUMNS].astype({"n": int})


def add_knowledge(results: pd.DataFrame, knowledge: pd.DataFrame) -> pd.DataFrame:
    """Results with a column ``knows <quantity>`` for what alpha of the last training epoch knows; 0 is nothing.

    2 AUROC - 1, or Spearman's rank correlation, both in -1..1; positive where uncertain faces have the lower alpha.

    Args:
        results: one row a run, with ``key``.
        knowledge: of ``load_knowledge``.
    """
    rows = knowledge[(knowledge["mode"] == "train") & (knowledge["measure"] != "auroc_within")]
    values = rows["value"].astype(float)
    rows = rows.assign(value=values.where(rows["measure"] == "spearman", 2 * values - 1))
    added = {}
    for quantity, found in rows.groupby("quantity"):
        values = found.drop_duplicates("key").set_index("key")["value"]
        added[f"knows {quantity}"] = results["key"].map(values).astype(float)
    return results.assign(**added)
