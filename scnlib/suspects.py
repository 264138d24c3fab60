"""Which labels a finished run doubts most: a list for a person who looks at the pictures, never a verdict.

What is there to doubt by differs between methods, and each is a column of the list:

    relabelled_in   the epoch that first gave another label than the given one; of methods that relabel. ``relabelled``
                    says whether another one stands there in the end: some get their given label back
    alpha           the method's own trust in the last epoch; of methods that have one
    agreed          in which share of the epochs the network's answer was the given label; every run has it

The list is in one of two orders:

    answers         the lowest ``agreed``; of equal ones, the surer the finished network is of another class
    own             relabelled first, the earliest first, then those that were once, then the lowest alpha

On labels that we made wrong the first finds far more than the second; lesson 16 counts it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scnlib.datasets.listing import check_choice
from scnlib.run_folder import Run

ORDERS = ("answers", "own")


def suspects(run: Run, root: Path | str | None = None, by: str = "answers") -> pd.DataFrame:
    """All training pictures of a run, the most doubted first, as ``ranked``.

    Args:
        root: the dataset's folder, where it has one.
        by: ``"answers"`` or ``"own"``.

    Raises:
        ValueError: unknown order, the run recorded nothing to rank by, or the faces under ``root`` are not those that
            it trained on; from the loader.
        FileNotFoundError: from the loader.
    """
    check_choice("suspects", by=(by, ORDERS))
    if not _tells_apart(run.samples, by):
        more = "it relabelled no picture, no alpha tells one from another, and " if by == "own" else ""
        raise ValueError(
            f"{run.path} gives nothing to rank by: {more}its network gave all pictures the same answer in each epoch. "
            "Train longer (--epochs), with a smaller --batch-size or with another --lr"
        )
    return ranked(run.samples, run.splits(root).train.ids, run.manifest["class_names"], by)


def ranked(
    samples: Mapping[str, np.ndarray], ids: Sequence[str], class_names: Sequence[str], by: str = "answers"
) -> pd.DataFrame:
    """The N training samples of ``Run.samples``, the most doubted first.

    Args:
        samples: of E epochs.
        ids: N names of files.
        class_names: in the order of the labels.
        by: ``"answers"`` or ``"own"``.

    Returns:
        Indexed by the sample's number: ``file``, ``given``, ``run_says`` (the label that the run ended with where it
        relabelled, else the finished network's answer, which may be the given one), ``relabelled``, ``relabelled_in``
        (missing where the label always stayed), ``alpha`` (NaN without), ``agreed`` (0 to 1), ``confidence`` (of the
        finished network's answer). Where some labels are known to be wrong, also ``true`` and ``wrong``.
    """
    given, final, answer = samples["given"], samples["final"], samples["prediction_eval"]
    names = np.array(class_names, dtype=object)
    changed = np.concatenate([samples["current"][1:], final[None]]) != given
    relabelled = final != given
    table = pd.DataFrame(
        {
            "file": list(ids),
            "given": names[given],
            "run_says": names[np.where(relabelled, final, answer)],
            "relabelled": relabelled,
            "relabelled_in": pd.array(np.where(changed.any(0), changed.argmax(0) + 1, len(changed) + 1), dtype="Int64"),
            "alpha": samples["alpha"][-1].astype(float) if "alpha" in samples else np.nan,
            "agreed": (samples["prediction"] == given).mean(0),
            "confidence": samples["confidence_eval"].astype(float),
        }
    )
    against = np.where(answer != given, table["confidence"], -table["confidence"])
    answers = [table["agreed"], -against]
    own = [~relabelled, table["relabelled_in"].astype(int), table["alpha"]]
    order = np.lexsort((answers if by == "answers" else own + answers)[::-1])
    table["relabelled_in"] = table["relabelled_in"].mask(~changed.any(0))
    if _truth_is_known(samples):
        table["true"], table["wrong"] = names[samples["true"]], samples["true"] != given
    return table.iloc[order]


def _truth_is_known(samples: Mapping[str, np.ndarray]) -> bool:
    """Whether some labels were made wrong, or are known to be: where none is, the given ones count as true."""
    return bool((samples["true"] != samples["given"]).any()) if "true" in samples else False


def _tells_apart(samples: Mapping[str, np.ndarray], by: str) -> bool:
    """Whether there is anything that differs between two samples of one label."""
    answers, alpha = samples["prediction"], samples.get("alpha", np.zeros((1, 1)))[-1]
    own = any((samples[name] != samples["given"]).any() for name in ("current", "final")) or (alpha != alpha[0]).any()
    return bool((answers != answers[:, :1]).any() or (by == "own" and own))


def precision(table: pd.DataFrame, top: int) -> dict[str, float]:
    """How many of the ``top`` first labels are really wrong, of a table that knows.

    Returns:
        ``shown`` (at most ``top``), ``wrong`` among them, ``precision`` (share of the shown), ``share`` of all labels
        that are wrong, and ``lift``, the first share over the second: 1 for a list in random order.
    """
    first = table["wrong"].iloc[:top]
    share, of_all = float(first.mean()), float(table["wrong"].mean())
    return {
        "shown": len(first), "wrong": int(first.sum()), "precision": share, "share": of_all, "lift": share / of_all,
    }  # fmt: skip


def report(run: Run, table: pd.DataFrame, top: int, by: str = "answers") -> str:
    """The ``top`` first rows for a terminal, by what they are ordered, and how far the list can be believed."""
    unneeded = ["wrong"] if table["relabelled_in"].notna().any() else ["wrong", "relabelled"]
    shown = table.head(top).dropna(axis="columns", how="all").drop(columns=unneeded, errors="ignore")
    text = shown.to_string(index=False, formatters={"agreed": "{:.0%}".format}, float_format="%.2f", na_rep="-")
    lines = [f"{len(shown):,} of {len(table):,} training pictures of {run.path.name}, {_order(run, table, by)}", text]
    return "\n".join([*lines, _worth(run, table, top, by)])


def _order(run: Run, table: pd.DataFrame, by: str) -> str:
    answers = "how seldom the network's answer was the given label (agreed: share of epochs), then how sure it is"
    relabelled, once = int(table["relabelled"].sum()), int(table["relabelled_in"].notna().sum())
    alpha = table["alpha"].nunique() > 1
    if by == "answers":
        return f"by {answers}:"
    if not once and not alpha:
        why = "gave all pictures one alpha" if table["alpha"].notna().any() else "has no alpha"
        return f"by {answers}, since {run.label} {why} and relabelled none:"
    parts = [f"the {relabelled:,} relabelled first, then the {once - relabelled:,} that were once"] if once else []
    parts += ["the lowest alpha first" if not parts else "then the lowest alpha"] if alpha else [f"then by {answers}"]
    return f"{', '.join(parts)}:"


def _worth(run: Run, table: pd.DataFrame, top: int, by: str) -> str:
    lead = "A suspicion is no proof: look at each picture before you change its label."
    other = next(order for order in ORDERS if order != by)
    otherwise = ranked(run.samples, table.sort_index()["file"], run.manifest["class_names"], other)
    same = otherwise.index.equals(table.index)
    if "wrong" not in table:
        hint = "" if same or by != "own" else " Lesson 15 measures how much an alpha knows; --by answers asks none."
        return (
            f"{lead} How many of these are really wrong nobody has measured: the same `scn run` with --noise-rate 0.1 "
            f"makes labels wrong on purpose, and `scn suspects` then says how many of them its list finds.{hint}"
        )
    found, beside = precision(table, top), precision(otherwise, top)
    more = "" if same else f" With --by {other}: {beside['wrong']:,} ({beside['lift']:.1f} times)."
    return (
        f"{lead} Here the truth is known: {found['wrong']:,} of these {found['shown']:,} labels are really wrong "
        f"({found['precision']:.0%}), of all {len(table):,} {found['share']:.0%}: {found['lift']:.1f} times as many as "
        f"in a random list.{more}"
    )
