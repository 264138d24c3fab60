"""What lessons 13 and 14 measure about the cures: pulls, schedules, matrices, mirrors, and leaderboards for reading."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scnlib.config import Config
from scnlib.datasets import FaceSet
from scnlib.methods import Batch
from scnlib.methods.eac import attention
from scnlib.methods.ipa2lt import observed
from scnlib.methods.names import method_label
from scnlib.models import in_three_channels, normalize
from scnlib.paper import stats
from scnlib.paper.arms import Recipe, measured, rows_of
from scnlib.paper.results import prepare
from scnlib.paper.verdicts import arm
from scnlib.precision import choose_precision
from scnlib.training import build_model, epoch_batches

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

#: Method -> what its step computes, and how often a backbone then sees each face. The others: once, as the baseline.
LOOKS = {
    "coteaching": ("two networks", 2),
    "jocor": ("two networks", 2),
    "eac": ("two views", 2),
    "nla": ("two views", 2),
    "lrn": ("one look, many draws of noise", 1),
}

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
            middle, half = stats.mean(found), stats.half_width(found)
            sees = CURES.get(name, (None, None, True))[2]
            group = "trust that sees the face alone" if sees is False else "trust that sees the label"
            rows.append((method_label(name), middle, middle - half, middle + half, len(found), group))
    table = pd.DataFrame(rows, columns=["label", "effect", "low", "high", "n", "group"])
    return table.sort_values(["group", "effect"], ascending=False, ignore_index=True)


def shown(board: pd.DataFrame) -> pd.DataFrame:
    """A leaderboard for the eye: index the method's label, text in every cell."""
    rows = {}
    for row in board.to_dict("records"):
        cells = {
            "accuracy, %": _mean(row["mean"], row["std"], row["n"]),
            "gain [95 %]": "reference" if row["method"] == "baseline" else _gain(row),
            "mean class, %": _number(row["mean_class_accuracy"], 1),
            "memorised, %": _number(row["memorised"], 1),
            "AUROC of trust": _number(row["alpha_auroc"], 2),
        }
        rows[method_label(row["method"])] = (
            cells if row["n"] else dict.fromkeys(cells, "") | {"accuracy, %": "not measured"}
        )
    return pd.DataFrame.from_dict(rows, orient="index")


