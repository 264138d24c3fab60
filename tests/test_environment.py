"""What is said in two places agrees: versions, commands, and which room may import which."""

import ast
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


def test_imports_point_one_way_as_contributing_says():
    block = (project_root() / "CONTRIBUTING.md").read_text().split("## The order of imports")[1].split("\n## ")[0]
    rows = [re.split(r"  +", line.strip())[0] for line in block.splitlines() if line.startswith("    ")]
    steps = re.split(r"\n|->", re.sub(r"(,|->)\n", r"\1 ", "\n".join(rows)))
    height = {name: number for number, step in enumerate(steps) for name in re.findall(r"\w+", step)}
    folder = project_root() / "scnlib"
    files = [(path, path.relative_to(folder).parts[0].removesuffix(".py")) for path in folder.rglob("*.py")]
    assert set(height) == {room for _, room in files} - {"__init__"}
    wrong = [
        f"{path.relative_to(folder)} imports {other}"
        for path, room in files
        for other in rooms_imported(path)
        if other in height and other != room and height[other] >= height[room]
    ]
    assert not wrong


def rooms_imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name.split(".")[1] for name in names if name.startswith("scnlib."))
