"""From a photograph to what a run says of the faces in it; ``scn predict PHOTO...``.

    photograph -> MTCNN -> its five points to where the run's training faces have theirs -> the run's network
    picture    -> its middle square, as the run's loader takes it                       -> the run's network

The second where nobody knows how faces lie in a dataset's pictures (``FRAMES``): its own loader takes them whole.

What such an answer is worth stands in ``scnlib/transfer.py``, and no answer is given without it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor, nn

from scnlib import runs
from scnlib.config import Config, profile_config
from scnlib.datasets import tested_on
from scnlib.datasets.align_manifest import BOX, FOUND, NO_FACE, SEVERAL, UNREADABLE
from scnlib.datasets.decode import SUFFIXES, decode, open_rgb
from scnlib.datasets.face_crops import Settings, align_images
from scnlib.datasets.face_detection import Detector, Found
from scnlib.datasets.face_geometry import similarity, template, warp
from scnlib.files import check_target
from scnlib.methods.eac import attention
from scnlib.models import Classifier, in_three_channels, normalize
from scnlib.paths import out_dir, results_dir
from scnlib.results import read_table, write_table
from scnlib.run_folder import Run, open_run
from scnlib.splits import load_splits
from scnlib.words import counted

#: Photographs are looked at with at most so many pixels on their longer side: what MTCNN costs grows with the area.
LARGEST_SIDE = 1600

#: Red, green and blue in what is seen as brightness: ITU-R BT.601, with which FER2013's grey pictures are imitated.
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Frame:
    """How the faces of a dataset lie in their pictures.

    Attributes:
        points: left eye, right eye, nose, left and right corner of the mouth, as shares of the side.
        grey: whether the pictures have no colour.
    """

    points: tuple[tuple[float, float], ...]
    grey: bool = False


#: The status of a picture that was taken whole, beside those of ``scn align``.
WHOLE = "whole"

_RENDERED = Frame(((0.323, 0.343), (0.676, 0.345), (0.498, 0.566), (0.353, 0.706), (0.643, 0.707)))

#: Mean places of the five points: of the 2,000 rendered test faces as the renderer painted them, of FER+ in the nine of
#: ten test faces in which MTCNN finds them, their edge drawn out by half. WebEmotion's faces were cut there by us.
FRAMES = {
    "rendered": _RENDERED,
    "rendered_web": _RENDERED,
    "ferplus": Frame(((0.329, 0.393), (0.692, 0.383), (0.508, 0.603), (0.364, 0.793), (0.667, 0.786)), grey=True),
    "webemotion": Frame(tuple(map(tuple, template(1, Settings().margin).tolist()))),
}


def frame_of(dataset: str, **options: object) -> Frame | None:
    """The frame of a dataset with its loader's options; of joint ones the first's, on which they are tested.

    None where nobody knows how faces lie in its pictures: those of a folder, of RAF-DB and of AffectNet lie as whoever
    made them cut them. Such pictures are taken whole.
    """
    return FRAMES.get(tested_on(dataset, **options))


def shown(frame: Frame | None) -> str:
    """How pictures come before a network whose training faces lie so, in one line."""
    if frame is not None:
        return "Faces are looked for (MTCNN) and cut out as the run's training faces are."
    return (
        "Pictures are taken whole, as the run's loader takes them: the middle square, and no face is looked for. Give "
        "it pictures that are cut like those that it was trained on."
    )


# --------------------------------------------------------------------------------------------------------- the network


class Predictor(nn.Module):
    """A run's network from bytes to probabilities, with the scaling of pixels inside.

    Args:
        run: a finished one.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.network = run.network()
        self.method, self.normalization = run.config.method, run.config.normalization
        self.class_names = tuple(run.manifest["class_names"])
        self.size, self.frame = run.config.size, frame_of(run.config.dataset, **run.config.data)
        self.eval()

    @property
    def grey(self) -> bool:
        """Whether its training faces have no colour."""
        return self.frame is not None and self.frame.grey

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """uint8 ``(N, 1 or 3, size, size)`` -> probabilities ``(N, C)`` and, where there is one, alpha ``(N,)``."""
        logits, alpha = self.method.predict(self.network, normalize(images, self.normalization))
        probabilities = self.method.probabilities(logits, alpha)
        return (probabilities,) if alpha is None else (probabilities, alpha)


