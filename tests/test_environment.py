"""One place decides on versions (pyproject.toml); conda's file and the tested pins must agree with it."""

import re
import subprocess
import sys
import tomllib

import yaml
from packaging.requirements import Requirement

from scnlib.paths import project_root

CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def ranges(requirements):
    return {r.name: str(r.specifier) for r in map(Requirement, requirements)}


def test_environment_yml_agrees_with_pyproject():
    project = tomllib.loads((project_root() / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((project_root() / "environment.yml").read_text())["dependencies"]
    (pip,) = [entry["pip"] for entry in conda if isinstance(entry, dict)]
    listed = ranges(entry for entry in conda if isinstance(entry, str))
    listed = {CONDA_NAMES.get(name, name): version for name, version in listed.items()} | ranges(pip)
    assert listed.pop("python") == project["requires-python"]
    assert listed.pop("pip") == ""
    assert listed == ranges(project["dependencies"])


def test_the_tested_pins_satisfy_the_ranges():
    lines = (project_root() / "constraints.txt").read_text().split()
    pinned = {name.lower().replace("_", "-"): version for name, version in (line.split("==") for line in lines)}
    project = tomllib.loads((project_root() / "pyproject.toml").read_text())["project"]
    for text in sum(project["optional-dependencies"].values(), project["dependencies"]):
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[requirement.name]), text


def test_training_needs_nothing_but_torch_and_a_few():
    """A bare GPU machine has no Jupyter, no plotting, no command-line library."""
    missing = ("torchvision", "matplotlib", "seaborn", "IPython", "jupyterlab", "papermill", "ipywidgets", "nbformat",
               "facenet_pytorch", "sklearn", "skimage", "scipy", "jupytext", "cleanlab", "snakemake")  # fmt: skip
    code = f"""
import sys
sys.modules.update(dict.fromkeys({missing}))  # importing any of them now fails
from scnlib.cli import main
for backbone in ("small", "resnet18"):
    assert main(["run", "--profile", "smoke", "--data", "n=40", "--backbone", backbone]) == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_readme_names_every_command_of_the_makefile():
    targets = re.findall(r"^([a-z]+):.*## ", (project_root() / "Makefile").read_text(), flags=re.MULTILINE)
    readme = (project_root() / "README.md").read_text()
    missing = [target for target in targets if target != "help" and f"make {target}" not in readme]
    assert not missing
