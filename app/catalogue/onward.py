"""Where one goes from a lecture: others like it, and the one that follows in its course."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from app.catalogue.documents import KIND, document_id, subject_of
from app.catalogue.queries import LectureCard, ask_index, list_cards
from app.kernel.errors import Unavailable
from app.library.models import Course, Lecture, LectureState, LectureTerm
from search_index import SearchRequest

#: Similar hits looked through: enough that the lecture itself and a few withdrawn ones may be among them.
_LOOKED_AT = 16


def list_similar(db: Session, index_path: Path, lecture: Lecture, *, limit: int) -> list[LectureCard]:
    """Return other public lectures: what the index finds for its words, on its topics first; then those of its topics.

    Cheap enough to ask for every page: one search of the index, three queries. While there is no index, topics alone
    decide.

    Args:
        db: session.
        index_path: where the index is.
        lecture: loaded with its terms.
        limit: how many at most.
    """
    ids = [*_alike(db, index_path, lecture), *_of_same_topics(db, lecture, limit=limit + 1)]
    others = [each for each in dict.fromkeys(ids) if each != lecture.id]
    return list_cards(db, others[: limit + _LOOKED_AT])[:limit]


def _alike(db: Session, index_path: Path, lecture: Lecture) -> list[int]:
    """Ask for the lecture's tags and title; near hits follow where few lectures have all of the words."""
    topics = frozenset(term.key for term in lecture.terms if term.scheme == "topic")
    text = " ".join([*lecture.tags, lecture.title])
    request = SearchRequest(text, {"topic": topics, "kind": frozenset({KIND})}, limit=_LOOKED_AT)
    try:
        hits = ask_index(db, index_path, request).hits
    except Unavailable:
        return []
    return [subject_of(hit.id)[1] for hit in hits if hit.id != document_id(lecture.id)]


def _of_same_topics(db: Session, lecture: Lecture, *, limit: int) -> list[int]:
    """Take those that share most topics first, then the institution's own, newest first."""
    topics = [term.id for term in lecture.terms if term.scheme == "topic"]
    shares_topic = (LectureTerm.lecture_id == Lecture.id, LectureTerm.term_id.in_(topics))
    shared_topics = select(func.count()).select_from(LectureTerm).where(*shares_topic).correlate(Lecture)
    own_institution = case((Lecture.institution_id == lecture.institution_id, 1), else_=0)
    statement = (
        select(Lecture.id)
        .where(
            Lecture.state == LectureState.PUBLISHED,
            Lecture.id != lecture.id,
            or_(Lecture.institution_id == lecture.institution_id, exists().where(*shares_topic)),
        )
        .order_by(
            shared_topics.scalar_subquery().desc(),
            own_institution.desc(),
            Lecture.published_at.desc(),
            Lecture.id.desc(),
        )
        .limit(limit)
    )
    return list(db.scalars(statement))


@dataclass(frozen=True, slots=True)
class SeriesContext:
    """Where a lecture stands among the public ones of its course. Positions count from 1."""

    title: str
    position: int
    count: int
    previous_public_id: str | None
    previous_title: str
    next_public_id: str | None
    next_title: str


def series_context(db: Session, lecture: Lecture) -> SeriesContext | None:
    """Return what comes before and after a lecture in the order of its course. One query, none without a course.

    None for a lecture that is alone in its course or not public: it has no neighbours.
    """
    if lecture.course_id is None:
        return None
    rows = db.execute(
        select(Lecture.public_id, Lecture.title, Course.title.label("course"))
        .join(Course, Course.id == Lecture.course_id)
        .where(Lecture.course_id == lecture.course_id, Lecture.state == LectureState.PUBLISHED)
        .order_by(Lecture.position, Lecture.id)
    ).all()
    place = next((place for place, row in enumerate(rows) if row.public_id == lecture.public_id), None)
    if place is None or len(rows) < 2:
        return None
    previous = rows[place - 1] if place else None
    following = rows[place + 1] if place + 1 < len(rows) else None
    return SeriesContext(
        title=rows[place].course,
        position=place + 1,
        count=len(rows),
        previous_public_id=previous.public_id if previous is not None else None,
        previous_title=previous.title if previous is not None else "",
        next_public_id=following.public_id if following is not None else None,
        next_title=following.title if following is not None else "",
    )
