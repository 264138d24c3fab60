"""The table of what was tried on the project and survived, made by the tests that try it.

A test says so itself:

    @pytest.mark.attack("a cache that was cut off", "it is made again")

and ``make attacks`` runs them all and writes ``data/results/attacks.csv``. It holds no times and no machine, so it
changes only when tests do.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

COLUMNS = ("area", "tried", "survived", "cases", "outcome", "reason", "test")

#: By the beginning of the file's name after ``test_``; in this order in the table.
AREAS = ("bad_input", "kills", "faults", "hostile_files", "load")


@dataclass(frozen=True)
class Case:
    """One test, or one of its parameters, after it ran.

    Attributes:
        test: its id, ``tests/robustness/test_load.py::test_name[parameter]``.
        tried, survived: of its mark.
        outcome: ``"passed"``, ``"failed"`` or ``"skipped"``.
        reason: why it was skipped.
        place: among all tests.
    """

    test: str
    tried: str
    survived: str
    outcome: str
    reason: str = ""
    place: int = 0


def table(cases: Iterable[Case]) -> str:
    """The table as CSV: a row for each (test, tried, survived), with how many cases there were.

    A row failed if one of its cases did, and was skipped if all were.
    """
    rows: dict[tuple[str, ...], list[Case]] = {}
    for case in sorted(cases, key=lambda case: case.place):
        test = case.test.partition("[")[0]
        rows.setdefault((test, case.tried, case.survived), []).append(case)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for (test, tried, survived), mine in sorted(rows.items(), key=lambda row: _order(row[0][0])):
        outcomes = {case.outcome for case in mine}
        outcome = "failed" if "failed" in outcomes else "passed" if "passed" in outcomes else "skipped"
        reason = mine[0].reason if outcome == "skipped" else ""
        writer.writerow([area(test), tried, survived, len({case.test for case in mine}), outcome, reason, test])
    return text.getvalue()


def area(test: str) -> str:
    """What kind of attack a test is, by the name of its file: ``"bad input"``, ``"kills"``, ..."""
    name = test.partition("::")[0].rpartition("/")[2].removesuffix(".py").removeprefix("test_")
    return next((known for known in AREAS if name.startswith(known)), name).replace("_", " ")


def _order(test: str) -> tuple[int, str]:
    """By area, then by file; within a file tests stay in the order in which they stand."""
    names = [known.replace("_", " ") for known in AREAS]
    found = area(test)
    return names.index(found) if found in names else len(names), test.partition("::")[0]
