"""The only place that starts processes: in a session of their own, bounded, watched, and killed as a group.

A child dies with the thread that started it (parent-death signal), so a killed worker leaves nothing running;
`run_process` therefore blocks its thread until the child is gone. Not here: what ffmpeg is told (`command.py`) or
what its progress lines mean (`progress.py`).
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ports import CancelToken

_POLL_S = 0.2
_SIZE_CHECK_S = 3.0
_DRAIN_S = 1.0
_STDERR_LINES = 40
_LINE_BYTES = 4000
_STDOUT_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Bounds of one process; zero or None means unbounded."""

    timeout_s: float
    stall_timeout_s: float | None = None
    memory_bytes: int = 0
    cpu_s: int = 0
    max_file_bytes: int = 0
    max_total_bytes: int = 0
    niceness: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended by itself; a negative code is the signal that ended it."""

    exit_code: int
    stdout: str
    stderr_tail: str


class ProcessStopped(Exception):
    """We killed the process because it crossed a limit."""

    def __init__(self, reason: Literal["timeout", "stalled", "output_limit"], stderr_tail: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.stderr_tail = stderr_tail


@dataclass(slots=True)
class _Watch:
    """What the loop has seen of one child."""

    on_line: Callable[[str], bool] | None
    telling: re.Pattern[str] | None = None
    told: list[bytes] = field(default_factory=list)
    stdout: bytearray = field(default_factory=bytearray)
    stderr: deque[bytes] = field(default_factory=lambda: deque(maxlen=_STDERR_LINES))
    rest: dict[str, bytes] = field(default_factory=lambda: {"stdout": b"", "stderr": b""})
    moved_at: float = field(default_factory=time.monotonic)

    def take(self, name: str, data: bytes) -> None:
        *lines, rest = (self.rest[name] + data).split(b"\n")
        # What is kept as a whole may be one long line that arrives in pieces.
        self.rest[name] = rest[-(_STDOUT_BYTES if name == "stdout" and self.on_line is None else _LINE_BYTES) :]
        for line in lines:
            if name == "stderr":
                # ffmpeg redraws status lines with carriage returns; only the last state of a line is worth keeping.
                self._keep(line.rsplit(b"\r", 1)[-1][-_LINE_BYTES:])
            elif self.on_line is None:
                self.stdout += line[: max(0, _STDOUT_BYTES - len(self.stdout))] + b"\n"
            elif self.on_line(line.decode("utf-8", "replace").strip()):
                self.moved_at = time.monotonic()

    def _keep(self, line: bytes) -> None:
        if len(self.stderr) == _STDERR_LINES and len(self.told) < _STDERR_LINES and self.telling is not None:
            # What leaves the tail is worth keeping if it tells something.
            self.told += [old for old in (self.stderr[0],) if self.telling.search(old.decode("utf-8", "replace"))]
        self.stderr.append(line)

    def stderr_tail(self) -> str:
        lines = [*self.told, *self.stderr, self.rest["stderr"]]
        return b"\n".join(line for line in lines if line).decode("utf-8", "replace")


def run_process(
    argv: Sequence[str],
    *,
    limits: ProcessLimits,
    cwd: Path | None = None,
    cancel: CancelToken | None = None,
    on_line: Callable[[str], bool] | None = None,
    telling: re.Pattern[str] | None = None,
) -> Finished:
    """Run a program to its end.

    Args:
        argv: program (absolute path) and arguments; never a shell line.
        limits: bounds; the total output size is that of `cwd`.
        cwd: working folder; an attempt folder of its own where the program writes files.
        cancel: asked five times a second.
        on_line: gets every line of standard output; returns True if the line shows that work moves on.
        telling: lines of standard error that are kept beside its tail.

    Raises:
        Cancelled: when asked to stop; the whole group is dead then.
        ProcessStopped: when a limit was crossed; the whole group is dead then.
    """
    process = subprocess.Popen(
        [*_wrapper(limits), *argv],
        cwd=cwd,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    watch = _Watch(on_line, telling)
    try:
        _follow(process, watch, limits, cwd, cancel)
    finally:
        _end(process)
    watch.take("stdout", b"\n" if watch.rest["stdout"] else b"")
    return Finished(process.returncode, bytes(watch.stdout).decode("utf-8", "replace"), watch.stderr_tail())


def _follow(
    process: subprocess.Popen[bytes],
    watch: _Watch,
    limits: ProcessLimits,
    cwd: Path | None,
    cancel: CancelToken | None,
) -> None:
    """Read both pipes until the process has ended, watching the clock, the disk and the caller."""
    started = sized = time.monotonic()
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map() or process.poll() is None:
            # Never beyond the limit: a child that answers a moment after it would pass for one that kept it.
            left_s = max(0.0, started + limits.timeout_s - time.monotonic())
            _read(process, selector, watch, min(_POLL_S, left_s) if ended_at is None else _POLL_S)
            now = time.monotonic()
            if process.poll() is not None:
                ended_at = ended_at or now
                if now - ended_at > _DRAIN_S:
                    return  # a grandchild holds the pipe; `_end` takes the group down
                continue
            if cancel is not None and cancel.is_cancelled():
                raise Cancelled
            _check_clock(now, started, watch, limits)
            if limits.max_total_bytes and cwd is not None and now - sized > _SIZE_CHECK_S:
                sized = now
                if folder_bytes(cwd) > limits.max_total_bytes:
                    raise ProcessStopped("output_limit", watch.stderr_tail())


def _check_clock(now: float, started: float, watch: _Watch, limits: ProcessLimits) -> None:
    if now - started > limits.timeout_s:
        raise ProcessStopped("timeout", watch.stderr_tail())
    if limits.stall_timeout_s is not None and now - watch.moved_at > limits.stall_timeout_s:
        raise ProcessStopped("stalled", watch.stderr_tail())


def _read(process: subprocess.Popen[bytes], selector: selectors.BaseSelector, watch: _Watch, wait_s: float) -> None:
    if not selector.get_map():
        # Pipes close a moment before the process can be collected: a plain sleep would cost every process its length.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait_s)
        return
    for key, _ in selector.select(wait_s):
        data = os.read(key.fd, 65536)
        if data:
            watch.take(key.data, data)
        else:
            selector.unregister(key.fileobj)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of the group behind, whatever happened."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def folder_bytes(folder: Path) -> int:
    """Return the size of all files under a folder that may be changing meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += Path(root, name).lstat().st_size
    return total


