"""Start a real daemon for tests, wait until it answers, show its log when it does not, and leave no process behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

_LEASH = Path(__file__).with_name("leash.py")
_LOG_TAIL_BYTES = 4000


class ServiceFailed(RuntimeError):
    """A daemon that is installed did not start: a fault to mend, never a reason to skip."""


def free_ports(count: int = 1) -> list[int]:
    """Return loopback ports nobody listens on; all are held until all are known, so they differ."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]


def answers(port: int) -> bool:
    """Tell whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def log_tails(logs: Sequence[Path]) -> str:
    """Return the end of each log, for the message of a failure."""
    tails = [
        f"--- {path.name}\n{path.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors='replace')}"
        for path in logs
        if path.is_file()
    ]
    return "\n".join(tails) or "(no log was written)"


def _leashed(command: Sequence[str], death_signal: signal.Signals, user: str | None) -> list[str]:
    return [sys.executable, "-I", str(_LEASH), str(os.getpid()), death_signal.name, user or "-", *command]


class Daemon:
    """One process in a group of its own, tied to the life of the process that started it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        stop_timeout_s: float = 10.0,
    ) -> None:
        self.log = log
        self._stop_signal = stop_signal
        self._stop_timeout_s = stop_timeout_s
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                _leashed(command, stop_signal, user),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/",
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool], *, timeout_s: float, logs: Sequence[Path] = ()) -> None:
        """Return once `is_ready`; raise ServiceFailed with the logs when the daemon ends or takes too long."""
        deadline_s = time.monotonic() + timeout_s
        while not is_ready():
            ended = self._process.poll()
            if ended is None and time.monotonic() < deadline_s:
                time.sleep(0.05)
                continue
            what = f"is not ready after {timeout_s} s" if ended is None else f"ended with status {ended}"
            raise ServiceFailed(f"{self.log.stem} {what}\n{log_tails([self.log, *logs])}")

    def kill(self) -> None:
        """End the whole group as power failure would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End the process, kindly first, and whatever is left of its group; safe to call twice."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._stop_timeout_s)
        self.kill()


@contextlib.contextmanager
def private_folder(name: str, owner: str | None = None) -> Iterator[Path]:
    """Give a fresh folder outside pytest's own (which other accounts cannot enter) and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix=f"test-{name}-"))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_tool(
    command: Sequence[str], *, timeout_s: float = 30.0, user: str | None = None, logs: Sequence[Path] = ()
) -> str:
    """Run a short command of a service and return its output; raise ServiceFailed with what it said otherwise."""
    try:
        done = subprocess.run(
            _leashed(command, signal.SIGKILL, user),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd="/",
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceFailed(f"{command[0]} took longer than {timeout_s} s\n{log_tails(logs)}") from error
    if done.returncode:
        raise ServiceFailed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}\n{log_tails(logs)}")
    return done.stdout
