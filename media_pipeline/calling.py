"""One bounded ffmpeg run: progress out, errors with a code in.

Not here: which arguments (`command.py`), the process itself (`runner.py`).
"""

from __future__ import annotations

import logging
import signal
import time
from typing import TYPE_CHECKING

from .errors import EncodingFailed, OutOfSpace
from .progress import ProgressReader
from .runner import ProcessLimits, ProcessStopped, run_process

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from .ports import CancelToken
    from .types import RunLimits

_NO_MEMORY = ("Cannot allocate memory", "malloc of size", "Resource temporarily unavailable")
log = logging.getLogger(__name__)
_CODES = {"timeout": "encode_timeout", "stalled": "encode_stalled", "output_limit": "output_too_large"}


def call_ffmpeg(
    argv: Sequence[str],
    *,
    cwd: Path,
    duration_s: float,
    limits: RunLimits,
    cancel: CancelToken,
    on_fraction: Callable[[float], None],
    telling: re.Pattern[str] | None = None,
) -> str:
    """Run one command to its end and return the tail of what it said, with all that was `telling`.

    The argv comes from `command`, relative outputs go to `cwd`. `duration_s` are the media seconds it works through;
    `on_fraction` is told from 0 to 1 how far it is. Cancelling kills the whole process group.

    Raises:
        EncodingFailed: with the code of what went wrong.
        OutOfSpace: the disk is full.
        Cancelled: when asked to stop.
    """
    reader = ProgressReader(duration_s)

    def take(line: str) -> bool:
        has_moved = reader.feed(line)
        if line.startswith("progress="):
            on_fraction(reader.fraction)
        return has_moved

    started = time.monotonic()
    bounds = _bounds(limits, duration_s)
    try:
        done = run_process(argv, limits=bounds, cwd=cwd, cancel=cancel, on_line=take, telling=telling)
    except ProcessStopped as stopped:
        is_transient = stopped.reason != "output_limit"
        raise EncodingFailed(
            _CODES[stopped.reason], stderr_tail=stopped.stderr_tail, is_transient=is_transient
        ) from stopped
    log.info("ffmpeg_finished", extra={"exit_code": done.exit_code, "took_s": round(time.monotonic() - started, 2)})
    _check_exit(done.exit_code, done.stderr_tail)
    return done.stderr_tail


def _bounds(limits: RunLimits, duration_s: float) -> ProcessLimits:
    timeout_s = limits.timeout_s(duration_s)
    return ProcessLimits(
        timeout_s=timeout_s,
        stall_timeout_s=limits.stall_timeout_s,
        memory_bytes=limits.memory_bytes,
        cpu_s=int(8 * timeout_s),
        max_file_bytes=limits.max_file_bytes,
        max_total_bytes=limits.max_total_bytes,
        niceness=limits.niceness,
    )


def _check_exit(exit_code: int, stderr_tail: str) -> None:
    # A muxer may meet the full disk in its last write and still exit with 0.
    if "No space left on device" in stderr_tail or "Disk quota exceeded" in stderr_tail:
        raise OutOfSpace(stderr_tail[-300:])
    # Decoders that get no memory drop frames and go on.
    if any(word in stderr_tail for word in _NO_MEMORY):
        raise EncodingFailed("too_much_memory", stderr_tail=stderr_tail)
    if exit_code == 0:
        return
    if exit_code == -signal.SIGXFSZ or "File too large" in stderr_tail:
        raise EncodingFailed("output_too_large", stderr_tail=stderr_tail)
    if exit_code == -signal.SIGXCPU:
        raise EncodingFailed("encode_timeout", stderr_tail=stderr_tail)
    if exit_code < 0:
        raise EncodingFailed("encode_killed", stderr_tail=stderr_tail, is_transient=exit_code in (-9, -15))
    is_damaged = "Invalid data found" in stderr_tail
    raise EncodingFailed("source_damaged" if is_damaged else "encode_failed", stderr_tail=stderr_tail)
