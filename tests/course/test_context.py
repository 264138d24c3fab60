"""A lesson's hands, with runs that are written and not trained."""

import pandas as pd
import pytest
import torch

from scnlib import plots
from scnlib.course import context, start
from tests.course.made import write_run


@pytest.fixture
def ctx(capsys):
    made = start("04_baseline", profile="smoke", seed=3)
    capsys.readouterr()
    return made


def test_start_prints_one_line_with_everything_in_it(capsys):
    start("04_baseline", profile="smoke", seed=3)
    (line,) = capsys.readouterr().out.splitlines()
    for part in ("04_baseline: profile smoke, seed 3", "scnlib", "torch", "commit", "cpu in"):
        assert part in line or part == "cpu in"


def test_start_seeds_torch(capsys):
    start("x", profile="smoke", seed=5)
    first = torch.rand(1)
    start("x", profile="smoke", seed=5)
    assert torch.rand(1) == first


def test_text_in_tables_is_not_cut(ctx):
    long = 20 * "word "
    assert long.strip() in pd.DataFrame({"what": [long]}).to_html()


def test_unknown_profiles_and_seeds_are_refused():
    with pytest.raises(ValueError, match="unknown profile 'full'; known: smoke, quick, paper"):
        start("x", profile="full")
    with pytest.raises(ValueError, match="seed must be a whole number >= 0, got -1"):
        start("x", profile="smoke", seed=-1)


def test_the_paper_profile_says_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setenv("SCN_FERPLUS", str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match="set SCN_FERPLUS"):
        start("x", profile="paper")


def test_options_and_fields_find_their_places(ctx):
    config = ctx.config("scn", 0.3, relabelling=False, epochs=7)
    assert (config.method.relabelling, config.epochs, config.noise_rate, config.seed) == (False, 7, 0.3, 3)
    with pytest.raises(ValueError, match="a run has no field 'gama'"):
        ctx.config("scn", gama=0.2)


def test_a_lesson_asks_for_the_same_key_as_the_command(ctx):
    from scnlib.config import profile_config

    assert ctx.config("scn", 0.3).sha256() == profile_config("smoke", method="scn", noise_rate=0.3, seed=3).sha256()


def test_run_says_what_it_does(ctx, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(context.runs, "run", lambda config, **options: write_run(tmp_path / "run"))
    finished = ctx.run("scn", noise_rate=0.3, relabelling=False)
    text = capsys.readouterr().out
    assert "SCN without relabelling, 30 % wrong labels, seed 3" in text
    assert "found; when it was trained it took 2 s: test accuracy 60.0 %" in text
    assert finished.path == tmp_path / "run"


def test_compare_names_its_runs(ctx, monkeypatch, tmp_path):
    asked = []

    def fake(config, **options):
        asked.append(config)
        return write_run(tmp_path / str(len(asked)))

    monkeypatch.setattr(context.runs, "run", fake)
    runs = ctx.compare(["baseline", ("scn", {"relabelling": False})], noise_rate=0.2)
    assert list(runs.runs) == ["baseline", "SCN without relabelling"]
    assert {config.noise_rate for config in asked} == {0.2}


def test_say_fills_in_numbers_and_marks_their_origin(ctx, capsys):
    ctx.say("{share:.1%} of {n:,} faces", share=0.3217, n=24893, unused=1, origin="measured here")
    assert capsys.readouterr().out == "32.2 % of 24,893 faces *(measured here)*\n"


def test_a_lesson_says_the_verdicts_of_its_own_claims(ctx, monkeypatch, capsys):
    monkeypatch.setenv("SCN_OUT", "/nowhere")  # from the committed results, whatever was trained here
    ctx.verdicts()
    text = capsys.readouterr().out
    assert [line.split("**")[1] for line in text.splitlines() if line.startswith("- ")] == ["S01", "S27", "S29"]
    assert "measured at full scale" in text and "Lesson" not in text


def test_save_writes_under_the_profile_and_the_lesson(ctx, tmp_path, capsys):
    ctx.save(plots.class_counts({"faces": {"a": 1}}), "bars", alt="One bar for the one class.")
    assert (tmp_path / "out" / "smoke" / "figures" / "04_bars.svg").is_file()
    assert capsys.readouterr().out == "[figure: One bar for the one class.]\n"


def test_results_that_are_not_there_are_an_empty_table_and_a_sentence(ctx, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("scnlib.results.results_dir", lambda: tmp_path)
    assert ctx.results("ferplus").empty
    assert "nothing has been measured at full scale" in capsys.readouterr().out
    pd.DataFrame({"key": ["a"]}).to_csv(tmp_path / "ferplus.csv", index=False)
    assert len(ctx.results("ferplus")) == 1


def test_ferplus_is_found_by_its_variable(ctx, monkeypatch, tmp_path):
    monkeypatch.setenv("SCN_FERPLUS", str(tmp_path))
    assert ctx.ferplus_root() is None
    (tmp_path / "fer2013.csv").touch()
    assert ctx.ferplus_root() == tmp_path


def test_only_quick_has_a_long_run_of_its_own(ctx):
    assert ctx.long_run == {}
    assert context.Context("x", "quick", 0).long_run["augmentation"].flip == 0
