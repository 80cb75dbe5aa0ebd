"""Commands that read a source: what the store may be to blame for is told from what is the source's own fault.

A file is what it is. Behind an address the line may break, which ffmpeg takes for the end of the file: it goes on with
what it has and reports success. Not here: the run itself (`calling.py`), which arguments (`command`).
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .calling import call_ffmpeg
from .errors import EncodingFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ports import CancelToken
    from .types import RunLimits

# Lines of ffmpeg's own, not the tags of a source it prints.
_BROKE = re.compile(
    r"^(?:\[tls |(?:\[|https?:).*(?:Input/output error|Stream ends prematurely|Connection |HTTP error|Server returned"
    r"|Network is unreachable|Failed to resolve|: End of file))",
    re.MULTILINE,
)
# So it is told that a file is cut off; an answer that ended before its first byte looks the same.
_ENDS_EARLY = re.compile(r"partial file|ended prematurely|Read error")
_TELLING = re.compile(f"{_BROKE.pattern}|{_ENDS_EARLY.pattern}")
# What ffmpeg says when a stretch lies behind the last picture or sound.
_NOTHING_THERE = ("Cannot determine format of input", "Output file is empty", "received no packets")
#: Failures that may be those of a torn source, or of a line.
_UNCLEAR_CODES = frozenset({"encode_failed", "source_damaged"})


def found_nothing(failure: EncodingFailed) -> bool:
    """Return whether a command failed because the source holds nothing of the stretch it was to read."""
    said = failure.stderr_tail
    is_told = failure.code in _UNCLEAR_CODES and any(word in said for word in _NOTHING_THERE)
    return is_told and _BROKE.search(said) is None


def call_reading(
    place: Path | str,
    argv: Sequence[str],
    *,
    cwd: Path,
    duration_s: float,
    limits: RunLimits,
    cancel: CancelToken,
    on_fraction: Callable[[float], None],
) -> str:
    """Run a command that reads a source, as `call_ffmpeg` does; of an address no early end is believed at once.

    Args:
        place: the source: a file, or an address the store signed.
        argv: from `command`, with this source as its input.
        cwd: as of `call_ffmpeg`, as is all that follows.
        duration_s: media seconds.
        limits: bounds of the process.
        cancel: asked often.
        on_fraction: begins anew where the source is read a second time.

    Raises:
        EncodingFailed: worth another try wherever the store may have caused it.
        OutOfSpace, Cancelled: as `call_ffmpeg`.
    """
    call = partial(
        call_ffmpeg, argv, cwd=cwd, duration_s=duration_s, limits=limits, cancel=cancel, on_fraction=on_fraction,
        telling=_TELLING,
    )  # fmt: skip
    if isinstance(place, Path):
        return call()
    said = _called_by_address(call)
    if not _ENDS_EARLY.search(said):
        return said
    first = _sizes(cwd)
    said = _called_by_address(call)
    if _ENDS_EARLY.search(said) and _sizes(cwd) != first:
        raise EncodingFailed(stderr_tail=said, is_transient=True)
    return said


def _called_by_address(call: Callable[[], str]) -> str:
    try:
        said = call()
    except EncodingFailed as failure:
        if failure.code not in _UNCLEAR_CODES:
            raise
        raise EncodingFailed(failure.code, stderr_tail=failure.stderr_tail, is_transient=True) from failure
    if _BROKE.search(said):
        raise EncodingFailed(stderr_tail=said, is_transient=True)
    return said


def _sizes(folder: Path) -> dict[str, int]:
    """Return what a command has left; the same source leaves the same."""
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
