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
from app.library.beside import BESIDE, Beside, beside_from_json, beside_of, beside_to_json, put_beside
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
    #: None says nothing of cover and handouts.
    beside: Beside | None
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
    if part == BESIDE:
        return beside_to_json(beside_of(db, lecture))
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


def working_beside(db: Session, lecture: Lecture) -> Beside:
    """Return the cover and the handouts a lecture has to its people."""
    row = db.get(PendingChange, (lecture.id, BESIDE)) if lecture.is_held else None
    return beside_from_json(row.value) if row is not None else beside_of(db, lecture)


def working_chapters(db: Session, lecture: Lecture) -> Chapters:
    """Return the chapters a lecture has to its people."""
    row = db.get(PendingChange, (lecture.id, CHAPTERS)) if lecture.is_held else None
    return [(start_s, title) for start_s, title in row.value] if row is not None else chapters_of(db, lecture.id)


def working_captions(db: Session, lecture: Lecture) -> dict[str, CaptionText]:
    """Return the captions a lecture has to its people, by language."""
    captions = captions_of(db, lecture.id)
    for part, row in (list_pending(db, lecture.id) if lecture.is_held else {}).items():
        if part.startswith(CAPTION):
            _lay_over(captions, part, row)
    return captions


def _lay_over(captions: dict[str, CaptionText], part: str, row: PendingChange) -> None:
    language = part.removeprefix(CAPTION)
    if row.value is None:
        captions.pop(language, None)
    else:
        captions[language] = CaptionText(**row.value)


def change_beside(db: Session, lecture: Lecture, beside: Beside, *, made_by_id: int | None) -> None:
    """Give a lecture another cover or other handouts; of a held lecture they wait."""
    if lecture.is_held:
        hold(db, lecture, BESIDE, beside_to_json(beside), made_by_id=made_by_id)
    else:
        put_beside(db, lecture, beside)


def waiting_beside(db: Session) -> list[Beside]:
    """Return every cover and handout that waits, of all lectures."""
    values = db.scalars(select(PendingChange.value).where(PendingChange.part == BESIDE))
    return [beside_from_json(value) for value in values]


def working_copy(db: Session, lecture: Lecture) -> WorkingCopy:
    """Return all parts with the changes that wait (its terms must be loaded)."""
    pending = list_pending(db, lecture.id)
    captions, chapters = captions_of(db, lecture.id), chapters_of(db, lecture.id)
    text, beside = text_of(lecture), beside_of(db, lecture)
    for part, row in pending.items():
        if part == TEXT:
            text = text_from_json(row.value)
        elif part == BESIDE:
            beside = beside_from_json(row.value)
        elif part == CHAPTERS:
            chapters = [(start_s, title) for start_s, title in row.value]
        else:
            _lay_over(captions, part, row)
    return WorkingCopy(text, captions, chapters, beside, frozenset(pending))


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
    if copy.beside is not None and beside_of(db, lecture) != copy.beside:
        put_beside(db, lecture, copy.beside)
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
