"""Results made up for tests: one row a run, as runs write them."""

import json
from functools import cache

import pandas as pd

from scnlib.config import profile_config


@cache
def _usual(profile):
    return json.dumps(profile_config(profile, method="scn").to_dict())


def run(method="baseline", accuracy=50.0, seed=0, noise_rate=0.0, options=None, config=None, **fields):
    """One row of results with the config of its profile; everything not said is the same for all rows."""
    row = {
        "dataset": "ferplus",
        "method": method,
        "variant": "paper" if method == "scn" else "",
        "noise_kind": "symmetric",
        "noise_rate": noise_rate,
        "seed": seed,
        "size": 48,
        "backbone": "resnet18",
        "epochs": 12,
        "profile": "quick",
        "split": "train",
        "options": json.dumps(options or {}),
        "accuracy": accuracy,
        "mean_class_accuracy": accuracy - 10,
        "best_accuracy": accuracy + 1,
        **dict.fromkeys(("memorised", "label_accuracy", "relabel_precision", "relabel_recall")),
        **dict.fromkeys(("alpha_mean", "alpha_auroc")),
        "n_train": 1000,
        "n_test": 100,
        "commit": "0123abc",
        "data": "sha",
        "device": "cpu",
        "dtype": "float32",
        "torch": "2",
        "duration_s": 1.0,
        **fields,
    }
    said = {name: row[name] for name in ("dataset", "size", "backbone", "epochs", "profile", "split")}
    whole = json.loads(_usual(row["profile"])) | said | (config or {})
    name = [method, row["dataset"], noise_rate, row["noise_kind"], seed, row["options"], json.dumps(config or {})]
    key = " ".join(map(str, [*name, row["profile"], row["epochs"], row["backbone"]]))
    return {"key": key, "config": json.dumps(whole), **row}


def table(*rows):
    """Rows as ``load_results`` would give them: numbers are float, and NaN where there is none."""
    frame = pd.DataFrame(list(rows))
    numbers = ["memorised", "label_accuracy", "relabel_precision", "relabel_recall", "alpha_mean", "alpha_auroc"]
    return frame.astype(dict.fromkeys(numbers, float))
