"""Weights to start from: what a file holds, whether all of a backbone is in it, and how its images were scaled.

The code that SCN's authors released looks for weights under names that its files do not have, passes ``strict=False``,
and starts from other weights while it reports success. Here every weight of the backbone must be in the file, in its
shape, or nothing is loaded. Files are read without running anything that is in them.
"""

import dataclasses
import hashlib
import json
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from scnlib.config import Config
from scnlib.models import BACKBONES, NORMALIZATIONS
from scnlib.words import counted

#: Image sizes that a verdict names: with the small stem, and the two that published checkpoints are made for.
SIZES = (48, 112, 224)

#: The first digits of the sha256 of torchvision's ImageNet ResNet-18, which are in the names of its files.
TORCHVISION_RESNET18 = ("f37072fd", "5c106cde")


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds, by content.

    Attributes:
        path: the file.
        sha256: of the file.
        tensors: names as in the file, below ``state_dict`` where it has that.
        identity: ``NAME@sha256:HEX`` for files of others; ``NAME@run:RECIPE:KEY`` for our own, where RECIPE is the same
            for all seeds. NAME is what the weights were trained on.
        normalization: how its training scaled images, a key of ``NORMALIZATIONS``; None where nothing tells.
        origin: how identity and normalization are known, in words.
        size: side in pixels of the images that one of our own was trained on; None for files of others.
    """

    path: Path
    sha256: str
    tensors: dict[str, Tensor]
    identity: str
    normalization: str | None
    origin: str
    size: int | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Image sizes that a verdict names, its own first."""
        return SIZES if self.size is None else tuple(dict.fromkeys((self.size, *SIZES)))


@dataclass(frozen=True)
class Fit:
    """How the names and shapes of a file lie over those of a backbone.

    Attributes:
        backbone, size: which network, for which images.
        prefix: what stands before each of its names in the file: ``"module."``, ``"backbone."`` or nothing.
        matched: names in the network that the file has, in the right shape and with finite numbers.
        wrong: names that it has otherwise, and what is wrong with each.
        missing: names that the file lacks.
        counters: ``num_batches_tracked`` that the file lacks, which old files all do: they count and carry no weight.
        dropped: names in the file that the network has no place for: heads.
    """

    backbone: str
    size: int
    prefix: str
    matched: tuple[str, ...]
    wrong: tuple[str, ...]
    missing: tuple[str, ...]
    counters: tuple[str, ...]
    dropped: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.wrong and not self.missing


@dataclass(frozen=True)
class Start:
    """Weights for a backbone, all of them.

    Attributes:
        checkpoint: where they come from.
        tensors: the backbone's state dict, floats as float32.
    """

    checkpoint: Checkpoint
    tensors: dict[str, Tensor]

    def in_words(self) -> dict[str, str]:
        """What the manifest of a run says of them."""
        found = self.checkpoint
        return {"identity": found.identity, "sha256": found.sha256, "file": found.path.name, "origin": found.origin}


