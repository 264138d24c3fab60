"""What a step is long and what it costs, against halves of a loss, hooks in the backbone and hand-made times."""

import numpy as np
import pandas as pd
import pytest
from torch import nn

from scnlib.config import profile_config
from scnlib.course import steps
from scnlib.methods import METHODS
from scnlib.methods.names import method_label
from tests.conftest import make_faces


def test_half_the_loss_is_half_the_first_step():
    configs = {
        "baseline": profile_config("smoke", method="baseline"),
        "half": profile_config("smoke", method="sce", options={"forward": 0.5, "reverse": 0.0}),
        "smoothed away": profile_config("smoke", method="label_smoothing", options={"smoothing": 1.0}),
    }
    lengths = steps.relative_steps(configs, make_faces(64))
    assert lengths["half"] == pytest.approx(0.5, rel=1e-4)
    assert lengths["smoothed away"] < 0.9
    assert lengths.index[0] == "baseline"


@pytest.mark.parametrize("name", sorted(METHODS))
def test_every_method_has_a_first_step(name):
    length = steps.first_step(profile_config("smoke", method=name), make_faces(64))
    assert np.isfinite(length) and length > 0


@pytest.mark.parametrize("name", sorted(METHODS))
def test_looks_are_counted_where_faces_enter_a_backbone(name):
    config = profile_config("smoke", method=name)
    model, batch = steps._first_batch(config, make_faces(32))
    seen = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            module.register_forward_hook(lambda _module, shown, _answer: seen.append(len(shown[0])))
    config.method.step(model, batch, config.epochs)
    cost = steps.costs(pd.Series({name: 1.25})).loc[method_label(name)]
    assert cost["looks"] == sum(seen) / len(batch.index) and cost["times the baseline"] == 1.25


def test_the_baseline_takes_its_own_time():
    configs = {name: profile_config("smoke", method=name) for name in ("baseline", "coteaching")}
    times = steps.step_times(configs, make_faces(64), repeats=3)
    assert times["baseline"] == 1 and times.index.tolist() == ["coteaching", "baseline"]


TIMES = pd.Series({"eac": 1.884, "jocor": 1.5, "baseline": 1.0, "gce": 0.5})


def test_both_ends_are_named():
    assert steps.extremes(TIMES, most=2, least=1) == {
        "longest": "**EAC** 1.88, **JoCoR** 1.50",
        "shortest": "**GCE** 0.50",
    }
    found = steps.reach(TIMES)
    assert (found["least"], found["most"], found["factor"]) == ("GCE", "EAC", pytest.approx(3.768))
    assert (found["low"], found["high"]) == (0.5, 1.884)


def test_for_the_eye_methods_have_their_labels_and_two_digits():
    shown = steps.shown(TIMES.rename("first step"))
    assert shown["first step"].to_dict() == {"EAC": 1.88, "JoCoR": 1.5, "baseline": 1.0, "GCE": 0.5}
