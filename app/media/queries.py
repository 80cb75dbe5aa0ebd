"""Reads of media: what state a lecture's media are in, what may be served to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.jobs.model import Job, JobState, Priority
from app.kernel.jobs.queue import NewJob, find_latest
from app.kernel.jobs.steps import progress_of
from app.library import policies
from app.library.models import Lecture, LectureState
from app.media.files_beside import cover_key, lectures_awaiting_cover, lectures_with_cover
from app.media.models import CaptionDraft, GrowingSet, MediaSet, Source

KEY_PREFIX = "media"
ENCODE_KIND = "encode_lecture"
CHUNK_KIND = "encode_chunk"


def lecture_subject(lecture_id: int) -> str:
    """How jobs name the lecture they work on."""
    return f"lecture:{lecture_id}"


def on_lecture(lecture: Lecture, job: NewJob) -> NewJob:
    """Say what a job works on, and whose turn it takes: institutions go one after the other."""
    return replace(job, subject=lecture_subject(lecture.id), fair_key=f"institution:{lecture.institution_id}")


def media_prefix(digest: str) -> str:
    """Where the objects of a media set are kept."""
    return f"{KEY_PREFIX}/{digest}"


class MediaState(StrEnum):
    """What the owner of a lecture wants to know at a glance."""

    MISSING = "missing"
    WAITING = "waiting"
    WORKING = "working"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class GrowthState(StrEnum):
    """What somebody who watches a lecture while it is being made wants to know."""

    GROWING = "growing"
    STOPPED = "stopped"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class MediaStatus:
    """State of the newest work on a lecture's media."""

    state: MediaState
    job_id: int | None = None
    step: str = ""
    fraction: float = 0.0
    error_code: str | None = None
    error_message: str | None = None


def current_set(db: Session, lecture_id: int) -> MediaSet | None:
    """Return the set residents get, with its renditions and its source."""
    return db.scalars(
        select(MediaSet)
        .where(MediaSet.lecture_id == lecture_id, MediaSet.is_current)
        .options(selectinload(MediaSet.renditions), joinedload(MediaSet.source))
    ).first()


def waiting_set(db: Session, lecture_id: int) -> MediaSet | None:
    """Return the newest set of another file that waits for its review."""
    return db.scalars(
        select(MediaSet)
        .where(MediaSet.lecture_id == lecture_id, ~MediaSet.is_current, MediaSet.replaced_at.is_(None))
        .options(selectinload(MediaSet.renditions), joinedload(MediaSet.source))
        .order_by(MediaSet.id.desc())
        .limit(1)
    ).first()


def set_of_source(db: Session, source_id: int) -> MediaSet | None:
    """Return the newest set made of a file."""
    return db.scalars(
        select(MediaSet)
        .where(MediaSet.source_id == source_id)
        .options(selectinload(MediaSet.renditions), joinedload(MediaSet.source))
        .order_by(MediaSet.id.desc())
        .limit(1)
    ).first()


def current_sets(db: Session, lecture_ids: Iterable[int]) -> Mapping[int, MediaSet]:
    """Return current sets by lecture id, without renditions; for cards and lists."""
    rows = db.scalars(select(MediaSet).where(MediaSet.lecture_id.in_(list(lecture_ids)), MediaSet.is_current))
    return {media_set.lecture_id: media_set for media_set in rows}


def growing_set(db: Session, lecture_id: int) -> GrowingSet | None:
    """Return what can be watched of a lecture that is still being made for the first time."""
    return db.scalars(
        select(GrowingSet).where(GrowingSet.lecture_id == lecture_id).options(joinedload(GrowingSet.source))
    ).first()


def growth_state(db: Session, lecture_id: int) -> GrowthState:
    """Return whether more of a lecture is still to come, will not come, or all of it is there."""
    if _has_set(db, lecture_id):
        return GrowthState.READY
    job = find_latest(db, lecture_subject(lecture_id), ENCODE_KIND)
    has_ended = job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}
    return GrowthState.STOPPED if has_ended else GrowthState.GROWING


def media_status(db: Session, lecture_id: int) -> MediaStatus:
    """Summarise the newest encode job of a lecture, or the set that is there."""
    return media_statuses(db, [lecture_id])[lecture_id]


def _has_set(db: Session, lecture_id: int) -> bool:
    return db.scalar(select(MediaSet.id).where(MediaSet.lecture_id == lecture_id, MediaSet.is_current)) is not None


