"""Rendered faces as a dataset: no download, no licence, every cause of uncertainty known."""

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from scnlib import counter_rng, faces, progress
from scnlib.datasets.cache import Rows, cached
from scnlib.datasets.faceset import FaceSet, Source
from scnlib.faces.renderer import faces_per_chunk

DEFAULT_COUNT = {"train": 6000, "val": 1000, "test": 2000}
MOST = 10_000_000  # ours; at 48 px they fill 64 GiB


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
    check_count("rendered", n)
    stream = counter_rng.stream_id(f"rendered {split} {seed}") >> 1
    key = {
        "version": faces.RENDERER_VERSION, "stream": stream, "n": n, "size": size, "preset": preset,
        "num_classes": num_classes,
    }  # fmt: skip

    def build() -> dict[str, Rows]:
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


def check_count(dataset: str, n: object) -> None:
    """Refuse a number of faces that nobody can have."""
    if type(n) is not int or n < 1:
        raise ValueError(f"{dataset}: n must be a whole number >= 1, got {n!r}")
    if n > MOST:
        raise ValueError(f"{dataset}: n must be at most {MOST:,}, got {n:,}")


def render_with_bar(latents: faces.Latents, size: int, what: str) -> Iterator[Tensor]:
    """Faces as ``faces.render`` gives them, in pieces ``(n, 3, size, size)``, with a progress bar."""
    chunk = faces_per_chunk(size, 2, latents.texture_key.device)
    with progress.bar(len(latents), what, "face") as bar:
        for start in range(0, len(latents), chunk):
            pictures = faces.render(latents[start : start + chunk], size)
            bar.update(len(pictures))
            yield pictures
