"""Configs: profiles as the design has them, a hash that later options leave alone, wrong fields named."""

import json

import pytest

from scnlib.config import Config, profile_config
from scnlib.methods import SCN


def test_an_option_that_came_later_leaves_earlier_runs_their_key():
    config = profile_config("quick", method="scn", options={"beta": 0.6}, lr=0.02)
    plain = config.to_dict()
    del plain["optimizer"], plain["method"]["margin_reward"]  # as a run from before these options has it
    assert Config.from_dict(plain).sha256() == config.sha256()
    for changed in ({"optimizer": "adam"}, {"lr": 0.03}, {"options": {"beta": 0.6, "learnable_margin": True}}):
        other = profile_config("quick", method="scn", **{"options": {"beta": 0.6}, "lr": 0.02, **changed})
        assert other.sha256() != config.sha256()


def test_config_round_trip():
    config = profile_config("paper", dataset="ferplus", method="scn", options={"beta": 0.6}, epochs=20)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.milestones == (8, 15)
    assert config.method.relabel_epoch == 5
    assert profile_config("quick", epochs=24).method.relabel_epoch == 8
    assert profile_config("quick", epochs=3).method.relabel_epoch == 1
    warm_ups = [profile_config("quick", method="coteaching", epochs=n).method.warm_up for n in (2, 12, 24)]
    assert warm_ups == [1, 3, 6]
    pretraining = [profile_config("quick", method="ipa2lt", epochs=n).method.pretraining for n in (2, 12, 24)]
    assert pretraining == [1, 9, 18]


def test_profiles_say_what_the_design_says():
    quick = profile_config("quick")
    assert (quick.size, quick.epochs, quick.batch_size, quick.lr, quick.backbone) == (48, 12, 256, 0.05, "small")
    assert quick.method == SCN(relabel_epoch=4)
    assert profile_config("quick", dataset="ferplus").backbone == "small"
    paper = profile_config("paper")
    assert (paper.size, paper.epochs, paper.batch_size, paper.lr) == (224, 40, 1024, 0.1)
    assert (paper.milestones, paper.method) == ((15, 30), SCN())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"noise_rate": 1.2}, "noise_rate must lie in 0..1, got 1.2"),
        ({"noise_rate": float("nan")}, "a run: noise_rate must be a finite number, got nan"),
        ({"noise_kind": "odd"}, "noise_kind='odd' is unknown; known: 'symmetric', 'pair', 'fer2013'"),
        ({"noise_kind": "fer2013"}, "noise_kind='fer2013' is the real noise of FER\\+ images"),
        ({"epochs": 0}, "epochs must lie in 1..2147483647, got 0"),
        ({"seed": -1}, "seed must lie in 0..2147483647, got -1"),
        ({"lr": -0.1}, "lr must be at least 0, got -0.1"),
        ({"lr": float("nan")}, "a run: lr must be a finite number, got"),
        ({"lr": "0.3"}, "a run: lr must be a number, got '0.3'"),
        ({"epochs": True}, "a run: epochs must be a whole number, got True"),
        ({"oversample": 1}, "a run: oversample must be true or false, got 1"),
        ({"data": {"size": 64}}, "data option 'size' is decided by size, not by data"),
        ({"data": {"labels": "fer2013"}}, "data option 'labels' is decided by noise_kind"),
        ({"options": {"relabel_epoch": 13}}, "relabel_epoch=13 lies after the last of 12 epochs"),
        ({"method": "elr", "options": {"warm_up": 3}}, "method elr has no option 'warm_up'"),
        ({"method": "eac", "options": {"warm_up": 12}}, "warm_up=12 leaves none of 12 epochs to eac"),
        ({"method": "ipa2lt", "options": {"pretraining": 12}}, "pretraining=12 leaves none of 12 epochs to ipa2lt"),
        ({"colour": 1}, "a run has no field 'colour'; known: augmentation, backbone"),
        ({"method": "scm"}, "unknown method 'scm'; known: baseline, scn"),
    ],
)
def test_a_wrong_field_is_named(fields, message):
    with pytest.raises(ValueError, match="^" + message):
        profile_config("quick", **fields)


@pytest.mark.parametrize("method", ["coteaching", "jocor", "nla"])
def test_a_ramp_may_be_as_long_as_the_training_or_longer(method):
    """It acts from the first epoch on: Co-teaching's own T_k is 10 epochs, whatever the number of epochs."""
    for warm_up in (12, 40):
        assert profile_config("quick", method=method, options={"warm_up": warm_up}).method.warm_up == warm_up
