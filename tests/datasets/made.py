"""Datasets in the layouts in which people have them, made of rendered faces: no picture of a person."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from scnlib import faces
from scnlib.datasets import affectnet

_CACHED: dict[int, np.ndarray] = {}


def pictures(count: int, classes: tuple[str, ...] = faces.CLASSES_7, size: int = 40) -> tuple[np.ndarray, list[str]]:
    """``(count, size, size, 3)`` rendered faces and their class names, classes in turn; rendered once a session."""
    names = [classes[k % len(classes)] for k in range(64)]
    if len(classes) not in _CACHED:
        labels = torch.tensor([faces.CLASSES.index(name) for name in names])
        latents = faces.sample_latents(3, list(range(64)), "easy", label=labels)
        _CACHED[len(classes)] = faces.render(latents, size).permute(0, 2, 3, 1).numpy()
    return _CACHED[len(classes)][:count], names[:count]


def save(picture: np.ndarray, path: Path, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, **options)


def write_rafdb(root: Path, train: int = 42, test: int = 14) -> Path:
    """RAF-DB's layout: 1-based labels in RAF-DB's own order."""
    images, names = pictures(train + test)
    lines = []
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        stem = f"train_{i + 1:05d}" if i < train else f"test_{i - train + 1:04d}"
        save(image, root / "Image/aligned" / f"{stem}_aligned.jpg", quality=95)
        lines.append(f"{stem}.jpg {faces.CLASSES_7.index(name) + 1}\n")
    (root / "EmoLabel").mkdir(exist_ok=True)
    (root / "EmoLabel/list_patition_label.txt").write_text("".join(lines))
    return root


def write_affectnet_csv(root: Path, train: int = 48, test: int = 16) -> Path:
    """The release of 2017: each face sits in a larger grey photograph, and its box is in the list."""
    images, names = pictures(train + test, affectnet.CLASSES)
    for split, rows in (("training", range(train)), ("validation", range(train, train + test))):
        lines = [",".join(affectnet.COLUMNS)] if split == "training" else []  # the other list has no header
        for i in rows:
            photograph = np.full((80, 100, 3), 90, np.uint8)
            photograph[20:60, 30:70] = images[i]
            save(photograph, root / f"Manually_Annotated_Images/{i % 3}/face{i}.png")
            lines.append(f"{i % 3}/face{i}.png,30,20,40,40,1;2,{affectnet.CLASSES.index(names[i])},0.1,-0.2")
        lines.append("9/nobody.jpg,NULL,NULL,NULL,NULL,NULL,10,-2,-2")
        path = root / f"Manually_Annotated_file_lists/{split}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")
    return root


def write_affectnet_npy(root: Path, train: int = 48, test: int = 16) -> Path:
    """The release of 2021: a file for each label, holding text as the original does."""
    images, names = pictures(train + test, affectnet.CLASSES)
    for i, (image, name) in enumerate(zip(images, names, strict=True)):
        part = root / ("train_set" if i < train else "val_set")
        save(image, part / f"images/{i}.png")
        (part / "annotations").mkdir(parents=True, exist_ok=True)
        np.save(part / f"annotations/{i}_exp.npy", np.array(str(affectnet.CLASSES.index(name))))
        np.save(part / f"annotations/{i}_val.npy", np.array("0.5"))
    return root


def write_folder(root: Path, train: int = 42, test: int = 14, names: dict[str, str] | None = None) -> Path:
    """A folder for each class; ``names`` renames classes."""
    images, classes = pictures(train + test)
    for i, (image, name) in enumerate(zip(images, classes, strict=True)):
        folder = (names or {}).get(name, name)
        save(image, root / ("train" if i < train else "test") / folder / f"{i:03d}.png")
    return root
