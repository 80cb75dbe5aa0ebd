"""A pytest plugin for `make test`: says where its time went, and names what was skipped, and why."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

# On a busy machine a slow example is not a wrong one; pytest-timeout watches over real hangs.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# Files named with their time after a run of many: the first place to look when the whole takes too long.
SLOWEST_SHOWN = 25


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what every folder did, where the time went, and which tests were skipped for which reason."""
    ran: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            if outcome == "skipped":
                reasons[_folder(report.nodeid), _reason(report)] += 1
            else:
                ran[_folder(report.nodeid)] += 1
    took_s = _seconds_by_file(terminalreporter)
    terminalreporter.section("what ran")
    for folder in sorted({*ran, *(folder for folder, _ in reasons)}):
        folder_s = sum(seconds for path, seconds in took_s.items() if _folder(path) == folder)
        terminalreporter.line(f"{folder:16} {ran[folder]:5} tests  {folder_s:7.1f} s")
    if len(took_s) > SLOWEST_SHOWN:
        for path in sorted(took_s, key=took_s.__getitem__, reverse=True)[:SLOWEST_SHOWN]:
            terminalreporter.line(f"{took_s[path]:7.1f} s  {path}")
    for (folder, reason), count in sorted(reasons.items()):
        terminalreporter.line(f"{folder:16} {count:5} SKIPPED: {reason}", yellow=True)
    if not reasons:
        terminalreporter.line("Nothing was skipped.")
    terminalreporter.line(time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def _seconds_by_file(terminalreporter: pytest.TerminalReporter) -> dict[str, float]:
    """Add up what every test file took, its fixtures included: an encode shared by a module is most of its time."""
    took_s: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                took_s[report.nodeid.partition("::")[0]] += report.duration
    return dict(took_s)


def _folder(nodeid: str) -> str:
    parts = Path(nodeid.partition("::")[0]).parts
    return parts[1] if len(parts) > 2 else parts[0]


def _reason(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)
