"""Jobs of tables: calling them makes the run that was planned, in the directory that was planned."""

import pandas as pd
import pytest

from scnlib import runs
from scnlib.cli import main
from scnlib.config import profile_config
from scnlib.paper.grid import GRIDS
from scnlib.paper.jobs import arguments, plan
from scnlib.paper.measuring import chains, wanted
from scnlib.run_folder import open_run
from scnlib.splits import load_splits


class Called(Exception):
    """Carries what ``runs.run`` was asked for, and ends the command there."""


def asked(words, monkeypatch):
    def run(config, **options):
        raise Called(config, options)

    monkeypatch.setattr(runs, "run", run)
    with pytest.raises(Called) as call:
        main(list(words))
    return call.value.args


@pytest.mark.parametrize("profile", ["smoke", "paper"])
def test_the_command_line_of_each_run_of_each_table_makes_its_config(profile, monkeypatch):
    configs = {c.sha256(): c for table in GRIDS for c in wanted(table, "rendered", profile, (2,))}
    configs |= {c.sha256(): c for pair in chains("scn-3", "rendered", profile, (2,)) for c in pair}
    assert len(configs) > 40
    for config in configs.values():
        assert asked(arguments(config), monkeypatch)[0] == config


def test_the_command_line_names_data_folder_and_options_of_the_data(monkeypatch):
    config = profile_config("quick", dataset="affectnet", method="baseline", data={"num_classes": 7}, oversample=True)
    found, options = asked(arguments(config, root="/some where"), monkeypatch)
    assert found == config and options["root"] == "/some where"


def test_a_job_fills_the_directory_that_was_planned_also_from_another_run(squares):
    jobs = plan(["scn-3"], "rendered", "smoke").jobs["scn-3"]
    assert len(jobs) == 7  # from scratch, two on web faces, and each method from each of those
    assert [job.after is None for job in jobs].count(False) == 4
    first = next(job for job in jobs if "rendered_web" in job.arguments)
    second = next(job for job in jobs if job.after == first.path)
    for job in (first, second):
        assert not job.path.exists()
        assert main(list(job.arguments)) == 0
        assert open_run(job.path).path == job.path
    assert open_run(second.path).config.pretrained.endswith(open_run(first.path).manifest["key"])


def test_noise_is_part_of_the_planned_key(squares):
    planned = {job.path.name for job in plan(["scn-2"], "rendered", "smoke", (0, 1)).jobs["scn-2"]}
    configs = wanted("scn-2", "rendered", "smoke", (0, 1))
    assert planned == {runs.run_name(c, runs.run_key(c, load_splits(c))) for c in configs}
    assert len(planned) == len(configs)


def test_what_results_have_is_no_job_and_tables_share_runs(squares):
    every = plan(["scn-5", "scn-6"], "rendered", "smoke").jobs
    assert set(every["scn-5"]) & set(every["scn-6"])  # SCN as it is, and the baseline
    main(list(every["scn-6"][0].arguments))
    row = open_run(every["scn-6"][0].path).row()
    read = pd.DataFrame([row]).astype({"recipe_version": str})  # as a CSV file gives it
    left = plan(["scn-6"], "rendered", "smoke", results=read).jobs["scn-6"]
    assert left == every["scn-6"][1:]


def test_cells_that_cannot_be_run_say_what_they_need(squares):
    lines = plan(["scn-5", "scn-7"], "rendered", "smoke").left_out
    assert "scn-5, none, RAF-DB (pretrained): needs MS-Celeb-1M weights" in lines["scn-5"]
    assert any("published number only" in line for line in lines["scn-7"])
    with pytest.raises(ValueError, match="unknown dataset 'faces'"):
        plan(["scn-5"], "faces")
