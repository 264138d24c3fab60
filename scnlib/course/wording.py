"""Numbers in words and tables for the eye."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from scnlib.paper.arms import gain_text

#: What stands in a table of arms where there is no number.
NO_NUMBER = {
    "mean": "not measured", "std": "one seed", "gain": "no gain to show", "effect": "not tested",
    "low": "no interval", "high": "no interval",
}  # fmt: skip


def readable(
    table: pd.DataFrame, digits: int = 1, missing: str | Mapping[str, str] = NO_NUMBER, exact: Sequence[str] = ()
) -> pd.DataFrame:
    """A table for the eye: numbers rounded, and a word (or nothing) where there is none.

    Args:
        missing: the word, or column -> word; a column without one stays empty there.
        exact: columns that are not rounded, such as settings.
    """
    # Python rounds the number as a format does; pandas would make 62.4 of 62.45, and text 62.5.
    rounded = table.copy()
    for name in table.select_dtypes("float"):
        if name not in exact:
            rounded[name] = table[name].map(lambda value: round(value, digits))
    words = {name: missing if isinstance(missing, str) else missing.get(name, "") for name in table}
    # fillna would refuse a word in a column of numbers.
    return rounded.astype(object).apply(lambda column: column.where(column.notna(), words[column.name]))


def gain(value: float, low: float, high: float) -> str:
    """``paper.arms.gain_text`` as a sentence has it, with one digit: ``"+1.2 [-0.3, +2.7]"``."""
    return gain_text(value, low, high, digits=1)


def rare(share: float) -> str:
    """A share before a noun: ``"12.0 % of"``, or ``"fewer than 1 in 1,000"``; a simulated 0 is no zero."""
    return "fewer than 1 in 1,000" if share < 0.001 else f"{100 * share:.1f} % of"


def seed_words(seeds: Iterable[int]) -> str:
    """``"seed 0"``, ``"seeds 0, 1, 2"`` or ``"no runs yet"``."""
    seeds = sorted({int(seed) for seed in seeds})
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}" if seeds else "no runs yet"
