"""The tables as Snakemake's targets: what is planned, what a failure stops, what a second call does; and on SLURM."""

import contextlib
import getpass
import importlib.util
import os
import shutil
import socket
import string
import subprocess
import sys
import time

import pytest

from scnlib.paper.jobs import plan
from scnlib.paths import project_root

WORKFLOW = project_root() / "workflow"
MISSING = [name for name in ("snakemake", "snakemake_executor_plugin_slurm") if importlib.util.find_spec(name) is None]
needs_snakemake = pytest.mark.skipif(bool(MISSING), reason="needs Snakemake: pip install -e '.[batch]'")
NO_SLURM = [name for name in ("munged", "slurmctld", "slurmd", "srun", "squeue") if shutil.which(name) is None]


def snakemake(folder, *words, **config):
    """Call the workflow on miniature runs, with ``folder`` as the place for its own notes."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(WORKFLOW / "Snakefile"), "--directory", folder]
    command += ["--workflow-profile", str(WORKFLOW / "profiles" / "default"), "--retries", "0", *words]
    command += ["--config", "profile=smoke", "again=true", *(f"{name}={value}" for name, value in config.items())]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


def jobs_of(table):
    return plan([table], "rendered", "smoke").jobs[table]


@needs_snakemake
def test_a_cell_that_fails_leaves_the_others_and_is_all_that_is_left(tmp_path):
    jobs = jobs_of("scn-4")
    taken, *others = [job.path for job in jobs]
    assert len(others) == 2
    taken.mkdir(parents=True)
    (taken / "notes.txt").write_text("not a run")  # so this directory is refused, and nothing in it changed
    code, printed = snakemake(tmp_path, "--cores", "2", "table_scn_4")
    assert code == 1 and "is not empty and holds no run" in printed
    assert all((path / "manifest.json").is_file() for path in others)

    (taken / "notes.txt").unlink()
    code, printed = snakemake(tmp_path, "--cores", "2", "--dry-run", "table_scn_4")
    assert code == 0, printed
    assert f"wildcards: name={taken.name}" in printed
    assert not any(path.name in line for path in others for line in printed.splitlines() if "wildcards" in line)
    assert "left out: scn-4, pretrained, baseline, RAF-DB: needs MS-Celeb-1M weights" in printed


@needs_snakemake
def test_what_cannot_be_planned_is_one_message(tmp_path):
    code, printed = snakemake(tmp_path, "--cores", "1", "--dry-run", "table_scn_4", dataset="ferplus", root="/nowhere")
    assert code == 1 and "FER+ at /nowhere: there is no such folder" in printed
    assert "Traceback" not in printed


def test_each_command_gets_a_gpu_of_its_own_and_waits_where_there_is_none(tmp_path):
    script = [sys.executable, str(WORKFLOW / "one_gpu.py"), sys.executable, "-c"]
    say = "import os, sys; print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); sys.stdin.read()"
    there = {**os.environ, "CUDA_VISIBLE_DEVICES": "3,GPU-5", "TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with contextlib.ExitStack() as stack:
        one, two = (stack.enter_context(subprocess.Popen([*script, say], env=there, **pipes)) for _ in range(2))
        assert {one.stdout.readline(), two.stdout.readline()} == {"3\n", "GPU-5\n"}
        third = stack.enter_context(subprocess.Popen([*script, say], env=there, **pipes))
        with pytest.raises(subprocess.TimeoutExpired):
            third.wait(timeout=0.5)
        one.kill()  # as a scheduler does: the lock goes with its process
        assert third.stdout.readline() in ("3\n", "GPU-5\n")
        for process in (two, third):
            process.stdin.close()
    alone = {**there, "CUDA_VISIBLE_DEVICES": "7"}
    for _ in range(2):  # there is nothing to choose, so nothing is locked: SLURM has given it
        assert subprocess.run([*script, say], env=alone, input="", capture_output=True, text=True).stdout == "7\n"


# ---------------------------------------------------------------------------------------------------------- SLURM


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A SLURM of one node that lives as long as the test; returns the folder of its logs."""
    folder = tmp_path / "slurm"
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir(parents=True)
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"port": one.getsockname()[1], "other_port": two.getsockname()[1]}
    mebibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**21
    host = socket.gethostname().split(".")[0]
    template = string.Template((project_root() / "tests" / "slurm.conf").read_text())
    filled = template.substitute(
        folder=folder, host=host, user=getpass.getuser(), cores=os.cpu_count(), mebibytes=mebibytes, **ports
    )
    (folder / "slurm.conf").write_text(filled)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    # Snakemake's jobs drop SLURM's variables and trust in /etc/slurm, which is not this one's.
    shim = folder / "bin" / "srun"
    shim.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    own = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    munge = ["munged", "--foreground", "--force", *(f"--{option}={folder}/munge.{end}" for option, end in own.items())]
    config = str(folder / "slurm.conf")
    with contextlib.ExitStack() as stack:
        for command in (munge, ["slurmctld", "-D", "-c", "-f", config], ["slurmd", "-D", "-c", "-f", config]):
            log = stack.enter_context((folder / f"{command[0]}.log").open("w"))
            daemon = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(daemon.wait)
            stack.callback(daemon.terminate)
            time.sleep(1)
        until = time.monotonic() + 60
        while "idle" not in subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True).stdout:
            assert time.monotonic() < until, "\n".join(log.read_text() for log in folder.glob("*.log"))
            time.sleep(1)
        yield folder


@pytest.mark.slurm
@pytest.mark.skipif(bool(NO_SLURM), reason=f"no {', '.join(NO_SLURM)} here: apt install slurm-wlm munge")
@needs_snakemake
def test_a_table_on_slurm_with_a_failure_and_a_second_call(slurm, tmp_path):
    on_slurm = ["--profile", str(WORKFLOW / "profiles" / "slurm"), "--jobs", "2", "--slurm-status-command", "squeue"]
    on_slurm += ["--slurm-init-seconds-before-status-checks", "5", "--default-resources", "mem_mb=500", "runtime=10"]
    jobs = jobs_of("scn-4")
    taken, *others = [job.path for job in jobs]
    taken.mkdir(parents=True)
    (taken / "notes.txt").write_text("not a run")
    code, printed = snakemake(tmp_path, "table_scn_4", *on_slurm)
    assert code == 1, printed
    assert all((path / "manifest.json").is_file() for path in others), printed
    assert not (taken / "manifest.json").exists()

    (taken / "notes.txt").unlink()
    both = "table_scn_4", "results"
    code, printed = snakemake(tmp_path, *both, *on_slurm, tables="[scn-4]", results=tmp_path / "rows")
    assert code == 0, printed
    finished = subprocess.run(["squeue", "--states=all", "-h", "-o", "%T"], capture_output=True, text=True).stdout
    assert sorted(finished.split()) == ["COMPLETED"] * 3 + ["FAILED"]
    assert len((tmp_path / "rows" / "rendered.csv").read_text().splitlines()) == 1 + len(jobs)
    table = (tmp_path / "out" / "tables" / "scn-4-rendered-smoke.txt").read_text()
    assert "(n = 1)" in table
    code, printed = snakemake(tmp_path, "table_scn_4", "--dry-run", *on_slurm)
    assert code == 0 and "Nothing to be done" in printed
