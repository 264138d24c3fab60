"""Runs side by side: a table, and the difference of two with its uncertainty."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scnlib.paper.results import HERE
from scnlib.run_folder import Run


@dataclass(frozen=True)
class Comparison:
    """Runs that differ in their method only.

    Attributes:
        runs: label -> run.
        noise_rate: of all of them.
    """

    runs: dict[str, Run]
    noise_rate: float

    def __getitem__(self, label: str) -> Run:
        return self.runs[label]

    def table(self) -> pd.DataFrame:
        """Percentages after the last epoch, one row a run; columns that no run has are left out."""
        columns = {
            "test accuracy, %": ("test_accuracy", 100, 1),
            "wrong labels memorised, %": ("memorised", 100, 1),
            "labels right, %": ("label_accuracy", 100, 1),
            "relabel precision, %": ("relabel_precision", 100, 1),
            "mean α": ("alpha_mean", 1, 2),
            "AUROC of α": ("alpha_auroc", 1, 2),
        }
        rows = {}
        for label, run in self.runs.items():
            last = run.metrics.iloc[-1]
            rows[label] = {
                title: round(factor * last[name], digits) for title, (name, factor, digits) in columns.items()
            }
            rows[label]["n (test)"] = run.manifest["n_test"]
            rows[label]["seed"] = run.config.seed
        table = pd.DataFrame.from_dict(rows, orient="index").dropna(axis=1, how="all")
        # An object column prints a missing number as nothing instead of NaN.
        table = table.astype(object).where(table.notna(), "")
        table["origin"] = HERE
        table.index.name = f"{100 * self.noise_rate:.0f} % wrong labels"
        return table

    def against(self, reference: str, of: str | None = None) -> dict[str, object]:
        """How far one run is ahead of another on the same test faces, in points.

        Args:
            reference: label of the run to compare with.
            of: label of the other; may be left out where there are two.

        Returns:
            ``method``, ``reference`` (labels), ``noise`` (rate), ``accuracy``, ``reference_accuracy`` (percent),
            ``gain`` (points), ``interval`` (half the width of its 95 % interval over test faces; one seed each, so the
            luck of training is not in it), ``n`` (test faces), ``verb`` ("beats", "trails", or "cannot be told from"
            where the interval holds 0).

        Raises:
            ValueError: if a label is unknown, or ``of`` is needed and missing.
        """
        others = [label for label in self.runs if label != reference]
        of = others[0] if of is None and len(others) == 1 else of
        for label in (reference, of):
            if label not in self.runs:
                raise ValueError(f"no run {label!r} in this comparison; there are: {', '.join(self.runs)}")
        right, reference_right = (_test_right(self.runs[label]) for label in (of, reference))
        gain, interval = paired_difference(right, reference_right)
        verb = "cannot be told from" if abs(gain) <= interval else "beats" if gain > 0 else "trails"
        return {
            "method": of,
            "reference": reference,
            "noise": self.noise_rate,
            "accuracy": 100 * right.mean(),
            "reference_accuracy": 100 * reference_right.mean(),
            "gain": 100 * gain,
            "interval": 100 * interval,
            "n": len(right),
            "verb": verb,
        }


def _test_right(run: Run) -> np.ndarray:
    return run.samples["test_prediction"] == run.samples["test_labels"]


def paired_difference(right: np.ndarray, reference_right: np.ndarray) -> tuple[float, float]:
    """Difference of two shares measured on the same samples, and half the width of its 95 % interval.

        d = (b - c) / n,    interval = 1.96 sqrt(b + c - (b - c)^2 / n) / n

    with b samples that only the first and c that only the second got right.

    Args:
        right, reference_right: bool ``(n,)``.
    """
    n = len(right)
    b, c = int((right & ~reference_right).sum()), int((~right & reference_right).sum())
    return (b - c) / n, 1.96 * math.sqrt(max(b + c - (b - c) ** 2 / n, 0)) / n
