"""From what we write to what people open: ``notebooks/source/*.py`` -> ``notebooks/*.ipynb``.

python -m scnlib.course.notebooks            write the notebooks
python -m scnlib.course.notebooks --check    fail if one is not what its source says
"""

import argparse
import hashlib
import sys
from pathlib import Path

from scnlib.course.lessons import notebooks_dir


def notebook_text(source: str) -> str:
    """The .ipynb of a py:percent source: no outputs, and the same text for the same source.

    A cell's id is a hash of its content, so that inserting a cell leaves all others as they are.

    Raises:
        ValueError: if the source names no kernel; papermill could not run it.
    """
    import jupytext
    import nbformat

    notebook = jupytext.reads(source, fmt="py:percent")
    kernel = notebook.metadata.get("kernelspec")
    if not kernel:
        raise ValueError("the source has no kernelspec in its header")
    # Word for word, so that no version of jupytext and no machine leaves a trace.
    notebook.metadata = {"kernelspec": dict(sorted(kernel.items())), "language_info": {"name": "python"}}
    seen: dict[str, int] = {}
    for cell in notebook.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[digest] = seen.get(digest, 0) + 1
        cell["id"] = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


def write_all(folder: Path | None = None) -> list[Path]:
    """Generate every notebook of ``folder/source`` and return those that changed."""
    folder = folder or notebooks_dir()
    changed = []
    for path, text in _wanted(folder).items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def differences(folder: Path | None = None) -> list[str]:
    """What ``--check`` complains about: a sentence for each notebook that is missing, stale or has no source."""
    folder = folder or notebooks_dir()
    wanted = _wanted(folder)
    found = []
    for path, text in wanted.items():
        if not path.is_file():
            found.append(f"{path.name} is missing; its source is source/{path.stem}.py")
        elif path.read_text(encoding="utf-8") != text:
            found.append(f"{path.name} is not what source/{path.stem}.py says, or holds outputs")
    found += [f"{path.name} has no source" for path in sorted(folder.glob("*.ipynb")) if path not in wanted]
    return found


def _wanted(folder: Path) -> dict[Path, str]:
    sources = sorted((folder / "source").glob("*.py"))
    return {folder / f"{path.stem}.ipynb": notebook_text(path.read_text(encoding="utf-8")) for path in sources}


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m scnlib.course.notebooks", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a notebook and its source differ")
    if parser.parse_args(arguments).check:
        found = differences()
        advice = "Run `python -m scnlib.course.notebooks`."
        print("\n".join([*found, advice]) if found else "notebooks and sources agree")
        return 1 if found else 0
    changed = write_all()
    print(f"{len(changed)} notebooks written" + "".join(f"\n  {path.name}" for path in changed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
