"""Reads of the studio: my institution's lectures, one lecture's page, how far its media are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound
from app.kernel.jobs.model import Job, JobState, Priority
from app.kernel.jobs.queue import find_latest
from app.library import policies as library_policies
from app.library.models import Lecture, LectureOwner, LectureState
from app.library.queries import get_lecture
from app.media.lineup import Lineup, Place, get_lineup
from app.media.models import GrowingSet, MediaSet, Source
from app.media.preflight import Preflight, read_preflight_of
from app.media.queries import (
    ENCODE_KIND,
    MediaState,
    MediaStatus,
    current_set,
    current_sets,
    growing_set,
    lecture_subject,
    media_statuses,
    newest_source,
    poster_path,
)
from app.studio.models import Upload, UploadState
from app.studio.progress import Phase, Progress, overall_fraction

PAGE_SIZE: Final = 20
FINISH_KIND: Final = "finish_upload"
_CONTRIBUTING: Final = ("contributor", "institution_admin")


class StudioState(StrEnum):
    """What the list shows at a glance."""

    DRAFT = "draft"
    PROCESSING = "processing"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class StudioRow:
    """One line of the list."""

    public_id: str
    title: str
    teacher: str
    institution_name: str
    state: StudioState
    progress: Progress | None
    duration_s: float | None
    poster_path: str | None
    is_audio: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StudioList:
    """One page of the list, with how many there are of each state for the same text."""

    rows: Sequence[StudioRow]
    counts: Mapping[StudioState, int]
    total: int
    page: int
    page_count: int

    @property
    def is_empty(self) -> bool:
        """Nothing of any state."""
        return not any(self.counts.values())


@dataclass(frozen=True, slots=True)
class LecturePage:
    """Everything the page of one lecture shows."""

    lecture: Lecture
    progress: Progress
    source: Source | None
    media_set: MediaSet | None
    #: What can be watched of it while it is being made for the first time.
    growing: GrowingSet | None
    #: A file that stopped on its way and can be continued.
    unfinished: Upload | None
    can_edit: bool
    #: What is to be said of the newest source.
    preflight: Preflight | None


def list_lectures(
    db: Session, actor: Actor, *, text: str = "", state: StudioState | None = None, page: int = 1
) -> StudioList:
    """Page through the lectures of the actor's institutions, the ones changed last first."""
    scope = _scope(actor, text)
    counts = dict.fromkeys(StudioState, 0)
    counting = select(_state_case, func.count()).select_from(Lecture).where(scope).group_by(_state_case)
    for key, count in db.execute(counting):
        counts[StudioState(key)] = count
    total = sum(counts.values()) if state is None else counts[state]
    page_count = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), page_count)
    statement = select(Lecture, _state_case).where(scope).options(joinedload(Lecture.institution))
    if state is not None:
        statement = statement.where(_state_case == state.value)
    statement = statement.order_by(Lecture.updated_at.desc(), Lecture.id.desc())
    found = db.execute(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    sets = current_sets(db, [lecture.id for lecture, _ in found])
    moving = get_progress_of_many(db, [lecture.id for lecture, key in found if key in _MOVING])
    rows = [_row(lecture, StudioState(key), sets.get(lecture.id), moving.get(lecture.id)) for lecture, key in found]
    return StudioList(rows, counts, total, page, page_count)


def _scope(actor: Actor, text: str) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if not actor.is_operator:
        shared = select(LectureOwner.lecture_id).where(
            LectureOwner.institution_id.in_(actor.institution_ids("institution_admin"))
        )
        own = Lecture.institution_id.in_(actor.institution_ids(*_CONTRIBUTING))
        conditions.append(or_(own, Lecture.id.in_(shared)))
    conditions.extend(
        or_(Lecture.title.icontains(word, autoescape=True), Lecture.teacher.icontains(word, autoescape=True))
        for word in text.split()[:8]
    )
    return and_(literal(value=True), *conditions)


def _newest(column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    table = column.class_
    return select(column).where(*conditions).order_by(table.id.desc()).limit(1).correlate(Lecture).scalar_subquery()


def _state_expression() -> ColumnElement[str]:
    """The same decision as `_progress` takes, for a whole list in one statement."""
    subject = literal("lecture:") + cast(Lecture.id, String)
    upload = _newest(Upload.state, Upload.lecture_id == Lecture.id)
    finishing = _newest(Job.state, Job.subject == subject, Job.kind == FINISH_KIND)
    asked_for = Job.priority > Priority.RENEWAL
    encoding = _newest(Job.state, Job.subject == subject, Job.kind == ENCODE_KIND, asked_for)
    sets = select(MediaSet.id).where(MediaSet.lecture_id == Lecture.id, MediaSet.is_current)
    return case(
        (Lecture.state == LectureState.WITHDRAWN, StudioState.WITHDRAWN.value),
        (Lecture.state == LectureState.PUBLISHED, StudioState.PUBLISHED.value),
        (and_(upload == UploadState.FINISHING, finishing == JobState.FAILED), StudioState.FAILED.value),
        (upload == UploadState.FINISHING, StudioState.PROCESSING.value),
        (encoding.in_([JobState.QUEUED, JobState.RUNNING]), StudioState.PROCESSING.value),
        (encoding == JobState.FAILED, StudioState.FAILED.value),
        (sets.correlate(Lecture).exists(), StudioState.READY.value),
        else_=StudioState.DRAFT.value,
    )


#: States whose rows say more than their name.
_MOVING: Final = frozenset({StudioState.PROCESSING, StudioState.FAILED, StudioState.DRAFT})
_state_case: Final = _state_expression()


def _row(lecture: Lecture, state: StudioState, media_set: MediaSet | None, progress: Progress | None) -> StudioRow:
    return StudioRow(
        public_id=lecture.public_id, title=lecture.title, teacher=lecture.teacher,
        institution_name=lecture.institution.name, state=state, updated_at=lecture.updated_at,
        progress=progress,
        duration_s=media_set.duration_s if media_set else None,
        poster_path=poster_path(lecture, media_set),
        is_audio=media_set.is_audio_only if media_set else False,
    )


def get_lecture_page(db: Session, actor: Actor, public_id: str) -> LecturePage:
    """Load a lecture for its page in the studio.

    Raises:
        NotFound: none, or not of the actor's institutions.
    """
    lecture = find_own_lecture(db, actor, public_id)
    upload = _newest_upload(db, lecture.id)
    source = newest_source(db, lecture.id)
    return LecturePage(
        lecture=lecture,
        progress=get_progress(db, lecture.id),
        source=source,
        media_set=current_set(db, lecture.id),
        growing=growing_set(db, lecture.id),
        unfinished=upload if upload is not None and upload.state is UploadState.RECEIVING else None,
        can_edit=library_policies.can_edit_lecture(actor, lecture),
        preflight=_preflight(source, lecture) if source is not None else None,
    )


def _preflight(source: Source, lecture: Lecture) -> Preflight:
    today = utc_now().date()
    return read_preflight_of(source, lecture.resource_type, today, has_captions=bool(lecture.captions))


def find_own_lecture(db: Session, actor: Actor, public_id: str) -> Lecture:
    """Load a lecture of the actor's institutions with all its parts; NotFound for every other."""
    lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).first()
    is_own = lecture is not None and library_policies.can_contribute_to(actor, lecture.institution_id)
    if lecture is None or not (is_own or library_policies.can_edit_lecture(actor, lecture)):
        raise NotFound(public_id=public_id)
    return get_lecture(db, actor, public_id)


def _newest_upload(db: Session, lecture_id: int) -> Upload | None:
    return db.scalars(select(Upload).where(Upload.lecture_id == lecture_id).order_by(Upload.id.desc()).limit(1)).first()


def get_progress(db: Session, lecture_id: int) -> Progress:
    """Say how far the newest file of a lecture is, from its first byte to the published renditions."""
    return get_progress_of_many(db, [lecture_id])[lecture_id]


def get_progress_of_many(db: Session, lecture_ids: Sequence[int]) -> Mapping[int, Progress]:
    """Say it of several lectures without asking for each of them."""
    newest = select(func.max(Upload.id)).where(Upload.lecture_id.in_(lecture_ids)).group_by(Upload.lecture_id)
    uploads = {row.lecture_id: row for row in db.scalars(select(Upload).where(Upload.id.in_(newest)))}
    statuses = media_statuses(db, lecture_ids)
    is_moving = any(status.state in {MediaState.WAITING, MediaState.WORKING} for status in statuses.values())
    lineup = get_lineup(db, at_least=Priority.BACKGROUND) if is_moving else Lineup()
    return {each: _progress(db, each, uploads.get(each), statuses[each], lineup) for each in lecture_ids}


def _progress(db: Session, lecture_id: int, upload: Upload | None, status: MediaStatus, lineup: Lineup) -> Progress:
    if upload is not None and upload.state is UploadState.FINISHING:
        return _finishing(find_latest(db, lecture_subject(lecture_id), FINISH_KIND))
    has_nothing_better = status.state in {MediaState.MISSING, MediaState.FAILED, MediaState.CANCELLED}
    if upload is not None and upload.state is UploadState.RECEIVING and has_nothing_better:
        percent = 100 * upload.offset_bytes // upload.size_bytes
        return Progress(Phase.UPLOADING, "upload", percent, can_cancel=True)
    return _encoding(status, lineup.by_job.get(status.job_id or 0))


def _finishing(job: Job | None) -> Progress:
    if job is not None and job.state is JobState.FAILED:
        return Progress(
            Phase.FAILED, error_code=job.error_code or "", sentence=job.error_message or "", can_retry=True
        )
    sentence = job.error_message if job is not None and job.state is JobState.QUEUED else None
    return Progress(Phase.FINISHING, sentence=sentence or "", can_cancel=True)


def _encoding(status: MediaStatus, place: Place | None) -> Progress:
    if place is not None and status.state is MediaState.WAITING:
        return Progress(
            Phase.WAITING, remaining_s=place.forecast.remaining_s, ahead=place.forecast.ahead, sentence=place.obstacle,
            can_cancel=True,
        )
    if place is not None and status.state is MediaState.WORKING:
        return Progress(
            Phase.WORKING, status.step, int(100 * overall_fraction(status.step, status.fraction)),
            place.forecast.remaining_s, sentence=place.obstacle, can_cancel=not place.job.cancel_requested,
        )
    phases = {
        MediaState.READY: Phase.READY, MediaState.FAILED: Phase.FAILED, MediaState.CANCELLED: Phase.CANCELLED,
    }
    phase = phases.get(status.state, Phase.EMPTY)
    can_retry = phase in {Phase.FAILED, Phase.CANCELLED}
    code, sentence = status.error_code or "", status.error_message or ""
    return Progress(phase, status.step, error_code=code, sentence=sentence, can_retry=can_retry)
