"""``make book``: a site of the executed lessons, their exercises, the report and the reference, for reading offline.

    python -m book.build --profile quick

    out/quick/*.ipynb, notebooks/, book/*.md, scnlib's docstrings    what goes in
    out/book-sources/                                                the same as one folder of pages
    out/book/index.html                                              the site; copy the folder anywhere

Nothing is executed again. A lesson that `make reproduce` has not left in out/<profile>, or that failed there, or whose
text has changed since, stands in the book with a box that says so.
"""

import argparse
import csv
import html
import importlib.util
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat

import scnlib
from book.check import problems
from scnlib.config import LESSON_PROFILES
from scnlib.course.lessons import notebooks_dir
from scnlib.errors import ScnError
from scnlib.paths import out_dir, project_root, results_dir

#: Pages of the repository that are pages of the book as well.
PAGES = ("book/index.md", "book/guide.md", "book/glossary.md", "book/exercises.md", "book/solutions.md",
         "book/slides.md", "CHANGELOG.md", "CONTRIBUTING.md", "data/README.md")  # fmt: skip

#: Pages that are written here, by the name under which the others link to them.
WRITTEN = {
    "book/bibliography.toml": "bibliography.md",
    "book/report.md": "report.md",
    "data/results/attacks.csv": "attacks.md",
    "book/api/index.md": "api/index.md",
}

_ADDRESS = re.compile(r"^repository-code: *https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?$", re.MULTILINE)
_TITLE = re.compile(r"(?<![\w*])\*(?=\w)([^*]+)(?<=\S)\*(?![\w*])")


def build(profile: str = "quick") -> Path:
    """Build the site and return its first page.

    Raises:
        ValueError: unknown profile.
        FileNotFoundError: if no lesson was executed in this profile.
        ScnError: if Sphinx warns, or a link, an alt text or a file is missing in what it wrote.
    """
    if profile not in LESSON_PROFILES:
        raise ValueError(f"unknown profile {profile!r}; known: {', '.join(LESSON_PROFILES)}")
    executed, sources, site = out_dir() / profile, out_dir() / "book-sources", out_dir() / "book"
    if not list(executed.glob("[0-9A]*_*.ipynb")):
        raise FileNotFoundError(
            f"{executed} holds no executed lesson: `make reproduce PROFILE={profile}` makes them, `make lesson NN=04 "
            f"PROFILE={profile}` makes one"
        )
    for folder in (sources, site):
        shutil.rmtree(folder, ignore_errors=True)
    gather(sources, executed, profile)
    words = ["-m", "sphinx", "-b", "html", "-c", str(project_root() / "book"), "-W", "--keep-going", "-q"]
    if subprocess.run([sys.executable, *words, str(sources), str(site)], check=False).returncode:
        raise ScnError(f"Sphinx was not content with {sources}; its warnings stand above")
    for left in (site / ".doctrees", site.parent / "jupyter_execute"):
        shutil.rmtree(left, ignore_errors=True)
    if found := problems(site):
        raise ScnError("\n".join([f"{len(found)} problems in {site}", *found]))
    return site / "index.html"


def gather(sources: Path, executed: Path, profile: str) -> None:
    """Write all pages of the book as Markdown and notebooks into ``sources``."""
    works = bibliography()
    for name in PAGES:
        _write(sources / _page(name), _relink((project_root() / name).read_text(encoding="utf-8"), name))
    _write(sources / "bibliography.md", bibliography_page(works))
    for lesson in sorted(notebooks_dir().glob("[0-9A]*_*.ipynb")):
        _write(sources / "lessons" / lesson.name, lesson_page(lesson, executed / lesson.name, profile, works))
    for part in ("exercises", "solutions"):
        for path in sorted((notebooks_dir() / part).glob("*.ipynb")):
            notebook = nbformat.read(path, as_version=4)
            _number(notebook, path.name)
            _write(sources / "lessons" / part / path.name, nbformat.writes(notebook, ensure_ascii=False))
    _write(sources / "report.md", report_page(executed, profile))
    _write(sources / "attacks.md", attacks_page(results_dir() / "attacks.csv"))
    if (executed / "figures").is_dir():
        shutil.copytree(executed / "figures", sources / "extra" / "figures")
    font = Path(importlib.util.find_spec("ziamath").origin).parent / "fonts" / "STIXTwoMath-Regular.ttf"
    (sources / "extra" / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(font, sources / "extra" / "fonts")  # a brace grows with its formula only in a font made for formulas
    for name, text in reference_pages().items():
        _write(sources / "api" / f"{name}.md", text)


def lesson_page(lesson: Path, executed: Path, profile: str, works: list[dict]) -> str:
    """The executed notebook with links from its references to the bibliography; the lesson as it is where it fails.

    Args:
        lesson: what people open, without outputs.
        executed: the same as papermill left it, if it did.
        profile: that it was executed in.
        works: of the bibliography.
    """
    plain = nbformat.read(lesson, as_version=4)
    notebook, note = plain, f"It has not been run in the profile `{profile}`; `make reproduce` does it."
    if executed.is_file():
        found = nbformat.read(executed, as_version=4)
        own = [cell for cell in found.cells if not {"injected-parameters", "papermill-error-cell-tag"} & _tags(cell)]
        if any(output.output_type == "error" for cell in own for output in cell.get("outputs", [])):
            note = f"It failed when it was run in the profile `{profile}`: see its log."
        else:
            notebook = found
            same = [cell.source for cell in own] == [cell.source for cell in plain.cells]
            note = "" if same else "Its text has changed since it was run; this is how it was."
    notebook.metadata = {name: notebook.metadata[name] for name in ("kernelspec", "language_info")}
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in _tags(cell)]
    _number(notebook, lesson.name)
    for cell in notebook.cells:
        cell.metadata = {"tags": sorted(_tags(cell))}
        if cell.cell_type == "markdown" and "## References" in cell.source:
            text, references = cell.source.split("## References")
            cell.source = f"{text}## References{link_references(references, works)}"
    if note:
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(f":::{{warning}}\n{note}\n:::"))
    if links := hosted(lesson.name, (project_root() / "CITATION.cff").read_text(encoding="utf-8")):
        notebook.cells.insert(1, nbformat.v4.new_markdown_cell(links))
    return nbformat.writes(notebook, ensure_ascii=False)


