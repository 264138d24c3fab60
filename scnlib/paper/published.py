"""The papers' tables as data: all in ``TABLES``, one number with ``published``."""

from scnlib.options import known_words
from scnlib.paper import lrn, scn
from scnlib.paper.record import Published

TABLES: dict[str, tuple[Published, ...]] = {
    "scn-1": scn.TABLE_1,
    "scn-2": scn.TABLE_2,
    "scn-3": scn.TABLE_3,
    "scn-4": scn.TABLE_4,
    "scn-5": scn.TABLE_5,
    "scn-6": scn.TABLE_6,
    "scn-7": scn.TABLE_7,
    "scn-fig5": scn.FIGURE_5,
    "scn-text": scn.TEXT,
    "lrn-1": lrn.TABLE_1,
    "lrn-2": lrn.TABLE_2,
    "lrn-3": lrn.TABLE_3,
    "lrn-text": lrn.TEXT,
}
TITLES = {
    "scn-1": "SCN table 1: statistics of WebEmotion",
    "scn-2": "SCN table 2: synthetic label noise",
    "scn-3": "SCN table 3: pretraining on WebEmotion",
    "scn-4": "SCN table 4: original labels",
    "scn-5": "SCN table 5: the three modules",
    "scn-6": "SCN table 6: the weight gamma of the rank loss",
    "scn-7": "SCN table 7: comparison to the state of the art",
    "scn-fig5": "SCN figure 5: delta 1, delta 2 and beta",
    "scn-text": "SCN: numbers in the text",
    "lrn-1": "LRN table 1: synthetic label noise",
    "lrn-2": "LRN table 2: ablation of the two parts",
    "lrn-3": "LRN table 3: comparison to the state of the art",
    "lrn-text": "LRN: numbers in the text",
}


def published(table: str, row: str, column: str) -> Published:
    """The number in one cell of one published table.

    Raises:
        ValueError: if there is no such table, or no such cell in it.
    """
    if table not in TABLES:
        raise ValueError(f"no published table {table!r}; {known_words(table, TABLES)}")
    for cell in TABLES[table]:
        if (cell.row, cell.column) == (row, column):
            return cell
    rows = ", ".join(dict.fromkeys(repr(cell.row) for cell in TABLES[table]))
    columns = ", ".join(dict.fromkeys(repr(cell.column) for cell in TABLES[table]))
    raise ValueError(f"{table} has no cell {row!r}, {column!r}; its rows: {rows}; its columns: {columns}")
