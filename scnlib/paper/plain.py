"""The claims ledger in plain words: what held, what did not, what is open, and which lesson shows why."""

import json
import math
from dataclasses import dataclass

import pandas as pd

from scnlib.paper.claims_scn import NETWORK_NAMES
from scnlib.paper.verdicts import HELD, NOT_HELD, OURS, UNDECIDED

DATASETS = {"rendered": "rendered faces", "ferplus": "FER+", "any": "any faces"}
SIGNS = {HELD: "✓", UNDECIDED: "?", NOT_HELD: "✗"}
#: What n counts where it does not count seeds.
COUNTED = {"S25": "networks", "L01": "classes"}


@dataclass(frozen=True)
class Reason:
    """Which lesson a claim belongs to, and what is behind its verdict where it held and where it did not."""

    lesson: str
    held: str = ""
    failed: str = ""


REASONS = {
    "S01": Reason("04", "slowly, on moved and turned pictures: unaugmented and longer, the wrong labels are memorised",
                  "too few steps on moved and turned pictures: unaugmented and longer, the wrong labels are memorised"),
    "S02": Reason("05", "a loss that alpha multiplies is smallest at alpha = 0"),
    "S02-logits": Reason("05", "at alpha = 0 the loss is that of guessing, and a network that learns gets below it"),
    "S03": Reason("05"),
    "S04-flipped": Reason("15", "", "alpha sees the picture, and a random flip of the label leaves no trace in it"),
    "S04-real": Reason("10"),
    "S04": Reason("15", "", "nothing in the loss says whose alpha shall be low"),
    "S05": Reason("15", "", "the rank loss demands that alpha differs; it is blind to who gets the low ones"),
    "S05-faces": Reason("15", "", "the rank loss demands that alpha differs; it is blind to who gets the low ones"),
    "S06": Reason("15", "", "some flaws cannot be read from the features, others can and alpha passes over them"),
    "S07": Reason("08", "", "faces as low that kept their label rise as well: the way back to the mean"),
    "S08": Reason("07", "the network is right more often than the labels it replaces",
                  "the network is right less often than the labels it replaces, the more so the fewer are wrong"),
    "S09": Reason("10"),
    "S10": Reason("09", "", "one learning rate for both methods compares their step sizes too"),
    "S10-tuned": Reason("11"),
    "S10-bare": Reason("11"),
    "S10-heart": Reason("09", "its relabelling keeps a part of the wrong labels from being learnt; on FER+ the mean "
                        "over classes falls, and stopping the baseline early keeps more"),
    "S11": Reason("09"),
    "S12": Reason("09"),
    "S13": Reason("14", "", "of MetaCleaner we have the abstract and a summary, of CurriculumNet no code of the "
                  "training: both are ours in part"),
    "S14": Reason("10"),
    "S15": Reason("10", "", "one learning rate for both methods compares their step sizes too"),
    "S16": Reason("10"),
    "S17": Reason("11", "a plain network overrules right labels where it is wrong itself; ours begins early in a short "
                  "training, and loses far more than the paper's 0.75 points"),
    "S17-noisy": Reason("11", "a plain network overrules right labels where it is wrong itself"),
    "S18": Reason("11", "", "weighting and ranking shorten the step, and relabelling overrules right labels"),
    "S18-noisy": Reason("11", "", "weighting and ranking shorten the step, and relabelling overrules right labels"),
    "S19": Reason("11"),
    "S19-noisy": Reason("11"),
    "S20": Reason("11", "", "a smaller gamma leaves more of the classification loss, and so a longer step"),
    "S20-large": Reason("11", "at gamma = .8 a fifth of the classification loss is left"),
    "S21": Reason("06", "", "larger margins mean lower accuracy; with a small one the rank loss is soon idle"),
    "S22": Reason("06"),
    "S23": Reason("07"),
    "S23-large": Reason("07", "few predictions are surer by that much"),
    "S24": Reason("06"),
    "S25": Reason("08", "alpha is one weight for each feature, and which class is answered does not depend on it"),
    "S26": Reason("11"),
    "S27": Reason("04"),
    "S28": Reason("07"),
    "S29": Reason("04", "a classifier that is taught the true labels finds less in features learnt from wrong ones"),
    "S30": Reason("14"),
    "S31": Reason("10"),
    "S32": Reason("14", "", "of MetaCleaner we have the abstract and a summary: what is refuted is our rebuilding"),
    "L01": Reason("03", "people confuse faces that look alike"),
    "L02": Reason("12"),
    "L03": Reason("12"),
    "L04": Reason("12"),
    "L05": Reason("12"),
    "L06": Reason("12"),
    "L07": Reason("12"),
    "L08": Reason("12"),
    "L09": Reason("12"),
    "L10": Reason("12"),
    "L11": Reason("12"),
}  # fmt: skip