def hosted(name: str, citation: str) -> str:
    """Links that open a lesson on Colab and on Binder, as Markdown; "" while the project has no address on GitHub.

    Args:
        name: of the lesson's file.
        citation: text of CITATION.cff; ``repository-code: https://github.com/OWNER/NAME`` is the address.
    """
    found = _ADDRESS.search(citation)
    if not found:
        return ""
    colab = f"https://colab.research.google.com/github/{found[1]}/blob/main/notebooks/{name}"
    binder = f"https://mybinder.org/v2/gh/{found[1]}/main?urlpath=lab/tree/notebooks/{name}"
    guide = "[after a first cell that installs](../guide.md#on-somebody-elses-machine)"
    return f"*Run it elsewhere*: on [Colab]({colab}), {guide}, or on [Binder]({binder})."


def link_references(text: str, works: list[dict]) -> str:
    """Titles in emphasis become links to the bibliography, where it has them."""

    def link(match: re.Match) -> str:
        work = find_work(match[1], works)
        return f"[{match[0]}](#{work['key']})" if work else match[0]

    return _TITLE.sub(link, text)


def find_work(title: str, works: list[dict]) -> dict | None:
    """The work whose title begins with these words, small differences in writing aside."""
    wanted = _plain(title)
    return next(
        (work for work in works if _plain(work["title"]).startswith(wanted) or _plain(work.get("also", "")) == wanted),
        None,
    )


def bibliography() -> list[dict]:
    """The works of ``book/bibliography.toml``: key, authors, title, where; of some also, note, methods."""
    return tomllib.loads((project_root() / "book" / "bibliography.toml").read_text(encoding="utf-8"))["work"]


def cited_titles(source: str) -> list[str]:
    """What stands in emphasis in the references of a lesson's text (py:percent)."""
    if "# ## References" not in source:
        return []
    cell = source.split("# ## References")[1].split("# %%")[0]
    text = " ".join(line.removeprefix("#").strip() for line in cell.splitlines())
    return _TITLE.findall(text)


def bibliography_page(works: list[dict]) -> str:
    """The bibliography as Markdown, each work with the lessons and methods that rest on it."""
    cited: dict[str, list[str]] = {}
    for path in sorted((notebooks_dir() / "source").glob("*.py")):
        for title in dict.fromkeys(cited_titles(path.read_text(encoding="utf-8"))):
            if work := find_work(title, works):
                cited.setdefault(work["key"], []).append(f"[{path.stem[:2]}](lessons/{path.stem}.ipynb)")
    parts = [
        "# Bibliography\n\nWorks that the lessons cite, that a method is built on, or whose numbers stand in a table. "
        "Given is what our sources print; what they do not print is left out.\n"
    ]
    for work in sorted(works, key=lambda work: work["key"]):
        methods = [f"`{name}`" for name in work.get("methods", [])]
        uses = [work["note"]] if "note" in work else []
        uses += [f"lesson {', '.join(dict.fromkeys(cited[work['key']]))}"] if work["key"] in cited else []
        uses += [f"method {', '.join(methods)}"] if methods else []
        tail = f" ({'; '.join(uses)})" if uses else ""
        parts.append(f"({work['key']})=\n{work['authors']}: **{work['title']}.** {work['where']}.{tail}\n")
    return "\n".join(parts)


