"""The HTML report: what the papers print, what was measured, and whether it held. One file, no scripts, no network."""

import html
import json
from datetime import datetime
from pathlib import Path

import pandas as pd

from scnlib import paper, runs
from scnlib.paths import out_dir

#: Tables of the report that runs of today's methods and datasets can fill.
TABLES = ("scn-2", "scn-4", "scn-5", "scn-6", "lrn-1")

#: Those that rendered faces can stand in for.
STAND_INS = ("scn-2", "scn-5")

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


def measured(profile: str) -> tuple[pd.DataFrame, list[str]]:
    """Every finished run: those of data/results (measured at full scale), and those under out/runs (measured here).

    A run that stands in both is shown as committed, and of one config that ran twice, on older data or older code, the
    last counts: nothing counts twice. The second value names directories that cannot be read.
    """
    full = paper.load_results().assign(origin="measured at full scale")
    here, unreadable = [], []
    for path in _finished_runs():
        try:
            run = runs.open_run(path)
            here.append(run.row() | {"finished": run.manifest["finished"]})
        except (OSError, ValueError, TypeError, KeyError) as error:
            unreadable.append(f"{path.name} ({type(error).__name__}: {error})")
    last = {row["config"]: row for row in sorted(here, key=lambda row: row["finished"])}.values()
    new = pd.DataFrame([r for r in last if r["profile"] == profile and r["key"] not in set(full["key"])])
    if new.empty:
        return full, unreadable
    full = full[~full["config"].isin(new["config"])]  # measured again here, on newer code or other data
    parts = [part for part in (full, new.assign(origin="measured here")) if len(part)]
    return pd.concat(parts, ignore_index=True), unreadable


def _finished_runs() -> list[Path]:
    return sorted(manifest.parent for manifest in (out_dir() / "runs").glob("*/manifest.json"))


def write(folder: Path, profile: str, outcomes: list) -> Path:
    """Write ``folder/report.html`` from the results, the figures' index and the outcomes of the lessons."""
    table, unreadable = measured(profile)
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>Self-Cure Network: report ({html.escape(profile)})</title><style>{STYLE}</style></head><body>",
        f"<h1>Self-Cure Network, reproduced: report of the {html.escape(profile)} profile</h1>",
        _summary(table, outcomes),
        "<h2>Lessons</h2>",
        _lessons(folder, outcomes),
        "<h2>Measured runs</h2>",
        _runs(table),
        *(f'<p class="failed">Could not be read: {html.escape(name)}</p>' for name in unreadable),
        "<h2>Published and measured, side by side</h2>",
        "<p>Every number carries its origin. Where dataset or backbone differ from the paper's cell, the absolute "
        "difference stays empty and only the gain over the baseline of the same column is compared.</p>",
        *(_side_by_side(name, table) for name in TABLES),
        "<h2>The same tables on rendered faces</h2>",
        "<p>A stand-in that runs everywhere: its numbers are not comparable with the paper's, its gains are worth "
        "a look.</p>",
        *(_side_by_side(name, table, "rendered") for name in STAND_INS),
        "<h2>Do the claims hold?</h2>",
        f'<div class="wide">{_claims(table)}</div>',
        "<h2>Figures</h2>",
        _figures(folder),
        "</body></html>",
    ]
    path = folder / "report.html"
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text("\n".join(parts) + "\n", encoding="utf-8")
    unfinished.replace(path)
    return path


def _summary(table: pd.DataFrame, outcomes: list) -> str:
    failed = [o.name for o in outcomes if not o.ok]
    state = f"{len(outcomes) - len(failed)} of {len(outcomes)} lessons ran"
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
        state = '<span class="ok">done</span>' if o.ok else f'<span class="failed">failed in cell {o.cell}</span>'
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
    page.write_text(body, encoding="utf-8")
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
        options = ", ".join(f"{k}={v}" for k, v in json.loads(row["options"] or "{}").items()) or "as in the paper"
        cells = [
            row["dataset"], row["method"], options if row["method"] != "baseline" else "plain", noise, row["seed"],
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


def _side_by_side(name: str, table: pd.DataFrame, dataset: str | None = None) -> str:
    """One table of a paper: what was measured in sight, what was not folded away with the command that measures it."""
    cells = paper.side_by_side(name, table, dataset=dataset)
    done = cells["measured"].notna()
    title = f"{paper.TITLES[name]}{' on rendered faces' if dataset else ''}"
    parts = [f"<h3>{html.escape(title)}</h3>"]
    parts += [f'<div class="wide">{paper.to_html(cells[done])}</div>'] if done.any() else []
    if not done.all():
        summary = (
            f"{(~done).sum()} of {len(cells)} cells are not measured yet: what the paper prints, and what is missing"
        )
        rest = paper.to_html(cells[~done])
        parts.append(f'<details><summary>{summary}</summary><div class="wide">{rest}</div></details>')
    return "\n".join(parts)


def _claims(table: pd.DataFrame) -> str:
    here = [
        run.metrics.assign(key=run.manifest["key"])
        for run in map(runs.Run, _finished_runs())
        if run.manifest["key"] in set(table["key"])
    ]
    ledger = paper.claims_table(paper.add_curves(table, pd.concat([paper.load_epochs(), *here])))
    head = {"id": "id", "claim": "claim", "verdict": "verdict", "dataset": "on", "recipe": "recipe", "detail": "detail"}
    rows = [[html.escape(str(row[column])) for column in head] for row in ledger.to_dict("records")]
    return _table("Verdicts are computed: held, direction only, not held, not tested.", list(head.values()), rows)


def _figures(folder: Path) -> str:
    index = folder / "figures" / "index.json"
    if not index.is_file():
        return "<p>The lessons drew no figures.</p>"
    entries = json.loads(index.read_text(encoding="utf-8"))
    entries = entries.values() if isinstance(entries, dict) else entries
    parts = []
    for entry in entries:
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
