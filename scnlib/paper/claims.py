"""The claims ledger: every claim of both papers against the results there are, a line each."""

import json
import math
import textwrap
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

from scnlib.knowledge import add_knowledge, load_knowledge
from scnlib.paper import claims_lrn, claims_scn
from scnlib.paper.afterwards import add_afterwards, load_afterwards
from scnlib.paper.arms import Recipe, is_own
from scnlib.paper.choice import at_best, complete
from scnlib.paper.per_face import add_kinds, load_faces, load_right
from scnlib.paper.results import (
    FULL_SCALE,
    HERE,
    add_curves,
    images_of,
    load_epochs,
    load_results,
    load_transition,
    prepare,
)
from scnlib.paper.verdicts import (
    HEART,
    HELD,
    LABELS,
    NETWORKS,
    NOT_HELD,
    NOT_TESTED,
    OWN,
    RULE,
    TUNED,
    UNDECIDED,
    WEIGHTS,
    Claim,
    Group,
    Verdict,
)
from scnlib.paths import results_dir

CLAIMS: dict[str, Claim] = {claim.id: claim for claim in (*claims_scn.CLAIMS, *claims_lrn.CLAIMS)}
COLUMNS = ("id", "claim", "place", "dataset", "backbone", "recipe", "verdict", "effect", "low", "high", "unit",
           "n", "origin", "detail", "conditions")  # fmt: skip
WIDTH = 120  # of a line in a terminal
LEARNS_NOTHING = "smoke"  # a profile whose runs say nothing of any claim
STAND_IN = "rendered_web"  # faces to pre-train on; what is claimed of them is claimed of the fine-tuning


def ledger(
    folder: Path | None = None,
    runs: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    only: Collection[str] = (),
) -> pd.DataFrame:
    """``claims_table`` of the committed results, or of those in another folder.

    Args:
        runs: other runs and their curves, with the committed tables beside them.
        only: names of claims; none: all.
    """
    folder = folder or results_dir()
    results, epochs = runs or (load_results(folder), load_epochs(folder))
    faces = load_faces(folder)
    results = add_kinds(results, load_right(faces, folder), faces)
    transition = load_transition(folder / "ferplus_fer2013_transition.csv")
    return claims_table(results, epochs, load_knowledge(folder), transition, load_afterwards(folder), only)