def activation_maps(network: nn.Module, images: Tensor) -> Tensor:
    """What each place of a face adds to the score of each class, in evaluation mode.

        M_c(p) = sum_k w_ck f_k(p),        z_c = mean over p of M_c(p)  (+ b_c)

    The features are the mean of the maps, so this is no approximation: the map adds up to the score.

    Args:
        network: of a run; a linear classifier on a backbone that pools by the mean.
        images: normalised ``(N, 1 or 3, H, W)``.

    Returns:
        ``(N, C, h, w)``.

    Raises:
        ValueError: the network is of another kind.

    Source: Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016.
    """
    if not isinstance(network, Classifier) or not network.backbone.pools_by_mean:
        raise ValueError("activation maps need a linear classifier on features that are means of maps: resnet18, small")
    with torch.no_grad():
        return attention(network.backbone.maps(in_three_channels(images)), network.classifier.weight)


def teaching_config(method: str = "scn", profile: str = "quick") -> Config:
    """What is trained where nobody names a run: rendered faces with right labels, and nothing to relabel among them."""
    return profile_config(profile, method=method, options={"relabelling": False} if method == "scn" else {})


def teaching_run(method: str = "scn", profile: str = "quick") -> Run:
    """The run of ``teaching_config``: found by its key, or announced with what it takes and trained."""
    config = teaching_config(method, profile)
    key = runs.run_key(config, load_splits(config))
    try:
        return open_run(out_dir() / "runs" / runs.run_name(config, key))
    except FileNotFoundError:
        print(
            f"No network yet: one is trained on rendered faces, {counted(config.epochs, 'epoch')}; {_duration(key)}",
            flush=True,
        )
    return runs.run(config)


def _duration(key: str) -> str:
    path = results_dir() / "rendered.csv"
    table = read_table(path) if path.is_file() else pd.DataFrame(columns=["key"])
    rows = table[table["key"] == key]
    took = "it takes minutes." if rows.empty else "it took {duration_s:.0f} s on {device}.".format(**rows.iloc[0])
    return f"{took} It will be found the next time."


# ------------------------------------------------------------------------------------------------------- photographs


@dataclass(frozen=True)
class Prediction:
    """What a run says of one face, or why it says nothing of a picture.

    Attributes:
        file: the picture.
        status: ``"found"``, ``"several"`` (the picture has more faces), ``"no face"``, ``"whole"`` (no face was looked
            for) or ``"unreadable"``.
        reason: why a picture is unreadable.
        face: 0 for the largest face of the picture.
        faces: how many were found in it.
        box: left, top, right, bottom in pixels of the picture as it was looked at; empty without a face.
        detected: probability of the detector that this is a face.
        probabilities: class -> probability; None without a face, unless the picture was taken whole.
        alpha: SCN's importance, 0..1; None for methods without, and where there are no probabilities.
    """

    file: str
    status: str
    reason: str = ""
    face: int = 0
    faces: int = 0
    box: tuple[float, ...] = ()
    detected: float = 0.0
    probabilities: dict[str, float] | None = None
    alpha: float | None = None

    @property
    def label(self) -> str:
        """The likeliest class; "" without an answer."""
        return max(self.probabilities, key=self.probabilities.get) if self.probabilities else ""

    def words(self, count: int = 3) -> str:
        """One line: the likeliest classes and alpha, or why there is none."""
        if not self.probabilities:
            return f"{self.status}{f': {self.reason}' if self.reason else ''}"
        likeliest = sorted(self.probabilities, key=self.probabilities.get, reverse=True)[:count]
        line = ", ".join(f"{name} {100 * self.probabilities[name]:.0f} %" for name in likeliest)
        line += "" if self.alpha is None else f"; alpha {self.alpha:.2f}"
        return f"face {self.face + 1} of {self.faces}: {line}" if self.faces > 1 else line


def photographs(places: Iterable[Path | str]) -> list[Path]:
    """The pictures that are named, and those below the folders that are named.

    Raises:
        FileNotFoundError: a place that is not there, or a folder without pictures.
    """
    found = []
    for place in map(Path, places):
        if not place.exists():
            raise FileNotFoundError(f"{place}: there is no such picture or folder")
        inside = sorted(p for p in place.rglob("*") if p.suffix.lower() in SUFFIXES) if place.is_dir() else [place]
        if not inside:
            raise FileNotFoundError(f"{place} holds no pictures; known endings: {', '.join(SUFFIXES)}")
        found += inside
    return found


