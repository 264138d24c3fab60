"""What the papers' tables of records say, and what they leave unsaid."""

import itertools
import re

import pandas as pd

from scnlib.paper.published import TABLES

REMARK = "what else differs, as far as the sources say"
#: What a row's name tells, and by which words.
_IN_NAMES = {"another backbone": "IR-50|VGG|SeNet", "oversampled": "oversampled|Upsample"}
#: What tells in a remark that more than the method differs.
_IN_REMARKS = "|".join(["distributions", "jointly", "7 classes", *_IN_NAMES])
#: Rivals on RAF-DB in SCN's table 7 -> what LRN's table 3 calls them.
_BOTH = {"DLP-CNN": "DLP-CNN", "gaCNN": "gACNN", "IPA2LT": "IPA2LT", "RAN": "RAN", "SCN": "SCN"}


def remarks(table: str) -> pd.DataFrame:
    """The cells of a published table with what the sources remark on each, and what else its name tells.

    Args:
        table: of ``scnlib.paper.TABLES``, ``"scn-7"``.

    Returns:
        Columns ``row``, ``column``, ``accuracy, %`` and ``REMARK``.
    """
    cells = [(cell.row, cell.column, cell.value, _remark(cell.row, cell.note)) for cell in TABLES[table]]
    return pd.DataFrame(cells, columns=["row", "column", "accuracy, %", REMARK])


def _remark(row: str, note: str) -> str:
    named = [f"the name: {what}" for what, words in _IN_NAMES.items() if re.search(words, row) and what not in note]
    return "; ".join(filter(None, [note, *named])) or "nothing is said"


def marked(remarks: pd.DataFrame) -> dict[str, int]:
    """In how many cells of SCN's rivals more than the method differs, as far as the remark tells.

    Args:
        remarks: of ``remarks``.

    Returns:
        ``n`` cells; ``marked`` of them; ``rest``.
    """
    theirs = remarks[~remarks["row"].str.startswith("SCN")]
    told = theirs[REMARK].str.contains(_IN_REMARKS)
    return {"n": len(theirs), "marked": int(told.sum()), "rest": int((~told).sum())}


def two_backbones(column: str) -> dict[str, float]:
    """SCN's two rows in one column of its table 7, and how far apart its rivals are there.

    Returns:
        ``resnet``, ``ir50``: accuracies; ``rank`` and ``best``: their places among ``n`` rows; ``gap`` between the two;
        ``close`` of the ``pairs`` of rivals are not farther apart than that.
    """
    cells = {cell.row: cell.value for cell in TABLES["scn-7"] if cell.column == column}
    order = sorted(cells, key=cells.get, reverse=True)
    gap = cells["SCN, IR-50"] - cells["SCN"]
    rivals = [value for row, value in cells.items() if not row.startswith("SCN")]
    apart = [abs(a - b) for a, b in itertools.combinations(rivals, 2)]
    return {
        "resnet": cells["SCN"],
        "ir50": cells["SCN, IR-50"],
        "rank": order.index("SCN") + 1,
        "best": order.index("SCN, IR-50") + 1,
        "n": len(order),
        "gap": gap,
        "pairs": len(apart),
        "close": sum(distance <= gap for distance in apart),
    }


def quoted() -> pd.DataFrame:
    """The rows on RAF-DB that stand in SCN's table 7 and in LRN's table 3: both numbers and their ``difference``."""
    first, second = ({cell.row: cell.value for cell in TABLES[name] if cell.column == "RAF-DB"}
                     for name in ("scn-7", "lrn-3"))  # fmt: skip
    rows = {name: (first[name], second[other]) for name, other in _BOTH.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["SCN's table 7", "LRN's table 3"])
    difference = (table["LRN's table 3"] - table["SCN's table 7"]).round(2)
    return table.assign(difference=difference).rename_axis("RAF-DB")


def agreement(quoted: pd.DataFrame) -> dict[str, object]:
    """How many of ``n`` quoted rows ``agree``, and which stands farthest ``apart``, ``by`` how many points."""
    apart = quoted["difference"].abs().idxmax()
    agree = int((quoted["difference"] == 0).sum())
    return {"n": len(quoted), "agree": agree, "apart": apart, "by": quoted.loc[apart, "difference"]}
