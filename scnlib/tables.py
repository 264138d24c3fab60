"""CSV tables that others may have made, cut off, or opened in an office program: complaints name file and line."""

from collections.abc import Iterable
from lzma import LZMAError
from pathlib import Path

import numpy as np
import pandas as pd


def read_csv(path: Path | str, numbers: Iterable[str] = (), **options: object) -> pd.DataFrame:
    """A table with commas between its columns, in UTF-8.

    Args:
        path: of the file.
        numbers: columns that, where they are there, hold finite numbers or nothing.
        options: of ``pandas.read_csv``.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is empty, no such table, or a cell is no number.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no table {path}")
    try:
        table = pd.read_csv(path, encoding_errors="surrogateescape", low_memory=False, **options)
    except (ValueError, EOFError, LZMAError) as error:  # pandas' own are ValueErrors, too
        raise ValueError(f"{path} cannot be read as CSV ({str(error).strip()}); copy or write it again") from None
    _check_separator(path, table)
    return with_numbers(path, table, (name for name in numbers if name in table))


def with_numbers(path: Path, table: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The table with columns that hold finite numbers or nothing.

    Raises:
        ValueError: a cell is no number; the message names file, column and line.
    """
    return table.assign(**{name: _numbers(path, name, table[name]) for name in names})


def with_configs(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of runs with their configs, which ``NAME_configs.csv.xz`` beside ``NAME.csv`` holds, joined by ``key``.

    A table of something else comes back as it is, and so does one that has a column ``config`` and nothing beside it.

    Raises:
        ValueError: the table of configs is missing or damaged, or has none for a row.
    """
    beside = path.with_name(f"{path.stem}_configs.csv.xz")
    if not beside.is_file() and "config_sha256" in table and "config" not in table:
        raise ValueError(f"{beside} is missing: the configs of the rows of {path.name}, which lie beside it")
    if not beside.is_file() or "key" not in table:
        return table
    configs = read_csv(beside, dtype=str)
    for name in ("key", "config"):
        if name not in configs:
            raise ValueError(f"{beside}: column {name!r} is missing; this is no table of configs")
    found = table["key"].map(configs.drop_duplicates("key", keep="last").set_index("key")["config"])
    if found.isna().any():
        raise ValueError(f"{beside} has no config for key {table['key'][found.isna()].iloc[0]!r} of {path.name}")
    return table.assign(config=found)


def _check_separator(path: Path, table: pd.DataFrame) -> None:
    for separator, words in ((";", "semicolons"), ("\t", "tabs")):
        if len(table.columns) == 1 and separator in str(table.columns[0]):
            raise ValueError(f"{path} has {words} between its columns; save it again with commas")


def _numbers(path: Path, name: str, cells: pd.Series) -> pd.Series:
    found = pd.to_numeric(cells, errors="coerce")
    wrong = np.isinf(found.to_numpy(float, na_value=np.nan))
    if not pd.api.types.is_numeric_dtype(cells):
        wrong |= (found.isna() & cells.notna() & (cells.astype(str).str.strip() != "")).to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(f"{path}: column {name!r}, line {row + 2}: expected a number, found {str(cells.iloc[row])!r}")
    return found


def encoded(classes: Iterable[int]) -> str:
    """Classes as text, a character each: "0" for class 0, "1" for class 1, and so on; ``decoded`` reads it."""
    return "".join(chr(ord("0") + int(one)) for one in classes)


def decoded(text: str) -> np.ndarray:
    """The inverse of ``encoded``: int64, one for each character."""
    return np.array([ord(character) - ord("0") for character in text], dtype=np.int64)
