"""The ledger: which labels came with the data, which are true, which training uses, and who changed what when."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Change:
    """All labels changed at the end of one epoch: ``sample[i]`` went from ``before[i]`` to ``after[i]``, int64 each."""

    epoch: int
    why: str
    sample: Tensor
    before: Tensor
    after: Tensor


class LabelLedger:
    """The labels of a training set, with memory.

    Relabelling proposes labels batch by batch and the ledger takes them over at the end of the epoch, so a new label
    acts from the next epoch on. Loaders never see any of this: a batch asks for labels by sample index.

    Attributes:
        given: int64 ``(N,)`` as they came with the data, noise included. Never changed.
        true: int64 ``(N,)``, or None where nobody knows.
        current: int64 ``(N,)``, what training uses now.
        changes: one ``Change`` for each epoch that changed something.

    Source: SCN, section 3.4, keeps ``l_org`` to fall back to; the released code overwrites its only copy.
    """

    def __init__(self, given: Tensor, true: Tensor | None = None) -> None:
        self.given = given.clone()
        self.true = None if true is None else true.clone()
        self.current = given.clone()
        self.changes: list[Change] = []
        self._proposed = given.clone()

    def propose(self, index: Tensor, labels: Tensor) -> None:
        """Note the labels ``(M,)`` that the samples at ``index`` shall have; nothing changes yet."""
        self._proposed[index] = labels

    def commit(self, epoch: int, why: str) -> int:
        """Take over all proposals and return how many labels changed."""
        sample = (self._proposed != self.current).nonzero().flatten()
        if len(sample):
            self.changes.append(Change(epoch, why, sample, self.current[sample], self._proposed[sample]))
            self.current = self._proposed.clone()
        return len(sample)

    def undo(self, epoch: int) -> None:
        """Take back every change made at the end of ``epoch`` or later."""
        while self.changes and self.changes[-1].epoch >= epoch:
            change = self.changes.pop()
            self.current[change.sample] = change.before
        self._proposed = self.current.clone()

    def state(self) -> dict[str, Tensor]:
        """The changes as tensors, for a checkpoint; ``given`` and ``true`` come with the data."""
        rows = [
            torch.stack([torch.full_like(c.sample, c.epoch), c.sample, c.before, c.after], dim=1) for c in self.changes
        ]
        return {"changes": torch.cat(rows) if rows else self.given.new_zeros((0, 4))}

    def restore(self, state: dict[str, Tensor], why: str) -> None:
        """Replay the changes of a checkpoint."""
        self.undo(0)
        for epoch in state["changes"][:, 0].unique().tolist():
            rows = state["changes"][state["changes"][:, 0] == epoch]
            self.propose(rows[:, 1], rows[:, 3])
            self.commit(epoch, why)
