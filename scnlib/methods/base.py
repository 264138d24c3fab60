"""What every method answers: which network, which loss, what happens between epochs."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.losses import soft_cross_entropy
from scnlib.models import Classifier


@dataclass(frozen=True)
class Batch:
    """One mini-batch, as a method sees it.

    Attributes:
        images: float ``(N, C, H, W)``, normalised and augmented.
        labels: int64 ``(N,)``, the current ones.
        given: int64 ``(N,)``, as they came with the data.
        index: int64 ``(N,)``, the samples' numbers in the training set.
        targets: float ``(N, C)`` label distributions where the dataset has them, else None.
    """

    images: Tensor
    labels: Tensor
    given: Tensor
    index: Tensor
    targets: Tensor | None = None

    @property
    def supervision(self) -> Tensor:
        """What ``torch.nn.functional.cross_entropy`` takes as its target: distributions where there are some."""
        return self.labels if self.targets is None else self.targets


@dataclass(frozen=True)
class Step:
    """What a method makes of a batch.

    Attributes:
        loss: scalar to descend on.
        logits: ``(N, C)``; their argmax is recorded as the training prediction.
        alpha: ``(N,)`` importance or any other trust in each sample, recorded every epoch; None where there is none.
        labels: int64 ``(N,)`` labels proposed for the next epochs, or None.
        parts: named scalars for the log, such as the terms of the loss.
    """

    loss: Tensor
    logits: Tensor
    alpha: Tensor | None = None
    labels: Tensor | None = None
    parts: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to train on uncertain labels. A subclass is a frozen dataclass: its fields are the method's options.

    The defaults are those of plain cross-entropy, so a method overrides only what it changes. State that must survive a
    restart (a memory of predictions, a learnt matrix) is a parameter or buffer of the network that ``build`` returns.
    """

    name: ClassVar[str]

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        """The network: a backbone with this method's heads."""
        return Classifier(backbone, num_classes)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        """The loss of one batch in training mode; epochs count from 1."""
        logits, _ = model(batch.images)
        loss = cross_entropy(logits, batch)
        return Step(loss, logits, parts={"classification_loss": loss})

    def relabels_after(self, epoch: int) -> bool:
        """Whether ``relabel_epoch`` wants to see the training set once more, in evaluation mode, after this epoch."""
        return False

    def relabelled(self, logits: Tensor, alpha: Tensor | None, batch: Batch) -> Tensor:
        """New labels ``(N,)`` for a batch seen in evaluation mode; called only where ``relabels_after`` says so."""
        return batch.labels

    def predict(self, model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits ``(N, C)`` and alpha for normalised images, in evaluation mode."""
        return model(images)

    def probabilities(self, logits: Tensor, alpha: Tensor | None) -> Tensor:
        """Class probabilities ``(N, C)`` of what ``predict`` returned, as the loss saw them in training."""
        return softmax(logits, None)


def cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    """Plain cross-entropy with the current labels, or with label distributions where the dataset has them."""
    return F.cross_entropy(logits, batch.labels) if batch.targets is None else soft_cross_entropy(logits, batch.targets)


def option_error(method: str, option: str, value: object, known: Iterable) -> ValueError:
    """The one message for a method option outside what is known."""
    return ValueError(f"{method}: {option}={value!r} is unknown; known: {', '.join(map(repr, known))}")


def softmax(logits: Tensor, alpha: Tensor | None) -> Tensor:
    """Class probabilities ``(N, C)``; logits are scaled by ``alpha`` first where it is given."""
    return torch.softmax(logits if alpha is None else alpha[:, None] * logits, dim=1)
