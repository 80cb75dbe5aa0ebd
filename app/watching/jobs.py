"""The job that counts beacons into sums by day and removes old ones; safe to kill and to repeat at any moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind
from app.watching.counting import count_day, local_day
from app.watching.models import PlayBeacon, WatchMark
from app.watching.rules import rules
from app.watching.use import settle_use_if_due

log = structlog.get_logger(__name__)

COUNT_KIND: Final = "count_plays"
#: A beacon that was received before the mark may have been committed after it; days are made anew as a whole, so
#: counting once more costs time and nothing else.
OVERLAP: Final = timedelta(minutes=15)


def request_count(db: Session) -> None:
    """Queue the counting unless it waits already."""
    queue.enqueue(db, queue.NewJob(COUNT_KIND, lane=queue.LANE_DEFAULT, key=COUNT_KIND, max_attempts=5))


def job_kind() -> JobKind:
    """Return what the worker must know of it."""
    return JobKind(COUNT_KIND, queue.LANE_DEFAULT, count_plays)


def count_plays(context: JobContext) -> None:
    """Count every lecture that was told of since the last time, then move the mark and forget old beacons."""
    began = utc_now()
    with reading() as db:
        mark = db.get(WatchMark, 1)
        told = _told_since(db, mark.counted_until - OVERLAP if mark is not None else None)
    for done, (lecture_id, first, last) in enumerate(told):
        if context.is_cancelled():
            return
        context.report("count", done / len(told))
        with unit_of_work() as db:
            # A play that began yesterday and is told of today belongs to yesterday.
            day = local_day(first) - timedelta(days=1)
            while day <= local_day(last):
                count_day(db, lecture_id, day)
                day += timedelta(days=1)
    with unit_of_work() as db:
        db.merge(WatchMark(id=1, counted_until=began))
        settle_use_if_due(db, local_day(began))
        gone = db.execute(delete(PlayBeacon).where(PlayBeacon.received_at < began - rules().keep_beacons))
    log.info("plays_counted", lectures=len(told), beacons_removed=getattr(gone, "rowcount", 0))


def _told_since(db: Session, since: datetime | None) -> list[tuple[int, datetime, datetime]]:
    received = PlayBeacon.received_at
    statement = select(PlayBeacon.lecture_id, func.min(received), func.max(received)).group_by(PlayBeacon.lecture_id)
    if since is not None:
        statement = statement.where(received >= since)
    return [(lecture_id, first, last) for lecture_id, first, last in db.execute(statement)]
