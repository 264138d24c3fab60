"""What runs say of single test faces: on which kinds of them they are right, and whether other faces would say so.

``NAME_predictions.csv.xz`` has each run's predictions, ``NAME_faces.csv.xz`` what is known of the faces.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scnlib.paper import stats
from scnlib.paper.arms import Recipe, rows_of
from scnlib.paper.grid import Selector
from scnlib.paper.results import COMPARABLE, paired, prepare
from scnlib.paths import results_dir
from scnlib.tables import decoded, read_csv

#: Of ten annotators; a face on whose label no more of them agree is called ambiguous.
AGREED = 6

#: Kinds of test faces, by what is known of them; "twin": a near-duplicate is among the training faces.
KINDS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    "without a twin": lambda faces: faces["twin"] == 0,
    "with a twin": lambda faces: faces["twin"] == 1,
    "clear": lambda faces: faces["agreed"] > AGREED,
    "ambiguous": lambda faces: faces["agreed"] <= AGREED,
}


def load_faces(folder: Path | None = None) -> pd.DataFrame:
    """What is known of each of FER+'s test faces, a row each: ``label``, ``agreed`` (votes of 10), ``twin`` (0 or 1).

    No rows where they were not counted.

    Raises:
        ValueError: if a column is missing or is no number.
    """
    columns = ("label", "agreed", "twin")
    file = (folder or results_dir()) / "ferplus_faces.csv.xz"
    if not file.is_file():
        return pd.DataFrame(columns=columns)
    table = read_csv(file, columns)
    for name in columns:
        if name not in table:
            raise ValueError(f"{file}: column {name!r} is missing; this is no table of test faces")
    return table


def load_right(faces: pd.DataFrame, folder: Path | None = None) -> pd.DataFrame:
    """Which of FER+'s test faces each run is right on after its last epoch: bool, index key, a column for each face.

    Runs whose predictions were not kept have no row, nor have those with another number of test faces: another vote
    rule or number of classes keeps others.

    Args:
        faces: of ``load_faces``.

    Raises:
        ValueError: if a column is missing.
    """
    file = (folder or results_dir()) / "ferplus_predictions.csv.xz"
    if not file.is_file():
        return pd.DataFrame(columns=faces.index)
    table = read_csv(file, dtype=str, keep_default_na=False)
    for name in ("key", "predicted"):
        if name not in table:
            raise ValueError(f"{file}: column {name!r} is missing; this is no table of predictions")
    table = table[table["predicted"].str.len() == len(faces)]
    right = [decoded(text) == faces["label"].to_numpy() for text in table["predicted"]]
    return pd.DataFrame(np.array(right, dtype=bool).reshape(-1, len(faces)), table["key"], faces.index)


def add_kinds(results: pd.DataFrame, right: pd.DataFrame, faces: pd.DataFrame) -> pd.DataFrame:
    """Results with a column ``on <kind>`` for each of ``KINDS``: accuracy on these faces, percent; NaN where unknown.

    Args:
        results: one row a run, with ``key``.
        right: of ``load_right``.
        faces: of ``load_faces``.
    """
    shares = {f"on {kind}": 100 * right.loc[:, chosen(faces)].mean(axis=1) for kind, chosen in KINDS.items()}
    return results.assign(**{name: results["key"].map(share).astype(float) for name, share in shares.items()})


def gains(
    results: pd.DataFrame,
    right: pd.DataFrame,
    faces: pd.DataFrame,
    named: Mapping[str, Selector],
    reference: Selector,
    alike: Sequence[str] = COMPARABLE,
    **fields: object,
) -> pd.DataFrame:
    """What methods on FER+ are ahead of another one on all test faces and on each kind, and what others might say.

    Args:
        results: ``load_results()``.
        right: of ``load_right``; runs that it does not have are left out.
        faces: of ``load_faces``.
        named: label -> runs.
        reference: the runs that gains are over.
        alike: columns in which both must agree; ``RECIPE`` where they are trained on other images by design.
        fields: what differs from the quick profile's recipe, as in ``arms.arms``.

    Returns:
        A row for each method and kind of face, as ``plots.effects`` draws it: ``group`` (the method), ``label`` (the
        kind), ``faces`` (how many), ``effect`` in points, its 95 % interval over seeds and faces ``low``, ``high``
        (``stats.crossed_interval``), that over seeds alone ``seeds_low``, ``seeds_high``, and ``n`` seeds. Intervals
        are NaN for fewer than two seeds.
    """
    kept, recipe = _with_predictions(results, right), Recipe.of("quick", "ferplus", **fields)
    other = rows_of(kept, reference, "ferplus", recipe)
    kinds = {"all": pd.Series(True, faces.index)} | {kind: chosen(faces) for kind, chosen in KINDS.items()}
    found = []
    for method, selector in named.items():
        own = rows_of(kept, selector, "ferplus", recipe)
        seeds = list(paired(own, other, "accuracy", alike))
        ours, theirs = (right.loc[rows.set_index("seed").loc[seeds, "key"]] for rows in (own, other))
        ahead = 100.0 * (ours.to_numpy(dtype=float) - theirs.to_numpy(dtype=float))
        for kind, chosen in kinds.items():
            few = ahead[:, chosen.to_numpy()]
            effect, *alone = stats.interval(few.mean(1).tolist())
            _, *both = stats.crossed_interval(few)
            found.append((method, kind, few.shape[1], effect, *both, *alone, len(seeds)))
    columns = ["group", "label", "faces", "effect", "low", "high", "seeds_low", "seeds_high", "n"]
    return pd.DataFrame(found, columns=columns)


def twin_advantage(
    results: pd.DataFrame, right: pd.DataFrame, faces: pd.DataFrame, runs: Selector, **fields: object
) -> dict[str, float]:
    """How much better runs on FER+ are on test faces with a twin among the training faces than on others of like class.

        others = sum_c (share of class c among the faces with a twin) * (accuracy on faces of class c without one)

    Twins are not of all classes alike, and some classes are easy. Each of their classes needs a face without one.

    Args:
        results, right, faces: as in ``gains``.
        runs: of which runs.
        fields: what differs from the quick profile's recipe.

    Returns:
        Mean accuracies ``with a twin`` and ``others``, ``ahead`` with its 95 % interval over seeds ``low``, ``high``,
        and ``n`` seeds; NaN where no predictions were kept.
    """
    recipe = Recipe.of("quick", "ferplus", **fields)
    rows = rows_of(_with_predictions(results, right), runs, "ferplus", recipe)
    hits, twin = 100.0 * right.loc[rows["key"]].T, faces["twin"] == 1
    by_class = hits[~twin].groupby(faces["label"][~twin]).mean()
    mixed = faces["label"][twin].value_counts(normalize=True)
    own, others = hits[twin].mean(), by_class.loc[mixed.index].mul(mixed, axis=0).sum(min_count=1)
    middle, low, high = stats.interval((own - others).tolist())
    return {
        "with a twin": own.mean(),
        "others": others.mean(),
        "ahead": middle,
        "low": low,
        "high": high,
        "n": len(rows),
    }


def _with_predictions(results: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """``prepare(results)`` of the runs whose predictions were kept."""
    return prepare(results[results["key"].isin(right.index)])
