"""What every method costs beside the baseline: a training step, and what it does between epochs."""

import math
import sys

import torch

from scnlib import faces
from scnlib.bench.how import How, Task
from scnlib.bench.ours import face_set, pictures, plan, training_arm
from scnlib.bench.rows import Row, row_of
from scnlib.bench.training import QUICK
from scnlib.bench.turns import paired_ratios, take_turns, timed
from scnlib.config import PROFILES, profile_config
from scnlib.datasets.noise import corrupt_labels
from scnlib.datasets.rendered import DEFAULT_COUNT
from scnlib.errors import ScnError
from scnlib.methods import METHODS, Method
from scnlib.training import Training

BASELINE = "baseline"
#: Of the quick profile, whose methods these are.
EPOCHS = PROFILES["quick"]["epochs"]
#: The epoch of every turn: each method does all in it that it ever does in a step, and none looks at the whole training
#: set afterwards.
EPOCH = EPOCHS - 1
#: What the papers' tables train and no other group measures: backbone, size, batch, methods. Batches for a CPU.
LARGER = (
    ("resnet18", 224, 32, (BASELINE, "lrn", "curriculumnet", "metacleaner", "ipa2lt", "weighted_loss")),
    ("ir50", 48, 16, (BASELINE, "scn")),
    ("ir50", 224, 4, (BASELINE, "scn")),
)
#: Seconds of a round of these on two CPU cores.
_ROUND = {("resnet18", 224): 15, ("ir50", 48): 1.5, ("ir50", 224): 8}
#: Turns of the larger networks at most; a turn is long.
FEW = 3
#: Training images of a quick run, between whose epochs a method may look at all of them.
SAMPLES = DEFAULT_COUNT["train"]


def tasks(how: How) -> list[Task]:
    """All methods under the quick recipe; without ``--quick`` also those of the papers' tables on larger networks."""
    found = [Task("price of every method", 12 * (how.turns + 3) + 50, lambda: every_method(how))]
    larger = [] if how.quick else [one for one in LARGER if one[1] in how.sizes]
    return found + [
        Task(
            f"{len(names) - 1} methods on {backbone} at {size} px", (min(how.turns, FEW) + 3) * _ROUND[backbone, size],
            lambda network=(backbone, size, batch), names=names: steps(how, *network, names, min(how.turns, FEW))[0],
        )
        for backbone, size, batch, names in larger
    ]  # fmt: skip


def every_method(how: How) -> list[Row]:
    """Images a second of every method's steps, and its time for an epoch beside the baseline's.

        cost = (n E / r + g) / (n E / r_baseline)

    with n images, E epochs of the quick recipe, r images a second in the turn, and g seconds between the epochs of a
    run. g is timed once, for methods that do anything there, with labels of which 30 % are wrong; evaluation is in
    neither. Of a method that cannot be trained here there is one row without a number.
    """
    found, rates = steps(how, *QUICK, tuple(METHODS), how.turns)
    common = {"group": "methods", "name": QUICK[0], "size": QUICK[1], "batch": QUICK[2], "precision": how.dtype}
    n = SAMPLES if how.seconds else 2 * QUICK[2]
    for name, values in rates.items():
        method, gap = _method(name), 0.0
        if type(method).after_epoch is not Method.after_epoch:
            gap = between_epochs(how, method, n)
            found.append(row_of([gap], unit="s between the epochs of a run", method=name, **common))
        ratios = zip(paired_ratios(rates[BASELINE], values), rates[BASELINE], strict=True)
        costs = [ratio + gap * reference / (n * EPOCHS) for ratio, reference in ratios]
        found.append(row_of(costs, unit="times the baseline's epoch", method=name, **common))
    return found


def steps(
    how: How, backbone: str, size: int, batch: int, names: tuple[str, ...], turns: int
) -> tuple[list[Row], dict[str, list[float]]]:
    """Images a second of these methods' steps in turns: rows with ratios to the baseline, and the rates themselves.

    What a method does between epochs is not in them.
    """
    images, labels = pictures(size)
    arms = {}
    for name in names:
        config = plan(_method(name), backbone, size, batch)
        try:
            arms[name] = training_arm(config, images, labels, how.device, how.precision, how.seconds / 2, EPOCH)
        except ScnError as error:  # a library that only this method needs
            print(error, file=sys.stderr)
    rates = take_turns(arms, turns)
    common = {"group": "methods", "name": backbone, "size": size, "batch": batch, "precision": how.dtype}
    rows = [
        row_of(
            rates.get(name, [math.nan]), None if name == BASELINE or name not in rates else (BASELINE, rates[BASELINE]),
            unit="images/s", method=name, **common,
        )
        for name in names
    ]  # fmt: skip
    return rows, rates


def between_epochs(how: How, method: Method, n: int) -> float:
    """Seconds that a method takes between all the epochs of a run with the quick recipe on n images.

    The network has been trained for an epoch; the images differ by noise, so that no two have the same features.
    """
    images, labels = pictures(QUICK[1])
    seen = face_set(images, labels, n)
    noise = torch.randint(0, 32, seen.images.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    noisy = corrupt_labels(seen.labels, len(faces.CLASSES), 0.3)
    seen = face_set(seen.images // 8 * 7 + noise, noisy, n)
    training = Training(plan(method, *QUICK), seen, {}, how.device, how.precision)
    training.train_epoch()

    def look() -> None:
        for epoch in range(1, EPOCHS):
            method.after_epoch(training.model, epoch, training.ledger.given, training.features)

    return timed(look, how.device)


def _method(name: str) -> Method:
    return profile_config("quick", method=name).method
