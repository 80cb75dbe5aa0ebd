"""How full a folder store is: a running total, recounted now and then because other processes write there too."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from media_pipeline.ports import StorageFull

#: A total is trusted this long; a slow count (a huge folder) is trusted longer, so counting stays under one per cent.
RECOUNT_AFTER_S: Final = 300.0
_RECOUNT_COST_RATIO: Final = 100.0
#: Before refusing a write the total is counted afresh, but a full store is not walked for every single refusal.
_RECOUNT_BEFORE_REFUSING_S: Final = 5.0


class Usage:
    """The bytes stored and the bytes being written, measured against a quota."""

    def __init__(self, quota_bytes: int, count_bytes: Callable[[], int]) -> None:
        self._quota_bytes = quota_bytes
        self._count_bytes = count_bytes
        self._lock = threading.Lock()
        self._stored_bytes = 0
        self._reserved_bytes = 0
        self._counted_at_s = float("-inf")
        self._trusted_s = RECOUNT_AFTER_S

    @contextlib.contextmanager
    def reserved(self, growth_bytes: int) -> Iterator[None]:
        """Hold room for `growth_bytes` while they are written; `record` what was kept before leaving.

        Raises:
            StorageFull: when the quota has no room for them.
        """
        with self._lock:
            self._recount(older_than_s=self._trusted_s)
            if growth_bytes > self._room_bytes():
                self._recount(older_than_s=_RECOUNT_BEFORE_REFUSING_S)
            if growth_bytes > self._room_bytes():
                raise StorageFull(f"{growth_bytes} bytes do not fit into the quota of {self._quota_bytes} bytes")
            self._reserved_bytes += growth_bytes
        try:
            yield
        finally:
            with self._lock:
                self._reserved_bytes -= growth_bytes

    def record(self, change_bytes: int) -> None:
        """Note that the store grew, or shrank when negative."""
        with self._lock:
            self._stored_bytes += change_bytes

    def _room_bytes(self) -> int:
        return self._quota_bytes - self._stored_bytes - self._reserved_bytes

    def _recount(self, *, older_than_s: float) -> None:
        started_s = time.monotonic()
        if started_s - self._counted_at_s < older_than_s:
            return
        self._stored_bytes = self._count_bytes()
        self._counted_at_s = time.monotonic()
        self._trusted_s = max(RECOUNT_AFTER_S, _RECOUNT_COST_RATIO * (self._counted_at_s - started_s))
