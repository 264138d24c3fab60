"""What a run is worth on photographs: counted by class, matched by name, and said in plain words."""

import dataclasses

import pandas as pd
import pytest
import torch

from scnlib import transfer
from scnlib.datasets import LOADERS
from scnlib.predict import Predictor
from scnlib.transfer import Standing
from tests.conftest import make_faces


def test_counts_are_those_of_a_loop_and_classes_meet_by_name(scn_run):
    faces = dataclasses.replace(make_faces(40, noise=0.0), class_names=("d", "a", "e", "c"), true_labels=None)
    row = transfer.row(scn_run, faces)
    with torch.inference_mode():
        answers = Predictor(scn_run)(faces.images)[0].argmax(1)
    right, count = dict.fromkeys("dac", 0), dict.fromkeys("dac", 0)
    for label, answer in zip(faces.labels.tolist(), answers.tolist(), strict=True):
        name = ("d", "a", "e", "c")[label]
        if name != "e":  # the run does not know it
            count[name] += 1
            right[name] += "abcd"[answer] == name
    assert row["n"] == 30 and {name: row[f"n_{name}"] for name in "dac"} == count and "n_e" not in row
    assert row["accuracy"] == pytest.approx(100 * sum(right.values()) / 30, abs=1e-3)
    for name in "dac":
        assert row[f"recall_{name}"] == pytest.approx(100 * right[name] / count[name], abs=1e-3)
    assert row["mean_class_accuracy"] == pytest.approx(sum(row[f"recall_{name}"] for name in "dac") / 3, abs=1e-2)
    assert row["commonest_share"] == pytest.approx(100 / 3, abs=1e-3)
    assert (row["key"], row["shown"], row["found"]) == (scn_run.manifest["key"], "as they come", 0)
    assert 0 < row["alpha_median"] < 1 and 0 < row["own_alpha_median"] < 1
    assert row["command"].startswith("scn transfer out/runs/")


def test_trust_is_how_often_a_wrong_answer_has_the_lower_signal():
    wrong = torch.tensor([True, True, False, False, False])
    signals = {"alpha": torch.tensor([0.1, 0.5, 0.4, 0.6, 0.9])}
    lower = [a < b for a in (0.1, 0.5) for b in (0.4, 0.6, 0.9)]
    row = transfer._trust(signals, wrong, "own_")
    assert row == {"own_alpha_median": 0.5, "own_alpha_auroc": round(sum(lower) / len(lower), 4)}


def test_only_faces_with_points_are_cut_anew(scn_run):
    faces = make_faces(8, noise=0.0)
    nobody, somebody = torch.zeros(0, 5, 2), torch.tensor([[[9.0, 9], [20, 9], [15, 15], [10, 22], [20, 22]]])
    assert transfer.row(scn_run, faces, [nobody] * 8) == transfer.row(scn_run, faces) | {"shown": "aligned"}
    assert transfer.row(scn_run, faces, [somebody] * 2 + [nobody] * 6)["found"] == 25


def test_no_class_in_common_is_refused(scn_run):
    with pytest.raises(ValueError, match="no class in common between w, x, y, z and a, b, c, d"):
        transfer.row(scn_run, dataclasses.replace(make_faces(8), class_names=tuple("wxyz")))


def test_a_measurement_takes_the_place_of_the_older_one(scn_run, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "load_dataset", lambda name, root, split, size: make_faces(8, noise=0.0, size=size))
    monkeypatch.setattr(transfer, "five_points", lambda images, detector: [torch.zeros(0, 5, 2)] * len(images))
    old = pd.DataFrame({"key": [scn_run.manifest["key"], "other"], "shown": ["aligned"] * 2, "accuracy": [1.0, 2.0]})
    old.to_csv(tmp_path / "transfer_ferplus.csv", index=False)
    path = transfer.measure([scn_run], "anywhere", tmp_path)
    table = transfer.load(tmp_path)
    assert path == tmp_path / "transfer_ferplus.csv"
    assert table["key"].tolist() == ["other", scn_run.manifest["key"], scn_run.manifest["key"]]
    assert table["shown"].tolist() == ["aligned", "as they come", "aligned"] and 1.0 not in table["accuracy"].tolist()


def real(accuracy, mean, share=34.5):
    return {
        "accuracy": accuracy,
        "mean_class_accuracy": mean,
        "n": 3137,
        "commonest": "neutral",
        "commonest_share": share,
    }


