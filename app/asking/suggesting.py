"""Suggestions: from the index and the popular queries, confirmed by the database; ways on when nothing was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.library.models import Course, Lecture, LectureState
from app.library.places import Unit, UnitKind, UnitRegion
from search_index import IndexUnusable, SearchRequest, Suggestion, open_index

#: Asked of the index, so that enough are left after the database was asked.
_ASKED = 20
#: What is searched for on a page that found nothing: names of things, not whole titles.
_NEAR_KINDS = ("popular", "topic", "tag", "word", "course", "title", "teacher")
_SHORTEST = 2

#: Says which of some titles other things than lectures have that are public now; at most one query.
OtherTitles = Callable[[Session, Collection[str]], Collection[str]]


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call."""

    name: str
    phone: str


def suggest(
    db: Session, index_path: Path, typed: str, popular: Sequence[str], other_titles: OtherTitles, *, limit: int
) -> list[Suggestion]:
    """Complete what is typed; titles, teachers and courses only of what is public now. At most four queries."""
    try:
        found = open_index(index_path).suggest(typed, popular=popular, limit=_ASKED)
    except IndexUnusable:
        return []
    texts = {kind: [each.text for each in found if each.kind == kind] for kind in ("title", "teacher", "course")}
    shown = {
        "title": _public(db, Lecture.title, texts["title"]),
        "teacher": _public(db, Lecture.teacher, texts["teacher"]),
        "course": _public_courses(db, texts["course"]),
    }
    shown["title"].update(other_titles(db, [each for each in texts["title"] if each not in shown["title"]]))
    return [each for each in found if each.kind not in shown or each.text in shown[each.kind]][:limit]


def _public(db: Session, column: object, texts: Sequence[str]) -> set[str]:
    """Return which texts stand on a public lecture: the index forgets words only when it is built anew."""
    if not texts:
        return set()
    is_public = Lecture.state == LectureState.PUBLISHED
    return set(db.scalars(select(column).where(column.in_(texts), is_public).distinct()))  # type: ignore[call-overload,attr-defined]


def _public_courses(db: Session, titles: Sequence[str]) -> set[str]:
    if not titles:
        return set()
    joined = select(Course.title).join(Lecture, Lecture.course_id == Course.id)
    return set(db.scalars(joined.where(Course.title.in_(titles), Lecture.state == LectureState.PUBLISHED).distinct()))


def nearest(
    db: Session, index_path: Path, text: str, popular: Sequence[str], other_titles: OtherTitles, *, limit: int = 6
) -> list[str]:
    """Return queries near one that found nothing, each of which begins or ends as it does and finds something."""
    near: dict[str, None] = {}
    compact = "".join(text.split())
    heads = [compact[:size] for size in range(len(compact), _SHORTEST - 1, -1)]
    tails = [compact[-size:] for size in range(len(compact) - 1, _SHORTEST - 1, -1)]
    for part in [*heads[-6:], *tails[-6:]]:
        found = suggest(db, index_path, part, popular, other_titles, limit=_ASKED)
        ranked = sorted(found, key=lambda each: _NEAR_KINDS.index(each.kind) if each.kind in _NEAR_KINDS else 9)
        near.update(dict.fromkeys(each.text for each in ranked[:2] if each.text != text))
        if len(near) >= 2 * limit:
            break
    return [each for each in near if finds(index_path, each)][:limit]


def finds(index_path: Path, text: str) -> bool:
    """Return whether a query finds what it names."""
    try:
        return open_index(index_path).search(SearchRequest(text, limit=1)).exact_total > 0
    except IndexUnusable:
        return False


def find_contact(db: Session, city: str, fallback: str) -> Contact | None:
    """Return the centre that looks after a city, or the site's own number; None where there is neither."""
    if city:
        joined = select(Unit).outerjoin(UnitRegion, UnitRegion.unit_id == Unit.id)
        is_near = (Unit.region_code == city) | (UnitRegion.region_code == city)
        wanted = joined.where(is_near, Unit.kind == UnitKind.CENTRE, Unit.contact_phone != "")
        unit = db.scalars(wanted.order_by(Unit.id).limit(1)).first()
        if unit is not None:
            return Contact(unit.name, unit.contact_phone)
    return Contact("", fallback) if fallback else None
