"""Wakes the workers of this machine as soon as there is work, in embedded mode: a named pipe for each worker process.

A ring that nobody hears costs one turn of polling. A killed worker leaves its pipe behind; whoever rings next finds
nobody at the other end and removes it.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from app.kernel.ids import new_token

log = structlog.get_logger(__name__)

#: Folder of the pipes under the work path.
FOLDER = "bells"
_READ_BYTES = 4096


def make_ringer(work_path: Path) -> Callable[[], None]:
    """Return a function that wakes every worker beside us; it never waits, and never fails whoever calls it."""
    folder = work_path / FOLDER

    def ring() -> None:
        try:
            for pipe in folder.iterdir():
                if not pipe.name.startswith("."):
                    _ring(pipe)
        except FileNotFoundError:
            return  # no worker was ever started here
        except OSError as error:
            log.warning("ring_failed", error=str(error))

    return ring


def _ring(pipe: Path) -> None:
    try:
        number = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return  # somebody else removed it
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        pipe.unlink(missing_ok=True)
        return
    try:
        os.write(number, b".")
    except BlockingIOError:
        pass  # full of rings: it will be heard
    finally:
        os.close(number)


def answer(work_path: Path, on_ring: Callable[[], None]) -> Path:
    """Call a function, in a thread of its own, whenever somebody rings for this process; return the pipe."""
    folder = work_path / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    # Not by the process's number alone: workers in containers that share the folder may have the same one.
    name = f"{os.getpid()}-{new_token()}"
    pipe, hidden = folder / name, folder / f".{name}"
    os.mkfifo(hidden, 0o600)
    # For writing as well: the pipe never ends when the last ringer closes it. Named only when somebody listens, or a
    # ringer would take it for a dead worker's.
    number = os.open(hidden, os.O_RDWR)
    hidden.rename(pipe)

    def listen() -> None:
        while os.read(number, _READ_BYTES):
            on_ring()

    threading.Thread(target=listen, name="doorbell", daemon=True).start()
    return pipe
