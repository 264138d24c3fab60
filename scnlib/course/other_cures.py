"""What lesson 13 measures about the cures: what each trusts, what pulls, which label becomes which, and mirrors."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.methods.eac import attention
from scnlib.methods.ipa2lt import observed
from scnlib.methods.names import method_label
from scnlib.models import in_three_channels, normalize
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, measured
from scnlib.paper.results import prepare
from scnlib.paper.verdicts import arm

# ------------------------------------------------------------------------------------------------------------- families

#: Method -> family, what it trusts, and whether that trust sees the sample's label. None: it trusts no sample more.
CURES = {
    "baseline": ("reference", "every label", None),
    "gce": ("robust loss", "its own probability of the label", True),
    "sce": ("robust loss", "its own probability of the label", True),
    "label_smoothing": ("robust loss", "no label wholly", None),
    "self_paced": ("selection", "small losses", True),
    "coteaching": ("selection", "small losses of a second network", True),
    "jocor": ("selection", "small losses that two networks agree on", True),
    "curriculumnet": ("selection", "faces with many neighbours of their class", True),
    "confident_learning": ("selection", "labels that a model of the other folds confirms", True),
    "metacleaner": ("selection", "faces that resemble others of their label", True),
    "scn": ("relabelling", "what a face looks like", False),
    "ipa2lt": ("label model", "one matrix for a source of labels", True),
    "elr": ("memory", "its own earlier predictions", True),
    "second_opinion": ("memory", "the mean of its own opinions so far", True),
    "mixup": ("blending", "no face alone", None),
    "rul": ("blending", "what a face looks like", False),
    "eac": ("consistency", "attention that moves with the face", None),
    "nla": ("consistency", "the undecided, and views that agree", True),
    "lrn": ("uncertainty", "scores with a covariance", True),
    "weighted_loss": ("class balance", "every label, rare classes more", None),
}  # fmt: skip

_SEES = {True: "yes", False: "no", None: "weighs no sample"}


def families(methods: Iterable[str]) -> pd.DataFrame:
    """The cures that there are, by family: index the method's label, columns family, what it trusts, sees the label.

    Args:
        methods: names; one that the lesson does not know yet says where to look.
    """
    order = {name: place for place, name in enumerate(CURES)}
    rows = {}
    for name in sorted(methods, key=lambda name: order.get(name, len(order))):
        family, trusts, sees = CURES.get(name, ("not yet in this lesson", f"see scnlib/methods/{name}.py", None))
        rows[method_label(name)] = {"family": family, "trusts": trusts, "its trust sees the label": _SEES[sees]}
    return pd.DataFrame.from_dict(rows, orient="index")


# -------------------------------------------------------------------------------------------------------- robust losses


def pulls(losses: Mapping[str, Callable[[Tensor, Tensor], Tensor]], p: Sequence[float], classes: int) -> pd.DataFrame:
    """How hard each loss pulls the label's score up where the network gives the label probability p.

        pull = -dL / dz_y

    Args:
        losses: name -> function of logits ``(N, C)`` and one-hot labels ``(N, C)`` that gives a mean.
        p: values in 0..1, ends excluded; the other classes share the rest evenly.

    Returns:
        Index p, a column for each loss.
    """
    own = torch.tensor(list(p), dtype=torch.float64)
    logits = torch.zeros(len(own), classes, dtype=torch.float64)
    logits[:, 0] = torch.log(own) - torch.log((1 - own) / (classes - 1))
    targets = F.one_hot(torch.zeros(len(own), dtype=torch.int64), classes).double()
    columns = {}
    for name, loss in losses.items():
        z = logits.clone().requires_grad_()
        (slope,) = torch.autograd.grad(len(own) * loss(z, targets), z)
        columns[name] = -slope[:, 0].numpy()
    return pd.DataFrame(columns, index=pd.Index(own.numpy(), name="p"))


def pull_shares(
    losses: Mapping[str, Callable[[Tensor, Tensor], Tensor]], logits: Tensor, labels: Tensor, wrong: Tensor
) -> pd.DataFrame:
    """Which share of all the pull of a loss comes from wrong labels.

    A sample's pull is the length of the gradient of its loss in its own scores.

    Args:
        losses: as for ``pulls``.
        logits: ``(N, C)``.
        labels: int64 ``(N,)`` as given.
        wrong: bool ``(N,)``.

    Returns:
        Index the loss; ``wrong`` and ``right``: mean pull of a sample; ``share``: of wrong labels in the sum, 0 to 1.
    """
    targets = F.one_hot(labels, logits.shape[1]).to(logits.dtype)
    rows = {}
    for name, loss in losses.items():
        z = logits.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(len(z) * loss(z, targets), z)
        pull = slope.norm(dim=1)
        rows[name] = {
            "wrong": float(pull[wrong].mean()),
            "right": float(pull[~wrong].mean()),
            "share": float(pull[wrong].sum() / pull.sum()),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


# ------------------------------------------------------------------------------------------------- selection and labels


def toy_class(n: int = 300, wrong_share: float = 0.3, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Features ``(n, 2)`` of samples that all carry one label, and bool ``(n,)``: whose label is wrong.

    The right ones lie in one cloud, the wrong ones in three others, where their own classes are.
    """
    generator = torch.Generator().manual_seed(seed)
    wrong = torch.arange(n) < round(wrong_share * n)
    homes = torch.tensor([[3.0, 1.5], [-2.5, 2.5], [0.5, -3.2]])
    centre = torch.where(wrong[:, None], homes[torch.arange(n) % 3], torch.zeros(2))
    return centre + torch.randn(n, 2, generator=generator), wrong


