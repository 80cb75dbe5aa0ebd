"""What a piece of work costs: CPU seconds, seconds on the wall, memory; and somebody to look on meanwhile."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY_S = 0.1
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True)
class Cost:
    """CPU seconds of this process and all its children, seconds on the wall, peak memory of the whole process tree."""

    cpu_s: float
    wall_s: float
    peak_bytes: int = 0


def measured(work: Callable[[], object], look: Callable[[float], None] | None = None) -> Cost:
    """Run something and return what it cost.

    Args:
        work: called once, in this thread.
        look: called ten times a second from another thread with the seconds since the start, and once at the end;
            what it costs is not counted.
    """
    before, started = cpu_s(), time.monotonic()
    watcher = _Watcher(started, look)
    watcher.start()
    try:
        work()
        wall_s = time.monotonic() - started
    finally:
        watcher.stop()
    return Cost(cpu_s() - before - watcher.own_cpu_s, wall_s, watcher.peak_bytes)


def cpu_s() -> float:
    """Return user and system seconds of this process and of all children it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class _Watcher(threading.Thread):
    """Adds up resident memory of the process tree and lets somebody look; counts its own CPU seconds."""

    def __init__(self, started: float, look: Callable[[float], None] | None) -> None:
        super().__init__(name="bench-watcher", daemon=True)
        self.own_cpu_s, self.peak_bytes = 0.0, 0
        self._since, self._look, self._done = started, look, threading.Event()
        self._failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self._done.wait(_LOOK_EVERY_S):
                self._once()
            self._once()
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits, in stop()
            self._failure = error
        self.own_cpu_s = time.thread_time()

    def stop(self) -> None:
        """End the watching; raises what went wrong meanwhile."""
        self._done.set()
        self.join()
        if self._failure is not None:
            raise self._failure

    def _once(self) -> None:
        self.peak_bytes = max(self.peak_bytes, sum(map(_resident_bytes, _tree("self"))))
        if self._look is not None:
            self._look(time.monotonic() - self._since)


def _tree(pid: str) -> Iterator[str]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # it ended between the listing and the look
            continue
        for child in children:
            yield from _tree(child)


def _resident_bytes(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:  # it ended between the listing and the look
        return 0
