"""When lectures are checked: on every fact about them, when a period begins or runs out, and all of them once a day.

The daily check also asks the store for the files that are promised, and sees changes of policy and negative list.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.green_channel.standing import recheck
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind
from app.library.events import LectureChanged, LecturePublished, LectureWithdrawn
from app.library.green_grants import GreenStanding
from app.media.queries import current_set, media_prefix
from media_pipeline.ports import Storage

log = structlog.get_logger(__name__)

CHECK_KIND: Final = "check_green_channel"
#: Lectures in one transaction: other writers wait no longer than these take.
BATCH: Final = 20
CHECK_AFTER: Final = timedelta(hours=20)


def note_fact(db: Session, event: LecturePublished | LectureChanged | LectureWithdrawn) -> None:
    """Listen to lecture events: check the lecture at once, in the delivery's own transaction."""
    try:
        with db.begin_nested():
            recheck(db, [event.lecture_id])
    except Exception:  # an edge: one lecture that cannot be judged must not stop the delivery of everybody's facts
        log.exception("green_check_failed", lecture_id=event.lecture_id)
        # The job looks at what was checked long ago: else a badge could outlive its promises until tomorrow.
        is_it = GreenStanding.lecture_id == event.lecture_id
        db.execute(update(GreenStanding).where(is_it).values(checked_at=utc_now() - 2 * CHECK_AFTER))
        request_check(db)


def request_check(db: Session) -> None:
    """Queue the check of what is due, unless one already waits; the worker's clock asks every hour."""
    queue.enqueue(db, queue.NewJob(CHECK_KIND, lane=queue.LANE_DEFAULT, key=CHECK_KIND))


def list_due(db: Session, *, limit: int = BATCH) -> list[int]:
    """Return lectures whose badge the clock has changed, then those that were checked last yesterday."""
    now = utc_now()
    in_period = and_(GreenStanding.starts_at <= now, GreenStanding.ends_at > now)
    has_changed = or_(
        and_(GreenStanding.is_shown, ~in_period), and_(~GreenStanding.is_shown, GreenStanding.is_kept, in_period)
    )
    # Old standings of grants long over change no more; a day after the end is looked at once, then never again.
    is_alive = or_(GreenStanding.is_shown, GreenStanding.ends_at > now - CHECK_AFTER)
    is_old = and_(GreenStanding.checked_at < now - CHECK_AFTER, is_alive)
    due = select(GreenStanding.lecture_id).where(or_(has_changed, is_old))
    return list(db.scalars(due.order_by(GreenStanding.checked_at, GreenStanding.lecture_id).limit(limit)))


def check_handler(storage: Storage) -> Handler:
    """Return the handler that checks what is due, batch by batch."""

    def handle(context: JobContext) -> None:
        seen: set[int] = set()
        while not context.is_cancelled():
            with reading() as db:
                due = [each for each in list_due(db) if each not in seen]
                wanted = {each: _promised_files(db, each) for each in due}
            if not due:
                return
            seen.update(due)
            # Asked without a transaction: a store may take its time.
            missing = {
                each: [name for name in names if storage.stat(f"{media_prefix(digest)}/{name}") is None]
                for each, (digest, names) in wanted.items()
            }
            with unit_of_work() as db:
                for each, names in missing.items():
                    _note_files(db, each, wanted[each][0], names)
                recheck(db, due)
            log.info("green_channel_checked", lectures=len(due), without_files=sum(map(bool, missing.values())))

    return handle


def _promised_files(db: Session, lecture_id: int) -> tuple[str, list[str]]:
    """Return the digest of the set residents get and the objects of it that the promises speak of."""
    media = current_set(db, lecture_id)
    if media is None:
        return "", []
    names = (media.master_name, media.saver_name, media.audio_name, media.mp4_name, media.m4a_name)
    return media.digest, list(dict.fromkeys(name for name in names if name))


def _note_files(db: Session, lecture_id: int, digest: str, missing: list[str]) -> None:
    row = db.get(GreenStanding, lecture_id, with_for_update=True)
    if row is not None:
        row.files_digest, row.missing_files = digest, missing
        db.flush()


def job_kinds(storage: Storage) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return [JobKind(CHECK_KIND, queue.LANE_DEFAULT, check_handler(storage))]


def subscribe(subscriptions: outbox.Subscriptions) -> None:
    """Listen to what can make or break a promise."""
    subscriptions.listen(LecturePublished, note_fact)
    subscriptions.listen(LectureChanged, note_fact)
    subscriptions.listen(LectureWithdrawn, note_fact)
