"""Do real mistakes flock to look-alikes, or only to labels that attract everybody's mistakes?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def counts_matrix(table: pd.DataFrame, row: str, column: str) -> tuple[np.ndarray, list[str], list[str]]:
    """A long table of counts as a matrix with the names of its rows and columns, in order of appearance.

    Columns without any counts are left out: FER2013 has no contempt.

    Args:
        table: columns ``row``, ``column`` and ``count``.
    """
    rows, columns = list(dict.fromkeys(table[row])), list(dict.fromkeys(table[column]))
    wide = table.pivot_table(index=row, columns=column, values="count", aggfunc="sum", fill_value=0)
    columns = [name for name in columns if wide[name].any()]
    return wide.reindex(index=rows, columns=columns, fill_value=0).to_numpy(), rows, columns


def sink_shares(wrong: object, possible: object, rounds: int = 50) -> np.ndarray:
    """How attractive each label is to mistakes, whatever the true class: the weights of quasi-independence.

        P(given j | true i, wrong) = w_j / sum_{l possible for i} w_l

    A label's share of all mistakes will not do, since a class makes no mistakes into itself: the label of a class that
    makes most mistakes would seem to attract few. The weights here are those under which each label's expected number
    of mistakes is its observed one, found by scaling them in turn.

    Args:
        wrong: ``(R, C)`` counts of wrong labels, 0 where label and class are the same.
        possible: bool ``(R, C)``, False where label and class are the same.

    Returns:
        ``(C,)`` weights that sum to 1; 0 for a label that no mistake has.
    """
    wrong, possible = np.asarray(wrong, dtype=float), np.asarray(possible, dtype=float)
    rows, columns = wrong.sum(-1), wrong.sum(-2)
    weights = columns / columns.sum(-1, keepdims=True)
    for _ in range(rounds):
        reach = (possible @ weights[..., None])[..., 0]
        per_weight = np.divide(rows, reach, out=np.zeros_like(rows), where=reach > 0)
        pull = (per_weight[..., None, :] @ possible)[..., 0, :]
        weights = np.divide(columns, pull, out=np.zeros_like(columns), where=pull > 0)
        weights /= weights.sum(-1, keepdims=True)
    return weights


def expected_mistakes(wrong: object, possible: object) -> np.ndarray:
    """The counts under quasi-independence: each class's mistakes divided by ``sink_shares`` over its possible labels.

    Args:
        wrong, possible: ``(R, C)`` as in ``sink_shares``.
    """
    wrong, possible = np.asarray(wrong, dtype=float), np.asarray(possible, dtype=float)
    pull = possible * sink_shares(wrong, possible)
    reach = pull.sum(1, keepdims=True)
    return wrong.sum(1, keepdims=True) * np.divide(pull, reach, out=np.zeros_like(pull), where=reach > 0)


def commonest_beyond_sinks(
    counts: object, rows: Sequence[str], columns: Sequence[str], *, draws: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Each true class's commonest mistake, beside the share that the label's attraction for other classes explains.

    The null is that a wrong label does not depend on the true class, but for being another one: its share is then
    ``sink_shares`` of the *other* classes' mistakes, restricted to the labels that are wrong for this one. The interval
    is that of a multinomial bootstrap: every class's mistakes are drawn again from their own shares, and observed
    minus expected share is taken for the same pair. The pair was chosen for being the commonest, which flatters it
    where there are few mistakes.

    Args:
        counts: ``(R, C)``, row = true class, column = given label.
        rows, columns: names.
        draws: of the bootstrap.
        seed: of its generator.

    Returns:
        A row for each class with mistakes, as ordered: ``true``, ``given``, ``n`` (its mistakes), ``share``,
        ``expected``, ``excess``, ``low``, ``high`` (95 %); shares in 0..1, NaN where the other classes
        made none of the mistakes that this one can make.

    Raises:
        ValueError: if fewer than two classes have mistakes, so that none can be compared with others.
    """
    possible = np.array([[row != column for column in columns] for row in rows])
    wrong = np.asarray(counts) * possible
    kept = wrong.sum(1) > 0
    if kept.sum() < 2:
        raise ValueError("mistakes of at least two classes are needed to compare one with the others")
    names = [name for name, keep in zip(rows, kept, strict=True) if keep]
    wrong, possible = wrong[kept], possible[kept]
    totals = wrong.sum(1)
    generator = np.random.default_rng(seed)
    drawn = np.stack([generator.multinomial(n, row / n, draws) for n, row in zip(totals, wrong, strict=True)], axis=1)
    table = []
    for i, name in enumerate(names):
        j = int(wrong[i].argmax())
        others = np.arange(len(names)) != i
        share = wrong[i, j] / totals[i]
        expected = float(_expected(wrong[others], possible[others], possible[i], j))
        again = drawn[:, i, j] / totals[i] - _expected(drawn[:, others], possible[others], possible[i], j)
        again = again[np.isfinite(again)]
        low, high = np.quantile(again, (0.025, 0.975)) if len(again) else (np.nan, np.nan)
        table.append((name, columns[j], int(totals[i]), share, expected, share - expected, low, high))
    return pd.DataFrame(table, columns=["true", "given", "n", "share", "expected", "excess", "low", "high"])


def _expected(others: np.ndarray, possible: np.ndarray, own: np.ndarray, j: int) -> np.ndarray:
    """The share of label ``j``; NaN where the other classes made none of the mistakes that this one can make."""
    weights = sink_shares(others, possible)
    reach = (weights * own).sum(-1)
    return np.divide(weights[..., j], reach, out=np.full_like(reach, np.nan), where=reach > 0)
