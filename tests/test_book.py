"""The book's parts agree with the course: nothing is built here, `make book` checks links, alt texts and warnings."""

import re

import nbformat
import pytest

from book import build, check
from scnlib.course.lessons import LESSONS, notebooks_dir
from scnlib.methods import METHODS
from scnlib.paths import project_root

BOOK = project_root() / "book"
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
NUMBERS = {path.name.split("_")[0] for path in notebooks_dir().glob("[0-9A]*_*.ipynb")}


def links(text):
    return [(words, target) for words, target in re.findall(r"\[([^\]]+)\]\(([^)\s]+)\)", text) if "://" not in target]


def headings(path):
    """The anchors of a notebook's headings, as the book makes them."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    titles = re.findall(r"^#+ (.*)$", "\n".join(cells), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", build.PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_a_place_in_it(name):
    path = project_root() / name
    for words, target in links(path.read_text(encoding="utf-8")):
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        where = found.relative_to(project_root()).as_posix()
        assert found.is_file() or where in build.WRITTEN, f"{name}: [{words}]({target})"
        if anchor and found.suffix == ".ipynb":
            assert anchor in headings(found), f"{name}: [{words}]({target})"


def test_the_table_of_contents_names_every_page_once():
    text = (BOOK / "index.md").read_text(encoding="utf-8")
    listed = [line for block in re.findall(r"```{toctree}\n(.*?)```", text, flags=re.DOTALL) for line in block.split()]
    pages = {build._page(name).removesuffix(".md") for name in (*build.PAGES, *build.WRITTEN)} - {"index"}
    named = [line for line in listed if line in pages]
    assert sorted(named) == sorted(pages)
    assert "lessons/*" in listed


def test_the_semester_holds_every_lesson_and_fourteen_weeks():
    guide = (BOOK / "guide.md").read_text(encoding="utf-8")
    plan = guide.split("### One semester")[1].split("\n## ")[0]
    weeks = re.findall(r"^\| (\d+) \| (.*?) \|", plan, flags=re.MULTILINE)
    assert [int(week) for week, _ in weeks] == list(range(1, 15))
    planned = [words for _, cell in weeks for words, _ in links(cell)]
    assert sorted(planned) == sorted(NUMBERS)
    assert set(planned) <= {number for number, _, _ in LESSONS}


def test_exercises_that_the_guide_names_exist_and_every_explanation_has_its_key():
    guide = (BOOK / "guide.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (notebooks_dir() / "source" / "solutions").glob("*.py")]
    kinds = dict(re.findall(r"^# ## (\d\d\.\d) (\w+)", "\n".join(sources), flags=re.MULTILINE))
    named = set(re.findall(r"\b(\d\d\.\d)\b", guide))
    assert named <= set(kinds)
    marking = guide.split("## Marking")[1]
    assert {number for number, kind in kinds.items() if kind == "Explain"} <= set(re.findall(r"\d\d\.\d", marking))


def test_every_term_has_a_sentence_and_a_lesson_that_exists():
    text = (BOOK / "glossary.md").read_text(encoding="utf-8")
    entries = text.split("```{glossary}\n")[1].split("```")[0].strip().split("\n\n")
    terms = [entry.splitlines()[0] for entry in entries]
    assert len(terms) > 40 and len(set(terms)) == len(terms)
    for entry in entries:
        term, *lines = entry.splitlines()
        assert len(lines) == 1 and lines[0].startswith("  "), term
        ((number, target),) = links(lines[0])
        assert (BOOK / target).is_file() and target.split("/")[-1].startswith(f"{number}_"), term
    for wanted in ("alpha", "beta", "gamma", "delta 1", "delta 2", "AUROC", "memorisation", "profile", "run key"):
        assert any(term.startswith(wanted) for term in terms), wanted


def test_every_method_and_every_cited_work_is_in_the_bibliography():
    works = build.bibliography()
    keys = [work["key"] for work in works]
    assert len(set(keys)) == len(keys)
    followed = {name for work in works for name in work.get("methods", [])}
    assert followed == set(METHODS)
    for path in sorted((notebooks_dir() / "source").glob("*.py")):
        for title in build.cited_titles(path.read_text(encoding="utf-8")):
            assert build.find_work(title, works), f"{path.name} cites {title!r}, which book/bibliography.toml lacks"


def test_titles_in_references_become_links_and_a_star_in_a_name_does_not():
    works = [{"key": "a2020", "title": "A Title: With More"}, {"key": "b2021", "title": "Other", "also": "Nick"}]
    text = "- A: *A\n  Title*, FAT* 2019. B: *Nick*, C: *Unknown*, FAT* 2020."
    linked = build.link_references(text, works)
    assert linked == "- A: [*A\n  Title*](#a2020), FAT* 2019. B: [*Nick*](#b2021), C: *Unknown*, FAT* 2020."


def page_of(plain, executed, works=()):
    return nbformat.reads(build.lesson_page(plain, executed, "quick", list(works)), as_version=4)


@pytest.fixture
def lesson(tmp_path):
    notebook = nbformat.v4.new_notebook(metadata=KERNEL)
    notebook.cells = [nbformat.v4.new_markdown_cell("# Title\n\nWords"), nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(notebook, tmp_path / "04_title.ipynb")
    return tmp_path / "04_title.ipynb", notebook


def test_a_lesson_that_ran_stands_with_its_outputs_and_without_machine_paths(lesson, tmp_path):
    plain, notebook = lesson
    notebook.metadata["papermill"] = {"input_path": "/home/somebody/04.ipynb"}
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    injected = nbformat.v4.new_code_cell("profile = 'quick'", metadata={"tags": ["injected-parameters"]})
    notebook.cells.insert(1, injected)
    nbformat.write(notebook, tmp_path / "ran.ipynb")
    page = page_of(plain, tmp_path / "ran.ipynb")
    assert [cell.source for cell in page.cells] == ["# 04 · Title\n\nWords", "1 + 1"]
    assert page.cells[1].outputs[0].text == "2"
    assert "somebody" not in nbformat.writes(page)


@pytest.mark.parametrize("case, words", [("missing", "has not been run"), ("failed", "failed"), ("old", "has changed")])
def test_a_lesson_that_did_not_run_as_it_stands_says_so(lesson, tmp_path, case, words):
    plain, notebook = lesson
    if case == "failed":
        notebook.cells[1].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]
    if case == "old":
        notebook.cells[1].source = "1 + 2"
    if case != "missing":
        nbformat.write(notebook, tmp_path / "ran.ipynb")
    page = page_of(plain, tmp_path / "ran.ipynb")
    assert "{warning}" in page.cells[1].source and words in page.cells[1].source
    assert len(page.cells) == 3


def test_without_executed_lessons_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("SCN_OUT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="make reproduce PROFILE=smoke"):
        build.build("smoke")
    with pytest.raises(ValueError, match="unknown profile"):
        build.build("fast")


def test_the_report_keeps_its_tables_and_its_links_lead_into_the_book(tmp_path):
    (tmp_path / "report.html").write_text(
        '<html><body><h1>R</h1><h2>A &amp; B</h2><table></table><a href="04_x.html">read</a>'
        ' · <a href="04_x.ipynb">notebook</a> · <a href="logs/04_x.log">log</a></body></html>'
    )
    page = build.report_page(tmp_path, "quick")
    assert "## A & B" in page and "<table></table>" in page and "logs/" not in page
    assert 'href="lessons/04_x.html"' in page and 'href="_sources/lessons/04_x.ipynb"' in page
    assert "There is none" in build.report_page(tmp_path / "nowhere", "quick")


GOOD = '<a href="b.html#there">b</a><img src="p.png" alt="a picture"><a href="https://example.org">out</a>'


@pytest.mark.parametrize(
    "body, complaint",
    [
        (GOOD, None),
        ('<a href="c.html">c</a>', "c.html leads nowhere"),
        ('<a href="b.html#elsewhere">b</a>', "names a place that is not there"),
        ('<img src="p.png">', "no alt text"),
        ('<img src="p.png" alt=" ">', "no alt text"),
        ('<script src="https://cdn.example.org/x.js"></script>', "would fetch https://cdn.example.org/x.js"),
        ('<link rel="stylesheet" href="//cdn.example.org/x.css">', "would fetch"),
    ],
)
def test_what_the_check_of_a_site_finds(tmp_path, body, complaint):
    (tmp_path / "a.html").write_text(f"<html><body>{body}</body></html>")
    (tmp_path / "b.html").write_text('<html><body><h1 id="there">B</h1></body></html>')
    (tmp_path / "p.png").write_bytes(b"")
    found = check.problems(tmp_path)
    assert (not found) if complaint is None else (len(found) == 1 and complaint in found[0]), found


def test_lessons_lead_to_hosted_notebooks_once_there_is_an_address():
    named = "title: x\nrepository-code: https://github.com/some-one/scn.course\nversion: 1\n"
    links = build.hosted("04_baseline.ipynb", named)
    assert "https://colab.research.google.com/github/some-one/scn.course/blob/main/notebooks/04_baseline.ipynb" in links
    assert "https://mybinder.org/v2/gh/some-one/scn.course/main?urlpath=lab/tree/notebooks/04_baseline.ipynb" in links
    assert build.hosted("04_baseline.ipynb", named.replace(".course", ".course.git")) == links
    for other in ("title: x\n", "repository-code: https://gitlab.com/a/b\n", "url: https://github.com/a/b\n"):
        assert build.hosted("04_baseline.ipynb", other) == ""
    assert "repository-code" in (project_root() / "book/guide.md").read_text(), "the guide says where the address goes"
