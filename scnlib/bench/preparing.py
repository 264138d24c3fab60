"""What surrounds training, measured: faces made, found, moved, mislabelled and judged in a second."""

import contextlib
import io
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from scnlib import faces
from scnlib.augment import Augmentation, views
from scnlib.bench.how import How, Task
from scnlib.bench.ours import PICTURES, face_set, pictures, plan
from scnlib.bench.rows import Row, row_of, rows_of
from scnlib.bench.training import networks
from scnlib.bench.turns import repeating, take_turns
from scnlib.datasets import align
from scnlib.datasets.noise import corrupt_labels
from scnlib.datasets.scenes import render_scenes
from scnlib.faces.renderer import faces_per_chunk
from scnlib.methods import Baseline
from scnlib.models import normalize
from scnlib.training import Training


def tasks(how: How) -> list[Task]:
    """Renderer and augmentation at each size, alignment, label noise, evaluation of each network."""

    def task(label: str, expected: float, work: Callable[..., list[Row]], *more: object) -> Task:
        return Task(label, (how.turns + 1) * max(expected, how.seconds), lambda: work(how, *more))

    return [
        *(task(f"renderer at {size} px", size**2 / 12_000, renderer, size) for size in how.sizes),
        task("alignment beside facenet-pytorch", 1.5 if how.quick else 6, alignment),
        *(task(f"augmentation at {size} px", 2 * how.seconds, augmentation, size) for size in how.sizes),
        task("label noise", 2 * how.seconds, corruption),
        *(
            task(f"evaluation, {backbone} at {size} px", size**2 / 25_000, evaluation, backbone, size)
            for backbone, size, _ in networks(how)
        ),
    ]


def renderer(how: How, size: int) -> list[Row]:
    """Faces a second, with four samples a pixel, as data sets are rendered."""
    count = 4 * faces_per_chunk(size, 2, how.device) if how.device.type == "cpu" else 256
    latents = faces.sample_latents(0, range(count if how.seconds else 1)).to(how.device)
    arm = repeating(lambda: faces.render(latents, size), len(latents), how.device, how.seconds)
    rates = take_turns({"scnlib": arm}, how.turns)
    return rows_of(rates, None, group="preparing", name="renderer", size=size, unit="images/s")


def alignment(how: How) -> list[Row]:
    """Pictures a second from folder to folder, beside facenet-pytorch's own loop: open, find, cut out, save.

    Both look for the largest face and write crops of 112 pixels; facenet-pytorch cuts out the box, unturned.
    """
    from facenet_pytorch import MTCNN

    scenes = render_scenes(0, 2 if not how.seconds else 12 if how.quick else 48)
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "in"
        source.mkdir()
        for number, image in enumerate(scenes.images):
            Image.fromarray(image.permute(1, 2, 0).contiguous().numpy()).save(source / f"{number}.png")
        plain = MTCNN(image_size=112, post_process=False, device=how.device)
        detector = align.Detector(how.device)
        turn = 0

        def ours() -> None:
            nonlocal turn
            turn += 1
            with contextlib.redirect_stdout(io.StringIO()):
                align.align_folder(source, Path(place) / f"ours{turn}", align.Settings(size=112), detector=detector)

        def theirs() -> None:
            for path in sorted(source.iterdir()):
                plain(Image.open(path).convert("RGB"), save_path=str(Path(place) / "theirs" / path.name))

        arms = {"facenet-pytorch, one by one": theirs, "scnlib": ours}
        rates = take_turns(
            {name: repeating(work, len(scenes.images), how.device, 0) for name, work in arms.items()}, how.turns
        )
    return rows_of(rates, next(iter(arms)), group="preparing", name="alignment", size=112, unit="pictures/s")


def augmentation(how: How, size: int) -> list[Row]:
    """Images a second, a batch of 64 in one go and image by image; the views are the same."""
    images = normalize(pictures(size)[0].to(how.device))
    index = torch.arange(PICTURES, device=how.device)

    def one_by_one() -> Tensor:
        return torch.cat(
            [views(images[i : i + 1], index[i : i + 1], 1, 0, Augmentation()) for i in range(PICTURES)]
        )  # fmt: skip

    arms = {"image by image": one_by_one, "scnlib": lambda: views(images, index, 1, 0, Augmentation())}
    rates = take_turns(
        {name: repeating(work, PICTURES, how.device, how.seconds) for name, work in arms.items()}, how.turns
    )
    return rows_of(
        rates, "image by image", group="preparing", name="augmentation", size=size, batch=PICTURES, unit="images/s"
    )


def corruption(how: How) -> list[Row]:
    """Labels a second that get symmetric noise, beside a coin for each label in Python, as the released script does."""
    labels = torch.arange(50_000 if how.seconds else 100) % 8
    plain = labels.tolist()

    def one_by_one() -> list[int]:
        return [
            random.choice([other for other in range(8) if other != label]) if random.random() < 0.3 else label
            for label in plain
        ]

    arms = {"label by label": one_by_one, "scnlib": lambda: corrupt_labels(labels, 8, 0.3)}
    rates = take_turns(
        {name: repeating(work, len(labels), torch.device("cpu"), how.seconds) for name, work in arms.items()}, how.turns
    )
    return rows_of(rates, "label by label", group="preparing", name="label noise", unit="labels/s")


def evaluation(how: How, backbone: str, size: int) -> list[Row]:
    """Images a second that a trained network judges, as after every epoch."""
    images, labels = pictures(size)
    few = face_set(images, labels, PICTURES)
    training = Training(plan(Baseline(), backbone, size, PICTURES), few, {}, how.device, how.precision)
    count = PICTURES if not how.seconds else 500 if how.device.type == "cpu" and size < 224 else 128
    seen = face_set(images, labels, count).images
    arm = repeating(lambda: training.infer(seen), count, how.device, how.seconds)
    row = row_of(
        take_turns({"scnlib": arm}, how.turns)["scnlib"], group="preparing", name=f"evaluation, {backbone}",
        method="scnlib", size=size, batch=count, precision=how.dtype, unit="images/s",
    )  # fmt: skip
    return [row]
