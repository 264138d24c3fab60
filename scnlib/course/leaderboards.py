"""Leaderboards as lesson 14 reads them: for the eye, in words, beside each other, and beside what may explain them."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from scnlib.course import wording
from scnlib.methods import METHODS
from scnlib.methods.names import method_label
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, arms, rows_of
from scnlib.paper.boards import gains, luck
from scnlib.paper.grid import Selector
from scnlib.paper.leaderboard import REFERENCE
from scnlib.paper.results import add_curves, by_seed, prepare, unlike
from scnlib.paper.verdicts import arm

#: Column of ``clean_costs`` -> the column of a leaderboard that it is worked out from.
_ENDS = {"share": "gain", "low": "low", "high": "high"}

# ---------------------------------------------------------------------------------------------------------- for reading


def shown(board: pd.DataFrame) -> pd.DataFrame:
    """What is measured of a leaderboard, for the eye: index the method's label, text in every cell.

    Rows are ordered by gain, the baseline's is 0: means over different seeds cannot be ranked.
    """
    place = board["gain"].where(board["method"] != REFERENCE, 0.0).round(9)  # equal ones keep the board's order
    order = place[board["n"] > 0].sort_values(ascending=False, kind="stable").index
    rows = {
        row["label"]: {
            "accuracy, %": _accuracy(row),
            "gain [95 %]": "reference" if row["method"] == REFERENCE else _gain(row),
            "mean class, %": _number(row["mean_class_accuracy"], 1),
            "memorised, %": _number(row["memorised"], 1),
            "AUROC of trust": _number(row["alpha_auroc"], 2),
        }
        for row in board.loc[order].to_dict("records")
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def across(boards: Mapping[str, pd.DataFrame], methods: Sequence[str]) -> pd.DataFrame:
    """A few methods over several leaderboards, text in every cell.

    Args:
        boards: what was trained on -> its leaderboard.

    Returns:
        Index the board; a column for the baseline and, for each method, its accuracy and its gain over the baseline.
    """
    rows = {}
    for trained_on, board in boards.items():
        found = board.set_index("method")
        rows[trained_on] = {found.loc[REFERENCE, "label"]: _accuracy(found.loc[REFERENCE])}
        for name in methods:
            row = found.loc[name]
            rows[trained_on] |= {
                row["label"]: _accuracy(row),
                f"gain of {row['label']}": _gain(row) if row["n"] else "",
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _accuracy(row: Mapping[str, float]) -> str:
    if not row["n"]:
        return "not measured"
    return f"{row['mean']:.1f}" + ("" if math.isnan(row["std"]) else f" ± {row['std']:.1f}") + f" (n = {row['n']:g})"


def _gain(row: Mapping[str, float]) -> str:
    if math.isnan(row["gain"]):
        return "no pair"
    interval = "one seed" if math.isnan(row["low"]) else f"{row['low']:+.1f}, {row['high']:+.1f}"
    return f"{row['gain']:+.1f} [{interval}]"


def _number(value: float, digits: int) -> str:
    return "none" if math.isnan(value) else f"{value:.{digits}f}"


# -------------------------------------------------------------------------------------------------- beside the baseline


def coverage(board: pd.DataFrame) -> dict[str, object]:
    """How many of ``all`` methods are measured, ``done``; ``rest``: ``"; not yet: RUL"``, or ``""`` if none is left."""
    missing = board.loc[board["n"] == 0, "label"]
    rest = f"; not yet: {', '.join(missing)}" if len(missing) else ""
    return {"all": len(board), "done": len(board) - len(missing), "rest": rest}


def forest(boards: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Leaderboards as rows for ``plots.effects``: a group each, the baseline and what was not measured left out."""
    parts = [board.dropna(subset="gain").assign(group=group) for group, board in boards.items()]
    table = pd.concat(parts, ignore_index=True).rename(columns={"gain": "effect"})
    return table[["label", "effect", "low", "high", "shared", "group"]].rename(columns={"shared": "n"})


