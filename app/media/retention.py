"""How long masters of replaced files are kept. Not here: removing them from the store (`sweeping`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, String, and_, cast, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.clock import utc_now
from app.kernel.jobs.model import Job, JobState
from app.media.models import GrowingSet, MediaSet, Source
from app.media.queries import ENCODE_KIND

log = structlog.get_logger(__name__)

#: What is left after the first sweep under a stricter policy goes with the next ones.
_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Retention:
    """Which masters of replaced files stay: of each lecture the last few, and every one for a while."""

    count: int
    period: timedelta


def drop_old_masters(db: Session, retention: Retention, *, in_use: Collection[int] = ()) -> int:
    """Give up masters beyond what is to be kept; return how many.

    What residents see, what waits and what is being made is never touched, nor the sources in `in_use`.
    """
    ranked = select(
        Source.id.label("id"),
        (func.row_number().over(partition_by=Source.lecture_id, order_by=Source.id.desc()) - 1).label("age"),
        func.lead(Source.created_at).over(partition_by=Source.lecture_id, order_by=Source.id).label("replaced_at"),
    ).subquery()
    ids = db.scalars(
        select(Source.id)
        .join(ranked, ranked.c.id == Source.id)
        .where(
            Source.master_dropped_at.is_(None),
            ranked.c.age > retention.count,
            ranked.c.replaced_at < utc_now() - retention.period,
            ~_is_needed(),
        )
        .limit(_BATCH)
    )
    dropped = [each for each in ids if each not in in_use]
    change = update(Source).where(Source.id.in_(dropped)).values(master_dropped_at=utc_now())
    db.execute(change.execution_options(synchronize_session=False))
    if dropped:
        log.info("old_masters_dropped", count=len(dropped))
    return len(dropped)


def _is_needed() -> ColumnElement[bool]:
    """A set of it is there, or the lecture is being made from one of its files."""
    newer = aliased(Source)
    being_made = and_(
        Job.kind == ENCODE_KIND,
        Job.subject == literal("lecture:") + cast(Source.lecture_id, String),
        Job.state.in_([JobState.QUEUED, JobState.RUNNING]),
    )
    is_newest = ~exists().where(newer.lecture_id == Source.lecture_id, newer.id > Source.id)
    return or_(
        is_newest,
        exists().where(MediaSet.source_id == Source.id),
        exists().where(GrowingSet.source_id == Source.id),
        exists().where(being_made),
    )
