"""Faces to touch are the renderer's faces, and their answers are the run's network's."""

import numpy as np
import pytest
import torch

from scnlib.config import profile_config
from scnlib.course import explore, touch
from scnlib.course.measures import opinion
from scnlib.faces import CLASSES, render, sample_latents
from scnlib.methods import make_method
from scnlib.models import make_backbone
from tests.plots.reading import texts


class MadeRun:
    """As much of a run as is asked: a network that nobody trained."""

    config = profile_config("smoke", method="scn")
    manifest = {"class_names": list(CLASSES)}  # noqa: RUF012

    def network(self, device="cpu"):
        torch.manual_seed(0)
        return make_method("scn").build(make_backbone("small", self.config.size, 0), 8).eval()


def test_a_single_face_is_the_renderers():
    latents = sample_latents(3, [0, 1], "easy")
    mine, its = touch.picture(latents, 48).int(), render(latents, 48, degrade=False).int()
    assert (mine - its).abs().max() <= 2 and mine.float().std() > 10


def test_a_mixture_begins_with_one_expression_and_ends_with_the_other():
    found = touch.mixtures(MadeRun(), [("anger", "fear")], steps=3)
    mixture = found["anger → fear"]
    assert mixture.shares.tolist() == [0, 0.5, 1] and mixture.images.shape[0] == 3
    pure = sample_latents(
        touch.SEED, [1, 1], "easy", label=torch.tensor([CLASSES.index("anger"), CLASSES.index("fear")]),
        mix=0.0, intensity=1.0, glasses=0.0, occluder_kind=0,
    )  # fmt: skip
    ends = render(pure, MadeRun.config.size).int()
    assert (mixture.images[[0, 2]].int() - ends).abs().float().mean() < 0.5
    assert (mixture.images[0] != mixture.images[1]).any()


def test_the_answers_of_a_mixture_are_the_networks():
    mixture = touch.mixtures(MadeRun(), [("anger", "fear")], steps=3)["anger → fear"]
    logits, alpha = opinion(MadeRun(), mixture.images)
    scores = (alpha[:, None] * logits).double().numpy()
    expected = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    assert mixture.answers["anger"] == pytest.approx(expected[:, CLASSES.index("anger")], abs=1e-5)
    others = [i for i, name in enumerate(CLASSES) if name not in ("anger", "fear")]
    assert mixture.answers["likeliest other"] == pytest.approx(expected[:, others].max(1), abs=1e-5)
    assert mixture.answers["α"] == pytest.approx(alpha.numpy(), abs=1e-6)


def test_a_pulled_muscle_changes_the_face_and_the_same_muscles_give_the_same_face():
    draw, starts = touch.face_editor(MadeRun()), {name: control.start for name, control in touch.muscles().items()}
    shown = [
        draw(**{**starts, **moved}).axes[0].images[0].get_array()
        for moved in ({}, {"au26": 1.0}, {"person": "person 3"}, {})
    ]
    assert (shown[0] == shown[3]).all()
    assert (shown[0] != shown[1]).any() and (shown[0] != shown[2]).any()
    assert "the network says" in texts(draw(**starts))


def test_muscles_are_described_by_name_and_begin_with_a_smile():
    controls = touch.muscles()
    assert controls["au12"] == explore.Range("lip corner puller", 0.0, 1.0, 0.05, 1.0)
    assert [name for name, control in controls.items() if control.start not in (0.0, "person 1")] == [
        "au6",
        "au12",
        "au25",
    ]
