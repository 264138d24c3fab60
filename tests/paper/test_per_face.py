"""Accuracies on kinds of test faces, counted by hand; the committed predictions against the committed accuracies."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from scnlib.config import profile_config
from scnlib.paper.claims import claims_table
from scnlib.paper.per_face import add_kinds, gains, load_faces, load_right, twin_advantage
from scnlib.paper.results import RECIPE, load_results
from scnlib.paper.stats import crossed_interval, interval
from scnlib.paper.verdicts import arm
from scnlib.results import load, write_table

from .made import run, table

FACES = pd.DataFrame({"label": [0, 1, 1, 7], "agreed": [10, 6, 5, 7], "twin": [1, 0, 0, 0]})


def written(folder, predicted):
    write_table(folder / "ferplus_faces.csv.xz", FACES)
    write_table(folder / "ferplus_predictions.csv.xz", pd.DataFrame(predicted.items(), columns=["key", "predicted"]))
    faces = load_faces(folder)
    return load_right(faces, folder), faces


def test_accuracy_on_each_kind_of_face(tmp_path):
    right, faces = written(tmp_path, {"a": "0117", "1e5": "0310"})
    assert right.to_numpy().tolist() == [[True] * 4, [True, False, True, False]]
    found = add_kinds(pd.DataFrame({"key": ["1e5", "a", "other"]}), right, faces).set_index("key")
    assert found.loc["a"].tolist() == [100] * 4
    assert found.loc["1e5"].round(3).to_dict() == {
        "on ambiguous": 50, "on clear": 50, "on with a twin": 100, "on without a twin": 33.333,
    }  # fmt: skip
    assert found.loc["other"].isna().all()


def test_nothing_was_kept_yet(tmp_path):
    faces = load_faces(tmp_path)
    found = add_kinds(pd.DataFrame({"key": ["a"]}), load_right(faces, tmp_path), faces)
    assert faces.empty and found.filter(like="on ").isna().all(axis=None) and len(found.columns) == 5


def test_runs_on_other_test_faces_are_left_out(tmp_path):
    right, _ = written(tmp_path, {"a": "0117", "by plurality": "01170"})
    assert right.index.tolist() == ["a"]


def test_a_table_of_something_else_is_refused(tmp_path):
    write_table(tmp_path / "ferplus_faces.csv.xz", FACES.drop(columns="twin"))
    with pytest.raises(ValueError, match=r"faces.csv.xz: column 'twin' is missing"):
        load_faces(tmp_path)
    write_table(tmp_path / "ferplus_faces.csv.xz", FACES)
    write_table(tmp_path / "ferplus_predictions.csv.xz", pd.DataFrame({"key": ["a"]}))
    with pytest.raises(ValueError, match=r"predictions.csv.xz: column 'predicted' is missing"):
        load_right(FACES, tmp_path)


@pytest.fixture
def pairs(tmp_path):
    """Two seeds of two methods on four faces, and SCN's third without predictions."""
    own = {"backbone": "small", "config": {"backbone": "small"} | _recipe()}
    rows = [run(method, seed=seed, **own) for method in ("baseline", "scn") for seed in (0, 1)]
    rows += [run("scn", seed=2, **own)]
    said = ("0117", "0117", "0000", "0117")
    right, faces = written(tmp_path, dict(zip([row["key"] for row in rows[:4]], said, strict=True)))
    return table(*rows), right, faces


def _recipe():
    return json.loads(json.dumps(profile_config("quick", dataset="ferplus").to_dict()))


def test_a_gain_is_paired_by_seed_and_by_face(pairs):
    results, right, faces = pairs
    found = gains(results, right, faces, {"SCN": arm("scn")}, arm("baseline")).set_index("label")
    assert found["effect"].round(3).to_dict() == {
        "all": -37.5, "without a twin": -50, "with a twin": 0, "clear": -25, "ambiguous": -50,
    }, "in one seed SCN says 0 of all four faces; in the other both are right"  # fmt: skip
    assert found["faces"].to_dict() == {"all": 4, "without a twin": 3, "with a twin": 1, "clear": 2, "ambiguous": 2}
    every = found.loc["all"]
    assert (every["seeds_low"], every["seeds_high"]) == pytest.approx(interval([-75, 0])[1:])
    by_hand = crossed_interval(np.array([[0, -100, -100, -100], [0, 0, 0, 0]]))
    assert (every["effect"], every["low"], every["high"]) == pytest.approx(by_hand)
    assert set(found["n"]) == {2}, "the third seed's predictions were not kept"


