"""What a run's answers about photographs are worth: its accuracy on its own test faces, and on real ones.

    data/results/transfer_ferplus.csv     one row = one run on FER+'s test faces, shown in one way

``scn transfer RUN... --root DIR`` measures it. Pictures of people never get there; counts do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from scnlib import evaluation
from scnlib.datasets import FaceSet, load_dataset, tested_on
from scnlib.datasets.classes import map_labels
from scnlib.datasets.face_crops import Settings, align_images
from scnlib.datasets.face_detection import Detector
from scnlib.paths import results_dir
from scnlib.predict import Predictor, cut_out, frame_of
from scnlib.provenance import commit, now
from scnlib.results import read_table, replace_rows
from scnlib.run_folder import Run
from scnlib.training import EVALUATION_BATCH
from scnlib.words import counted

#: Datasets without a photograph. Of a folder nobody knows what its pictures are; all others are photographs.
RENDERED = ("rendered", "rendered_web")

#: How FER+'s test faces are shown: as they come, or cut as ``scn predict`` cuts them for this run. It takes pictures
#: whole for a run without a frame, which is as they come.
AS_THEY_COME, ALIGNED = "as they come", "aligned"


def measure(runs: Sequence[Run], root: Path | str, folder: Path | None = None) -> Path:
    """Measure runs on FER+'s test faces and note it in ``transfer_ferplus.csv``, in place of what had their keys.

    Args:
        root: folder of FER+.
        folder: of the table; default ``data/results``.

    Raises:
        ValueError: a run knows none of FER+'s classes.
        FileNotFoundError: FER+ is not there.
    """
    detector, loaded, rows = Detector(), {}, []
    for run in runs:
        size = run.config.size
        if size not in loaded:
            faces = load_dataset("ferplus", root, "test", size=size)
            loaded[size] = faces, five_points(faces.images, detector)
        faces, points = loaded[size]
        rows += [row(run, faces)]
        if _shown(run) == ALIGNED:
            rows += [row(run, faces, points)]
    path = (folder or results_dir()) / "transfer_ferplus.csv"
    replace_rows(path, pd.DataFrame(rows))
    return path


def load(folder: Path | None = None) -> pd.DataFrame:
    """``transfer_ferplus.csv``; without rows where nothing was measured."""
    path = (folder or results_dir()) / "transfer_ferplus.csv"
    return read_table(path) if path.is_file() else pd.DataFrame(columns=["key", "shown"])


def five_points(images: Tensor, detector: Detector) -> list[Tensor]:
    """Where the largest face of each small picture has its five points, ``(1, 5, 2)``, or ``(0, 5, 2)`` without one.

    Args:
        images: uint8 ``(N, C, H, W)``; their edge is drawn out by half.
    """
    settings = Settings(size=8, pad="edge")
    return [
        aligned.found.points[:1]
        for part in images.expand(-1, 3, -1, -1).split(32)
        for aligned in align_images(part, detector, settings)
    ]


@torch.inference_mode()
def row(run: Run, faces: FaceSet, points: Sequence[Tensor] | None = None) -> dict[str, object]:
    """How a run does on faces of another dataset, in percent.

    Classes are matched by name; faces of a class that the run does not know are left out.

    Args:
        faces: N of them, of the run's size.
        points: of each, ``(1, 5, 2)`` to cut it as ``scn predict`` does, ``(0, 5, 2)`` or None to show it as it comes.

    Returns:
        ``accuracy``, ``mean_class_accuracy``, ``found`` (share that was cut anew), ``commonest`` and
        ``commonest_share`` (what always saying one class would reach), ``recall_<class>``, ``n`` and ``n_<class>``; of
        alpha, where there is one, and of the confidence, the probability of the answer: ``<signal>_median`` and
        ``<signal>_auroc``, how likely a wrong answer has the lower one, and both with ``own_`` of the run's own test
        faces; and where it all comes from.

    Raises:
        ValueError: no class in common.
    """
    predictor = Predictor(run)
    labels = map_labels(faces.labels, faces.class_names, predictor.class_names)
    kept = (labels >= 0).nonzero().flatten()
    labels, images = labels[kept], faces.images[kept]
    found = torch.zeros(len(kept))
    if points is not None:
        mine = [points[i] for i in kept.tolist()]
        found = torch.tensor([float(len(places)) for places in mine])
        cut = [
            cut_out(image, places, predictor.frame, predictor.size) for image, places in zip(images, mine, strict=True)
        ]
        whole = images.expand(-1, 1 if predictor.grey else 3, -1, -1)
        images = torch.cat([new if len(new) else old[None] for new, old in zip(cut, whole, strict=True)])
    probabilities, *alpha = map(torch.cat, zip(*map(predictor, images.split(EVALUATION_BATCH)), strict=True))
    confidence, predictions = probabilities.max(1)
    signals = {"confidence": confidence, **({"alpha": alpha[0]} if alpha else {})}
    names = predictor.class_names
    matrix = evaluation.confusion_matrix(labels, predictions, len(names))
    counts, right = matrix.sum(1), matrix.diagonal()
    recall = {f"recall_{name}": _percent(right[c] / counts[c]) for c, name in enumerate(names) if counts[c]}
    return {
        "key": run.manifest["key"],
        "trained_on": run.config.dataset,
        "method": run.label,
        "run_seed": run.config.seed,  # a table with "key" and "seed" is taken for one of runs
        "tested_on": faces.source.name,
        "shown": AS_THEY_COME if points is None else ALIGNED,
        "n": len(kept),
        "found": _percent(found.mean()),
        "accuracy": _percent(right.sum() / len(kept)),
        "mean_class_accuracy": _percent(evaluation.mean_class_accuracy(predictions, labels, len(names))),
        "commonest": names[int(counts.argmax())],
        "commonest_share": _percent(counts.max() / len(kept)),
        **_trust(signals, predictions != labels),
        **_trust(_own_signals(run), _own_mistakes(run), "own_"),
        **recall,
        **{f"n_{name}": int(counts[c]) for c, name in enumerate(names) if counts[c]},
        "data": faces.source.sha256,
        **commit(),
        "recipe_version": run.manifest["recipe_version"],
        "measured": now()[:10],
        "command": f"scn transfer out/runs/{run.path.name} --root DIR",
    }


def _shown(run: Run) -> str:
    """How ``scn predict`` shows this run a picture."""
    return ALIGNED if frame_of(run.config.dataset, **run.config.data) else AS_THEY_COME


def _own_mistakes(run: Run) -> Tensor:
    return torch.from_numpy(run.samples["test_prediction"] != run.samples["test_labels"])


def _own_signals(run: Run) -> dict[str, Tensor]:
    found = {"confidence": run.samples["test_confidence"], "alpha": run.samples.get("test_alpha")}
    return {name: torch.from_numpy(values).float() for name, values in found.items() if values is not None}


def _trust(signals: dict[str, Tensor], wrong: Tensor, prefix: str = "") -> dict[str, float]:
    """Median of each signal of trust, and how likely a wrong answer has the lower one: 0.5 is a coin."""
    row = {}
    for name, values in signals.items():
        row[f"{prefix}{name}_median"] = round(float(values.median()), 4)
        row[f"{prefix}{name}_auroc"] = round(float(evaluation.auroc(-values, wrong)), 4)
    return row


def _percent(share: Tensor) -> float:
    return round(100 * float(share), 3)


@dataclass(frozen=True)
class Standing:
    """What stands beside every prediction of a run; accuracies in percent.

    Attributes:
        dataset: that its own test faces are of.
        own, own_n: accuracy on its own test faces, and how many these are.
        classes: how many it knows.
        real: its row of ``transfer_ferplus.csv``, shown as ``scn predict`` does; None where that was not measured.
    """

    dataset: str
    own: float
    own_n: int
    classes: int
    real: dict | None

    @property
    def photographed(self) -> bool | None:
        """Whether its own test faces are photographs; None where that is not recorded, of a folder."""
        return None if self.dataset == "folder" else self.dataset not in RENDERED

    @property
    def on_photographs(self) -> float | None:
        """Its accuracy on photographs; None where nobody measured it."""
        return self.own if self.photographed else None if self.real is None else self.real["accuracy"]

    def short(self) -> str:
        """For the end of a line."""
        known = self.on_photographs
        if self.photographed is None and known is None:
            return f"own test {self.own:.1f} %, photographs or not is not recorded"
        return f"own test {self.own:.1f} %, photographs {'not measured' if known is None else f'{known:.1f} %'}"

    def words(self) -> str:
        """One to three sentences."""
        text = f"Right in {self.own:.1f} % of its own {counted(self.own_n, 'test face')} ({self.dataset}"
        if self.photographed:
            labels = ", labelled by the words that found them" if self.dataset == "webemotion" else ""
            return f"{text}, photographs{labels})."
        unknown = "; whether these are photographs is not recorded" if self.photographed is None else ""
        if self.real is None:
            measure = "On photographs nobody measured it: `scn transfer RUN --root DIR`, with FER+ in DIR, does."
            return f"{text}{unknown})." if unknown else f"{text}). {measure}"
        real, guess = self.real, 100 / self.classes
        text += (
            f"{unknown}) and in {real['accuracy']:.1f} % of {counted(real['n'], 'photograph')} (FER+ test), where "
            f"guessing gives {guess:.1f} % and always saying {real['commonest']} {real['commonest_share']:.1f} %."
        )
        if unknown:  # its own may be photographs, too, on which it is better
            return text
        if real["mean_class_accuracy"] < 2 * guess:  # ours: not even twice what a die would reach
            return f"{text} On a photograph that is close to a guess: do not believe it."
        if real["accuracy"] < real["commonest_share"]:
            return f"{text} On a photograph it is worse than one answer for everybody: do not believe it."
        return text


def standing(run: Run) -> Standing:
    """What is known of a run's accuracy."""
    table = load()
    rows = table[(table["key"] == run.manifest["key"]) & (table["shown"] == _shown(run))].to_dict("records")
    own = 100 * run.metrics["test_accuracy"].iloc[-1]
    names = run.manifest["class_names"]
    dataset = tested_on(run.config.dataset, **run.config.data)
    return Standing(dataset, own, run.manifest["n_test"], len(names), rows[-1] if rows else None)
