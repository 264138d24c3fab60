"""The committed figures come from results and rendered faces alone, and say what is missing."""

import dataclasses
import json

import pandas as pd
import pytest

from scnlib import figures
from scnlib.augment import STILL
from scnlib.config import BY_HEART
from scnlib.paths import project_root
from tests.paper.made import run


@pytest.fixture
def results(tmp_path):
    """Results of the baseline and SCN on FER+ and of all arms of table 5 on rendered faces; two epochs' curves."""
    folder = tmp_path / "results"
    folder.mkdir()
    rows, epochs, alpha = [], [], []
    methods = [("scn", {}), ("baseline", {}), ("scn", {"relabelling": False}), ("scn", {"beta": 0.9})]
    for method, options in methods:
        for rate in (0.0, 0.3):
            row = run(method, 70 - 10 * rate, 0, rate, options, label_accuracy=70.0, alpha_auroc=0.5, backbone="small")
            rows.append(row)
            for epoch in (1, 2):
                shares = {"label_accuracy": 0.7 - 0.02 * epoch, "memorised": 0.1, "train_accuracy_given": 0.5}
                epochs.append({"key": row["key"], "epoch": epoch, "test_accuracy": 0.6, **shares})
                alpha += [{"key": row["key"], "epoch": epoch, "bin": b / 20, "right": 7, "wrong": 3} for b in range(20)]
    pd.DataFrame(rows).to_csv(folder / "ferplus.csv", index=False)
    pd.DataFrame(epochs).to_csv(folder / "ferplus_epochs.csv.xz", index=False)
    pd.DataFrame(alpha).to_csv(folder / "ferplus_alpha.csv.xz", index=False)
    names = ("neutral", "anger", "fear", "sadness")
    counts = [(a, b, 100 if a == b else 20) for a in names for b in names]
    pd.DataFrame(counts, columns=["true", "given", "count"]).to_csv(
        folder / "ferplus_fer2013_transition.csv", index=False
    )
    rendered_rows().to_csv(folder / "rendered.csv", index=False)
    return folder


def rendered_rows():
    """Baseline 60 and 61, every module 3 points below on both seeds; figure 5's beta at .7 and .9."""
    arms = [{}, {"relabelling": False}, {"ranking": False, "relabelling": False}, {"beta": 0.9}]
    arms += [{"weighting": "none", "relabelling": False}, {"weighting": "none", "ranking": False}]
    rows = []
    for seed in range(2):
        for rate in (0.0, 0.1, 0.3):
            faces = {"dataset": "rendered", "backbone": "small", "label_accuracy": 100 - 100 * rate}
            rows.append(run("baseline", 60.0 + seed, seed, rate, **faces))
            rows += [run("scn", 57.0 + seed, seed, rate, options, **faces) for options in arms]
    return pd.DataFrame(rows)


def measured(monkeypatch, *without):
    """Leave the rendered faces out: they take seconds."""
    kept = tuple(draw for draw in figures.DRAWINGS if draw.__name__ not in ("faces", "uncertainty", *without))
    monkeypatch.setattr(figures, "DRAWINGS", kept)


def test_every_figure_is_small_and_has_an_alt_text(results, tmp_path, monkeypatch):
    measured(monkeypatch)
    files, skipped = figures.write_all(tmp_path / "figures", results)
    assert skipped == ["ferplus_by_heart: no run of baseline on ferplus that saw the same pictures again and again"]
    index = json.loads((tmp_path / "figures" / "index.json").read_text())
    readme = (tmp_path / "figures" / "README.md").read_text()
    assert {entry["file"] for entry in index.values()} == {path.name for path in files}
    for name, entry in index.items():
        assert (tmp_path / "figures" / entry["file"]).stat().st_size <= figures.LARGEST, name
        assert f"![{entry['alt']}]({entry['file']})" in readme


def test_what_is_learnt_by_heart_is_of_runs_that_saw_the_same_pictures(results):
    recipe = json.loads(json.dumps(BY_HEART | {"augmentation": dataclasses.asdict(STILL)}))
    shown = {"config": recipe, "epochs": 14, "backbone": "small", "dataset": "rendered"}
    rows = [run(method, 60.0, 0, 0.3, **shown) for method in ("baseline", "scn", "second_opinion")]
    usual = run("baseline", 60.0, 0, 0.3, backbone="small", dataset="rendered")
    shares = {"memorised": 0.4, "train_accuracy_given": 0.5, "test_accuracy": 0.6}
    epochs = [{"key": row["key"], "epoch": 1} | shares for row in rows]
    epochs.append({"key": usual["key"], "epoch": 1} | shares | {"memorised": 0.9})
    pd.DataFrame([*rows, usual]).to_csv(results / "rendered.csv", index=False)
    pd.DataFrame(epochs).to_csv(results / "rendered_epochs.csv.xz", index=False)
    assert "baseline 40 % and 60.0 %; SCN 40 % and 60.0 %; second" in figures.rendered_by_heart(results).alt


