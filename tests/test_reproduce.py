"""Lessons run as readers run them, a failure names lesson, cell and log, and the report says no more than is so."""

import html.parser
import json

import nbformat
import pytest

from scnlib import report, reproduce, runs
from scnlib.config import profile_config


def lesson(folder, name, *cells):
    parameters = nbformat.v4.new_code_cell('profile = "quick"', metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# Title"), parameters, *map(nbformat.v4.new_code_cell, cells)]
    )
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / f"{name}.ipynb")


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "notebooks" / "exercises").mkdir(parents=True)
    monkeypatch.setattr(reproduce, "project_root", lambda: tmp_path)
    return tmp_path / "notebooks"


def test_a_failure_names_lesson_cell_and_log_and_the_rest_still_runs(project, tmp_path, capsys):
    lesson(project, "00_bad", "x = 1", "raise ValueError('this cell fails')", "x = 2")
    lesson(project, "03_wrong", "print('Terms: yours to know.')", "assert 1 < 2\nassert 2 < 1")
    lesson(project, "01_dead", "import os; os._exit(9)")
    lesson(project, "02_good", "print('profile is', profile)")
    (project / "notes.ipynb").write_text("not a lesson")
    with pytest.raises(reproduce.LessonsFailed) as failure:
        reproduce.reproduce("smoke")
    message = str(failure.value)
    assert "3 of 4 lessons failed" in message
    assert "00_bad, cell 4 (raise ValueError('this cell fails')): ValueError: this cell fails" in message
    assert "00_bad.log" in message
    assert "03_wrong, cell 4 (assert 1 < 2): AssertionError: assert 2 < 1" in message
    assert "01_dead, cell 3 (import os; os._exit(9))" in message
    folder = tmp_path / "out" / "smoke"
    assert "profile is smoke" in (folder / "logs" / "02_good.log").read_text()
    page = (folder / "report.html").read_text()
    assert "1 of 4 lessons ran" in page
    assert page.count("failed in cell") == 3
    assert "02_good: done" in capsys.readouterr().out


def test_unknown_lessons_and_profiles_are_named(project):
    lesson(project, "04_baseline", "1")
    with pytest.raises(ValueError, match="there is no lesson 05; there are 04"):
        reproduce.lessons(["05"])
    with pytest.raises(ValueError, match="unknown profile 'slow'; known: smoke, quick, paper"):
        reproduce.reproduce("slow")


class Checker(html.parser.HTMLParser):
    """Collects what an accessible, self-contained page must have."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.outside, self.scripts = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        if tag == "img":
            self.images.append(attrs.get("alt"))
        self.scripts += tag == "script"
        self.outside += [v for k, v in attrs.items() if k in ("src", "href") and v.startswith("http")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_is_whole_accessible_and_shows_origins(squares, tmp_path):
    runs.run(profile_config("smoke", noise_rate=0.3, method="baseline"), progress=False)
    folder = tmp_path / "out" / "smoke"
    (folder / "figures").mkdir(parents=True)
    entry = {"file": "a.svg", "alt": 'A "figure" & more <b>'}
    (folder / "figures" / "index.json").write_text(json.dumps({"a": entry}))
    page = report.write(folder, "smoke", []).read_text()
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    assert checker.images == [entry["alt"]]
    assert checker.outside == []
    assert checker.scripts == 0
    assert "1 measured here" in page
    assert "70.45" in page  # a published number
    assert "needs MS-Celeb-1M weights" in page
    assert "claims judged" in page


def test_old_and_odd_runs_do_not_cost_the_report(squares, tmp_path, monkeypatch):
    config = profile_config("smoke", noise_rate=0.3)
    runs.run(config, progress=False)
    monkeypatch.setattr(runs, "RECIPE_VERSION", -1)  # the same config under older code
    runs.run(config, progress=False)
    odd = runs.run(profile_config("smoke", seed=3), progress=False).path
    (odd / "config.json").write_text('{"key": "x", "colour": "red"}')
    folder = tmp_path / "out" / "smoke"
    folder.mkdir(parents=True)
    page = report.write(folder, "smoke", []).read_text()
    assert "1 measured here" in page
    assert f"Left out: {odd.name}" in page
