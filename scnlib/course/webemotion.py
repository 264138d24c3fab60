"""Lesson 10's WebEmotion: one film through the whole pipeline, and the steps of table 3."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from torch import Tensor

from scnlib.datasets import load_dataset, webemotion, webemotion_build
from scnlib.datasets.face_detection import Detector, Found
from scnlib.datasets.films import Actor, Film, render_film
from scnlib.datasets.tracks import follow
from scnlib.datasets.video import write_video
from scnlib.datasets.webemotion_plan import SHORTEST_FACE_SECONDS
from scnlib.faces import CLASSES
from scnlib.paper.grid import Selector, web_pretrained

SECONDS, RATE = 15.0, 2

#: One who leaves for a while, and a guest who does not stay for five seconds.
CAST = {
    "one person": Actor(1, ("happiness", "neutral", "surprise"), ((0, 6), (8.5, 15)), (0.0, 0.5), (0.5, 0.7)),
    "a guest": Actor(4, ("happiness",), ((9, 12.5),), (1.0, 0.0), (0.95, 0.1), 90),
}


@dataclass(frozen=True)
class Seen:
    """What came out of one video.

    Attributes:
        film: the truth.
        tracks: (from, to, whether it became a clip) of each face that was followed, in seconds.
        faces: uint8 ``(K, 3, 48, 48)`` what was written, in the order of time.
        shown: what each of these faces shows, by the truth; the keyword says happiness.
        table: table 1, the class of the keyword alone.
    """

    film: Film
    tracks: list[tuple[float, float, bool]]
    faces: Tensor
    shown: list[str]
    table: pd.DataFrame


class _Noting(Detector):
    """A detector that keeps what it has found, so that nobody needs to look twice."""

    def find(self, images: Tensor, every: bool = False) -> list[Found]:
        found = super().find(images, every)
        self.noted = [*getattr(self, "noted", []), *found]
        return found


def watch(seed: int = 0) -> Seen:
    """Render a film with ``CAST``, write it as a video that the word "happy" found, and build from it."""
    film = render_film(seed, list(CAST.values()), SECONDS, RATE)
    settings = webemotion_build.Settings(size=48)
    detector = _Noting("cpu", settings.smallest)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in", Path(folder) / "out"
        (source / "happy").mkdir(parents=True)
        write_video(source / "happy" / "film.mp4", film.frames, RATE)
        webemotion_build.build(source, target, settings, detector=detector)
        faces = webemotion.load(target, size=48, test_fraction=0, allow_missing=True)
        rows = webemotion.read_table(target, webemotion.FACES).query("copy_of == ''")
        table = webemotion.statistics(target).query("clips > 0 and `class` != 'all'")
    times = [settings.every * number for number in range(len(detector.noted))]
    tracks = follow(times, [found.boxes[found.probabilities >= settings.probability] for found in detector.noted])
    kept = [(one.begin, one.end, one.seconds >= SHORTEST_FACE_SECONDS - 1e-3) for one in tracks]
    shown = [CLASSES[int(film.labels[round(RATE * time), 0])] for time in rows["time"]]
    return Seen(film, kept, faces.images, shown, table)


def found_by(name: str, n: int = 64, size: int = 48) -> tuple[Tensor, list[str]]:
    """Faces of the stand-in whose keyword is of the class ``name``: uint8 ``(K, 3, size, size)``, and what each shows.

    Args:
        n: of the whole stand-in, in which all classes are about equally frequent.
    """
    web = load_dataset("rendered_web", n=n, size=size)
    rows = (web.labels == web.class_names.index(name)).nonzero().flatten()
    return web.images[rows], [web.class_names[label] for label in web.true_labels[rows]]


# ----------------------------------------------------------------------------------------------------------- table 3


def steps() -> dict[str, tuple[Selector, Selector]]:
    """From row to row of table 3: what is changed -> the runs with it and the runs without; the last one is ours."""
    scratch, web = Selector("baseline", ""), web_pretrained
    return {
        "pretraining on web faces": (web("baseline", "baseline", ""), scratch),
        "SCN in fine-tuning after it": (web("baseline", "scn", ""), web("baseline", "baseline", "")),
        "SCN in pretraining as well": (web("scn", "scn", ""), web("baseline", "scn", "")),
        "SCN in pretraining alone": (web("scn", "baseline", ""), web("baseline", "baseline", "")),
    }
