"""Reads for the pages of courses: all of the actor's institutions', one with its lectures, what could join it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.library import policies
from app.library.courses import lectures_in
from app.library.models import Course, Lecture, LectureState
from app.media.queries import current_sets

PAGE_SIZE: Final = 20
#: Courses offered in the list of a lecture's page.
OFFERED_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One line of the list; the institution is loaded."""

    course: Course
    count: int
    published: int


@dataclass(frozen=True, slots=True)
class CourseList:
    """One page of the list."""

    rows: Sequence[CourseRow]
    total: int
    page: int
    page_count: int


@dataclass(frozen=True, slots=True)
class PlacedLecture:
    """A lecture at its place."""

    lecture: Lecture
    duration_s: float | None
    may_edit: bool


@dataclass(frozen=True, slots=True)
class OfferedLecture:
    """A lecture that could join, and the course it would leave."""

    lecture: Lecture
    course_title: str


@dataclass(frozen=True, slots=True)
class CoursePage:
    """Everything the page of one course shows."""

    course: Course
    lectures: Sequence[PlacedLecture]
    offered: Sequence[OfferedLecture]
    offered_total: int
    page: int
    page_count: int
    may_dissolve: bool


def list_courses(db: Session, actor: Actor, *, text: str = "", page: int = 1) -> CourseList:
    """Page through the courses of the actor's institutions, the newest first. Two queries."""
    conditions = [Course.title.icontains(word, autoescape=True) for word in text.split()[:8]]
    if not actor.is_operator:
        conditions.append(Course.institution_id.in_(actor.institution_ids("contributor", "institution_admin")))
    total = db.scalar(select(func.count()).select_from(Course).where(*conditions)) or 0
    page, page_count = _within(page, total)
    published = func.count(Lecture.id).filter(Lecture.state == LectureState.PUBLISHED)
    there = and_(Lecture.course_id == Course.id, Lecture.deleted_at.is_(None))
    sizes = (
        select(Course.id, func.count(Lecture.id).label("count"), published.label("published"))
        .outerjoin(Lecture, there)
        .where(*conditions)
        .group_by(Course.id)
        .order_by(Course.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
        .subquery()
    )
    statement = select(Course, sizes.c.count, sizes.c.published).join(sizes, sizes.c.id == Course.id)
    found = db.execute(statement.options(joinedload(Course.institution)).order_by(Course.id.desc()))
    return CourseList([CourseRow(*row) for row in found], total, page, page_count)


def get_course_page(db: Session, actor: Actor, public_id: str, *, text: str = "", page: int = 1) -> CoursePage:
    """Return a course with its lectures in order, and those that could join. Five queries.

    Raises:
        NotFound: none, or another institution's.
    """
    course = db.scalars(
        select(Course).where(Course.public_id == public_id).options(joinedload(Course.institution))
    ).first()
    if course is None or not policies.can_arrange_course(actor, course):
        raise NotFound(course=public_id)
    lectures = lectures_in(db, course)
    sets = current_sets(db, [lecture.id for lecture in lectures])
    conditions = _could_join(actor, course, text)
    total = db.scalar(select(func.count()).select_from(Lecture).where(*conditions)) or 0
    page, page_count = _within(page, total)
    offered = (
        select(Lecture, func.coalesce(Course.title, ""))
        .outerjoin(Course, Course.id == Lecture.course_id)
        .where(*conditions)
        .order_by(Lecture.course_id.is_not(None), Lecture.updated_at.desc(), Lecture.id.desc())
        .offset((page - 1) * PAGE_SIZE)
        .limit(PAGE_SIZE)
    )
    return CoursePage(
        course=course,
        lectures=[
            PlacedLecture(
                each, sets[each.id].duration_s if each.id in sets else None, policies.can_edit_lecture(actor, each)
            )
            for each in lectures
        ],
        offered=[OfferedLecture(*row) for row in db.execute(offered)],
        offered_total=total, page=page, page_count=page_count,
        may_dissolve=policies.can_dissolve_course(actor, course, is_empty=not lectures),
    )  # fmt: skip


def _could_join(actor: Actor, course: Course, text: str) -> list[ColumnElement[bool]]:
    conditions = [
        Lecture.institution_id == course.institution_id, Lecture.deleted_at.is_(None),
        Lecture.state != LectureState.WITHDRAWN, Lecture.course_id.is_distinct_from(course.id),
    ]  # fmt: skip
    is_admin = actor.is_operator or course.institution_id in actor.institution_ids("institution_admin")
    if not is_admin:
        conditions.append(Lecture.created_by_id == actor.user_id)
    conditions.extend(
        or_(Lecture.title.icontains(word, autoescape=True), Lecture.teacher.icontains(word, autoescape=True))
        for word in text.split()[:8]
    )
    return conditions


def _within(page: int, total: int) -> tuple[int, int]:
    page_count = max(1, -(-total // PAGE_SIZE))
    return min(max(page, 1), page_count), page_count


def list_courses_for(db: Session, lecture: Lecture) -> Sequence[Course]:
    """Return the courses a lecture could be in, by title."""
    here = select(Course).where(Course.institution_id == lecture.institution_id)
    return db.scalars(here.order_by(Course.title, Course.id).limit(OFFERED_MAX)).all()


def find_course_of(db: Session, lecture: Lecture) -> Course | None:
    """Return the course a lecture is in."""
    return db.get(Course, lecture.course_id) if lecture.course_id is not None else None
