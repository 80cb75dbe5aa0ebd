"""`make bench`: every figure the project is measured by, one bench after the other so that none disturbs the next.

Figures are ratios inside one run; the calibration says how fast and how busy the machine was. `make bench ARGS=search`
runs one of them.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys

from dev.run import ROOT

BENCHES = ("search", "pages", "encode")


def main(arguments: list[str]) -> int:
    """Run the named benches, or all; return the first bad exit status."""
    names = [name for name in BENCHES if not arguments or name in arguments]
    if not names:
        print(f"bench: choose from {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    for name in names:
        print(f"\n=== {name} " + "=" * (70 - len(name)), flush=True)
        status = subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], cwd=ROOT, check=False).returncode
        if status:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
