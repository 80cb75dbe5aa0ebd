"""Tests that share something dear run on one worker: it is made once, however many workers there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev.pytest_sharing import group_of
from dev.tests import ROOT

FILE = """
import os, time
import pytest

@pytest.fixture(scope="module", params=["one", "two"])
def dear(request):
    with open("made.txt", "a") as made:
        made.write(f"{__name__} {request.param}\\n")
    return request.param

@pytest.mark.parametrize("number", range(8))
def test_it(dear, number):
    time.sleep(0.02)
    with open("ran.txt", "a") as ran:
        ran.write(f"{__name__} {os.getpid()}\\n")
"""


def test_what_a_file_shares_is_made_once(tmp_path: Path) -> None:
    for name in ("test_a.py", "test_b.py", "test_c.py"):
        (tmp_path / name).write_text(FILE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "dev.pytest_sharing", "-n", "2", "--dist", "loadscope"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "."], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert "48 passed" in done.stdout, done.stdout + done.stderr
    made = (tmp_path / "made.txt").read_text().splitlines()
    assert sorted(made) == [f"test_{name} {param}" for name in "abc" for param in ("one", "two")]
    ran = {tuple(line.split()) for line in (tmp_path / "ran.txt").read_text().splitlines()}
    assert len(ran) == 3, "each file on one worker"
    assert len({worker for _, worker in ran}) == 2


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("tests/unit/kernel/test_ids.py::test_it[a::b]", "tests/unit/kernel/test_ids.py"),
        ("tests/browser/resident/test_looks.py::test_it", "tests/browser/resident"),
        ("tests/browser/journey/test_main_job.py::test_it[scaled]", "stack"),
        ("tests/services/test_queue_postgres.py::test_it", "tests/services"),
        ("tests/conformance/hls/test_sets.py::test_it", "tests/conformance/hls"),
    ],
)
def test_groups(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group


def test_what_is_over_the_shared_stack_is_one_group() -> None:
    """A file that asks for the fixture and makes none of its own would start the whole product once more."""
    asks = re.compile(r"^def test_\w+\([^)]*\bstack: Stack\b", re.MULTILINE)
    texts = {path: path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    sharing = [path for path, text in texts.items() if asks.search(text) and "def stack(" not in text]
    groups = {str(path.relative_to(ROOT)): group_of(f"{path.relative_to(ROOT)}::test_it") for path in sharing}
    assert len(groups) == 4
    assert set(groups.values()) == {"stack"}, groups