def read_photo(path: Path | str) -> Tensor:
    """A photograph as uint8 ``(3, H, W)``, upright, with at most ``LARGEST_SIDE`` pixels a side.

    Raises:
        ValueError: the file cannot be used; the message names it and says why.
    """
    picture = open_rgb(Path(path))
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture).transpose(2, 0, 1))


def find_faces(photo: Tensor, detector: Detector) -> Found:
    """All faces of a photograph ``(3, H, W)``, the largest first.

    Where there is none it is looked at again with its edge drawn out by half, which finds faces in pictures that show
    nothing else (ours; lesson 01 measures it).
    """
    for pad in ("none", "edge"):
        found = align_images(photo[None], detector, Settings(size=8, faces="every", pad=pad))[0].found
        if len(found):
            break
    return found


def cut_out(photo: Tensor, points: Tensor, frame: Frame, size: int) -> Tensor:
    """Faces as a run's training faces look: five points where they lie there, in grey where these are grey.

    Args:
        photo: uint8 ``(C, H, W)``.
        points: ``(K, 5, 2)`` in pixels.
        size: side of the crops.

    Returns:
        uint8 ``(K, 3 or 1, size, size)``; K may be 0.
    """
    pictures = photo.expand(max(len(photo), 3), -1, -1)
    if not len(points):
        crops = pictures.new_zeros(0, 3, size, size)
    else:
        matrices = similarity(points, size * torch.tensor(frame.points))
        crops = warp(pictures.expand(len(points), -1, -1, -1), matrices, size, "edge")
    return in_grey(crops) if frame.grey else crops


def in_grey(images: Tensor) -> Tensor:
    """uint8 ``(N, 3, H, W)`` -> ``(N, 1, H, W)``."""
    luma = torch.tensor(_LUMA).view(3, 1, 1)
    return (images.float() * luma).sum(1, keepdim=True).round().to(torch.uint8)


@torch.inference_mode()
def predict_photo(photo: Tensor, predictor: Predictor, detector: Detector, file: str = "") -> list[Prediction]:
    """What a network that has a frame says of every face of a photograph ``(3, H, W)``; one ``"no face"`` without."""
    found = find_faces(photo, detector)
    if not len(found):
        return [Prediction(file, NO_FACE)]
    answers = _answers(predictor, cut_out(photo, found.points, predictor.frame, predictor.size))
    status = FOUND if len(found) == 1 else SEVERAL
    return [
        Prediction(
            file, status, face=i, faces=len(found), box=tuple(found.boxes[i].tolist()),
            detected=float(found.probabilities[i]), **answer,
        )
        for i, answer in enumerate(answers)
    ]  # fmt: skip


@torch.inference_mode()
def predict_whole(square: Tensor, predictor: Predictor, file: str = "") -> list[Prediction]:
    """What a network without a frame says of a picture as its loader decodes it, uint8 ``(3, size, size)``."""
    return [Prediction(file, WHOLE, **answer) for answer in _answers(predictor, square[None])]


def _answers(predictor: Predictor, images: Tensor) -> list[dict]:
    """Probabilities and alpha of each image, as ``Prediction`` has them."""
    probabilities, *alpha = predictor(images)
    return [
        {
            "probabilities": dict(zip(predictor.class_names, row.tolist(), strict=True)),
            "alpha": float(alpha[0][i]) if alpha else None,
        }
        for i, row in enumerate(probabilities)
    ]


def predict_files(
    files: Iterable[Path], predictor: Predictor, detector: Detector | None
) -> Iterator[tuple[Tensor | None, list[Prediction]]]:
    """Each photograph, None where it cannot be read, and what is said of it; never a picture without a Prediction.

    Args:
        detector: None will do where the predictor has no frame.
    """
    for path in files:
        try:
            photo = read_photo(path)
            square = None if predictor.frame else torch.from_numpy(decode(path, predictor.size).copy())
        except ValueError as error:
            yield None, [Prediction(str(path), UNREADABLE, str(error).removeprefix(f"{path} "))]
            continue
        if square is None:
            yield photo, predict_photo(photo, predictor, detector, str(path))
        else:
            yield photo, predict_whole(square, predictor, str(path))


