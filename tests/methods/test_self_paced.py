"""Self-paced learning against its definition: the weights that minimise the loss, found by trying all."""

import itertools

import pytest
import torch
import torch.nn.functional as F

from scnlib.methods import SelfPaced
from scnlib.methods.self_paced import smallest

from .test_scn import batch, build  # noqa: F401 (a fixture)


def test_no_other_choice_of_as_many_samples_has_a_smaller_loss():
    losses = torch.tensor([2.0, 0.1, 0.9, 3.0, 0.5, 0.4])
    weights = smallest(losses, 0.5)
    best = min(sum(losses[list(chosen)]) for chosen in itertools.combinations(range(6), 3))
    assert (weights * losses).sum() == pytest.approx(float(best))
    assert sorted(weights.tolist()) == [0, 0, 0, 1, 1, 1]


def test_the_step_trains_on_the_kept_samples_only(batch):  # noqa: F811
    method = SelfPaced(keep=0.7)
    model = build(method)
    step = method.step(model, batch, epoch=1)
    losses = F.cross_entropy(model(batch.images)[0], batch.labels, reduction="none")
    torch.testing.assert_close(step.loss, losses.sort().values[:28].sum() / 40)
    assert step.alpha.sum() == 28
    assert not step.alpha.requires_grad


@pytest.mark.parametrize("keep", [0.0, 1.5])
def test_a_wrong_share_is_refused(keep):
    with pytest.raises(ValueError, match="keep must lie in"):
        SelfPaced(keep=keep)
