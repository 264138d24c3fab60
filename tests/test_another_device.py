"""Everything that computes on a GPU, on a device apart from the CPU: it must end with the very same numbers.

The methods have theirs in ``methods/test_every_method.py``.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from scnlib import faces, pretraining, runs, streaming
from scnlib.augment import Augmentation, views
from scnlib.config import profile_config
from scnlib.datasets import align
from scnlib.datasets.face_detection import Detector
from scnlib.methods import SCN
from scnlib.precision import Precision
from scnlib.training import Training

from .apart import APART
from .conftest import make_faces
from .datasets.found_faces import detector, portrait, scenes

FLOAT32 = Precision(torch.float32, "test")


@pytest.fixture
def chosen(apart, monkeypatch):
    """The device apart is the best one here."""
    for module in (runs, pretraining, align):
        monkeypatch.setattr(module, "choose_device", lambda name: torch.device(name or APART))
        monkeypatch.setattr(module, "choose_precision", lambda device: FLOAT32, raising=False)
    return apart


def test_the_device_apart_is_one(apart):
    there = torch.arange(4.0).to(APART)
    assert there.device == APART and (there * 2 + 1).cpu().tolist() == [1, 3, 5, 7]
    with pytest.raises(RuntimeError, match="found meta and cpu"):
        there + torch.arange(4.0)
    with pytest.raises(RuntimeError, match="found meta and cpu"):
        there[torch.tensor([0])]
    with pytest.raises(RuntimeError, match="generator of the CPU"):
        torch.rand(3, device=APART, generator=torch.Generator())


@pytest.mark.parametrize(
    ("waits", "work"),
    [
        (False, lambda there: there.softmax(0)[torch.arange(2, device=there.device)]),
        (False, lambda there: there.masked_fill_(there > 1, 0)),
        (True, lambda there: there.sum().item()),
        (True, lambda there: bool(there.any())),
        (True, lambda there: there[there > 1]),
        (True, lambda there: there.nonzero()),
        (True, lambda there: there.unique()),
        (True, lambda there: there.cpu()),
        (True, lambda there: torch.zeros(4).to(there.device)),
        (True, lambda there: there.copy_(torch.zeros(4))),
    ],
)
def test_what_a_gpu_waits_for_is_noted(waits, work, apart):
    there = torch.arange(4.0).to(APART)
    apart.waits.clear()
    work(there)
    assert bool(apart.waits) == waits


def same(here, there):
    """Two run directories tell the same."""
    metrics = [pd.read_csv(path / "metrics.csv").drop(columns="seconds") for path in (here, there)]
    pd.testing.assert_frame_equal(*metrics, check_exact=True)
    assert (here / "model.safetensors").read_bytes() == (there / "model.safetensors").read_bytes()
    kept = [np.load(path / "samples.npz", allow_pickle=False) for path in (here, there)]
    assert all((kept[0][name] == kept[1][name]).all() for name in kept[0].files)


def test_a_run(chosen, squares, tmp_path):
    method = SCN(relabel_epoch=1, relabel_mode="eval", learnable_margin=True)
    config = dataclasses.replace(profile_config("smoke", epochs=3, oversample=True), method=method)
    here = runs.run(config, out=tmp_path / "here", device="cpu", progress=False)
    there = runs.run(config, out=tmp_path / "there", progress=False)
    same(here.path, there.path)


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")
def test_a_run_that_was_killed_with_images_that_do_not_fit(chosen, squares, tmp_path, monkeypatch):
    config = profile_config("smoke", method="scn", epochs=3)
    here = runs.run(config, out=tmp_path / "here", device="cpu", progress=False)
    train_epoch = runs.Training.train_epoch

    def killed_in_the_second_epoch(self, **named):
        if self.epoch == 1:
            raise KeyboardInterrupt
        return train_epoch(self, **named)

    monkeypatch.setattr(streaming, "room", lambda device: 1000)
    monkeypatch.setattr(runs.Training, "train_epoch", killed_in_the_second_epoch)
    with pytest.raises(KeyboardInterrupt):
        runs.run(config, out=tmp_path / "there", progress=False)
    monkeypatch.setattr(runs.Training, "train_epoch", train_epoch)
    same(here.path, runs.run(config, out=tmp_path / "there", progress=False).path)


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")
def test_adams_step_counter_stays_on_the_cpu_also_that_of_a_margin_which_is_a_number_too(apart):
    method = SCN(relabel_epoch=1, learnable_margin=True)
    config = dataclasses.replace(profile_config("smoke", epochs=3, optimizer="adam"), method=method)
    first, second = (Training(config, make_faces(32), {}, APART, FLOAT32) for _ in range(2))
    first.train_epoch()
    second.restore({name: value.cpu() for name, value in first.state().items()}, first.records)
    for parameter, memory in second.optimizer.state.items():
        assert memory["step"].device.type == "cpu" and memory["exp_avg"].device == parameter.device == APART


def test_a_pretraining(chosen, tmp_path, monkeypatch):
    monkeypatch.setattr(pretraining, "HELD_OUT", 16)
    monkeypatch.setattr(pretraining, "PEOPLE", 4)
    settings = pretraining.Settings(backbone="small", size=32, n=32, epochs=2, batch_size=16)
    here = pretraining.pretrain(settings, out=tmp_path / "here", device="cpu", say=str)
    there = pretraining.pretrain(settings, out=tmp_path / "there", say=str)
    assert (here / "model.safetensors").read_bytes() == (there / "model.safetensors").read_bytes()


def test_rendered_faces(apart):
    latents = faces.sample_latents(0, range(3), "hard")
    assert (faces.render(latents.to(APART), 48).cpu() == faces.render(latents, 48)).all()


def test_augmented_faces(apart):
    images = torch.rand(6, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    index = torch.arange(6)
    here = views(images, index, 3, 1, Augmentation())
    assert (views(images.to(APART), index.to(APART), 3, 1, Augmentation()).cpu() == here).all()


@pytest.mark.parametrize("every", [False, True])
def test_faces_found(every, apart):
    here = detector().find(scenes().images, every)
    there = Detector(APART).find(scenes().images, every)
    for cpu, other in zip(here, there, strict=True):
        for field in ("boxes", "probabilities", "points"):
            assert (getattr(other, field) == getattr(cpu, field)).all()  # and lies on the CPU


@pytest.mark.parametrize(
    "settings", [align.Settings(size=48), align.Settings(size=64, how="box", pad="edge", faces="every")]
)
def test_folders_aligned(settings, chosen, tmp_path, monkeypatch):
    monkeypatch.setitem(align._PIXELS_AT_ONCE, APART.type, align._PIXELS_AT_ONCE["cuda"])
    (tmp_path / "in").mkdir()
    for i, image in enumerate([*scenes().images, portrait(), portrait()[:, :150]]):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(tmp_path / "in" / f"{i}.png")
    here = align.align_folder(tmp_path / "in", tmp_path / "here", settings, device="cpu")
    there = align.align_folder(tmp_path / "in", tmp_path / "there", settings)
    pd.testing.assert_frame_equal(here, there)
    for crop in here["output"].dropna():
        assert (tmp_path / "here" / crop).read_bytes() == (tmp_path / "there" / crop).read_bytes()
