"""What holds for every method: awkward data, another device, and steps that do not wait for it."""

import dataclasses
import importlib.util

import pytest
import torch

from scnlib.config import Config, profile_config
from scnlib.methods import METHODS
from scnlib.precision import Precision
from scnlib.training import Training

from ..apart import APART
from ..conftest import make_faces, no_waiting

NAMES = tuple(METHODS)


def small(name):
    """The method as the smoke profile has it, where what it needs is installed."""
    if name == "confident_learning" and importlib.util.find_spec("cleanlab") is None:
        pytest.skip("cleanlab is not installed")
    return profile_config("smoke", method=name).method


def trained(name, faces, **fields):
    """Three epochs of the method with a warm-up of one, on this training set, leave finite numbers."""
    recipe = dataclasses.replace(profile_config("smoke", epochs=3, **fields), method=small(name))
    training = Training(recipe, faces, {}, torch.device("cpu"), Precision(torch.float32, "test"))
    for _ in range(3):
        training.train_epoch()
    for key, value in training.state().items():
        assert not value.is_floating_point() or value.isfinite().all(), key


@pytest.mark.parametrize("profile", ["smoke", "quick", "paper"])
@pytest.mark.parametrize("name", NAMES)
def test_every_profile_has_a_recipe_for_it(name, profile):
    config = profile_config(profile, method=name)
    assert Config.from_dict(config.to_dict()).sha256() == config.sha256()


@pytest.mark.parametrize("name", NAMES)
def test_batches_of_two_and_a_class_that_no_sample_has(name):
    faces = make_faces(8)
    trained(name, faces.with_labels(faces.labels.clamp_max(2)), batch_size=2)


@pytest.mark.parametrize("name", NAMES)
def test_one_label_for_all(name):
    faces = make_faces(16)
    trained(name, faces.with_labels(torch.ones_like(faces.labels)))


@pytest.mark.parametrize("name", NAMES)
def test_a_rare_class_shown_often(name):
    """Oversampling shows a sample in several views of one batch."""
    faces = make_faces(16)
    trained(name, faces.with_labels((torch.arange(16) < 3).long()), oversample=True)


def two_epochs(name, device):
    """Trained with a warm-up of one epoch, and the batches that would come next."""
    recipe = dataclasses.replace(profile_config("smoke", epochs=3, batch_size=16), method=small(name))
    faces = make_faces(32)
    training = Training(recipe, faces, {"test": faces}, device, Precision(torch.float32, "test"))
    for _ in range(2):
        training.train_epoch()
    return training, training._batches(3, augmented=True, on_batch=lambda n: None)


@pytest.mark.parametrize("name", NAMES)
def test_on_another_device_the_same_numbers_and_no_step_that_waits(name, apart):
    here, _ = two_epochs(name, torch.device("cpu"))
    there, batches = two_epochs(name, APART)
    for key, value in here.state().items():
        assert (there.state()[key].cpu() == value).all(), key
    next(batches)  # begins the epoch
    apart.waits.clear()
    there._step(next(batches), 3)
    assert not apart.waits


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", NAMES)
def test_no_step_waits_for_the_device(name):
    cuda = torch.device("cuda")
    training = Training(
        dataclasses.replace(profile_config("smoke", epochs=3), method=small(name)),
        make_faces(),
        {},
        cuda,
        Precision(torch.bfloat16, "test"),
    )
    training.train_epoch()  # sets libraries up, and passes a warm-up of one
    batches = training._batches(2, augmented=True, on_batch=lambda n: None)
    batch = next(batches)
    with no_waiting():
        training._step(batch, 2)
