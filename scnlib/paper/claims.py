"""The claims ledger: every claim of both papers against the results there are, a line each."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from scnlib.paper import claims_lrn, claims_scn
from scnlib.paper.results import FULL_SCALE, prepare
from scnlib.paper.verdicts import NOT_TESTED, Claim, Group, Verdict

CLAIMS: dict[str, Claim] = {claim.id: claim for claim in (*claims_scn.CLAIMS, *claims_lrn.CLAIMS)}
COLUMNS = ("id", "claim", "place", "dataset", "recipe", "verdict", "effect", "low", "high", "n", "detail")


def claims_table(results: pd.DataFrame) -> pd.DataFrame:
    """The verdict on every claim, one row for each dataset.

    Runs of different recipes are never compared. Where a claim can be judged under several recipes of a dataset there
    is a row for each; a dataset on which it cannot be judged has one row that says why.

    Args:
        results: ``load_results()``; with ``add_curves(results, load_epochs())`` claims about curves are judged too.

    Returns:
        Columns ``COLUMNS``; ``effect``, ``low`` and ``high`` are NaN where nothing was tested.

    Raises:
        ValueError: if results lack a column, or two runs of one seed would be averaged.
    """
    groups = list(_groups(results))
    rows = [_row(claim, verdict, recipe) for claim in CLAIMS.values() for verdict, recipe in _verdicts(claim, groups)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _groups(results: pd.DataFrame) -> Iterator[Group]:
    """One group for each dataset, recipe and start of relabelling; runs without relabelling belong to each of them."""
    runs = prepare(results)
    # The same run measured here and at full scale counts once.
    runs = runs.sort_values("origin", key=lambda o: o != FULL_SCALE, kind="stable").drop_duplicates("key")
    for (dataset, recipe), same in runs.groupby(["dataset", "recipe"]):
        starts = [start for start in sorted(set(same["variation"])) if start] or [""]
        for start in starts:
            yield Group(dataset, ", ".join(filter(None, [recipe, start])), same[same["variation"].isin(["", start])])


def _verdicts(claim: Claim, groups: list[Group]) -> Iterator[tuple[Verdict, str]]:
    if claim.test is None:
        yield Verdict(NOT_TESTED, dataset="any", detail=f"needs {claim.needs}"), "any"
        return
    if not groups:
        yield Verdict(NOT_TESTED, dataset="none", detail="there are no results"), "none"
    for dataset in dict.fromkeys(group.dataset for group in groups):
        judged = [(replace(claim.test(g), dataset=dataset), g) for g in groups if g.dataset == dataset]
        tested = [(verdict, g.recipe) for verdict, g in judged if verdict.verdict != NOT_TESTED]
        most = max(judged, key=lambda pair: len(pair[1].runs))  # of several reasons, that of the recipe with most runs
        yield from tested or [(most[0], most[1].recipe)]


def _row(claim: Claim, verdict: Verdict, recipe: str) -> dict[str, object]:
    return {
        "id": claim.id,
        "claim": claim.text,
        "place": claim.place,
        "dataset": verdict.dataset,
        "recipe": recipe,
        "verdict": verdict.verdict,
        "effect": verdict.effect,
        "low": verdict.interval[0],
        "high": verdict.interval[1],
        "n": verdict.n,
        "detail": verdict.detail,
    }


def claims_text(table: pd.DataFrame) -> str:
    """The rows of ``claims_table``, a line each."""
    lines = []
    for row in table.to_dict("records"):
        effect = "" if math.isnan(row["effect"]) else f" ({row['effect']:+.2f}, n = {row['n']})"
        verdict = f"{row['verdict']}{effect}"
        lines.append(f"{row['id']:<11} {row['dataset']:<9} {verdict:<30} {row['claim']} {row['detail']}")
    return "\n".join(lines) + "\n"
