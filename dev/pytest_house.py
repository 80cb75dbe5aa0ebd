"""A pytest plugin for `make test`: keeps costly fixtures on one worker and names what was skipped, and why."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

# On a busy machine a slow example is not a wrong one; pytest-timeout watches over real hangs.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Folders whose session fixtures start servers or a browser: one worker runs the whole folder.
WHOLE_FOLDERS = ("services", "browser")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test a distribution group: its file, or its folder where fixtures are dear."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item.nodeid)))


def _group(nodeid: str) -> str:
    path = nodeid.partition("::")[0]
    parts = Path(path).parts
    folder = parts[1] if len(parts) > 2 else ""
    return folder if folder in WHOLE_FOLDERS else path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what every folder did, and which tests were skipped for which reason."""
    ran: Counter[str] = Counter()
    took: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            folder = _folder(report.nodeid)
            took[folder] += round(1000 * getattr(report, "duration", 0))
            if outcome == "skipped":
                reasons[folder, _reason(report)] += 1
            else:
                ran[folder] += 1
    terminalreporter.section("what ran")
    for folder in sorted(took):
        terminalreporter.line(f"{folder:16} {ran[folder]:5} tests  {took[folder] / 1000:7.1f} s")
    for (folder, reason), count in sorted(reasons.items()):
        terminalreporter.line(f"{folder:16} {count:5} SKIPPED: {reason}", yellow=True)
    if not reasons:
        terminalreporter.line("Nothing was skipped.")
    terminalreporter.line(time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def _folder(nodeid: str) -> str:
    parts = Path(nodeid.partition("::")[0]).parts
    return parts[1] if len(parts) > 2 else parts[0]


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)
