"""Writes of the studio to lectures: publish, withdraw, captions, try again, cancel. Upload rows are in `uploads`."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, InvalidInput, NotPermitted, StaleVersion
from app.kernel.jobs import queue
from app.kernel.sentences import too_long
from app.library import pending
from app.library import policies as library_policies
from app.library import services as library
from app.library.models import CAPTION_LANGUAGES, Caption, Lecture, LectureState
from app.library.parts import text_of
from app.media import services as media
from app.media.queries import lecture_subject
from app.review import shelving, submission
from app.review.readiness import missing_for
from app.studio import uploads
from app.studio.caption_desk.queries import is_worked_on
from app.studio.progress import Phase
from app.studio.queries import FINISH_KIND, get_progress

log = structlog.get_logger(__name__)

REASON_MAX: Final = 200


def missing_for_publication(lecture: Lecture, *, has_media: bool) -> dict[str, str]:
    """Return a sentence for each thing a lecture lacks before residents may see it (its terms must be loaded)."""
    return missing_for(text_of(lecture), has_media=has_media)


def publish_lecture(db: Session, actor: Actor, public_id: str, *, expected_version: int) -> Lecture:
    """Show a lecture to everybody; one that was withdrawn comes back under its old address.

    Where lectures are reviewed this is the end of a review (`app.review`), except for one that comes back unchanged.

    Raises:
        Conflict: when it is published already, or has to be reviewed first; nothing changes then.
        StaleVersion: when somebody saved since the actor read it.
        InvalidInput: with a sentence for each thing that is missing.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    if not library_policies.can_publish_lecture(actor, lecture):
        raise NotPermitted(lecture_id=lecture.id)
    if lecture.state is LectureState.PUBLISHED:
        raise Conflict("这一讲已经发布过了，不需要再发布。", code="already_published", lecture_id=lecture.id)
    _check_version(lecture, expected_version)
    submission.shelve(db, actor, lecture)
    log.info("lecture_published", lecture_id=lecture.id)
    return lecture


def withdraw_lecture(db: Session, actor: Actor, public_id: str, *, reason: str, expected_version: int) -> Lecture:
    """Take a published lecture out of the library; its address then shows the reason.

    Raises:
        Conflict: when it is not published.
        InvalidInput: without a reason.
        StaleVersion: when somebody saved since the actor read it.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    if lecture.state is not LectureState.PUBLISHED:
        raise Conflict("这一讲没有发布，不需要下架。", code="not_published", lecture_id=lecture.id)
    cleaned = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    if not cleaned:
        raise InvalidInput(fields={"reason": "请写明下架的原因，居民会看到。"})
    if len(cleaned) > REASON_MAX:
        raise InvalidInput(fields={"reason": too_long("原因", REASON_MAX, cleaned)})
    _check_version(lecture, expected_version)
    shelving.take_off_shelf(db, actor, lecture, reason=cleaned)
    log.info("lecture_withdrawn", lecture_id=lecture.id)
    return lecture


def _check_version(lecture: Lecture, expected_version: int) -> None:
    if lecture.version != expected_version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=expected_version)


def read_caption(data: bytes, filename: str) -> str:
    """Turn an SRT, VTT or ASS file into WebVTT.

    Raises:
        InvalidInput: with the workshop's sentence when it cannot be read.
    """
    try:
        return media_pipeline.to_webvtt(data, filename)
    except media_pipeline.MediaRefused as error:
        raise InvalidInput(error.sentence, code=error.code, fields={"caption": error.sentence}) from error


def add_caption(
    db: Session, actor: Actor, public_id: str, *, language: str, data: bytes, filename: str, base_sha256: str = ""
) -> Caption | None:
    """Keep a caption file for one language, in place of the one named by `base_sha256`; None when it waits for review.

    Raises:
        InvalidInput: for a language that is none of the list, or a file that cannot be read.
        StaleVersion: code "caption_replaced", when another caption that people made is there now.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    if language not in CAPTION_LANGUAGES:
        raise InvalidInput(fields={"language": "请从列表中选择。"})
    webvtt = read_caption(data, filename)
    label, there = CAPTION_LANGUAGES[language], pending.working_captions(db, lecture).get(language)
    is_another = there is not None and there.sha256 != base_sha256 and there.webvtt != webvtt
    # Nobody loses anything by a file in place of what a machine made and nobody has worked on.
    is_by_people = there is not None and (not there.is_machine or is_worked_on(db, lecture.id, language))
    if is_another and is_by_people:
        raise StaleVersion(code="caption_replaced", lecture_id=lecture.id, language=language)
    return library.set_caption(db, lecture, language=language, label=label, webvtt=webvtt)


def remove_caption(
    db: Session, actor: Actor, public_id: str, *, language: str, base_sha256: str | None = None
) -> None:
    """Take the caption of one language away: the one named by `base_sha256`, or any where nobody saw one.

    Raises:
        StaleVersion: code "caption_replaced", when another one is there now.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    there = pending.working_captions(db, lecture).get(language)
    if base_sha256 is not None and there is not None and there.sha256 != base_sha256:
        sentence = "这份字幕刚刚有人换过，没有删除。请看一遍再决定。"
        raise StaleVersion(sentence, code="caption_replaced", lecture_id=lecture.id, language=language)
    library.remove_caption(db, lecture, language)


def retry_processing(db: Session, actor: Actor, public_id: str) -> None:
    """Try again what failed: taking the upload into the store, or the encode.

    Raises:
        Conflict: when nothing failed.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    if uploads.is_finishing(db, lecture.id):
        job = queue.find_latest(db, lecture_subject(lecture.id), FINISH_KIND)
        if job is None:
            raise Conflict("这个任务不需要重试。", code="job_not_retryable", lecture_id=lecture.id)
        queue.retry(db, job.id)
    else:
        media.retry_encode(db, actor, public_id)


def cancel_processing(db: Session, actor: Actor, public_id: str) -> None:
    """Stop whatever is under way for a lecture: an upload, its finishing, or the encode."""
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    phase = get_progress(db, lecture.id).phase
    if phase in {Phase.UPLOADING, Phase.FINISHING}:
        job = queue.find_latest(db, lecture_subject(lecture.id), FINISH_KIND)
        if job is not None:
            queue.request_cancel(db, job.id)
        uploads.abort_uploads_of(db, lecture)
    else:
        media.cancel_encode(db, actor, public_id)
