"""Captions made by a machine from what is said: asking for them, making them in a job, keeping them as what they are.

They never replace what a person wrote. Not here: the engines (media_pipeline.speech).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.db import reading
from app.kernel.errors import Conflict, Unavailable
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind, Record
from app.kernel.jobs.model import JobState, Priority
from app.library import services as library
from app.library.models import CAPTION_LANGUAGES, Caption, Lecture, PendingChange
from app.library.parts import CAPTION
from app.media.failures import failing_plainly
from app.media.queries import current_set, lecture_subject, media_prefix, on_lecture
from app.studio.caption_desk.queries import is_worked_on
from config.settings import SpeechSection
from media_pipeline.captions import machine_webvtt
from media_pipeline.errors import SENTENCES
from media_pipeline.ports import Storage
from media_pipeline.speech import open_speech, what_is_missing

log = structlog.get_logger(__name__)

CAPTION_KIND: Final = "caption_lecture"
NOT_INSTALLED: Final = SENTENCES["speech_not_installed"]


@dataclass(frozen=True, slots=True)
class MachineCaptions:
    """What the page of a lecture says of captions by machine."""

    is_offered: bool = False
    is_running: bool = False
    percent: int = 0
    #: What stands in the way, or why the last attempt failed; may be "".
    sentence: str = ""


def describe(db: Session, lecture: Lecture, speech: SpeechSection) -> MachineCaptions:
    """Say whether captions can be made of a lecture (its captions must be loaded), and how far they are."""
    if speech.engine == "none":
        return MachineCaptions()
    if what_is_missing(speech.engine, speech.model_path):
        return MachineCaptions(sentence=NOT_INSTALLED)
    job = queue.find_latest(db, lecture_subject(lecture.id), CAPTION_KIND)
    if job is not None and job.state in {JobState.QUEUED, JobState.RUNNING}:
        return MachineCaptions(is_running=True, percent=int(100 * job.progress))
    is_offered = current_set(db, lecture.id) is not None and not _has_own(db, lecture)
    failure = (job.error_message or "") if job is not None and job.state is JobState.FAILED else ""
    return MachineCaptions(is_offered=is_offered, sentence=failure if is_offered else "")


def request_captions(db: Session, actor: Actor, public_id: str, speech: SpeechSection) -> None:
    """Queue the making of captions in the language of the lecture.

    Raises:
        Unavailable: code "speech_not_installed".
        Conflict: when there is nothing to listen to, or a person wrote captions already.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    missing = what_is_missing(speech.engine, speech.model_path)
    if missing:
        log.warning("speech_not_installed", reason=missing)
        raise Unavailable(NOT_INSTALLED, code="speech_not_installed", lecture_id=lecture.id)
    if current_set(db, lecture.id) is None:
        raise Conflict("视频还没有上传，或者还没有处理好。", code="no_media", lecture_id=lecture.id)
    if _has_own(db, lecture):
        raise Conflict("这一讲已经有字幕了，不需要自动生成。", code="has_captions", lecture_id=lecture.id)
    job = queue.NewJob(
        CAPTION_KIND,
        lane=queue.LANE_MEDIA,
        key=f"{CAPTION_KIND}:{lecture.id}",
        payload={"lecture_id": lecture.id},
        priority=Priority.BACKGROUND,
        max_attempts=2,
    )
    queue.enqueue(db, on_lecture(lecture, job))


def job_kind(storage: Storage, speech: SpeechSection) -> JobKind:
    """Return what the worker must know of it."""
    return JobKind(CAPTION_KIND, queue.LANE_MEDIA, caption_handler(storage, speech))


def caption_handler(storage: Storage, speech: SpeechSection) -> Handler:
    """Return the handler that listens to the published sound of a lecture."""

    def handle(context: JobContext) -> Record | None:
        lecture_id = context.payload["lecture_id"]
        with reading() as db:
            lecture, media = db.get(Lecture, lecture_id), current_set(db, lecture_id)
        name = (media.m4a_name or media.mp4_name) if media is not None else None
        if lecture is None or media is None or name is None:
            log.info("captions_skipped", reason="lecture or its media are gone")
            return None
        with failing_plainly(context.work_dir):
            path = _local_sound(storage, f"{media_prefix(media.digest)}/{name}", context.work_dir)
            engine = open_speech(speech.engine, speech.model_path)
            language = lecture.language.partition("-")[0]
            webvtt = machine_webvtt(engine.transcribe(path, language=language, progress=context, cancel=context))
        return lambda db: _keep(db, lecture_id, webvtt)

    return handle


def _local_sound(storage: Storage, key: str, work_dir: Path) -> Path:
    path = storage.local_path(key)
    if path is None:
        path = work_dir / "sound.m4a"
        storage.fetch(key, path)
    return path


def _keep(db: Session, lecture_id: int, webvtt: str) -> None:
    lecture = db.get(Lecture, lecture_id)
    if lecture is None:
        return
    language = lecture.language if lecture.language in CAPTION_LANGUAGES else "zh-CN"
    own = select(Caption.id).where(
        Caption.lecture_id == lecture_id, Caption.language == language, Caption.is_machine.is_(False)
    )
    waits = select(PendingChange.part).where(
        PendingChange.lecture_id == lecture_id, PendingChange.part == f"{CAPTION}{language}"
    )
    if db.scalar(own) is not None or db.scalar(waits) is not None or is_worked_on(db, lecture_id, language):
        log.info("captions_skipped", reason="a person wrote some meanwhile", lecture_id=lecture_id)
        return
    label = CAPTION_LANGUAGES[language]
    library.set_caption(db, lecture, language=language, label=label, webvtt=webvtt, is_machine=True)
    log.info("captions_made", lecture_id=lecture_id, language=language)


def _has_own(db: Session, lecture: Lecture) -> bool:
    """Return whether a person wrote captions in the language that is spoken, or works on a machine's."""
    is_own = any(caption.language == lecture.language and not caption.is_machine for caption in lecture.captions)
    return is_own or is_worked_on(db, lecture.id, lecture.language)
