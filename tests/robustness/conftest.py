"""``pytest tests/robustness --attacks FILE`` writes the table of what was tried and survived."""

from dataclasses import astuple
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
        place = item.session.items.index(item)
        item.config.stash[CASES].append(Case(item.nodeid, *mark.args, report.outcome, reason, place))
    return report


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node, error):
    if error:
        node.config.option.attacks = None  # it died with what it had noted, and the rest is not the table
    else:
        node.config.stash[CASES] += [Case(*fields) for fields in node.workeroutput["attacks"]]


def pytest_sessionfinish(session, exitstatus):
    cases = session.config.stash[CASES]
    path = session.config.getoption("--attacks", None)  # None, too, where pytest met this folder on its way
    whole = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if hasattr(session.config, "workeroutput"):  # one of several side by side: who started it writes the table
        session.config.workeroutput["attacks"] = [astuple(case) for case in cases]
    elif path and whole:
        Path(path).write_text(table(cases), encoding="utf-8")
