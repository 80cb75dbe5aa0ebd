"""Writes to lectures, captions and chapters: one function per intention."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.ids import new_public_id
from app.kernel.sentences import Sentence, too_long
from app.library import pending, policies
from app.library.events import LectureChanged
from app.library.models import (
    CAPTION_LANGUAGES,
    DESCRIPTION_MAX,
    POSITION_MAX,
    TAG_MAX,
    TAGS_MAX,
    TEACHER_MAX,
    TITLE_MAX,
    Caption,
    Chapter,
    Course,
    Excerpt,
    Lecture,
    LectureState,
)
from app.library.parts import (
    CAPTION,
    CHAPTERS,
    TEXT,
    CaptionText,
    caption_to_json,
    chapters_of,
    put_caption,
    put_chapters,
    put_text,
    text_to_json,
)
from app.library.parts import LectureFields as LectureFields  # noqa: PLC0414 - whoever calls us needs it
from app.library.queries import list_current_terms

log = structlog.get_logger(__name__)

#: Vocabularies a lecture carries terms of, none where nothing is said.
LECTURE_SCHEMES = ("audience", "topic", "education_category", "difficulty", "speech")
#: Of these at most one term.
AT_MOST_ONE = frozenset({"difficulty"})


def create_lecture(db: Session, actor: Actor, institution_id: int, fields: LectureFields) -> Lecture:
    """Add a draft.

    Raises:
        NotPermitted: when the actor does not contribute to the institution.
        InvalidInput: with a sentence per wrong field.
    """
    if not policies.can_contribute_to(actor, institution_id):
        raise NotPermitted(institution_id=institution_id)
    now = utc_now()
    lecture = Lecture(
        public_id=new_public_id(),
        institution_id=institution_id,
        created_by_id=actor.user_id,
        created_at=now,
        updated_at=now,
        state=LectureState.DRAFT,
        title="",
        terms=[],
    )
    checked = checked_fields(db, fields, needs_teacher=False)
    put_text(db, lecture, checked)
    lecture.position = checked.position or 0
    db.add(lecture)
    db.flush()
    log.info("lecture_created", lecture_id=lecture.id, institution_id=institution_id)
    return lecture


def find_or_create_course(db: Session, actor: Actor, institution_id: int, title: str) -> Course:
    """Return the institution's course of this title, made when there is none; the same title twice is one course.

    Raises:
        NotPermitted: when the actor does not contribute to the institution.
        InvalidInput: when the title is empty or too long.
    """
    if not policies.can_contribute_to(actor, institution_id):
        raise NotPermitted(institution_id=institution_id)
    cleaned = clean_course_title(title)
    found = db.scalars(
        select(Course).where(Course.institution_id == institution_id, Course.title == cleaned).order_by(Course.id)
    ).first()
    if found is None:
        found = Course(public_id=new_public_id(), institution_id=institution_id, title=cleaned, created_at=utc_now())
        db.add(found)
        db.flush()
        log.info("course_created", course_id=found.id, institution_id=institution_id)
    return found


def clean_course_title(title: str) -> str:
    """Return a course's title as it is kept; with InvalidInput when it is empty or too long."""
    problems: dict[str, str] = {}
    cleaned = _text(title, "course", "课程名", TITLE_MAX, problems, is_required=True)
    if problems:
        raise InvalidInput(fields=problems)
    return cleaned