def verdict_counts(board: pd.DataFrame) -> dict[str, int]:
    """How many methods are told from the baseline, each by its own interval and all together.

    Returns:
        ``compared`` (with a gain), ``with_interval`` (several seeds), ``ahead``, ``behind`` (own 95 % interval clear of
        zero), ``ahead_all``, ``behind_all`` (the intervals that hold together).
    """
    rows = board.dropna(subset="gain")
    return {
        "compared": len(rows),
        "with_interval": int(rows["low"].notna().sum()),
        "ahead": int((rows["low"] > 0).sum()),
        "behind": int((rows["high"] < 0).sum()),
        "ahead_all": int((rows["low_all"] > 0).sum()),
        "behind_all": int((rows["high_all"] < 0).sum()),
    }


def wider(comparisons: int, seeds: int) -> float:
    """How many times as wide as its own 95 % interval one is that holds together with all other comparisons.

    Bonferroni's level ``1 - .05 / comparisons``, Student's interval of a mean over seeds.
    """
    values = range(seeds)  # the ratio is the same for all values
    return stats.half_width(values, 1 - 0.05 / comparisons) / stats.half_width(values)


def by_heart(results: pd.DataFrame, epochs: pd.DataFrame) -> dict[str, float]:
    """What 30 % wrong labels do to the baseline on rendered faces, over the seeds that have it all.

    Args:
        results, epochs: ``load_results()`` and ``load_epochs()``.

    Returns:
        ``memorised``: percent of the wrong labels that it repeats; ``rote``: that it knows by heart; ``lost``: points
        of test accuracy beside clean labels; ``n`` seeds.
    """
    runs, recipe = prepare(add_curves(results, epochs)), Recipe.of("quick", "rendered")
    noisy, clean = (rows_of(runs, arm(REFERENCE, rate), "rendered", recipe) for rate in (0.3, 0.0))
    columns = {"memorised": "memorised", "rote": "rote_last", "noisy": "accuracy"}
    seeds = _shared_seeds({name: (noisy, column) for name, column in columns.items()} | {"clean": (clean, "accuracy")})
    lost = seeds["clean"] - seeds["noisy"]
    return {"memorised": _mean(seeds["memorised"]), "rote": _mean(seeds["rote"]), "lost": _mean(lost), "n": len(seeds)}


def _shared_seeds(columns: Mapping[str, tuple[pd.DataFrame, str]]) -> pd.DataFrame:
    """Columns of several arms by seed, each beside its arm: a row for each seed that all have; none of unlike arms."""
    table = pd.DataFrame({name: by_seed(rows, column) for name, (rows, column) in columns.items()}).dropna()
    return table.iloc[:0] if unlike(*(rows for rows, _ in columns.values())) else table


def _mean(column: pd.Series) -> float:
    return stats.mean(column.tolist())


# ---------------------------------------------------------------------------------------------------- on several boards


def ahead_everywhere(boards: Mapping[str, pd.DataFrame]) -> dict[str, object]:
    """Whether anybody is ahead of the baseline, or behind it, wherever it was measured.

    Returns:
        ``all`` fields of method and board, ``done`` of them measured, ``single`` on one seed; ``often``: methods that
        are measured on three boards or more; ``ahead`` of them are so on all of theirs, ``behind`` on all; ``who`` is
        ahead.
    """
    fields = gains(boards).query("method != @REFERENCE")
    cells = fields.dropna(subset="gain")
    ends = cells.groupby("method", sort=False)["gain"].agg(["size", "min", "max"]).query("size >= 3")
    ahead = [method_label(name) for name in ends.index[ends["min"] > 0]]
    return {
        "all": len(fields),
        "done": len(cells),
        "single": int(cells["low"].isna().sum()),
        "often": len(ends),
        "ahead": len(ahead),
        "who": ", ".join(ahead) or "none",
        "behind": int((ends["max"] < 0).sum()),
    }


def seed_luck(pairs: pd.DataFrame) -> dict[str, float]:
    """How alike two seeds rank the methods: mean ``rho`` over ``pairs`` of seeds, and the fewest ``methods`` of a pair.

    Args:
        pairs: ``paper.boards.seed_agreement``.
    """
    return {"rho": pairs["rho"].mean(), "methods": pairs["methods"].min(), "pairs": len(pairs)}


