"""The HTML report: what the papers claim and print, what was measured, whether it held. One file, no scripts."""

import html
import json
from datetime import datetime
from pathlib import Path

import pandas as pd

from scnlib import files, paper
from scnlib.figure_files import read_index
from scnlib.paper.grid import DATASET_NAMES
from scnlib.paper.measuring import everything
from scnlib.paper.verdicts import RULE
from scnlib.words import counted

#: Tables of the report: those that runs of today's methods and datasets can fill.
TABLES = ("scn-2", "scn-4", "scn-5", "scn-6", "scn-fig5", "lrn-1")

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a;
  background: #fff; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 2px solid #0072b2; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
caption { text-align: left; padding: .5rem 0; color: #444; max-width: 60rem; }
th, td { border-bottom: 1px solid #ccc; padding: .3rem .7rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #333; } tbody tr:nth-child(odd) { background: #f5f7fa; }
figure { margin: 1.5rem 0; } figure img { max-width: 100%; height: auto; border: 1px solid #ddd; background: #fff; }
figcaption { color: #444; font-size: .9rem; } code { background: #eef1f4; padding: 0 .2rem; }
.ok::before { content: "✓ "; } .failed { font-weight: bold; color: #a40000; } .failed::before { content: "✗ "; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e8e8e8; }
  caption, figcaption { color: #b5b5b5; } tbody tr:nth-child(odd) { background: #1f242a; } code { background: #2a3037; }
  thead th { border-color: #ccc; } th, td { border-color: #444; } .failed { color: #ff8a80; } a { color: #7cc4ff; } }
"""


def write(folder: Path, profile: str, outcomes: list) -> Path:
    """Write ``folder/report.html`` from the results, the figures' index and the outcomes of the lessons."""
    table, epochs, unreadable = everything(profile)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Self-Cure Network: report ({html.escape(profile)})</title><style>{STYLE}</style></head><body>",
        f"<h1>Self-Cure Network, reproduced: report of the {html.escape(profile)} profile</h1>",
        _summary(table, outcomes),
        "<h2>Lessons</h2>",
        _lessons(folder, outcomes),
        "<h2>Do the claims hold?</h2>",
        _claims(table, epochs),
        "<h2>Published and measured, side by side</h2>",
        "<p>Published: accuracy in percent, in brackets the gain over the baseline of its column. Measured with the "
        "profile's own recipe: last epoch, mean ± standard deviation over n seeds, at full scale where nothing else is "
        "said; gains over the baseline of the same seeds, with their 95 % intervals. Datasets and recipe are not the "
        "paper's, so gains may be compared and accuracies may not.</p>",
        *(_side_by_side(name, table, "quick" if profile == "smoke" else profile) for name in TABLES),
        "<h2>Measured runs</h2>",
        _runs(table),
        *(f'<p class="failed">Left out: {html.escape(name)}</p>' for name in unreadable),
        "<h2>Figures</h2>",
        _figures(folder),
        "</body></html>",
    ]
    path = folder / "report.html"
    files.write(path, "\n".join(parts) + "\n")
    return path


def _summary(table: pd.DataFrame, outcomes: list) -> str:
    failed = [o.name for o in outcomes if not o.ok]
    state = f"{len(outcomes) - len(failed)} of {counted(len(outcomes), 'lesson')} ran"
    if failed:
        state += f'; <span class="failed">failed: {html.escape(", ".join(failed))}</span>'
    origins = ", ".join(f"{n} {html.escape(origin)}" for origin, n in table["origin"].value_counts().items())
    return (
        f"<p>Written {datetime.now():%Y-%m-%d %H:%M}. {state}. Runs: {origins or 'none yet'}. Numbers are of the last "
        "epoch; the best test epoch would be a choice made on the test set.</p>"
    )


def _lessons(folder: Path, outcomes: list) -> str:
    rows = []
    for o in outcomes:
        failed = f'<span class="failed">failed in cell {html.escape(o.cell)}</span>'
        state = '<span class="ok">done</span>' if o.ok else failed
        links = [f'<a href="{html.escape(o.notebook.name)}">notebook</a>']
        page = export_html(o.notebook) if o.notebook.is_file() else None
        if page:
            links.insert(0, f'<a href="{html.escape(page.name)}">read</a>')
        links.append(f'<a href="{html.escape(o.log.relative_to(folder).as_posix())}">log</a>')
        rows.append([html.escape(o.name), state, f"{o.seconds:.0f} s", " · ".join(links)])
    return _table("The lessons of this reproduction", ["lesson", "state", "time", "open"], rows)


def export_html(notebook: Path) -> Path:
    """The executed notebook as a page beside it."""
    from nbconvert import HTMLExporter

    body, _ = HTMLExporter(exclude_input_prompt=True, exclude_output_prompt=True).from_filename(str(notebook))
    page = notebook.with_suffix(".html")
    files.write(page, body)
    return page


def _runs(table: pd.DataFrame) -> str:
    if table.empty:
        return "<p>Nothing has been measured yet.</p>"
    rows = []
    for row in table.sort_values(["dataset", "noise_kind", "noise_rate", "method", "options", "seed"]).to_dict(
        "records"
    ):
        noise = f"{row['noise_rate']:.0%} {row['noise_kind']}" if row["noise_rate"] else "none added"
        if row["noise_kind"] == "fer2013":
            noise = "real (FER2013's labels)"
        options = ", ".join(f"{k}={v}" for k, v in json.loads(row["options"] or "{}").items()) or "its defaults"
        cells = [
            row["dataset"], row["method"], options, noise, row["seed"],
            f"{row['epochs']} x {row['size']} px, {row['backbone']}, {_steps(row['config'])}", f"{row['accuracy']:.2f}",
            f"{row['mean_class_accuracy']:.2f}", _number(row["memorised"]), _number(row["label_accuracy"]),
            _number(row["alpha_auroc"], ".3f"), f"{row['n_test']:,.0f}", row["origin"],
        ]  # fmt: skip
        rows.append([html.escape(str(cell)) for cell in cells])
    head = ["dataset", "method", "options", "noise", "seed", "recipe", "accuracy %", "mean class %",
            "wrong labels memorised %", "labels right at the end %", "alpha AUROC", "n test", "origin"]  # fmt: skip
    caption = "Every finished run, last epoch. alpha AUROC: how likely a wrong label has the lower alpha; .5 is chance."
    return f'<div class="wide">{_table(caption, head, rows)}</div>'


def _steps(config: str) -> str:
    plain = json.loads(config)
    augmented = "" if any(plain["augmentation"].values()) else ", no augmentation"
    return f"batch {plain['batch_size']}, lr {plain['lr']:g}{augmented}"


def _side_by_side(name: str, table: pd.DataFrame, profile: str) -> str:
    """One table of a paper: what was measured in sight, what was not folded away with the command that measures it."""
    compact = paper.compact(name, table, profile=profile)
    measured = [column for column in compact.columns if column in DATASET_NAMES.values()]
    done = compact[measured].apply(lambda texts: texts.str.contains("(n = ", regex=False)).any(axis=1)
    parts = [f"<h3>{html.escape(paper.TITLES[name])}</h3>"]
    if done.any():
        parts.append(f'<div class="wide">{_compact(compact[done], "measured rows")}</div>')
    if not done.all():
        summary = f"{(~done).sum()} of {counted(len(compact), 'row')} not measured yet: what they wait for"
        command = (
            f"<p>What waits for nothing: <code>scn table {name} --dataset rendered --profile {profile} --run</code></p>"
        )
        rest = _compact(compact[~done], "rows that are not measured")
        parts.append(f'<details><summary>{summary}</summary>{command}<div class="wide">{rest}</div></details>')
    return "\n".join(parts)


def _compact(rows: pd.DataFrame, what: str) -> str:
    cells = [[html.escape(text) for text in (label, *texts)] for label, *texts in rows.itertuples()]
    return _table(f"{paper.TITLES[rows.index.name]}: {what}.", ["row", *rows.columns], cells)


def _claims(table: pd.DataFrame, epochs: pd.DataFrame) -> str:
    """Verdict counts, the claims that were judged, and folded away the others with what they need."""
    ledger = paper.ledger(runs=(table, epochs))
    ledger = ledger.assign(on=paper.judged_on(ledger))
    tested = ledger["verdict"] != "not tested"
    rest = ledger[~ledger["id"].isin(ledger["id"][tested])].drop_duplicates("id")
    head = ["id", "claim", "verdict", "effect", "interval", "n", "on", "every condition"]
    rows = []
    for row in ledger[tested].to_dict("records"):
        interval = "none" if pd.isna(row["low"]) else f"{row['low']:+.3g} to {row['high']:+.3g}"
        cells = [row["id"], row["claim"], row["verdict"], f"{row['effect']:+.3g} {row['unit']}", interval, row["n"],
                 row["on"], row["detail"]]  # fmt: skip
        rows.append([html.escape(str(cell)) for cell in cells])
    waiting = [[html.escape(text) for text in row] for row in rest[["id", "claim", "detail"]].itertuples(index=False)]
    return "\n".join(
        [
            f"<p><strong>{html.escape(paper.counts(ledger))}</strong></p>",
            f'<div class="wide">{_table(RULE, head, rows)}</div>',
            f"<details><summary>{counted(len(rest), 'claim')} not tested: what they wait for</summary>",
            f"{_table('Claims that were not tested.', ['id', 'claim', 'why'], waiting)}</details>",
        ]
    )


def _figures(folder: Path) -> str:
    index = read_index(folder / "figures")
    if not index:
        return "<p>The lessons drew no figures.</p>"
    parts = []
    for entry in index.values():
        alt, file = html.escape(entry["alt"], quote=True), html.escape(f"figures/{entry['file']}", quote=True)
        parts.append(f'<figure><img src="{file}" alt="{alt}" loading="lazy"><figcaption>{alt}</figcaption></figure>')
    return "\n".join(parts)


def _number(value: float, form: str = ".1f") -> str:
    return "none" if pd.isna(value) else f"{value:{form}}"


def _table(caption: str, head: list[str], rows: list[list[str]]) -> str:
    """A table of ready HTML cells; the first of each row is its header."""
    top = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    body = "\n".join(
        f'<tr><th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    caption = f"<caption>{html.escape(caption)}</caption>"
    return f"<table>{caption}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
