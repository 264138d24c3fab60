"""What the README says can be done: its lines of Python run, its lessons are there."""

import re

import torch

from scnlib.course.lessons import LESSONS
from scnlib.paths import project_root
from scnlib.relabel import relabel

README = (project_root() / "README.md").read_text(encoding="utf-8")


def test_the_parts_are_used_as_it_says(squares):
    section = README.split("## Use the parts")[1].split("\n## ")[0]
    loss, training = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    logits, given = (
        torch.randn(20, 7, generator=torch.Generator().manual_seed(0), requires_grad=True),
        torch.arange(20) % 7,
    )
    space = {"logits": logits, "alpha": torch.linspace(0.1, 0.9, 20), "labels": given}
    exec(compile(loss, "README.md", "exec"), space)
    space["loss"].backward()
    assert logits.grad.abs().sum() > 0
    expected, _ = relabel(logits.softmax(1), given, space["alpha"])
    assert torch.equal(space["labels"], expected) and torch.equal(space["changed"], expected != given)
    exec(compile(training.replace('"quick"', '"smoke"'), "README.md", "exec"), space)
    assert len(space["run"].metrics) == space["run"].config.epochs


def test_every_lesson_is_listed():
    listed = dict(re.findall(r"\[(\w\d)\]\((notebooks/\w+\.ipynb)\)", README))
    assert list(listed) and {number: listed[number].split("/")[1][:2] for number, *_ in LESSONS} == {
        n: n for n, *_ in LESSONS
    }
    assert all((project_root() / path).is_file() for path in listed.values())
    assert all(f"{listed[number]}) {title}" in README for number, title, _ in LESSONS)