def agreeing(pairs: pd.DataFrame) -> dict[str, object]:
    """Which boards agree, and which two agree least.

    Args:
        pairs: ``paper.boards.rank_agreement``.

    Returns:
        ``counts``: how many pairs agree by more than luck gives, by how many boards of a pair are real faces; of the
        two that agree least ``first``, ``second``, ``methods``, ``rho`` and the ``luck`` of so many methods.
    """
    known = pairs.dropna(subset="rho")
    beyond = known["rho"] > known["methods"].map(luck)
    real = known["first"].str.startswith("FER+").astype(int) + known["second"].str.startswith("FER+")
    kinds = ("two of rendered faces", "one of each", "two of FER+")
    counts = [f"{beyond[real == k].sum()} of {(real == k).sum()} ({kind})" for k, kind in enumerate(kinds)]
    least = known.loc[known["rho"].idxmin()]
    return {"counts": ", ".join(counts), **least, "luck": luck(least["methods"])}


def rank_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """``paper.boards.rank_agreement`` for the eye: a row and a column for each board that agrees or not with another.

    Returns:
        Text ``+0.71 (19)``, rank correlation and methods; ``"3 shared"`` where they are too few, and nothing above the
        diagonal. Boards without any correlation are left out.
    """
    found = pairs.dropna(subset="rho")
    names = [
        name
        for name in dict.fromkeys([*pairs["first"], *pairs["second"]])
        if name in {*found["first"], *found["second"]}
    ]
    table = pd.DataFrame("", names[1:], names[:-1])
    for row in pairs.to_dict("records"):
        if {row["first"], row["second"]} <= set(names):
            words = f"{row['methods']} shared" if math.isnan(row["rho"]) else f"{row['rho']:+.2f} ({row['methods']})"
            table.loc[row["second"], row["first"]] = words
    return table


# --------------------------------------------------------------------------------------------------------- clean labels


def clean_costs(board: pd.DataFrame, wanted: float = 0.99) -> pd.DataFrame:
    """Which share of the baseline's accuracy each method keeps, lowest first; ``board`` is that of clean labels.

        share = mean / (mean - gain)         the method's mean over the baseline's, where the gain is over all its seeds

    Returns:
        Index the method's label; ``share`` with ``low``, ``high`` (by the gain's interval; NaN for one seed), ``n``,
        and what that ``says``: "a cost" below ``wanted`` with the whole interval, "none" above it, else "open".
    """
    rows = board.dropna(subset="gain").set_index("label")
    reference = rows["mean"] - rows["gain"]
    table = pd.DataFrame({name: 1 + rows[of] / reference for name, of in _ENDS.items()})
    says = np.select([table["high"] < wanted, table["low"] >= wanted], ["a cost", "none"], "open")
    return table.assign(n=rows["shared"], says=says).sort_values("share")


def clean_words(kept: pd.DataFrame) -> dict[str, int]:
    """How often ``clean_costs`` says what: ``n`` methods, ``none``, ``cost``, ``open``, ``single`` on one seed.

    ``below``: those whose mean alone stays below 99 %.
    """
    says = kept["says"].value_counts()
    return {
        "n": len(kept),
        "none": int(says.get("none", 0)),
        "cost": int(says.get("a cost", 0)),
        "open": int(says.get("open", 0)),
        "single": int(kept["low"].isna().sum()),
        "below": int((kept["share"] < 0.99).sum()),
    }


def clean_shown(kept: pd.DataFrame) -> pd.DataFrame:
    """``clean_costs`` for the eye, in percent of the baseline."""
    percent = {name: (100 * kept[name]).map("{:.1f}".format).replace("nan", "one seed") for name in _ENDS}
    return kept.assign(**percent)


# --------------------------------------------------------------------------------------- beside what may explain a gain


def against_gain(board: pd.DataFrame, x: pd.Series | str) -> pd.DataFrame:
    """What each method gains beside another number of it: ``label``, ``x``, ``y`` (the gain, in points).

    Args:
        x: a column of the board, or method -> number. Methods without one are left out, and so is the baseline.
    """
    numbers = board[x] if isinstance(x, str) else board["method"].map(x)
    return pd.DataFrame({"label": board["label"], "x": numbers, "y": board["gain"]}).dropna(ignore_index=True)


def rank_correlation(table: pd.DataFrame) -> dict[str, float]:
    """Spearman's ``rho`` of the columns x and y over ``n`` rows; NaN for fewer than three."""
    rho = table["x"].corr(table["y"], method="spearman") if len(table) > 2 else math.nan
    return {"rho": float(rho), "n": len(table)}