@pytest.mark.parametrize(
    ("measured", "ending"),
    [
        (real(17.0, 18.7), "close to a guess: do not believe it."),
        (real(30.0, 30.0), "worse than one answer for everybody: do not believe it."),
        (real(60.0, 50.0), "always saying neutral 34.5 %."),
        (None, "with FER+ in DIR, does."),
    ],
)
def test_standings_are_said_in_plain_words(measured, ending):
    standing = Standing("rendered", 72.5, 2000, 8, measured)
    assert standing.words().startswith(
        "Right in 72.5 % of its own 2,000 test faces (rendered"
    ) and standing.words().endswith(ending)
    assert standing.on_photographs == (None if measured is None else measured["accuracy"])
    assert standing.short().endswith(
        "photographs not measured" if measured is None else f"{measured['accuracy']:.1f} %"
    )


def test_a_run_on_photographs_speaks_of_its_own_test_faces():
    standing = Standing("ferplus", 78.1, 3137, 8, None)
    assert standing.words() == "Right in 78.1 % of its own 3,137 test faces (ferplus, photographs)."
    assert standing.on_photographs == 78.1


@pytest.mark.parametrize("dataset", LOADERS)
def test_every_dataset_but_rendered_faces_is_of_photographs_and_of_a_folder_nobody_knows(dataset):
    standing = Standing(dataset, 78.1, 3137, 8, None)
    assert standing.photographed is (None if dataset == "folder" else not dataset.startswith("rendered"))
    assert ("labelled by the words that found them" in standing.words()) == (dataset == "webemotion")


def test_of_a_folder_it_says_that_nobody_knows_and_judges_by_ferplus_alone():
    standing = Standing("folder", 47.94, 1, 7, None)
    words = "Right in 47.9 % of its own 1 test face (folder; whether these are photographs is not recorded"
    assert standing.words() == f"{words})." and standing.on_photographs is None
    assert standing.short() == "own test 47.9 %, photographs or not is not recorded"
    standing = dataclasses.replace(standing, real=real(17.0, 18.7))
    assert standing.words().startswith(f"{words}) and in 17.0 % of 3,137 photographs (FER+ test), where guessing")
    assert standing.words().endswith("always saying neutral 34.5 %.")
    assert standing.short() == "own test 47.9 %, photographs 17.0 %"


def test_a_joint_run_stands_on_the_dataset_that_it_is_tested_on(scn_run):
    for sets, expected in (("folder+rafdb", None), ("rafdb+folder", True)):
        config = dataclasses.replace(scn_run.config, dataset="joint", data={"sets": sets})
        run = dataclasses.replace(scn_run)
        run.__dict__["config"] = config
        assert transfer.standing(run).photographed is expected


def test_who_has_no_frame_is_shown_pictures_as_they_come(scn_run, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "load_dataset", lambda name, root, split, size: make_faces(8, noise=0.0, size=size))
    monkeypatch.setattr(transfer, "five_points", lambda images, detector: [torch.zeros(0, 5, 2)] * len(images))
    run = dataclasses.replace(scn_run)
    run.__dict__["config"] = dataclasses.replace(scn_run.config, dataset="folder", data={})
    path = transfer.measure([run], "anywhere", tmp_path)
    assert transfer.load(tmp_path)["shown"].tolist() == ["as they come"]
    monkeypatch.setattr(transfer, "results_dir", lambda: tmp_path)
    assert path.is_file() and transfer.standing(run).real["shown"] == "as they come"


def test_the_committed_table_says_where_it_comes_from():
    table = transfer.load()
    assert len(table) and set(table["shown"]) == {"as they come", "aligned"}
    counts = [name for name in table if name.startswith("n_")]
    assert len(counts) == 8 and (table[counts].sum(axis=1) == table["n"]).all()
    recalls = table[[name.replace("n_", "recall_") for name in counts]].to_numpy()
    assert ((recalls * table[counts].to_numpy()).sum(1) / table["n"] - table["accuracy"]).abs().max() < 0.01
    assert (
        table[["key", "commit", "command", "data"]].notna().all(axis=None) and (table["tested_on"] == "ferplus").all()
    )
    assert {"5f1903185b38f087", "b3c31d3bfeb4fff3"} <= set(table["key"])  # what `scn predict` makes on first use
