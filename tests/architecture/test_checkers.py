"""ruff, mypy and the template linter have nothing to say; `make check` shows the same with less ado."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CHECKS = {
    "ruff": ["ruff", "check", ".", "--output-format", "concise"],
    "mypy": ["mypy", "--no-error-summary"],
    "djlint": ["djlint", "app", "--lint", "--quiet"],
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", CHECKS)
def test_checker_is_content(name: str) -> None:
    command = [sys.executable, "-m", *CHECKS[name]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=590)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
