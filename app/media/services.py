"""Writes: sources arriving, media sets recorded, encodes retried or cancelled."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput
from app.kernel.jobs import queue
from app.kernel.jobs.model import Job, JobState, Priority
from app.library import green_grants
from app.library.events import LectureChanged
from app.library.models import Lecture
from app.library.services import get_lecture_for_edit
from app.media import carried
from app.media.events import MediaFailed, MediaReady
from app.media.models import GrowingSet, MediaSet, Rendition, Source
from app.media.preflight import request_analysis
from app.media.queries import ENCODE_KIND, lecture_subject, media_status, on_lecture

if TYPE_CHECKING:
    from media_pipeline.growing import Growth
    from media_pipeline.steps import Plan
    from media_pipeline.types import MediaInfo, Published

log = structlog.get_logger(__name__)

SOURCE_PREFIX = "sources"


@dataclass(frozen=True, slots=True)
class StoredSource:
    """A master that is whole in the store."""

    filename: str
    sha256: str
    size_bytes: int
    storage_key: str


def source_key(sha256: str) -> str:
    """Name a source by its content, so that storing it twice stores it once."""
    return f"{SOURCE_PREFIX}/{sha256[:2]}/{sha256}"


def attach_source(db: Session, actor: Actor, lecture: Lecture, stored: StoredSource) -> Source:
    """Take a stored master as the lecture's newest source and queue its encoding; the same master twice is one."""
    if stored.size_bytes <= 0:
        raise InvalidInput("文件是空的，请重新选择。", code="empty_file")
    source = db.scalars(
        select(Source).where(Source.lecture_id == lecture.id).order_by(Source.id.desc()).limit(1)
    ).first()
    if source is None or source.sha256 != stored.sha256 or source.cut is not None:
        source = Source(
            lecture_id=lecture.id,
            filename=stored.filename[:255],
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            storage_key=stored.storage_key,
            uploaded_by_id=actor.user_id,
            created_at=utc_now(),
        )
        db.add(source)
        db.flush()
    source.master_dropped_at = None  # it is whole in the store again
    request_encode(db, lecture, source)
    request_analysis(db, lecture, source)
    log.info("source_attached", lecture_id=lecture.id, source_id=source.id, size_bytes=source.size_bytes)
    return source


def request_encode(db: Session, lecture: Lecture, source: Source) -> None:
    """Queue the encoding of a source; one waiting job per source is enough."""
    priority = Priority.MICRO_COURSE if lecture.resource_type == "micro_course" else Priority.NORMAL
    if green_grants.goes_first(db, lecture.id):
        priority = Priority.GREEN_CHANNEL
    enqueue_encode(db, lecture, source.id, priority=priority)


def hurry_encodes(db: Session, lecture_ids: Iterable[int]) -> None:
    """Move what waits of lectures opened through the green channel up, with the steps of what is under way."""
    waits = or_(Job.state == JobState.QUEUED, (Job.state == JobState.RUNNING) & Job.lease.is_(None))
    hurried = update(Job).where(
        Job.lane == queue.LANE_MEDIA,
        Job.subject.in_([lecture_subject(each) for each in lecture_ids]),
        Job.priority.between(Priority.BACKGROUND, Priority.GREEN_CHANNEL - 1),  # renewals go on waiting for all others
        waits,
    )
    db.execute(hurried.values(priority=Priority.GREEN_CHANNEL).execution_options(synchronize_session=False))


def enqueue_encode(db: Session, lecture: Lecture, source_id: int, *, priority: int) -> None:
    """Queue an encode; where one of less priority waits for the same source, it moves up."""
    key = f"{ENCODE_KIND}:{source_id}"
    waiting = update(Job).where(Job.key == key, Job.state == JobState.QUEUED, Job.priority < priority)
    db.execute(waiting.values(priority=priority).execution_options(synchronize_session=False))
    payload = {"source_id": source_id}
    job = queue.NewJob(ENCODE_KIND, lane=queue.LANE_MEDIA, key=key, payload=payload, priority=priority)
    queue.enqueue(db, on_lecture(lecture, job))


def retry_encode(db: Session, actor: Actor, public_id: str) -> None:
    """Queue a failed or cancelled encode again, as the teacher's button asks."""
    lecture = get_lecture_for_edit(db, actor, public_id)
    status = media_status(db, lecture.id)
    if status.job_id is None:
        raise Conflict("还没有上传文件。", code="nothing_to_retry", lecture_id=lecture.id)
    queue.retry(db, status.job_id)


def cancel_encode(db: Session, actor: Actor, public_id: str) -> None:
    """Stop the waiting or running encode of a lecture; a finished one is left as it is."""
    lecture = get_lecture_for_edit(db, actor, public_id)
    status = media_status(db, lecture.id)
    if status.job_id is not None:
        queue.request_cancel(db, status.job_id)


def note_media_info(db: Session, source_id: int, info: MediaInfo) -> None:
    """Keep what probing found beside the source, and the first time take over what it carries beside its media."""
    # The encode and the analysis both probe; only one of them may take the file's extras over.
    source = db.get(Source, source_id, with_for_update=True)
    if source is None:
        return
    is_first = source.media_info is None
    # Where a picture could be cut decides its plan and nothing else: too long a list to keep.
    video = dataclasses.replace(info.video, ready=None) if info.video is not None else None
    source.media_info = _plain(dataclasses.asdict(dataclasses.replace(info, video=video)))
    if is_first and _newest_source_id(db, source.lecture_id) == source_id:
        carried.take_over(db, source, info)


