"""The ledger's sentences, on rows made by hand."""

import pandas as pd

from scnlib import paper
from scnlib.paper import plain
from scnlib.paths import project_root

ROW = {"id": "S10", "claim": "SCN beats the baseline.", "place": "SCN table 2", "dataset": "rendered",
       "backbone": "small", "recipe": "quick",
       "verdict": "not held", "effect": -9.5, "low": -10.0, "high": -9.0, "unit": "points", "n": 3,
       "origin": "measured at full scale", "detail": "",
       "conditions": '{"at noise 10 %": -8.5, "at noise 30 %": -9.5}'}  # fmt: skip
NAN = float("nan")
HELD = ROW | {"id": "S02", "verdict": "held", "effect": 0.05, "unit": "below alpha = .05", "conditions": "{}"}
OPEN = ROW | {"id": "S19", "claim": "Weighting adds most.", "verdict": "undecided", "n": 1, "low": NAN, "high": NAN}
WAITING = ROW | {"id": "L02", "verdict": "not tested", "effect": NAN, "n": 0, "detail": "needs method lrn"}


def test_a_line_says_what_decided_and_why():
    line = plain.claim_line(pd.DataFrame([ROW]))
    assert "**✗ not held** on rendered faces (of 2, at noise 30 % decides: −9.5 points [−10.0, −9.0], n = 3;" in line
    assert "most for it, at noise 10 %: −8.5)" in line
    assert "One learning rate for both methods" in line
    assert plain.page(pd.DataFrame([ROW])).split("\n\n")[1] == f"{line} Lesson 09."


def test_one_seed_is_said():
    assert "? undecided (one seed)** on" in plain.claim_line(pd.DataFrame([OPEN]))


def test_one_dataset_that_refutes_is_enough_and_one_that_confirms_if_none_does():
    split = [ROW | {"id": "S15"}, ROW | {"id": "S15", "dataset": "ferplus", "verdict": "held"}]
    half = [HELD, HELD | {"dataset": "ferplus", "verdict": "undecided"}]
    found = plain.groups(pd.DataFrame([*half, ROW, *split, OPEN, WAITING]))
    names = {verdict: [rows["id"].iloc[0] for rows in claims] for verdict, claims in found.items()}
    assert names == {"held": ["S02"], "not held": ["S10", "S15"], "undecided": ["S19"]}


def test_the_page_has_every_judged_claim_once_and_says_where_it_was_measured():
    text = plain.page(pd.DataFrame([HELD, ROW, OPEN, WAITING]))
    assert [text.count(f"**{name}**") for name in ("S02", "S10", "S19", "L02")] == [1, 1, 1, 0]
    assert text.index("S02") < text.index("S10") < text.index("S19")
    assert text.endswith("*(measured at full scale)*")
    before, folded = text.split("<details>")
    assert "S10" in before and "S19" in folded.split("</details>")[0]
    assert plain.page(pd.DataFrame([WAITING])).startswith("> No claim was tested")


def test_tables_have_a_row_for_each_dataset_and_name_the_rest():
    text = plain.tables(pd.DataFrame([HELD, ROW, ROW | {"dataset": "ferplus", "low": NAN}, OPEN, WAITING]))
    held, refuted, still = (text.split(f"**{title}** (1)\n\n")[1].split("\n")[2:4] for title in plain.TITLES.values())
    assert held[0].startswith("| **S02** SCN beats the baseline. | rendered faces | ✓ | +0.050 below alpha = .05 | [")
    both = "−9.5 points (of 2; most for it −8.5, at noise 10 %)"
    claim = "**S10** SCN beats the baseline."
    assert refuted[0].startswith(f"| {claim} | rendered faces | ✗ | {both} | [−10.0, −9.0] | 3 | One learning rate")
    assert refuted[1] == f"|  | FER+ | ✗ | {both} |  | 3 |  |"
    assert still[0].startswith(f"| **S19** Weighting adds most. | rendered faces | ? | {both} |")
    assert text.endswith("**Not tested**: L02. Lesson 15 says what each waits for.")
    assert plain.tables(pd.DataFrame([WAITING])).startswith("**Not tested**")


def test_the_tally_counts_each_claim_once():
    split = [HELD, HELD | {"dataset": "ferplus", "verdict": "undecided"}]
    ours = ROW | {"id": "S17-noisy", "place": "ours, after SCN table 5", "verdict": "held"}
    theirs = (
        "3 of the papers' 4 claims were tested: 1 held on some faces and were refuted on none, 1 were refuted on some, "
        "1 are undecided."
    )
    places = (
        "With ours, on FER+ and the small network alone: 0 held, 0 not held, 1 undecided. "
        "With ours, on rendered faces and the small network alone: {held} held, 1 not held, 1 undecided, "
        "1 of these on one seed."
    )
    luck = (
        "With 4 verdicts that have an interval over few seeds, at most about 0.1 false ones in each direction are to "
        "be expected, were every true effect at its limit; they share baselines and test faces, and so err together."
    )
    waiting = WAITING | {"low": NAN, "high": NAN}
    rows = [*split, ROW, OPEN, waiting]
    assert plain.tally(pd.DataFrame(rows)) == f"{theirs} {places.format(held=1)} {luck.replace('4', '3')}"
    more = "Further 1, ours, put one of theirs under another condition: 1 held, 0 not held, 0 undecided."
    assert plain.tally(pd.DataFrame([*rows, ours])) == f"{theirs} {more} {places.format(held=2)} {luck}"


def test_what_n_counts_is_said():
    networks = HELD | {"id": "S25", "dataset": "any", "unit": "% saved"}
    assert "| any faces | ✓ | +0.050 % saved | [" in plain.tables(pd.DataFrame([networks]))
    assert "| 3 networks |" in plain.tables(pd.DataFrame([networks]))
    assert ", 3 networks)" in plain.claim_line(pd.DataFrame([networks]))


def test_a_line_ends_with_the_reason():
    line = plain.claim_line(pd.DataFrame([HELD | {"id": "S25", "unit": "% saved, limit -1", "effect": -0.0112}]))
    assert "−0.011 % saved, limit -1" in line and line.endswith("does not depend on it.")


def test_what_was_not_tested_waits_for_something():
    text = plain.untested(pd.DataFrame([ROW, WAITING, WAITING | {"id": "L03"}]))
    assert text.startswith("**Not tested** (2)") and "*Needs method lrn*: **L02**" in text and "**L03**" in text
    assert "S10" not in text


def test_a_lesson_shows_its_claims_judged_or_not_and_does_not_name_itself():
    elsewhere = WAITING | {"id": "S10", "dataset": "rafdb", "detail": "needs RAF-DB"}
    text = plain.of_one_lesson(pd.DataFrame([ROW, elsewhere, WAITING]))
    assert text == f"{plain.claim_line(pd.DataFrame([ROW]))}\n- **L02** SCN beats the baseline. *SCN table 2.* " + (
        "Not tested: needs method lrn."
    )


def test_every_claim_has_a_lesson_and_that_lesson_shows_it():
    assert set(plain.REASONS) == set(paper.CLAIMS)
    for lesson in {reason.lesson for reason in plain.REASONS.values()} - {"15"}:  # which shows them all
        (source,) = (project_root() / "notebooks" / "source").glob(f"{lesson}_*.py")
        assert "ctx.verdicts()" in source.read_text("utf-8"), lesson
    assert plain.claims_of("03") == ["L01"]