def _wrapper(limits: ProcessLimits) -> list[str]:
    setpriv, prlimit, nice = _helpers()
    if setpriv is None or prlimit is None or nice is None:
        numbers = (os.getpid(), limits.niceness, limits.memory_bytes, limits.cpu_s, limits.max_file_bytes)
        shim = str(Path(__file__).with_name("launch.py"))
        return [sys.executable, "-I", "-S", shim, *(str(number) for number in numbers)]
    bounds = {"as": limits.memory_bytes, "cpu": limits.cpu_s, "fsize": limits.max_file_bytes}
    wrapper = [setpriv, "--pdeathsig", "KILL", prlimit, "--core=0"]
    wrapper += [f"--{name}={bound}" for name, bound in bounds.items() if bound]
    return [*wrapper, nice, "-n", str(limits.niceness)] if limits.niceness else wrapper


@lru_cache(maxsize=1)
def _helpers() -> tuple[str | None, str | None, str | None]:
    setpriv = shutil.which("setpriv")
    if setpriv is not None:
        # The small setpriv of busybox knows no parent-death signal.
        asked = subprocess.run([setpriv, "--help"], capture_output=True, check=False, timeout=10)
        setpriv = setpriv if b"--pdeathsig" in asked.stdout else None
    return setpriv, shutil.which("prlimit"), shutil.which("nice")


def _environment() -> dict[str, str]:
    """Return what a child may know: no secrets, and none of the variables by which ffmpeg writes reports."""
    names = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    # Address space is limited: without a bound on arenas a machine of many cores reserves it all for nothing.
    return {**kept, "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "4"}
