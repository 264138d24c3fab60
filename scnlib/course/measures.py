"""What lessons read off a run beyond its metrics: plain tables for ``scnlib.plots``."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from scnlib.course.comparison import paired_difference
from scnlib.models import normalize
from scnlib.paper.results import FULL_SCALE
from scnlib.precision import choose_device
from scnlib.run_folder import Run
from scnlib.training import EVALUATION_BATCH


def learnt(run: Run) -> pd.DataFrame:
    """What the network made of right and of wrong labels in each epoch, in training mode.

    Returns:
        ``epoch``; ``right``: share of the right labels that it predicts; ``memorised``: share of the wrong labels that
        it predicts; ``seen_through``: share of the wrong labels where it predicts the true class; ``test``: test
        accuracy. NaN where there are no wrong labels.
    """
    samples = run.samples
    given, prediction = samples["given"], samples["prediction"]
    true = samples.get("true", given)
    wrong = given != true
    return pd.DataFrame(
        {
            "epoch": run.metrics["epoch"],
            "right": (prediction == given)[:, ~wrong].mean(1),
            "memorised": _mean((prediction == given)[:, wrong]),
            "seen_through": _mean((prediction == true)[:, wrong]),
            "test": run.metrics["test_accuracy"],
        }
    )


@torch.no_grad()
def opinion(run: Run, images: Tensor) -> tuple[Tensor, Tensor | None]:
    """What a run's last network says of uint8 images, unchanged and in evaluation mode.

    Returns:
        Logits ``(N, C)`` and alpha ``(N,)``, None for methods without; on the CPU.
    """
    device = choose_device()
    network = run.network(device)
    parts = (normalize(part.to(device), run.config.normalization) for part in images.split(EVALUATION_BATCH))
    logits, alphas = zip(*(run.config.method.predict(network, part) for part in parts), strict=True)
    return torch.cat(logits).float().cpu(), None if alphas[0] is None else torch.cat(alphas).float().cpu()


@torch.no_grad()
def probabilities(run: Run, images: Tensor) -> Tensor:
    """What a run's last network says of uint8 images: class probabilities ``(N, C)``, in float32."""
    return run.config.method.probabilities(*opinion(run, images))


def judged(given: np.ndarray, new: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """New labels ``(N,)`` beside the given and the true ones.

    Returns:
        ``changed``, ``cured`` (wrong to right), ``harmed`` (right to wrong), ``other`` (wrong to wrong): counts;
        ``precision``, ``given_right``: among the changed, how often the new and how often the given label is right, NaN
        without changes; ``recall``: share of the wrong labels that are right now; ``label_accuracy``; ``gain``: points
        of it won; ``interval``: half of the gain's 95 % interval over samples.

        gain = 100 (cured - harmed) / N,    interval: of ``comparison.paired_difference``
    """
    changed, right, was_right = new != given, new == true, given == true
    n, cured, harmed = int(changed.sum()), int((changed & right).sum()), int((changed & was_right).sum())
    won, interval = paired_difference(right, was_right)
    return {
        "changed": n,
        "cured": cured,
        "harmed": harmed,
        "other": n - cured - harmed,
        "precision": cured / n if n else np.nan,
        "given_right": harmed / n if n else np.nan,
        "recall": cured / max(int((~was_right).sum()), 1),
        "label_accuracy": float(right.mean()),
        "gain": 100 * won,
        "interval": 100 * interval,
    }


def label_history(run: Run) -> np.ndarray:
    """The labels after each epoch, ``(E, N)``: what the next epoch trains on; the last row is the final one."""
    return np.concatenate([run.samples["current"][1:], run.samples["final"][None]])


def relabel_flow(run: Run) -> pd.DataFrame:
    """The labels that differ from the given ones after each epoch, judged by the truth.

    Returns:
        ``epoch``; ``cured`` (wrong to right), ``harmed`` (right to wrong), ``other`` (wrong to wrong): counts;
        ``precision``: share of the changed whose new label is right; ``given_right``: share of them whose given label
        was right; ``recall``: share of all wrong labels that are right now; ``label_accuracy``; ``gain`` with
        ``interval``, in points, as of ``judged``. NaN without changes.
    """
    given, true = run.samples["given"], run.samples["true"]
    epochs = zip(run.metrics["epoch"], label_history(run), strict=True)
    rows = pd.DataFrame([{"epoch": epoch, **judged(given, labels, true)} for epoch, labels in epochs])
    return rows.drop(columns="changed")


def causes_of_extremes(
    latents: Mapping[str, Tensor],
    true_labels: Tensor,
    alpha: np.ndarray,
    class_names: Sequence[str],
    share: float = 0.05,
) -> pd.DataFrame:
    """How common each cause of uncertainty is among all rendered faces and at the two ends of alpha, in percent.

    Args:
        latents: of the faces, as ``FaceSet.latents``; without any, the table is empty.
        true_labels: ``(N,)``.
        alpha: ``(N,)``.
        class_names: in the order of the labels; every class is a row, for alpha may rank whole classes.
        share: how much of the faces an end is.

    Returns:
        A row for each cause; the last column is 1.96 standard errors of a share of that many faces drawn at random.
    """
    if not latents:
        return pd.DataFrame(columns=["all, %", "lowest α, %", "highest α, %", "chance, ±"])
    causes = {
        "covered": latents["occluder_kind"] > 0,
        "glasses": latents["glasses"] > 0,
        "blurred": latents["blur"] > 0,
        "without colour": latents["grey"] > 0,
        "two expressions mixed": latents["mix"] > 0,
        "faint expression": latents["intensity"] < 0.6,
        **{name: true_labels == c for c, name in enumerate(class_names)},
        "dark skin": latents["skin"] > 0.6,
    }
    order = np.argsort(alpha, kind="stable")
    count = max(1, round(share * len(order)))
    groups = {"all, %": order, "lowest α, %": order[:count], "highest α, %": order[-count:]}
    table = {
        title: {name: 100 * float(cause.numpy()[rows].mean()) for name, cause in causes.items()}
        for title, rows in groups.items()
    }
    shares = pd.DataFrame(table)
    everyone = shares["all, %"] / 100
    return shares.assign(**{"chance, ±": 196 * (everyone * (1 - everyone) / count) ** 0.5}).round(1)


def means_at_highest_noise(results: pd.DataFrame) -> pd.DataFrame:
    """Means over seeds of each method under the largest share of wrong labels, one row a method.

    Args:
        results: of ``scnlib.paper.quick.own_runs``; without rows the table is empty.
    """
    columns = {
        "noise_rate": "wrong labels, %",
        "accuracy": "test accuracy, %",
        "memorised": "wrong labels memorised, %",
        "label_accuracy": "labels right, %",
        "relabel_precision": "relabel precision, %",
        "alpha_auroc": "AUROC of α",
    }
    if results.empty:
        return pd.DataFrame(columns=list(columns.values()))
    top = results[(results["noise_rate"] == results["noise_rate"].max()) & (results["noise_kind"] == "symmetric")]
    groups = top.groupby("label", sort=False)
    table = (
        groups[list(columns)].mean().assign(noise_rate=100 * top["noise_rate"].iloc[0]).rename(columns=columns).round(2)
    )
    table = table.astype(object).where(table.notna(), "")
    return table.assign(runs=groups.size(), origin=FULL_SCALE)


def _mean(hits: np.ndarray) -> np.ndarray:
    return hits.mean(1) if hits.shape[1] else np.full(len(hits), np.nan)
