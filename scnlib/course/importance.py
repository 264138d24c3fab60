"""What lessons 05 and 06 measure about the importance weights: on one batch, in the first steps, over recorded runs."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.config import Config
from scnlib.datasets import FaceSet
from scnlib.losses import high_importance_count
from scnlib.methods import Method
from scnlib.methods.base import Batch, Step
from scnlib.precision import choose_device, choose_precision
from scnlib.run_folder import Run
from scnlib.training import Training, epoch_batches, learning_rate


def in_words(value: float, digits: int = 2) -> str:
    """A number in 0..1 with ``digits`` decimals, two significant ones below 0.01, "< 0.0001" where it is less."""
    if value < 1e-4:
        return "< 0.0001"
    return f"{value:.2g}" if value < 0.01 else f"{value:.{digits}f}"


def seeds_note(table: pd.DataFrame) -> str:
    """What a figure's note says of seeds and intervals: ``n`` of each row, and ``low`` where there is an interval."""
    if table["n"].max() <= 1:
        return "1 run each"
    return "paired by seed" + ("; 95 % intervals where n > 1" if table["low"].notna().any() else "")


def best_of_sweep(rows: pd.DataFrame, usual: float) -> str:
    """Which value of an option did best at the seeds that the values share, in words.

    Args:
        rows: of ``scnlib.course.readings.option_sweep``, one series.
        usual: the value that gains are over.
    """
    rows = rows.dropna(subset="together")
    if len(rows) < 2:
        return "not measured yet at more than one value, so nothing can be compared"
    best = rows.loc[rows["together"].idxmax()]
    interval = "" if pd.isna(best["gain_low"]) else f" [{best['gain_low']:+.2f}, {best['gain_high']:+.2f}]"
    ahead = f"{best['gain']:+.2f}{interval} points over the paper's {usual:g} at the same seeds"
    if best["value"] == usual:
        ahead = "the paper's own"
    elif pd.isna(best["gain"]):
        ahead = f"the paper's {usual:g} is not measured at these seeds"
    span = rows["together"].max() - rows["together"].min()
    values = ", ".join(f"{value:g}" for value in sorted(rows["value"]))
    return (
        f"of the {len(rows)} values measured at the same seeds ({values}), {best['value']:g} has the largest mean, "
        f"{best['together']:.2f} % (n = {int(best['n_together'])}), {ahead}; the means lie within {span:.2f} points"
    )


def logit_slope(logits: Tensor, alpha: Tensor, labels: Tensor) -> Tensor:
    """How fast each sample's logit-weighted loss grows with its own importance.

        d/d alpha_i  -log softmax(alpha_i z_i)[y_i]  =  sum_c p_ic z_ic - z_iy,      p_i = softmax(alpha_i z_i)

    Never positive where the label has the largest logit; its own derivative, the variance of z under p, is never
    negative, so the loss is convex in alpha.

    Args:
        logits: ``(N, C)`` unnormalised scores ``z``.
        alpha: ``(N,)``.
        labels: ``(N,)``.

    Returns:
        ``(N,)``; divided by N it is the gradient of the batch's mean loss.
    """
    p = torch.softmax(alpha[:, None] * logits, dim=1)
    return (p * logits).sum(1) - logits.gather(1, labels[:, None]).squeeze(1)


def loss_over_alpha(logits: Tensor, labels: Tensor, alphas: Sequence[float]) -> np.ndarray:
    """Each sample's logit-weighted loss at every importance that it might have.

    Args:
        logits: ``(N, C)``; labels: ``(N,)``; alphas: A numbers.

    Returns:
        ``(N, A)``.
    """
    columns = [F.cross_entropy(alpha * logits, labels, reduction="none") for alpha in alphas]
    return torch.stack(columns, dim=1).numpy()


class _Watched:
    """A method that writes down what each of its steps saw."""

    def __init__(self, method: Method) -> None:
        self.method, self.rows = method, []

    def __getattr__(self, name: str) -> object:
        return getattr(self.method, name)

    def step(self, model: torch.nn.Module, batch: Batch, epoch: int) -> Step:
        step = self.method.step(model, batch, epoch)
        alpha = step.alpha.detach()
        classification = step.parts["classification_loss"].detach()
        plain = F.cross_entropy(step.logits.detach(), batch.labels)
        self.rows.append([float(x) for x in (alpha.mean(), alpha.min(), alpha.max(), classification, plain)])
        return step


def four_faces(logits: Tensor, labels: Tensor, over: Tensor) -> dict[str, int]:
    """The faces that show best what alpha can do to a loss: name -> row.

    How sure a prediction is: how far the label's logit lies above the mean of all, or for a wrong one below. Undecided
    is the wrong one whose loss dips most between alpha = 0 and 1.

    Args:
        logits: ``(N, C)``.
        labels: ``(N,)``.
        over: ``(N, A)`` losses of ``loss_over_alpha``, for alphas from 0 to 1.
    """
    right = logits.argmax(1) == labels
    above = logits.gather(1, labels[:, None]).squeeze(1) - logits.mean(1)
    dip = over[:, [0, -1]].min(1).values - over.min(1).values
    kinds = {
        "right and sure": (right, above),
        "right, barely": (right, -above),
        "wrong, undecided": (~right, dip),
        "wrong and sure": (~right, -above),
    }
    return {name: int(score.masked_fill(~rows, -torch.inf).argmax()) for name, (rows, score) in kinds.items()}


