"""Navigating label ambiguity: listen most to the undecided faces, least to those that contradict their label."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step

#: Centres and covariances of the two densities over (p of the label, p of its strongest rival); the released code's.
RIGHT_MEAN, WRONG_MEAN = (0.5, 0.5), (0.30, 0.15)
RIGHT_VARIANCE, RIGHT_COVARIANCE = 0.80, -0.50
WRONG_VARIANCE, WRONG_COVARIANCE = 0.85, 0.80


@dataclass(frozen=True, kw_only=True)
class NLA(Method):
    """Noise-aware adaptive weighting. With p_i of the label and n_i of its strongest rival, a sample counts by a
    Gaussian density; one for samples predicted as labelled, centred on the undecided (.5, .5), one for the others:

        w_i = N((p_i, n_i); m, S),      L = 1/2 [ 1/N sum_i (1 + w_i) CE_i  +  1/N sum_i JSD(p(x_i), p(mirror x_i)) ]

    The first density's covariance is ``-.5 e`` with ``e = 1 - exp(-3.75 epoch / warm_up)``: as training goes on it
    stretches along the line of two candidates, p + n = 1. No gradient flows into w, which is recorded as alpha: the
    method's trust in each sample, though the undecided have more of it than the sure.

    Attributes:
        warm_up: epochs until the density has nearly its final form. The released code has 15 / (all epochs) for our
            3.75 / warm_up, which is the same where warm_up is a quarter of them, as profiles set it.

    Source: Lee, Choi, Kim, Kim, Nam, Navigating Label Ambiguity for Facial Expression Recognition in the Wild, AAAI
        2025, and the constants of its released code, which has two sets; these are the defaults of its loss. There the
        divergence takes the mean of the logits instead of the probabilities and is a sum over the batch of 32; here it
        is Jensen's and Shannon's, and a mean. Its random erasing is left out: the recipe augments all methods alike.
    """

    name = "nla"

    warm_up: int = 10

    def __post_init__(self) -> None:
        if self.warm_up < 1:
            raise ValueError(f"nla: warm_up counts epochs and must be at least 1, got {self.warm_up}")

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        mirrored, _ = model(batch.images.flip(-1))
        weights = noise_aware_weights(logits.detach(), batch.labels, stretch(epoch, self.warm_up))
        losses = F.cross_entropy(logits, batch.supervision, reduction="none")
        classification = ((1 + weights) * losses).mean()
        apart = jensen_shannon(logits, mirrored)
        loss = (classification + apart) / 2
        return Step(loss, logits, alpha=weights, parts={"classification_loss": classification})


def stretch(epoch: int, warm_up: int) -> float:
    """``e = 1 - exp(-3.75 epoch / warm_up)``: how far the density of the rightly predicted is stretched, 0 to 1."""
    return 1 - math.exp(-3.75 * epoch / warm_up)


def noise_aware_weights(logits: Tensor, labels: Tensor, stretched: float) -> Tensor:
    """NLA's density ``(N,)``, 0 to .56, of logits ``(N, C)`` and labels ``(N,)``.

    Args:
        stretched: e, 0 to 1.
    """
    p = logits.softmax(1)
    own = p.gather(1, labels[:, None])
    rival = p.scatter(1, labels[:, None], -1.0).amax(1, keepdim=True)
    pair = torch.cat([own, rival], dim=1)
    right = gaussian(pair, RIGHT_MEAN, RIGHT_VARIANCE, stretched * RIGHT_COVARIANCE)
    wrong = gaussian(pair, WRONG_MEAN, WRONG_VARIANCE, WRONG_COVARIANCE)
    return torch.where((own >= rival).squeeze(1), right, wrong)


def gaussian(points: Tensor, mean: tuple[float, float], variance: float, covariance: float) -> Tensor:
    """Density ``(N,)`` at points ``(N, 2)`` of a normal distribution with equal variances v and covariance c.

    exp(-(v (x^2 + y^2) - 2 c x y) / (2 d)) / (2 pi sqrt(d)),      d = v^2 - c^2
    """
    x, y = points[:, 0] - mean[0], points[:, 1] - mean[1]
    determinant = variance**2 - covariance**2
    distance = (variance * (x * x + y * y) - 2 * covariance * x * y) / determinant
    return torch.exp(-distance / 2) / (2 * math.pi * math.sqrt(determinant))


def jensen_shannon(first: Tensor, second: Tensor) -> Tensor:
    """Mean divergence of the softmaxes of two sets of logits ``(N, C)``: 0 where they agree, ln 2 at most; a scalar.

    JSD = 1/N sum_i  1/2 KL(p_i || m_i) + 1/2 KL(q_i || m_i),      m = (p + q) / 2
    """
    log_p, log_q = first.log_softmax(1), second.log_softmax(1)
    log_middle = torch.logaddexp(log_p, log_q) - math.log(2)
    halves = log_p.exp() * (log_p - log_middle) + log_q.exp() * (log_q - log_middle)
    return halves.sum(1).mean() / 2
