"""What relabelling does, read off finished runs: who is asked, who is changed, and what becomes of a cure.

python -m scnlib.course.cures --seeds 3     cure once and start again; writes data/results/rendered_cured_once.csv
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from scnlib import runs
from scnlib.config import Config, profile_config
from scnlib.course import measures, show
from scnlib.course.measures import judged, label_history
from scnlib.datasets import FaceSet
from scnlib.paper.arms import Recipe, rows_of
from scnlib.paper.grid import Selector
from scnlib.paper.results import prepare
from scnlib.paths import results_dir
from scnlib.precision import choose_device, choose_precision
from scnlib.relabel import low_importance, relabel
from scnlib.results import write_table
from scnlib.run_folder import Run
from scnlib.splits import load_splits
from scnlib.training import Training, epoch_batches

MARGINS = tuple(step / 20 for step in range(19))


def sweep(
    probabilities: Tensor,
    given: Tensor,
    true: Tensor,
    *,
    candidates: Tensor | None = None,
    margins: Sequence[float] = MARGINS,
) -> pd.DataFrame:
    """Equation 5 under every margin, without any training: a row of ``judged`` for each delta 2.

    Args:
        probabilities: ``(N, C)`` of the network that is asked.
        given, true: ``(N,)`` labels.
        candidates: bool ``(N,)``, who may change; None: everybody.
    """
    rows = []
    for margin in margins:
        new, _ = relabel(probabilities, given, margin=margin)
        if candidates is not None:
            new = torch.where(candidates, new, given)
        rows.append({"margin": margin, **judged(given.numpy(), new.numpy(), true.numpy())})
    return pd.DataFrame(rows)


def class_flow(given: np.ndarray, new: np.ndarray, true: np.ndarray, num_classes: int) -> dict[str, np.ndarray]:
    """Which labels became which: ``cured``, ``harmed`` and ``other``, each ``(C, C)`` counts, given class by new."""
    changed, right, was_right = new != given, new == true, given == true
    kinds = {
        "cured": changed & right,
        "harmed": changed & was_right,
        "other": changed & ~right & ~was_right,
    }
    flow = {}
    for kind, rows in kinds.items():
        flow[kind] = np.zeros((num_classes, num_classes), dtype=np.int64)
        np.add.at(flow[kind], (given[rows], new[rows]), 1)
    return flow


def low_groups(run: Run) -> np.ndarray:
    """bool ``(E, N)``: who was in the low-importance group of its batch, in each epoch of training.

    The batches are drawn again from the seed.

    Raises:
        ValueError: if the run has no importance, or drew its batches with repetition.
    """
    if "alpha" not in run.samples:
        raise ValueError(f"{run.path.name} has no importance, so nobody is in a low group")
    if run.config.oversample:
        raise ValueError(f"{run.path.name} was oversampled: a face was in several batches of an epoch")
    config, alpha = run.config, torch.from_numpy(run.samples["alpha"].astype(np.float32))
    low = torch.zeros(alpha.shape, dtype=torch.bool)
    for epoch, row in enumerate(alpha, start=1):
        for index in epoch_batches(len(row), config.batch_size, config.seed, epoch):
            low[epoch - 1, index] = low_importance(row[index], config.method.beta)
    return low.numpy()


def doctor_by_epoch(run: Run) -> pd.DataFrame:
    """If every face that is asked got the label predicted in that epoch: how often that were right, and the given one.

    This is equation 5 with delta 2 = 0, in training mode, in every epoch; whatever the run did itself.

    Returns:
        ``epoch``, ``group`` (``"low"`` where the run has importance, and ``"all"``), and the columns of ``judged``,
        which count within the group.
    """
    given, true, predictions = (run.samples[name] for name in ("given", "true", "prediction"))
    groups = {"all": np.ones(predictions.shape, dtype=bool)}
    if "alpha" in run.samples:
        groups = {"low": low_groups(run), **groups}
    rows = [
        {"epoch": epoch, "group": name, **judged(given[asked[i]], predictions[i][asked[i]], true[asked[i]])}
        for name, asked in groups.items()
        for i, epoch in enumerate(run.metrics["epoch"])
    ]
    return pd.DataFrame(rows)


def fates(run: Run) -> pd.DataFrame:
    """What the end of each epoch made of the labels that were new in it: kept, changed again, or given back, and why.

    Equation 5 starts from the given label every time. A face keeps its new label only if it is in the low group *and*
    the network still contradicts the given label by the margin.

    Returns:
        ``epoch``; ``under``: faces that trained under a new label in it; of them ``kept``, ``another`` (a third
        label), ``risen`` (given back, in the high group), ``unsure`` (given back, in the low group); ``risen_cured``,
        ``unsure_cured``: how many of those lost a *right* label.

    Raises:
        ValueError: if the run decided in evaluation mode: the groups of that pass are not recorded.
    """
    if run.config.method.relabel_mode != "train":
        raise ValueError("groups of a pass in evaluation mode are not recorded; use a run with relabel_mode='train'")
    given, true, current = (run.samples[name] for name in ("given", "true", "current"))
    after, low = label_history(run), low_groups(run)
    rows = []
    for i, epoch in enumerate(run.metrics["epoch"]):
        under, back = current[i] != given, after[i] == given
        cured = current[i] == true
        rows.append(
            {
                "epoch": epoch,
                "under": under.sum(),
                "kept": (under & (after[i] == current[i])).sum(),
                "another": (under & ~back & (after[i] != current[i])).sum(),
                "risen": (under & back & ~low[i]).sum(),
                "unsure": (under & back & low[i]).sum(),
                "risen_cured": (under & back & ~low[i] & cured).sum(),
                "unsure_cured": (under & back & low[i] & cured).sum(),
            }
        )
    return pd.DataFrame(rows).astype(int)


@dataclass(frozen=True)
class Retrained:
    """A network trained from scratch on other labels.

    Attributes:
        metrics: one row an epoch, columns of ``scnlib.run_folder.METRICS`` as far as they are known.
        test_prediction: int64 ``(M,)``, of the last epoch.
    """

    metrics: pd.DataFrame
    test_prediction: np.ndarray


def retrained(config: Config, train: FaceSet, labels: Tensor, test: FaceSet) -> Retrained:
    """Train as ``config`` says, from the same initial weights and in the same order, on other training labels.

    Nothing is recorded: no run directory knows these labels.

    Args:
        train: the run's training faces.
        labels: int64 ``(N,)`` for them.
        test: the run's test faces.
    """
    device = choose_device()
    training = Training(config, train.with_labels(labels), {"test": test}, device, choose_precision(device))
    epochs = tqdm(
        range(config.epochs), "training again", unit="epoch", file=sys.stdout, leave=False, disable=show.headless()
    )
    metrics = pd.DataFrame([training.train_epoch() for _ in epochs])
    return Retrained(metrics, training.infer(test.images)[0].argmax(1).numpy())


def cure_once(config: Config) -> dict[str, object]:
    """Train, let the finished network relabel everybody once in evaluation mode, and start again on the new labels.

    Returns:
        A row of ``rendered_cured_once.csv``: what was done, ``accuracy_first`` and ``accuracy_again`` (test, percent,
        last epoch), and the columns of ``judged``.
    """
    first, splits = runs.run(config), load_splits(config)
    given, true = splits.train.labels, splits.train.true_labels
    margin = 0.2  # the paper's delta 2
    labels, _ = relabel(measures.probabilities(first, splits.train.images), given, margin=margin)
    again = retrained(config, splits.train, labels, splits.test)
    return {
        "dataset": config.dataset, "method": config.method.name, "noise_rate": config.noise_rate, "seed": config.seed,
        "profile": config.profile, "epochs": config.epochs, "margin": margin, "first_key": first.manifest["key"],
        "accuracy_first": round(100 * first.metrics["test_accuracy"].iloc[-1], 3),
        "accuracy_again": round(100 * again.metrics["test_accuracy"].iloc[-1], 3),
        "n_test": len(splits.test),
        **{name: round(value, 5) for name, value in judged(given.numpy(), labels.numpy(), true.numpy()).items()},
    }  # fmt: skip


def curves(
    results: pd.DataFrame,
    epochs: pd.DataFrame,
    named: Mapping[str, Selector],
) -> dict[str, pd.DataFrame]:
    """The share of right labels epoch by epoch for some arms on rendered faces, averaged over seeds.

    Args:
        results, epochs: ``load_results()`` and ``load_epochs()``.
        named: label -> the runs meant.

    Returns:
        label -> columns ``epoch``, ``mean``, ``low``, ``high`` (lowest and highest seed), ``n``; arms without runs are
        left out.
    """
    runs, recipe, found = prepare(results), Recipe.of("quick", "rendered"), {}
    for label, selector in named.items():
        keys = rows_of(runs, selector, "rendered", recipe)["key"]
        values = epochs[epochs["key"].isin(keys)].groupby("epoch")["label_accuracy"]
        if len(values):
            table = values.agg(["mean", "min", "max", "count"]).reset_index()
            found[label] = table.rename(columns={"min": "low", "max": "high", "count": "n"})
    return found


def skew_p_value(counts: Sequence[int], rates: Sequence[float], draws: int = 100_000, seed: int = 0) -> float:
    """The probability of counts at least as far from the rates as these, if samples were drawn by the rates.

        G = 2 sum_c counts_c ln(counts_c / (n rates_c)),    p = (1 + draws with a G as large) / (1 + draws)

    A Monte Carlo test, right for ten samples, where a chi-square table is not.

    Args:
        counts: one for each class.
        rates: positive where counts are, any sum.

    Raises:
        ValueError: if something was counted in a class of rate 0.
    """
    counts, rates = np.asarray(counts), np.asarray(rates, dtype=float) / np.sum(rates)
    if (counts[rates == 0] > 0).any():
        raise ValueError("a class that never occurs was counted; give it a rate")
    sampled = np.random.default_rng(seed).multinomial(counts.sum(), rates, draws)
    as_far = _g(sampled, rates) >= _g(counts, rates) - 1e-9
    return float((1 + as_far.sum()) / (1 + draws))


def _g(counts: np.ndarray, rates: np.ndarray) -> np.ndarray:
    expected = counts.sum(-1, keepdims=True) * rates
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, counts * np.log(counts / expected), 0)
    return 2 * terms.sum(-1)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scnlib.course.cures", description="Cure once and start again.")
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 on (default 3)")
    parser.add_argument("--profile", default="quick", help="default quick")
    chosen = parser.parse_args(arguments)
    configs = [
        profile_config(chosen.profile, method="baseline", noise_rate=0.3, seed=seed) for seed in range(chosen.seeds)
    ]
    path = results_dir() / "rendered_cured_once.csv"
    write_table(path, pd.DataFrame([cure_once(config) for config in configs]))
    print(f"{path}: {len(configs)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
