"""Notices a worker whose loop stands still although its broker answers, so that it can begin anew.

Libraries of brokers have been seen to end or hang on a lost connection. A worker that waits for its broker is well; one
that no longer listens while the broker answers would leave work lying until somebody looks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BEATS_EVERY_S = 5.0
#: Longer than Celery waits between two attempts to reach its broker (30 s), and than a beat is late on a busy machine.
STANDS_STILL_AFTER_S = 90.0


class Pulse:
    """When the loop was last seen going."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self.beat()

    def beat(self) -> None:
        """Say that the loop goes."""
        self._last_s = self._now_s()

    @property
    def age_s(self) -> float:
        """Seconds since the last beat."""
        return self._now_s() - self._last_s


def stands_still(pulse: Pulse, is_reachable: Callable[[], bool]) -> bool:
    """Return whether the loop has not beaten for `STANDS_STILL_AFTER_S` seconds and the broker answers.

    While the broker is away the loop does not beat; the time counts from the last look at which it was away.
    """
    if pulse.age_s < BEATS_EVERY_S * 2:
        return False
    if not is_reachable():
        pulse.beat()
        return False
    return pulse.age_s >= STANDS_STILL_AFTER_S


def watch(
    pulse: Pulse, is_reachable: Callable[[], bool], then: Callable[[], None], stopping: threading.Event
) -> None:
    """Look every few seconds from a thread of its own, and call `then` once when the loop stands still.

    A process that is to end (`stopping`) beats no more while it finishes its last step, and is let alone.
    """

    def keep_looking() -> None:
        while not stopping.wait(BEATS_EVERY_S):
            if stands_still(pulse, is_reachable):
                then()
                return

    threading.Thread(target=keep_looking, name="pulse", daemon=True).start()
