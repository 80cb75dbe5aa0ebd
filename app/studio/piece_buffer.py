"""Memory for the piece that is being received, and a helper that stores the one before it meanwhile.

Not from the heap: of many request threads each would keep what its largest piece took. No database, no HTTP.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class PieceBuffer:
    """Room for one piece, given back to the system at once when it is closed; pages nobody wrote to take none."""

    def __init__(self, capacity_bytes: int) -> None:
        self._memory = mmap.mmap(-1, capacity_bytes)
        self.size_bytes = 0

    def add(self, block: bytes | memoryview) -> None:
        """Append a block; ValueError beyond the capacity."""
        end_bytes = self.size_bytes + len(block)
        self._memory[self.size_bytes : end_bytes] = block
        self.size_bytes = end_bytes

    def view(self) -> memoryview:
        """Return what was added, uncopied; to be released before `close`."""
        return memoryview(self._memory)[: self.size_bytes]

    def clear(self) -> None:
        """Begin anew."""
        self.size_bytes = 0

    def close(self) -> None:
        """Give the memory back; with the last error that still holds on to it, if there is one."""
        with contextlib.suppress(BufferError):
            self._memory.close()


class Helper:
    """Does one thing at a time beside the caller; costs no thread until it is asked."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None

    def begin(self, do: Callable[[], T]) -> Future[T]:
        """Begin something; its errors come with the result."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=1)
        return self._pool.submit(do)

    def close(self) -> None:
        """Wait for what was begun."""
        if self._pool is not None:
            self._pool.shutdown()
