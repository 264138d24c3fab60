"""Tables for people: plain text, CSV, LaTeX, HTML. No cell is blank: where there is no number, a word says why."""

import html
import math
import textwrap
from dataclasses import dataclass

import pandas as pd

from scnlib.paper.arms import gain_text
from scnlib.paper.grid import DATASET_NAMES, DATASET_OF
from scnlib.paper.published import TITLES
from scnlib.paper.tables import without_weights
from scnlib.words import counted

WIDTH = 120  # of running text in a terminal
LEGEND = (
    "(paper): published accuracy in percent, in brackets the gain over the baseline of its column. measured: last "
    "epoch, mean ± standard deviation over n seeds. gain: measured, over the baseline of the same recipe, paired by "
    "seed, with its 95 % interval. A difference stands only where dataset and backbone are the paper's."
)


@dataclass(frozen=True)
class Sheet:
    """One table as it is printed: texts only, none of them empty."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def sheets(table: pd.DataFrame, all_recipes: bool = False) -> list[Sheet]:
    """What a reader sees of ``side_by_side``: the paper's rows, its numbers, and what was measured beside them.

    One sheet for each dataset measured on and each profile, with the paper's columns that it stands for side by side.
    Runs of a profile's own recipe are shown; where there are none, those of the recipe with most cells.

    Args:
        all_recipes: also a sheet for each other recipe. Otherwise a note counts them.
    """
    found = []
    for dataset, part in table.groupby("dataset", sort=False):
        done = part[part["n"] > 0]
        recipes = done["recipe"].where(~done["own_recipe"], done["profile"])
        counts = recipes.groupby(recipes, sort=False).size()
        own = list(dict.fromkeys(done["profile"][done["own_recipe"]]))
        first = own or ([counts.idxmax()] if len(counts) else [])
        rest = [name for name in counts.index if name not in first]
        shown = first + rest if all_recipes else first
        others = f"Measured under {counted(len(rest), 'other recipe')}, too (--all-recipes)."
        notes = [] if all_recipes or not rest else [others]
        labels = list(dict.fromkeys(part["label"]))
        for name in shown:
            rows = done[recipes == name]
            wanted = labels if name in first else [label for label in labels if label in set(rows["label"])]
            found.append(_sheet(str(dataset), part, rows, wanted, notes if name == shown[-1] else []))
        if not shown:
            found.append(_sheet(str(dataset), part, done, labels, []))
    return found


def _sheet(dataset: str, part: pd.DataFrame, done: pd.DataFrame, labels: list[str], notes: list[str]) -> Sheet:
    columns = list(dict.fromkeys(_paper_dataset(row) for row in part.itertuples()))
    compared = bool(done["difference"].notna().any())
    origins = done["origin"].nunique() > 1
    headers = ["cell", *(f"{name} (paper)" for name in columns), "measured", *["difference"] * compared]
    headers += ["gain", *["origin"] * origins]
    marks: dict[str, int] = {}
    rows = []
    for label in labels:
        here = part[part["label"] == label].drop_duplicates("column")
        printed = {_paper_dataset(row): _published(row, marks) for row in here.itertuples()}
        published = [printed.get(name, "no cell") for name in columns]
        measured = done[done["label"] == label]
        if measured.empty:
            missing = here["missing"].iloc[0] or "not measured with this recipe"
            rows.append([label, *published, missing, *["none"] * compared, "none", *["none"] * origins])
        for _, same in measured.groupby(["origin", "recipe"], sort=False):
            difference = same["difference"].dropna()
            first = same.iloc[0]
            rows.append(
                [
                    label,
                    *published,
                    _measured(first),
                    *[f"{difference.iloc[0]:+.2f}" if len(difference) else "not comparable"] * compared,
                    _gain(first),
                    *[first["origin"]] * origins,
                ]
            )
    title = f"{TITLES[part['table'].iloc[0]]}; measured on {DATASET_NAMES.get(dataset, dataset)}"
    title += f" ({_how(done)})" if len(done) else ": nothing yet"
    if dataset in DATASET_OF.values() and not any(name.startswith(DATASET_NAMES[dataset]) for name in columns):
        notes = [f"The paper has no {DATASET_NAMES[dataset]} numbers for this table.", *notes]
    notes = [*(f"[{number}] {text}" for text, number in marks.items()), *notes]
    return Sheet(title, tuple(headers), tuple(map(tuple, rows)), tuple(notes))


def _paper_dataset(row: object) -> str:
    """The paper's column without what the label says already: ``RAF-DB, noisy`` -> RAF-DB."""
    words = row.label.removeprefix(row.row).removeprefix(", ")
    return row.column.removesuffix(f", {words}").removesuffix(f" ({words})") if words else row.column


