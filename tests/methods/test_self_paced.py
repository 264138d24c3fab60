"""Self-paced learning against its definition: the weights that minimise the loss, found by trying all."""

import itertools

import pytest
import torch

from scnlib.methods import SelfPaced
from scnlib.methods.self_paced import smallest

from .made import losses_by_hand
from .test_scn import batch, build  # noqa: F401 (a fixture)


def test_no_other_choice_of_as_many_samples_has_a_smaller_loss():
    losses = torch.tensor([2.0, 0.1, 0.9, 3.0, 0.5, 0.4], dtype=torch.float64)
    weights = smallest(losses, 0.5)
    best = min(sum(losses[list(chosen)]) for chosen in itertools.combinations(range(6), 3))
    assert (weights * losses).sum() == pytest.approx(float(best))
    assert sorted(weights.tolist()) == [0, 0, 0, 1, 1, 1]


def test_the_step_trains_on_the_kept_samples_only(batch):  # noqa: F811
    method = SelfPaced(keep=0.7)
    model = build(method)
    step = method.step(model, batch, epoch=1)
    losses = losses_by_hand(model, batch.images, batch.labels)
    assert step.loss.item() == pytest.approx(sum(sorted(losses)[:28]) / 40, rel=1e-5)
    kept = sorted(range(40), key=losses.__getitem__)[:28]
    assert step.alpha.nonzero().flatten().tolist() == sorted(kept)
    assert not step.alpha.requires_grad


@pytest.mark.parametrize("keep", [0.0, 1.5])
def test_a_wrong_share_is_refused(keep):
    with pytest.raises(ValueError, match="keep must lie in"):
        SelfPaced(keep=keep)
