"""How long the first step of a method is, and how much time a step takes, beside the baseline's."""

import time
from collections.abc import Mapping

import pandas as pd
import torch
from torch import nn

from scnlib.config import Config
from scnlib.datasets import FaceSet
from scnlib.methods import Batch
from scnlib.methods.names import method_label
from scnlib.models import normalize
from scnlib.precision import choose_precision
from scnlib.training import build_model, epoch_batches

#: Method -> what its step computes, and how often a backbone then sees each face. The others: once, as the baseline.
LOOKS = {
    "coteaching": ("two networks", 2),
    "jocor": ("two networks", 2),
    "eac": ("two views", 2),
    "nla": ("two views", 2),
    "lrn": ("one look, many draws of noise", 1),
}


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
    precision = choose_precision(torch.device("cpu"))
    begun = {name: _first_batch(config, faces) for name, config in configs.items()}
    names, ratios = list(begun), []
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


# ---------------------------------------------------------------------------------------------------------- for reading


def costs(times: pd.Series) -> pd.DataFrame:
    """Beside the measured times of ``step_times`` what a step of each method computes, by ``LOOKS``.

    Returns:
        Index the method's label; columns ``a step computes``, ``looks`` (how often a backbone sees each face, the
        baseline's once) and ``times the baseline``.
    """
    words, looks = zip(*(LOOKS.get(name, ("one look", 1)) for name in times.index), strict=True)
    columns = {"a step computes": words, "looks": looks, "times the baseline": times.to_numpy()}
    return pd.DataFrame(columns, [*map(method_label, times.index)])


def shown(ratios: pd.Series) -> pd.DataFrame:
    """``relative_steps`` or ``step_times`` for the eye: index the method's label, two digits."""
    return ratios.rename(index=method_label).round(2).to_frame()


def extremes(times: pd.Series, most: int, least: int) -> dict[str, str]:
    """The methods at both ends of ``step_times``: ``longest`` and ``shortest``, ``"**EAC** 1.88, **JoCoR** 1.87"``."""

    def listed(part: pd.Series) -> str:
        return ", ".join(f"**{method_label(name)}** {value:.2f}" for name, value in part.items())

    return {"longest": listed(times.head(most)), "shortest": listed(times.tail(least))}


def reach(lengths: pd.Series) -> dict[str, object]:
    """From where to where ``relative_steps`` reach.

    Returns:
        ``low`` and ``high``, the shortest and the longest; ``least`` and ``most``, whose they are; ``factor`` between.
    """
    low, high = lengths.iloc[-1], lengths.iloc[0]
    least, most = method_label(lengths.index[-1]), method_label(lengths.index[0])
    return {"low": low, "least": least, "high": high, "most": most, "factor": high / low}
