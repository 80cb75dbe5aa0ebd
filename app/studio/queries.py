"""Reads of the studio: one lecture's page, how far its media are. Lists of lectures are in `listing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound, NotPermitted
from app.kernel.jobs.model import Job, JobState, Priority
from app.kernel.jobs.queue import find_latest
from app.library import policies as library_policies
from app.library.models import Course, Lecture
from app.library.queries import get_lecture
from app.media.lineup import Lineup, Place, get_lineup
from app.media.models import GrowingSet, MediaSet, Source
from app.media.preflight import Preflight, read_preflight_of
from app.media.queries import (
    MediaState,
    MediaStatus,
    current_set,
    growing_set,
    lecture_subject,
    media_statuses,
    newest_source,
)
from app.media.versions import count_versions
from app.studio.courses import find_course_of
from app.studio.models import Upload, UploadState
from app.studio.progress import Phase, Progress, overall_fraction

FINISH_KIND: Final = "finish_upload"


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
    #: It was never public, so that it may still go.
    may_delete: bool
    course: Course | None
    may_open_course: bool
    #: How many files it has had.
    version_count: int
    #: What is to be said of the newest source.
    preflight: Preflight | None


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
        may_delete=library_policies.can_delete_draft(actor, lecture),
        course=find_course_of(db, lecture),
        may_open_course=library_policies.can_contribute_to(actor, lecture.institution_id),
        version_count=count_versions(db, lecture.id) if source is not None else 0,
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


def find_editable_lecture(db: Session, actor: Actor, public_id: str) -> Lecture:
    """Load a lecture of the actor's institutions that the actor may edit; NotPermitted for a colleague's."""
    lecture = find_own_lecture(db, actor, public_id)
    if not library_policies.can_edit_lecture(actor, lecture):
        raise NotPermitted(lecture_id=lecture.id)
    return lecture


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
