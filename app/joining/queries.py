"""Reads for officers: what waits at their desk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from app.joining.models import Application, ApplicationState
from app.kernel.actor import Actor
from app.library.places import Institution, Region, RegionLevel, Unit
from app.review.policies import Reach
from app.review.reach import get_reach

PAGE_SIZE: Final = 20


class Tray(StrEnum):
    """Where at the desk an application lies."""

    #: Waits for an officer.
    WAITING = "waiting"
    #: Waits for its applicant.
    ASKED = "asked"
    DONE = "done"


_STATES: Final = {
    Tray.WAITING: (ApplicationState.SUBMITTED,),
    Tray.ASKED: (ApplicationState.QUESTIONED,),
    Tray.DONE: (ApplicationState.ACCEPTED, ApplicationState.REFUSED, ApplicationState.WITHDRAWN),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """One page of the desk."""

    rows: Sequence[Application]
    counts: Mapping[Tray, int]
    page: int
    page_count: int


def _within(reach: Reach) -> ColumnElement[bool]:
    return true() if reach.actor.is_operator else Application.region_code.in_(reach.region_codes)


def list_applications(db: Session, actor: Actor, *, tray: Tray, page: int = 1) -> Desk:
    """Return the applications of a tray that the actor may verify: what waits longest first, what is done newest first.

    At most five queries.
    """
    within = _within(get_reach(db, actor))
    counted = select(Application.state, func.count()).where(within).group_by(Application.state)
    by_state = {row[0]: row[1] for row in db.execute(counted)}
    counts = {each: sum(by_state.get(state, 0) for state in states) for each, states in _STATES.items()}
    page_count = max(1, -(-counts[tray] // PAGE_SIZE))
    page = min(max(1, page), page_count)
    order = Application.closed_at.desc() if tray is Tray.DONE else Application.submitted_at
    statement = (
        select(Application)
        .where(within, Application.state.in_(_STATES[tray]))
        .options(joinedload(Application.region).joinedload(Region.parent))
        .order_by(order, Application.id)
    )
    rows = db.scalars(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    return Desk(rows, counts, page, page_count)


def list_look_alikes(db: Session, application: Application) -> list[str]:
    """Return what is known already under the applicant's name or code, for the officer to compare. Three queries."""
    found = [
        *db.scalars(select(Institution.name).where(Institution.name == application.name)),
        *db.scalars(select(Unit.name).where(Unit.name == application.name)),
    ]
    if application.institution_id or application.unit_id:
        found = []
    same = [Application.name == application.name]
    if application.credit_code:
        same.append(Application.credit_code == application.credit_code)
    others = Application.id != application.id, Application.state.not_in(
        [ApplicationState.DRAFT, ApplicationState.WITHDRAWN]
    )
    found += db.scalars(select(Application.name).where(or_(*same), *others).order_by(Application.id).limit(5))
    return list(dict.fromkeys(found))


def list_regions(db: Session) -> list[tuple[Region, Sequence[Region]]]:
    """Return the regions to choose from: the province and each city with its counties, by code. One query."""
    regions = db.scalars(select(Region).order_by(Region.code)).all()
    heads = [region for region in regions if region.level is not RegionLevel.COUNTY]
    return [(head, [each for each in regions if each.parent_code == head.code and _is_county(each)]) for head in heads]


def _is_county(region: Region) -> bool:
    return region.level is RegionLevel.COUNTY