def _how(done: pd.DataFrame) -> str:
    recipes = sorted(set(done["recipe"]), key=len, reverse=True)  # the longest says when relabelling starts
    seeds = sorted({int(seed) for text in done["seeds"] for seed in text.split(", ")})
    mixed = len({recipe == without_weights(recipe) for recipe in recipes}) > 1  # rows say what they start from
    recipe = without_weights(recipes[0]) if mixed else recipes[0]
    words = [recipe, f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"]
    return "; ".join(words + ([done["origin"].iloc[0]] if done["origin"].nunique() == 1 else []))


def _published(row: object, marks: dict[str, int]) -> str:
    text = row.status
    if not math.isnan(row.published):
        gained = "" if math.isnan(row.published_gain) else f" ({row.published_gain:+.2f})"
        text = f"{row.published:.2f}{gained}" + (" derived" if row.status == "derived" else "")
    return f"{text} [{marks.setdefault(row.note, len(marks) + 1)}]" if row.note else text


def _measured(row: pd.Series) -> str:
    spread = "" if math.isnan(row["std"]) else f" ± {row['std']:.2f}"
    return f"{row['measured']:.2f}{spread} (n = {row['n']})"


def _gain(row: pd.Series) -> str:
    if row["reference"]:
        return "baseline"
    if math.isnan(row["measured_gain"]):
        return "no baseline to pair with"
    return gain_text(row["measured_gain"], row["gain_low"], row["gain_high"])


def to_text(table: pd.DataFrame, all_recipes: bool = False) -> str:
    """Aligned columns, a block for each sheet, for a terminal."""
    blocks = []
    for sheet in sheets(table, all_recipes):
        cells = [sheet.headers, *sheet.rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(sheet.headers))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells
        ]
        rule = "-" * max(map(len, lines))
        title = textwrap.fill(sheet.title, WIDTH)
        notes = [textwrap.fill(note, WIDTH, subsequent_indent="    ") for note in sheet.notes]
        blocks.append("\n".join([title, "", lines[0], rule, *lines[1:], *notes]))
    return "\n\n".join([*blocks, textwrap.fill(LEGEND, WIDTH)]) + "\n"


def to_csv(table: pd.DataFrame) -> str:
    """All columns of ``side_by_side`` with all digits, NA where there is nothing."""
    return table.replace("", "NA").to_csv(index=False, na_rep="NA", lineterminator="\n")


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


def to_latex(table: pd.DataFrame, all_recipes: bool = False) -> str:
    """A ``table`` environment for each sheet; needs the packages booktabs and graphicx."""
    name = "-".join(dict.fromkeys(table["table"]))
    blocks = []
    for number, sheet in enumerate(sheets(table, all_recipes)):
        # A line that begins with [ would be taken for the length of the line break before it.
        lines = [" & ".join(map(escape_latex, row)) + r" \\" for row in [sheet.headers, *sheet.rows]]
        caption = " ".join([f"{sheet.title}.", LEGEND, *sheet.notes])
        blocks += [
            r"\begin{table}",
            rf"\caption{{{escape_latex(caption)}}}",
            rf"\label{{tab:{name}{f'-{number + 1}' if number else ''}}}",
            r"\resizebox{\textwidth}{!}{%",
            rf"\begin{{tabular}}{{{'l' * len(sheet.headers)}}}",
            r"\toprule",
            lines[0],
            r"\midrule",
            *lines[1:],
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    return "\n".join(blocks)


def to_html(table: pd.DataFrame, all_recipes: bool = False) -> str:
    """A ``<table>`` for each sheet, with a caption and scoped headers; every text is escaped."""
    return "".join(_html_of(sheet) for sheet in sheets(table, all_recipes))


def _html_of(sheet: Sheet) -> str:
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in sheet.headers)
    rows = []
    for first, *others in sheet.rows:
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in others)
        rows.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    caption = html.escape(" ".join([f"{sheet.title}.", LEGEND, *sheet.notes]))
    body = "\n".join(rows)
    return (
        f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n"
    )
