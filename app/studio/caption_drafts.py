"""Subtitles that were inside a lecture's file: shown to its teacher, who keeps them as captions or deletes them.

Not here: taking them out of the file (app.media.carried).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.jobs import queue
from app.kernel.jobs.model import JobState
from app.library import services as library
from app.library.models import CAPTION_LANGUAGES, Caption, Lecture
from app.media.carried import TAKE_KIND
from app.media.models import CaptionDraft, Source
from app.media.queries import caption_drafts, lecture_subject

log = structlog.get_logger(__name__)

#: So much of the words is shown, enough to tell the language and whether it is this lecture.
SAMPLE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class ShownDraft:
    """One draft as the page shows it."""

    id: int
    title: str
    #: One of the languages of captions, or "" for a teacher to say.
    language: str
    cues: int
    sample: str


@dataclass(frozen=True, slots=True)
class DraftList:
    """What the page of a lecture says of the subtitles inside its file."""

    drafts: Sequence[ShownDraft] = ()
    is_running: bool = False
    #: Why they could not be taken out; may be "".
    sentence: str = ""


def describe(db: Session, lecture: Lecture) -> DraftList:
    """Return the drafts nobody has decided about, and how far the taking out is."""
    job = queue.find_latest(db, lecture_subject(lecture.id), TAKE_KIND)
    if job is None:
        return DraftList()
    drafts = [_shown(draft) for draft in caption_drafts(db, lecture.id)]
    is_running = job.state in {JobState.QUEUED, JobState.RUNNING}
    return DraftList(drafts, is_running, (job.error_message or "") if job.state is JobState.FAILED else "")


def _shown(draft: CaptionDraft) -> ShownDraft:
    words = media_pipeline.transcript_text(draft.webvtt)
    sample = words[:SAMPLE_CHARACTERS] + ("…" if len(words) > SAMPLE_CHARACTERS else "")
    return ShownDraft(draft.id, draft.title, draft.language, draft.webvtt.count(" --> "), sample)


def keep_draft(db: Session, actor: Actor, public_id: str, draft_id: int, *, language: str) -> None:
    """Make a draft the caption of one language; one made by a machine gives way, one of a person does not.

    Raises:
        InvalidInput: when the language is none of the list, or has a caption already.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    draft = _find_draft(db, lecture, draft_id)
    if language not in CAPTION_LANGUAGES:
        raise InvalidInput(fields={"language": "请选择字幕语言。"}, lecture_id=lecture.id)
    own = select(Caption.id).where(
        Caption.lecture_id == lecture.id, Caption.language == language, Caption.is_machine.is_(False)
    )
    if db.scalar(own) is not None:
        sentence = "这种语言已经有字幕了。要用文件里的，请先删除原来的。"
        raise InvalidInput(code="has_captions", fields={"language": sentence}, lecture_id=lecture.id)
    library.set_caption(db, lecture, language=language, label=CAPTION_LANGUAGES[language], webvtt=draft.webvtt)
    _decide(draft)
    log.info("caption_draft_kept", lecture_id=lecture.id, language=language)


def get_draft(db: Session, actor: Actor, public_id: str, draft_id: int) -> ShownDraft:
    """Return a draft nobody has decided about, for the question before it goes."""
    return _shown(_find_draft(db, library.get_lecture_for_edit(db, actor, public_id), draft_id))


def delete_draft(db: Session, actor: Actor, public_id: str, draft_id: int) -> None:
    """Take a draft off the page for good."""
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    _decide(_find_draft(db, lecture, draft_id))
    log.info("caption_draft_deleted", lecture_id=lecture.id)


def _find_draft(db: Session, lecture: Lecture, draft_id: int) -> CaptionDraft:
    statement = select(CaptionDraft).join(Source, CaptionDraft.source_id == Source.id)
    of_lecture = statement.where(CaptionDraft.id == draft_id, Source.lecture_id == lecture.id)
    draft = db.scalars(of_lecture.where(CaptionDraft.decided_at.is_(None))).first()
    if draft is None:
        raise NotFound(lecture_id=lecture.id, draft_id=draft_id)
    return draft


def _decide(draft: CaptionDraft) -> None:
    draft.webvtt, draft.decided_at = "", utc_now()
