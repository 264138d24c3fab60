"""Results made up for tests: one row a run, as runs write them."""

import json

import pandas as pd


def run(method="baseline", accuracy=50.0, seed=0, noise_rate=0.0, options=None, config=None, **fields):
    """One row of results; everything not said is the same for all rows."""
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
        "config": json.dumps(config or {}),
        "commit": "0123abc",
        "data": "sha",
        "device": "cpu",
        "dtype": "float32",
        "torch": "2",
        "duration_s": 1.0,
        **fields,
    }
    name = [method, row["dataset"], noise_rate, row["noise_kind"], seed, row["options"], row["config"], row["profile"]]
    return {"key": " ".join(map(str, [*name, row["epochs"], row["backbone"]])), **row}


def table(*rows):
    """Rows as ``load_results`` would give them: numbers are float, and NaN where there is none."""
    frame = pd.DataFrame(list(rows))
    numbers = ["memorised", "label_accuracy", "relabel_precision", "relabel_recall", "alpha_mean", "alpha_auroc"]
    return frame.astype(dict.fromkeys(numbers, float))
