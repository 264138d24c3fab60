"""A stand-in for WebEmotion that anyone can have: rendered faces under the keyword of a video that never existed.

The paper says of WebEmotion's noise that it is massive, "since the searching keywords are regarded as labels", and no
more; the dataset was never released, and nobody has counted. So what is known of keywords in general becomes a rule
here, with numbers that are ours: a video found by a word shows what the word says for a while, and for much of its time
a neutral face; some words are acted out more than others; and people smile in videos of every kind.

What it leaves out: frames of one video show one person, here every frame is another one; and real keyword noise has
faces that show nothing nameable.
"""

from pathlib import Path

import torch
from torch import Tensor

from scnlib import counter_rng, faces
from scnlib.datasets import rendered
from scnlib.datasets.cache import Rows, cached
from scnlib.datasets.faceset import FaceSet, Source
from scnlib.faces import CLASSES

DEFAULT_COUNT = {"train": 12_000, "val": 1000, "test": 2000}

#: Class of the keyword -> which share of its frames shows what the word says, and which a neutral face. Ours: words
#: for loud expressions (laughing, being surprised) are shown most, inner states (contempt, disgust, fear) least.
SHOWN = {
    "neutral": (0.60, 0.60),
    "happiness": (0.50, 0.35),
    "surprise": (0.35, 0.40),
    "sadness": (0.30, 0.50),
    "anger": (0.35, 0.40),
    "disgust": (0.25, 0.45),
    "fear": (0.25, 0.45),
    "contempt": (0.15, 0.50),
}
#: Of what is left, this share is happy, whatever the word; the rest is spread over all other classes. Ours.
SMILES = 0.5


def keyword_noise() -> Tensor:
    """P(shown expression | class of the keyword): float64 ``(8, 8)``, rows keywords, summing to 1.

    About two thirds of all frames show another expression than their keyword says.
    """
    happy = CLASSES.index("happiness")
    table = torch.zeros(len(CLASSES), len(CLASSES), dtype=torch.float64)
    for row, name in enumerate(CLASSES):
        own, neutral = SHOWN[name]
        table[row, CLASSES.index("neutral")] = neutral
        table[row, row] = own
        left = 1 - table[row].sum()
        free = table[row] == 0
        if free[happy]:
            table[row, happy] = SMILES * left
            left, free = (1 - SMILES) * left, free & (torch.arange(len(CLASSES)) != happy)
        table[row, free] = left / free.sum()
    return table


def load(
    root: Path | str | None = None,
    split: str = "train",
    *,
    n: int | None = None,
    size: int = 48,
    seed: int = 0,
    preset: str = "default",
) -> FaceSet:
    """Rendered faces labelled by keywords, FER+'s eight classes; what each face shows is in ``true_labels``.

    Every keyword has as many faces as the others. What a face shows is drawn from ``keyword_noise``, and all else as in
    rendered faces. Other faces than those of ``rendered``, whatever the seeds.

    Args:
        root: None; there is nothing to read.
        split: ``"train"`` or ``"val"``, under keywords; ``"test"``: the test faces of ``rendered``, under their true
            labels, so that what keywords alone teach can be measured.
        n: images of this split; a smaller set is the start of a larger one.
        size: side in pixels, 32 to 224.
        seed: of the whole dataset.
        preset: see ``faces.PRESETS``.

    Raises:
        ValueError: an option out of range; the message names it.
    """
    if split == "test":
        return rendered.load(root, "test", n=n, size=size, seed=seed, preset=preset)
    if root is not None:
        raise ValueError(f"rendered web faces are made, not read: leave root away (got {root})")
    if split not in DEFAULT_COUNT:
        raise ValueError(f"rendered_web: split={split!r} is unknown; known: {', '.join(DEFAULT_COUNT)}")
    n = DEFAULT_COUNT[split] if n is None else n
    rendered.check_count("rendered_web", n)
    stream = counter_rng.stream_id(f"rendered web {split} {seed}") >> 1
    keywords = torch.arange(n) % len(CLASSES)
    shown = _drawn(stream, keywords)
    latents = faces.sample_latents(stream, range(n), preset, label=shown)
    key = {
        "version": faces.RENDERER_VERSION, "stream": stream, "n": n, "size": size, "preset": preset,
        "latents": faces.latents_sha256(latents),
    }  # fmt: skip

    def build() -> dict[str, Rows]:
        return {"images": rendered.render_with_bar(latents, size, f"rendering {split} web faces, {size} px")}

    return FaceSet(
        images=cached("rendered-web", key, build)["images"],
        labels=keywords,
        class_names=CLASSES,
        ids=tuple(str(i) for i in range(n)),
        source=Source(
            "rendered_web",
            f"renderer {faces.RENDERER_VERSION}, {preset}, {size} px, keywords as labels, seed {seed}, {split}",
            faces.latents_sha256(latents),
        ),
        true_labels=shown,
        latents=latents.to_dict(),
    )


def _drawn(stream: int, keywords: Tensor) -> Tensor:
    """What each face shows, ``(N,)``: by its own random number, through the sums of its keyword's row."""
    sums = keyword_noise().cumsum(dim=1)[keywords]
    draw = counter_rng.uniform(stream, "shown", torch.arange(len(keywords))).double()
    return (draw[:, None] >= sums).sum(dim=1).clamp(max=len(CLASSES) - 1)
