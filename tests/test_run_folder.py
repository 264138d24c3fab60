"""A finished run is read as it was written; what is not finished, damaged or of other code is refused as what it is."""

import dataclasses
import json

import pytest

from scnlib import runs, splits
from scnlib.config import profile_config
from scnlib.run_folder import OtherCode, Run, _reported_options, open_run

from .conftest import make_faces


def smoke(**fields):
    return profile_config("smoke", noise_rate=0.25, **fields)


@pytest.mark.parametrize(("epoch", "reported"), [(4, {}), (8, {"relabel_epoch": 8}), (10, {"relabel_epoch": 10})])
def test_a_row_says_what_differs_from_its_profile(epoch, reported):
    """Relabelling from epoch 4 is the profile's own; 10 is the method's default, and no less another experiment."""
    config = profile_config("quick", method="scn", options={"relabel_epoch": epoch})
    assert _reported_options(config) == reported


def test_what_a_profile_sets_is_no_option_of_a_run():
    config = profile_config("quick", method="coteaching", options={"forget_rate": 0.2})
    assert _reported_options(config) == {"forget_rate": 0.2}
    config = profile_config("quick", method="coteaching", options={"warm_up": 5})
    assert _reported_options(config) == {"warm_up": 5}


def test_a_run_is_called_by_what_its_profile_does_not_set(squares):
    run = runs.run(smoke(options={"relabelling": False, "beta": 0.6}), progress=False)
    assert run.label == "SCN without relabelling (beta=0.6)"


def test_a_run_finds_its_faces_again_and_takes_no_others(squares, monkeypatch):
    run = runs.run(smoke(), progress=False)
    assert run.splits().sha256() == run.manifest["data"]
    monkeypatch.setattr(
        splits, "load_dataset", lambda *a, **k: dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    )
    with pytest.raises(ValueError, match="was trained on other rendered faces or labels than these"):
        run.splits()


def test_only_a_manifest_that_says_done_is_done(squares, tmp_path):
    run = runs.run(smoke(), out=tmp_path / "run", progress=False)
    for text in ("{}", "", '{"status": "failed"}'):
        (run.path / "manifest.json").write_text(text)
        with pytest.raises(FileNotFoundError, match="was not finished"):
            open_run(run.path)
    assert runs.run(smoke(), out=tmp_path / "run", progress=False).manifest["status"] == "done"


def _kept(**changes):
    plain = smoke().to_dict()
    return {"key": "0" * 16, **plain, **{name: {**plain[name], **changed} for name, changed in changes.items()}}


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        (_kept() | {"method": {"name": "mine"}}, "was made by other code: unknown method 'mine'; known: baseline"),
        (_kept(method={"zeta": 1}), "was made by other code: method scn has no option 'zeta'"),
        (_kept(method={"beta": "much"}), "was made by other code: method scn: beta must be a number, got 'much'"),
        (_kept(augmentation={"erase": 0.5}), "was made by other code: augmentation has no option 'erase'"),
        (_kept(augmentation={"flip": "up"}), "was made by other code: augmentation: flip must be a number"),
        (_kept() | {"colour": "red"}, "was made by other code: a run has no option 'colour'"),
        (_kept() | {"backbone": "vgg"}, "was made by other code: unknown backbone 'vgg'"),
        ({}, "is damaged .* Remove .*, and the same `scn run` makes it again"),
        ({"key": "x", "colour": "red"}, "is damaged"),
        (_kept() | {"method": 7}, "is damaged"),
        (_kept() | {"method": {}}, "is damaged"),
    ],
)
def test_a_run_of_other_code_is_not_called_damaged(tmp_path, plain, message):
    (tmp_path / "config.json").write_text(json.dumps(plain))
    with pytest.raises(ValueError, match=rf"config\.json {message}") as raised:
        _ = Run(tmp_path).config
    assert isinstance(raised.value, OtherCode) is ("other code" in message)
    assert ("Remove" in str(raised.value)) is ("damaged" in message)
