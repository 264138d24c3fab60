"""Early-learning regularisation: hold on to what the network believed of a sample before it memorised its label."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step, buffers, remember


@dataclass(frozen=True, kw_only=True)
class ELR(Method):
    """Cross-entropy plus a pull towards the running mean of the network's own earlier predictions of each sample.

        t_i <- m t_i + (1 - m) p_i                         a target for each sample, 0 at the start, without gradient
        L    = CE  +  lambda / N  sum_i  log(1 - <t_i, p_i>)

    Where t_i is sure of a class, the second term outweighs the gradient of a label that says otherwise. ``alpha`` is
    the share of t_i that lies on the sample's label.

    Attributes:
        strength: lambda >= 0, weight of the pull. The released code has 3 on CIFAR-10 and 7 on CIFAR-100.
        momentum: m, 0 to 1, how slowly the mean moves; the paper's beta. The released code has .7 on CIFAR-10 and .9 on
            CIFAR-100.

    Source: Liu et al., Early-Learning Regularization Prevents Memorization of Noisy Labels, NeurIPS 2020, and the
        authors' code. This is ELR, not ELR+ with its two networks. Neither SCN nor LRN compare with it.
    Ours: the values for CIFAR-10, which has about as many classes. As in the released code, p is clamped to 1e-4 .. 1 -
        1e-4 and the target is updated before it is used.
    """

    name = "elr"

    strength: float = 3.0
    momentum: float = 0.7

    def __post_init__(self) -> None:
        if self.strength < 0:
            raise ValueError(f"elr: strength must be >= 0, got {self.strength}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"elr: momentum must lie in 0..1 and not be 1, got {self.momentum}")

    def memory(self, given: Tensor, num_classes: int) -> nn.Module:
        return buffers(targets=torch.zeros(len(given), num_classes))

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        logits, _ = model(batch.images)
        probabilities = torch.softmax(logits, 1).clamp(1e-4, 1 - 1e-4)
        shares = probabilities.detach() / probabilities.detach().sum(1, keepdim=True)
        targets = remember(model.memory.targets, shares, batch.index, self.momentum)
        classification = F.cross_entropy(logits, batch.supervision)
        loss = classification + self.strength * early_learning_term(targets, probabilities)
        alpha = targets.gather(1, batch.labels[:, None]).squeeze(1) / targets.sum(1)
        return Step(loss, logits, alpha, parts={"classification_loss": classification})


def early_learning_term(targets: Tensor, probabilities: Tensor) -> Tensor:
    """``mean_i log(1 - <t_i, p_i>)`` of ``(N, C)`` targets and probabilities; 0 for t = 0, lower with agreement."""
    return torch.log1p(-(targets * probabilities).sum(1)).mean()
