"""``pytest tests/robustness --attacks FILE`` writes the table of what was tried and survived."""

from pathlib import Path

import pytest

from tests.robustness.attacks import Case, table

CASES = pytest.StashKey[list[Case]]()


def pytest_addoption(parser):
    parser.addoption("--attacks", metavar="FILE", help="write there what was tried and survived, as CSV")


def pytest_configure(config):
    config.stash[CASES] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    mark = item.get_closest_marker("attack")
    if mark is not None and (report.when == "call" or report.outcome != "passed"):
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        item.config.stash[CASES].append(Case(item.nodeid, *mark.args, report.outcome, reason))
    return report


def pytest_sessionfinish(session, exitstatus):
    path = session.config.getoption("--attacks", None)  # None, too, where pytest met this folder on its way
    whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if path and whole:
        Path(path).write_text(table(session.config.stash[CASES]), encoding="utf-8")