def test_alt_texts_carry_the_numbers(results):
    assert "baseline 70.0 (one seed) at 0 %" in figures.accuracy(results).alt
    assert "starts at 68.0 % and ends at 66.0 %" in figures.label_accuracy(results).alt
    assert "AUROC for wrong labels is 0.50" in figures.alpha(results).alt
    assert "baseline 60.5 at 0 %, 60.5 at 10 %, 60.5 at 30 %" in figures.rendered_by_noise(results).alt
    assert "memorised after the last epoch (mean of n = 1, from 10.0 to 10.0 %)" in figures.memorised(results).alt
    assert (
        "rendered, clean: 0 of 1; rendered, 10 %: 0 of 1; rendered, 30 %: 0 of 1" in figures.leaderboards(results).alt
    )
    assert "30 % wrong labels: relabelling alone -3.0, ranking alone -3.0" in figures.rendered_modules(results).alt
    assert "Beta on clean labels: best of 2 values is" in figures.rendered_sweeps(results).alt


def test_a_lucky_seed_of_one_value_makes_it_no_better(results):
    faces = {"dataset": "rendered", "backbone": "small"}
    lucky = pd.DataFrame([run("scn", 99.0, 7, 0.0, {"beta": 0.9}, **faces)])
    pd.concat([rendered_rows(), lucky]).to_csv(results / "rendered.csv", index=False)
    assert "Beta on clean labels: best of 2 values is 0.7" in figures.rendered_sweeps(results).alt


def test_twice_the_same_bytes(results, tmp_path, monkeypatch):
    measured(monkeypatch, "leaderboards")
    first, second = (figures.write_all(tmp_path / name, results)[0] for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_what_is_not_measured_is_left_out_and_said(tmp_path, monkeypatch):
    measured(monkeypatch)
    files, skipped = figures.write_all(tmp_path / "figures", tmp_path / "nothing")
    assert [path.stem for path in files] == ["scn_diagram"]
    assert "accuracy: no data/results/ferplus.csv" in skipped


def test_the_papers_figures_are_drawn_from_any_results():
    drawing = figures.of_paper("scn-2", rendered_rows())
    assert drawing.name == "rendered_by_noise"
    with pytest.raises(ValueError, match="no figure 'scn-9'; known: scn-2, scn-5, scn-6, scn-fig5"):
        figures.of_paper("scn-9", rendered_rows())
    with pytest.raises(ValueError, match="unknown dataset 'mnist'"):
        figures.of_paper("scn-2", rendered_rows(), "mnist")
    command = "scn table scn-6 --dataset rendered --profile quick --run"
    with pytest.raises(figures.NothingMeasured, match=command):
        figures.of_paper("scn-6", rendered_rows())


def test_runs_of_other_recipes_are_not_mixed_in(results):
    """A run at twice the rate of quick stands in the same file."""
    table = pd.read_csv(results / "ferplus.csv")
    other = table[table["method"] == "baseline"].assign(config='{"lr": 0.1}', accuracy=10.0, key=["a", "b"])
    pd.concat([table, other]).to_csv(results / "ferplus.csv", index=False)
    assert "baseline 70.0 (one seed) at 0 %" in figures.accuracy(results).alt
    assert "| 70.0 " in figures.readme_table(results)


def test_a_figure_that_lost_its_data_is_removed(results, tmp_path, monkeypatch):
    measured(monkeypatch, "leaderboards")
    figures.write_all(tmp_path / "figures", results)
    (results / "ferplus.csv").unlink()
    figures.write_all(tmp_path / "figures", results)
    assert not (tmp_path / "figures" / "ferplus_accuracy.svg").exists()
    assert "ferplus_accuracy" not in (tmp_path / "figures" / "README.md").read_text()


def test_published_numbers_stand_beside_the_measured_ones(results):
    diamonds = [line for line in figures.accuracy(results).figure.axes[0].lines if line.get_marker() == "D"]
    drawn = {tuple(zip(line.get_xdata(), line.get_ydata(), strict=True)) for line in diamonds} - {()}
    assert drawn == {((0, 82.40), (30, 68.54)), ((0, 83.42), (30, 70.45))}
    assert not [line for line in figures.rendered_by_noise(results).figure.axes[0].lines if line.get_marker() == "D"]


def test_all_seeds_stand_behind_what_is_memorised(results):
    """A second seed that memorises three times as much: the line is the mean, the band reaches to both."""
    table, epochs = (pd.read_csv(results / name) for name in ("ferplus.csv", "ferplus_epochs.csv.xz"))
    plain = table[(table["method"] == "baseline") & (table["noise_rate"] == 0.3)]
    pd.concat([table, plain.assign(seed=1, key="second")]).to_csv(results / "ferplus.csv", index=False)
    curve = epochs[epochs["key"] == plain["key"].item()]
    pd.concat([epochs, curve.assign(key="second", memorised=0.3)]).to_csv(
        results / "ferplus_epochs.csv.xz", index=False
    )
    drawing = figures.memorised(results)
    (line,) = [line for line in drawing.figure.axes[0].lines if line.get_label() == "wrong labels: memorised"]
    assert line.get_ydata().tolist() == pytest.approx([0.2, 0.2])
    heights = [tuple(band.get_paths()[0].vertices[:, 1][[0, 1]]) for band in drawing.figure.axes[0].collections]
    assert {0.1, 0.3} <= {round(height, 6) for ends in heights for height in ends}
    assert "20.0 % are memorised after the last epoch (mean of n = 2, from 10.0 to 30.0 %)" in drawing.alt


@pytest.mark.parametrize("folder, page", [(".", "readme_table"), ("data/results", "results_page")])
def test_the_readmes_show_what_data_results_says(folder, page):
    """`make figures` writes the table; a README that was left behind fails here."""
    readme = (project_root() / folder / "README.md").read_text(encoding="utf-8")
    assert figures.with_results(readme, getattr(figures, page)()) == readme