def table(predictions: Sequence[Prediction], class_names: Sequence[str], **beside: object) -> pd.DataFrame:
    """Predictions as rows, ready for a CSV: cells are empty where there is no face, or none was looked for.

    Args:
        beside: further columns with one value, such as the accuracy on real faces.
    """
    rows = []
    for one in predictions:
        row = {"file": one.file, "status": one.status, "reason": one.reason}
        row |= {} if one.status == WHOLE else {"faces": one.faces}
        if one.probabilities:
            row |= {"label": one.label, "probability": one.probabilities[one.label], "alpha": one.alpha}
            row |= {f"p_{name}": value for name, value in one.probabilities.items()}
        if one.box:
            row |= {"face": one.face, "detected": one.detected, **dict(zip(BOX, one.box, strict=True))}
        rows.append(row)
    columns = ["file", "status", "reason", "faces", "face", "label", "probability", "alpha"]
    columns += [*(f"p_{name}" for name in class_names), "detected", *BOX]
    return pd.DataFrame(rows, columns=columns).round(4).astype({"faces": "Int64", "face": "Int64"}).assign(**beside)


def write_csv(
    path: Path | str,
    predictions: Sequence[Prediction],
    class_names: Sequence[str],
    own: float,
    photographs: float | None,
) -> Path:
    """The table of predictions as a CSV; two columns say how often the run is right, in percent, empty where unknown.

    Args:
        own: on its own test faces.
        photographs: on photographs, None where nobody measured it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, table(predictions, class_names, own_test_accuracy=round(own, 2), photograph_accuracy=photographs))
    return path


def check_apart(folder: Path | str, files: Sequence[Path]) -> None:
    """Annotated pictures must not be taken for photographs by the next call.

    Raises:
        ValueError: one of the files lies in the folder or below it.
    """
    inside = [file for file in files if Path(folder).resolve() in file.resolve().parents]
    if inside:
        raise ValueError(f"{inside[0]} lies in {folder}; choose an --out without photographs")
    if Path(folder).exists() and not Path(folder).is_dir():
        raise ValueError(f"--out {folder} is a file; name a folder")


def check_file(option: str, path: Path | str | None, ending: str, files: Sequence[Path]) -> None:
    """What is written at the end must be able to go there, and never onto a photograph.

    Raises:
        ValueError: it is a folder, has another ending, or is one of the files.
    """
    if path is None:
        return
    if any(Path(path).resolve() == file.resolve() for file in files):
        raise ValueError(f"{option} {path} is one of the photographs; name another file")
    check_target(option, path, ending)


def write_picture(
    folder: Path | str, number: int, photo: Tensor, predictions: Sequence[Prediction], footer: str
) -> Path:
    """One annotated picture as ``folder/0007_name.png``: two photographs of one name do not meet."""
    path = Path(folder) / f"{number:04d}_{Path(predictions[0].file).stem}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    annotated(photo, predictions, footer).save(path)
    return path


def annotated(photo: Tensor, predictions: Sequence[Prediction], footer: str) -> Image.Image:
    """A photograph with a box and the likeliest class for each face; below it the line that no answer goes without."""
    picture = Image.fromarray(photo.permute(1, 2, 0).contiguous().numpy())
    font = ImageFont.load_default(max(11, round(max(picture.size) / 45)))
    draw = ImageDraw.Draw(picture)
    for one in predictions:
        if one.box:
            draw.rectangle(one.box, outline="black", width=4)
            draw.rectangle(one.box, outline="yellow", width=2)
            _label(draw, one.box[:2], f"{one.label} {100 * one.probabilities[one.label]:.0f} %", font)
        else:
            _label(draw, (0, 0), one.words(), font)
    right, bottom = draw.multiline_textbbox((4, 2), footer, font)[2:]
    wide = Image.new("RGB", (max(picture.width, round(right) + 4), picture.height + round(bottom) + 4), "black")
    wide.paste(picture)
    ImageDraw.Draw(wide).multiline_text((4, picture.height + 2), footer, "white", font)
    return wide


def _label(draw: ImageDraw.ImageDraw, corner: Sequence[float], text: str, font: ImageFont.FreeTypeFont) -> None:
    """White on black, inside of the box and of the picture."""
    place = (max(corner[0], 0) + 3, max(corner[1], 0) + 3)
    draw.rectangle(draw.textbbox(place, text, font), fill="black")
    draw.text(place, text, "white", font)
