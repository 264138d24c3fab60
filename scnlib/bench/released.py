"""The training loop of SCN's released code, for comparison: rebuilt from its description, not its lines.

What it does, and what is kept here: the faces lie on the disk as JPEG files of 100 pixels, RAF-DB's aligned ones. Every
epoch a DataLoader decodes each of them again in worker processes, image by image: with probability 1/2 one of {mirror,
Gaussian noise of variance 30}, resize, normalise, erase a random rectangle with probability 1/2. The network computes
in float32 and NCHW. The step asks the device whether the rank loss is positive and which samples to relabel, and waits
for both answers; new labels overwrite those in the loader's dataset, which is why workers must be started anew every
epoch. Adam, learning rate .001, weight decay .0001, batches of 64.

What is not: Pillow decodes where it has OpenCV, and the backbone is this project's ResNet-18, so that both sides
multiply the same numbers; below 96 pixels that has a smaller stem than theirs.

Source: github.com/kaiwang960112/Self-Cure-Network, src/train.py.
"""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from scnlib.bench.ours import plan
from scnlib.bench.turns import Arm, wait_for
from scnlib.methods import SCN
from scnlib.models import Classifier
from scnlib.training import build_model

#: Its settings; relabelling from the first step on, so that all it ever does in a step is measured.
METHOD = SCN(variant="released_code", relabel_epoch=1)
BATCH = 64
SIDE = 100
#: Batches that each worker makes ahead, torch's default.
AHEAD = 2
_ENDLESS = 100_000


def write_files(pictures: Tensor, folder: Path) -> list[Path]:
    """Pictures ``(N, 3, H, W)`` uint8 as JPEG files."""
    paths = [folder / f"{number:05d}.jpg" for number in range(len(pictures))]
    for picture, path in zip(pictures, paths, strict=True):
        Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy()).save(path, quality=95)
    return paths


class Files(Dataset):
    """Faces on the disk, decoded and augmented one at a time.

    Attributes:
        label: array ``(N,)``, which training overwrites.
    """

    def __init__(self, paths: list[Path], labels: Tensor, size: int) -> None:
        from torchvision import transforms

        self.paths, self.label = paths, labels.numpy().copy()
        self.transform = transforms.Compose(
            [
                transforms.ToPILImage(),
                transforms.Resize((size, size)),
                transforms.ToTensor(),
                transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
                transforms.RandomErasing(scale=(0.02, 0.25)),
            ]
        )

    def __len__(self) -> int:
        return _ENDLESS

    def __getitem__(self, place: int) -> tuple[Tensor, int, int]:
        number = place % len(self.paths)
        pixels = np.array(Image.open(self.paths[number]).convert("RGB"))
        if random.random() < 0.5:
            pixels = pixels[:, ::-1].copy() if random.random() < 0.5 else _noisy(pixels)
        return self.transform(pixels), int(self.label[number]), number


def _noisy(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.normal(0, 30**0.5, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def loss_of(model: Classifier, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy plus rank loss, and the scaled scores ``alpha (W x + b)``; waits for the device once."""
    features = model.backbone(images)
    alpha = torch.sigmoid(model.importance(features))
    scores = alpha * model.classifier(features)
    count = int(len(alpha) * METHOD.beta)
    high, _ = torch.topk(alpha.squeeze(1), count)
    low, _ = torch.topk(alpha.squeeze(1), len(alpha) - count, largest=False)
    gap = METHOD.margin_rank - (high.mean() - low.mean())
    ranking = gap if gap > 0 else 0.0
    return F.cross_entropy(scores, labels) + ranking, scores


def relabel(scores: Tensor, labels: Tensor, index: Tensor, dataset: Files) -> None:
    """Overwrite the labels of all samples whose prediction beats their label by the margin; waits for the device."""
    shares = torch.softmax(scores, dim=1)
    top, winner = shares.max(1)
    own = shares.gather(1, labels.view(-1, 1)).squeeze(1)
    chosen = (top - own > METHOD.margin_relabel).nonzero().flatten()
    dataset.label[index[chosen.cpu()].numpy()] = winner[chosen].cpu().numpy()


def released_model(backbone: str, size: int, num_classes: int, device: torch.device) -> Classifier:
    """Backbone and heads with biases, in the memory layout that they are made in: NCHW."""
    return build_model(plan(METHOD, backbone, size, BATCH), num_classes).to(device)


def released_arm(
    paths: list[Path],
    labels: Tensor,
    num_classes: int,
    *,
    backbone: str,
    size: int,
    batch: int,
    device: torch.device,
    seconds: float,
    workers: int,
) -> Arm:
    """Turns of at least two batches and ``seconds``; the rate is in images a second.

    The workers of a turn are started in it and ended after it, so that they take nothing from other arms. The clock
    runs from when their queues are as full as they stay: what they make ahead has been used once, or twice ``seconds``
    are over.
    """
    dataset = Files(paths, labels, size)
    model = released_model(backbone, size, num_classes, device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-4)
    running = torch.zeros((), device=device)

    def steps(batches: Iterator) -> Iterator[int]:
        nonlocal running
        for images, given, index in batches:
            images, given = images.to(device), given.to(device)
            optimizer.zero_grad()
            loss, scores = loss_of(model, images, given)
            loss.backward()
            optimizer.step()
            running = running + loss  # with its graph, as there
            relabel(scores, given, index, dataset)
            yield len(images)

    def turn() -> float:
        nonlocal running
        running = torch.zeros((), device=device)
        loader = DataLoader(dataset, batch, shuffle=True, num_workers=workers, pin_memory=device.type == "cuda")
        batches = iter(loader)
        for _ in _for_at_least(steps(batches), 2 * seconds, 1, AHEAD * workers):
            pass
        wait_for(device)
        begun = time.perf_counter()
        done = sum(_for_at_least(steps(batches), seconds, 2))
        wait_for(device)
        return done / (time.perf_counter() - begun)

    return turn


def _for_at_least(steps: Iterator[int], seconds: float, count: int, most: int = _ENDLESS) -> Iterator[int]:
    """Steps until ``seconds`` are over and ``count`` are done, or ``most``."""
    begun = time.perf_counter()
    for number, step in enumerate(steps, start=1):
        yield step
        if number >= max(count, most) or (number >= count and time.perf_counter() - begun >= seconds):
            return