def claims_table(
    results: pd.DataFrame,
    epochs: pd.DataFrame | None = None,
    knowledge: pd.DataFrame | None = None,
    transition: pd.DataFrame | None = None,
    afterwards: pd.DataFrame | None = None,
    only: Collection[str] = (),
) -> pd.DataFrame:
    """The verdict on every claim, one row for each dataset, profile and network.

    Claims are judged on runs of the profiles' own recipes, with whatever backbone (smoke's never count); a dataset
    without any is judged on each recipe that there is. Claims about the choice of the learning rate are judged on each
    method at its own best rate: the one with the highest accuracy after the last epoch on validation labels with the
    training labels' noise, by the rule of ``scnlib.paper.choice``. Claims about every network are judged on all of them
    together. A dataset on which a claim cannot be judged has one row that says why.

    Args:
        results: ``load_results()``, with columns of ``per_face.add_kinds`` for claims about kinds of test faces.
        epochs: ``load_epochs()``, for claims about curves and best rates.
        knowledge: ``load_knowledge()``, for claims about what alpha knows.
        transition: ``load_transition()``, for claims about real label noise.
        afterwards: ``load_afterwards()``, for claims about features and about what new labels are.
        only: names of claims; none: all.

    Returns:
        Columns ``COLUMNS``; ``effect``, ``low`` and ``high`` are NaN where nothing was tested; ``origin`` says where
        the runs behind a verdict were measured; ``conditions`` is JSON, the effect under each circumstance by its name.

    Raises:
        ValueError: if results lack a column, or two runs of one seed would be averaged.
    """
    if epochs is not None:
        results = add_curves(results, epochs)
    if knowledge is not None:
        results = add_knowledge(results, knowledge)
    if afterwards is not None:
        results = add_afterwards(results, afterwards)
    groups = list(_groups(results, transition))
    claims = [claim for claim in CLAIMS.values() if not only or claim.id in only]
    rows = [_row(claim, *found) for claim in claims for found in _verdicts(claim, groups)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _groups(results: pd.DataFrame, transition: pd.DataFrame | None) -> Iterator[Group]:
    runs = prepare(results)
    runs = runs[(runs["profile"] != LEARNS_NOTHING) & (runs["dataset"] != STAND_IN)]
    # The same run measured here and at full scale counts once.
    runs = runs.sort_values("origin", key=lambda o: o != FULL_SCALE, kind="stable").drop_duplicates("key")
    runs = runs.assign(own_recipe=is_own(runs, any_backbone=True))
    yield Group("any", "weights counted", runs.iloc[:0], WEIGHTS)
    images = pd.Series([images_of(row) for row in runs.to_dict("records")], runs.index, dtype=object)
    runs["images"] = images.where(images.groupby(runs["dataset"]).transform("nunique") > 1, "")
    for (dataset, _), same in runs.groupby(["dataset", "images"]):
        counts = transition if dataset == "ferplus" else None
        yield Group(dataset, "labels", same, LABELS, counts)
        own = same[same["own_recipe"]]
        for (profile, backbone), rows in sorted(own.groupby(["profile", "backbone"]), key=lambda found: -len(found[1])):
            yield Group(dataset, _longest(rows), rows, OWN, counts)
            tuned = _at_best_rates(same, profile, dataset, backbone)
            yield Group(dataset, f"{profile}, {backbone}, each arm at its own best learning rate", tuned, TUNED)
        heart = _by_heart(dataset)
        yield Group(dataset, heart.name, same[[heart.holds(row) for row in same.to_dict("records")]], HEART)
        for profile, rows in own.groupby("profile"):
            yield Group(dataset, f"{profile}, every network", rows, NETWORKS)
        if own.empty:
            yield from _foreign(dataset, same, counts)


def _by_heart(dataset: str) -> Recipe:
    from scnlib.config import BY_HEART  # needs torch

    return Recipe.of("quick", dataset, **BY_HEART)


def _longest(runs: pd.DataFrame) -> str:
    """The recipe that says most; of those from scratch, where there are some."""
    scratch = runs[runs["start"] == ""]
    return max((scratch if len(scratch) else runs)["recipe"], key=len)


def _foreign(dataset: str, runs: pd.DataFrame, transition: pd.DataFrame | None) -> Iterator[Group]:
    """One group for each recipe and start of relabelling; runs without relabelling belong to each of them."""
    for recipe, same in runs.groupby("recipe"):
        starts = [start for start in sorted(set(same["variation"])) if start] or [""]
        for start in starts:
            name = ", ".join(filter(None, [recipe, start]))
            yield Group(dataset, name, same[same["variation"].isin(["", start])], OWN, transition)


def _at_best_rates(runs: pd.DataFrame, profile: str, dataset: str, backbone: str) -> pd.DataFrame:
    """The runs of each arm at its own best learning rate, of the arms that were run at several."""
    if "val_accuracy" not in runs:
        return runs.iloc[:0]
    rates = pd.Series([json.loads(text or "{}").get("lr", math.nan) for text in runs["config"]], runs.index)
    recipes = {rate: Recipe.of(profile, dataset, lr=float(rate), backbone=backbone) for rate in rates.dropna().unique()}
    same = [
        rate in recipes and recipes[rate].holds(row) for rate, row in zip(rates, runs.to_dict("records"), strict=True)
    ]
    runs = runs.assign(lr=rates)[pd.Series(same, runs.index) & runs["own_start"] & runs["val_accuracy"].notna()]
    kept = [_best_rate(rows) for _, rows in runs.groupby("arm", sort=False)]
    return pd.concat(kept) if kept else runs


def _best_rate(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs of one arm at its best rate, by the rule of ``scnlib.paper.choice``; none where one rate was run.

    ``at_edge`` is 1 where that is the smallest or the largest that was tried, so that the best may lie beyond.
    """
    runs = runs.assign(value=runs["lr"], val=runs["val_accuracy"])
    tried = complete(runs)
    edges, best = {tried["value"].min(), tried["value"].max()}, at_best(tried)
    return best.assign(at_edge=best["value"].isin(edges).astype(float)) if len(edges) > 1 else best.iloc[:0]


def _verdicts(claim: Claim, groups: list[Group]) -> Iterator[tuple[Verdict, Group | None, str]]:
    """Each verdict with the runs it is of, and their origin."""
    if claim.test is None:
        yield Verdict(NOT_TESTED, dataset="any", detail=f"needs {claim.needs}"), None, ""
        return
    groups = [group for group in groups if group.kind == claim.on]
    if not groups:
        yield Verdict(NOT_TESTED, dataset="none", detail="needs results"), None, ""
    for dataset in dict.fromkeys(group.dataset for group in groups):
        judged = [(replace(claim.test(g), dataset=dataset), g) for g in groups if g.dataset == dataset]
        tested = [(v, g, _origin(claim, g, v)) for v, g in judged if v.verdict != NOT_TESTED]
        most = max(judged, key=lambda pair: len(pair[1].runs))  # of several reasons, that of the recipe with most runs
        yield from tested or [(*most, "")]


def _origin(claim: Claim, group: Group, verdict: Verdict) -> str:
    """Where the runs behind a verdict were measured: at one place, if it is the same without those of the other."""
    if group.runs.empty:
        return ""
    for origin in (FULL_SCALE, HERE):
        same = group.runs["origin"] == origin
        if same.all() or (same.any() and claim.test(replace(group, runs=group.runs[same])).detail == verdict.detail):
            return origin
    return f"{FULL_SCALE} and here"


def _row(claim: Claim, verdict: Verdict, group: Group | None, origin: str) -> dict[str, object]:
    return {
        "id": claim.id,
        "claim": claim.text,
        "place": claim.place,
        "dataset": verdict.dataset if group is None else group.name,
        "backbone": "" if group is None else group.backbone,
        "recipe": verdict.dataset if group is None else group.recipe,
        "verdict": verdict.verdict,
        "effect": verdict.effect,
        "low": verdict.interval[0],
        "high": verdict.interval[1],
        "unit": verdict.unit,
        "n": verdict.n,
        "origin": origin,
        "detail": verdict.detail,
        "conditions": json.dumps(dict(verdict.conditions)),
    }


def counts(table: pd.DataFrame) -> str:
    """How many claims were judged, and the verdicts on each dataset and network, in one sentence."""
    tested = table[table["verdict"] != NOT_TESTED]
    words = []
    for place, rows in tested.groupby(judged_on(tested), sort=False):
        found = rows["verdict"].value_counts()
        single = int(((rows["verdict"] == UNDECIDED) & (rows["n"] == 1)).sum())
        parts = [f"{found[name]} {name}" for name in (HELD, NOT_HELD, UNDECIDED) if name in found]
        words.append(f"{place} {', '.join(parts)}" + (f" ({single} of these on one seed)" if single else ""))
    judged = f"{tested['id'].nunique()} of {table['id'].nunique()} claims judged"
    return "; ".join([judged, *words]) + "."


def judged_on(table: pd.DataFrame) -> pd.Series:
    """``ferplus``; where the network is not the small one, it is named: ``ferplus, resnet18``."""
    named = ("" if name in ("small", "") else f", {name}" for name in table["backbone"])
    return table["dataset"] + pd.Series(list(named), table.index, dtype=object)


def claims_text(table: pd.DataFrame, long: bool = False) -> str:
    """The rows of ``claims_table`` for a terminal, ``WIDTH`` columns wide.

    Args:
        long: each row with the whole claim and every condition's numbers. Otherwise a line for each claim and dataset
            on which it was judged, and one line with the reason for a claim that was judged on none.
    """
    if long:
        return (
            "\n".join([*(_paragraph(row) for row in table.to_dict("records")), textwrap.fill(counts(table), WIDTH)])
            + "\n"
        )
    tested = table[table["verdict"] != NOT_TESTED]
    rest = table[~table["id"].isin(tested["id"])].drop_duplicates("id")
    shown = pd.concat([tested, rest]).sort_index(kind="stable")
    shown = shown.assign(on=judged_on(shown))
    head = _line("id", "verdict", "effect", "interval", "n", "on", "claim, or what it needs")
    below = (textwrap.fill(text, WIDTH) for text in (counts(table), RULE))
    return "\n".join([head, *(_short(row) for row in shown.to_dict("records")), "", *below]) + "\n"


def _line(*cells: str) -> str:
    text = "".join(text.ljust(width) for text, width in zip(cells, (12, 12, 13, 17, 3, 19, 0), strict=True))
    return text if len(text) <= WIDTH else text[: WIDTH - 1].rstrip() + "…"


def _short(row: dict) -> str:
    if row["verdict"] == NOT_TESTED:
        return _line(row["id"], row["verdict"], "", "", "", "", row["detail"])
    effect, interval = _numbers(row)
    return _line(row["id"], row["verdict"], effect, interval, str(row["n"]), row["on"], row["claim"])


def _numbers(row: dict) -> tuple[str, str]:
    digits = 1 if row["unit"].startswith("points") else 3
    unit = {"points": " pt", "AUROC": " AUC"}.get(row["unit"].split(" ")[0].strip(","), "")
    interval = "" if math.isnan(row["low"]) else f"[{row['low']:+.{digits}f}, {row['high']:+.{digits}f}]"
    return f"{row['effect']:+.{digits}f}{unit}", interval


def _paragraph(row: dict) -> str:
    where = "" if row["dataset"] in ("any", "none") else f" ({row['dataset']}, {row['recipe']})"
    text = f"{row['claim']} {row['place']}. {row['verdict'].upper()}{where}: {row['detail']}"
    return textwrap.fill(f"{row['id']:<12}{text}", WIDTH, subsequent_indent=" " * 12, break_on_hyphens=False)