def about_seeds(board: pd.DataFrame) -> str:
    """On how many seeds the gains of a leaderboard rest: ``"n = 3"``, ``"n = 1 to 3"``."""
    shared = board.dropna(subset="gain")["shared"]
    fewest, most = min(shared, default=0), max(shared, default=0)
    return f"n = {most}" if fewest == most else f"n = {fewest} to {most}"


def learnt_beside(results: pd.DataFrame, epochs: pd.DataFrame, noise_rate: float = 0.3) -> pd.DataFrame:
    """How many more right and wrong training labels each method's network knows at the end than the baseline's.

        right = (fitted - r memorised) / (1 - r)         shares of all given labels and of the wrong ones, r: noise rate

    Args:
        results, epochs: ``load_results()`` and ``load_epochs()``; rendered faces are read.

    Returns:
        Index the method; ``right``, ``wrong``: points, means over the seeds that it shares with the baseline; NaN where
        there is no such seed, or no curve.
    """
    last = epochs.sort_values("epoch").drop_duplicates("key", keep="last").set_index("key")
    right = 100 * (last["train_accuracy_given"] - noise_rate * last["memorised"]) / (1 - noise_rate)
    runs = results.assign(right=results["key"].map(right), wrong=results["memorised"])
    named = {name: arm(name, noise_rate) for name in METHODS}
    beside = {of: arms(runs, named, reference=REFERENCE, column=of).set_index("label") for of in ("right", "wrong")}
    return pd.DataFrame({of: table["gain"] for of, table in beside.items()})


def why_behind(board: pd.DataFrame, learnt: pd.DataFrame, steps: pd.Series, longer: pd.DataFrame) -> pd.DataFrame:
    """What is known of each method that trails the baseline, a row each, nearest first: evidence, not yet a reason.

    Args:
        board: of noisy labels.
        learnt: ``learnt_beside``.
        steps: ``relative_steps``.
        longer: the same board with more epochs.

    Returns:
        Index the method's label. ``gain`` and its ``high`` end (points), ``n``; ``step`` (first, baseline's = 1);
        ``right`` and ``wrong``: of ``learnt``; ``auroc`` of its trust; ``later``: its gain on the longer board. NaN
        where there is none.
    """
    rows = board.set_index("method")
    behind = rows[rows["gain"] < 0].sort_values("gain", ascending=False)
    table = behind[["label", "gain", "high", "n"]].assign(
        step=steps,
        right=learnt["right"],
        wrong=learnt["wrong"],
        auroc=behind["alpha_auroc"],
        later=longer.set_index("method")["gain"],
    )
    return table.set_index("label")


def why_words(why: pd.DataFrame) -> dict[str, int]:
    """How often each kind of evidence is found among the ``n`` methods of ``why_behind``.

    Returns:
        ``clear``: behind by the own 95 % interval; ``fewer`` right labels, ``more`` wrong ones, by a point at least;
        ``short``: first step below 0.8; ``blind``: AUROC below 0.6, or no trust; ``later``: measured with more epochs,
        and ``ahead`` there.
    """
    found = {
        "clear": why["high"] < 0,
        "fewer": why["right"] <= -1,
        "more": why["wrong"] >= 1,
        "short": why["step"] < 0.8,
        "blind": ~(why["auroc"] >= 0.6),
        "ahead": why["later"] > 0,
        "later": why["later"].notna(),
    }
    return {"n": len(why), **{name: int(rows.sum()) for name, rows in found.items()}}


def why_shown(why: pd.DataFrame) -> pd.DataFrame:
    """``why_behind`` for the eye, a word where there is no number."""
    columns = {
        "step": ("first step, baseline = 1", "{:.2f}", ""),
        "right": ("right labels learnt, points", "{:+.1f}", "no curve"),
        "wrong": ("wrong labels learnt, points", "{:+.1f}", ""),
        "auroc": ("AUROC of trust", "{:.2f}", "weighs none"),
        "later": ("gain at 24 epochs", "{:+.1f}", "not measured"),
    }
    text = {"gain": [f"{row.gain:+.1f} (n = {row.n})" for row in why.itertuples()]}
    for name, (title, form, otherwise) in columns.items():
        text[title] = [otherwise if math.isnan(value) else form.format(value) for value in why[name]]
    told = ["one seed" if math.isnan(high) else "behind" if high < 0 else "not told apart" for high in why["high"]]
    return pd.DataFrame(text | {"verdict": told}, why.index)


# ------------------------------------------------------------------------------------------ one method, several recipes


