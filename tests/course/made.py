"""A finished run written by hand: ten samples, three epochs, every number known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from scnlib.config import profile_config
from scnlib.run_folder import METRICS, Run

GIVEN = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], dtype=np.uint8)
TRUE = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, 0], dtype=np.uint8)  # samples 3, 4, 8, 9 are given a wrong label
FINAL = np.array([1, 0, 0, 1, 0, 1, 1, 1, 0, 1], dtype=np.uint8)  # 0 harmed, 3 and 8 cured


def write_run(
    path: Path, test_right: np.ndarray | None = None, method: str = "scn", noise_rate: float = 0.4, **options: object
) -> Run:
    """A run directory as ``scnlib.runs`` writes it."""
    path.mkdir(parents=True)
    config = profile_config("smoke", method=method, noise_rate=noise_rate, options=options, epochs=3)
    (path / "config.json").write_text(json.dumps({"key": "0" * 16, **config.to_dict()}))
    test_right = np.array([True] * 6 + [False] * 4) if test_right is None else test_right
    labels = np.zeros(len(test_right), dtype=np.uint8)
    given_now = np.stack([GIVEN, GIVEN, FINAL])
    np.savez(
        path / "samples.npz",
        given=GIVEN,
        true=TRUE,
        current=given_now,
        final=FINAL,
        prediction=np.stack([GIVEN * 0, TRUE, GIVEN]),
        alpha=np.linspace(0, 1, 30, dtype=np.float16).reshape(3, 10),
        test_labels=labels,
        test_prediction=np.where(test_right, labels, 1).astype(np.uint8),
    )
    metrics = pd.DataFrame({name: [np.nan] * 3 for name in METRICS})
    metrics["epoch"] = [1, 2, 3]
    metrics["test_accuracy"] = [0.3, 0.7, test_right.mean()]
    metrics["label_accuracy"] = [0.6, 0.6, 0.7]
    metrics["alpha_auroc"] = [0.5, 0.5, 0.51] if method == "scn" else np.nan
    metrics.to_csv(path / "metrics.csv", index=False)
    manifest = {
        "n_train": 10,
        "n_test": len(test_right),
        "wrong_labels": 4,
        "duration_s": 2.0,
        "class_names": ["a", "b"],
    }
    (path / "manifest.json").write_text(json.dumps(manifest))
    return Run(path)