def edit_lecture(db: Session, actor: Actor, public_id: str, fields: LectureFields, *, expected_version: int) -> Lecture:
    """Change what is said about a lecture; of a held one the change waits.

    Raises:
        StaleVersion: when somebody saved since the actor read it.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    if lecture.version != expected_version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=expected_version)
    checked = checked_fields(db, fields, needs_teacher=lecture.state is not LectureState.DRAFT)
    if checked.position is not None:
        lecture.position = checked.position  # a place in a row says nothing that has to be passed
    if lecture.is_held:
        if checked.language is None:
            checked = dataclasses.replace(checked, language=pending.working_text(db, lecture).language)
        pending.hold(db, lecture, TEXT, text_to_json(checked), made_by_id=actor.user_id)
    else:
        put_text(db, lecture, checked)
    touch(db, lecture)
    return lecture


def get_lecture_for_edit(db: Session, actor: Actor, public_id: str) -> Lecture:
    """Load a lecture the actor may edit, its row locked where the database can.

    Raises:
        NotFound: when there is none, or the actor may not even know of it.
        NotPermitted: when the actor may see but not edit it.
    """
    lecture = db.scalars(
        select(Lecture)
        .where(Lecture.public_id == public_id)
        .options(selectinload(Lecture.terms), selectinload(Lecture.captions))
        .with_for_update(of=Lecture)
    ).first()
    if lecture is None or not policies.can_view_lecture(actor, lecture):
        raise NotFound(public_id=public_id)
    if not policies.can_edit_lecture(actor, lecture):
        raise NotPermitted(lecture_id=lecture.id)
    return lecture


def touch(db: Session, lecture: Lecture) -> None:
    """Count a change and tell listeners."""
    lecture.version += 1
    lecture.updated_at = utc_now()
    outbox.emit(db, LectureChanged(lecture.id))


def set_caption(
    db: Session, lecture: Lecture, *, language: str, label: str, webvtt: str, is_machine: bool = False
) -> Caption | None:
    """Store the caption of one language, replacing an older one; the same text again changes nothing.

    Of a held lecture the caption waits, and None is returned.
    """
    text = CaptionText(label, webvtt, is_machine)
    if lecture.is_held:
        pending.hold(db, lecture, f"{CAPTION}{language}", caption_to_json(text), made_by_id=None)
        touch(db, lecture)
        return None
    caption = _find_caption(db, lecture, language)
    if caption is None or caption.sha256 != text.sha256 or caption.is_machine != is_machine:
        put_caption(db, lecture.id, language, text)
        touch(db, lecture)
        db.flush()
    return _find_caption(db, lecture, language)


def _find_caption(db: Session, lecture: Lecture, language: str) -> Caption | None:
    return db.scalars(select(Caption).where(Caption.lecture_id == lecture.id, Caption.language == language)).first()


def remove_caption(db: Session, lecture: Lecture, language: str) -> None:
    """Take the caption of one language away; one that is not there is fine."""
    if lecture.is_held:
        pending.hold(db, lecture, f"{CAPTION}{language}", None, made_by_id=None)
        touch(db, lecture)
    elif _find_caption(db, lecture, language) is not None:
        put_caption(db, lecture.id, language, None)
        touch(db, lecture)


def set_chapters(db: Session, lecture: Lecture, chapters: Sequence[tuple[float, str]]) -> None:
    """Store (start in seconds, title) of each chapter in place of older ones; the same again changes nothing."""
    if lecture.is_held:
        value = [list(chapter) for chapter in chapters]
        pending.hold(db, lecture, CHAPTERS, value, made_by_id=None)
        touch(db, lecture)
    elif chapters_of(db, lecture.id) != list(chapters):
        put_chapters(db, lecture.id, chapters)
        touch(db, lecture)


def offer_chapters(db: Session, lecture_id: int, chapters: Sequence[tuple[float, str]]) -> bool:
    """Give a lecture (start in seconds, title) of each chapter unless it has chapters; return whether it took them.

    Nobody typed them, so the version by which people's edits are compared stays as it is.
    """
    lecture = db.scalars(select(Lecture).where(Lecture.id == lecture_id).with_for_update()).first()
    has_some = db.scalar(select(Chapter.id).where(Chapter.lecture_id == lecture_id).limit(1)) is not None
    if lecture is None or has_some or not chapters:
        return False
    if lecture.is_held:
        pending.hold(db, lecture, CHAPTERS, [list(chapter) for chapter in chapters], made_by_id=None)
        return True
    put_chapters(db, lecture_id, chapters)
    outbox.emit(db, LectureChanged(lecture_id))
    return True


def note_excerpt(db: Session, lecture: Lecture, original: Lecture, start_s: float, end_s: float) -> None:
    """Keep which stretch of which lecture a new one is, in seconds of the original."""
    db.add(Excerpt(lecture_id=lecture.id, original_id=original.id, start_s=start_s, end_s=end_s))
    db.flush()


def checked_fields(db: Session, fields: LectureFields, *, needs_teacher: bool) -> LectureFields:
    """Return what was typed, cleaned; with InvalidInput for what cannot be kept.

    A draft made from a file's name may not know its teacher yet; publication asks for one.
    """
    problems: dict[str, str] = {}
    title = _text(fields.title, "title", "标题", TITLE_MAX, problems, is_required=True)
    teacher = _text(fields.teacher, "teacher", "主讲人", TEACHER_MAX, problems, is_required=needs_teacher)
    description = _text(fields.description, "description", "简介", DESCRIPTION_MAX, problems)
    tags = _tags(fields.tags, problems)
    known = {(term.scheme, term.key) for term in list_current_terms(db)}
    for name, value in (("resource_type", fields.resource_type), ("licence", fields.licence)):
        if (name, value) not in known:
            problems[name] = "请从列表中选择。"
    unknown = [pair for pair in fields.terms if pair not in known or pair[0] not in LECTURE_SCHEMES]
    for scheme, _key in unknown:
        problems[scheme] = "请从列表中选择。"
    problems |= said_twice(fields.terms)
    if fields.language is not None and fields.language not in CAPTION_LANGUAGES:
        problems["language"] = "请从列表中选择。"
    if fields.position is not None and not 0 <= fields.position <= POSITION_MAX:
        problems["position"] = Sentence("序号是 0 到 %(limit)d 的整数。", limit=POSITION_MAX)
    if problems:
        raise InvalidInput(fields=problems)
    terms = tuple(dict.fromkeys(fields.terms))
    return dataclasses.replace(fields, title=title, teacher=teacher, description=description, tags=tags, terms=terms)


def _text(value: str, name: str, label: str, limit: int, problems: dict[str, str], *, is_required: bool = False) -> str:
    """Trim a typed text; NUL and other control characters never reach the database."""
    cleaned = "".join(letter for letter in value if letter in "\n\t" or letter.isprintable()).strip()
    if is_required and not cleaned:
        problems[name] = Sentence("请填写%(label)s。", label=label)
    elif len(cleaned) > limit:
        problems[name] = too_long(label, limit, cleaned)
    return cleaned


def _tags(values: Sequence[str], problems: dict[str, str]) -> list[str]:
    tags = list(dict.fromkeys(tag.strip() for tag in values if tag.strip()))
    if len(tags) > TAGS_MAX or any(len(tag) > TAG_MAX for tag in tags):
        problems["tags"] = Sentence("标签最多 %(count)d 个，每个最多 %(limit)d 个字。", count=TAGS_MAX, limit=TAG_MAX)
    return tags


def said_twice(terms: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return a sentence for each vocabulary of which somebody chose several terms where one is meant."""
    schemes = Counter(scheme for scheme, _key in dict.fromkeys(terms) if scheme in AT_MOST_ONE)
    return {scheme: "只选一个。" for scheme, count in schemes.items() if count > 1}
