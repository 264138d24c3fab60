"""What lesson 12 measures of the Label-noise Robust Network: noisy logits, centres, heads over fixed features."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib import counter_rng, losses_lrn
from scnlib.evaluation import spearman
from scnlib.methods.lrn import LRN, LRNetwork
from scnlib.run_folder import Run
from scnlib.training import build_model

# ------------------------------------------------------------------------------------------------------- noisy logits


def winners(logits: Tensor, noise: Tensor) -> Tensor:
    """How often each class has the largest logit once noise is added: shares ``(C,)``.

    Args:
        logits: ``(C,)``.
        noise: ``(S, C)``, a row for each draw.
    """
    return torch.bincount((logits + noise).argmax(1), minlength=len(logits)) / len(noise)


def gumbel(draws: int, classes: int, seed: int) -> Tensor:
    """Independent standard Gumbel noise ``(draws, C)``: ``-log(-log U)``, in float64."""
    uniform = torch.rand(draws, classes, generator=counter_rng.generator(seed, "gumbel"), dtype=torch.float64)
    return -torch.log(-torch.log(uniform.clamp_min(1e-300)))


def normal(draws: int, classes: int, seed: int) -> Tensor:
    """Independent normal noise ``(draws, C)`` with the variance of standard Gumbel noise, pi^2 / 6."""
    return math.pi / math.sqrt(6) * torch.randn(draws, classes, generator=torch.Generator().manual_seed(seed))


def tied(noise: Tensor, first: int, second: int, correlation: float) -> Tensor:
    """A copy of independent noise ``(S, C)`` in which two classes' noises are correlated; the variances stay."""
    noise = noise.clone()
    own = math.sqrt(1 - correlation**2) * noise[:, second]
    noise[:, second] = correlation * noise[:, first] + own
    return noise


def by_class_and_logit(shares: Mapping[str, Tensor], logits: Tensor) -> dict[str, dict[str, float]]:
    """Shares ``(C,)`` as numbers by ``"class 0, d = 2"``, the class with its logit."""
    names = [f"class {k}, d = {d:g}" for k, d in enumerate(logits.tolist())]
    return {name: dict(zip(names, share.tolist(), strict=True)) for name, share in shares.items()}


def sampling_error(
    mean: Tensor, factor: Tensor, counts: tuple[int, ...], repeats: int = 30, seed: int = 0
) -> pd.Series:
    """How much p' moves from one draw of the noise to the next, in points of probability, for numbers of samples S.

    Args:
        mean, factor: ``(N, C)`` and ``(N, C, K)``, as in ``losses_lrn.monte_carlo_log_probabilities``.

    Returns:
        Index S; the standard deviation over ``repeats`` draws, root mean square over samples and classes.
    """
    generator, errors = counter_rng.generator(seed, "sampling error"), {}
    for count in counts:
        drawn = [torch.randn(count, factor.shape[2], generator=generator) for _ in range(repeats)]
        p = torch.stack([losses_lrn.monte_carlo_log_probabilities(mean, factor, noise).exp() for noise in drawn])
        errors[count] = 100 * float(p.var(0).mean().sqrt())
    return pd.Series(errors).rename_axis("S")


def difference_variance(factor: Tensor) -> Tensor:
    """The variance of each difference of two logits, which is all of a covariance that a softmax can see.

        Var(u_i - u_j) = Sigma_ii + Sigma_jj - 2 Sigma_ij = ||A_i - A_j||^2      (A_i: row i of the factor)

    Args:
        factor: ``(N, C, K)``.

    Returns:
        ``(N, C, C)``, symmetric with a zero diagonal.
    """
    return (factor[:, :, None] - factor[:, None]).square().sum(3)


def tied_pairs(factor: Tensor) -> int:
    """How many pairs of classes have noises that are correlated under the covariance ``A A^T``, A of ``(C, K)``."""
    covariance = factor @ factor.T
    return int((covariance - covariance.diagonal().diag() != 0).sum()) // 2


# ------------------------------------------------------------------------------------------------------------ centres


@dataclass(frozen=True)
class Drawn:
    """Points and centres before and after descent on L_CLD alone, and sigma^2 at each step."""

    points: tuple[np.ndarray, np.ndarray]
    centres: tuple[np.ndarray, np.ndarray]
    spread: np.ndarray