def groups(table: pd.DataFrame) -> dict[str, list[pd.DataFrame]]:
    """The judged claims by how they fared: ``HELD``, ``NOT_HELD`` and ``UNDECIDED`` -> the rows of each claim.

    A claim is not held that some dataset refutes; held, that none refutes and some confirms; undecided otherwise.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    found = {HELD: [], NOT_HELD: [], UNDECIDED: []}
    for _, rows in table[table["verdict"].isin(SIGNS)].groupby("id", sort=False):
        verdicts = set(rows["verdict"])
        found[NOT_HELD if NOT_HELD in verdicts else HELD if HELD in verdicts else UNDECIDED].append(rows)
    return found


def tally(table: pd.DataFrame) -> str:
    """How many claims were tested, how they fared, and how many of all these tests luck alone would fail.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    own = table["place"].str.startswith(OURS)
    theirs, ours = (
        {verdict: len(claims) for verdict, claims in groups(rows).items()} for rows in (table[~own], table[own])
    )
    tested, claimed = sum(theirs.values()), table.loc[~own, "id"].nunique()
    tests = int((table["low"].notna() & ~table["id"].isin(COUNTED)).sum())
    sentences = [
        f"{tested} of the papers' {claimed} claims were tested: {theirs[HELD]} held on some faces and were refuted on "
        f"none, {theirs[NOT_HELD]} were refuted on some, {theirs[UNDECIDED]} are undecided."
    ]
    if any(ours.values()):
        sentences.append(
            f"Further {sum(ours.values())}, ours, put one of theirs under another condition: {ours[HELD]} held, "
            f"{ours[NOT_HELD]} not held, {ours[UNDECIDED]} undecided."
        )
    for dataset in ("ferplus", "rendered"):
        rows = table[(table["dataset"] == dataset) & table["backbone"].isin(["", "small"])]
        counts = {name: int((rows["verdict"] == name).sum()) for name in (HELD, NOT_HELD, UNDECIDED)}
        alone = int(((rows["verdict"] == UNDECIDED) & (rows["n"] == 1)).sum())
        if any(counts.values()):
            fared = ", ".join(f"{count} {name}" for name, count in counts.items())
            fared += f", {alone} of these on one seed" if alone else ""
            sentences.append(f"With ours, on {DATASETS[dataset]} and the small network alone: {fared}.")
    sentences.append(
        f"With {tests} verdicts that have an interval over few seeds, at most about {0.025 * tests:.1f} false ones in "
        "each direction are to be expected, were every true effect at its limit; they share baselines and test faces, "
        "and so err together."
    )
    return " ".join(sentences)


TITLES = {
    HELD: "Held on some faces, refuted on none",
    NOT_HELD: "Refuted on some faces",
    UNDECIDED: "Undecided: one seed, or an interval with the limit in it (wider where there are several conditions)",
}


def page(table: pd.DataFrame) -> str:
    """The judged claims as Markdown: grouped by how they fared, each with its numbers, its reason and its lesson.

    The undecided ones, of which there are most and little to say, are folded up.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    lists = []
    for verdict, claims in groups(table).items():
        title, lines = f"{TITLES[verdict]} ({len(claims)})", "\n".join(map(_with_lesson, claims))
        folded = f"<details><summary>{title}: unfold</summary>\n\n{lines}\n\n</details>"
        if claims:
            lists.append(folded if verdict == UNDECIDED else f"**{title}**\n\n{lines}")
    if not lists:
        return "> No claim was tested yet: there are no results."
    origins = [origin for origin in table["origin"].unique() if origin]
    return "\n\n".join([*lists, f"*({'; '.join(origins)})*"])


def tables(table: pd.DataFrame) -> str:
    """The same as Markdown tables, a row for each dataset, and the names of the claims that were not tested.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    head = "| claim | faces | | effect | interval | n | why, and lesson |\n|---|---|---|---|---|---|---|"
    parts = [
        "\n".join(
            [f"**{TITLES[verdict]}** ({len(claims)})", "", head, *(line for rows in claims for line in _cells(rows))]
        )
        for verdict, claims in groups(table).items()
        if claims
    ]
    rest = ", ".join(waiting(table)["id"])
    untested = [f"**Not tested**: {rest}. Lesson 15 says what each waits for."] if rest else []
    return "\n\n".join([*parts, *untested])


def waiting(table: pd.DataFrame) -> pd.DataFrame:
    """The claims that no dataset tests, a row each."""
    tested = set(table[table["verdict"].isin(SIGNS)]["id"])
    return table[~table["id"].isin(tested)].drop_duplicates("id")


def untested(table: pd.DataFrame) -> str:
    """The claims that no dataset tests, as Markdown: a list item for each thing that they wait for."""
    rest = waiting(table)
    if rest.empty:
        return "Every claim was tested."
    lines = []
    for needed, rows in rest.groupby("detail", sort=False):
        claims = "; ".join(f"**{row['id']}** {row['claim'].rstrip('.')}" for row in rows.to_dict("records"))
        lines.append(f"- *{needed[0].upper()}{needed[1:]}*: {claims}.")
    return "\n".join([f"**Not tested** ({len(rest)})", "", *lines])


