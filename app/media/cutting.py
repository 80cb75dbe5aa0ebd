"""Lectures cut out of other lectures: their source, and the job that makes their media set of the original's.

The job is an encode like any other, so that progress, cancelling, trying again and the store's sweep know it. It cuts
out of the set that was current when the teacher asked; asked again, it cuts again. A new upload ends it: then the
lecture has a master of its own. Not here: the cutting itself (media_pipeline.cutting).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library import services as library
from app.library.models import Caption, Chapter, Excerpt, Lecture
from app.media import preflight, services
from app.media.models import MediaSet, Source
from app.media.queries import media_prefix
from media_pipeline.analysis import media_info_from_json
from media_pipeline.captions import cut_webvtt
from media_pipeline.chapters import Chapter as Mark
from media_pipeline.chapters import chapters_inside
from media_pipeline.cutting import CutResult, Cutting

if TYPE_CHECKING:
    from app.kernel.jobs.engine import JobContext, Record
    from app.media.workshop import MediaWorkshop

log = structlog.get_logger(__name__)


def attach_cut(
    db: Session, actor: Actor, lecture: Lecture, original: MediaSet, *, start_s: float, end_s: float
) -> Source:
    """Give a lecture a stretch of a finished set as its media, in seconds of that, and queue the cutting.

    The set's source must be loaded.
    """
    master = original.source
    source = Source(
        lecture_id=lecture.id,
        filename=master.filename,
        sha256=master.sha256,
        size_bytes=master.size_bytes,
        storage_key=master.storage_key,
        media_info=_info_of_stretch(master.media_info, end_s - start_s),
        cut={"digest": original.digest, "start_s": start_s, "end_s": end_s},
        uploaded_by_id=actor.user_id,
        created_at=utc_now(),
    )
    preflight.keep_problem(source, preflight.CUT_OUT)
    db.add(source)
    db.flush()
    services.request_encode(db, lecture, source)
    log.info("cut_attached", lecture_id=lecture.id, source_id=source.id, original=original.digest)
    return source


def cut_out(context: JobContext, source: Source, workshop: MediaWorkshop) -> Record:
    """Cut a source's stretch out of its original's set; returns what is to be recorded.

    Raises:
        PipelineError, StorageError: as media_pipeline.cutting does.
    """
    cut: dict[str, Any] = source.cut or {}
    result = Cutting(
        storage=workshop.storage,
        prefix_of=media_prefix,
        digest=cut["digest"],
        start_s=cut["start_s"],
        end_s=cut["end_s"],
        tags=media_info_from_json(source.media_info).labels if source.media_info else (),
        policy=workshop.policy,
        work_dir=context.work_dir / "cut",
        tools=workshop.tools(),
        limits=workshop.limits,
        progress=context,
        cancel=context,
    ).run()
    return lambda db: _record(db, source.id, result)


def _record(db: Session, source_id: int, result: CutResult) -> None:
    source = db.get(Source, source_id)
    if source is None:
        return
    source.media_info = _info_of_stretch(source.media_info, result.published.duration_s)
    services.record_media_set(db, source_id, result.digest, result.published)
    lecture = db.get_one(Lecture, source.lecture_id)
    original = db.scalars(
        select(Lecture)
        .join(Excerpt, Excerpt.original_id == Lecture.id)
        .where(Excerpt.lecture_id == lecture.id)
        .options(selectinload(Lecture.captions), selectinload(Lecture.chapters))
    ).first()
    if original is not None:
        _carry_captions(db, lecture, original, result)
        _carry_chapters(db, lecture, original, result)


def _carry_captions(db: Session, lecture: Lecture, original: Lecture, result: CutResult) -> None:
    """Give the lecture what is said in its stretch, in languages it has no caption of its own in."""
    there = set(db.scalars(select(Caption.language).where(Caption.lecture_id == lecture.id)))
    for caption in original.captions:
        webvtt = cut_webvtt(caption.webvtt, result.start_s, result.end_s, is_machine=caption.is_machine)
        if webvtt is not None and caption.language not in there:
            library.set_caption(
                db, lecture, language=caption.language, label=caption.label, webvtt=webvtt,
                is_machine=caption.is_machine,
            )  # fmt: skip


def _carry_chapters(db: Session, lecture: Lecture, original: Lecture, result: CutResult) -> None:
    """Give the lecture the chapters of its stretch, unless it has its own."""
    excerpt = db.get_one(Excerpt, lecture.id)
    has_own = db.scalar(select(Chapter.id).where(Chapter.lecture_id == lecture.id).limit(1)) is not None
    marks = (Mark(chapter.start_s, chapter.title) for chapter in original.chapters)
    inside = chapters_inside(marks, excerpt.start_s, excerpt.end_s, zero_s=result.start_s)
    if inside and not has_own:
        library.set_chapters(db, lecture, [(chapter.start_s, chapter.title) for chapter in inside])


def _info_of_stretch(info: dict[str, Any] | None, duration_s: float) -> dict[str, Any] | None:
    """Return what was probed of a master as it holds for a stretch: its length, and that it ends with both streams."""
    if info is None:
        return None
    streams = {name: {**info[name], "end_s": None} for name in ("video", "audio") if isinstance(info.get(name), dict)}
    return {**info, **streams, "duration_s": duration_s, "is_cut": False, "lost_s": 0.0}
