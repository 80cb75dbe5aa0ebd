"""`make soak`: the tests that kill web and worker, again and again until the time is up; every round in a new order.

A recovery that works nine times of ten shows up here. SOAK_S=600 sets the seconds; the first failure ends the run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from dev.run import ROOT

FOLDERS = ("tests/integration/resilience", "tests/integration/kernel")


def main(arguments: list[str]) -> int:
    """Repeat until the time is up; return the first bad exit status."""
    seconds = float(os.environ.get("SOAK_S", "600"))
    started = time.monotonic()
    rounds = 0
    while rounds == 0 or time.monotonic() - started < seconds:
        rounds += 1
        command = [
            sys.executable,
            "-m",
            "pytest",
            *FOLDERS,
            "-q",
            "-p",
            "no:cacheprovider",
            f"--randomly-seed={1000 + rounds}",
            *arguments,
        ]
        status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        if status != 0:
            print(f"soak: round {rounds} failed after {time.monotonic() - started:.0f} s")
            return status
    print(f"soak: {rounds} rounds without a failure in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