def clouds(seed: int) -> tuple[Tensor, Tensor]:
    """120 points of the plane in three clouds, and four centres that know nothing of them: ``(120, 2)``, ``(4, 2)``."""
    draw = torch.Generator().manual_seed(seed)
    middles = torch.tensor([[0.0, 0.9], [0.8, -0.5], [-0.8, -0.5]]).repeat_interleave(40, 0)
    return middles + 0.35 * torch.randn(120, 2, generator=draw), 0.8 * torch.randn(4, 2, generator=draw)


def descend(points: Tensor, centres: Tensor, *, spread: bool, steps: int = 400, lr: float = 0.5) -> Drawn:
    """Move points and centres down the label-free loss, with nothing else to hold them.

    Each moves by ``lr`` times its own gradient times the number of points or of centres, so that sizes do not matter.

    Args:
        points: ``(M, D)``.
        centres: ``(C, D)``.
        spread: divide by sigma^2, as equation (4) does.
    """
    start = points.clone(), centres.clone()
    points, centres = (t.clone().requires_grad_() for t in start)
    path = []
    for _ in range(steps):
        path.append(float(losses_lrn.centre_spread(centres.detach())))
        confidence = losses_lrn.centre_confidence(points, centres).detach()
        loss = losses_lrn.discriminative_loss(points, centres, confidence, spread=spread)
        for moved, gradient in zip((points, centres), torch.autograd.grad(loss, (points, centres)), strict=True):
            moved.data -= lr * len(moved) * gradient
    path.append(float(losses_lrn.centre_spread(centres.detach())))
    pairs = [(old.numpy(), new.detach().numpy()) for old, new in zip(start, (points, centres), strict=True)]
    return Drawn(pairs[0], pairs[1], np.array(path))


def places(centres: np.ndarray, near: float = 0.05) -> int:
    """At how many different places ``(C, D)`` centres lie; those within ``near`` of one counted before are with it."""
    found: list[np.ndarray] = []
    for centre in centres:
        if all(np.linalg.norm(centre - other) > near for other in found):
            found.append(centre)
    return len(found)


def pull(features: Tensor, labels: Tensor, classifier: Tensor, centres: Tensor) -> dict[str, float]:
    """How hard each half of the joint loss pulls at the features of a batch: lengths of the gradients at one point.

    Args:
        features: ``(M, D)``; labels: ``(M,)``; classifier: ``(C, D)``; centres: ``(C, D)``.

    Returns:
        ``classification``, ``discriminative`` and their ratio ``share``, the second over the first.
    """
    features = features.detach().requires_grad_()
    confidence = losses_lrn.centre_confidence(features, centres).detach()
    halves = {
        "classification": F.cross_entropy(features @ classifier.T, labels),
        "discriminative": losses_lrn.discriminative_loss(features, centres, confidence),
    }
    lengths = {name: float(torch.autograd.grad(loss, features)[0].norm()) for name, loss in halves.items()}
    return {**lengths, "share": lengths["discriminative"] / lengths["classification"]}


def favourite(confidence: Tensor) -> float:
    """The share of samples whose largest confidence ``(M, C)`` is in the one centre that most of them prefer."""
    return float(torch.bincount(confidence.argmax(1)).max() / len(confidence))


def hold(features: Tensor, labels: Tensor, classifier: Tensor, centres: Tensor) -> dict[str, float]:
    """What centres are to features: ``spread`` (sigma^2), ``share`` of ``pull`` on the first 256, ``favourite``.

    Args:
        features: ``(M, D)``; labels: ``(M,)``; classifier: ``(C, D)``; centres: ``(C, D)``.
    """
    return {
        "spread": float(losses_lrn.centre_spread(centres)),
        "share": pull(features[:256], labels[:256], classifier, centres)["share"],
        "favourite": favourite(losses_lrn.centre_confidence(features, centres)),
    }


def travel(run: Run) -> float:
    """How far a run's centres moved in training, as a share of where they began: ``|end - start| / |start|``."""
    networks = build_model(run.config, len(run.manifest["class_names"])), run.network()
    start, end = (network.centres.detach() for network in networks)
    return float((end - start).norm() / start.norm())


# ---------------------------------------------------------------------------------------------------- trained networks


