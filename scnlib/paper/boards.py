"""All leaderboards of the quick recipe beside each other, and whether two of them rank the methods alike."""

import itertools
import math
from collections.abc import Mapping

import pandas as pd

from scnlib.paper.arms import Recipe
from scnlib.paper.leaderboard import REFERENCE, leaderboard

#: Name -> dataset, noise rate and noise kind of the training labels. Real errors: the labels of FER2013.
BOARDS: Mapping[str, tuple[str, float, str]] = {
    "rendered, clean": ("rendered", 0.0, "symmetric"),
    "rendered, 10 %": ("rendered", 0.1, "symmetric"),
    "rendered, 20 %": ("rendered", 0.2, "symmetric"),
    "rendered, 30 %": ("rendered", 0.3, "symmetric"),
    "rendered, 30 % pair": ("rendered", 0.3, "pair"),
    "FER+, 30 %": ("ferplus", 0.3, "symmetric"),
    "FER+, real errors": ("ferplus", 0.0, "fer2013"),
}
MAIN = "rendered, 30 %"  # measured first and with most seeds; the rows of other boards follow its order
NOTE = (
    f"quick recipe, {Recipe.of('quick', 'rendered').setup}, from scratch, default options, last epoch; gains in "
    "points, paired by seed; bold: the 95 % interval over seeds, not widened for the number of fields, leaves 0 out; "
    "in brackets: one seed; hatched: not measured; 10, 20, 30 %: labels flipped at random; pair: to one other class; "
    "real errors: FER2013's labels"
)
FEWEST = 5  # ours: a rank correlation of fewer methods is not shown


def boards(results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The ``leaderboard`` of each of ``BOARDS``."""
    return {name: leaderboard(_near(results, *noise), *noise) for name, noise in BOARDS.items()}


def _near(results: pd.DataFrame, dataset: str, rate: float, kind: str) -> pd.DataFrame:
    """The rows that can stand on a board: reading them takes most of the time."""
    return results[(results["dataset"] == dataset) & (results["noise_rate"] == rate)]


def gains(boards: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What each method is ahead of the baseline on each board, for ``plots.gain_matrix``; methods as on ``MAIN``.

    Returns:
        A row for each method on each board: ``method``, ``board``, ``mean`` (percent), ``gain`` (points) with its 95 %
        interval ``low``, ``high`` over ``shared`` seeds, and ``n``, 0 and NaN where nothing is measured.
    """
    methods = sorted(boards[MAIN]["method"], key=lambda name: name != REFERENCE)
    columns = ["mean", "gain", "low", "high", "shared", "n"]
    parts = [board.set_index("method").loc[methods, columns].assign(board=name) for name, board in boards.items()]
    return pd.concat(parts).reset_index()[["method", "board", *columns]]


def rank_agreement(boards: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Whether two boards put the methods in the same order: Spearman's rank correlation of their gains, pair by pair.

    Returns:
        Columns ``first``, ``second`` (board), ``methods`` (how many have a gain on both) and ``rho``, NaN for fewer
        than ``FEWEST`` methods.
    """
    found = {name: board.set_index("method")["gain"].dropna() for name, board in boards.items()}
    rows = []
    for (first, a), (second, b) in itertools.combinations(found.items(), 2):
        shared = a.index.intersection(b.index)
        rho = a[shared].corr(b[shared], method="spearman") if len(shared) >= FEWEST else math.nan
        rows.append((first, second, len(shared), rho))
    return pd.DataFrame(rows, columns=["first", "second", "methods", "rho"])


def seed_agreement(results: pd.DataFrame) -> pd.DataFrame:
    """``rank_agreement`` of the seeds of ``MAIN`` with each other: what two boards can hope for at best.

    Returns:
        A row for each pair of seeds that share ``FEWEST`` methods.
    """
    noise = BOARDS[MAIN]
    near = _near(results, *noise)
    return rank_agreement({str(seed): leaderboard(own, *noise) for seed, own in near.groupby("seed")}).dropna()


def luck(methods: int) -> float:
    """How large the rank correlation of two random orders is at most, in 95 of 100 cases: about 1.96 / sqrt(n - 1)."""
    return 1.96 / math.sqrt(methods - 1)
