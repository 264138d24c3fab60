"""The differences name what settings, variants and options really are."""

import dataclasses

import pytest

from scnlib.config import OPTIMIZERS, SCHEDULES, Config
from scnlib.losses import high_importance_count
from scnlib.methods.scn import SCN, VARIANTS
from scnlib.paper import DIFFERENCES, setting

BY_TOPIC = {entry.topic: entry for entry in DIFFERENCES}


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("first weights", "pretraining"),
        ("optimiser and schedule", "lr"),
        ("optimiser and schedule", "epochs"),
        ("optimiser and schedule", "batch_size"),
        ("optimiser and schedule", "lr milestones"),
        ("optimiser and schedule", "lr divisor"),
        ("optimiser and schedule", "GPUs"),
        ("delta 1", "margin_rank"),
        ("total loss", "gamma"),
        ("alignment", "face detection and alignment"),
    ],
)
def test_the_papers_side_is_what_the_paper_states(topic, name):
    value = setting("scn", name).value
    values = value if isinstance(value, tuple) else (value,)
    for one in values:
        assert str(one).removeprefix("0") in BY_TOPIC[topic].paper, one


@pytest.mark.parametrize(
    ("topic", "name"), [("augmentation", "augmentation"), ("choice of the epoch", "checkpoint selection")]
)
def test_what_is_not_stated_is_open_in_the_settings(topic, name):
    assert BY_TOPIC[topic].paper == "not stated"
    assert not setting("scn", name).stated


def test_every_field_of_the_variants_has_a_difference():
    told = " ".join(entry.here for entry in DIFFERENCES)
    assert all(option in told for option in VARIANTS["paper"])


def test_options_named_exist():
    fields = {f.name for f in dataclasses.fields(SCN)} | {f.name for f in dataclasses.fields(Config)}
    for name in ("margin_rank", "learnable_margin", "relabel_softmax", "relabel_mode", "augmentation", "batch_size"):
        assert name in fields
        assert any(name in entry.here for entry in DIFFERENCES)
    assert "adam" in OPTIMIZERS and "exponential" in SCHEDULES


def test_a_batch_of_64_is_ranked_as_said():
    assert "ranks 44 above 20" in BY_TOPIC["optimiser and schedule"].effect
    assert high_importance_count(64, 0.7) == 44


def test_topics_are_told_once():
    assert len(BY_TOPIC) == len(DIFFERENCES) == 21