def media_statuses(db: Session, lecture_ids: Iterable[int]) -> Mapping[int, MediaStatus]:
    """Return the status of many lectures in three queries; sets made anew unasked are the operator's concern alone."""
    ids = list(lecture_ids)
    subjects = {lecture_subject(lecture_id): lecture_id for lecture_id in ids}
    newest: dict[int, Job] = {}
    statement = select(Job).where(Job.subject.in_(subjects), Job.kind == ENCODE_KIND, Job.priority > Priority.RENEWAL)
    for job in db.scalars(statement.order_by(Job.id)):
        newest[subjects[job.subject]] = job
    ready = set(db.scalars(select(MediaSet.lecture_id).where(MediaSet.lecture_id.in_(ids), MediaSet.is_current)))
    fractions = progress_of(db, newest.values())
    return {lecture_id: _status(newest.get(lecture_id), fractions, has_set=lecture_id in ready) for lecture_id in ids}


def _status(job: Job | None, fractions: Mapping[int, float], *, has_set: bool) -> MediaStatus:
    if job is None:
        return MediaStatus(MediaState.READY if has_set else MediaState.MISSING)
    state = {
        JobState.QUEUED: MediaState.WAITING,
        JobState.RUNNING: MediaState.WORKING,
        JobState.FAILED: MediaState.FAILED,
        JobState.CANCELLED: MediaState.CANCELLED,
        JobState.SUCCEEDED: MediaState.READY if has_set else MediaState.MISSING,
    }[job.state]
    return MediaStatus(state, job.id, job.step, fractions[job.id], job.error_code, job.error_message)


def may_fetch_media(db: Session, actor: Actor, digest: str) -> tuple[bool, bool]:
    """Return (may fetch, is public) for the objects of one digest.

    Public when any published lecture has the set and it does not wait for a review; otherwise only people who may see
    one of its lectures.
    """
    having = [select(table.lecture_id).where(table.digest == digest) for table in (MediaSet, GrowingSet)]
    lectures = db.scalars(select(Lecture).where(or_(*(Lecture.id.in_(ids) for ids in having)))).all()
    is_waiting = MediaSet.digest == digest, ~MediaSet.is_current, MediaSet.replaced_at.is_(None)
    waiting = set(db.scalars(select(MediaSet.lecture_id).where(*is_waiting)))
    is_public = any(lecture.state is LectureState.PUBLISHED and lecture.id not in waiting for lecture in lectures)
    return is_public or any(policies.can_view_work_on(actor, lecture) for lecture in lectures), is_public


def poster_path(lecture: Lecture, media: MediaSet | None, *, cover_sha256: str | None = None) -> str | None:
    """Return the path of a lecture's picture on this site: its own cover, else the one taken out of its media.

    With `cover_sha256` another cover than the one residents see, such as one that waits.
    """
    chosen = lecture.cover_sha256 if cover_sha256 is None else cover_sha256
    if chosen:
        return cover_key(chosen)
    return f"{media_prefix(media.digest)}/{media.poster_name}" if media is not None and media.poster_name else None


def may_fetch_cover(db: Session, actor: Actor, sha256: str) -> tuple[bool, bool]:
    """Return (may fetch, is public) for a cover, as for media."""
    lectures = lectures_with_cover(db, sha256)
    if any(lecture.state is LectureState.PUBLISHED for lecture in lectures):
        return True, True
    if any(policies.can_view_lecture(actor, lecture) for lecture in lectures):
        return True, False
    return any(policies.can_view_work_on(actor, lecture) for lecture in lectures_awaiting_cover(db, sha256)), False


def newest_source(db: Session, lecture_id: int) -> Source | None:
    """Return the source uploaded last."""
    return db.scalars(select(Source).where(Source.lecture_id == lecture_id).order_by(Source.id.desc()).limit(1)).first()


def caption_drafts(db: Session, lecture_id: int) -> Sequence[CaptionDraft]:
    """Return the subtitles of the newest source that nobody has decided about."""
    newest = select(Source.id).where(Source.lecture_id == lecture_id).order_by(Source.id.desc()).limit(1)
    statement = select(CaptionDraft).where(
        CaptionDraft.source_id == newest.scalar_subquery(), CaptionDraft.decided_at.is_(None)
    )
    return db.scalars(statement.order_by(CaptionDraft.stream_index)).all()
