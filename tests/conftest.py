"""Small data and small runs, shared by the tests. No test writes outside its own temporary folder."""

import contextlib
import dataclasses
import os
import warnings

import pytest
import torch

from scnlib import runs, splits
from scnlib.config import profile_config
from scnlib.datasets import FaceSet, Source
from scnlib.datasets.noise import corrupt_labels

from .apart import APART, DeviceApart


def pytest_configure(config):
    """Only ``pytest -m gpu`` sees a GPU: all other tests train on the CPU, whose numbers they know."""
    if config.getoption("markexpr") != "gpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""


@contextlib.contextmanager
def no_waiting():
    """In this context a call for which the processor would wait for the GPU raises RuntimeError."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Synchronization debug mode")  # torch says once that it may miss some
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.fixture(autouse=True)
def private_folders(tmp_path, monkeypatch):
    """Caches and runs of a test go to its own folder, and it trains on one thread."""
    monkeypatch.setenv("SCN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SCN_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("SCN_HEADLESS", "1")
    torch.set_num_threads(1)


def make_faces(n: int = 64, num_classes: int = 4, size: int = 32, noise: float = 0.25, seed: int = 0) -> FaceSet:
    """No faces at all: grey squares whose brightness tells the class, easy to learn in a few steps."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % num_classes
    level = (40 + 180 * labels / num_classes)[:, None, None, None]
    pixels = level + 12 * torch.randn(n, 1, size, size, generator=generator)
    faces = FaceSet(
        images=pixels.clamp(0, 255).to(torch.uint8),
        labels=labels,
        class_names=tuple("abcdefgh"[:num_classes]),
        ids=tuple(map(str, range(n))),
        source=Source("squares", "test", f"{seed:016d}" * 4),
    )
    return faces.with_labels(corrupt_labels(labels, num_classes, noise, seed=seed))


def load_squares(name, root=None, split="train", **options) -> FaceSet:
    """Stands in for ``load_dataset``: every split of every dataset is a few grey squares with clean labels."""
    n = {"train": 64, "val": 32, "test": 32}[split]
    return dataclasses.replace(make_faces(n, noise=0.0, seed=len(split)), true_labels=None)


@pytest.fixture
def squares(monkeypatch):
    """Runs train on grey squares, whatever dataset they name."""
    monkeypatch.setattr(splits, "load_dataset", load_squares)


@pytest.fixture
def apart(monkeypatch):
    """``DeviceApart`` while the test runs, with float32 throughout: torch knows no autocast there."""

    def autocast(kind, *given, known=torch.autocast, **named):
        return contextlib.nullcontext() if kind == APART.type else known(kind, *given, **named)

    def tensor(data, *, device="cpu", known=torch.tensor, **named):
        return known(data, **named).to(device)  # known drops the data where the device is meta

    monkeypatch.setattr(torch, "autocast", autocast)
    monkeypatch.setattr(torch, "tensor", tensor)
    with DeviceApart() as device:
        yield device


@pytest.fixture(scope="session")
def scn_run(tmp_path_factory):
    """A finished run of SCN on squares of the classes a, b, c, d, 32 px."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splits, "load_dataset", load_squares)
        config = profile_config("smoke", method="scn")
        return runs.run(config, out=tmp_path_factory.mktemp("runs") / "run", progress=False)
