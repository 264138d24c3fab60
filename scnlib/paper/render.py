"""Tables for people: plain text, CSV, LaTeX, HTML. No cell is blank: where there is no number, a word says why."""

import html
import math
from pathlib import Path

import pandas as pd

from scnlib.paper.published import TITLES

HEADERS = (
    "cell",
    "column",
    "published",
    "measured",
    "on",
    "difference",
    "published gain",
    "measured gain",
    "origin",
    "remark",
)


def display(table: pd.DataFrame) -> pd.DataFrame:
    """The words and numbers that a reader sees, for the rows of ``side_by_side``: text only, columns ``HEADERS``."""
    return pd.DataFrame([_row(row) for row in table.to_dict("records")], columns=list(HEADERS))


def _row(row: dict) -> dict[str, str]:
    measured = not math.isnan(row["measured"])
    remarks = [r for r in (row["missing"], row["note"]) if r]
    return {
        "cell": row["row"],
        "column": row["column"],
        "published": _published(row),
        "measured": _measured(row) if measured else "not measured",
        "on": f"{row['dataset']}; {row['recipe']}" if measured else "nothing yet",
        "difference": _signed(row["difference"]) or ("not comparable" if measured else "not measured"),
        "published gain": _signed(row["published_gain"]) or "none",
        "measured gain": _gain(row) if measured else "not measured",
        "origin": row["origin"],
        "remark": "; ".join(remarks) or "none",
    }


def _published(row: dict) -> str:
    if math.isnan(row["published"]):
        return row["status"]
    return f"{row['published']:.2f}" + (" (derived)" if row["status"] == "derived" else "")


def _measured(row: dict) -> str:
    spread = "" if math.isnan(row["std"]) else f" ± {row['std']:.2f}"
    return f"{row['measured']:.2f}{spread} (n = {row['n']})"


def _gain(row: dict) -> str:
    if math.isnan(row["measured_gain"]):
        return "none"
    interval = "" if math.isnan(row["gain_interval"]) else f" ± {row['gain_interval']:.2f}"
    return f"{row['measured_gain']:+.2f}{interval}"


def _signed(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f}"


def caption(table: pd.DataFrame) -> str:
    """What a table shows, and how its columns are to be read."""
    names = ", ".join(TITLES[name] for name in dict.fromkeys(table["table"])) or "no cells"
    return (
        f"{names}. Accuracy in percent; measured: last epoch, mean ± standard deviation over n seeds. Gains in points "
        "over the baseline of the same column; measured: paired by seed, ± half the 95 % interval. A difference stands "
        "only where dataset and backbone are the paper's."
    )


def to_text(table: pd.DataFrame) -> str:
    """Aligned columns under the caption, for a terminal."""
    shown = display(table)
    cells = [list(HEADERS), *shown.values.tolist()]
    widths = [max(len(row[i]) for row in cells) for i in range(len(HEADERS))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([caption(table), "", lines[0], "-" * min(sum(widths) + 2 * len(widths), 200), *lines[1:]]) + "\n"


def to_csv(table: pd.DataFrame, path: Path | str | None = None) -> str:
    """All columns of ``side_by_side`` with all digits, NA where there is nothing; also written to ``path``."""
    text = table.replace("", "NA").to_csv(index=False, na_rep="NA", lineterminator="\n")
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"$<$",
    ">": r"$>$",
}


def escape_latex(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    return "".join(_LATEX.get(character, character) for character in text)


def to_latex(table: pd.DataFrame) -> str:
    """A ``table`` environment; needs the packages booktabs and graphicx."""
    shown = display(table)
    lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in [list(HEADERS), *shown.values.tolist()]]
    name = "-".join(dict.fromkeys(table["table"]))
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape_latex(caption(table))}}}",
            rf"\label{{tab:{name}}}",
            r"\resizebox{\textwidth}{!}{%",
            rf"\begin{{tabular}}{{{'l' * len(HEADERS)}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def to_html(table: pd.DataFrame) -> str:
    """A ``<table>`` with a caption and scoped headers; every text is escaped."""
    shown = display(table)
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in HEADERS)
    rows = []
    for first, *others in shown.values.tolist():
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in others)
        rows.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    body = "\n".join(rows)
    return (
        f"<table>\n<caption>{html.escape(caption(table))}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n"
    )
