"""Is a comparison fair? Every method at its own best setting, and how long each method's step is."""

import pandas as pd
import torch
from torch import Tensor

from scnlib.methods import Method, make_method
from scnlib.methods.base import Batch
from scnlib.models import make_backbone, normalize
from scnlib.paper import stats
from scnlib.paper.arms import gain
from scnlib.paper.choice import at_best, complete
from scnlib.paper.results import paired

_TUNED = ("value", "at_edge", "tried", "val", "test", "std", "n", "best_test", "gain", "low", "high", "shared")


def tuned(runs: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Every method at its own best setting: chosen on validation labels, reported on test labels.

    For each method the value with the highest mean of ``val`` is taken, by the rule of ``scnlib.paper.choice``;
    ``test`` is only then read.

    Args:
        runs: one row a run, as of ``readings.by_setting``: ``label`` (method), ``value`` (setting), ``seed``, ``val``,
            ``test`` (percent), ``key``.
        reference: label of the method that the others are compared with, each at its own choice, paired by seed.

    Returns:
        One row a label, in order of appearance: ``value``; ``at_edge``: nothing was measured beyond it, so the best may
        lie outside; ``tried``: number of values; ``val``, ``test``, ``std`` (over seeds, n - 1), ``n``; ``best_test``:
        what choosing on test labels would report; ``gain``, ``low``, ``high``: over the reference, with its 95 % t
        interval (NaN for fewer than two seeds, and for the reference), over ``shared`` seeds.

    Raises:
        ValueError: if a run stands there twice, or the reference is missing.
    """
    if runs.duplicated(["label", "value", "seed"]).any():
        raise ValueError("two runs have the same label, value and seed; tell them apart before choosing")
    if len(runs) and reference not in set(runs["label"]):
        raise ValueError(f"no runs of the reference {reference!r}; there are: {', '.join(runs['label'].unique())}")
    rows, chosen = {}, {}
    for label, own in runs.groupby("label", sort=False):
        means = complete(own).groupby("value")[["val", "test"]].mean()
        at = chosen[label] = at_best(own)
        value = at["value"].iloc[0]
        rows[label] = {
            "value": value,
            "at_edge": value in (means.index.min(), means.index.max()),
            "tried": len(means),
            "val": means["val"][value],
            "test": means["test"][value],
            "std": stats.standard_deviation(at["test"].tolist()),
            "n": len(at),
            "best_test": means["test"].max(),
        }
    for label, row in rows.items():
        row |= gain({} if label == reference else paired(chosen[label], chosen[reference], "test"))
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(_TUNED))


def unequal_effort(runs: pd.DataFrame, choice: pd.DataFrame) -> list[str]:
    """Why a comparison of methods with tuned rates is not fair yet, in words; empty if nothing speaks against it.

    Args:
        runs: as ``tuned`` reads them.
        choice: of ``tuned``.
    """
    grids = {label: tuple(sorted(set(complete(own)["value"]))) for label, own in runs.groupby("label", sort=False)}
    reasons = []
    if len(set(grids.values())) > 1:
        tried = "; ".join(f"{label} {', '.join(f'{value:g}' for value in grid)}" for label, grid in grids.items())
        reasons.append(f"the rates tried differ ({tried})")
    edges = choice.index[choice["at_edge"].astype(bool)]
    if len(edges):
        reasons.append(f"the best may lie beyond what was tried for {', '.join(edges)}")
    return reasons


def relative_step(method: Method, images: Tensor, labels: Tensor, num_classes: int, seed: int = 0) -> float:
    """The length of a method's first gradient, as a share of the baseline's: ``|grad L| / |grad CE|``.

    Both are taken on one batch at the same fresh network with the small backbone, with respect to the classifier's
    weights: the rank loss does not touch them, so about ``(1 - gamma) alpha`` is left of the cross-entropy's gradient.

    Args:
        method: with a classifier as in ``scnlib.models.Classifier`` and no bias.
        images: uint8 ``(N, 3, H, W)``.
        labels: int64 ``(N,)``.
        seed: of the fresh network.
    """
    batch = Batch(normalize(images), labels, labels, torch.arange(len(labels)))
    lengths = []
    for each in (method, make_method("baseline")):
        backbone = make_backbone("small", images.shape[-1], seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # the classifier's weights are drawn first, so both networks have the same
            network = each.build(backbone, num_classes)
        each.step(network, batch, 1).loss.backward()
        lengths.append(float(network.classifier.weight.grad.norm()))
    return lengths[0] / lengths[1]
