"""Deleting drafts that were never public: what goes, who may, bringing back for ten minutes, and what stays after that.

A deleted lecture is nobody's any more at once (its policies say so), and its room is free. Its row stays for ever:
jobs, the index and the history of reviews know lectures by their ids. What hung on the row goes when nobody can bring
it back (`empty_deleted`), and the objects with the store's next sweeps.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState
from app.kernel.sentences import Sentence
from app.library import policies
from app.library.events import LectureChanged
from app.library.holdings import Attachment
from app.library.models import (
    Caption,
    Chapter,
    Excerpt,
    Lecture,
    LectureOwner,
    LectureState,
    LectureTerm,
    PendingChange,
)
from app.library.services import get_lecture_for_edit
from app.media.models import CaptionDraft, GrowingSet, MediaSet, Source
from app.media.queries import ENCODE_KIND, lecture_subject
from app.media.sweeping import request_sweep
from app.review import shelving
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.states import Action, ReviewState
from app.studio import uploads
from app.studio.allowance import check_storage
from app.studio.caption_desk.models import CaptionEdit, CaptionProof
from app.studio.desk.models import Batch, BatchRow
from app.studio.models import Upload
from app.studio.queries import FINISH_KIND
from app.studio.upload_limits import LIVE

log = structlog.get_logger(__name__)

EMPTY_KIND: Final = "empty_deleted_drafts"
#: As many as one batch may have.
AT_ONCE_MAX: Final = 300
#: Emptied in one transaction: other writers wait no longer than these take.
EMPTIED_AT_ONCE: Final = 50
#: Rows that are nothing without their lecture.
_PARTS: Final = (
    Caption, Chapter, PendingChange, Attachment, LectureTerm, LectureOwner, Excerpt, CaptionEdit, CaptionProof,
    BatchRow, GrowingSet,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft that may be deleted, and what would go with it."""

    lecture: Lecture
    size_bytes: int
    captions: int
    chapters: int
    handouts: int
    is_on_its_way: bool
    is_under_review: bool


def undo_lasts() -> timedelta:
    """Return for how long a deleted draft can be brought back."""
    return rulebook().second_thoughts


def list_drafts(
    db: Session, actor: Actor, *, batch: Batch | None = None, public_ids: Collection[str] = ()
) -> Sequence[Draft]:
    """Return the drafts the actor may delete: of a batch, with these ids, or the newest. Eight queries at most."""
    unseen = Lecture.state == LectureState.DRAFT, Lecture.published_at.is_(None), Lecture.deleted_at.is_(None)
    statement = select(Lecture).where(*unseen, _in_charge(actor))
    if batch is not None:
        row = and_(BatchRow.lecture_id == Lecture.id, BatchRow.batch_id == batch.id)
        statement = statement.join(BatchRow, row).order_by(BatchRow.position, BatchRow.id)
    elif public_ids:
        statement = statement.where(Lecture.public_id.in_(public_ids))
    statement = statement.options(joinedload(Lecture.institution)).order_by(Lecture.updated_at.desc(), Lecture.id)
    lectures = db.scalars(statement.limit(AT_ONCE_MAX)).all()
    ids = [lecture.id for lecture in lectures]
    kept, size = Source.master_dropped_at.is_(None), func.sum(Source.size_bytes)
    sizes = _per_lecture(db, Source.lecture_id, ids, kept, counted=size)
    captions, chapters, handouts = (_per_lecture(db, each.lecture_id, ids) for each in (Caption, Chapter, Attachment))
    moving = _per_lecture(db, Upload.lecture_id, ids, Upload.state.in_(LIVE))
    open_reviews = _per_lecture(db, Review.lecture_id, ids, Review.closed_at.is_(None))
    return [
        Draft(
            each, sizes.get(each.id, 0), captions.get(each.id, 0), chapters.get(each.id, 0), handouts.get(each.id, 0),
            each.id in moving, each.id in open_reviews,
        )
        for each in lectures
    ]


