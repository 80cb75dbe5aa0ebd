"""What a source carries beside picture and sound: its chapters become the lecture's, its subtitles drafts of captions.

Nothing a teacher made is ever replaced. Not here: finding it (media_pipeline), keeping or deleting drafts (the studio).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.clock import utc_now
from app.kernel.db import reading
from app.kernel.jobs import queue
from app.kernel.jobs.engine import Handler, JobContext, JobKind, Record
from app.library.models import Lecture
from app.library.services import offer_chapters
from app.media.failures import failing_plainly
from app.media.models import SUBTITLE_TITLE_MAX, CaptionDraft, Source
from app.media.queries import on_lecture
from media_pipeline.analysis import media_info_from_json
from media_pipeline.embedded import extract_subtitles, text_subtitles
from media_pipeline.ports import Storage
from media_pipeline.types import MediaInfo, SubtitleInfo, Tools

log = structlog.get_logger(__name__)

TAKE_KIND: Final = "take_subtitles"
#: Where ffmpeg reads the source: (store, source, scratch folder).
FindPlace = Callable[[Storage, Source, Path], Path | str]

_LANGUAGES: Final = {
    "zh": "zh-CN", "chi": "zh-CN", "zho": "zh-CN", "cmn": "zh-CN", "yue": "zh-CN", "en": "en", "eng": "en", "mn": "mn",
    "mon": "mn", "khk": "mn", "mvf": "mn", "ko": "ko", "kor": "ko", "mnc": "mnc",
}  # fmt: skip
#: Tags by which a file says that it does not say.
_UNTAGGED: Final = frozenset({"", "und", "mis", "mul", "zxx"})
_JUDGED_CHARACTERS: Final = 20_000


def take_over(db: Session, source: Source, info: MediaInfo) -> None:
    """Give the lecture the chapters of its newest source, and have the subtitles taken out."""
    chapters = [(chapter.start_s, chapter.title) for chapter in info.chapters]
    if offer_chapters(db, source.lecture_id, chapters):
        log.info("chapters_taken_over", lecture_id=source.lecture_id, chapters=len(chapters))
    lecture = db.get(Lecture, source.lecture_id)
    if lecture is None or not text_subtitles(info):
        return
    key, payload = f"{TAKE_KIND}:{source.id}", {"source_id": source.id}
    job = queue.NewJob(TAKE_KIND, lane=queue.LANE_ANALYSIS, key=key, payload=payload)
    queue.enqueue(db, on_lecture(lecture, job))


def job_kind(storage: Storage, tools: Callable[[], Tools], find_place: FindPlace) -> JobKind:
    """Return what the worker must know of taking subtitles out."""
    return JobKind(TAKE_KIND, queue.LANE_ANALYSIS, _handler(storage, tools, find_place))


def _handler(storage: Storage, tools: Callable[[], Tools], find_place: FindPlace) -> Handler:
    def handle(context: JobContext) -> Record | None:
        with reading() as db:
            source = db.get(Source, context.payload["source_id"])
        if source is None or source.media_info is None:
            log.info("subtitles_skipped", reason="source is gone")
            return None
        info = media_info_from_json(source.media_info)
        folder = context.work_dir / "subtitles"
        folder.mkdir()
        with failing_plainly(context.work_dir):
            place = find_place(storage, source, context.work_dir)
            found = extract_subtitles(tools(), place, info, work_dir=folder, cancel=context)
        return lambda db: _keep_drafts(db, source.id, info, found)

    return handle


def _keep_drafts(db: Session, source_id: int, info: MediaInfo, found: Mapping[int, str]) -> None:
    if db.get(Source, source_id, with_for_update=True) is None:
        return
    known = set(db.scalars(select(CaptionDraft.stream_index).where(CaptionDraft.source_id == source_id)))
    subtitles = [each for each in info.subtitles if each.stream_index in found.keys() - known]
    db.add_all(_draft(source_id, each, found[each.stream_index]) for each in subtitles)
    log.info("subtitles_taken", source_id=source_id, drafts=len(subtitles))


def _draft(source_id: int, subtitle: SubtitleInfo, webvtt: str) -> CaptionDraft:
    title = "".join(letter for letter in subtitle.title if letter.isprintable()).strip()
    return CaptionDraft(
        source_id=source_id,
        stream_index=subtitle.stream_index,
        language=caption_language(subtitle.language, webvtt),
        title=title[:SUBTITLE_TITLE_MAX],
        webvtt=webvtt,
        created_at=utc_now(),
    )


def caption_language(tag: str, webvtt: str) -> str:
    """Return the language of captions a tag means, or "": of untagged words only Chinese ones are known."""
    plain = tag.lower().replace("_", "-").partition("-")[0].strip("\x00 ")
    if plain in _UNTAGGED:
        return "zh-CN" if _is_chinese(media_pipeline.transcript_text(webvtt)) else ""
    return _LANGUAGES.get(plain, "")


def _is_chinese(text: str) -> bool:
    """Return whether most letters are Chinese characters; kana and hangul beside them tell of other languages."""
    letters = [ord(letter) for letter in text[:_JUDGED_CHARACTERS] if letter.isalpha()]
    chinese = sum(0x3400 <= letter <= 0x4DBF or 0x4E00 <= letter <= 0x9FFF for letter in letters)
    others = sum(0x3040 <= letter <= 0x30FF or 0xAC00 <= letter <= 0xD7A3 for letter in letters)
    return 2 * chinese > len(letters) and 20 * others < chinese