def load(path: Path | str, backbone: str, size: int) -> Start:
    """All weights of a backbone for images of ``size`` pixels, from a file or a run directory.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if the file is damaged, holds more than tensors, lacks a single weight of the backbone, or has one
            in another shape or not finite. The message says which, and what the file would fit.
    """
    checkpoint = read(path)
    found = fit(checkpoint.tensors, backbone, size)
    if not found.complete:
        raise ValueError(_refusal(checkpoint, found))
    tensors = {name: checkpoint.tensors[found.prefix + name] for name in found.matched}
    tensors = {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    return Start(checkpoint, tensors | {name: torch.zeros((), dtype=torch.int64) for name in found.counters})


def start_from(config: Config, path: Path | str, normalization: str | None = None) -> Config:
    """The config of a run that starts from these weights, its images scaled as the weights are used to.

    ``scnlib.runs.run(start_from(config, path), weights=path)`` trains it.

    Args:
        normalization: to scale them otherwise; needed where the file does not tell.

    Raises:
        ValueError, FileNotFoundError: from ``load``; or the file does not tell how its images were scaled.
    """
    checkpoint = load(path, config.backbone, config.size).checkpoint
    normalization = normalization or checkpoint.normalization
    if normalization is None:
        raise ValueError(
            f"{checkpoint.path} does not tell how its images were scaled, and nothing warns when it is wrong; say "
            f"--normalization {' or '.join(NORMALIZATIONS)} ({checkpoint.origin})"
        )
    return dataclasses.replace(config, pretrained=checkpoint.identity, normalization=normalization)


def weights_name(pretrained: str) -> str:
    """What weights were trained on: ``"msceleb"`` of ``"msceleb@sha256:0123456789abcdef"``; ``""`` for none."""
    return pretrained.partition("@")[0]


def weights_recipe(pretrained: str) -> str:
    """What two runs share whose weights differ in nothing but the seed that they were trained with."""
    return pretrained.rpartition(":")[0] if "@run:" in pretrained else pretrained


# ----------------------------------------------------------------------------------------------------------- reading


def read(path: Path | str) -> Checkpoint:
    """What a file, or a finished run's directory, holds.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it cannot be read as weights.
    """
    path = Path(path)
    if path.is_dir():
        if not (path / "manifest.json").is_file():
            raise FileNotFoundError(f"{path} holds no finished run; weights are a file, or the directory of one")
        path = path / "model.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"weights {path}: there is no such file")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    if not content:
        raise ValueError(f"{path} is empty")
    if content.lstrip()[:1] == b"<":
        raise ValueError(f"{path} is a web page, no weights: the download ended at a page that asks something")
    stored = _safetensors(path) if path.suffix == ".safetensors" else _torch_file(path)
    tensors, wrapped = _state_dict(stored, path)
    wrapped = wrapped and len(stored) == 1  # beside it the file of a training of one's own has its epoch and the like
    if path.name == "model.safetensors" and (path.parent / "manifest.json").is_file():
        return Checkpoint(path, sha256, tensors, *_own(path.parent))
    name, normalization, origin = recognise(tensors, wrapped, sha256)
    return Checkpoint(path, sha256, tensors, f"{name}@sha256:{sha256[:16]}", normalization, origin)


def recognise(tensors: Mapping[str, Tensor], wrapped: bool, sha256: str) -> tuple[str, str | None, str]:
    """What a file of others was trained on, how its images were scaled, and what tells.

    Layouts that are known: DREAM's ``ijba_res18_naive.pth.tar`` (MS-Celeb-1M; images in 0..1), ``resnet18_msceleb.pth``
    (mean and deviation of ImageNet), torchvision's ResNet-18, face.evoLVe's IR-50 (-1..1; which faces, the file does
    not say).

    Args:
        wrapped: whether the tensors lay below ``state_dict``, and nothing beside it.

    Returns:
        Name, key of ``NORMALIZATIONS`` or None, words.
    """
    names = {name.removeprefix("module.") for name in tensors}
    classifier = tensors.get("fc.weight")
    thousand = classifier is not None and tuple(classifier.shape) == (1000, 512)
    if sha256.startswith(TORCHVISION_RESNET18):
        return "imagenet", "imagenet", "torchvision's ImageNet ResNet-18, by its sha256"
    if {"layer4.1.bn2.weight", "feature.weight", "fc.weight"} <= names:
        words = "laid out as ijba_res18_naive.pth.tar of DREAM, trained on MS-Celeb-1M with images in 0..1"
        return "msceleb", "unit", words
    if {"input_layer.0.weight", "output_layer.3.weight"} <= names:
        words = "laid out as the IR networks of face.evoLVe, taken to be trained on MS-Celeb-1M: the file does not say"
        return "msceleb", "signed", words
    if thousand and wrapped:
        words = "laid out as resnet18_msceleb.pth, used with ImageNet's mean and deviation by all who use it"
        return "msceleb", "imagenet", words
    if thousand:
        return "imagenet", "imagenet", "laid out as torchvision's ImageNet ResNet-18, or as one trained by its names"
    return "other", None, "no layout that is known here"


def _own(directory: Path) -> tuple[str, str, str, int]:
    """Identity, normalization, origin and image size of what ``scn run`` or ``scn pretrain`` left."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        if manifest.get("status") != "done":
            raise FileNotFoundError(f"{directory} was not finished; the same call goes on with it")
        if manifest.get("kind") == "pretraining":
            origin = f"our own pretraining, {manifest['key']}"
            return manifest["identity"], manifest["normalization"], origin, manifest["settings"]["size"]
        plain = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        config = Config.from_dict({name: value for name, value in plain.items() if name != "key"})
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{directory}: manifest or config cannot be read ({error})") from None
    recipe = dataclasses.replace(config, seed=0).sha256()[:8]
    identity = f"{config.dataset}-{config.method.name}@run:{recipe}:{manifest['key']}"
    return identity, config.normalization, f"our own run {directory.name}", config.size


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}); copy it again") from None


def _torch_file(path: Path) -> object:
    """What ``torch.save`` wrote, tensors and plain values alone: whatever else a pickle asks for is not done."""
    try:
        if _is_packed(path):
            raise ValueError("its records are compressed, and some kilobytes may become gigabytes")
        with warnings.catch_warnings(action="ignore"):  # of old formats: what cannot be read raises
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # who reads a broken file may raise anything
        asked = re.search(r"GLOBAL (\S+)", str(error))
        if asked:
            raise ValueError(
                f"{path} asks to run {asked[1]} while it is read. Weights need nothing of the kind, so nothing was run "
                "and nothing loaded. If you trust where it comes from, load it elsewhere and save its state_dict alone"
            ) from None
        said = re.search(r"WeightsUnpickler error:\s*(.+)", str(error))
        reason = said[1] if said else str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(
            f"{path} is damaged, cut off, or no file of tensors ({reason[:120]}); nothing was run"
        ) from None


def _is_packed(path: Path) -> bool:
    """Whether a file in torch's format, a zip archive, holds compressed records; torch writes none."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(record.compress_type != zipfile.ZIP_STORED for record in archive.infolist())


def _state_dict(stored: object, path: Path) -> tuple[dict[str, Tensor], bool]:
    """The tensors by name, and whether they lay below ``state_dict``."""
    for key in ("state_dict", "model_state_dict"):
        if isinstance(stored, Mapping) and isinstance(stored.get(key), Mapping):
            return _tensors(stored[key], path), True
    return _tensors(stored, path), False


def _tensors(stored: object, path: Path) -> dict[str, Tensor]:
    if not isinstance(stored, Mapping):
        raise ValueError(f"{path} holds a {type(stored).__name__}, no state dict: names with tensors")
    tensors = {name: value for name, value in stored.items() if isinstance(name, str) and isinstance(value, Tensor)}
    if not tensors:
        raise ValueError(f"{path} holds no weights; its names: {', '.join(map(str, list(stored)[:8])) or 'none'}")
    return tensors


# ----------------------------------------------------------------------------------------------------------- fitting


def fit(tensors: Mapping[str, Tensor], backbone: str, size: int) -> Fit:
    """How a file's names and shapes lie over a backbone's.

    The prefix is the one under which most names match; of two that match as many (two networks in one file)
    ``backbone.`` goes first, then the shorter.

    Raises:
        ValueError: if the backbone is unknown.
    """
    wanted = _shapes(backbone, size)
    prefix = _prefix(tensors, wanted)
    found = {name: tensors.get(prefix + name) for name in wanted}
    there = [name for name, tensor in found.items() if tensor is not None]
    wrong = {name: _what_is_wrong(found[name], wanted[name]) for name in there}
    absent = [name for name in wanted if found[name] is None]
    counters = tuple(name for name in absent if name.endswith("num_batches_tracked"))
    used = {prefix + name for name in there}
    return Fit(
        backbone,
        size,
        prefix,
        matched=tuple(name for name, words in wrong.items() if not words),
        wrong=tuple(f"{name} is {words}" for name, words in wrong.items() if words),
        missing=tuple(name for name in absent if name not in counters),
        counters=counters,
        dropped=tuple(name for name in tensors if name not in used),
    )


@cache
def _shapes(backbone: str, size: int) -> Mapping[str, Tensor]:
    """The backbone's state dict without numbers."""
    if backbone not in BACKBONES:
        raise ValueError(f"unknown backbone {backbone!r}; known: {', '.join(BACKBONES)}")
    with torch.device("meta"):
        return BACKBONES[backbone](size).state_dict()


def _what_is_wrong(theirs: Tensor, ours: Tensor) -> str:
    """Nothing, or why a tensor is no such weight."""
    if theirs.shape != ours.shape:
        return f"{_by(theirs.shape)} and not {_by(ours.shape)}"
    if theirs.is_floating_point() != ours.is_floating_point():
        return f"{str(theirs.dtype).removeprefix('torch.')} and not {str(ours.dtype).removeprefix('torch.')}"
    return "" if theirs.isfinite().all() else "not finite everywhere"


def _prefix(names: Collection[str], wanted: Collection[str]) -> str:
    places = Counter(
        name.removesuffix(own) for name in names for own in wanted if name == own or name.endswith(f".{own}")
    )
    best = max(places, key=lambda prefix: (places[prefix], prefix == "backbone.", -len(prefix)), default="")
    # A single block of a network under other names has names of ours, too: less than a quarter is no network.
    return best if 4 * places[best] >= len(wanted) else ""


# ----------------------------------------------------------------------------------------------------------- telling


def report(path: Path | str, backbone: str | None = None, size: int | None = None) -> tuple[str, bool]:
    """What ``scn weights`` prints, and whether the file fits.

    Args:
        backbone, size: what to hold it against; by default the backbone and size that it fits best, of one of our own
            the size that it was trained with.

    Raises:
        ValueError, FileNotFoundError: from ``read``; an unknown backbone.
    """
    if size is not None and size < 1:
        raise ValueError(f"--size must be a whole number >= 1, got {size}")
    checkpoint = read(path)
    pairs = [(b, s) for b in ([backbone] if backbone else BACKBONES) for s in ([size] if size else checkpoint.sizes)]
    found = max((fit(checkpoint.tensors, *pair) for pair in pairs), key=lambda f: (f.complete, len(f.matched)))
    dtypes = Counter(str(tensor.dtype).removeprefix("torch.") for tensor in checkpoint.tensors.values())
    lines = [
        f"{checkpoint.path}",
        f"  {counted(len(checkpoint.tensors), 'tensor')} ({', '.join(f'{n} {t}' for t, n in dtypes.items())})",
        f"  identity       {checkpoint.identity}: {checkpoint.origin}",
        f"  normalization  {checkpoint.normalization or 'unknown: say --normalization'}",
        f"  against        {found.backbone} at {found.size} px, names after {found.prefix!r}",
        f"  matched        {len(found.matched)}",
        f"  missing        {_several(found.missing)}"
        + (f", and {len(found.counters)} num_batches_tracked, which carry no weight" if found.counters else ""),
        f"  wrong          {_several(found.wrong)}",
        f"  dropped        {_several(found.dropped)}",
    ]
    if found.complete:
        sizes = _sizes_that_fit(checkpoint, found.backbone, found.size)
        lines.append(f"verdict: complete, for images of {sizes} px")
        lines.append(f"scn run --weights {path} --backbone {found.backbone} --size {found.size}")
    else:
        lines.append(f"verdict: refused. {_refusal(checkpoint, found)}")
    return "\n".join(lines), found.complete


def _refusal(checkpoint: Checkpoint, found: Fit) -> str:
    """Why weights are not taken, and what to do."""
    asked = f"{found.backbone} at {found.size} px"
    of = len(found.matched) + len(found.wrong) + len(found.missing)
    why = f"{checkpoint.path}: {len(found.matched)} of the {of} weights of {asked} are in it"
    for backbone in (found.backbone, *(name for name in BACKBONES if name != found.backbone)):
        sizes = _sizes_that_fit(checkpoint, backbone)
        if sizes:
            options = f"--size {sizes}" if backbone == found.backbone else f"--backbone {backbone} --size {sizes}"
            stem = " with a stem of another size" if _other_stem(found) else ""
            return f"{why}, so nothing was loaded. It holds {backbone}{stem}: say {options}"
    return (
        f"{why}, so nothing was loaded. Wrong: {_several(found.wrong)}. Missing: {_several(found.missing)}. "
        f"No place for: {_several(found.dropped)}. It holds none of {', '.join(BACKBONES)}, or one under other names"
    )


def _other_stem(found: Fit) -> bool:
    return len(found.wrong) == 1 and found.wrong[0].startswith("conv1.weight ")


def _sizes_that_fit(checkpoint: Checkpoint, backbone: str, *asked: int) -> str:
    sizes = sorted({*checkpoint.sizes, *asked})
    return " or ".join(str(size) for size in sizes if fit(checkpoint.tensors, backbone, size).complete)


def _several(names: Collection[str], shown: int = 4) -> str:
    """``none``; ``2: a, b``; ``9: a, b, c, d, ...``."""
    if not names:
        return "none"
    return f"{len(names)}: {', '.join(list(names)[:shown])}{', ...' if len(names) > shown else ''}"


def _by(shape: Collection[int]) -> str:
    return "x".join(map(str, shape)) or "a number"
