"""A row of ``data/results``, measured again: does this code, on this machine, give the numbers that stand there?"""

import json
import math
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scnlib import runs
from scnlib.config import RECIPE_VERSION, Config
from scnlib.paths import out_dir, results_dir
from scnlib.results import load
from scnlib.words import counted

#: What a run is believed for. Percent, but for those of alpha.
NUMBERS = (
    "accuracy", "mean_class_accuracy", "best_accuracy", "memorised", "label_accuracy", "relabel_precision",
    "relabel_recall", "alpha_mean", "alpha_auroc", "alpha_regained", "alpha_regained_others",
)  # fmt: skip
#: Under what it was measured. The key stands for config, data and recipe version.
CIRCUMSTANCES = (
    "key", "config_sha256", "data", "commit", "dirty", "device", "processes", "loop", "dtype", "torch",
    "python", "numpy",
)  # fmt: skip
#: Points of test accuracy, ours: as far as the small network's seeds scatter. On another machine rounding differs, and
#: after some hundred steps a run whose rounding differs is another run of the same kind.
TOLERANCE = 2.0


@dataclass(frozen=True)
class Check:
    """A row, and the row of the run that repeated it.

    Attributes:
        before, after: as ``Run.row``; a column that came later may be missing from ``before``.
        tolerance: points of test accuracy.
    """

    before: Mapping[str, object]
    after: Mapping[str, object]
    tolerance: float = TOLERANCE

    @property
    def compared(self) -> dict[str, tuple[float, float]]:
        """The numbers that the run or its row has: name -> before, after; what came after the row is not compared."""
        pairs = {
            name: (_number(self.before[name]), _number(self.after[name])) for name in NUMBERS if name in self.before
        }
        return {name: pair for name, pair in pairs.items() if not all(map(math.isnan, pair))}

    @property
    def numbers(self) -> dict[str, tuple[float, float]]:
        """Of those compared the ones that are not the same."""
        return {name: (first, second) for name, (first, second) in self.compared.items() if first != second}

    @property
    def circumstances(self) -> dict[str, tuple[str, str]]:
        """The circumstances that are not the same; what the row does not say is not compared."""
        pairs = {name: (_words(self.before.get(name)), _words(self.after[name])) for name in CIRCUMSTANCES}
        return {name: pair for name, pair in pairs.items() if pair[0] and pair[0] != pair[1]}

    @property
    def verdict(self) -> str:
        """``"equal"``: every number is. ``"within tolerance"``: the test accuracy is. ``"differs"``: not even that."""
        if not self.numbers:
            return "equal"
        first, second = (float(row["accuracy"]) for row in (self.before, self.after))
        return "within tolerance" if abs(first - second) <= self.tolerance else "differs"

    def text(self) -> str:
        """The verdict, and what differs, a line each."""
        compared = len(self.compared)
        same = compared - len(self.numbers)
        count = f"{same} of {compared} numbers {'is' if same == 1 else 'are'} the same"
        allowed = "" if self.verdict == "equal" else f"; accuracy may differ by ± {self.tolerance:g}"
        lines = [f"{self.verdict}: {count}{allowed}"]
        lines += [f"  {name:24}{first:g} -> {second:g}" for name, (first, second) in self.numbers.items()]
        lines += [f"  {name:24}{first} -> {second}" for name, (first, second) in self.circumstances.items()]
        same = [name for name in CIRCUMSTANCES if name not in self.circumstances and _words(self.before.get(name))]
        return "\n".join([*lines, f"the same: {', '.join(same)}" if same else "nothing of the circumstances is known"])


