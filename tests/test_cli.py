"""The command line: what it prints, how it refuses, and that it never shows a traceback of our own validation."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from scnlib import paper, splits
from scnlib.augment import STILL
from scnlib.cli import main
from scnlib.models import make_backbone
from scnlib.run_folder import open_run

from .conftest import make_faces

TINY = ["--profile", "smoke", "--noise-rate", "0.25"]


def test_run_prints_what_was_measured_and_where(squares, capsys, tmp_path):
    assert main(["run", *TINY, "--set", "beta=0.6", "--out", str(tmp_path / "run")]) == 0
    printed, aside = capsys.readouterr()
    assert "img/s" in aside and "img/s" not in printed, "stdout is for the summary"
    assert "computing in" in printed
    assert "last of 2 epochs, n = 32" in printed
    assert "AUROC" in printed
    run = open_run(tmp_path / "run")
    changed = int((run.samples["final"] != run.samples["given"]).sum())
    assert f"relabelled {changed} of 64 ({100 * changed / 64:.0f} %)" in printed.splitlines()
    assert printed.rstrip().endswith(str(tmp_path / "run"))
    assert run.config.method.beta == 0.6


def test_without_augmentation_every_epoch_shows_the_same_pictures(squares, tmp_path):
    assert main(["run", *TINY, "--no-augmentation", "--out", str(tmp_path / "run")]) == 0
    assert open_run(tmp_path / "run").config.augmentation == STILL


def test_who_reads_no_further_gets_no_complaint():
    with subprocess.Popen(
        [sys.executable, "-m", "scnlib", "methods"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, b"")


def test_the_noise_that_was_made_is_said_where_it_is_not_that_asked_for(monkeypatch, capsys, tmp_path):
    def few(name, root=None, split="train", **options):
        return dataclasses.replace(make_faces(7, num_classes=2, noise=0.0), true_labels=None)

    monkeypatch.setattr(splits, "load_dataset", few)
    words = ["run", "--profile", "smoke", "--method", "baseline", "--batch-size", "3"]
    for rate, expected in ((0.3, "wrong labels: 2 of 7 (28.6 %), asked were 30 %"), (0.28, None), (0, None)):
        assert main([*words, "--noise-rate", str(rate), "--out", str(tmp_path / f"run{rate}")]) == 0
        printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wrong labels: ")]
        assert printed == ([expected] if expected else [])


def test_a_refused_out_is_left_without_a_lock(squares, tmp_path):
    thesis = tmp_path / "work" / "thesis"
    thesis.mkdir(parents=True)
    (thesis / "chapter.txt").write_text("1")
    (tmp_path / "work" / "file").write_text("1")
    assert main(["run", *TINY, "--out", str(tmp_path / "kept" / "run")]) == 0
    (tmp_path / "kept" / ".run.lock").unlink(missing_ok=True)
    for out, more in (("work/thesis", []), ("work/file", []), ("kept/run", ["--seed", "1"])):
        assert main(["run", *TINY, *more, "--out", str(tmp_path / out)]) == 2
    assert not [path for path in tmp_path.rglob("*.lock") if "out" not in path.relative_to(tmp_path).parts]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--dataset", "imagenet"], "scn: unknown dataset 'imagenet'; known: rendered, ferplus"),
        (["run", "--method", "scm"], "scn: unknown method 'scm'; known: baseline, scn"),
        (["run", "--set", "betta=1"], "scn: method scn has no option 'betta'; known: "),
        (["run", "--set", "beta"], "scn: --set takes OPTION=VALUE, got 'beta'"),
        (["run", "--set", "beta=1.5"], "scn: method scn: beta must lie in 0..1, got 1.5"),
        (["run", "--set", "weighting=x"], "scn: method scn: weighting='x' is unknown; known: 'logits', 'loss', 'none'"),
        (["run", "--set", "beta=high"], "scn: method scn: beta must be a number, got 'high'"),
        (["run", "--data", "colour=1"], "scn: dataset rendered has no option 'colour'; known: n, size, seed, preset"),
        (["run", "--data", "n=0"], "scn: rendered: n must be a whole number >= 1, got 0"),
        (["run", "--noise-rate", "1.5"], "scn: noise_rate must lie in 0..1, got 1.5"),
        (["run", "--noise-rate", "nan"], "scn: a run: noise_rate must be a finite number, got nan"),
        (["run", "--profile", "slow"], "scn: unknown profile 'slow'; known: smoke, quick, paper"),
        (["run", "--backbone", "vgg", "--data", "n=8"], "scn: unknown backbone 'vgg'; known: resnet18, small"),
        (["run", "--device", "abacus", "--data", "n=8"], "scn: device 'abacus' is not usable here; usable: cpu"),
        (["run", "--dataset", "ferplus"], "scn: ferplus needs a root"),
        (["run", "--dataset", "ferplus", "--root", "/nowhere"], "scn: FER+ at /nowhere: there is no such folder"),
        (["results", "ferplus", "/nowhere"], "scn: /nowhere holds no run"),
        (["table", "scn-9"], "scn: no runs stand behind table 'scn-9'"),
        (["table", "scn-2", "--run"], "scn: --run needs --dataset"),
        (
            ["table", "scn-2", "--run", "--dataset", "rendered", "--seeds", "0"],
            "scn: --seeds must be at least 1, got 0",
        ),
        (["table", "scn-2", "--run", "--dataset", "faces"], "scn: unknown dataset 'faces'; known: rendered"),
        (["figure", "scn-1"], "scn: no figure 'scn-1'; known: scn-2, scn-5, scn-6, scn-fig5"),
        (
            ["figure", "scn-6", "--dataset", "webemotion"],
            "scn: no two values of an option of scn-6 on WebEmotion; scn ta",
        ),
        (["reproduce", "99"], "scn: there is no lesson 99"),
        (["weights", "/nowhere.pth"], "scn: weights /nowhere.pth: there is no such file"),
        (["run", "--weights", "/nowhere.pth"], "scn: weights /nowhere.pth: there is no such file"),
        (["run", "--normalization", "zero"], "scn: normalization='zero' is unknown; known: 'centred', "),
        (["pretrain", "--backbone", "vgg"], "scn: unknown backbone 'vgg'; known: resnet18, small"),
        (["pretrain", "--size", "16"], "scn: "),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments, message, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(message)
    assert "Traceback" not in printed.err


def test_a_run_of_another_config_is_refused(squares, capsys, tmp_path):
    assert main(["run", *TINY, "--out", str(tmp_path / "run")]) == 0
    assert main(["run", *TINY, "--seed", "1", "--out", str(tmp_path / "run")]) == 2
    assert "was written with seed=0; this run has seed=1. Choose another --out; nothing was changed." in (
        capsys.readouterr().err
    )


def test_a_diverging_run_ends_with_advice(squares, capsys, tmp_path):
    assert main(["run", *TINY, "--lr", "1e30", "--out", str(tmp_path / "run")]) == 2
    assert "the loss became" in capsys.readouterr().err
    assert not (tmp_path / "run" / "manifest.json").exists()


@pytest.mark.parametrize(
    "command",
    [[], ["run"], ["weights"], ["pretrain"], ["doctor"], ["results"], ["table"], ["figure"], ["claims"], ["reproduce"]],
)
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*command, "--help"])
    assert stop.value.code == 0
    assert "usage: scn" in capsys.readouterr().out


def test_tables_and_claims_print(capsys):
    assert main(["table", "scn-2"]) == 0
    assert "70.45" in capsys.readouterr().out
    assert main(["claims"]) == 0
    printed = capsys.readouterr().out
    assert "S10" in printed and max(map(len, printed.splitlines())) <= 120
    assert f"{len(paper.load_results()):,} measured at full scale." in printed.splitlines()[-1]
    assert main(["claims", "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("id,claim,place,dataset")
    assert main(["claims", "--long"]) == 0
    assert "needs MS-Celeb-1M weights" in capsys.readouterr().out


def test_a_table_trains_what_is_missing_and_finds_it_again(squares, capsys, monkeypatch, tmp_path):
    """Table 6 is five values of gamma and the baseline that its gains are over."""
    monkeypatch.setattr("scnlib.paper.results.results_dir", lambda: tmp_path)
    arguments = ["table", "scn-6", "--dataset", "rendered", "--profile", "smoke", "--run"]
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert "scn-6 on rendered, smoke profile: 6 of 6 runs missing" in printed.err
    assert "gamma 0.2  76.12 (+4.12)" in printed.out
    assert "not measured yet" not in printed.out and "measured here" in printed.out
    assert main(arguments) == 0
    assert "0 of 6 runs missing" in capsys.readouterr().err
    for form, begins in (("csv", "table,row,column"), ("latex", "\\begin{table}"), ("html", "<table>")):
        assert main([*arguments[:-1], "--format", form]) == 0
        assert capsys.readouterr().out.startswith(begins)
    picture = tmp_path / "sweep.svg"
    assert main(["figure", "scn-6", "--profile", "smoke", "--out", str(picture)]) == 0
    assert picture.read_text().startswith("<?xml")
    assert "best of 5 values" in capsys.readouterr().out


def test_weights_are_shown_refused_and_started_from(squares, capsys, tmp_path):
    backbone = make_backbone("small", 32, seed=5)
    path = tmp_path / "w.pth"
    torch.save({"state_dict": {f"module.{n}": t for n, t in backbone.state_dict().items()}}, path)
    assert main(["weights", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "against        small at 48 px, names after 'module.'" in printed
    assert "matched        30\n  missing        none\n  wrong          none\n  dropped        none" in printed
    assert "normalization  unknown: say --normalization" in printed and "verdict: complete" in printed
    assert main(["weights", str(path), "--backbone", "resnet18"]) == 1
    assert "verdict: refused" in capsys.readouterr().out

    run = ["run", *TINY, "--out", str(tmp_path / "run"), "--weights", str(path)]
    assert main(run) == 2
    assert "does not tell how its images were scaled" in capsys.readouterr().err
    assert main([*run, "--normalization", "unit"]) == 0
    config = open_run(tmp_path / "run").config
    assert config.pretrained.startswith("other@sha256:") and config.normalization == "unit"


def test_doctor_says_what_is_here_and_what_is_not(capsys):
    assert main(["doctor", "--root", "/nowhere"]) == 0
    printed = capsys.readouterr().out
    assert "computes in" in printed
    assert "FER+ at /nowhere: there is no such folder" in printed


def test_torchrun_is_for_training_runs_alone(monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["doctor"]) == 2
    assert "torchrun is for `scn run`" in capsys.readouterr().err
