"""Counting queries while they are asked: kept in this process, written together, and without knowing who asked.

Whoever asks is one of sixty buckets, which other people are in as well; the same person is in the same bucket for a
week, so asking again counts nothing, and in another one the week after.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.asking.models import AskedDay
from app.asking.typed import countable
from app.kernel.clock import utc_now
from app.kernel.db import insert_for

log = structlog.get_logger(__name__)

BUCKETS: Final = 60
ZONE: Final = ZoneInfo("Asia/Shanghai")
#: Written when so many texts wait, or so long after the first of them.
MOST_WAITING, LONGEST_S = 40, 20.0
#: A flood of different texts fills no memory.
_MOST_KEPT: Final = 2000


def local_day(moment: datetime) -> date:
    """Return the day of a moment in Asia/Shanghai."""
    return moment.astimezone(ZONE).date()


def bucket_of(secret: str, day: date, asker: str) -> int:
    """Return the bucket an asker is in during the week of a day."""
    year, week, _ = day.isocalendar()
    digest = hmac.new(secret.encode(), f"{year}-{week}|{asker}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") % BUCKETS


class Tally:
    """What was asked in this process and is not written yet. Losing it loses counts of some seconds, nothing else."""

    def __init__(self, secret: str, work: Callable[[], AbstractContextManager[Session]]) -> None:
        self._secret, self._work = secret, work
        self._lock, self._writing = Lock(), Lock()
        self._seen: dict[tuple[date, str], int] = {}
        self._first_s = 0.0

    def note(self, text: str, asker: str) -> None:
        """Count a query that found something.

        Args:
            text: as it was asked, or meant.
            asker: whatever tells people apart a little; only its bucket is kept.
        """
        asked, day = countable(text), local_day(utc_now())
        if not asked:
            return
        bit = 1 << bucket_of(self._secret, day, asker)
        with self._lock:
            if not self._seen:
                self._first_s = time.monotonic()
            if len(self._seen) < _MOST_KEPT or (day, asked) in self._seen:
                self._seen[day, asked] = self._seen.get((day, asked), 0) | bit

    def flush_if_due(self) -> None:
        """Write what waits when it is time; call it after the answer has gone out. Never raises for the database."""
        with self._lock:
            waited_s = time.monotonic() - self._first_s
            is_due = bool(self._seen) and (len(self._seen) >= MOST_WAITING or waited_s >= LONGEST_S)
        if is_due:
            self.flush()

    def flush(self) -> None:
        """Write what waits; one thread does, the others go on."""
        if not self._writing.acquire(blocking=False):
            return
        with self._lock:
            taken, self._seen = self._seen, {}
        try:
            if taken:
                with self._work() as db:
                    add_seen(db, taken)
        except SQLAlchemyError as error:
            log.warning("asked_not_counted", texts=len(taken), error=str(error))
        finally:
            self._writing.release()


def add_seen(db: Session, seen: Mapping[tuple[date, str], int]) -> None:
    """Add buckets to the days of texts in one statement; the same again changes nothing."""
    # In one order everywhere: two processes never wait for each other in a circle.
    rows = [{"day": day, "text": text, "seen": bits} for (day, text), bits in sorted(seen.items())]
    statement = insert_for(db, AskedDay).values(rows)
    merged = AskedDay.seen.op("|")(statement.excluded.seen)
    db.execute(statement.on_conflict_do_update(index_elements=["day", "text"], set_={"seen": merged}))
