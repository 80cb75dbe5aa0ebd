"""Steps that a machine does one at a time, however many workers and slots it has.

The lock is on a file of the folder its workers share; it ends with the process that holds it, however that ends. Not
here: which steps these are (media_pipeline.steps), whose turn it is among lectures (the queue).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from media_pipeline.steps import ChunkStep, VideoStep

_LARGE_PICTURES: Final = "large-pictures.lock"


@contextmanager
def turn_of(step: ChunkStep, work_path: Path) -> Iterator[bool]:
    """Say whether a step may be done now, and keep others of its kind from beginning until the block ends."""
    if not (isinstance(step, VideoStep) and step.is_large):
        yield True
        return
    with (work_path / _LARGE_PICTURES).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
