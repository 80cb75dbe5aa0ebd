"""How much one web process grows in its life: from its own first request to its peak, counted by the kernel.

Kernel: `VmHWM` of `/proc/<pid>/status` is the highest resident memory since it was last set back, which writing 5 to
`/proc/<pid>/clear_refs` does. So no peak between two looks is missed.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.stack import Stack

_KIB_IN_MIB = 1024


@dataclass
class Life:
    """One process of one host."""

    host: int
    pid: int
    #: Resident memory when it had answered its first request, and the highest since.
    began_mib: float
    peak_mib: float

    @property
    def growth_mib(self) -> float:
        return self.peak_mib - self.began_mib


class WebMemory:
    """The lives of the web processes of some hosts."""

    def __init__(self, hosts: list[Stack]) -> None:
        self._hosts = hosts
        self._living: dict[int, Life] = {}
        self.lives: list[Life] = []

    def born(self, stack: Stack) -> None:
        """Begin to watch a process that has just answered its first request."""
        pid = _largest_of_session(stack.processes["web"].pid)
        (Path("/proc") / str(pid) / "clear_refs").write_text("5")
        began_mib = _status_mib(pid, "VmRSS")
        host = self._hosts.index(stack)
        self._living[host] = Life(host, pid, began_mib, began_mib)
        self.lives.append(self._living[host])

    def look(self) -> None:
        """Read the peaks; called before a process is killed and now and then."""
        for life in self._living.values():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, StopIteration):
                life.peak_mib = max(life.peak_mib, _status_mib(life.pid, "VmHWM"))

    @property
    def growth_mib(self) -> float:
        """How much the one that grew most has grown."""
        return max(life.growth_mib for life in self.lives)

    def table(self) -> str:
        """Return a line for each process."""
        return "\n".join(
            f"    host {life.host + 1} process {number}: {life.began_mib:.1f} MiB at its first request,"
            f" peak {life.peak_mib:.1f}, grown by {life.growth_mib:.1f}"
            for number, life in enumerate(self.lives, 1)
        )


def _status_mib(pid: int, name: str) -> float:
    lines = (Path("/proc") / str(pid) / "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / _KIB_IN_MIB


def _largest_of_session(session_id: int) -> int:
    """Return the process that works: gunicorn's child, beside its small parent and the leash."""
    sizes = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            with contextlib.suppress(OSError, StopIteration, IndexError):
                if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session_id:
                    children = (process / "task" / process.name / "children").read_text().split()
                    sizes[int(process.name)] = (not children, _status_mib(int(process.name), "VmRSS"))
    return max(sizes, key=lambda pid: sizes[pid])
