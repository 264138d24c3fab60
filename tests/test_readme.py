"""What the README says can be done: its lines of Python run, its lessons are there."""

import re

import torch

from scnlib.course.lessons import LESSONS
from scnlib.models import make_backbone, normalize
from scnlib.paths import project_root

from .conftest import make_faces

README = (project_root() / "README.md").read_text(encoding="utf-8")


def test_the_parts_are_used_as_it_says(squares):
    section = README.split("## Use the parts")[1].split("\n## ")[0]
    loop, training = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    space = {}
    exec(compile(loop, "README.md", "exec"), space)
    faces = make_faces()
    batches = [(normalize(faces.images[index]), index) for index in torch.arange(64).split(16)]

    def train(relabel_epoch):
        torch.manual_seed(0)  # of the two heads
        network = make_backbone("small", 32, 0)
        return space["train_scn"](network, batches, faces.labels, 4, epochs=12, relabel_epoch=relabel_epoch)

    _, kept = train(relabel_epoch=13)
    assert torch.equal(kept, faces.labels), "before its epoch nothing is relabelled"
    model, current = train(relabel_epoch=9)
    logits, alpha = model.eval()(normalize(faces.images))
    assert (logits.argmax(1) == faces.true_labels).float().mean() > 0.5 and alpha.std() > 0
    changed = current != faces.labels
    assert (current == faces.true_labels)[changed].float().mean() > 0.5, "most new labels are right"
    exec(compile(training.replace('"quick"', '"smoke"'), "README.md", "exec"), space)
    assert len(space["run"].metrics) == space["run"].config.epochs


def test_every_lesson_is_listed():
    listed = dict(re.findall(r"\[(\w\d)\]\((notebooks/\w+\.ipynb)\)", README))
    assert list(listed) and {number: listed[number].split("/")[1][:2] for number, *_ in LESSONS} == {
        n: n for n, *_ in LESSONS
    }
    assert all((project_root() / path).is_file() for path in listed.values())
    assert all(f"{listed[number]}) {title}" in README for number, title, _ in LESSONS)
