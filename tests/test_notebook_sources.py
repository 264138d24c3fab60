"""The house rules of lessons, checked on their sources."""

import ast
import itertools
import math
import re

import pytest

from scnlib.course import notebooks
from scnlib.course.lessons import LESSONS, notebooks_dir

#: A line of a cell that is a sentence or an alt text and no code.
PROSE = r' *(alt=|note=)?f?"(?:[^"\\]|\\.)*"[,)]*$'
SOURCES = sorted((notebooks_dir() / "source").glob("*.py"))


def cells(path):
    """(type, source, tags) of every cell."""
    import jupytext

    found = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells
    return [(cell.cell_type, cell.source, cell.metadata.get("tags", [])) for cell in found]


def code_of(path):
    return "\n".join(source for kind, source, _ in cells(path) if kind == "code")


def test_notebooks_are_what_their_sources_say():
    found = notebooks.differences()
    assert not found, "\n".join([*found, notebooks.ADVICE])


def test_every_lesson_is_there():
    assert [path.name[:2] for path in SOURCES] == [number for number, _, _ in LESSONS]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
class TestLesson:
    def test_begins_with_title_parameters_and_start(self, path):
        (first, title, _), (second, parameters, tags), (third, begin, _) = cells(path)[:3]
        assert (first, second, third) == ("markdown", "code", "code")
        for part in ("# ", "*After this lesson", "**You will**", "**You need**", "**Time**", "**Data**", "**Paper**"):
            assert part in title, part
        assert tags == ["parameters"]
        assert f'start("{path.stem}", profile=profile, seed=seed)' in begin
        for statement in ast.parse(parameters).body:
            assert isinstance(statement, ast.Assign), "the parameters cell holds literals only"
            assert isinstance(ast.literal_eval(statement.value), str | int | float | bool | list | dict | None)

    def test_names_the_time_to_read_by_one_rule(self, path):
        """130 words of text a minute and a minute for each guess, rounded up to five."""
        text = "\n".join(source for kind, source, _ in cells(path) if kind == "markdown")
        minutes = len(text.split()) / 130 + text.count("**Predict")
        assert f"| **Time** | {5 * math.ceil(minutes / 5)} minutes to read, " in text

    def test_has_few_short_cells(self, path):
        shown = [
            [line for line in source.splitlines() if line.strip()]
            for kind, source, tags in cells(path)
            if kind == "code" and "remove-cell" not in tags
        ]
        lengths = [len([line for line in lines if not re.match(PROSE, line)]) for lines in shown]
        assert 25 <= len(cells(path)) <= 60
        assert max(lengths) <= 15
        assert max(len(line) for lines in shown for line in lines) <= 120, "it would have to be scrolled"
        assert 3 <= sorted(lengths)[len(lengths) // 2] <= 8

    def test_has_one_title_and_skips_no_level(self, path):
        text = "\n".join(source for kind, source, _ in cells(path) if kind == "markdown")
        levels = [len(marks) for marks in re.findall(r"^(#+) ", text, flags=re.MULTILINE)]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))

    def test_no_heading_hides_in_a_code_cell(self, path):
        assert not re.findall(r"^#+ #+ .*", code_of(path), flags=re.MULTILINE), "a %% [markdown] line is missing"

    def test_asks_before_it_shows_and_ends_as_it_should(self, path):
        text = "\n".join(source for kind, source, _ in cells(path) if kind == "markdown")
        assert text.count("**Predict") >= 3
        endings = ("Recap", "What would change our mind", "Exercises", "References")
        places = [text.index(f"\n## {title}") for title in endings]
        assert places == sorted(places)

    def test_ends_with_hidden_asserts(self, path):
        kind, source, tags = cells(path)[-1]
        assert (kind, tags) == ("code", ["remove-cell"])
        assert "assert " in source

    def test_every_figure_has_an_alt_text(self, path):
        calls = [node for node in ast.walk(ast.parse(code_of(path))) if isinstance(node, ast.Call)]
        methods = [call for call in calls if isinstance(call.func, ast.Attribute)]
        saves = [call for call in methods if call.func.attr == "save"]
        brings_its_own = [call for call in methods if call.func.attr == "full_scale"]
        assert len(saves) + len(brings_its_own) >= 4
        names = [ast.literal_eval(call.args[1]) for call in saves]
        assert len(set(names)) == len(names)
        for call in saves:
            alt = {keyword.arg: keyword.value for keyword in call.keywords}["alt"]
            assert len(ast.literal_eval(alt).split()) >= 8

    def test_imports_nothing_that_hangs_a_headless_run(self, path):
        assert not re.search(r"ipywidgets|tqdm", code_of(path))

    def test_knows_no_folder_of_its_own(self, path):
        assert not re.search(r"open\(|Path\(|os\.|\.\./", code_of(path))