def _in_charge(actor: Actor) -> ColumnElement[bool]:
    """The rule of `policies.can_edit_lecture` as a condition."""
    if actor.is_operator:
        return ~false()
    administered = actor.institution_ids("institution_admin")
    shared = select(LectureOwner.lecture_id).where(LectureOwner.institution_id.in_(administered))
    own = and_(Lecture.created_by_id == actor.user_id, Lecture.institution_id.in_(actor.institution_ids("contributor")))
    return or_(Lecture.institution_id.in_(administered), Lecture.id.in_(shared), own)


def _per_lecture(
    db: Session, lecture_id: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ids: Sequence[int],
    *conditions: ColumnElement[bool], counted: ColumnElement[int] | None = None,
) -> dict[int, int]:
    value = func.count() if counted is None else counted
    rows = db.execute(select(lecture_id, value).where(lecture_id.in_(ids), *conditions).group_by(lecture_id))
    return {key: int(amount or 0) for key, amount in rows if key is not None}


def delete_drafts(db: Session, actor: Actor, public_ids: Collection[str]) -> list[Lecture]:
    """Delete drafts, all or none; those that are deleted already are passed over.

    What is on its way for them stops, and a review they are in ends.

    Raises:
        NotFound, NotPermitted: for one the actor may not edit.
        Conflict: for one that was public once.
        InvalidInput: for none, or too many at once.
    """
    wanted = list(dict.fromkeys(public_ids))
    if not wanted:
        raise InvalidInput("请先勾选要删除的草稿。", code="nothing_chosen")
    if len(wanted) > AT_ONCE_MAX:
        raise InvalidInput(Sentence("一次最多删除 %(limit)d 讲。", limit=AT_ONCE_MAX), code="too_many_chosen")
    gone = {lecture.public_id for lecture in _load_deleted(db, actor, wanted)}
    deleted = [get_lecture_for_edit(db, actor, each) for each in wanted if each not in gone]
    for lecture in deleted:
        _delete(db, actor, lecture)
    return deleted


def _delete(db: Session, actor: Actor, lecture: Lecture) -> None:
    if not policies.can_delete_draft(actor, lecture):
        sentence = Sentence("《%(title)s》发布过，不能删除；不想让居民看到，请下架。", title=lecture.title)
        raise Conflict(sentence, code="was_public", lecture_id=lecture.id)
    review = shelving.find_open(db, lecture.id)
    if review is not None:
        before = review.state.value
        shelving.close(review, ReviewState.RECALLED)
        shelving.unhold(db, lecture)
        shelving.note(db, actor, lecture, Action.RECALL, before=before, review=review, why="老师删除了这一讲的草稿。")
    open_jobs = select(Job.id).where(
        Job.subject == lecture_subject(lecture.id), Job.kind.in_([ENCODE_KIND, FINISH_KIND]),
        Job.state.in_([JobState.QUEUED, JobState.RUNNING]),
    )  # fmt: skip
    for job_id in db.scalars(open_jobs).all():
        queue.request_cancel(db, job_id)
    uploads.abort_uploads_of(db, lecture)
    lecture.deleted_at = utc_now()
    lecture.version += 1
    outbox.emit(db, LectureChanged(lecture.id))
    log.info("draft_deleted", lecture_id=lecture.id)


def list_deleted(db: Session, actor: Actor) -> Sequence[Lecture]:
    """Return the drafts that were deleted a moment ago and that the actor may bring back, the last one first."""
    statement = select(Lecture).where(_in_charge(actor), *_can_come_back())
    return db.scalars(statement.order_by(Lecture.deleted_at.desc(), Lecture.id).limit(AT_ONCE_MAX)).all()


def count_deleted(db: Session, actor: Actor) -> int:
    """Return how many `list_deleted` would find."""
    return db.scalar(select(func.count()).select_from(Lecture).where(_in_charge(actor), *_can_come_back())) or 0