def fitted_transition(probabilities: Tensor, labels: Tensor, steps: int = 300) -> Tensor:
    """The transition matrix under which given labels are likeliest, the network held fixed: expectation maximisation.

        T <- rows of  sum_i  r_i e_{y_i}^T,      r_ic = p_ic T[c, y_i] / (p_i T)_{y_i}

    Args:
        probabilities: ``(N, C)`` of the truth, as the network sees it.
        labels: int64 ``(N,)`` as given.

    Returns:
        ``(C, C)``, rows sum to 1: true class by given label.
    """
    classes = probabilities.shape[1]
    transition = torch.full((classes, classes), 0.1 / (classes - 1)).fill_diagonal_(0.9)
    said = F.one_hot(labels, classes).float()
    for _ in range(steps):
        responsible = probabilities * transition.T[labels] / observed(probabilities, transition, labels)[:, None]
        transition = responsible.T @ said
        transition = transition / transition.sum(1, keepdim=True).clamp_min(1e-12)
    return transition


def counted_transition(true: Tensor, given: Tensor, classes: int) -> Tensor:
    """Row shares ``(C, C)`` of given labels by true class, by counting."""
    counts = torch.zeros(classes, classes).index_put_((true, given), torch.ones(len(true)), accumulate=True)
    return counts / counts.sum(1, keepdim=True).clamp_min(1)


# ----------------------------------------------------------------------------------------------------------- the mirror


@dataclass(frozen=True)
class Mirrored:
    """Where a network looks in faces and in their mirror images.

    Attributes:
        own: ``(N, h, w)`` attention of the given label to the face.
        back: ``(N, h, w)`` that to the mirror image, mirrored back.
        apart: ``(N,)`` mean squared difference over all classes and places, EAC's loss of one face.
        divergence: ``(N,)`` Jensen's and Shannon's, of the two predictions, NLA's.
        logits: ``(N, C)`` of the face.
    """

    own: Tensor
    back: Tensor
    apart: Tensor
    divergence: Tensor
    logits: Tensor


@torch.no_grad()
def mirrored(network: nn.Module, images: Tensor, labels: Tensor, normalization: str = "centred") -> Mirrored:
    """Look at uint8 images ``(N, C, H, W)`` and at their mirror images, in evaluation mode.

    Args:
        network: a ``Classifier`` whose backbone pools by the mean.
        labels: int64 ``(N,)`` as given.
        normalization: of the run, a key of ``scnlib.models.NORMALIZATIONS``.
    """
    network.eval()
    weight, parts = network.classifier.weight, []
    for part, wanted in zip(images.split(500), labels.split(500), strict=True):
        views = (normalize(part, normalization), normalize(part, normalization).flip(-1))
        maps = [network.backbone.maps(in_three_channels(view)).float() for view in views]
        seen, back = attention(maps[0], weight), attention(maps[1], weight).flip(-1)
        here = torch.arange(len(part))
        logits, other = ((m.mean((2, 3)) @ weight.T).log_softmax(1) for m in maps)
        middle = torch.logaddexp(logits, other) - math.log(2)
        halves = logits.exp() * (logits - middle) + other.exp() * (other - middle)
        apart = (seen - back).square().mean((1, 2, 3))
        parts.append((seen[here, wanted], back[here, wanted], apart, halves.sum(1) / 2, logits))
    return Mirrored(*map(torch.cat, zip(*parts, strict=True)))


# ------------------------------------------------------------------------------------------------- out of data/results


def trust_table(
    results: pd.DataFrame,
    methods: Iterable[str],
    noise_rate: float = 0.3,
    noise_kind: str = "symmetric",
    dataset: str = "rendered",
    profile: str = "quick",
) -> pd.DataFrame:
    """AUROC for wrong labels of each method's own trust, for ``plots.effects``: best first.

    Returns:
        Columns ``label``, ``effect`` (mean over seeds), ``low``, ``high`` (95 % t interval, NaN for one seed), ``n``,
        ``group`` (whether the trust sees the label). Methods without trust or without runs are left out.
    """
    runs, recipe, rows = prepare(results), Recipe.of(profile, dataset), []
    for name in methods:
        found = [*measured(runs, arm(name, noise_rate, noise_kind), dataset, recipe, "alpha_auroc").values()]
        if found:
            sees = CURES.get(name, (None, None, True))[2]
            group = "trust that sees the face alone" if sees is False else "trust that sees the label"
            rows.append((method_label(name), *stats.interval(found), len(found), group))
    table = pd.DataFrame(rows, columns=["label", "effect", "low", "high", "n", "group"])
    return table.sort_values(["group", "effect"], ascending=False, ignore_index=True)
