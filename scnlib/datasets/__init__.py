"""Every source of images becomes a ``FaceSet``: uint8 images, labels, and what else is known about each face.

``load_dataset`` is the one door; a dataset is one module with a function ``load(root, split, **options)``.
"""

import inspect
from collections.abc import Callable
from pathlib import Path

from scnlib.datasets import affectnet, ferplus, folder, joint, rafdb, rendered, rendered_web, webemotion
from scnlib.datasets.decode import MIN_SIDE
from scnlib.datasets.faceset import FaceSet, Source
from scnlib.options import known_words, typed

__all__ = ["LOADERS", "FaceSet", "Source", "has_validation", "load_dataset", "tested_on"]

MAX_SIDE = 2048

LOADERS: dict[str, Callable[..., FaceSet]] = {
    "rendered": rendered.load,
    "ferplus": ferplus.load,
    "rafdb": rafdb.load,
    "affectnet": affectnet.load,
    "folder": folder.load,
    "joint": joint.load,
    "webemotion": webemotion.load,
    "rendered_web": rendered_web.load,
}


def load_dataset(name: str, root: Path | str | None = None, split: str = "train", **options: object) -> FaceSet:
    """The faces of one split of a dataset.

    Args:
        name: a key of ``LOADERS``.
        root: the dataset's folder; rendered faces have none.
        split: ``"train"``, ``"val"``, ``"test"``; of all but rendered and web faces also ``"train+val"``.
        options: of the loader, see ``load`` in the module of that name.

    Raises:
        ValueError: unknown dataset, split or option, an option of another type, a size outside ``MIN_SIDE..MAX_SIDE``,
            or a row that cannot be read.
        FileNotFoundError: a file of the dataset is missing.
    """
    if name not in LOADERS:
        raise ValueError(f"unknown dataset {name!r}; {known_words(name, LOADERS)}")
    known = loader_options(name)
    for option in options:
        if option not in known:
            raise ValueError(f"dataset {name} has no option {option!r}; {known_words(option, known)}")
    options = {key: typed(f"dataset {name}", key, known[key].annotation, value) for key, value in options.items()}
    if not MIN_SIDE <= options.get("size", MIN_SIDE) <= MAX_SIDE:
        raise ValueError(f"dataset {name}: size must be in {MIN_SIDE}..{MAX_SIDE} pixels, got {options['size']}")
    return LOADERS[name](root, split, **options)


def loader_options(name: str) -> dict[str, inspect.Parameter]:
    """The options of a dataset's loader, by name."""
    return {p.name: p for p in inspect.signature(LOADERS[name]).parameters.values() if p.kind is p.KEYWORD_ONLY}


def has_validation(name: str, root: Path | str | None = None, **options: object) -> bool:
    """Whether a dataset has a validation split: an official one, a folder of that name, or a share of train."""
    if name == "joint":
        first = tested_on(name, **options)
        return has_validation(first, None if root is None else Path(root) / first, **options)
    if name == "webemotion":
        return False
    if name in ("rafdb", "affectnet", "folder"):
        own = name == "folder" and root is not None and (Path(root) / "val").is_dir()
        return own or bool(options.get("val_fraction"))
    return True


def tested_on(name: str, **options: object) -> str:
    """The dataset that the test pictures of a dataset are of: of joint ones the first."""
    return str(options.get("sets", "rafdb")).partition("+")[0] if name == "joint" else name
