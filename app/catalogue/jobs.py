"""Keeping the index true: listeners note changes, one job lane applies them in batches."""

from __future__ import annotations

from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.documents import all_documents, build_documents, document_id
from app.catalogue.models import IndexChange
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind
from app.library.events import LectureChanged, LecturePublished, LectureWithdrawn
from search_index import IndexMissing, IndexUnusable, IndexWriter, open_index, rebuild

log = structlog.get_logger(__name__)

UPDATE_KIND = "update_index"
BATCH = 200


def note_change(db: Session, event: LecturePublished | LectureChanged | LectureWithdrawn) -> None:
    """Listen to lecture events: log the change and see that somebody applies it."""
    db.add(IndexChange(lecture_id=event.lecture_id, created_at=utc_now()))
    request_update(db)


def request_update(db: Session) -> None:
    """Queue an index update unless one already waits."""
    queue.enqueue(db, UPDATE_KIND, lane=queue.LANE_INDEX, key=UPDATE_KIND, max_attempts=10)


def rebuild_index(folder: Path) -> int:
    """Build the index anew from the database and swap it in. Return the number of documents."""
    with reading() as db:
        checkpoint = db.scalar(select(func.max(IndexChange.id))) or 0
        count = rebuild(folder, all_documents(db), checkpoint)
    log.info("index_rebuilt", documents=count, checkpoint=checkpoint)
    return count


def update_handler(folder: Path) -> Handler:
    """Return the handler that brings the index at `folder` up to the change log."""

    def handle(context: JobContext) -> None:
        try:
            checkpoint = open_index(folder).checkpoint()
        except IndexMissing:
            rebuild_index(folder)  # as on the first day
            return
        except IndexUnusable as error:
            log.warning("index_unusable", reason=str(error))
            rebuild_index(folder)
            return
        writer = IndexWriter(folder)
        while not context.is_cancelled():
            with reading() as db:
                changes = db.execute(
                    select(IndexChange.id, IndexChange.lecture_id)
                    .where(IndexChange.id > checkpoint)
                    .order_by(IndexChange.id)
                    .limit(BATCH)
                ).all()
                if not changes:
                    return
                ids = {lecture_id for _, lecture_id in changes}
                documents = build_documents(db, ids)
            checkpoint = changes[-1][0]
            gone = [document_id(lecture_id) for lecture_id in sorted(ids - documents.keys())]
            writer.apply(list(documents.values()), gone, checkpoint)
            log.info("index_updated", documents=len(documents), deletions=len(gone), checkpoint=checkpoint)

    return handle


def job_kinds(folder: Path) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return [JobKind(UPDATE_KIND, queue.LANE_INDEX, update_handler(folder))]


def subscribe(subscriptions: outbox.Subscriptions) -> None:
    """Listen to what changes the catalogue."""
    subscriptions.listen(LecturePublished, note_change)
    subscriptions.listen(LectureChanged, note_change)
    subscriptions.listen(LectureWithdrawn, note_change)
