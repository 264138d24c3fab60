"""What is missing, against what results lack by construction; its commands make the runs that it lists."""

import json
import shlex

import pandas as pd
import pytest

from scnlib import runs
from scnlib.cli import main
from scnlib.config import RECIPE_VERSION, profile_config
from scnlib.paper import CLAIMS, claims_table, load_results
from scnlib.paper.cost import Rate
from scnlib.paper.measuring import wanted
from scnlib.paper.missing import Open, asked_by, costs, missing, to_text

NOTHING = pd.DataFrame({"config": [], "recipe_version": []})


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """The ledger of no results."""
    return claims_table(load_results(tmp_path_factory.mktemp("nothing")))


def rows(configs):
    return pd.DataFrame(
        {"config": [json.dumps(c.to_dict()) for c in configs], "recipe_version": [str(RECIPE_VERSION)] * len(configs)}
    )


def test_without_results_all_of_a_table_is_missing_and_with_all_nothing(empty):
    everything = {one.name: one for one in missing("ferplus", "quick", (0, 1), NOTHING, empty)}
    done = everything["scn-5"].runs
    assert done == tuple(wanted("scn-5", "ferplus", "quick", (0, 1))) and len(done) == 12
    left = {one.name: one for one in missing("ferplus", "quick", (0, 1), rows(done[1:]), empty)}
    assert left["scn-5"].runs == done[:1]
    assert "scn-5" not in {one.name for one in missing("ferplus", "quick", (0, 1), rows(done), empty)}


def test_a_decided_claim_is_left_out_and_an_undecided_one_waits_for_seeds(empty):
    def found(verdict, results=NOTHING):
        ledger = pd.DataFrame(
            [
                {"id": "S15", "dataset": "ferplus", "backbone": "small", "verdict": verdict, "n": 1, "detail": ""},
                {"id": "S15", "dataset": "ferplus", "backbone": "resnet18", "verdict": "held", "n": 3, "detail": ""},
            ]
        )
        return {one.name: one for one in missing("ferplus", "quick", (0, 1), results, ledger)}.get("S15")

    assert found("held") is None and found("not held") is None
    waiting = found("undecided")
    assert {(c.method.name, c.seed) for c in waiting.runs} == {(m, s) for m in ("scn", "baseline") for s in (0, 1)}
    enough = found("undecided", rows(waiting.runs))
    assert not enough.runs and enough.needs == "more than 2 seeds"


def test_claims_are_asked_which_arms_they_compare():
    """Each claim that is judged on runs asks for some, but for those about counts, of labels and of weights.

    FER+ alone is no two datasets joined.
    """
    silent = {name for name, claim in CLAIMS.items() if claim.test is not None and not asked_by(claim, "ferplus")}
    assert silent == {"L01", "S09", "S25"} and len(asked_by(CLAIMS["S09"], "joint")) == 3
    assert {one.backbone for one in asked_by(CLAIMS["S26"], "rendered")} == {"small", "resnet18", "ir50"}
    options = [dict(one.options) for one in asked_by(CLAIMS["S20"], "rendered")]
    assert [o.get("gamma", 0.5) for o in options] == [0.5, 0.2, 0.3, 0.6, 0.8]
    assert {one.noise_kind for one in asked_by(CLAIMS["S14"], "ferplus")} == {"fer2013", "symmetric"}
    assert not asked_by(CLAIMS["S14"], "rendered")


def test_every_command_of_a_claim_makes_its_run(empty, monkeypatch):
    called = []
    monkeypatch.setattr(runs, "run", lambda config, **options: called.append((config, options)) or exit())
    (s10,) = (one for one in missing("ferplus", "quick", (0,), NOTHING, empty) if one.name == "S10-tuned")
    for command in s10.commands("ferplus", "quick", (0,), root="/some where"):
        program, *words = shlex.split(command)
        assert program == "scn"
        with pytest.raises(SystemExit):
            main(words)
    assert [config for config, _ in called] == list(s10.runs)
    assert {options["root"] for _, options in called} == {"/some where"}
    assert {config.lr for config in s10.runs} == {0.025, 0.05, 0.1, 0.2, 0.4, 0.8}


def test_a_tables_command_is_one(empty):
    (table,) = (one for one in missing("rendered", "quick", (0, 1), NOTHING, empty) if one.name == "scn-3")
    assert table.commands("rendered", "quick", (0, 1)) == [
        "scn table scn-3 --dataset rendered --profile quick --seeds 2 --run"
    ]
    assert {c.dataset for c in table.runs} == {"rendered", "rendered_web"}


def test_costs_count_a_run_once_and_guess_nothing():
    config = profile_config("quick", dataset="rendered", method="scn")
    other = profile_config("quick", dataset="rendered", method="lrn")
    found = [Open("S1", "one", (config,)), Open("S2", "two", (config, other)), Open("S3", "three", needs="faith")]
    rate = Rate("CPU: a", "scn", "small", 48, 256, 12 * 6000 / 1800, "by hand", with_judging=True)
    table = costs(found, [rate], "CPU: a")
    assert table["runs"].tolist() == [1, 2, 0, 2]
    assert table["time"].tolist() == ["30 min", "30 min for 1 of 2 runs", "-", "30 min for 1 of 2 runs"]
    text = to_text(table, "rendered", "quick", (0, 1, 2), "CPU: a")
    assert "S2                    2  30 min for 1 of 2 runs      two" in text and "three Needs faith." in text
    assert set(costs(found, [], "GPU")["time"]) == {"not measured", "-"}


def test_the_command_prints_a_table_or_commands(capsys):
    assert main(["missing", "scn-6", "S09", "--dataset", "ferplus", "--seeds", "2"]) == 0
    printed = capsys.readouterr().out
    assert "S09" in printed and "two datasets joined" in printed and "scn-2" not in printed.split("A table:")[0]
    assert main(["missing", "S20", "--dataset", "ferplus", "--profile", "paper", "--seeds", "1", "--commands"]) == 0
    commands = capsys.readouterr().out.splitlines()
    assert all(line.startswith("scn run --profile paper --dataset ferplus --method scn") for line in commands)
    assert main(["missing", "scn-9"]) == 2 and main(["missing", "--seeds", "0"]) == 2
    assert "nothing is called 'scn-9'" in capsys.readouterr().err
