"""Who may decide about a review at the level it is at, seen from the review: whom to tell that it waits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Membership, Role, User
from app.library.places import Institution, Region, RegionDuty, UnitRegion
from app.review.models import Review
from app.review.rulebook import Level, rulebook
from app.review.services import people_of


def list_seat_holders(db: Session, review: Review) -> Sequence[int]:
    """Return the ids of the people whose turn it is (the lecture, its institution and decisions must be loaded)."""
    if not review.state.level:
        return []
    holders = holders_of(db, rulebook().level(review.state.level), review.lecture.institution)
    had_a_hand = people_of(db, review)
    return [user_id for user_id in holders if user_id not in had_a_hand]


def holders_of(db: Session, level: Level, institution: Institution) -> Sequence[int]:
    """Return everybody with a seat at a level; operators only where nobody else has one."""
    place_roles = [Role(name) for name in level.who & {"reviewer", "institution_admin"}]
    conditions = [false(), and_(Membership.role.in_(place_roles), Membership.institution_id == institution.id)]
    if "officer" in level.who:
        conditions.append(_are_officers_of(regions_around(db, institution.region_code)))
    holders = who(db, or_(*conditions))
    if "operator" not in level.who or len(holders):
        return holders
    return who(db, Membership.role == Role.OPERATOR)


def nearest_officers(db: Session, region_code: str) -> Sequence[int]:
    """Return the officers of a region, where it has none those of the region around it, at last the operators."""
    for code in regions_around(db, region_code):
        if found := who(db, _are_officers_of([code])):
            return found
    return who(db, Membership.role == Role.OPERATOR)


def who(db: Session, *conditions: ColumnElement[bool]) -> Sequence[int]:
    """Return the people with such a membership today, those whose membership rests left out."""
    is_held = Membership.ended_at.is_(None), Membership.suspended_at.is_(None), User.is_active.is_(True)
    current = select(Membership.user_id).join(User, User.id == Membership.user_id).where(*is_held, *conditions)
    return db.scalars(current.order_by(Membership.user_id).distinct()).all()


def _are_officers_of(region_codes: Sequence[str]) -> ColumnElement[bool]:
    duties = UnitRegion.duty.in_([RegionDuty.ADMINISTERS, RegionDuty.GUIDES])
    units = select(UnitRegion.unit_id).where(UnitRegion.region_code.in_(region_codes), duties)
    return and_(Membership.role == Role.OFFICER, Membership.unit_id.in_(units))


def regions_around(db: Session, region_code: str) -> list[str]:
    """Return a region and those it lies in, the nearest first."""
    codes = [region_code]
    while (parent := db.scalar(select(Region.parent_code).where(Region.code == codes[-1]))) is not None:
        codes.append(parent)
    return codes
