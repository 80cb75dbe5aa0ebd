"""Run a daemon that cannot outlive us: drop root where the daemon refuses it, tie its life to our parent's, then exec.

Run as a program of its own, because `preexec_fn` is unsafe once a test process has threads:
`python leash.py PARENT_PID SIGNAL USER COMMAND...` (USER `-` keeps the account).
"""

import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent_pid, death_signal, user, *command = arguments
    if user != "-":
        account = pwd.getpwnam(user)
        os.initgroups(user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    # After the change of account, which clears it; it survives exec.
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.Signals[death_signal], 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != int(parent_pid):
        sys.exit("the test process died before the daemon began")
    os.execvp(command[0], command)  # noqa: S606  # no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
