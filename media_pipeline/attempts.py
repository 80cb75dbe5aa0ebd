"""The working folder of the command by hand, and sweeping up after commands that were killed.

A killed process can tidy up nothing. So all it writes beside the result lies in one folder, which it holds locked as
long as it lives: the next command in the same place removes the folders nobody holds. Not here: the working folders of
the application's jobs (`app/media`).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = ".attempt-"


@contextmanager
def attempt_folder(out_dir: Path) -> Iterator[Path]:
    """Make a folder of one's own inside `out_dir`, and remove it afterwards.

    Side effects: makes `out_dir` if missing; removes what killed commands left in it.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    # Between making a folder and locking it another command that starts would take it for left behind.
    with _held(out_dir):
        sweep(out_dir)
        # Beside the result, not in /tmp: a lecture may be larger than a memory-backed /tmp.
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out_dir))
        lock = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(out_dir: Path) -> None:
    """Remove the folders of commands that are not alive any more."""
    for folder in out_dir.glob(f"{_PREFIX}*"):
        try:
            lock = _lock(folder, fcntl.LOCK_NB)
        except OSError:  # somebody works in it, or has just removed it
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    lock = _lock(folder)
    try:
        yield
    finally:
        os.close(lock)


def _lock(folder: Path, how: int = 0) -> int:
    """Lock a folder for as long as the returned descriptor is open; a process that is killed lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
