"""Reads of the desk: my batches, and everything the page of one shows, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound
from app.library import policies as library_policies
from app.library.models import Caption, Course, Lecture
from app.library.parts import LectureFields
from app.library.pending import working_texts
from app.media.models import Source
from app.media.preflight import Preflight, read_preflight_of
from app.review.candidates import Outlook, list_outlooks
from app.studio.desk.models import Batch, BatchRow
from app.studio.models import Upload, UploadState
from app.studio.progress import Progress
from app.studio.queries import get_progress_of_many

BATCHES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One line of the list of batches."""

    batch: Batch
    count: int
    sent: int


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One row of the table.

    The file, the lecture, what it says to its people, how far it is, what the check found, whether it could be sent in.
    """

    path: str
    size_bytes: int
    lecture: Lecture
    said: LectureFields
    progress: Progress
    preflight: Preflight | None
    unfinished: Upload | None
    may_edit: bool
    outlook: Outlook


def get_batch(db: Session, actor: Actor, public_id: str) -> Batch:
    """Load a batch of the actor's, or of an institution they are admin of.

    Raises:
        NotFound: none, or somebody else's.
    """
    batch = db.scalars(
        select(Batch).where(Batch.public_id == public_id).options(joinedload(Batch.institution))
    ).first()
    if batch is None:
        raise NotFound(batch=public_id)
    is_own = batch.user_id == actor.user_id and library_policies.can_contribute_to(actor, batch.institution_id)
    if not is_own and not library_policies.can_set_defaults(actor, batch.institution_id):
        raise NotFound(batch=public_id)
    return batch


def list_batches(db: Session, actor: Actor) -> Sequence[BatchSummary]:
    """Return the actor's newest batches with how many files each has and how many have arrived."""
    has_source = select(Source.id).where(Source.lecture_id == BatchRow.lecture_id).exists()
    sent = func.count().filter(has_source)
    statement = (
        select(Batch, func.count(), sent)
        .join(BatchRow, BatchRow.batch_id == Batch.id)
        .join(Lecture, Lecture.id == BatchRow.lecture_id)
        .where(Batch.user_id == actor.user_id, Lecture.deleted_at.is_(None))
        .group_by(Batch.id)
        .order_by(Batch.id.desc())
        .limit(BATCHES_SHOWN)
    )
    return [BatchSummary(batch, count, arrived) for batch, count, arrived in db.execute(statement)]


def list_rows(db: Session, actor: Actor, batch: Batch, *, lecture_id: str | None = None) -> Sequence[DeskRow]:
    """Return the rows of a batch in order, or the one of a lecture."""
    statement = (
        select(BatchRow)
        .join(BatchRow.lecture)
        .where(BatchRow.batch_id == batch.id, Lecture.deleted_at.is_(None))
        .options(joinedload(BatchRow.lecture).selectinload(Lecture.terms))
        .order_by(BatchRow.position, BatchRow.id)
    )
    if lecture_id is not None:
        statement = statement.where(Lecture.public_id == lecture_id)
    rows = db.scalars(statement).all()
    ids = [row.lecture_id for row in rows]
    said = working_texts(db, [row.lecture for row in rows])
    progress = get_progress_of_many(db, ids)
    newest = select(func.max(Source.id)).where(Source.lecture_id.in_(ids)).group_by(Source.lecture_id)
    sources = {source.lecture_id: source for source in db.scalars(select(Source).where(Source.id.in_(newest)))}
    captioned = set(db.scalars(select(Caption.lecture_id).where(Caption.lecture_id.in_(ids)).distinct()))
    receiving = select(Upload).where(Upload.lecture_id.in_(ids), Upload.state == UploadState.RECEIVING)
    unfinished = {upload.lecture_id: upload for upload in db.scalars(receiving.order_by(Upload.id))}
    outlooks = list_outlooks(db, actor, [row.lecture for row in rows], said)
    return [
        DeskRow(
            row.path, row.size_bytes, row.lecture, said[row.lecture_id], progress[row.lecture_id],
            _preflight(sources.get(row.lecture_id), row.lecture, has_captions=row.lecture_id in captioned),
            unfinished.get(row.lecture_id), library_policies.can_edit_lecture(actor, row.lecture),
            outlooks[row.lecture_id],
        )
        for row in rows
    ]


def _preflight(source: Source | None, lecture: Lecture, *, has_captions: bool) -> Preflight | None:
    if source is None:
        return None
    return read_preflight_of(source, lecture.resource_type, utc_now().date(), has_captions=has_captions)


def list_courses(db: Session, institution_ids: Sequence[int]) -> Sequence[Course]:
    """Return the courses of institutions, the newest first."""
    statement = select(Course).where(Course.institution_id.in_(institution_ids)).order_by(Course.id.desc()).limit(200)
    return db.scalars(statement).all()


def load_lecture(db: Session, public_id: str) -> Lecture:
    """Return a lecture as it is now, its terms loaded."""
    statement = select(Lecture).where(Lecture.public_id == public_id).options(selectinload(Lecture.terms))
    return db.scalars(statement.execution_options(populate_existing=True)).one()
