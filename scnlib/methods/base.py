"""What every method answers: which network, which loss, what happens between epochs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.models import Classifier


@dataclass(frozen=True)
class Batch:
    """One mini-batch, as a method sees it.

    Attributes:
        images: float ``(N, C, H, W)``, normalised and augmented; on several processes this one's share of the N.
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
        parts: named scalars for the log, such as the terms of the loss; without a ``classification_loss`` that is
            ``loss`` itself.
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
    restart is a parameter or buffer of the network: what predicts (a learnt matrix) comes from ``build``, what
    remembers samples from ``memory``.

    Attributes:
        networks: how many backbones ``build`` wants, each with an initialisation of its own.
        relabelling: whether it changes labels, from ``relabel_epoch`` on.
        single_labels: whether a sample must have one label; such a method cannot train on distributions of votes.
        starts_after: the option that counts epochs before anything is the method's own, ``"warm_up"``; ``""`` where it
            acts from the first epoch on, if only a little.
        splittable: whether several processes can share a batch: ``step`` gives ``batch.images`` to backbones alone, and
            asks these for nothing but features, which are then those of all N samples.
    """

    name: ClassVar[str]
    networks: ClassVar[int] = 1
    single_labels: ClassVar[bool] = False
    starts_after: ClassVar[str] = ""
    relabelling = False  # not annotated, so that SCN's option of this name keeps its place among the others
    splittable: ClassVar[bool] = True

    def build(self, backbone: nn.Module, num_classes: int) -> nn.Module:
        """The network: a backbone (for ``networks = 2`` two, one after the other) with this method's heads."""
        return Classifier(backbone, num_classes)

    def memory(self, given: Tensor, num_classes: int) -> nn.Module | None:
        """Buffers that training keeps beside the network as ``model.memory``: one value for each sample, say.

        They are saved and resumed with a run, and are no part of the finished network.

        Args:
            given: int64 ``(N,)`` labels of all training samples, as they came.
        """
        return None

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        """The loss of one batch in training mode; epochs count from 1."""
        logits, _ = model(batch.images)
        return Step(F.cross_entropy(logits, batch.supervision), logits)

    def after_epoch(self, model: nn.Module, epoch: int, given: Tensor, features: Callable[[], Tensor]) -> None:
        """Look at the whole training set between two epochs and write what follows from it into ``model.memory``.

        Not called after the last epoch, since no step would follow.

        Args:
            given: int64 ``(N,)`` labels of all training samples.
            features: gives the backbone's ``(N, D)`` features of all unchanged training images, in evaluation mode,
                without gradient. Costs a pass over the data each time it is called.
        """

    def relabels_after(self, epoch: int) -> bool:
        """Whether ``relabelled`` is to be asked about the whole training set, in evaluation mode, after this epoch."""
        return False

    def relabelled(self, logits: Tensor, alpha: Tensor | None, batch: Batch) -> Tensor:
        """New labels ``(N,)`` for a batch.

        The loop asks for them where ``relabels_after`` says so, in evaluation mode; a method's own ``step`` may ask for
        them, too, in training mode.
        """
        return batch.labels

    def predict(self, model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits ``(N, C)`` and alpha for normalised images, in evaluation mode."""
        return model(images)

    def probabilities(self, logits: Tensor, alpha: Tensor | None) -> Tensor:
        """Class probabilities ``(N, C)`` of what ``predict`` returned, as the loss saw them in training."""
        return softmax(logits, None)


def buffers(**tensors: Tensor) -> nn.Module:
    """A module that holds these tensors and nothing else, for ``memory``."""
    kept = nn.Module()
    for name, tensor in tensors.items():
        kept.register_buffer(name, tensor)
    return kept


def distributions(batch: Batch, num_classes: int) -> Tensor:
    """Label distributions float ``(N, C)``: those of the dataset where it has some, else one-hot labels."""
    return F.one_hot(batch.labels, num_classes).float() if batch.targets is None else batch.targets


def last_views(index: Tensor, n: int) -> Tensor:
    """For each place of a batch the last place of the same sample, ``(B,)``; the batch holds ``(B,)`` of ``n`` samples.

    With oversampling a batch can hold a sample in several views. All places then carry one value, so that writing them
    to the sample does not depend on the order in which a GPU writes.
    """
    place = torch.arange(len(index), device=index.device)
    return place.new_zeros(n).scatter_reduce_(0, index, place, "amax")[index]


def remember(means: Tensor, values: Tensor, index: Tensor, momentum: float) -> Tensor:
    """Move the running means of a batch's samples, ``m_i <- momentum m_i + (1 - momentum) v_i``, and return them.

    Args:
        means: ``(N, C)`` of all samples, written to.
        values: ``(B, C)`` of this batch, without gradient.
        index: int64 ``(B,)``; a sample that is there twice has its last view remembered.
    """
    moved = momentum * means[index] + (1 - momentum) * values
    moved = moved[last_views(index, len(means))]
    means[index] = moved
    return moved


def option_error(method: str, option: str, value: object, known: Iterable) -> ValueError:
    """The one message for a method option outside what is known."""
    return ValueError(f"method {method}: {option}={value!r} is unknown; known: {', '.join(map(repr, known))}")


def softmax(logits: Tensor, alpha: Tensor | None) -> Tensor:
    """Class probabilities ``(N, C)``; logits are scaled by ``alpha`` first where it is given."""
    return torch.softmax(logits if alpha is None else alpha[:, None] * logits, dim=1)
