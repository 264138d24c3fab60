"""From what we write to what people open.

    notebooks/source/NN_name.py             -> notebooks/NN_name.ipynb
    notebooks/source/solutions/NN_name.py   -> notebooks/solutions/NN_name.ipynb, and without its solutions
    notebooks/source/quizzes/NN_name.toml   -> with that: notebooks/exercises/NN_name.ipynb; without it, the quiz alone

python -m scnlib.course.notebooks            write the notebooks
python -m scnlib.course.notebooks --check    fail if one is not what its source says

What stands between ``# solution:`` and ``# end``, or behind ``=`` on a line that ends with ``# solution``, becomes
``...`` in the exercises; a cell tagged ``solution`` becomes a place to write.
"""

import argparse
import hashlib
import json
import math
import re
import sys
from pathlib import Path

from scnlib.course import quizzes
from scnlib.course.lessons import notebooks_dir
from scnlib.files import write

_BLOCK = re.compile(r"^( *)# solution:\n(.*?)^ *# end(?:\n|$)", flags=re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^( *\w+ = )(.*?)  # solution$", flags=re.MULTILINE)
_MARKS = re.compile(r"^ *# (?:solution:|end)(?:\n|$)|  # solution$", flags=re.MULTILINE)
_RUN = (
    "{name} was run and saved: clear its outputs (JupyterLab: Edit, Clear Outputs of All Cells) and save it, or, to "
    "keep them, move it away"
)
#: What to do about ``differences``.
ADVICE = "Then `make notebooks` (`python -m scnlib.course.notebooks`) writes what should be there."
#: How long an exercise takes that one has just read about, and a question of the quiz.
_MINUTES = {"Implement": 10, "Predict": 3, "Explain": 8}
_QUESTION = 2
_PLACE = "*Write your answer here; what a good one holds stands in the solutions.*"


def notebook_text(source: str) -> str:
    """The .ipynb of a py:percent source: no outputs, and the same text for the same source.

    A cell's id is a hash of its content, so that inserting a cell leaves all others as they are.

    Raises:
        ValueError: if the source names no kernel; papermill could not run it.
    """
    return _text(_read(source))


def solutions_text(source: str) -> str:
    """The .ipynb of a source of exercises, solved: the marks taken out."""
    notebook = _read(source)
    for cell in notebook.cells:
        cell.source = _MARKS.sub("", cell.source).rstrip("\n")
    return _text(notebook)


def exercises_text(source: str, quiz: str = "") -> str:
    """The .ipynb of a source of exercises, to be solved: nothing of a solution is left in it.

    Args:
        source: py:percent with marks.
        quiz: Markdown cells to put at its end, as py:percent.

    Raises:
        ValueError: if a mark is left over, so that a solution might be.
    """
    notebook = _read(source)
    for cell in notebook.cells:
        if "solution" in cell.metadata.get("tags", []):
            cell.cell_type, cell.source = "markdown", _PLACE
            cell.metadata = {}
        cell.source = _LINE.sub(r"\1...", _BLOCK.sub(r"\1...\n", cell.source)).rstrip("\n")
        if _MARKS.search(cell.source):
            raise ValueError(f"a mark of a solution has no partner in the cell that begins {cell.source[:40]!r}")
    notebook.cells += _read(source.split("# %%")[0] + quiz).cells if quiz else []
    return _text(_timed(notebook))


def quiz_text(lesson: str, stem: str, quiz: str) -> str:
    """The .ipynb of a quiz alone, for a lesson whose exercises all stand in the lesson.

    Args:
        lesson: the lesson's source, whose title the quiz takes over.
        stem: of its file.
        quiz: Markdown cells as py:percent.
    """
    title = re.search(r"^# # ([^:\n]+)", lesson, flags=re.MULTILINE)[1]
    number = stem.split("_")[0]
    head = (
        f"# %% [markdown]\n# # Quiz: {title}\n#\n"
        f"# For [lesson {number}](../{stem}.ipynb), whose exercises stand at its end. Nothing is computed here.\n\n"
    )
    return _text(_timed(_read(lesson.split("# %%")[0] + head + quiz)))


def _timed(notebook):
    """The notebook with a last line in its first cell: how long it takes, rounded up to 5 minutes."""
    headings = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    counts = {kind: len(re.findall(rf"^## \d\d\.\d {kind}:", headings, flags=re.MULTILINE)) for kind in _MINUTES}
    quiz = _QUESTION * len(re.findall(r"^### Question \d", headings, flags=re.MULTILINE))
    parts = [f"{_MINUTES[kind]} for each *{kind.lower()}*" for kind, count in counts.items() if count]
    parts += [f"{quiz} for the quiz"] if quiz else []
    total = sum(_MINUTES[kind] * count for kind, count in counts.items()) + quiz
    if total:
        why = f": {', '.join(parts)}" if len(parts) > 1 else ""
        notebook.cells[0].source += f"\n\nAbout {math.ceil(total / 5) * 5} minutes{why}."
    return notebook


def _read(source: str):
    import jupytext

    notebook = jupytext.reads(source, fmt="py:percent")
    if not notebook.metadata.get("kernelspec"):
        raise ValueError("the source has no kernelspec in its header")
    return notebook


def _text(notebook) -> str:
    import nbformat

    # Word for word, so that no version of jupytext and no machine leaves a trace.
    kernel = dict(sorted(notebook.metadata["kernelspec"].items()))
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
        if "remove-cell" in cell.metadata.get("tags", []):  # the book leaves it out, and JupyterLab folds it
            cell.metadata["jupyter"] = {"source_hidden": True}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    # nbformat indents each line of a cell by four blanks, which make a tenth of all notebooks' bytes.
    return json.dumps(json.loads(nbformat.writes(notebook)), indent=0, ensure_ascii=False) + "\n"


def write_all(folder: Path | None = None) -> tuple[list[Path], list[Path]]:
    """Generate every notebook of ``folder/source``; returns those that changed, and those that were left alone.

    Left alone is a notebook whose cells somebody has run: it may hold answers.
    """
    changed, kept = [], []
    for path, (text, _) in _wanted(folder or notebooks_dir()).items():
        there = path.read_text(encoding="utf-8") if path.is_file() else None
        if there == text:
            continue
        if there is not None and _was_run(there):
            kept.append(path)
            continue
        path.parent.mkdir(exist_ok=True)
        write(path, text)
        changed.append(path)
    return changed, kept


def _was_run(text: str) -> bool:
    try:
        cells = json.loads(text).get("cells", [])
    except ValueError:
        return False
    return any(cell.get("outputs") or cell.get("execution_count") for cell in cells)


def differences(folder: Path | None = None) -> list[str]:
    """What ``--check`` complains about: a sentence for each notebook that is missing, stale or has no source."""
    folder = folder or notebooks_dir()
    wanted = _wanted(folder)
    found = []
    for path, (text, source) in wanted.items():
        name, source = (part.relative_to(folder).as_posix() for part in (path, source))
        if not path.is_file():
            found.append(f"{name} is missing; its source is {source}")
        elif (there := path.read_text(encoding="utf-8")) != text:
            found.append(_RUN.format(name=name) if _was_run(there) else f"{name} is not what {source} says")
    there = [path for part in ("", "exercises", "solutions") for path in sorted((folder / part).glob("*.ipynb"))]
    found += [f"{path.relative_to(folder).as_posix()} has no source" for path in there if path not in wanted]
    return found


def _wanted(folder: Path) -> dict[Path, tuple[str, Path]]:
    """Each notebook that should be there, with its text and its source."""
    found = {}
    for path in sorted((folder / "source").glob("*.py")):
        found[folder / f"{path.stem}.ipynb"] = notebook_text(path.read_text(encoding="utf-8")), path
    asked = {path.stem: path for path in sorted((folder / "source" / "quizzes").glob("*.toml"))}
    solutions = sorted((folder / "source" / "solutions").glob("*.py"))
    for path in solutions:
        source, quiz = path.read_text(encoding="utf-8"), asked.pop(path.stem, None)
        cells = quizzes.cells(quizzes.read(quiz)) if quiz else ""
        found[folder / "exercises" / f"{path.stem}.ipynb"] = exercises_text(source, cells), path
        found[folder / "solutions" / f"{path.stem}.ipynb"] = solutions_text(source), path
    if not solutions:  # a copy for students: its exercises stay as they are
        return found
    for stem, path in asked.items():
        lesson, cells = folder / "source" / f"{stem}.py", quizzes.cells(quizzes.read(path))
        found[folder / "exercises" / f"{stem}.ipynb"] = quiz_text(lesson.read_text(encoding="utf-8"), stem, cells), path
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scnlib.course.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a notebook and its source differ")
    if parser.parse_args(arguments).check:
        found = differences()
        print("\n".join([*found, ADVICE]) if found else "notebooks and sources agree")
        return 1 if found else 0
    changed, kept = write_all()
    print(f"{len(changed)} notebooks written" + "".join(f"\n  {path.parent.name}/{path.name}" for path in changed))
    for path in kept:
        print(f"left alone, since cells of it were run: {path}. Clear its outputs or move it away to have it written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
