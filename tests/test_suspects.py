"""The labels that a run doubts: the order against a sort by hand, what is known of it against counts by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from scnlib import runs, splits, suspects
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.run_folder import open_run

from .conftest import load_squares, make_faces
from .datasets.made import write_folder


def made(n=40, epochs=3, seed=0, **more):
    """Samples of a run whose every record is drawn at random."""
    draw = np.random.default_rng(seed)
    given, true = draw.integers(0, 3, (2, n)).astype(np.uint8)
    current = np.tile(given, (epochs, 1))
    current[2, :9] = (given[:9] + 1) % 3  # relabelled after epoch 2, and four of them back again after epoch 3
    final = current[2].copy()
    final[:4], final[9:12] = given[:4], (given[9:12] + 1) % 3
    return {
        "given": given, "true": true, "current": current, "final": final,
        "prediction": draw.integers(0, 3, (epochs, n)), "prediction_eval": draw.integers(0, 3, n),
        "confidence_eval": draw.random(n), "alpha": draw.random((epochs, n)).astype(np.float16),
    } | more  # fmt: skip


NAMES, IDS = ("a", "b", "c"), [f"train/{i}.png" for i in range(40)]


def test_relabelled_come_first_then_the_lowest_alpha():
    samples = made()
    table = suspects.ranked(samples, IDS, NAMES, "own")
    first = {4, 5, 6, 7, 8}, {9, 10, 11}
    assert (set(table.index[:5]), set(table.index[5:8])) == first, "after epoch 2 before after epoch 3"
    assert set(table.index[8:12]) == {0, 1, 2, 3}, "those that got their label back"
    assert table["relabelled_in"][:12].tolist() == [2] * 5 + [3] * 3 + [2] * 4
    assert table["relabelled"].tolist() == [True] * 8 + [False] * 32 and table["relabelled_in"][12:].isna().all()
    for block in (table.index[:5], table.index[5:8], table.index[8:12], table.index[12:]):
        assert list(block) == sorted(block, key=lambda i: samples["alpha"][-1][i])
    row = table.loc[5]
    assert (row["file"], row["given"]) == ("train/5.png", NAMES[samples["given"][5]])
    assert row["run_says"] == NAMES[samples["final"][5]] and row["true"] == NAMES[samples["true"][5]]
    assert table.loc[20, "run_says"] == NAMES[samples["prediction_eval"][20]]


@pytest.mark.parametrize("by", suspects.ORDERS)
def test_answers_rank_where_a_method_has_nothing_of_its_own(by):
    samples = made()
    samples["final"], samples["current"] = samples["given"], np.tile(samples["given"], (3, 1))
    samples["alpha"] = np.ones_like(samples["alpha"]) if by == "own" else samples["alpha"]

    def doubt(i):
        agreed = sum(int(samples["prediction"][e][i] == samples["given"][i]) for e in range(3))
        sure = samples["confidence_eval"][i]
        return agreed, -sure if samples["prediction_eval"][i] != samples["given"][i] else sure

    assert list(suspects.ranked(samples, IDS, NAMES, by).index) == sorted(range(40), key=doubt)


def test_the_truth_is_shown_only_where_labels_are_known_to_be_wrong():
    samples = made()
    assert "wrong" not in suspects.ranked(samples | {"true": samples["given"]}, IDS, NAMES)
    del samples["true"]
    assert "true" not in suspects.ranked(samples, IDS, NAMES)


def test_precision_is_a_count():
    table = pd.DataFrame({"wrong": [True, True, False, True, False, False, False, False]})
    assert suspects.precision(table, 4) == {"shown": 4, "wrong": 3, "precision": 0.75, "share": 0.375, "lift": 2.0}
    assert suspects.precision(table, 99)["lift"] == 1


def test_a_run_with_nothing_to_rank_by_is_refused_with_advice(squares, tmp_path):
    config = profile_config("smoke", method="baseline", epochs=1)
    run = runs.run(config, out=tmp_path / "run", progress=False)
    run.samples["prediction"][:] = 1
    with pytest.raises(ValueError, match=r"run gives nothing to rank by: .* Train longer \(--epochs\)"):
        suspects.suspects(run)
    run.samples["prediction"][0, 3] = 0
    assert len(suspects.suspects(run)) == 64
    with pytest.raises(ValueError, match="by='luck' is unknown; known: 'answers', 'own'"):
        suspects.suspects(run, by="luck")


def test_other_faces_than_the_runs_are_refused(squares, tmp_path, monkeypatch):
    run = runs.run(profile_config("smoke", noise_rate=0.25), out=tmp_path / "run", progress=False)
    others = dataclasses.replace(make_faces(64, seed=77), true_labels=None)
    monkeypatch.setattr(splits, "load_dataset", lambda *a, **k: others)
    with pytest.raises(ValueError, match="was trained on other rendered faces or labels than these"):
        suspects.suspects(run)


@pytest.mark.parametrize("method", ["baseline", "scn", "lrn"])
def test_the_command_shows_the_list_and_how_far_to_believe_it(squares, capsys, tmp_path, method):
    words = ["run", "--profile", "smoke", "--method", method, "--noise-rate", "0.25", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    capsys.readouterr()
    assert main(["suspects", str(tmp_path / "run"), "--top", "8", "--csv", str(tmp_path / "list.csv")]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = suspects.suspects(open_run(tmp_path / "run"))
    truth = load_squares("train").labels.numpy()
    wrong = int((open_run(tmp_path / "run").samples["given"] != truth)[table.index[:8]].sum())
    assert [line.split()[0] for line in lines[2:10]] == table["file"][:8].tolist()
    assert f"{wrong} of these 8 labels are really wrong ({wrong / 8:.0%}), of all 64 25%: " in lines[10]
    assert lines[10].startswith("A suspicion is no proof")
    assert main(["suspects", str(tmp_path / "run"), "--by", "own"]) == 0
    assert ("since baseline has no alpha" in capsys.readouterr().out) == (method == "baseline")
    written = pd.read_csv(tmp_path / "list.csv")
    assert len(written) == 64 and written["file"].tolist() == list(map(int, table["file"]))


def test_the_files_of_ones_own_folder_are_named(tmp_path, capsys):
    root = write_folder(tmp_path / "faces")
    words = ["run", "--profile", "smoke", "--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "run")]
    assert main(words) == 0
    capsys.readouterr()
    command = ["suspects", str(tmp_path / "run")]
    assert main([*command, "--root", str(root), "--top", "1000"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()[2:]
    pictures = {str(path.relative_to(root)) for path in (root / "train").rglob("*.png")}
    assert {line.split()[0] for line in lines} == pictures
    assert "really wrong nobody has measured" in last and "--noise-rate 0.1" in last
    photograph = next((root / "train").rglob("*.png"))
    before = photograph.read_bytes()
    for words, message in (
        ([], "scn: folder needs a root"),
        (
            ["--root", str(root), "--csv", str(photograph)],
            f"scn: --csv {photograph}: the name of the file to write must end in .csv",
        ),
        (["--root", str(root), "--top", "0"], "scn: --top must be at least 1, got 0"),
    ):
        assert main([*command, *words]) == 2
        assert capsys.readouterr().err.startswith(message)
    assert photograph.read_bytes() == before