def fared(boards: Mapping[str, pd.DataFrame], method: str) -> dict[str, str]:
    """Where a method is ahead of the baseline by its own 95 % interval, ``behind`` it, or neither, ``open``.

    Args:
        boards: what was trained on -> its leaderboard; those on which the method has no gain are left out.

    Returns:
        Lists in words, and as ``auroc`` that of its trust on each board that has one.
    """
    found = {name: board[board["method"] == method] for name, board in boards.items()}
    rows = pd.concat(found).droplevel(1).dropna(subset="gain")
    ahead, behind = rows["low"] > 0, rows["high"] < 0
    trust = rows["alpha_auroc"].dropna()
    return {
        "ahead": "; ".join(rows.index[ahead]) or "nowhere",
        "behind": "; ".join(rows.index[behind]) or "nowhere",
        "open": "; ".join(rows.index[~ahead & ~behind]) or "none",
        "auroc": "; ".join(f"{value:.2f} ({name})" for name, value in trust.items()) or "not measured",
    }


def twice_the_epochs(results: pd.DataFrame, method: str) -> dict[str, float]:
    """What a method gains at 30 % wrong labels on rendered faces after 12 and after 24 epochs, over the same seeds.

    Returns:
        ``short``, ``long``: points against the baseline of as many epochs; ``more``: what the baseline itself gains by
        the longer training; ``n``: seeds that all four have.
    """
    runs = prepare(results)
    seeds = _shared_seeds(
        {
            f"{label}, {epochs}": (
                rows_of(runs, arm(name, 0.3), "rendered", Recipe.of("quick", "rendered", epochs=epochs)),
                "accuracy",
            )
            for label, name in {"plain": REFERENCE, "cured": method}.items()
            for epochs in (12, 24)
        }
    )
    return {
        "short": _mean(seeds["cured, 12"] - seeds["plain, 12"]),
        "long": _mean(seeds["cured, 24"] - seeds["plain, 24"]),
        "more": _mean(seeds["plain, 24"] - seeds["plain, 12"]),
        "n": len(seeds),
    }


def under_recipes(
    results: pd.DataFrame, named: Mapping[str, Selector], recipes: Mapping[str, Mapping[str, object]]
) -> pd.DataFrame:
    """Some arms on FER+ under several recipes, text in every cell.

    Args:
        named: label -> which runs; the first is what gains are over.
        recipes: name -> fields that differ from the quick recipe.

    Returns:
        A column for each recipe, for each arm a row with its accuracy and one with its gain, paired by seed.
    """
    reference = next(iter(named))
    columns = {}
    for name, fields in recipes.items():
        rows = arms(results, named, "ferplus", reference, **fields).to_dict("records")
        text = {("accuracy, %", row["label"]): f"{row['mean']:.1f} (n = {row['n']})" for row in rows if row["n"]}
        for row in rows:
            if not math.isnan(row["gain"]):
                text["against the baseline", row["label"]] = wording.gain(row["gain"], row["low"], row["high"])
        columns[name] = pd.Series(text)
    order = [("accuracy, %", label) for label in named]
    order += [("against the baseline", label) for label in named if label != reference]
    return pd.DataFrame(columns).reindex(pd.MultiIndex.from_tuples(order)).fillna("not measured")


def labels_after(results: pd.DataFrame, recipes: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Right labels after SCN's relabelling of FER+ with 30 % flipped, under recipes that share ``n`` seeds.

    Args:
        recipes: as for ``under_recipes``.

    Returns:
        ``each`` in words, over the seeds that all recipes have.
    """
    runs, found = prepare(results), {}
    for name, fields in recipes.items():
        recipe = Recipe.of("quick", "ferplus", **fields)
        found[name] = rows_of(runs, arm("scn", 0.3), "ferplus", recipe), "label_accuracy"
    seeds = _shared_seeds(found)
    return {"each": "; ".join(f"{_mean(seeds[name]):.1f} % ({name})" for name in seeds), "n": len(seeds)}


def bar_shown(plain: pd.DataFrame) -> pd.DataFrame:
    """``paper.beside.best_baseline`` for the eye, a word where nothing was to choose."""
    words = {"recipe": "fewer than two to choose from", "val": "none", "mean": "none"}
    return wording.readable(plain.set_index("labels").replace({"recipe": {"": words["recipe"]}}), 2, missing=words)