def choose(name: str, key: str | None = None, seed: int = 0, folder: Path | None = None) -> dict[str, object]:
    """A row of a table of results.

    Args:
        name: of the table, ``"rendered"``.
        key: of the row, or how it begins; None: any one that took no longer than most, and that this code repeats.
        seed: of that choice.
        folder: of the tables; default ``data/results``.

    Raises:
        ValueError: if there is no such row, or more than one.
    """
    file = (folder or results_dir()) / f"{name}.csv"
    table = load(name, folder=folder)
    if not {"key", "config", "recipe_version", "duration_s"} <= set(table):
        raise ValueError(f"{file}: there are no measured runs; name a table of runs such as rendered or ferplus")
    rows = table.to_dict("records")
    if key is not None:
        found = [row for row in rows if row["key"].startswith(key)]
        if len(found) != 1:
            raise ValueError(f"{file}: a key begins with {key!r} in {counted(len(found), 'row')}; one is meant")
        return found[0]
    able = [row for row in rows if not obstacle(row) and not _config(row).pretrained]
    if not able:
        raise ValueError(f"{file}: no row is of recipe version {RECIPE_VERSION}, from scratch; choose one with --cell")
    usual = pd.Series([row["duration_s"] for row in able]).median()
    cheap = sorted((row for row in able if row["duration_s"] <= usual), key=lambda row: row["key"])
    return random.Random(seed).choice(cheap)


def obstacle(row: Mapping[str, object]) -> str:
    """Why this code cannot repeat a row, whatever the machine; ``""`` where it can."""
    if row["recipe_version"] != RECIPE_VERSION:
        return f"it is of recipe version {row['recipe_version']:g}, and this code is version {RECIPE_VERSION}"
    try:
        _config(row)
    except (ValueError, TypeError, KeyError) as error:
        return f"this code does not know its config ({error})"
    return ""


def in_words(row: Mapping[str, object]) -> str:
    """Which row it is, and how long it took."""
    config = _config(row)
    seconds = float(row["duration_s"])
    time = f"{seconds / 60:.0f} minutes" if seconds > 120 else counted(round(seconds), "second")
    noise = "FER2013's own labels" if config.noise_kind == "fer2013" else f"{100 * config.noise_rate:g} % wrong labels"
    return (
        f"row {row['key']}: {config.dataset}, {config.method.name} {row['options']}, {noise}, seed {config.seed}, "
        f"{counted(config.epochs, 'epoch')}, {config.size} px\n"
        f"config {config.sha256()[:16]}; it took {time} on {row['device']}"
    )


def repeat(
    row: Mapping[str, object], root: Path | str | None = None, weights: Path | str | None = None,
    tolerance: float = TOLERANCE,
) -> Check:  # fmt: skip
    """Train a row's config again, from the first step, in a folder that is removed, and compare.

    Nothing is written to ``data/results``, and no finished run is found instead.

    Args:
        root: the dataset's folder, where it has one.
        weights: what the run starts from, where it does.

    Raises:
        ValueError: if this code cannot repeat the row; from the dataset or the weights.
        FileNotFoundError: from the dataset, or from the weights.
    """
    if not 0 <= tolerance < math.inf:
        raise ValueError(f"the tolerance must be a finite number of points >= 0, got {tolerance}")
    reason = obstacle(row)
    if reason:
        raise ValueError(f"row {row['key']} cannot be repeated: {reason}. `scn run` measures its config anew")
    config = _config(row)
    if config.pretrained and weights is None:
        raise ValueError(f"row {row['key']} starts from {config.pretrained}; say --weights FILE, or a run's directory")
    out_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="verify-", dir=out_dir()) as folder:
        again = runs.run(config, root=root, out=Path(folder) / "run", weights=weights).row()
    return Check(row, again, tolerance)


def _config(row: Mapping[str, object]) -> Config:
    return Config.from_dict(json.loads(row["config"]))


def _number(value: object) -> float:
    """As a table of results holds it: seven digits."""
    return math.nan if value is None or pd.isna(value) else float(f"{float(value):.7g}")


def _words(value: object) -> str:
    """One spelling for what a CSV and a run write differently: 1.0 and 1, nothing and NaN."""
    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