def claims_of(lesson: str) -> list[str]:
    """The names of the claims that belong to a lesson: ``claims_of("03") == ["L01"]``."""
    return [name for name, reason in REASONS.items() if reason.lesson == lesson]


def of_one_lesson(table: pd.DataFrame) -> str:
    """The verdicts of a lesson's claims as Markdown: a list item for each, judged or waiting.

    Args:
        table: of ``scnlib.paper.claims_table``.
    """
    lines = []
    for _, rows in table.groupby("id", sort=False):
        judged = rows[rows["verdict"].isin(SIGNS)]
        lines.append(claim_line(judged) if len(judged) else _waiting_line(rows.iloc[0]))
    return "\n".join(lines)


def claim_line(rows: pd.DataFrame) -> str:
    """One list item: the claim, each dataset's verdict with the number that decided it, and the reason."""
    judged = "; ".join(_judged(row) for row in rows.to_dict("records"))
    return f"{_claim(rows.iloc[0])} {judged}.{_because(rows)}"


def _waiting_line(row: pd.Series) -> str:
    return f"{_claim(row)} Not tested: {row['detail']}."


def _claim(row: pd.Series) -> str:
    return f"- **{row['id']}** {row['claim']} *{row['place']}.*"


def _with_lesson(rows: pd.DataFrame) -> str:
    return f"{claim_line(rows)} Lesson {REASONS[rows['id'].iloc[0]].lesson}."


def _cells(rows: pd.DataFrame) -> list[str]:
    """A claim's rows of a table; what they share stands in the first alone.

    Of several conditions the one that decided, and in brackets the one that speaks most for the claim.
    """
    name, lines = rows["id"].iloc[0], []
    shared = f"**{name}** {rows['claim'].iloc[0]}", f"{_because(rows)} Lesson {REASONS[name].lesson}.".strip()
    for row in rows.to_dict("records"):
        effect = f"{_signed(row['effect'], _digits(row))} {row['unit']}{_up_to(row)}"
        n = _count(row).removeprefix("n = ")
        cells = shared[0], _where(row), SIGNS[row["verdict"]], effect, _interval(row), n, shared[1]
        lines.append(f"| {' | '.join(cells)} |")
        shared = "", ""
    return lines


def _interval(row: dict) -> str:
    digits = _digits(row)
    return "" if math.isnan(row["low"]) else f"[{_signed(row['low'], digits)}, {_signed(row['high'], digits)}]"


def _count(row: dict) -> str:
    return f"{int(row['n'])} {COUNTED[row['id']]}" if row["id"] in COUNTED else f"n = {int(row['n'])}"


def _up_to(row: dict) -> str:
    """The condition that speaks most for the claim, where another was shown."""
    conditions = json.loads(row["conditions"])
    strongest = max(conditions, key=conditions.get) if conditions else ""
    shown = row["effect"], conditions.get(strongest, row["effect"])
    if _signed(shown[0], _digits(row)) == _signed(shown[1], _digits(row)):
        return ""
    return f" (of {len(conditions)}; most for it {_signed(shown[1], _digits(row))}, {strongest})"


def _because(rows: pd.DataFrame) -> str:
    """The reason, a sentence; nothing where there is none."""
    reason, verdicts = REASONS[rows["id"].iloc[0]], set(rows["verdict"])
    why = reason.failed if NOT_HELD in verdicts else reason.held if HELD in verdicts else ""
    return f" {why[0].upper()}{why[1:]}." if why else ""


def _judged(row: dict) -> str:
    digits = _digits(row)
    effect = f"{' '.join(filter(None, [_signed(row['effect'], digits), row['unit'], _interval(row)]))}, {_count(row)}"
    conditions = json.loads(row["conditions"])
    if len(conditions) == 1:
        effect = f"{next(iter(conditions))}: {effect}"
    elif conditions:
        deciding = min(conditions, key=lambda name: abs(conditions[name] - row["effect"]))
        strongest = max(conditions, key=conditions.get)
        effect = f"of {len(conditions)}, {deciding} decides: {effect}"
        effect += f"; most for it, {strongest}: {_signed(conditions[strongest], digits)}"
    single = " (one seed)" if row["n"] == 1 else ""
    return f"**{SIGNS[row['verdict']]} {row['verdict']}{single}** on {_where(row)} ({effect})"


def _where(row: dict) -> str:
    """Dataset and network, which is named where it is not the small one."""
    network = "" if row["backbone"] in ("", "small") else f" with {NETWORK_NAMES[row['backbone']]}"
    return DATASETS.get(row["dataset"], row["dataset"]) + network


def _digits(row: dict) -> int:
    return 1 if str(row["unit"]).startswith("points") else 3


def _signed(value: float, digits: int) -> str:
    """A number with its sign, a true minus, and none on a zero."""
    text = f"{value:+.{digits}f}"
    return text.replace("-", "−") if float(text) else text[1:]
