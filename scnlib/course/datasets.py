"""What lesson 02 shows of the datasets: tables of published counts, what becomes of copies and of faulty files."""

import contextlib
import io
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

from scnlib.datasets import FaceSet, affectnet, ferplus, rafdb
from scnlib.datasets.check import check
from scnlib.datasets.duplicates import difference_hash
from scnlib.faces import CLASSES
from scnlib.paper.settings import setting
from scnlib.survey import NO_MAJORITY

# ---------------------------------------------------------------------------------------------------- published counts


def dataset_table() -> pd.DataFrame:
    """The datasets of SCN side by side, from what the papers print; an empty cell is printed nowhere."""

    def scn(name: str) -> object:
        return setting("scn", name).value

    rows = {
        "RAF-DB": {
            "train": scn("RAF-DB training images"), "test": scn("RAF-DB test images"), "classes": len(rafdb.CLASSES),
            "who labelled": f"about {scn('RAF-DB annotators')} people an image", "measured by": "accuracy",
        },
        "FERPlus": {
            "train": scn("FERPlus training images"), "validation": scn("FERPlus validation images"),
            "test": scn("FERPlus test images"), "classes": scn("FERPlus classes"),
            "who labelled": "10 people an image", "measured by": "accuracy",
        },
        "AffectNet": {
            "train": setting("lrn", "AffectNet training images").value,
            "test": setting("lrn", "AffectNet test images").value, "classes": scn("AffectNet classes"),
            "who labelled": "one person an image", "measured by": "mean class accuracy",
        },
        "WebEmotion": {
            "train": scn("WebEmotion clips"), "classes": scn("WebEmotion classes"),
            "who labelled": "nobody: the word that was searched", "measured by": "pretraining only",
        },
    }  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index")
    table = table[["train", "validation", "test", "classes", "who labelled", "measured by"]]
    return table.astype(dict.fromkeys(("train", "validation", "test", "classes"), "Int64"))


def published_classes(split: str = "train") -> dict[str, dict[str, int]]:
    """Dataset -> class -> images of a split, where sources state it; FER+ under its majority rule (train only)."""
    counts = {
        "RAF-DB": dict(zip(rafdb.CLASSES, rafdb.PUBLISHED[split], strict=True)),
        "AffectNet": {
            name: count
            for name, count in zip(affectnet.CLASSES, affectnet.PUBLISHED[split], strict=True)
            if count is not None
        },
    }
    if split == "train":
        counts["FER+"] = dict(zip(ferplus.CLASSES, ferplus.PUBLISHED_CLASSES, strict=True))
    return counts


def constant_guess(counts: Mapping[str, int]) -> dict[str, object]:
    """What a model scores that always says the commonest class: ``name``, ``accuracy`` and ``mean_class_accuracy``."""
    name = max(counts, key=counts.get)
    return {"name": name, "accuracy": counts[name] / sum(counts.values()), "mean_class_accuracy": 1 / len(counts)}


def label_numbers() -> pd.DataFrame:
    """Which class each label number means in each dataset, as it is handed out (RAF-DB counts from 1)."""
    columns = {
        "RAF-DB": dict(enumerate(rafdb.CLASSES, start=1)),
        "FER+ (column)": dict(enumerate(ferplus.CLASSES)),
        "FER2013": dict(enumerate(ferplus.FER2013_CLASSES)),
        "AffectNet": dict(enumerate(affectnet.CLASSES)),
    }
    return pd.DataFrame(columns).rename_axis("number").fillna("").sort_index()


# ----------------------------------------------------------------------------------------------------------- the votes


def disagreement(table: pd.DataFrame, split: str = "train") -> pd.DataFrame:
    """``scnlib.survey.vote_counts`` as a matrix: a row for each class, a column for each bin with somebody in it."""
    wide = table[table["split"] == split].pivot_table(index="class", columns="bits", values="count", aggfunc="sum")
    order = [name for name in (*CLASSES, NO_MAJORITY) if name in wide.index]
    return wide.loc[order, wide.sum() > 0]


# ------------------------------------------------------------------------------------------------------ near-duplicates


def plant_copies(images: Tensor, seed: int = 0) -> dict[str, Tensor]:
    """Copies of pictures as they come about on the web: kind -> uint8 ``(N, 3, H, W)``.

    Args:
        images: uint8 ``(N, 3, H, W)``.
        seed: of the grain.
    """
    side = images.shape[-1]
    small = torch.nn.functional.interpolate(
        images.float(), size=(side // 2, side // 2), mode="bilinear", antialias=True
    )
    grain = torch.randn(images.shape, generator=torch.Generator().manual_seed(seed))

    def pixels(values: Tensor) -> Tensor:
        return values.round().clamp(0, 255).to(torch.uint8)

    return {
        "the same pixels": images.clone(),
        "saved again as JPEG": torch.stack([_compressed(image) for image in images]),
        "brighter": pixels(images.float() * 1.15 + 10),
        "grainy": pixels(images.float() + 6 * grain),
        "smaller and back": pixels(torch.nn.functional.interpolate(small, size=(side, side), mode="bilinear")),
        "shifted by 2 pixels": torch.roll(images, (2, 2), dims=(2, 3)),
        "mirrored": images.flip(-1),
    }


def copy_distances(images: Tensor, copies: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Bits by which each copy's fingerprint differs from its original's: kind -> int ``(N,)``, in the order given."""
    own = difference_hash(images)
    return {kind: (difference_hash(copy) != own).sum(1).numpy() for kind, copy in copies.items()}


def nearest_stranger(images: Tensor) -> np.ndarray:
    """Bits by which each picture's fingerprint differs from the most similar one of another: int ``(N,)``."""
    own = difference_hash(images)
    signs = own.float() * 2 - 1
    apart = (own.shape[1] - signs @ signs.T) / 2
    return apart.fill_diagonal_(torch.inf).min(1).values.int().numpy()


# ------------------------------------------------------------------------------------------------ a faulty dataset


def faulty_folder_report(faces: FaceSet, seed: int = 0) -> str:
    """What ``scn data check folder`` says of some faces that were saved as PNG and then maltreated in three ways.

    One file is emptied, one cut off in the middle, and the test images of the last class are taken away.
    """
    with _saved(faces) as root:
        names = sorted((root / "train").rglob("*.png"))
        empty, cut = (names[(7 * seed + k) % len(names)] for k in (1, 5))
        empty.write_bytes(b"")
        cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
        for file in (root / "test" / faces.class_names[-1]).iterdir():
            file.unlink()
        return check("folder", root, classes=faces.class_names).text().replace(str(root), "DIR")


@contextlib.contextmanager
def _saved(faces: FaceSet) -> Iterator[Path]:
    """``train/<class>/`` and ``test/<class>/`` in a temporary folder, every third face of a class in ``test``."""
    with tempfile.TemporaryDirectory() as folder:
        seen = dict.fromkeys(faces.class_names, 0)
        for name, image, number in zip(faces.ids, faces.images, faces.labels.tolist(), strict=True):
            label = faces.class_names[number]
            seen[label] += 1
            place = Path(folder) / ("test" if seen[label] % 3 == 0 else "train") / label
            place.mkdir(parents=True, exist_ok=True)
            _picture(image).save(place / f"{name}.png")
        yield Path(folder)


def _picture(image: Tensor) -> Image.Image:
    return Image.fromarray(image.expand(3, -1, -1).permute(1, 2, 0).contiguous().numpy())


def _compressed(image: Tensor, quality: int = 50) -> Tensor:
    file = io.BytesIO()
    _picture(image).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.asarray(Image.open(file)).transpose(2, 0, 1).copy())
