"""The job that forgets: applications whose time is over, papers of accepted ones, objects no row knows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.joining.invitations import forget_addresses
from app.joining.models import Application, ApplicationState, Invitation, Paper
from app.joining.papers import PREFIX, paper_key
from app.joining.rulebook import rulebook
from app.kernel.clock import utc_now
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind
from app.kernel.storage import ManagedStorage

log = structlog.get_logger(__name__)

FORGET_KIND: Final = "forget_applications"
#: Objects younger than this may belong to a request that has not been recorded yet.
ORPHAN_AGE: Final = timedelta(hours=6)


def request_forgetting(db: Session) -> None:
    """Queue the job."""
    queue.enqueue(db, queue.NewJob(FORGET_KIND, lane=queue.LANE_DEFAULT, key=FORGET_KIND))


def forget_handler(storage: ManagedStorage, *, orphan_age: timedelta = ORPHAN_AGE) -> Handler:
    """Return the handler: rows first, then the objects that no row knows any more."""

    def handle(context: JobContext) -> None:
        now = utc_now()
        with unit_of_work() as db:
            forget_rows(db, now)
            forget_addresses(db)
        objects = list(storage.list_keys(f"{PREFIX}/"))
        with reading() as db:
            known = known_keys(db)
        for item in objects:
            if context.is_cancelled():
                return
            if item.key not in known and item.modified_at < now - orphan_age:
                storage.delete(item.key)
                log.info("paper_removed", key=item.key)

    return handle


def forget_rows(db: Session, now: datetime) -> int:
    """Delete applications whose time is over, and papers of those accepted long ago; return how many applications."""
    book, state, closed = rulebook(), Application.state, Application.closed_at
    is_over = or_(
        and_(state == ApplicationState.DRAFT, Application.updated_at < now - book.draft_kept),
        and_(state == ApplicationState.REFUSED, closed < now - book.refused_kept),
        and_(state == ApplicationState.WITHDRAWN, closed < now - book.withdrawn_kept),
    )
    ids = list(db.scalars(select(Application.id).where(is_over)))
    db.execute(update(Invitation).where(Invitation.application_id.in_(ids)).values(application_id=None))
    # Papers and messages go with their application (ON DELETE CASCADE).
    db.execute(delete(Application).where(Application.id.in_(ids)).execution_options(synchronize_session=False))
    settled = and_(state == ApplicationState.ACCEPTED, closed < now - book.papers_of_accepted_kept)
    old = select(Application.id).where(settled)
    db.execute(delete(Paper).where(Paper.application_id.in_(old)).execution_options(synchronize_session=False))
    if ids:
        log.info("applications_forgotten", count=len(ids))
    return len(ids)


def known_keys(db: Session) -> set[str]:
    """Return the keys of all papers a row knows."""
    rows = db.execute(
        select(Application.public_id, Paper.public_id, Paper.kind).join(Paper, Paper.application_id == Application.id)
    )
    return {paper_key(application_id, paper_id, kind) for application_id, paper_id, kind in rows}


def job_kinds(storage: ManagedStorage) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return [JobKind(FORGET_KIND, queue.LANE_DEFAULT, forget_handler(storage))]