@pytest.mark.parametrize(("kept", "n"), [([0, 2], 1), ([0, 1], 0)])
def test_of_one_seed_there_is_no_interval_and_of_none_no_gain(pairs, kept, n):
    results, right, faces = pairs
    row = gains(results, right.iloc[kept], faces, {"SCN": arm("scn")}, arm("baseline")).iloc[0]
    assert row["n"] == n and math.isnan(row["low"]) and math.isnan(row["seeds_low"])
    assert row["effect"] == -75 if n else math.isnan(row["effect"])


def test_runs_on_other_images_are_compared_only_where_that_is_asked_for(pairs):
    results, right, faces = pairs
    results.loc[results["method"] == "scn", "data"] = "others"
    call = (results, right, faces, {"SCN": arm("scn")}, arm("baseline"))
    assert set(gains(*call)["n"]) == {0} and set(gains(*call, alike=RECIPE)["n"]) == {2}


def test_faces_with_a_twin_are_compared_with_others_of_like_class(pairs):
    """Two twins, of classes 1 and 7: the others of class 1 count half, those of class 7 the other half."""
    results, right, faces = pairs
    faces = pd.DataFrame({"label": [0, 1, 1, 1, 7, 7], "agreed": 10, "twin": [0, 1, 0, 0, 1, 0]})
    right = pd.DataFrame([[1, 1, 1, 0, 1, 0], [1, 1, 0, 0, 0, 0]], right.index[:2], faces.index).astype(bool)
    found = twin_advantage(results, right, faces, arm("baseline"))
    assert (found["with a twin"], found["others"]) == (75, 12.5), "100 and 50; (50 + 0) / 2 and 0"
    assert found["n"] == 2 and (found["ahead"], found["low"]) == pytest.approx(interval([75, 50])[:2])
    none = twin_advantage(results, right.iloc[:0], faces, arm("baseline"))
    assert none["n"] == 0 and math.isnan(none["ahead"])


def test_lrns_claim_about_ambiguous_faces_is_judged_on_them_alone(tmp_path):
    own = {"noise_rate": 0.3, "backbone": "small", "config": {"backbone": "small"} | _recipe()}
    rows = [run(method, seed=seed, **own) for method in ("baseline", "lrn") for seed in (0, 1, 2)]
    on = dict(zip([row["key"] for row in rows], [40, 41, 42, 44, 45.1, 46], strict=True))
    results = table(*rows)
    verdict = claims_table(results.assign(**{"on ambiguous": results["key"].map(on)}), only=("L08",)).iloc[0]
    assert (verdict["verdict"], verdict["n"]) == ("held", 3) and verdict["effect"] == pytest.approx(12.1 / 3)
    assert claims_table(results, only=("L08",)).iloc[0]["verdict"] == "not tested"


def test_the_committed_predictions_are_those_of_the_committed_rows():
    """Each run's accuracy and its confusion, again from its predictions."""
    faces, results = load_faces(), load_results().set_index("key")
    right, confusion = load_right(faces), load("ferplus", "_confusion").set_index("key")
    assert len(right) >= 20 and len(faces) == 3137 and faces["agreed"].between(2, 10).all()
    for key, hits in right.iterrows():
        assert 100 * hits.mean() == pytest.approx(results.loc[key, "accuracy"], abs=1e-3)
        rows = confusion.loc[key]
        assert np.diag(rows.drop(columns="label")).tolist() == hits.groupby(faces["label"]).sum().tolist()
    twins = load("ferplus_duplicates").set_index(["kind", "first", "second"])
    assert twins.loc[("near", "train", "test"), "images"] == faces["twin"].sum()
