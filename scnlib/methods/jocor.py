"""JoCoR: two networks that are pulled together, and trained where they agree with the label and with each other."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.base import Batch, Method, Step
from scnlib.methods.coteaching import TwoClassifiers, check_schedule, keep_share
from scnlib.methods.self_paced import smallest


@dataclass(frozen=True, kw_only=True)
class JoCoR(Method):
    """Two networks with one joint loss: cross-entropy of both plus their disagreement; only its smallest values count.

        l_i = CE(z1_i, y_i) + CE(z2_i, y_i)  +  lambda / (1 - lambda)  (KL(p1_i || p2_i) + KL(p2_i || p1_i))
        L   = mean of the R(t) N smallest l_i,     R(t) as in Co-teaching

    Two networks agree on a right label sooner than on a wrong one, so the disagreement helps to choose. ``alpha`` is 1
    for the samples that count and 0 for the others.

    Attributes:
        agreement: lambda, weight of the disagreement, 0 to 1 without 1. The released code's default is .1, its README
            finds .5 to .9 best, by dataset and network. We take .5: at .9, its best on CIFAR-10, two networks
            from scratch did not begin to learn in a small trial on clean rendered faces (one seed, by its
            test accuracy).
        forget_rate: tau, share that is left out in the end; see Co-teaching.
        warm_up: T_k, epochs until tau is reached; see Co-teaching.

    Source: Wei et al., Combating Noisy Labels by Agreement, CVPR 2020, and the authors' code. Neither SCN nor LRN
        compare with it.
    Ours: the paper's loss is (1 - lambda) times the one above. Its Adam does not notice a factor, the SGD of the recipe
        here would take shorter steps than the baseline's. The first network alone predicts.
    """

    name = "jocor"
    networks = 2

    agreement: float = 0.5
    forget_rate: float = 0.3
    warm_up: int = 10

    def __post_init__(self) -> None:
        check_schedule(self.name, self.forget_rate, self.warm_up)
        if not 0 <= self.agreement < 1:
            raise ValueError(f"jocor: agreement must lie in 0..1 and not be 1, got {self.agreement}")

    def build(self, first: nn.Module, second: nn.Module, num_classes: int) -> nn.Module:
        return TwoClassifiers(first, second, num_classes)

    def step(self, model: nn.Module, batch: Batch, epoch: int) -> Step:
        first, second = model.first(batch.images)[0], model.second(batch.images)[0]
        own = F.cross_entropy(first, batch.supervision, reduction="none")
        classification = own + F.cross_entropy(second, batch.supervision, reduction="none")
        weight = self.agreement / (1 - self.agreement)
        joint = classification + weight * symmetric_divergence(first, second)
        kept = smallest(joint.detach(), keep_share(epoch, self.forget_rate, self.warm_up))
        loss = (kept * joint).sum() / kept.sum()
        return Step(loss, first, alpha=kept, parts={"classification_loss": (kept * own).sum() / kept.sum()})


def symmetric_divergence(first: Tensor, second: Tensor) -> Tensor:
    """``(N,)`` values ``KL(p || q) + KL(q || p) = sum_c (p_c - q_c)(log p_c - log q_c)`` of two ``(N, C)`` logits."""
    log_p, log_q = torch.log_softmax(first, 1), torch.log_softmax(second, 1)
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(1)
