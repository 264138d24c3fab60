"""The course at a glance."""

from pathlib import Path

from scnlib.paths import project_root

#: Number, title, what of the papers it mirrors.
LESSONS = (
    ("00", "Start here", "SCN 1, figure 1"),
    ("01", "Preprocessing: detect, align, resize", "SCN 3.5"),
    ("02", "The datasets", "SCN 4.1, table 1"),
    ("03", "Label noise", "SCN 4.2, LRN figure 1"),
    ("04", "The baseline, and how it memorises wrong labels", "SCN 4.2"),
    ("05", "Self-attention importance weighting", "SCN 3.2, equations 1 and 2"),
    ("06", "Rank regularisation", "SCN 3.3, equations 3 and 4"),
    ("07", "Relabelling", "SCN 3.4, equation 5"),
    ("08", "The Self-Cure Network assembled", "SCN figures 2, 3, 4"),
    ("09", "Synthetic noise", "SCN table 2, LRN table 1"),
    ("10", "Real-world uncertainty", "SCN tables 1, 3, 4, figure 4"),
    ("11", "Ablations", "SCN tables 5, 6, figure 5"),
    ("12", "The Label-noise Robust Network", "LRN equations 1 to 5, table 2, figures 2, 3"),
    ("13", "Other cures", "SCN tables 2, 7; LRN tables 1, 3"),
    ("14", "State of the art: one recipe, all methods", "SCN table 7, LRN table 3"),
    ("15", "Does alpha know? The claims ledger", "new"),
    ("16", "Your own faces", "new"),
    ("A1", "The paper against its released code", "SCN"),
    ("A2", "From one CPU to many GPUs", "SCN 3.5"),
)


def notebooks_dir() -> Path:
    """Where the lessons lie."""
    return project_root() / "notebooks"


def tour(folder: Path | None = None) -> str:
    """All lessons as a Markdown table of links, with those exercises and quizzes that are there."""
    folder = folder or notebooks_dir()
    lines = ["| | lesson | to do | paper |", "|---|---|---|---|"]
    for number, title, paper in LESSONS:
        lesson = min(folder.glob(f"{number}_*.ipynb"))
        beside = sorted(folder.glob(f"exercises/{number}_*.ipynb"))
        to_do = f"[practice](exercises/{beside[0].name})" if beside else ""
        lines.append(f"| {number} | [{title}]({lesson.name}) | {to_do} | {paper} |")
    return "\n".join(lines)