def across(boards: Mapping[str, pd.DataFrame], methods: Sequence[str]) -> pd.DataFrame:
    """A few methods over several leaderboards, text in every cell.

    Args:
        boards: what was trained on -> its leaderboard.

    Returns:
        Index the board; a column for the baseline and, for each method, its accuracy and its gain over the baseline.
    """
    rows = {}
    for label, board in boards.items():
        found = board.set_index("method")
        reference = found.loc["baseline"]
        rows[label] = {method_label("baseline"): _cell(reference)}
        for name in methods:
            row = found.loc[name]
            rows[label] |= {
                method_label(name): _cell(row),
                f"gain of {method_label(name)}": _gain(row) if row["n"] else "",
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _cell(row: Mapping[str, float]) -> str:
    return _mean(row["mean"], row["std"], row["n"]) if row["n"] else "not measured"


def _mean(mean: float, std: float, n: float) -> str:
    return f"{mean:.1f}" + ("" if math.isnan(std) else f" ± {std:.1f}") + f" (n = {n:g})"


def _gain(row: Mapping[str, float]) -> str:
    if math.isnan(row["gain"]):
        return "no shared seed"
    interval = "one seed" if math.isnan(row["low"]) else f"{row['low']:+.1f}, {row['high']:+.1f}"
    return f"{row['gain']:+.1f} [{interval}]"


def _number(value: float, digits: int, unit: str = "") -> str:
    return "none" if math.isnan(value) else f"{value:.{digits}f}{unit}"


def forest(boards: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Leaderboards as rows for ``plots.effects``: a group each, the baseline and what was not measured left out."""
    parts = [
        board[(board["method"] != "baseline") & board["gain"].notna()].assign(group=group)
        for group, board in boards.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    return table.assign(label=[method_label(name) for name in table["method"]], effect=table["gain"])[
        ["label", "effect", "low", "high", "n", "group"]
    ]


def verdict_counts(board: pd.DataFrame) -> dict[str, int]:
    """How many methods are told from the baseline, each by its own interval and all together.

    Returns:
        ``compared`` (with a gain), ``with_interval`` (several seeds), ``ahead``, ``behind`` (own 95 % interval clear of
        zero), ``ahead_all``, ``behind_all`` (the intervals that hold together).
    """
    rows = board[(board["method"] != "baseline") & board["gain"].notna()]
    return {
        "compared": len(rows),
        "with_interval": int(rows["low"].notna().sum()),
        "ahead": int((rows["low"] > 0).sum()),
        "behind": int((rows["high"] < 0).sum()),
        "ahead_all": int((rows["low_all"] > 0).sum()),
        "behind_all": int((rows["high_all"] < 0).sum()),
    }


def clean_costs(board: pd.DataFrame, wanted: float = 0.99) -> pd.DataFrame:
    """Which share of the baseline's accuracy each method keeps, lowest first; ``board`` is that of clean labels.

        share = mean / (mean - gain)         the baseline's mean over the method's seeds stands below

    Returns:
        Index the method's label; ``share`` with ``low``, ``high`` (by the gain's interval; NaN for one seed), ``n``,
        and what that ``says``: "a cost" below ``wanted`` with the whole interval, "none" above it, else "open".
    """
    rows = board[board["gain"].notna()]
    reference = rows["mean"] - rows["gain"]
    table = pd.DataFrame(
        {name: 1 + rows[of] / reference for name, of in (("share", "gain"), ("low", "low"), ("high", "high"))}
    )
    says = np.select([table["high"] < wanted, table["low"] >= wanted], ["a cost", "none"], "open")
    table = table.assign(n=rows["n"], says=says).set_axis([method_label(name) for name in rows["method"]])
    return table.sort_values("share")


def rank_table(pairs: pd.DataFrame) -> pd.DataFrame:
    """``paper.boards.rank_agreement`` for the eye: a row and a column for each board that agrees or not with another.

    Returns:
        Text ``+0.71 (19)``, rank correlation and methods; ``"3 shared"`` where they are too few, and nothing above the
        diagonal. Boards without any correlation are left out.
    """
    found = pairs.dropna(subset="rho")
    names = [
        name
        for name in dict.fromkeys([*pairs["first"], *pairs["second"]])
        if name in {*found["first"], *found["second"]}
    ]
    table = pd.DataFrame("", names[1:], names[:-1])
    for row in pairs.to_dict("records"):
        if {row["first"], row["second"]} <= set(names):
            words = f"{row['methods']} shared" if math.isnan(row["rho"]) else f"{row['rho']:+.2f} ({row['methods']})"
            table.loc[row["second"], row["first"]] = words
    return table


def right_learnt(
    results: pd.DataFrame,
    epochs: pd.DataFrame,
    methods: Iterable[str],
    noise_rate: float = 0.3,
    dataset: str = "rendered",
    profile: str = "quick",
) -> pd.Series:
    """How many of the *right* training labels each method's network predicts after its last epoch, in percent.

        right = (fitted - r memorised) / (1 - r)         shares of all given labels and of the wrong ones, r: noise rate

    Args:
        results, epochs: ``load_results()`` and ``load_epochs()``.

    Returns:
        Method -> mean over its runs; methods without curves are left out.
    """
    runs, recipe = prepare(results[results["noise_rate"] == noise_rate]), Recipe.of(profile, dataset)
    last = epochs.sort_values("epoch").drop_duplicates("key", keep="last").set_index("key")
    shares = 100 * (last["train_accuracy_given"] - noise_rate * last["memorised"]) / (1 - noise_rate)
    found = {name: rows_of(runs, arm(name, noise_rate), dataset, recipe)["key"] for name in methods}
    return pd.Series({name: shares[keys[keys.isin(shares.index)]].mean() for name, keys in found.items()}).dropna()


def why_behind(board: pd.DataFrame, learnt: pd.Series, steps: pd.Series, longer: pd.DataFrame) -> pd.DataFrame:
    """What is known of each method that trails the baseline, a row each, nearest first: evidence, not yet a reason.

    Args:
        board: of noisy labels.
        learnt: ``right_learnt``, with the baseline's.
        steps: ``relative_steps``.
        longer: the same board with more epochs.

    Returns:
        Index the method's label. ``gain`` and its ``high`` end (points), ``n``; ``step`` (first, baseline's = 1);
        ``learnt`` and ``memorised``: points of the right and of the wrong labels beside the baseline; ``auroc`` of its
        trust; ``later``: its gain on the longer board. NaN where there is none.
    """
    rows = board.set_index("method")
    behind = rows[rows["gain"] < 0].sort_values("gain", ascending=False)
    table = behind[["gain", "high", "n"]].assign(
        step=steps.reindex(behind.index),
        learnt=learnt.reindex(behind.index) - learnt.get("baseline", math.nan),
        memorised=behind["memorised"] - rows.loc["baseline", "memorised"],
        auroc=behind["alpha_auroc"],
        later=longer.set_index("method")["gain"].reindex(behind.index),
    )
    return table.set_axis([method_label(name) for name in table.index])


def why_shown(table: pd.DataFrame) -> pd.DataFrame:
    """``why_behind`` for the eye, a word where there is no number."""
    words = {"step": ("{:.2f}", ""), "learnt": ("{:+.1f}", "no curve"), "memorised": ("{:+.1f}", ""),
             "auroc": ("{:.2f}", "weighs none"), "later": ("{:+.1f}", "not measured")}  # fmt: skip
    shown = {"gain": [f"{row.gain:+.1f} (n = {row.n})" for row in table.itertuples()]}
    shown |= {
        name: [otherwise if math.isnan(value) else form.format(value) for value in table[name]]
        for name, (form, otherwise) in words.items()
    }
    told = ["one seed" if math.isnan(high) else "behind" if high < 0 else "not told apart" for high in table["high"]]
    return pd.DataFrame(shown | {"verdict": told}, table.index)


def beside(first: pd.DataFrame, second: pd.DataFrame, columns: tuple[str, str]) -> pd.DataFrame:
    """One number of each of two leaderboards for the methods that both have: ``label``, ``x``, ``y``.

    Args:
        columns: of the first board for x, of the second for y.
    """
    both = first.merge(second, on="method", suffixes=("", "_2"))
    x, y = columns[0], f"{columns[1]}_2"
    both = both[(both["method"] != "baseline")].dropna(subset=[x, y])
    labels = [method_label(name) for name in both["method"]]
    return pd.DataFrame({"label": labels, "x": both[x].tolist(), "y": both[y].tolist()})


# ---------------------------------------------------------------------------------------------------------- first steps


def _first_batch(config: Config, faces: FaceSet) -> tuple[nn.Module, Batch]:
    """The network of a run before its first step, in training mode, and the batch of that step, unaugmented."""
    model = build_model(config, faces.num_classes)
    model.memory = config.method.memory(faces.labels, faces.num_classes)
    index = epoch_batches(len(faces), config.batch_size, config.seed, 1)[0]
    labels = faces.labels[index]
    images = normalize(faces.images[index], config.normalization)
    return model.train(), Batch(images, labels, labels, index)


def first_step(config: Config, faces: FaceSet) -> float:
    """The length of the gradient of a run's first batch in the backbone's weights.

    Args:
        config: of the run.
        faces: its training faces.
    """
    model, batch = _first_batch(config, faces)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        config.method.step(model, batch, 1).loss.backward()
    squares = [p.grad.square().sum() for p in model.backbone.parameters() if p.grad is not None]
    return float(torch.stack(squares).sum().sqrt())


def relative_steps(configs: Mapping[str, Config], faces: FaceSet) -> pd.Series:
    """``first_step`` of each config as a multiple of that of the one named ``"baseline"``, longest first."""
    lengths = {name: first_step(config, faces) for name, config in configs.items()}
    steps = pd.Series(lengths) / lengths["baseline"]
    return steps.sort_values(ascending=False).rename("first step, baseline = 1")


def step_times(configs: Mapping[str, Config], faces: FaceSet, repeats: int = 5) -> pd.Series:
    """How long loss and gradient of a batch take each config beside the one named ``"baseline"``, longest first.

    On the CPU and in turns: each round times every method once, in its last epoch, and a method's number is the median
    over rounds of its ratio to the baseline in the same round. What a method does between epochs is not in it.

    Args:
        configs: of the runs.
        faces: their training faces; the first batch of a run is used.
        repeats: rounds; one more, the first, does not count.
    """
    precision, begun = choose_precision(torch.device("cpu")), {n: _first_batch(c, faces) for n, c in configs.items()}
    ratios = []
    names = list(begun)
    for turn in range(repeats + 1):
        seconds = {}
        for name in names[turn:] + names[:turn]:  # nobody is always the first
            model, batch = begun[name]
            started = time.perf_counter()
            with torch.random.fork_rng(devices=[]), precision.autocast(torch.device("cpu")):
                loss = configs[name].method.step(model, batch, configs[name].epochs).loss
            loss.backward()
            seconds[name] = time.perf_counter() - started
        ratios.append({name: value / seconds["baseline"] for name, value in seconds.items()})
    return pd.DataFrame(ratios[1:]).median().sort_values(ascending=False).rename("time of a step, baseline = 1")


def costs(times: pd.Series) -> pd.DataFrame:
    """Beside the measured times of ``step_times`` what a step of each method computes, by ``LOOKS``.

    Returns:
        Index as in ``times``; columns ``a step computes``, ``looks`` (how often a backbone sees each face, the
        baseline's once) and ``times the baseline``.
    """
    kinds = [LOOKS.get(name, ("one look", 1)) for name in times.index]
    words, looks = zip(*kinds, strict=True)
    return pd.DataFrame({"a step computes": words, "looks": looks, "times the baseline": times.to_numpy()}, times.index)


def spearman(table: pd.DataFrame) -> float:
    """Rank correlation of the columns x and y; NaN for fewer than three rows."""
    return float(table["x"].corr(table["y"], method="spearman")) if len(table) > 2 else float(np.nan)
