"""Reads of the people who open lectures: their grants, how every lecture of one stands, what there is to open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.green_channel import policies
from app.green_channel.models import GreenGrantEvent
from app.green_channel.promises import Broken
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound, NotPermitted
from app.library.green_grants import GreenGrant, GreenGrantItem, GreenStanding, has_badge
from app.library.models import Course, Lecture, LectureState
from app.library.places import Institution
from app.library.sharing import get_institution

#: Lectures the form lists at once; others are found by their title.
OFFERED: Final = 60
PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lectures a grant opens, how many of them carry the badge, how many are public but do not."""

    lectures: int = 0
    with_badge: int = 0

    @property
    def without_badge(self) -> int:
        """Break a promise, or are not public yet."""
        return self.lectures - self.with_badge


@dataclass(frozen=True, slots=True)
class LectureStanding:
    """One opened lecture and what the last check found."""

    lecture: Lecture
    has_badge: bool
    broken: Sequence[Broken]
    checked_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantPage:
    """A grant with everything its desk page shows."""

    grant: GreenGrant
    counts: Counts
    standings: Sequence[LectureStanding]
    page: int
    page_count: int
    events: Sequence[GreenGrantEvent]
    may_change: bool


def opened_by() -> ColumnElement[bool]:
    """Return the condition that joins a lecture with the items of the grants that open it."""
    covers = or_(GreenGrantItem.lecture_id == Lecture.id, GreenGrantItem.course_id == Lecture.course_id)
    return and_(covers, Lecture.deleted_at.is_(None))


def is_in(grant: GreenGrant) -> ColumnElement[bool]:
    """Return the condition on Lecture that a grant opens it."""
    opening = select(GreenGrantItem.id).where(GreenGrantItem.grant_id == grant.id, opened_by())
    return opening.correlate(Lecture).exists()


def count_lectures(db: Session, grant_ids: Iterable[int]) -> Mapping[int, Counts]:
    """Return what each grant opens, and how many of that carry the badge. One query."""
    ids = list(grant_ids)
    each = (
        select(GreenGrantItem.grant_id, Lecture.id.label("lecture_id"),
               case((has_badge(), 1), else_=0).label("badge"))
        .join(Lecture, opened_by())
        .where(GreenGrantItem.grant_id.in_(ids))
        .distinct()  # by itself and with its course as well
        .subquery()
    )  # fmt: skip
    counting = select(each.c.grant_id, func.count(), func.sum(each.c.badge)).group_by(each.c.grant_id)
    found = {grant_id: Counts(count, int(badges or 0)) for grant_id, count, badges in db.execute(counting)}
    return {grant_id: found.get(grant_id, Counts()) for grant_id in ids}


def list_own(db: Session, actor: Actor) -> Sequence[tuple[GreenGrant, Counts]]:
    """Return the grants of the actor's institutions, those in force and to come first. Four queries."""
    statement = select(GreenGrant).options(selectinload(GreenGrant.institution), selectinload(GreenGrant.regions))
    if not actor.is_operator:
        own = actor.institution_ids("contributor", "institution_admin")
        statement = statement.where(GreenGrant.institution_id.in_(own))
    is_over = case((or_(GreenGrant.ended_at.is_not(None), GreenGrant.ends_at <= utc_now()), 1), else_=0)
    grants = db.scalars(statement.order_by(is_over, GreenGrant.id.desc()).limit(200)).all()
    counts = count_lectures(db, [grant.id for grant in grants])
    return [(grant, counts[grant.id]) for grant in grants]


def list_grantable(db: Session, actor: Actor) -> Sequence[Institution]:
    """Return the institutions the actor may open lectures of."""
    statement = select(Institution).where(Institution.is_active.is_(True)).order_by(Institution.name)
    if not actor.is_operator:
        statement = statement.where(Institution.id.in_(actor.institution_ids("institution_admin")))
    return db.scalars(statement).all()


def get_grantable(db: Session, actor: Actor, public_id: str) -> Institution:
    """Load an institution the actor may open lectures of.

    Raises:
        NotFound: none; NotPermitted: another's.
    """
    institution = get_institution(db, public_id)
    if not policies.can_grant_for(actor, institution.id):
        raise NotPermitted("只有本机构的管理员能开放课程。", code="not_an_admin", institution_id=institution.id)
    return institution


