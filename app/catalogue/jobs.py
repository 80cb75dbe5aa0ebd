"""Keeping the index true: listeners note changes, one job lane applies them in batches."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue import sources
from app.catalogue.documents import KIND, PLAYLIST, document_id
from app.catalogue.models import IndexChange, PlaylistItem
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind
from app.library.events import LectureChanged, LecturePublished, LectureWithdrawn
from search_index import DEFAULT_ENGINE, IndexMissing, IndexUnusable, IndexWriter, open_index, rebuild

log = structlog.get_logger(__name__)

UPDATE_KIND = "update_index"
BATCH = 200


class OfPlaylist(Protocol):
    """A fact about a playlist; the room that writes playlists announces it."""

    @property
    def playlist_id(self) -> int:
        """Which."""


def note_lecture(db: Session, event: LecturePublished | LectureChanged | LectureWithdrawn) -> None:
    """Listen to lecture events: log the change, also of the playlists that play it: they are about what it is about."""
    with_it = select(PlaylistItem.playlist_id).where(
        PlaylistItem.lecture_id == event.lecture_id, PlaylistItem.removed_at.is_(None)
    )
    playlists = db.scalars(with_it.order_by(PlaylistItem.playlist_id))
    subjects = [(KIND, event.lecture_id), *((PLAYLIST, each) for each in playlists)]
    note_changes(db, subjects)


def note_playlist(db: Session, event: OfPlaylist) -> None:
    """Listen to playlist events."""
    note_changes(db, [(PLAYLIST, event.playlist_id)])


def note_changes(db: Session, subjects: Iterable[tuple[str, int]]) -> None:
    """Log that documents of these (kind, id) are to be written again, and see that somebody does it."""
    now = utc_now()
    db.add_all(IndexChange(kind=kind, subject_id=subject_id, created_at=now) for kind, subject_id in subjects)
    request_update(db)


def request_update(db: Session) -> None:
    """Queue an index update unless one already waits."""
    queue.enqueue(db, UPDATE_KIND, lane=queue.LANE_INDEX, key=UPDATE_KIND, max_attempts=10)


def rebuild_index(folder: Path, engine: str = DEFAULT_ENGINE) -> int:
    """Build the index anew from the database and swap it in. Return the number of documents."""
    with reading() as db:
        checkpoint = db.scalar(select(func.max(IndexChange.id))) or 0
        count = rebuild(folder, sources.every(db), checkpoint, engine)
    log.info("index_rebuilt", documents=count, checkpoint=checkpoint)
    return count


def update_handler(folder: Path, engine: str = DEFAULT_ENGINE) -> Handler:
    """Return the handler that brings the index at `folder` up to the change log."""

    def handle(context: JobContext) -> None:
        try:
            checkpoint = open_index(folder).checkpoint()
        except IndexMissing:
            rebuild_index(folder, engine)  # as on the first day
            return
        except IndexUnusable as error:
            log.warning("index_unusable", reason=str(error))
            rebuild_index(folder, engine)
            return
        writer = IndexWriter(folder)
        while not context.is_cancelled():
            with reading() as db:
                changes = db.execute(
                    select(IndexChange.id, IndexChange.kind, IndexChange.subject_id)
                    .where(IndexChange.id > checkpoint)
                    .order_by(IndexChange.id)
                    .limit(BATCH)
                ).all()
                if not changes:
                    return
                subjects = {(kind, subject_id) for _, kind, subject_id in changes}
                documents = sources.build(db, subjects)
            checkpoint = changes[-1][0]
            gone = sorted({document_id(subject_id, kind) for kind, subject_id in subjects} - documents.keys())
            writer.apply(list(documents.values()), gone, checkpoint)
            log.info("index_updated", documents=len(documents), deletions=len(gone), checkpoint=checkpoint)

    return handle


def job_kinds(folder: Path, engine: str = DEFAULT_ENGINE) -> list[JobKind]:
    """Return what the worker must know of this capability."""
    return [JobKind(UPDATE_KIND, queue.LANE_INDEX, update_handler(folder, engine))]


def subscribe(subscriptions: outbox.Subscriptions) -> None:
    """Listen to what changes the catalogue."""
    subscriptions.listen(LecturePublished, note_lecture)
    subscriptions.listen(LectureChanged, note_lecture)
    subscriptions.listen(LectureWithdrawn, note_lecture)
