"""The claims ledger in plain words: a sentence for each claim, built from its rows."""

import json
import math
from dataclasses import dataclass

import pandas as pd

from scnlib.paper.results import FULL_SCALE
from scnlib.plots.style import signed

DATASETS = {"rendered": "rendered faces", "ferplus": "FER+"}
WORDS = {"held": "✓ held", "direction only": "~ direction only", "not held": "✗ not held"}
GROUPS = {
    "Held wherever it was tested": lambda verdicts: verdicts == {"held"},
    "Not held somewhere": lambda verdicts: "not held" in verdicts,
    "Points the claimed way, with too few seeds or too wide an interval": lambda verdicts: True,
}


USELESS = 0.05  # ours: AUROC or correlation below which nobody could use what alpha knows


@dataclass(frozen=True)
class Reason:
    """Which lesson shows a claim's verdict, and what it shows where the claim held and where it did not."""

    lesson: str
    held: str = ""
    failed: str = ""


REASONS = {
    "S01": Reason("04", "right labels are fitted first, wrong ones when the network gets the steps",
                  "too few steps on moved and turned pictures: unaugmented and longer, the wrong labels are memorised"),
    "S02": Reason("05", "a loss that alpha multiplies is smallest at alpha = 0"),
    "S02-logits": Reason("05", "at alpha = 0 the loss is that of guessing, and a network that learns gets below it"),
    "S03": Reason("05"),
    "S04-flipped": Reason("15", "", "alpha sees the picture, and a random flip of the label leaves no trace in it"),
    "S04": Reason("15", "", "nothing in the loss says whose alpha shall be low"),
    "S05": Reason("15", "", "the rank loss demands that alpha differs; it is blind to who gets the low ones"),
    "S05-faces": Reason("15", "", "the rank loss demands that alpha differs; it is blind to who gets the low ones"),
    "S06": Reason("15", "", "some flaws cannot be read from the features, others can and alpha passes over them"),
    "S07": Reason("08", "", "faces as low that kept their label rise as well: the way back to the mean"),
    "S08": Reason("07", "the network is right more often than the labels it replaces",
                  "the network is not right more often than the labels it replaces"),
    "S10": Reason("09", "", "one learning rate for both methods compares their step sizes too"),
    "S10-tuned": Reason("11"),
    "S10-bare": Reason("11"),
    "S12": Reason("09"),
    "S14": Reason("10"),
    "S15": Reason("10"),
    "S17": Reason("11", "a plain network overrules right labels where it is wrong itself"),
    "S17-noisy": Reason("11", "a plain network overrules right labels where it is wrong itself"),
    "S18": Reason("11"),
    "S18-noisy": Reason("11"),
    "S19": Reason("11"),
    "S19-noisy": Reason("11"),
    "S20": Reason("11"),
    "S20-large": Reason("11", "at gamma = .8 a fifth of the classification loss is left"),
    "S21": Reason("06"),
    "S22": Reason("06"),
    "S23": Reason("07"),
    "S23-large": Reason("07", "no prediction is surer by that much"),
    "S24": Reason("06"),
    "S27": Reason("04"),
    "L01": Reason("03", "people confuse faces that look alike"),
}  # fmt: skip


def page(table: pd.DataFrame) -> str:
    """The judged claims as Markdown: grouped by how they fared, each with its numbers, its reason and its lesson.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    tested = table[table["verdict"].isin(WORDS)]
    if tested.empty:
        return "> No claim was tested yet: there are no results."
    left = dict(list(tested.groupby("id", sort=False)))
    parts = []
    for title, belongs in GROUPS.items():
        chosen = [name for name, rows in left.items() if belongs(set(rows["verdict"]))]
        if chosen:
            lines = [claim_line(left.pop(name)) for name in chosen]
            parts.append("\n".join([f"**{title}** ({len(chosen)})", "", *lines]))
    return "\n\n".join([*parts, f"*({FULL_SCALE})*"])


def untested(table: pd.DataFrame) -> str:
    """The claims that no dataset tests, as Markdown: a list item for each thing that they wait for."""
    tested = set(table[table["verdict"].isin(WORDS)]["id"])
    rest = table[~table["id"].isin(tested)].drop_duplicates("id")
    if rest.empty:
        return "Every claim was tested."
    lines = []
    for needed, rows in rest.groupby("detail", sort=False):
        claims = "; ".join(f"**{row['id']}** {row['claim'].rstrip('.')}" for row in rows.to_dict("records"))
        lines.append(f"- *{needed[0].upper()}{needed[1:]}*: {claims}.")
    return "\n".join([f"**Not tested** ({len(rest)})", "", *lines])


def claim_line(rows: pd.DataFrame) -> str:
    """One list item: the claim, each dataset's verdict with the number that decided it, the reason, the lesson."""
    first = rows.iloc[0]
    judged = "; ".join(_judged(row) for row in rows.to_dict("records"))
    reason = REASONS.get(first["id"], Reason(""))
    verdicts = set(rows["verdict"])
    why = reason.failed if "not held" in verdicts else reason.held if verdicts == {"held"} else ""
    scaled = rows["unit"].str.startswith(("AUROC", "correlation"))
    if verdicts != {"not held"} and scaled.all() and all(_largest(row) < USELESS for row in rows.to_dict("records")):
        why = f"An effect below {USELESS:g} is of no use, whatever its sign"
    lesson = f" Lesson {reason.lesson}." if reason.lesson else ""
    because = f" {why[0].upper()}{why[1:]}." if why else ""
    return f"- **{first['id']}** {first['claim']} *{first['place']}.* {judged}.{because}{lesson}"


def _judged(row: dict) -> str:
    digits = _digits(row)
    interval = "" if math.isnan(row["low"]) else f" [{signed(row['low'], digits)}, {signed(row['high'], digits)}]"
    effect = f"{signed(row['effect'], digits)} {row['unit']}{interval}, n = {int(row['n'])}"
    where, conditions = DATASETS.get(row["dataset"], row["dataset"]), json.loads(row["conditions"])
    if len(conditions) == 1:
        effect = f"{next(iter(conditions))}: {effect}"
    elif conditions:
        weakest = min(conditions, key=lambda name: abs(conditions[name] - row["effect"]))
        strongest = max(conditions, key=conditions.get)
        effect = f"weakest of {len(conditions)}, {weakest}: {effect}"
        effect += f"; strongest, {strongest}: {signed(conditions[strongest], digits)}"
    single = " (one seed)" if row["n"] == 1 else ""
    return f"**{WORDS[row['verdict']]}{single}** on {where} ({effect})"


def _digits(row: dict) -> int:
    return 1 if str(row["unit"]).startswith("points") else 3


def _largest(row: dict) -> float:
    return max(map(abs, [row["effect"], *json.loads(row["conditions"]).values()]))