def get_grant_page(db: Session, actor: Actor, public_id: str, *, page: int = 1) -> GrantPage:
    """Load a grant for its desk page; lectures that break a promise come first.

    Raises:
        NotFound: none; NotPermitted: another institution's, whose public page is in the register.
    """
    grant = db.scalars(_whole_grant().where(GreenGrant.public_id == public_id)).first()
    if grant is None:
        raise NotFound("没有这次开放。", code="no_such_grant", public_id=public_id)
    if not policies.can_see_desk_of(actor, grant.institution_id):
        raise NotPermitted(grant_id=grant.id)
    counts = count_lectures(db, [grant.id])[grant.id]
    page_count = max(1, -(-counts.lectures // PAGE_SIZE))
    page = min(max(1, page), page_count)
    events = select(GreenGrantEvent).where(GreenGrantEvent.grant_id == grant.id).order_by(GreenGrantEvent.id.desc())
    return GrantPage(
        grant, counts, _standings(db, grant, page), page, page_count, db.scalars(events).all(),
        policies.can_grant_for(actor, grant.institution_id) and grant.last_moment > utc_now(),
    )  # fmt: skip


def _whole_grant() -> Select[GreenGrant]:
    return select(GreenGrant).options(
        selectinload(GreenGrant.institution), selectinload(GreenGrant.regions), selectinload(GreenGrant.audiences),
        selectinload(GreenGrant.items).selectinload(GreenGrantItem.course),
        selectinload(GreenGrant.items).selectinload(GreenGrantItem.lecture),
    )  # fmt: skip


def _standings(db: Session, grant: GreenGrant, page: int) -> list[LectureStanding]:
    statement = (
        select(Lecture, GreenStanding, has_badge())
        .outerjoin(GreenStanding, GreenStanding.lecture_id == Lecture.id)
        .where(is_in(grant))
        .order_by(func.coalesce(GreenStanding.is_kept, False), Lecture.position, Lecture.id)
    )
    found = db.execute(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE))
    return [_standing(lecture, row, is_shown=is_shown) for lecture, row, is_shown in found]


def _standing(lecture: Lecture, row: GreenStanding | None, *, is_shown: bool) -> LectureStanding:
    if row is None:
        return LectureStanding(lecture, has_badge=False, broken=(), checked_at=None, changed_at=None)
    broken = [Broken.from_json(each) for each in row.broken]
    return LectureStanding(lecture, is_shown, broken, row.checked_at, row.changed_at)


def find_standing(db: Session, lecture: Lecture) -> tuple[LectureStanding, GreenGrant] | None:
    """Return how a lecture stands and by which grant, for its page in the studio; None where nobody opened it."""
    found = db.execute(
        select(GreenStanding, GreenGrant, has_badge())
        .join(GreenGrant, GreenGrant.id == GreenStanding.grant_id)
        .join(Lecture, Lecture.id == GreenStanding.lecture_id)
        .where(Lecture.id == lecture.id)
    ).first()
    if found is None:
        return None
    row, grant, is_shown = found
    return _standing(lecture, row, is_shown=is_shown), grant


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form lists: courses with the number of their lectures, some lectures, and whether there are more."""

    courses: Sequence[tuple[Course, int]]
    lectures: Sequence[Lecture]
    has_more: bool


def list_offer(db: Session, institution_id: int, *, chosen: Iterable[str], text: str = "") -> Offer:
    """Return what an institution can open: every course, the chosen lectures, the newest or those with these words.

    A withdrawn lecture is offered only where it was chosen before.
    """
    sizes = (
        select(Course, func.count(Lecture.id))
        .outerjoin(Lecture, and_(Lecture.course_id == Course.id, Lecture.deleted_at.is_(None)))
        .where(Course.institution_id == institution_id)
        .group_by(Course.id)
        .order_by(Course.title, Course.id)
    )
    own = select(Lecture).where(Lecture.institution_id == institution_id, Lecture.deleted_at.is_(None))
    picked = db.scalars(own.where(Lecture.public_id.in_(set(chosen))).order_by(Lecture.id)).all()
    others = own.where(Lecture.state != LectureState.WITHDRAWN, Lecture.id.not_in([each.id for each in picked]))
    for word in text.split()[:5]:
        others = others.where(Lecture.title.icontains(word, autoescape=True))
    found = db.scalars(others.order_by(Lecture.id.desc()).limit(OFFERED + 1)).all()
    courses = [(course, count) for course, count in db.execute(sizes)]
    return Offer(courses, [*picked, *found[:OFFERED]], len(found) > OFFERED)
