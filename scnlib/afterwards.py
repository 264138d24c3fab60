"""What finished runs are asked for ``NAME_afterwards.csv``.

    How well do its features tell the classes apart, to who knows the true labels?             a linear probe
    Where relabelling put a wrong label: is it at least the class that comes second there?     second choices

python -m scnlib.afterwards rendered out/runs/rendered-*       add finished runs, with --root DIR where needed
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from scnlib.datasets import FaceSet
from scnlib.models import in_three_channels, normalize
from scnlib.paper.afterwards import SUFFIX
from scnlib.paper.mistakes import expected_mistakes
from scnlib.paths import results_dir
from scnlib.provenance import commit, now
from scnlib.results import replace_rows
from scnlib.run_folder import Run, open_run
from scnlib.splits import Splits
from scnlib.training import EVALUATION_BATCH
from scnlib.words import counted


def measure(name: str, runs: Iterable[Run], root: Path | str | None = None, folder: Path | None = None) -> Path:
    """Ask finished runs and note the answers in ``NAME_afterwards.csv``, in place of what had their keys.

    Args:
        root: the dataset's folder, where it has one.
        folder: of the table; default ``data/results``.

    Raises:
        ValueError: the faces under ``root`` are not those that a run trained on; then nothing is written.
        FileNotFoundError: from the loader.
    """
    rows = []
    for run in runs:
        rows.append(row(run, run.splits(root)))
    path = (folder or results_dir()) / f"{name}{SUFFIX}.csv"
    replace_rows(path, pd.DataFrame(rows))
    return path


def row(run: Run, splits: Splits) -> dict[str, object]:
    """The answers of one run on its own faces, with where they come from.

    Returns:
        ``probe_accuracy`` (percent of the test faces) and, of the labels after the last epoch, ``new_wrong`` (changed
        by the run to a wrong class), of these ``new_second`` (it is the second choice), and how many that would be by
        chance, ``by_popularity`` (``chance``) and ``by_class``. Empty where nobody knows what comes second.
    """
    given, final = (torch.from_numpy(run.samples[name].astype(np.int64)) for name in ("given", "final"))
    true, second = splits.train.true_labels, second_choice(splits.train)
    wrong = (final != given) & (final != true)
    counts = {"new_wrong": int(wrong.sum()), "new_second": None, "by_popularity": None, "by_class": None}
    if second is not None:
        new, *rest = (tensor[wrong] for tensor in (final, given, true, second))
        counts |= {
            "new_second": int(rest[-1].gather(1, new[:, None]).sum()),
            "by_popularity": round(chance(new, *rest), 2),
            "by_class": round(chance_in_class(new, *rest), 2),
        }
    return {
        "key": run.manifest["key"],
        "dataset": run.config.dataset,
        "method": run.label,
        "backbone": run.config.backbone,
        "noise_kind": run.config.noise_kind,
        "noise_rate": run.config.noise_rate,
        "run_seed": run.config.seed,  # a table with "key" and "seed" is taken for one of runs
        "probe_accuracy": round(100 * probe(run, splits), 3),
        "n_train": len(splits.train),
        "n_test": len(splits.test),
        **counts,
        "data": run.manifest["data"]["train"],
        **commit(),
        "recipe_version": run.manifest["recipe_version"],
        "measured": now()[:10],
    }


# ---------------------------------------------------------------------------------------------- what features are worth


def probe(run: Run, splits: Splits) -> float:
    """Test accuracy of a linear classifier of a run's features that is taught the *true* labels, a share in 0..1.

    Multinomial logistic regression on features of the unchanged training images, standardised, with scikit-learn's
    usual penalty (ours: C = 1). Whatever labels the run learnt from, its probe learns from right ones, so that two
    probes differ by the features alone.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, test = (features(run, faces.images).numpy() for faces in (splits.train, splits.test))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(train, splits.train.true_labels.numpy())
    return float(model.score(test, splits.test.labels.numpy()))


@torch.no_grad()
def features(run: Run, images: Tensor) -> Tensor:
    """The last epoch's float32 features ``(N, D)`` of uint8 images ``(N, C, H, W)``, in evaluation mode.

    Of two networks the first one's, which alone predicts.
    """
    backbone = run.network().backbone
    parts = (in_three_channels(normalize(part, run.config.normalization)) for part in images.split(EVALUATION_BATCH))
    return torch.cat([backbone(part).float() for part in parts])


# ------------------------------------------------------------------------------------------------------- second choices


def second_choice(faces: FaceSet) -> Tensor | None:
    """Which class comes second for each face, bool ``(N, C)``; None where nobody knows.

    By votes: the class that has most of them after the true one; several where they tie, none where nobody named
    another. On rendered faces: the expression that is mixed in, where one is.
    """
    true = faces.labels if faces.true_labels is None else faces.true_labels
    if faces.votes is not None:
        others = faces.votes.scatter(1, true[:, None], 0)
        return (others > 0) & (others == others.amax(1, keepdim=True))
    if faces.latents is not None:
        mixed = F.one_hot(faces.latents["second_class"], faces.num_classes).bool()
        return mixed & (faces.latents["mix"] > 0)[:, None]
    return None


def chance(new: Tensor, given: Tensor, true: Tensor, second: Tensor) -> float:
    """How many wrong new labels would be second choices if they had been drawn without a look at the face.

        p_i(j) = w_j / sum_{l != true_i, given_i} w_l        j neither the true nor the given label of face i
        expected = sum_i sum_j p_i(j) second_ij

    w is how popular each class is: those weights under which each class is drawn as often as it was chosen.

    Args:
        new, given, true: int64 ``(N,)``, new differs from both.
        second: bool ``(N, C)``.
    """
    if not len(new):
        return 0.0
    classes = second.shape[1]
    possible = ~(F.one_hot(given, classes) | F.one_hot(true, classes)).bool()
    drawn = expected_mistakes(F.one_hot(new, classes).numpy(), possible.numpy())
    return float((drawn * second.numpy()).sum())


def chance_in_class(new: Tensor, given: Tensor, true: Tensor, second: Tensor) -> float:
    """``chance`` with popularities of each true class's own: what knowing the class, but not the face, would reach."""
    parts = ([tensor[true == label] for tensor in (new, given, true, second)] for label in true.unique())
    return sum(chance(*part) for part in parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scnlib.afterwards", description="Ask finished runs.")
    parser.add_argument("name", metavar="NAME", help="of the table, for example rendered")
    parser.add_argument("runs", metavar="RUN", nargs="+", help="directories of finished runs")
    parser.add_argument("--root", metavar="DIR", help="the dataset's folder, where it has one")
    parser.add_argument("--folder", metavar="DIR", type=Path, help="of the table; default data/results")
    chosen = parser.parse_args(arguments)
    try:
        path = measure(chosen.name, map(open_run, chosen.runs), chosen.root, chosen.folder)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    print(f"{path}: {counted(len(chosen.runs), 'run')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