def report_page(executed: Path, profile: str) -> str:
    """``report.html`` as a page: its headings are the book's, its tables stay as they are."""
    path = executed / "report.html"
    if not path.is_file():
        return f"# The report\n\nThere is none yet: `make reproduce PROFILE={profile}` writes it.\n"
    body = path.read_text(encoding="utf-8").split("<body>")[1].split("</body>")[0]
    body = re.sub(r' · <a href="logs/[^"]*">log</a>', "", body)
    body = re.sub(r'<a href="([0-9A]\w+)\.html">read</a>', r'<a href="lessons/\1.html">read</a>', body)
    body = re.sub(r'href="([0-9A]\w+\.ipynb)"', r'href="_sources/lessons/\1"', body)
    first, *sections = re.split(r"<h2>(.*?)</h2>", re.sub(r"<h1>.*?</h1>", "", body))
    parts = [f"# The report: profile {profile}", _raw(first)]
    for title, content in zip(sections[::2], sections[1::2], strict=True):
        parts += [f"## {html.unescape(title)}", _raw(content)]
    return "\n\n".join(parts) + "\n"


def attacks_page(path: Path) -> str:
    """What was tried on the project and survived, as tables in Markdown, one for each kind of attack.

    Args:
        path: of the CSV that `make attacks` writes.
    """
    title = "# What was tried, and survived\n\n"
    if not path.is_file():
        return f"{title}There is no table yet: `make attacks` writes it.\n"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    cases = {word: sum(int(row["cases"]) for row in rows if row["outcome"] == word)
             for word in ("passed", "failed", "skipped")}  # fmt: skip
    others = "".join(f", {cases[word]} {word}" for word in ("failed", "skipped") if cases[word])
    parts = [
        f"{title}Whatever reads, writes or runs is attacked by tests that stay. A row is what a test says of itself, "
        f"with its outcome when `make attacks` last ran them: {cases['passed']} of {sum(cases.values())} cases passed"
        f"{others}. `data/results/attacks.csv` names the tests, which lie in `tests/robustness`.\n"
    ]
    for area in dict.fromkeys(row["area"] for row in rows):
        mine = [row for row in rows if row["area"] == area]
        parts += [f"## {area}\n", "| what was tried | what happens | cases |\n|---|---|---|"]
        parts += [f"| {_cell(row['tried'])} | {_cell(row['survived'])} | {_outcome(row)} |" for row in mine]
        parts.append("")
    return "\n".join(parts)


def reference_pages() -> dict[str, str]:
    """A page of reference for each room of scnlib and one for the modules beside them, from the docstrings."""
    rooms: dict[str, list[str]] = {}
    for module in pkgutil.walk_packages(scnlib.__path__, "scnlib."):
        parts = module.name.split(".")
        if not parts[-1].startswith("_"):
            room = parts[1] if module.ispkg or len(parts) > 2 else "scnlib"
            rooms.setdefault(room, []).append(module.name)
    pages = {}
    for room, modules in sorted(rooms.items()):
        body = [
            f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :ignore-module-all:\n```" for name in modules
        ]
        named = [f"## {name}\n\n{text}" for name, text in zip(modules, body, strict=True)]
        pages[room] = "\n\n".join([f"# {'Modules of scnlib' if room == 'scnlib' else f'scnlib.{room}'}", *named]) + "\n"
    pages["index"] = (
        "# Reference\n\nEvery public function and class, from its docstring: formula, shapes, ranges, errors, and the "
        "equation or paper it follows.\n\n```{toctree}\n:maxdepth: 1\n" + "\n".join(pages) + "\n```\n"
    )
    return pages


def _relink(text: str, name: str) -> str:
    """Links between files of the repository become links between pages of the book."""
    folder = (project_root() / name).parent

    def target(match: re.Match) -> str:
        path, hash_, anchor = match[2].partition("#")
        if not path or "://" in path:
            return match[0]
        file = (folder / path).resolve().relative_to(project_root()).as_posix()
        page = _page(file)
        if page is None:
            return f"{match[1]} (`{file}`)"
        up = "../" * _page(name).count("/")
        return f"[{match[1]}]({up}{page}{hash_}{anchor})"

    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", target, text)


def _page(file: str) -> str | None:
    """Where a file of the repository stands in the book; None if it is not in it."""
    if file in PAGES:
        return {"data/README.md": "data.md"}.get(file, Path(file).name.lower())
    if file in WRITTEN:
        return WRITTEN[file]
    return f"lessons/{file.removeprefix('notebooks/')}" if re.fullmatch(r"notebooks/.*\.ipynb", file) else None


def _plain(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


def _number(notebook: nbformat.NotebookNode, name: str) -> None:
    """Put the lesson's number before its title, for the list of contents."""
    notebook.cells[0].source = notebook.cells[0].source.replace("# ", f"# {name.split('_')[0]} · ", 1)


def _raw(content: str) -> str:
    fence = "`" * max(4, 1 + max(map(len, re.findall("`+", content)), default=0))  # what it holds must not end it
    return f"{fence}{{raw}} html\n{content.strip()}\n{fence}" if content.strip() else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def _outcome(row: dict[str, str]) -> str:
    return f"skipped: {_cell(row['reason'])}" if row["outcome"] == "skipped" else f"{row['cases']} {row['outcome']}"


def _tags(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m book.build", description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="quick", help="whose executed lessons (default quick)")
    try:
        print(f"written: {build(parser.parse_args(arguments).profile)}")
    except (ScnError, ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
