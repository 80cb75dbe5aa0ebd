"""How far an actor's reviews reach: the regions of the units they are officers of, as rows say today."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.library.models import Lecture
from app.library.places import Institution, Region, RegionDuty, UnitRegion
from app.review.policies import Reach
from app.review.rulebook import rulebook


def get_reach(db: Session, actor: Actor) -> Reach:
    """Return the actor with the regions they oversee: those of their units and all within."""
    unit_ids = actor.unit_ids("officer")
    if not unit_ids:
        return Reach(actor)
    duties = UnitRegion.duty.in_([RegionDuty.ADMINISTERS, RegionDuty.GUIDES])
    codes = set(db.scalars(select(UnitRegion.region_code).where(UnitRegion.unit_id.in_(unit_ids), duties)))
    return Reach(actor, regions_within(db, codes))


def regions_within(db: Session, codes: AbstractSet[str]) -> frozenset[str]:
    """Return regions and all that lie in them."""
    found = set(codes)
    while codes:  # province, city, county: two rounds
        codes = set(db.scalars(select(Region.code).where(Region.parent_code.in_(codes)))) - found
        found |= codes
    return frozenset(found)


def within(reach: Reach) -> ColumnElement[bool]:
    """Return the condition on Lecture joined with Institution that `can_see_reviews_of` puts into words."""
    if reach.actor.is_operator:
        return true()
    return or_(
        Lecture.institution_id.in_(reach.desk_institutions), Institution.region_code.in_(reach.region_codes), false()
    )


def seated_at(reach: Reach, level: int) -> ColumnElement[bool]:
    """Return the condition on Lecture joined with Institution that `holds_seat` puts into words."""
    who = rulebook().level(level).who
    if "operator" in who and reach.actor.is_operator:
        return true()
    conditions: list[ColumnElement[bool]] = [false()]
    if "officer" in who:
        conditions.append(Institution.region_code.in_(reach.region_codes))
    roles = who & {"reviewer", "institution_admin"}
    if roles:
        conditions.append(Lecture.institution_id.in_(reach.actor.institution_ids(*roles)))
    return or_(*conditions)
