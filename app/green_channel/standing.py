"""Checking: what a lecture's promises look like now, written down, and told to other rooms where the badge changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.green_channel.events import GreenBadgeLost, GreenBadgeShown
from app.green_channel.facts import gather
from app.green_channel.promises import Broken, channel_policy, find_broken
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.library.events import LectureChanged
from app.library.green_grants import GreenGrant, GreenGrantItem, GreenStanding
from app.library.models import Lecture
from app.media.queries import current_set

log = structlog.get_logger(__name__)


def grants_of(db: Session, lecture: Lecture) -> Sequence[GreenGrant]:
    """Return every grant that opens a lecture, by itself or with its course."""
    covers = GreenGrantItem.lecture_id == lecture.id
    if lecture.course_id is not None:
        covers = or_(covers, GreenGrantItem.course_id == lecture.course_id)
    opening = select(GreenGrantItem.grant_id).where(covers)
    return db.scalars(select(GreenGrant).where(GreenGrant.id.in_(opening)).order_by(GreenGrant.id)).all()


def grant_in_force(grants: Iterable[GreenGrant], now: datetime) -> GreenGrant | None:
    """Return the grant that holds longest of those that hold, else the next to come, else the last one that held."""

    def rank(grant: GreenGrant) -> tuple[int, float]:
        if grant.holds_at(now):
            return 2, grant.last_moment.timestamp()
        is_to_come = grant.ended_at is None and grant.starts_at > now
        return (1, -grant.starts_at.timestamp()) if is_to_come else (0, grant.last_moment.timestamp())

    return max(grants, key=rank, default=None)


def lectures_of(db: Session, grant: GreenGrant) -> list[int]:
    """Return the ids of the lectures a grant opens, those of its courses with them."""
    courses = select(GreenGrantItem.course_id).where(GreenGrantItem.grant_id == grant.id)
    singles = select(GreenGrantItem.lecture_id).where(GreenGrantItem.grant_id == grant.id)
    statement = select(Lecture.id).where(
        or_(Lecture.course_id.in_(courses), Lecture.id.in_(singles)), Lecture.deleted_at.is_(None)
    )
    return list(db.scalars(statement.order_by(Lecture.id)))


def recheck(db: Session, lecture_ids: Iterable[int]) -> None:
    """Check lectures and tell other rooms of every badge that came or went; lectures nobody opened are passed over."""
    for lecture_id in sorted(set(lecture_ids)):
        row = _lock(db, lecture_id)
        if row is not None:
            _recheck_one(db, row)


def _lock(db: Session, lecture_id: int) -> GreenStanding | None:
    """Return the row of a lecture, locked before anything is read: of two checks at once the later one sees the newest.

    None for a lecture that nobody ever opened.
    """
    wanted = select(GreenStanding).where(GreenStanding.lecture_id == lecture_id).with_for_update()
    row = db.scalars(wanted.execution_options(populate_existing=True)).first()
    covers = or_(GreenGrantItem.lecture_id == Lecture.id, GreenGrantItem.course_id == Lecture.course_id)
    opened = select(GreenGrantItem.id).join(Lecture, covers).where(Lecture.id == lecture_id).limit(1)
    if row is not None or db.scalar(opened) is None:
        return row
    now = utc_now()
    try:
        with db.begin_nested():
            db.add(GreenStanding(lecture_id=lecture_id, starts_at=now, ends_at=now, changed_at=now, checked_at=now,
                                 is_kept=False, is_shown=False, broken=[], missing_files=[]))  # fmt: skip
    except IntegrityError:
        log.debug("standing_made_meanwhile", lecture_id=lecture_id)
    return db.scalars(wanted).one()


def _recheck_one(db: Session, row: GreenStanding) -> None:
    lecture = db.scalars(
        select(Lecture)
        .where(Lecture.id == row.lecture_id)
        .options(selectinload(Lecture.terms), selectinload(Lecture.captions))
        .execution_options(populate_existing=True)
    ).one()
    now = utc_now()
    grant = grant_in_force(grants_of(db, lecture), now)
    broken: list[Broken] = []
    if grant is not None:
        row.grant_id, row.starts_at, row.ends_at = grant.id, grant.starts_at, grant.last_moment
        policy = channel_policy()
        broken = find_broken(gather(db, lecture, grant.licence, policy, _missing_files(db, row)), policy)
    else:
        row.grant_id, row.ends_at = None, min(row.ends_at, now)
    row.is_kept = grant is not None and not broken
    row.broken, row.checked_at = [each.to_json() for each in broken], now
    is_shown = row.is_kept and row.starts_at <= now < row.ends_at
    if is_shown == row.is_shown:
        return
    row.is_shown, row.changed_at = is_shown, now
    names = sorted({each.promise.value for each in broken})
    outbox.emit(
        db, GreenBadgeShown(lecture.id, grant.id) if is_shown and grant is not None
        else GreenBadgeLost(lecture.id, row.grant_id, names),
    )  # fmt: skip
    outbox.emit(db, LectureChanged(lecture.id))  # the index carries the badge
    log.info("green_badge_changed", lecture_id=lecture.id, is_shown=is_shown, broken=names)


def _missing_files(db: Session, row: GreenStanding) -> Sequence[str]:
    """Return what the store lacked, as long as that was of the set residents get."""
    if not row.missing_files:
        return []
    media = current_set(db, row.lecture_id)
    return row.missing_files if media is not None and media.digest == row.files_digest else []