def first_steps(config: Config, faces: FaceSet, epochs: int = 1) -> pd.DataFrame:
    """Train the first epochs of a run, without evaluation, and look at the importance in every step.

    Args:
        config: of the run; its schedule is followed, so a warm-up is as long as the whole run's.
        faces: to train on.
        epochs: how many of ``config.epochs``.

    Returns:
        A row a step: ``step`` (from 1), ``alpha_mean``, ``alpha_min``, ``alpha_max`` of its batch, ``loss``: its
        classification loss before the step, ``plain_loss``: the cross-entropy with the same logits and alpha = 1.
    """
    watched, device = _Watched(config.method), choose_device()
    training = Training(dataclasses.replace(config, method=watched), faces, {}, device, choose_precision(device))
    for _ in range(epochs):
        training.train_epoch()
    columns = ["alpha_mean", "alpha_min", "alpha_max", "loss", "plain_loss"]
    table = pd.DataFrame(watched.rows, columns=columns)
    table.insert(0, "step", range(1, len(table) + 1))
    return table


def group_gap(alpha: np.ndarray, beta: float = 0.7) -> float:
    """``alpha_H - alpha_L`` of one batch: mean of the ``floor(beta N)`` largest minus mean of the others.

    Raises:
        ValueError: if a group is empty.
    """
    ranked = np.sort(np.asarray(alpha, dtype=float))[::-1]
    count = high_importance_count(len(ranked), beta)
    if count in (0, len(ranked)):
        raise ValueError(f"{len(ranked)} samples and beta={beta} leave a group empty: there is no gap")
    return float(ranked[:count].mean() - ranked[count:].mean())


def batch_gaps(
    alpha: np.ndarray, batch_sizes: Sequence[int], *, beta: float = 0.7, draws: int = 400, seed: int = 0
) -> dict[int, np.ndarray]:
    """The gaps of batches drawn at random from recorded importances, for several batch sizes.

    Args:
        alpha: ``(N,)``.
        batch_sizes: those above N are left out.
        draws: batches of each size; within one no sample comes twice.

    Returns:
        batch size -> ``(draws,)``.
    """
    generator = np.random.default_rng(seed)
    fitting = [size for size in batch_sizes if size <= len(alpha)]
    return {
        size: np.array([group_gap(generator.choice(alpha, size, replace=False), beta) for _ in range(draws)])
        for size in fitting
    }


def recorded_gaps(run: Run) -> pd.DataFrame:
    """The gap of every batch that a run trained on, from its recorded importances.

    Returns:
        A row a step: ``step`` and ``epoch`` (from 1), ``lr``, ``gap``.

    Raises:
        ValueError: if the run drew its batches with repetition.
    """
    config, alpha = run.config, run.samples["alpha"]
    if config.oversample:
        raise ValueError(f"{run.path.name} was oversampled: a face was in several batches of an epoch")
    beta, rows = getattr(config.method, "beta", 0.7), []
    for epoch, values in enumerate(alpha, start=1):
        order = epoch_batches(len(values), config.batch_size, config.seed, epoch)
        for number, index in enumerate(order):
            rate = learning_rate(config, epoch - 1 + number / len(order))
            rows.append((len(rows) + 1, epoch, rate, group_gap(values[index.numpy()], beta)))
    return pd.DataFrame(rows, columns=["step", "epoch", "lr", "gap"])


def margin_path(
    gaps: Sequence[float], start: float, *, lr: float | Sequence[float], gamma: float = 0.5, reward: float = 0.0
) -> np.ndarray:
    """A learnable margin's way down the rank loss, batch after batch, while the gaps are what they are.

        delta <- delta - lr gamma ([gap < delta] - reward)

    Plain descent, without momentum and decay.

    Args:
        gaps: ``(S,)`` one for each step.
        start: the margin before the first step.
        lr: one rate, or one for each step.
        reward: ``margin_reward``; 0 is the paper's loss.

    Returns:
        ``(S + 1,)``: the margin before each step and after the last.
    """
    gaps = np.asarray(gaps, dtype=float)
    path = [start]
    for gap, rate in zip(gaps, np.broadcast_to(lr, gaps.shape), strict=True):
        path.append(path[-1] - gamma * rate * ((gap < path[-1]) - reward))
    return np.array(path)


def expected_margin_loss(gaps: Sequence[float], margins: Sequence[float], reward: float = 0.0) -> np.ndarray:
    """What a learnable margin descends on, at each of its values, if batches have these gaps.

        E_g[ max(0, delta - g) ] - reward delta

    Up to a constant the pinball loss of the gaps: least at their ``reward`` quantile; for reward 0 at every delta
    below all gaps.

    Args:
        gaps: ``(S,)``; margins: ``(A,)``.

    Returns:
        ``(A,)``.
    """
    gaps, margins = np.asarray(gaps, dtype=float), np.asarray(margins, dtype=float)
    return np.maximum(0, margins[:, None] - gaps[None]).mean(1) - reward * margins
