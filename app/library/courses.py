"""Writes to courses: their words, the lectures in them, the order of those. Reads for pages are the rooms'.

A course belongs to one institution and so do its lectures; places count from 1 in the order residents follow. Where a
lecture stands is no part of what it says, so nothing of this waits for a review.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion
from app.kernel.sentences import Sentence, too_long
from app.library import policies
from app.library.events import LectureChanged
from app.library.green_grants import GreenGrantItem
from app.library.models import DESCRIPTION_MAX, Course, Lecture, LectureState
from app.library.services import clean_course_title, get_lecture_for_edit, touch

log = structlog.get_logger(__name__)

#: Lectures one course may have: a list that people still put in order by hand.
LECTURES_MAX = 300


def get_course(db: Session, actor: Actor, public_id: str, *, lock: bool = False) -> Course:
    """Load a course of the actor's institutions.

    Raises:
        NotFound: none, or another institution's.
    """
    statement = select(Course).where(Course.public_id == public_id)
    course = db.scalars(statement.with_for_update() if lock else statement).first()
    if course is None or not policies.can_arrange_course(actor, course):
        raise NotFound(course=public_id)
    return course


def _get_unchanged(db: Session, actor: Actor, public_id: str, expected_version: int) -> Course:
    course = get_course(db, actor, public_id, lock=True)
    if course.version != expected_version:
        raise StaleVersion(course_id=course.id, version=course.version, expected=expected_version)
    return course


def lectures_in(db: Session, course: Course) -> list[Lecture]:
    """Return the lectures of a course in their order."""
    there = Lecture.course_id == course.id, Lecture.deleted_at.is_(None)
    return list(db.scalars(select(Lecture).where(*there).order_by(Lecture.position, Lecture.id)))


def edit_course(
    db: Session, actor: Actor, public_id: str, *, title: str, description: str, expected_version: int
) -> Course:
    """Change what a course is called and what is said of it.

    Raises:
        InvalidInput: `title`, `description`.
        StaleVersion: when somebody changed it since the actor read it.
    """
    course = _get_unchanged(db, actor, public_id, expected_version)
    problems: dict[str, str] = {}
    try:
        title = clean_course_title(title)
    except InvalidInput as error:
        problems["title"] = error.fields["course"]
    description = "".join(letter for letter in description if letter in "\n\t" or letter.isprintable()).strip()
    if len(description) > DESCRIPTION_MAX:
        problems["description"] = too_long("简介", DESCRIPTION_MAX, description)
    same = Course.institution_id == course.institution_id, Course.title == title, Course.id != course.id
    if not problems and db.scalar(select(Course.id).where(*same).limit(1)) is not None:
        problems["title"] = "本单位已经有一门同名的课程。"
    if problems:
        raise InvalidInput(fields=problems)
    is_renamed = course.title != title
    course.title, course.description = title, description
    course.version += 1
    if is_renamed:
        _tell_of(db, lectures_in(db, course))
    log.info("course_edited", course_id=course.id)
    return course


def move_lecture(
    db: Session, actor: Actor, public_id: str, lecture_id: str, *, to: str | int, expected_version: int
) -> Course:
    """Move a lecture "up", "down" or to a place (1 is first; too far means the end).

    Raises:
        NotFound: when the lecture is not in the course.
        StaleVersion: when somebody changed the order since the actor saw it.
    """
    course = _get_unchanged(db, actor, public_id, expected_version)
    lectures = lectures_in(db, course)
    now = next((place for place, each in enumerate(lectures, start=1) if each.public_id == lecture_id), None)
    if now is None:
        raise NotFound("这一讲不在这门课程里。", code="not_in_course", lecture=lecture_id)
    steps = {"up": now - 1, "down": now + 1}
    if isinstance(to, str) and to not in steps:
        raise InvalidInput(code="bad_move", to=to)
    wanted = min(max(1, steps[to] if isinstance(to, str) else to), len(lectures))
    lectures.insert(wanted - 1, lectures.pop(now - 1))
    _number(db, course, lectures)
    return course


def add_lectures(
    db: Session, actor: Actor, public_id: str, lecture_ids: Sequence[str], *, expected_version: int
) -> Course:
    """Put lectures at the end of a course, out of the one they are in; those in it already stay where they are.

    Raises:
        NotFound, NotPermitted: for a lecture the actor may not edit.
        InvalidInput: for none, for one of another institution, or when the course is full.
        StaleVersion: when somebody changed the course since the actor saw it.
    """
    course = _get_unchanged(db, actor, public_id, expected_version)
    if not lecture_ids:
        raise InvalidInput("请先勾选要加入的讲座。", code="nothing_chosen")
    coming = [get_lecture_for_edit(db, actor, each) for each in dict.fromkeys(lecture_ids)]
    _append(db, course, [lecture for lecture in coming if lecture.course_id != course.id])
    return course


def _append(db: Session, course: Course, coming: Sequence[Lecture]) -> None:
    there = lectures_in(db, course)
    if any(lecture.institution_id != course.institution_id for lecture in coming):
        raise InvalidInput("只能加入同一个机构的讲座。", code="other_institution", course_id=course.id)
    if len(there) + len(coming) > LECTURES_MAX:
        raise InvalidInput(Sentence("一门课程最多 %(limit)d 讲。", limit=LECTURES_MAX), code="course_full")
    for lecture in coming:
        lecture.course_id = course.id
        touch(db, lecture)
    _number(db, course, [*there, *coming])
    log.info("course_grew", course_id=course.id, count=len(coming))


def take_out(db: Session, actor: Actor, public_id: str, lecture_id: str, *, expected_version: int) -> Course:
    """Take a lecture out of a course; the lecture itself stays as it is. One that is out already is fine.

    Raises:
        NotFound, NotPermitted: for a lecture the actor may not edit.
        StaleVersion: when somebody changed the course since the actor saw it.
    """
    course = _get_unchanged(db, actor, public_id, expected_version)
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    if lecture.course_id == course.id:
        _leave(db, lecture)
        _number(db, course, lectures_in(db, course))
    return course


def _leave(db: Session, lecture: Lecture) -> None:
    lecture.course_id, lecture.position = None, 0
    touch(db, lecture)
    db.flush()


def set_course(
    db: Session, actor: Actor, lecture_id: str, course_id: str, *, expected_version: int
) -> Lecture:
    """Put one lecture at the end of another course, or in none for an empty id.

    Raises:
        NotFound, NotPermitted: when the actor may not edit the lecture, or there is no such course here.
        InvalidInput: when the course is full.
        StaleVersion: when somebody changed the lecture since the actor read it.
    """
    lecture = get_lecture_for_edit(db, actor, lecture_id)
    if lecture.version != expected_version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=expected_version)
    course = _course_of_same_place(db, lecture, course_id) if course_id else None
    if (course.id if course is not None else None) == lecture.course_id:
        return lecture
    left = db.scalars(select(Course).where(Course.id == lecture.course_id).with_for_update()).first()
    if course is None:
        _leave(db, lecture)
    else:
        _append(db, course, [lecture])
    if left is not None:
        db.flush()
        _number(db, left, lectures_in(db, left))
    return lecture


def _course_of_same_place(db: Session, lecture: Lecture, course_id: str) -> Course:
    # Whoever may edit the lecture, an admin of a co-owner too, may choose among its institution's courses.
    here = Course.public_id == course_id, Course.institution_id == lecture.institution_id
    course = db.scalars(select(Course).where(*here).with_for_update()).first()
    if course is None:
        raise InvalidInput(fields={"course": "请从列表中选择。"})
    return course


def dissolve_course(db: Session, actor: Actor, public_id: str, *, expected_version: int) -> int:
    """Delete a course; its lectures stay, in no course. Return how many those are.

    Raises:
        NotPermitted: for a course with lectures, when the actor is no admin.
        Conflict: when the course was opened through the green channel: the register refers to it.
        StaleVersion: when somebody changed the course since the actor saw it.
    """
    course = _get_unchanged(db, actor, public_id, expected_version)
    lectures = lectures_in(db, course)
    if not policies.can_dissolve_course(actor, course, is_empty=not lectures):
        raise NotPermitted("课程里还有讲座，要由机构管理员解散。", code="course_not_empty", course_id=course.id)
    opened = select(func.count()).select_from(GreenGrantItem).where(GreenGrantItem.course_id == course.id)
    if db.scalar(opened):
        sentence = "这门课程通过绿色通道开放过，开放的记录要保留，所以不能删除。可以改名，也可以把讲座移出来。"
        raise Conflict(sentence, code="course_was_opened", course_id=course.id)
    # Deleted drafts that can still come back come back without it.
    for lecture in db.scalars(select(Lecture).where(Lecture.course_id == course.id)).all():
        lecture.course_id, lecture.position = None, 0
        if lecture.deleted_at is None:
            touch(db, lecture)
    db.flush()
    db.delete(course)
    db.flush()
    log.info("course_dissolved", course_id=course.id, lectures=len(lectures))
    return len(lectures)


def _number(db: Session, course: Course, lectures: Sequence[Lecture]) -> None:
    """Write places from 1 and tell of the lectures whose place changed."""
    moved = []
    for position, lecture in enumerate(lectures, start=1):
        if lecture.position != position:
            lecture.position = position
            moved.append(lecture)
    course.version += 1
    db.flush()
    _tell_of(db, moved)


def _tell_of(db: Session, lectures: Sequence[Lecture]) -> None:
    """Tell listeners of what residents can find; nobody typed anything, so versions stay as they are."""
    for lecture in lectures:
        if lecture.state is LectureState.PUBLISHED:
            outbox.emit(db, LectureChanged(lecture.id))
