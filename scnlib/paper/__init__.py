"""What the papers print, the runs behind it, and whether it held.

``published`` has the numbers, ``grid`` the runs behind each table, ``tables`` the two side by side, ``claims`` the
ledger.
"""

from scnlib.paper.arms import arms, compact, difference
from scnlib.paper.claims import CLAIMS, claims_table, claims_text, counts, judged_on, ledger
from scnlib.paper.differences import DIFFERENCES
from scnlib.paper.errata import ERRATA
from scnlib.paper.grid import GRIDS, grid
from scnlib.paper.published import TABLES, TITLES, published
from scnlib.paper.render import to_csv, to_html, to_latex, to_text
from scnlib.paper.results import add_curves, load_epochs, load_results, prepare
from scnlib.paper.settings import setting
from scnlib.paper.tables import side_by_side
from scnlib.paper.verdicts import arm

__all__ = [
    "CLAIMS",
    "DIFFERENCES",
    "ERRATA",
    "GRIDS",
    "TABLES",
    "TITLES",
    "add_curves",
    "arm",
    "arms",
    "claims_table",
    "claims_text",
    "compact",
    "counts",
    "difference",
    "grid",
    "judged_on",
    "ledger",
    "load_epochs",
    "load_results",
    "prepare",
    "published",
    "setting",
    "side_by_side",
    "to_csv",
    "to_html",
    "to_latex",
    "to_text",
]
