"""The register of openings (开放目录): what everybody may read and take away of the grants.

Pages go by place, not by number: the next page begins after the last grant of this one, so nothing is shown twice or
left out while institutions open more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalogue.queries import LectureCard, list_cards
from app.green_channel.periods import begin_of, end_of
from app.green_channel.queries import Counts, count_lectures, is_in, opened_by
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound
from app.library.green_grants import GreenGrant, GreenGrantAudience, GreenGrantItem, GreenGrantRegion
from app.library.models import Lecture, LectureState, LectureTerm, Term
from app.library.places import Institution, Region, RegionLevel

PAGE_SIZE: Final = 20
EXPORT_MAX: Final = 5000
CARDS: Final = 48


class When(StrEnum):
    """Which periods are looked for."""

    NOW = "now"
    SOON = "soon"
    PAST = "past"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty values ask for nothing. Days are both inclusive: grants that hold on any of them."""

    when: When = When.NOW
    region: str = ""
    institution: str = ""
    audience: str = ""
    topic: str = ""
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One grant of the register."""

    grant: GreenGrant
    counts: Counts

    @property
    def when(self) -> When:
        """Where its period stands."""
        now = utc_now()
        if self.grant.holds_at(now):
            return When.NOW
        return When.SOON if self.grant.last_moment > now else When.PAST


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """Some grants, how many there are in all, and where the next page begins ("" when this is the last)."""

    rows: Sequence[RegisterRow]
    total: int
    next_after: str


def list_register(db: Session, wanted: Wanted, *, after: str = "", limit: int = PAGE_SIZE) -> RegisterPage:
    """Return the grants looked for, the newest first, from the one after `after` (a public id) on.

    Raises:
        NotFound: when `after` names none.
    """
    matching = _matching(db, wanted)
    total = db.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = matching
    if after:
        last_id = db.scalar(select(GreenGrant.id).where(GreenGrant.public_id == after))
        if last_id is None:
            raise NotFound("目录已经变了，请从第一页看起。", code="no_such_place", after=after)
        page = page.where(GreenGrant.id < last_id)
    statement = page.order_by(GreenGrant.id.desc()).limit(limit + 1)
    found = db.scalars(
        statement.options(
            joinedload(GreenGrant.institution).joinedload(Institution.region), selectinload(GreenGrant.regions),
            selectinload(GreenGrant.audiences),
        )
    ).all()  # fmt: skip
    shown = found[:limit]
    counts = count_lectures(db, [grant.id for grant in shown])
    rows = [RegisterRow(grant, counts[grant.id]) for grant in shown]
    return RegisterPage(rows, total, shown[-1].public_id if len(found) > limit else "")


def _matching(db: Session, wanted: Wanted) -> Select[GreenGrant]:
    now = utc_now()
    periods = {
        When.NOW: and_(GreenGrant.ended_at.is_(None), GreenGrant.starts_at <= now, GreenGrant.ends_at > now),
        When.SOON: and_(GreenGrant.ended_at.is_(None), GreenGrant.starts_at > now),
        When.PAST: or_(GreenGrant.ended_at.is_not(None), GreenGrant.ends_at <= now),
    }
    statement = select(GreenGrant)
    if wanted.when in periods:
        statement = statement.where(periods[wanted.when])
    if wanted.institution:
        theirs = select(Institution.id).where(Institution.public_id == wanted.institution)
        statement = statement.where(GreenGrant.institution_id.in_(theirs))
    if wanted.region:
        statement = statement.where(_for_region(db, wanted.region))
    if wanted.audience:
        of_audience = select(Term.id).where(Term.scheme == "audience", Term.key == wanted.audience)
        named = select(GreenGrantAudience.grant_id).where(GreenGrantAudience.term_id.in_(of_audience))
        statement = statement.where(GreenGrant.id.in_(named))
    if wanted.topic:
        statement = statement.where(GreenGrant.id.in_(_about(wanted.topic)))
    last_moment = func.coalesce(GreenGrant.ended_at, GreenGrant.ends_at)
    if wanted.from_day is not None:
        statement = statement.where(last_moment > begin_of(wanted.from_day))
    if wanted.to_day is not None:
        statement = statement.where(GreenGrant.starts_at < end_of(wanted.to_day))
    return statement


def _for_region(db: Session, code: str) -> ColumnElement[bool]:
    """Return the condition that a grant is for a region: it names the region, one above it, or one within it."""
    region = db.get(Region, code)
    if region is None:
        return false()
    above = [region.code, *([region.parent_code] if region.parent_code else [])]
    within = select(Region.code).where(Region.parent_code == code)
    named = select(GreenGrantRegion.grant_id).where(
        or_(GreenGrantRegion.region_code.in_(above), GreenGrantRegion.region_code.in_(within))
    )
    if region.level is RegionLevel.PROVINCE:  # everything lies within it
        named = select(GreenGrantRegion.grant_id)
    return GreenGrant.id.in_(named)


def _about(topic: str) -> Select[int]:
    term = select(Term.id).where(Term.scheme == "topic", Term.key == topic)
    return (
        select(GreenGrantItem.grant_id)
        .join(Lecture, opened_by())
        .join(LectureTerm, LectureTerm.lecture_id == Lecture.id)
        .where(LectureTerm.term_id.in_(term), Lecture.state == LectureState.PUBLISHED)
    )


def list_for_export(db: Session, wanted: Wanted) -> tuple[Sequence[RegisterRow], bool]:
    """Return everything looked for, up to a bound, and whether that is all."""
    page = list_register(db, wanted, limit=EXPORT_MAX)
    return page.rows, not page.next_after


@dataclass(frozen=True, slots=True)
class OpeningPage:
    """One grant as everybody sees it: its lectures that are public, the first ones as cards."""

    row: RegisterRow
    cards: Sequence[LectureCard]
    public_count: int


def get_opening(db: Session, public_id: str) -> OpeningPage:
    """Load a grant of the register.

    Raises:
        NotFound: none.
    """
    grant = db.scalars(
        select(GreenGrant)
        .where(GreenGrant.public_id == public_id)
        .options(
            joinedload(GreenGrant.institution).joinedload(Institution.region), selectinload(GreenGrant.regions),
            selectinload(GreenGrant.audiences),
        )
    ).first()  # fmt: skip
    if grant is None:
        raise NotFound("没有这次开放。", code="no_such_grant", public_id=public_id)
    public = select(Lecture.id).where(is_in(grant), Lecture.state == LectureState.PUBLISHED)
    count = db.scalar(select(func.count()).select_from(public.subquery())) or 0
    ids = db.scalars(public.order_by(Lecture.position, Lecture.id).limit(CARDS)).all()
    return OpeningPage(RegisterRow(grant, count_lectures(db, [grant.id])[grant.id]), list_cards(db, ids), count)


def list_open_institutions(db: Session) -> Sequence[Institution]:
    """Return the institutions that ever opened something, by name."""
    opening = select(GreenGrant.institution_id)
    return db.scalars(select(Institution).where(Institution.id.in_(opening)).order_by(Institution.name)).all()


def without(wanted: Wanted, name: str) -> Wanted:
    """Return what is looked for without one of its conditions."""
    emptied: dict[str, Any] = {name: None if name.endswith("_day") else ""}
    return replace(wanted, **emptied)
