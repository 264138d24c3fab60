"""The ledger keeps what was given, applies changes an epoch late, and can take them back."""

import torch

from scnlib.labels import LabelLedger


def make():
    return LabelLedger(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 0, 2, 2]))


def test_a_proposal_acts_only_after_the_epoch():
    ledger = make()
    ledger.propose(torch.tensor([1, 3]), torch.tensor([0, 2]))
    assert ledger.current.tolist() == [0, 1, 2, 3]
    assert ledger.commit(4, "scn") == 2
    assert ledger.current.tolist() == [0, 0, 2, 2]
    assert ledger.given.tolist() == [0, 1, 2, 3]
    change = ledger.changes[0]
    assert (change.epoch, change.why) == (4, "scn")
    assert (change.sample.tolist(), change.before.tolist(), change.after.tolist()) == ([1, 3], [1, 3], [0, 2])


def test_a_change_can_revert_and_be_undone():
    ledger = make()
    for epoch, label in enumerate([5, 1, 6], start=1):
        ledger.propose(torch.tensor([1]), torch.tensor([label]))
        ledger.commit(epoch, "scn")
    assert ledger.current.tolist() == [0, 6, 2, 3]
    ledger.undo(3)
    assert ledger.current.tolist() == [0, 1, 2, 3]
    ledger.undo(1)
    assert ledger.current.tolist() == ledger.given.tolist()
    assert not ledger.changes
    assert ledger.commit(4, "scn") == 0  # nothing proposed is left behind


def test_nothing_changed_is_no_entry():
    ledger = make()
    ledger.propose(torch.tensor([0]), torch.tensor([0]))
    assert ledger.commit(1, "scn") == 0
    assert ledger.changes == []


def test_the_caller_keeps_his_tensor():
    given = torch.tensor([0, 1])
    ledger = LabelLedger(given)
    ledger.propose(torch.tensor([0]), torch.tensor([1]))
    ledger.commit(1, "scn")
    assert given.tolist() == [0, 1]


def test_the_ledger_keeps_its_own():
    given, true = torch.tensor([0, 1]), torch.tensor([1, 1])
    ledger = LabelLedger(given, true)
    given.fill_(7)
    true.fill_(7)
    assert (ledger.given.tolist(), ledger.current.tolist(), ledger.true.tolist()) == ([0, 1], [0, 1], [1, 1])


def test_state_and_restore():
    ledger = make()
    for epoch, label in enumerate([5, 1, 6], start=1):
        ledger.propose(torch.tensor([1, 2]), torch.tensor([label, 7]))
        ledger.commit(epoch, "scn")
    copy = make()
    copy.restore(ledger.state(), "scn")
    assert torch.equal(copy.current, ledger.current)
    assert [c.epoch for c in copy.changes] == [c.epoch for c in ledger.changes]
    assert all(torch.equal(a.before, b.before) for a, b in zip(copy.changes, ledger.changes, strict=True))


def test_restoring_takes_back_what_happened_since():
    ledger = make()
    ledger.propose(torch.tensor([1]), torch.tensor([5]))
    ledger.commit(1, "scn")
    kept = ledger.state()
    ledger.propose(torch.tensor([1, 2]), torch.tensor([6, 7]))
    ledger.commit(2, "scn")
    ledger.restore(kept, "scn")
    assert ledger.current.tolist() == [0, 5, 2, 3]
    assert [change.epoch for change in ledger.changes] == [1]
