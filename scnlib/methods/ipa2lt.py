"""IPA2LT's LTNet: every source of labels confuses the classes in its own way, and its confusion is learnt."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step, buffers
from scnlib.models import Classifier

SOURCES = 2
FLOOR = 0.01


@dataclass(frozen=True, kw_only=True)
class IPA2LT(Method):
    """A hidden truth p behind several noisy sources of labels, each seen through a transition matrix of its own.

        p = softmax(z),     T_k = (C, C), rows sum to 1:  T_k[c, y] = probability that source k says y where c is true
        L = 1/K sum_k  1/N sum_i  -log (p_i T_k)[y_ik]

    The first ``pretraining`` epochs train p with cross-entropy on the given labels. Then there are K = 2 sources: the
    given labels, and what the network said of the unchanged training images at that point. Their matrices start next to
    the identity and are trained with the network. ``alpha`` is the probability that the given label is the truth, given
    that it was said: p_y T[y, y] / (p T)_y.

    Attributes:
        pretraining: epochs before the second source. The source trains to the end first and then goes on with a small
            rate; a profile sets three quarters of its epochs, ours. In a small trial that asked it after a quarter, the
            network came to believe its own errors more than the labels (clean rendered faces, one seed, by its test
            accuracy).

    Source: Zeng, Shan and Chen, Facial Expression Recognition with Inconsistently Annotated Datasets, ECCV 2018, which
        SCN, table 7, and LRN, tables 1 and 3, compare with.
    What the sources leave open: the paper's sources are two datasets, their human labels and the predictions of a model
        trained on each. LRN does not say which it had for RAF-DB with synthetic noise. With one noisy set, the
        network's own earlier predictions as the second source are ours. So is the mean over sources in place of the
        sum: it leaves the step as long as the baseline's.
    Differs from the released code: that feeds p T to a second softmax; here the loss is the likelihood that the paper's
        text describes. That divides rows by their sum outside of the gradient, with which a likelihood would settle at
        the square roots of the true transitions; here the gradient sees the division. Ours: no entry is below .01, so
        that one confident error cannot turn a row over (there, only entries below 0 are set to .01).
    """

    name = "ipa2lt"
    single_labels = True
    starts_after = "pretraining"

    pretraining: int = 30

    def __post_init__(self) -> None:
        if self.pretraining < 1:
            raise ValueError(f"ipa2lt: pretraining counts epochs and must be at least 1, got {self.pretraining}")

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        if FLOOR * num_classes >= 1:
            raise ValueError(
                f"ipa2lt: a row of {num_classes} transitions of at least {FLOOR} each sums to more than 1 or says "
                f"nothing; it takes fewer than {round(1 / FLOOR)} classes"
            )
        model = Classifier(backbone, num_classes)
        model.transitions = nn.Parameter(torch.eye(num_classes).repeat(SOURCES, 1, 1))
        return model

    def memory(self, given: Tensor, num_classes: int) -> nn.Module:
        return buffers(predicted=given.clone())

    def after_epoch(self, model: nn.Module, epoch: int, given: Tensor, features: Callable[[], Tensor]) -> None:
        if epoch == self.pretraining:
            model.memory.predicted.copy_(model.classifier(features()).argmax(1))

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        truth = torch.softmax(logits, 1)
        human, machine = transition_matrices(model.transitions)
        said = observed(truth, human, batch.labels)
        trust = truth.gather(1, batch.labels[:, None]).squeeze(1) * human.diagonal()[batch.labels] / said
        if epoch <= self.pretraining:
            loss = F.cross_entropy(logits, batch.supervision)
        else:
            predicted = observed(truth, machine, model.memory.predicted[batch.index])
            loss = -(said.log().mean() + predicted.log().mean()) / SOURCES
        return Step(loss, logits, alpha=trust)


def transition_matrices(weights: Tensor) -> Tensor:
    """``T = .01 + (1 - .01 C) w / sum of w's row`` of ``(K, C, C)`` weights, C < 100: row-stochastic, none below .01.

    The weights themselves are put back as well, to at least 0 and rows that sum to 1, so that they stay in reach of a
    step.
    """
    with torch.no_grad():
        weights.clamp_(min=0)
        weights /= weights.sum(2, keepdim=True)
    return FLOOR + (1 - FLOOR * weights.shape[2]) * weights / weights.sum(2, keepdim=True)


def observed(truth: Tensor, transitions: Tensor, labels: Tensor) -> Tensor:
    """``(p T)_y``, ``(N,)``: how likely a source with transitions T says labels ``(N,)`` of a truth ``(N, C)``."""
    return (truth * transitions.T[labels]).sum(1)
