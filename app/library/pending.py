"""Changes of held lectures: they wait here until review passes them, is called off, or nobody needs to pass them.

Media wait in their own room (app.media). Who decides is the review's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_now
from app.library.models import Lecture, PendingChange
from app.library.parts import (
    CAPTION,
    CHAPTERS,
    TEXT,
    CaptionText,
    Chapters,
    LectureFields,
    caption_to_json,
    captions_of,
    chapters_of,
    put_caption,
    put_chapters,
    put_text,
    text_from_json,
    text_of,
    text_to_json,
)


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """A lecture as its people have it now: what residents see with the changes that wait on top."""

    text: LectureFields
    captions: Mapping[str, CaptionText]
    chapters: Chapters
    #: The parts that wait.
    pending: frozenset[str]


def hold(db: Session, lecture: Lecture, part: str, value: object, *, made_by_id: int | None) -> None:
    """Keep a change of a held lecture; one that says what residents see already is none."""
    row = db.get(PendingChange, (lecture.id, part))
    if value == _shown(db, lecture, part):
        if row is not None:
            db.delete(row)
        return
    if row is None:
        row = PendingChange(lecture_id=lecture.id, part=part)
        db.add(row)
    row.value, row.made_by_id, row.made_at = value, made_by_id, utc_now()
    db.flush()


def _shown(db: Session, lecture: Lecture, part: str) -> object:
    if part == TEXT:
        return text_to_json(text_of(lecture))
    if part == CHAPTERS:
        return [list(chapter) for chapter in chapters_of(db, lecture.id)]
    return caption_to_json(captions_of(db, lecture.id).get(part.removeprefix(CAPTION)))


def list_pending(db: Session, lecture_id: int) -> dict[str, PendingChange]:
    """Return the changes that wait, by part."""
    rows = db.scalars(select(PendingChange).where(PendingChange.lecture_id == lecture_id).order_by(PendingChange.part))
    return {row.part: row for row in rows}


def working_text(db: Session, lecture: Lecture) -> LectureFields:
    """Return what a lecture says to its people (its terms must be loaded)."""
    return working_texts(db, [lecture])[lecture.id]


def working_texts(db: Session, lectures: Sequence[Lecture]) -> dict[int, LectureFields]:
    """Return what lectures say to their people, by id, in at most one query (their terms must be loaded)."""
    held = [lecture.id for lecture in lectures if lecture.is_held]
    wanted = select(PendingChange).where(PendingChange.lecture_id.in_(held), PendingChange.part == TEXT)
    waiting = {row.lecture_id: row.value for row in db.scalars(wanted)} if held else {}
    return {
        lecture.id: replace(text_from_json(waiting[lecture.id]), position=lecture.position)
        if lecture.id in waiting
        else text_of(lecture)
        for lecture in lectures
    }


def working_copy(db: Session, lecture: Lecture) -> WorkingCopy:
    """Return all parts with the changes that wait (its terms must be loaded)."""
    pending = list_pending(db, lecture.id)
    captions, chapters = captions_of(db, lecture.id), chapters_of(db, lecture.id)
    text = text_of(lecture)
    for part, row in pending.items():
        if part == TEXT:
            text = text_from_json(row.value)
        elif part == CHAPTERS:
            chapters = [(start_s, title) for start_s, title in row.value]
        elif row.value is None:
            captions.pop(part.removeprefix(CAPTION), None)
        else:
            captions[part.removeprefix(CAPTION)] = CaptionText(**row.value)
    return WorkingCopy(text, captions, chapters, frozenset(pending))


def put_copy(db: Session, lecture: Lecture, copy: WorkingCopy) -> None:
    """Show residents this copy, part by part; what waits besides goes on waiting unless it says the same."""
    if text_to_json(text_of(lecture)) != text_to_json(copy.text):
        put_text(db, lecture, copy.text)
    shown = captions_of(db, lecture.id)
    for language in sorted(shown.keys() | copy.captions.keys()):
        if shown.get(language) != copy.captions.get(language):
            put_caption(db, lecture.id, language, copy.captions.get(language))
    if chapters_of(db, lecture.id) != list(copy.chapters):
        put_chapters(db, lecture.id, copy.chapters)
    db.flush()
    for part, row in list_pending(db, lecture.id).items():
        value: Any = row.value
        if value == _shown(db, lecture, part):
            db.delete(row)
    db.flush()


def release(db: Session, lecture: Lecture) -> None:
    """Hold a lecture no longer: everything that waits becomes what it says."""
    put_copy(db, lecture, working_copy(db, lecture))
    drop_pending(db, lecture.id)
    lecture.is_held = False


def drop_pending(db: Session, lecture_id: int) -> None:
    """Give up the changes that wait."""
    for row in list_pending(db, lecture_id).values():
        db.delete(row)
    db.flush()
