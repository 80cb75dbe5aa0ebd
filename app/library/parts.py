"""The parts a lecture consists of as plain values: what it says, its captions, its chapters.

Read off here and put on. Not here: who may, checking what was typed (services), changes that wait (pending).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.library.models import Caption, Chapter, Lecture, Term

TEXT: Final = "text"
CHAPTERS: Final = "chapters"
CAPTION: Final = "caption:"

#: (start in seconds, title) of each chapter.
Chapters = Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class LectureFields:
    """What a person types about a lecture; terms are (scheme, key) pairs."""

    title: str
    description: str = ""
    teacher: str = ""
    tags: Sequence[str] = ()
    resource_type: str = "micro_course"
    licence: str = "platform_public_good"
    terms: Sequence[tuple[str, str]] = field(default=())
    #: None keeps what is there; single forms do not ask for these.
    language: str | None = None
    #: Its place among the lectures of its course: no part of what it says, so never kept with a text.
    position: int | None = None


@dataclass(frozen=True, slots=True)
class CaptionText:
    """One caption as it is kept."""

    label: str
    webvtt: str
    is_machine: bool = False

    @property
    def sha256(self) -> str:
        """Name the text by its content."""
        return hashlib.sha256(self.webvtt.encode()).hexdigest()


def text_of(lecture: Lecture) -> LectureFields:
    """Return what residents read of a lecture (its terms must be loaded)."""
    return LectureFields(
        title=lecture.title, description=lecture.description, teacher=lecture.teacher, tags=tuple(lecture.tags or ()),
        resource_type=lecture.resource_type, licence=lecture.licence,
        terms=tuple(sorted((term.scheme, term.key) for term in lecture.terms)), language=lecture.language,
        position=lecture.position,
    )  # fmt: skip


def text_to_json(fields: LectureFields) -> dict[str, Any]:
    """Return the value of a pending text; the order of terms says nothing."""
    return {
        "title": fields.title, "description": fields.description, "teacher": fields.teacher, "tags": list(fields.tags),
        "resource_type": fields.resource_type, "licence": fields.licence,
        "terms": sorted([scheme, key] for scheme, key in fields.terms), "language": fields.language,
    }  # fmt: skip


def text_from_json(value: Mapping[str, Any]) -> LectureFields:
    """Reverse of `text_to_json`."""
    return LectureFields(**{**value, "tags": tuple(value["tags"]), "terms": tuple((a, b) for a, b in value["terms"])})


def caption_to_json(caption: CaptionText | None) -> dict[str, Any] | None:
    """Return the value of a pending caption."""
    if caption is None:
        return None
    return {"label": caption.label, "webvtt": caption.webvtt, "is_machine": caption.is_machine}


def captions_of(db: Session, lecture_id: int) -> dict[str, CaptionText]:
    """Return the captions residents get, by language."""
    rows = db.scalars(select(Caption).where(Caption.lecture_id == lecture_id).order_by(Caption.language))
    return {row.language: CaptionText(row.label, row.webvtt, row.is_machine) for row in rows}


def chapters_of(db: Session, lecture_id: int) -> list[tuple[float, str]]:
    """Return the chapters residents get."""
    rows = db.scalars(select(Chapter).where(Chapter.lecture_id == lecture_id).order_by(Chapter.position))
    return [(row.start_s, row.title) for row in rows]


def put_text(db: Session, lecture: Lecture, fields: LectureFields) -> None:
    """Make a lecture say this; its values were checked before, its terms may be of a former year."""
    lecture.title, lecture.teacher, lecture.description = fields.title, fields.teacher, fields.description
    lecture.tags = list(fields.tags)
    lecture.resource_type, lecture.licence = fields.resource_type, fields.licence
    if fields.language is not None:
        lecture.language = fields.language
    wanted = [and_(Term.scheme == scheme, Term.key == key) for scheme, key in dict.fromkeys(fields.terms)]
    lecture.terms = list(db.scalars(select(Term).where(or_(*wanted)))) if wanted else []


def put_caption(db: Session, lecture_id: int, language: str, caption: CaptionText | None) -> None:
    """Give a lecture the caption of one language in place of an older one, or take it away."""
    row = db.scalars(select(Caption).where(Caption.lecture_id == lecture_id, Caption.language == language)).first()
    if caption is None:
        if row is not None:
            db.delete(row)
        return
    if row is None:
        row = Caption(lecture_id=lecture_id, language=language)
        db.add(row)
    row.label, row.webvtt, row.is_machine = caption.label, caption.webvtt, caption.is_machine
    row.sha256, row.updated_at = caption.sha256, utc_now()


def put_chapters(db: Session, lecture_id: int, chapters: Chapters) -> None:
    """Give a lecture chapters in place of older ones."""
    for row in db.scalars(select(Chapter).where(Chapter.lecture_id == lecture_id)):
        db.delete(row)
    db.flush()  # positions are unique: the old ones must be gone before the new ones come
    db.add_all(
        Chapter(lecture_id=lecture_id, position=position, start_s=start_s, title=title)
        for position, (start_s, title) in enumerate(chapters)
    )
