"""The committed figures come from results and rendered faces alone, and say what is missing."""

import json

import pandas as pd
import pytest

from scnlib import figures
from scnlib.paths import project_root


@pytest.fixture
def results(tmp_path):
    """Results of three methods, one seed, two epochs."""
    folder = tmp_path / "results"
    folder.mkdir()
    rows, epochs, alpha = [], [], []
    for method, options in (("scn", "{}"), ("baseline", "{}"), ("scn", '{"relabelling": false}')):
        for rate in (0.0, 0.3):
            key = f"{method}{options}{rate}"
            rows.append(
                {
                    "key": key, "dataset": "ferplus", "method": method, "options": options, "noise_kind": "symmetric",
                    "noise_rate": rate, "seed": 0, "size": 48, "backbone": "resnet18", "epochs": 2, "profile": "quick",
                    "split": "train", "accuracy": 70 - 10 * rate, "label_accuracy": 70.0, "alpha_auroc": 0.5,
                    "n_train": 1000, "n_test": 100,
                }
            )  # fmt: skip
            for epoch in (1, 2):
                shares = {"label_accuracy": 0.7 - 0.02 * epoch, "memorised": 0.1, "train_accuracy_given": 0.5}
                epochs.append({"key": key, "epoch": epoch, "test_accuracy": 0.6, **shares})
                alpha += [{"key": key, "epoch": epoch, "bin": b / 20, "right": 7, "wrong": 3} for b in range(20)]
    pd.DataFrame(rows).to_csv(folder / "ferplus.csv", index=False)
    pd.DataFrame(epochs).to_csv(folder / "ferplus_epochs.csv", index=False)
    pd.DataFrame(alpha).to_csv(folder / "ferplus_alpha.csv", index=False)
    names = ("neutral", "anger", "fear")
    counts = [(a, b, 10 if a == b else 2) for a in names for b in names]
    pd.DataFrame(counts, columns=["true", "given", "count"]).to_csv(
        folder / "ferplus_fer2013_transition.csv", index=False
    )
    return folder


def measured(monkeypatch):
    """Leave the rendered faces out: they take seconds."""
    kept = tuple(draw for draw in figures.DRAWINGS if draw.__name__ not in ("faces", "uncertainty"))
    monkeypatch.setattr(figures, "DRAWINGS", kept)


def test_every_figure_is_small_and_has_an_alt_text(results, tmp_path, monkeypatch):
    measured(monkeypatch)
    files, skipped = figures.write_all(tmp_path / "figures", results)
    assert skipped == []
    index = json.loads((tmp_path / "figures" / "index.json").read_text())
    readme = (tmp_path / "figures" / "README.md").read_text()
    assert {entry["file"] for entry in index.values()} == {path.name for path in files}
    for name, entry in index.items():
        assert (tmp_path / "figures" / entry["file"]).stat().st_size <= figures.LARGEST, name
        assert f"![{entry['alt']}]({entry['file']})" in readme


def test_alt_texts_carry_the_numbers(results):
    assert "baseline 70.0 at 0 %" in figures.accuracy(results).alt
    assert "starts at 68.0 % and ends at 66.0 %" in figures.label_accuracy(results).alt
    assert "AUROC for wrong labels is 0.50" in figures.alpha(results).alt


def test_twice_the_same_bytes(results, tmp_path, monkeypatch):
    measured(monkeypatch)
    first, second = (figures.write_all(tmp_path / name, results)[0] for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_what_is_not_measured_is_left_out_and_said(tmp_path, monkeypatch):
    measured(monkeypatch)
    files, skipped = figures.write_all(tmp_path / "figures", tmp_path / "nothing")
    assert [path.stem for path in files] == ["scn_diagram"]
    assert "accuracy: no data/results/ferplus.csv" in skipped


def test_a_figure_that_lost_its_data_is_removed(results, tmp_path, monkeypatch):
    measured(monkeypatch)
    figures.write_all(tmp_path / "figures", results)
    (results / "ferplus.csv").unlink()
    figures.write_all(tmp_path / "figures", results)
    assert not (tmp_path / "figures" / "ferplus_accuracy.svg").exists()
    assert "ferplus_accuracy" not in (tmp_path / "figures" / "README.md").read_text()


def test_published_numbers_stand_beside_the_measured_ones(results):
    table = figures._published(pd.DataFrame({"noise_rate": [0.0, 0.3], "method": ["baseline", "SCN"]}))
    values = {(row.method, row.noise_rate): row.accuracy for row in table.itertuples()}
    assert values == {("baseline", 0.0): 82.40, ("SCN", 0.0): 83.42, ("baseline", 0.3): 68.54, ("SCN", 0.3): 70.45}


def test_the_readme_shows_what_data_results_says():
    """`make figures` writes the table; a README that was left behind fails here."""
    readme = (project_root() / "README.md").read_text(encoding="utf-8")
    assert figures.with_results(readme, figures.readme_table()) == readme