def note_growth(db: Session, source_id: int, plan: Plan, growth: Growth) -> None:
    """Let a lecture be watched as far as it is made; a set there already stays until the new one is whole."""
    source = db.get(Source, source_id)
    if source is None or _newest_source_id(db, source.lecture_id) != source_id:
        return
    has_set = select(MediaSet.id).where(MediaSet.lecture_id == source.lecture_id, MediaSet.is_current)
    if db.scalar(has_set) is not None:
        return
    growing = db.get(GrowingSet, source.lecture_id)
    if growing is None:
        growing = GrowingSet(lecture_id=source.lecture_id, digest="", available_s=0.0)
        db.add(growing)
    if growing.digest != plan.digest:
        growing.available_s = 0.0
    growing.source_id, growing.digest = source_id, plan.digest
    growing.is_audio_only = plan.ladder is None
    # Also those that are not made yet: a player that is asked for one waits for it.
    growing.heights_px = {rung.name: rung.height_px for rung in plan.ladder.rungs} if plan.ladder is not None else {}
    growing.duration_s = plan.duration_s
    growing.available_s = max(growing.available_s, growth.available_s)
    growing.updated_at = utc_now()


def _newest_source_id(db: Session, lecture_id: int) -> int | None:
    return db.scalar(select(Source.id).where(Source.lecture_id == lecture_id).order_by(Source.id.desc()).limit(1))


def record_media_set(db: Session, source_id: int, digest: str, published: Published) -> None:
    """Record a set whose objects are all in the store, and make it current if its source is still the newest.

    Another file of a held lecture waits for the review; what residents see already, made anew or gone back to, shows
    nothing new and does not.
    """
    source = db.get(Source, source_id)
    if source is None:
        log.warning("media_set_without_source", source_id=source_id)
        return
    if published.lost_s and source.media_info is not None:
        source.media_info = _with_loss(source.media_info, published)
    media_set = db.scalars(
        select(MediaSet).where(MediaSet.source_id == source.id, MediaSet.digest == digest)
    ).first()
    if media_set is None:
        if db.scalar(select(MediaSet.id).where(MediaSet.source_id == source.id).limit(1)) is None:
            outbox.emit(db, MediaReady(source.lecture_id, source.id))
        media_set = _new_set(source, digest, published)
        db.add(media_set)
    now = utc_now()
    # A master was given up when a newer file came, or with the lecture: nobody gets what was still made of it.
    is_given_up = source.master_dropped_at is not None
    if is_given_up or _newest_source_id(db, source.lecture_id) != source.id:
        media_set.replaced_at = media_set.replaced_at or now
    elif not _must_wait(db, source):
        make_current(db, media_set)
    else:
        media_set.replaced_at = None
    outbox.emit(db, LectureChanged(source.lecture_id))
    log.info("media_set_recorded", lecture_id=source.lecture_id, digest=digest, size_bytes=published.size_bytes)


def note_failure(db: Session, job: Job) -> None:
    """Tell other rooms that an encode failed for good; one that was to renew what can be watched is no news."""
    source = db.get(Source, job.payload["source_id"])
    has_set = select(MediaSet.id).where(MediaSet.source_id == job.payload["source_id"]).limit(1)
    if source is not None and db.scalar(has_set) is None:
        outbox.emit(db, MediaFailed(source.lecture_id, source.id, job.error_message or ""))


def _must_wait(db: Session, source: Source) -> bool:
    is_held = db.scalar(select(Lecture.is_held).where(Lecture.id == source.lecture_id))
    shown = db.scalars(
        select(Source)
        .join(MediaSet, MediaSet.source_id == Source.id)
        .where(MediaSet.lecture_id == source.lecture_id, MediaSet.is_current)
    ).first()
    return bool(is_held) and shown is not None and (shown.sha256, shown.cut) != (source.sha256, source.cut)


def make_current(db: Session, media_set: MediaSet) -> None:
    """Give residents this set from now on; sets older than it are replaced, one that came later goes on waiting."""
    now = utc_now()
    db.flush()
    others = update(MediaSet).where(MediaSet.lecture_id == media_set.lecture_id, MediaSet.id != media_set.id)
    older = or_(MediaSet.is_current, MediaSet.id < media_set.id)
    db.execute(others.where(older, MediaSet.replaced_at.is_(None)).values(is_current=False, replaced_at=now))
    media_set.is_current, media_set.replaced_at = True, None
    db.flush()
    db.execute(delete(GrowingSet).where(GrowingSet.lecture_id == media_set.lecture_id))


def _with_loss(info: dict[str, Any], published: Published) -> dict[str, Any]:
    """Note that the end of a source could not be read: the teacher is told as of a file that was cut off."""
    promised_s = info["duration_s"] + info.get("lost_s", 0.0)
    lost_s = round(promised_s - published.duration_s, 3)
    return {**info, "is_cut": True, "duration_s": published.duration_s, "lost_s": lost_s}


def _new_set(source: Source, digest: str, published: Published) -> MediaSet:
    return MediaSet(
        lecture_id=source.lecture_id,
        source_id=source.id,
        digest=digest,
        recipe=published.recipe,
        duration_s=float(published.duration_s),
        size_bytes=published.size_bytes,
        created_at=utc_now(),
        master_name=published.master_name,
        saver_name=published.saver_name,
        audio_name=published.audio_name,
        mp4_name=published.mp4_name,
        m4a_name=published.m4a_name,
        poster_name=published.poster_name,
        storyboard_name=published.storyboard_name,
        renditions=[
            Rendition(
                kind=item.kind,
                name=item.name,
                manifest_name=item.manifest_name,
                width_px=item.width_px,
                height_px=item.height_px,
                bandwidth_bps=item.bandwidth_bps,
                average_bandwidth_bps=item.average_bandwidth_bps,
                codecs=item.codecs,
                size_bytes=item.size_bytes,
            )
            for item in published.renditions
        ],
    )


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Turn fractions and paths into JSON values."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