def captions(runs: Sequence[Run], class_names: Sequence[str], rows: Sequence[int]) -> list[str]:
    """For some test faces what each run says of them and how surely, a line each, and the truth in brackets."""
    truth = runs[0].samples["test_labels"]
    said = [(run.samples["test_prediction"], run.samples["test_confidence"]) for run in runs]
    return [
        "\n".join(
            [*(f"{class_names[answer[i]]} {score[i]:.2f}" for answer, score in said), f"({class_names[truth[i]]})"]
        )
        for i in rows
    ]


def looseness(features: Tensor, labels: Tensor) -> float:
    """How wide classes are for their distances: ``sum_i |f_i - m_{y_i}|^2 / sum_i |m_{y_i} - m|^2``; 0 for points.

    Args:
        features: ``(N, D)``; labels: ``(N,)``; m_y are the class means, m is the mean of all.
    """
    means = torch.stack([features[labels == c].mean(0) for c in labels.unique()])
    own = means[labels.unique(return_inverse=True)[1]]
    return float((features - own).square().sum() / (own - features.mean(0)).square().sum())


# ----------------------------------------------------------------------------------------------- heads, quickly trained


class _Identity(nn.Module):
    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features


@dataclass(frozen=True)
class Head:
    """FC1 and FC2 of an LRN, trained on fixed features.

    Attributes:
        method: whose heads these are.
        network: holds them; it has no backbone.
        milliseconds: of a step, forward and backward.
    """

    method: LRN
    network: LRNetwork
    milliseconds: float

    @torch.no_grad()
    def log_probabilities(self, features: Tensor) -> Tensor:
        """``(N, C)``, with the noise of evaluation."""
        generator = counter_rng.generator(0, "lrn evaluation")
        return torch.log_softmax(self.method.scores(*self.network.heads(features), generator), dim=1)

    @torch.no_grad()
    def mean_probabilities(self, features: Tensor) -> Tensor:
        """``(N, C)``: the softmax of the mean logits, as if the head knew no noise."""
        mean, outputs = self.network.heads(features)
        return torch.softmax(mean / (self.method.temperature if outputs is not None else 1), dim=1)

    @torch.no_grad()
    def difference_variance(self, features: Tensor) -> Tensor:
        """``difference_variance`` of the covariance that FC2 gives each sample: ``(N, C, C)``."""
        mean, outputs = self.network.heads(features)
        method = self.method
        return difference_variance(losses_lrn.covariance_factor(outputs, mean.shape[1], method.covariance, method.rank))


def train_head(
    method: LRN, features: Tensor, labels: Tensor, num_classes: int, *, steps: int, batch: int = 256, lr: float = 0.05,
    seed: int = 0,
) -> Head:  # fmt: skip
    """Train FC1 and FC2 alone, by SGD with momentum .9 and a rate that falls to 0 by a cosine.

    Args:
        method: what to train; its centre loss would move nothing here and is left out.
        features: ``(N, D)``, fixed.
        labels: ``(N,)``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = method.build(_Identity(features.shape[1]), num_classes)
        heads = [p for name, p in network.named_parameters() if name != "centres"]
        optimizer = torch.optim.SGD(heads, lr=lr, momentum=0.9)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        began = time.perf_counter()
        for _ in range(steps):
            index = torch.randint(len(features), (batch,))
            loss = F.cross_entropy(method.scores(*network.heads(features[index])), labels[index])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
        took = time.perf_counter() - began
    return Head(method, network, 1000 * took / steps)


def by_class(values: Tensor, labels: Tensor, num_classes: int) -> np.ndarray:
    """Means of ``(N, ...)`` values over the samples of each class: ``(C, ...)``; NaN for a class without any."""
    rows = [values[labels == c].mean(0) for c in range(num_classes)]
    return torch.stack(rows).numpy()


def rank_agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation of two ``(C, C)`` matrices off their diagonals; NaN where one of them is flat there."""
    off = ~np.eye(len(first), dtype=bool) & ~np.isnan(first) & ~np.isnan(second)
    return float(spearman(*(torch.from_numpy(matrix[off]) for matrix in (first, second))))


def top_hits(matrix: np.ndarray, transition: np.ndarray) -> int:
    """In how many rows the largest cell off the diagonal is the commonest wrong label of ``transition``."""
    off = np.where(np.eye(len(matrix), dtype=bool), -np.inf, matrix)
    return int((off.argmax(1) == np.where(np.eye(len(matrix), dtype=bool), -np.inf, transition).argmax(1)).sum())
