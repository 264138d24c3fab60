"""Rendered faces as a dataset: no download, no licence, every cause of uncertainty known."""

import os
import sys
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from scnlib import counter_rng, faces
from scnlib.datasets.cache import cached
from scnlib.datasets.faceset import FaceSet, Source
from scnlib.faces.renderer import faces_per_chunk

DEFAULT_COUNT = {"train": 6000, "val": 1000, "test": 2000}


def load(
    root: Path | str | None = None,
    split: str = "train",
    *,
    n: int | None = None,
    size: int = 48,
    seed: int = 0,
    preset: str = "default",
    num_classes: int = 8,
) -> FaceSet:
    """Faces rendered from a seed, made once and cached.

    Args:
        root: None; there is nothing to read.
        split: ``"train"``, ``"val"`` or ``"test"``: disjoint streams of random numbers.
        n: images of this split; the first n of one endless sequence, so a smaller set is the start of a larger one.
        size: side in pixels, 32 to 224.
        seed: of the whole dataset.
        preset: ``"easy"``, ``"default"``, ``"medium"`` or ``"hard"``, see ``faces.PRESETS``.
        num_classes: 8 (FER+'s) or 7 (RAF-DB's, in its order).

    Returns:
        RGB images ``(n, 3, size, size)`` with all ``latents``. ``source.sha256`` hashes the latents and the renderer's
        version, since pixels may differ by a grey level or two between devices.

    Raises:
        ValueError: an option out of range; the message names it.
    """
    if root is not None:
        raise ValueError(f"rendered faces are made, not read: leave root away (got {root})")
    if split not in DEFAULT_COUNT:
        raise ValueError(f"rendered: split={split!r} is unknown; known: {', '.join(DEFAULT_COUNT)}")
    n = DEFAULT_COUNT[split] if n is None else n
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"rendered: n must be a whole number >= 1, got {n!r}")
    stream = counter_rng.stream_id(f"rendered {split} {seed}") >> 1
    key = {
        "version": faces.RENDERER_VERSION, "stream": stream, "n": n, "size": size, "preset": preset,
        "num_classes": num_classes,
    }  # fmt: skip

    def build() -> dict:
        latents = faces.sample_latents(stream, range(n), preset, num_classes=num_classes)
        images = render_with_bar(latents, size, f"rendering {split} faces, {size} px")
        return {"images": images, **{f"latents.{name}": column for name, column in latents.to_dict().items()}}

    tensors = cached("rendered", key, build)
    columns = {name.removeprefix("latents."): tensor for name, tensor in tensors.items() if name != "images"}
    return FaceSet(
        images=tensors["images"],
        labels=columns["label"],
        class_names=faces.CLASSES if num_classes == 8 else faces.CLASSES_7,
        ids=tuple(str(i) for i in range(n)),
        source=Source(
            "rendered",
            f"renderer {faces.RENDERER_VERSION}, {preset}, {num_classes} classes, {size} px, seed {seed}, {split}",
            faces.latents_sha256(faces.Latents.from_dict(columns)),
        ),
        latents=columns,
    )


def render_with_bar(latents: faces.Latents, size: int, what: str) -> Tensor:
    """Faces as ``faces.render`` gives them, ``(N, 3, size, size)``, with a progress bar."""
    chunk = faces_per_chunk(size, 2, latents.texture_key.device)
    pause = 30 if os.environ.get("SCN_HEADLESS") else 0.2  # a log wants few lines, a person a moving bar
    pictures = []
    with tqdm(total=len(latents), desc=what, unit="face", file=sys.stdout, mininterval=pause,
              maxinterval=2 * pause) as bar:  # fmt: skip
        for start in range(0, len(latents), chunk):
            pictures.append(faces.render(latents[start : start + chunk], size))
            bar.update(len(pictures[-1]))
    return torch.cat(pictures)