def _can_come_back() -> tuple[ColumnElement[bool], ...]:
    return Lecture.deleted_at > utc_now() - undo_lasts(), Lecture.emptied_at.is_(None)


def restore_drafts(db: Session, actor: Actor, public_ids: Collection[str]) -> list[Lecture]:
    """Bring deleted drafts back as they were, all or none; files that were on their way have to be sent again.

    Raises:
        NotFound: none, or somebody else's.
        Conflict: when it is too late.
        InvalidInput: for none.
        QuotaReached: when their room was taken meanwhile.
    """
    wanted = set(public_ids)
    lectures = _load_deleted(db, actor, wanted)
    if not wanted:
        raise InvalidInput("请先选择要取回的草稿。", code="nothing_chosen")
    if {lecture.public_id for lecture in lectures} != wanted:
        raise NotFound(lectures=len(wanted))
    for lecture in lectures:
        if lecture.emptied_at is not None or lecture.deleted_at is None or _is_late(lecture.deleted_at):
            raise Conflict("已经超过十分钟，取不回来了。", code="too_late_to_restore", lecture_id=lecture.id)
        lecture.deleted_at = None
        lecture.version += 1
        outbox.emit(db, LectureChanged(lecture.id))
        log.info("draft_restored", lecture_id=lecture.id)
    db.flush()
    for institution_id in sorted({lecture.institution_id for lecture in lectures}):
        check_storage(db, institution_id)
    return lectures


def _is_late(deleted_at: datetime) -> bool:
    return utc_now() - deleted_at > undo_lasts()


def _load_deleted(db: Session, actor: Actor, public_ids: Collection[str]) -> list[Lecture]:
    statement = select(Lecture).where(Lecture.public_id.in_(list(public_ids)), Lecture.deleted_at.is_not(None))
    found = db.scalars(statement.order_by(Lecture.id).with_for_update(of=Lecture)).all()
    return [lecture for lecture in found if policies.can_restore_draft(actor, lecture)]


def request_emptying(db: Session) -> None:
    """Queue the job that empties deleted drafts; the worker's clock asks every hour."""
    queue.enqueue(db, queue.NewJob(EMPTY_KIND, lane=queue.LANE_DEFAULT, key=EMPTY_KIND))


def empty_deleted(db: Session) -> int:
    """Take everything from deleted drafts that nobody can bring back any more but their rows; return how many."""
    late = Lecture.deleted_at < utc_now() - undo_lasts(), Lecture.emptied_at.is_(None)
    statement = select(Lecture).where(*late).options(selectinload(Lecture.terms)).with_for_update(of=Lecture)
    lectures = db.scalars(statement.order_by(Lecture.id).limit(EMPTIED_AT_ONCE)).all()
    for lecture in lectures:
        _empty(db, lecture)
    if lectures:
        request_sweep(db)
    return len(lectures)


def _empty(db: Session, lecture: Lecture) -> None:
    now = utc_now()
    sources = select(Source.id).where(Source.lecture_id == lecture.id)
    db.execute(delete(CaptionDraft).where(CaptionDraft.source_id.in_(sources)))
    for part in _PARTS:
        db.execute(delete(part).where(part.lecture_id == lecture.id).execution_options(synchronize_session=False))
    # The sweep forgets replaced sets and removes masters that were given up. Sources keep their rows: their hours came.
    of_lecture = MediaSet.lecture_id == lecture.id
    db.execute(update(MediaSet).where(of_lecture, MediaSet.replaced_at.is_(None)).values(replaced_at=now))
    db.execute(update(MediaSet).where(of_lecture).values(is_current=False))
    kept = Source.lecture_id == lecture.id, Source.master_dropped_at.is_(None)
    db.execute(update(Source).where(*kept).values(master_dropped_at=now))
    lecture.description, lecture.tags, lecture.cover_sha256 = "", [], ""
    lecture.course_id, lecture.position, lecture.is_held = None, 0, False
    lecture.emptied_at = now
    log.info("deleted_draft_emptied", lecture_id=lecture.id)
