"""The table of attacks: what the tests say of themselves, and the page of the book that shows it."""

import csv
import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from book import build
from scnlib.paths import project_root
from tests.robustness import conftest
from tests.robustness.attacks import Case, area, table


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_cases_of_one_test_are_one_row_and_a_single_failure_is_the_rows_outcome():
    place = "tests/robustness/test_load.py::test_a"
    cases = [Case(f"{place}[{n}]", "tried, much", "stood", "passed") for n in range(3)]
    (row,) = rows_of(table(cases))
    assert row == {
        "area": "load", "tried": "tried, much", "survived": "stood", "cases": "3", "outcome": "passed", "reason": "",
        "test": place,
    }  # fmt: skip
    (row,) = rows_of(table([*cases, Case(f"{place}[3]", "tried, much", "stood", "failed")]))
    assert (row["cases"], row["outcome"]) == ("4", "failed")
    (row,) = rows_of(table([*cases, Case(f"{place}[3]", "tried, much", "stood", "skipped", "no disk")]))
    assert (row["outcome"], row["reason"]) == ("passed", "")
    assert len(rows_of(table([*cases, Case(f"{place}[4]", "something else", "stood", "passed")]))) == 2


def test_a_case_that_fails_and_cannot_clean_up_is_one_case():
    failed = Case("tests/robustness/test_load.py::test_a", "tried", "stood", "failed")
    (row,) = rows_of(table([failed, failed]))
    assert row["cases"] == "1"


def test_what_was_skipped_says_why():
    (row,) = rows_of(table([Case("tests/robustness/test_faults.py::test_a", "full disk", "stands", "skipped", "root")]))
    assert (row["area"], row["outcome"], row["reason"]) == ("faults", "skipped", "root")


def test_rows_stand_by_area_and_file_in_the_order_of_the_tests():
    names = ["test_load.py::z", "test_load.py::a", "test_kills.py::a", "test_bad_input_lists.py::a", "test_other.py::a"]
    found = rows_of(table(Case(f"tests/robustness/{name}", "t", "s", "passed") for name in names))
    assert [row["test"].rpartition("/")[2] for row in found] == [names[i] for i in (3, 2, 0, 1, 4)]
    assert [area(f"tests/robustness/{name}") for name in names] == ["load", "load", "kills", "bad input", "other"]


def report_of(when, outcome, longrepr=None):
    """What the hook makes of one report, driven as pytest drives it."""
    stash = {conftest.CASES: []}
    mark = SimpleNamespace(args=("tried", "stood"))
    item = SimpleNamespace(
        nodeid="tests/robustness/test_load.py::test_a", get_closest_marker=lambda name: mark,
        config=SimpleNamespace(stash=stash), session=SimpleNamespace(items=[]),
    )  # fmt: skip
    item.session.items.append(item)
    hook = conftest.pytest_runtest_makereport(item, None)
    next(hook)
    with pytest.raises(StopIteration) as done:
        hook.send(SimpleNamespace(when=when, outcome=outcome, longrepr=longrepr))
    assert done.value.value.outcome == outcome
    return [(case.outcome, case.reason) for case in stash[conftest.CASES]]


def test_every_test_is_noted_once_whenever_it_ends():
    assert report_of("setup", "passed") == report_of("teardown", "passed") == []
    assert report_of("call", "passed") == [("passed", "")]
    assert report_of("setup", "failed") == [("failed", "")]
    assert report_of("setup", "skipped", ("file", 1, "Skipped: no tmpfs")) == [("skipped", "no tmpfs")]


@pytest.mark.parametrize(("status", "written"), [(0, True), (1, True), (2, False), (4, False)])
def test_a_run_that_was_stopped_writes_no_table(tmp_path, status, written):
    path = tmp_path / "attacks.csv"
    case = Case("tests/robustness/test_load.py::test_a", "tried", "stood", "passed")
    config = SimpleNamespace(getoption=lambda name, default: str(path), stash={conftest.CASES: [case]})
    conftest.pytest_sessionfinish(SimpleNamespace(config=config), pytest.ExitCode(status))
    assert path.is_file() == written


def test_processes_side_by_side_make_one_table_in_the_order_of_the_tests(tmp_path):
    """Two processes take the tests in turns."""
    (tmp_path / "test_load.py").write_text(
        "import pytest\n"
        "attack = pytest.mark.attack\n"
        "@pytest.mark.parametrize('n', [pytest.param(n, marks=attack(f'tried {n}', 'stood')) for n in 'cab'])\n"
        "def test_a(n):\n    assert n != 'a'\n"
        "@attack('tried', 'stood')\n"
        "def test_0():\n    pytest.skip('no disk')\n"
    )
    words = [sys.executable, "-m", "pytest", "-p", "tests.robustness.conftest", "--rootdir", tmp_path, tmp_path]
    words += ["-p", "no:cacheprovider", "-c", project_root() / "pyproject.toml", "--attacks", tmp_path / "attacks.csv"]
    words += ["-n2", "--dist=load", "--maxschedchunk=1"]
    ended = subprocess.run(words, cwd=project_root(), capture_output=True)
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED, ended.stdout
    rows = rows_of((tmp_path / "attacks.csv").read_text())
    assert [row["tried"] for row in rows] == ["tried c", "tried a", "tried b", "tried"]
    assert [row["outcome"] for row in rows] == ["passed", "failed", "passed", "skipped"]


def test_a_process_that_died_leaves_no_table():
    """What it had noted is lost, so what the others say is not all."""
    node = SimpleNamespace(config=SimpleNamespace(option=SimpleNamespace(attacks="attacks.csv")))
    conftest.pytest_testnodedown(node, "Not properly terminated")
    assert node.config.option.attacks is None


def test_the_book_shows_every_row_and_counts_what_stood(tmp_path):
    path = tmp_path / "attacks.csv"
    case = "tests/robustness/test_load.py::test_a"
    cases = [
        Case(f"{case}[1]", "a pipe | and <b>", "stood", "passed"),
        Case(f"{case}[2]", "a pipe | and <b>", "stood", "passed"),
        Case("tests/robustness/test_faults.py::test_b", "a full disk", "stands", "skipped", "no tmpfs"),
    ]
    path.write_text(table(cases))
    page = build.attacks_page(path)
    assert page.startswith("# What was tried")
    assert "2 of 3 cases" in page and "1 skipped" in page
    assert r"| a pipe \| and \<b> | stood | 2 passed |" in page
    assert "| a full disk | stands | skipped: no tmpfs |" in page
    assert page.index("## faults") < page.index("## load")


def test_without_a_table_the_page_says_how_to_make_one(tmp_path):
    assert "`make attacks`" in build.attacks_page(tmp_path / "attacks.csv")
