"""Run by path in front of a program, where `setpriv` and `prlimit` are missing.

Sets limits on itself, then becomes the program.

Not imported by anything; standard library only. `preexec_fn` would do the same but may deadlock in a threaded worker.
Usage: launch.py PARENT_PID NICENESS AS_BYTES CPU_S FSIZE_BYTES PROGRAM [ARGUMENT...]   (0 means no limit)
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Apply the limits and replace this process by the program."""
    parent, niceness, *limits = (int(argument) for argument in arguments[:5])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent died before the program started")
    for kind, limit in zip((resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE), limits, strict=True):
        if limit:
            resource.setrlimit(kind, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(niceness)
    os.execvp(arguments[5], arguments[5:])  # noqa: S606 - a list, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
