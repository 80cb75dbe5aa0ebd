"""`make test`: pytest over every test folder but the benches, on both cores.

Tests marked `long` are left out, so that the whole ends within 25 minutes; `make test-long` runs those alone, and a
named file or folder runs with all of its tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("architecture", "unit", "quality", "conformance", "integration", "services", "browser")


def main(arguments: list[str]) -> int:
    """Run pytest; return its exit status."""
    folders = [f"tests/{name}" for name in FOLDERS if any((ROOT / "tests" / name).rglob("test_*.py"))]
    named = any(not argument.startswith("-") and Path(argument.partition("::")[0]).exists() for argument in arguments)
    chosen = [] if named or "-m" in arguments else ["-m", "not long"]
    workers = os.environ.get("TEST_WORKERS", str(min(2, os.cpu_count() or 1)))
    command = [sys.executable, "-m", "pytest", "-p", "dev.pytest_house", "-p", "dev.pytest_sharing",
               "-n", workers, "--dist", "loadscope", "-q", *chosen, *([] if named else folders),
               *arguments]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
