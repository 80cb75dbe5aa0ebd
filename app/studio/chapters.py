"""Writes of the studio to chapters: what a teacher typed or uploaded, checked against the lecture's length.

Not here: how lines are read (media_pipeline.chapters), the rows (app.library).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.orm import Session

import media_pipeline
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput, StaleVersion
from app.kernel.sentences import Sentence
from app.library import services as library
from app.library.models import Lecture
from app.library.parts import Chapters
from app.library.pending import working_chapters
from app.media.models import Source
from app.media.queries import current_set, growing_set
from media_pipeline.chapters import MAX_CHAPTERS, MAX_TITLE_CHARACTERS, from_file, to_lines

log = structlog.get_logger(__name__)

#: So many mistakes are told at once; the others show when these are mended.
PROBLEMS_TOLD: Final = 5
_SENTENCES: Final = {
    "no_time": "第 %(line)d 行没有时间，请写成“3:20 标题”的样子。",
    "bad_time": "第 %(line)d 行的时间不对，分和秒都不能超过 59。",
    "no_title": "第 %(line)d 行没有标题，请在时间后面写上这一段讲什么。",
    "title_too_long": "第 %(line)d 行的标题太长，最多 %(limit)d 个字。",
    "out_of_order": "第 %(line)d 行的时间不比上一行晚，请按先后顺序写。",
    "beyond_end": "第 %(line)d 行的时间超过了视频的长度。",
    "too_many_chapters": "章节最多 %(count)d 个，从第 %(line)d 行起写不下了。",
}


@dataclass(frozen=True, slots=True)
class ChapterDraft:
    """What stands in the form: the lines, what is wrong with them, and how residents would see them."""

    text: str
    problems: Sequence[str] = ()
    preview: Sequence[media_pipeline.Chapter] = ()
    #: Names the chapters the lines were written over; others are there when somebody saved in between.
    base: str = ""
    #: The lines are not yet what residents see.
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class ChapterClash:
    """Lines somebody typed over chapters that are no longer there."""

    #: Where the two differ: start in seconds, the title typed, the title kept; no title, no chapter begins there.
    differences: Sequence[tuple[float, str, str]]
    #: Of the chapters of now.
    base: str


def stored_draft(db: Session, lecture: Lecture) -> ChapterDraft:
    """Return the form of the chapters a lecture has to its people (those residents see must be loaded)."""
    kept = working_chapters(db, lecture)
    is_waiting = list(kept) != [(each.start_s, each.title) for each in lecture.chapters]
    return ChapterDraft(_lines_of(kept), base=_base_of(kept), is_waiting=is_waiting)


def _lines_of(chapters: Chapters) -> str:
    return to_lines(media_pipeline.Chapter(start_s, title) for start_s, title in chapters)


def _base_of(chapters: Chapters) -> str:
    return hashlib.sha256(_lines_of(chapters).encode()).hexdigest() if chapters else ""


def count_from_file(lecture: Lecture, source: Source | None) -> int:
    """Return how many chapters a lecture has just as its file brought them; 0 once somebody changed them."""
    carried = (source.media_info or {}).get("chapters", []) if source is not None else []
    kept = [{"start_s": each.start_s, "title": each.title} for each in lecture.chapters]
    return len(kept) if kept == carried else 0


def read_chapter_file(data: bytes) -> str:
    """Return the lines of an uploaded chapter file.

    Raises:
        InvalidInput: when it is far too large.
    """
    try:
        return from_file(data)
    except media_pipeline.MediaRefused as error:
        raise InvalidInput(error.sentence, code=error.code, fields={"chapters_file": error.sentence}) from error


def try_chapters(db: Session, actor: Actor, public_id: str, text: str) -> ChapterDraft:
    """Read typed lines without keeping them."""
    return _read(db, library.get_lecture_for_edit(db, actor, public_id), text)


def save_chapters(db: Session, actor: Actor, public_id: str, text: str, *, base: str = "") -> None:
    """Keep the chapters of typed lines in place of those named by `base`; no lines take them all away.

    Raises:
        InvalidInput: code "bad_chapters", with a sentence for each of the first lines that are wrong.
        StaleVersion: when other chapters are there now than those the lines were written over.
    """
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    draft = _read(db, lecture, text)
    if draft.problems:
        fields = {f"chapters{number or ''}": sentence for number, sentence in enumerate(draft.problems)}
        raise InvalidInput(code="bad_chapters", fields=fields, lecture_id=lecture.id)
    kept, wanted = working_chapters(db, lecture), [(chapter.start_s, chapter.title) for chapter in draft.preview]
    if base != _base_of(kept) and wanted != list(kept):
        raise StaleVersion(lecture_id=lecture.id)
    library.set_chapters(db, lecture, wanted)
    log.info("chapters_saved", lecture_id=lecture.id, chapters=len(draft.preview))


def compare_chapters(db: Session, actor: Actor, public_id: str, text: str) -> ChapterClash:
    """Set typed lines beside the chapters of now."""
    lecture = library.get_lecture_for_edit(db, actor, public_id)
    kept = working_chapters(db, lecture)
    mine = {chapter.start_s: chapter.title for chapter in _read(db, lecture, text).preview}
    theirs = dict(kept)
    pairs = [(start_s, mine.get(start_s, ""), theirs.get(start_s, "")) for start_s in sorted({*mine, *theirs})]
    return ChapterClash([pair for pair in pairs if pair[1] != pair[2]], _base_of(kept))


def _read(db: Session, lecture: Lecture, text: str) -> ChapterDraft:
    media = current_set(db, lecture.id) or growing_set(db, lecture.id)
    found = media_pipeline.parse_chapters(text, duration_s=media.duration_s if media is not None else None)
    told = found.problems[:PROBLEMS_TOLD]
    return ChapterDraft(text, [_sentence(problem) for problem in told], found.chapters)


def _sentence(problem: media_pipeline.ChapterProblem) -> Sentence:
    template = _SENTENCES[problem.code]
    values = {"line": problem.line, "limit": MAX_TITLE_CHARACTERS, "count": MAX_CHAPTERS}
    return Sentence(template, **{name: value for name, value in values.items() if f"%({name})" in template})
