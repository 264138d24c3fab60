"""A tensor of another shape is refused by name, before broadcasting makes a number of it."""

import pytest
import torch

from scnlib import losses, losses_lrn
from scnlib.relabel import audit, low_importance, relabel
from scnlib.shapes import check_shape

N, C, D, S = 4, 3, 5, 6
SCALAR = torch.tensor(1.0)
LABELS = torch.zeros(N, dtype=torch.int64)

#: Every public function that takes tensors, with arguments that fit.
FITTING = {
    losses.logit_weighted_cross_entropy: {"logits": torch.ones(N, C), "alpha": torch.ones(N), "labels": LABELS},
    losses.loss_weighted_cross_entropy: {"logits": torch.ones(N, C), "alpha": torch.ones(N), "labels": LABELS},
    losses.importance_order: {"alpha": torch.ones(N)},
    losses.rank_regularization: {"alpha": torch.ones(N), "margin": torch.tensor(0.2)},
    losses.total_loss: {"classification": SCALAR, "ranking": SCALAR},
    losses.soft_cross_entropy: {"logits": torch.ones(N, C), "targets": torch.ones(N, C)},
    losses_lrn.covariance_factor: {"outputs": torch.ones(N, C * C), "num_classes": C},
    losses_lrn.monte_carlo_log_probabilities: {
        "mean": torch.ones(N, C), "factor": torch.ones(N, C, D), "noise": torch.ones(S, D),
    },
    losses_lrn.squared_distances: {"features": torch.ones(N, D), "centres": torch.ones(C, D)},
    losses_lrn.centre_confidence: {"features": torch.ones(N, D), "centres": torch.ones(C, D)},
    losses_lrn.centre_spread: {"centres": torch.ones(C, D)},
    losses_lrn.discriminative_loss: {
        "features": torch.ones(N, D), "centres": torch.ones(C, D), "confidence": torch.ones(N, C),
    },
    losses_lrn.joint_loss: {"classification": SCALAR, "discriminative": SCALAR},
    relabel: {"probabilities": torch.ones(N, C), "labels": LABELS, "alpha": torch.ones(N)},
    low_importance: {"alpha": torch.ones(N)},
    audit: {"given": LABELS, "current": LABELS, "true": LABELS},
}  # fmt: skip

ARGUMENTS = [
    pytest.param(function, name, id=f"{function.__name__}-{name}")
    for function, fitting in FITTING.items()
    for name, value in fitting.items()
    if isinstance(value, torch.Tensor)
]


@pytest.mark.parametrize("function", FITTING)
def test_arguments_that_fit_pass(function):
    function(**FITTING[function])


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
def test_one_dimension_too_many_is_refused_by_name(function, name):
    value = FITTING[function][name].unsqueeze(-1)
    with pytest.raises(ValueError, match=rf"^{name} has the shape \(.*1,?\), expected \("):
        function(**FITTING[function] | {name: value})


@pytest.mark.parametrize(("function", "name"), ARGUMENTS)
def test_one_dimension_too_few_is_refused_by_name(function, name):
    value = FITTING[function][name]
    if value.dim() == 0:
        pytest.skip("a scalar has none to lose")
    with pytest.raises(ValueError, match=rf"^{name} has the shape"):
        function(**FITTING[function] | {name: value[0]})


@pytest.mark.parametrize(
    ("function", "name"),
    [(losses.logit_weighted_cross_entropy, "alpha"), (losses.loss_weighted_cross_entropy, "alpha"),
     (losses.soft_cross_entropy, "targets"), (losses_lrn.monte_carlo_log_probabilities, "factor"),
     (losses_lrn.discriminative_loss, "confidence"), (relabel, "labels"), (relabel, "alpha"), (audit, "true")],
)  # fmt: skip
def test_one_sample_does_not_stand_for_all(function, name):
    with pytest.raises(ValueError, match=f"^{name} has the shape"):
        function(**FITTING[function] | {name: FITTING[function][name][:1]})


@pytest.mark.parametrize("weighted", [losses.logit_weighted_cross_entropy, losses.loss_weighted_cross_entropy])
def test_labels_may_be_distributions(weighted):
    weighted(torch.ones(N, C), torch.ones(N), torch.full((N, C), 1 / C))


def test_the_message_says_what_came_and_what_was_expected():
    with pytest.raises(ValueError, match=r"^alpha has the shape \(4, 1\), expected \(4,\)$"):
        check_shape("alpha", torch.ones(4, 1), (4,))
    with pytest.raises(ValueError, match=r"^labels has the shape \(\), expected \(4,\) or \(4, C\)$"):
        check_shape("labels", torch.tensor(1), (4,), (4, "C"))


def test_compiled_losses_stay_one_graph():
    """Shapes are known to the compiler: a check neither breaks the graph nor stays in it."""

    def scn_loss(logits, alpha, labels):
        weighted = losses.logit_weighted_cross_entropy(logits, alpha, labels)
        return losses.total_loss(weighted, losses.rank_regularization(alpha))

    batch = torch.randn(N, C), torch.rand(N), LABELS
    compiled = torch.compile(scn_loss, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*batch), scn_loss(*batch))
