"""Whose turn each of many reviews is, by name, in a fixed number of queries: for the board of deadlines.

`seat_holders` answers the same for one review, for whoever tells people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import Membership, Role, User
from app.library.models import PendingChange
from app.library.places import Region, RegionDuty, UnitRegion
from app.media.models import Source
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.services import hands_of


@dataclass(frozen=True, slots=True)
class Seat:
    """One person with a role that decides somewhere."""

    user_id: int
    name: str
    role: Role
    institution_id: int | None
    unit_id: int | None


def names_of_turns(db: Session, reviews: Sequence[Review]) -> Mapping[int, Sequence[str]]:
    """Return the names of those who may decide each review now (lecture, institution and decisions loaded).

    At most five queries.
    """
    if not reviews:
        return {}
    around = _regions_around(db)
    units = _units_by_region(db, {code for each in reviews for code in around[each.lecture.institution.region_code]})
    officers_of = {unit_id for found in units.values() for unit_id in found}
    seats = _seats(db, {each.lecture.institution_id for each in reviews}, officers_of)
    hands = _hands(db, reviews)
    return {each.id: _names(each, seats, around, units, hands[each.id]) for each in reviews}


def _names(
    review: Review, seats: Iterable[Seat], around: Mapping[str, Sequence[str]], units: Mapping[str, set[int]],
    hands: set[int | None],
) -> list[str]:  # fmt: skip
    if not review.state.level:
        return []
    who, place = rulebook().level(review.state.level).who, review.lecture.institution
    near = {unit for code in around[place.region_code] for unit in units.get(code, ())}
    sitting = [seat for seat in seats if seat.role in who]
    holders = [each for each in sitting if each.institution_id == place.id or each.unit_id in near]
    if not holders and Role.OPERATOR in who:
        holders = [seat for seat in seats if seat.role is Role.OPERATOR]
    return list(dict.fromkeys(seat.name for seat in holders if seat.user_id not in hands))


def _regions_around(db: Session) -> Mapping[str, Sequence[str]]:
    parents = {row[0]: row[1] for row in db.execute(select(Region.code, Region.parent_code))}
    found = {}
    for code in parents:
        chain: list[str] = [code]
        while (parent := parents.get(chain[-1])) is not None:
            chain.append(parent)
        found[code] = chain
    return found


def _units_by_region(db: Session, codes: set[str]) -> Mapping[str, set[int]]:
    duties = UnitRegion.duty.in_([RegionDuty.ADMINISTERS, RegionDuty.GUIDES])
    found: dict[str, set[int]] = {}
    for code, unit_id in db.execute(
        select(UnitRegion.region_code, UnitRegion.unit_id).where(UnitRegion.region_code.in_(codes), duties)
    ):
        found.setdefault(code, set()).add(unit_id)
    return found


def _seats(db: Session, institution_ids: set[int], unit_ids: set[int]) -> Sequence[Seat]:
    rows = db.execute(
        select(User.id, User.display_name, Membership.role, Membership.institution_id, Membership.unit_id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.ended_at.is_(None), Membership.suspended_at.is_(None), User.is_active.is_(True))
        .where(
            or_(
                Membership.institution_id.in_(institution_ids),
                and_(Membership.role == Role.OFFICER, Membership.unit_id.in_(unit_ids)),
                Membership.role == Role.OPERATOR,
            )
        )
        .order_by(Membership.user_id)
    )
    return [Seat(*row) for row in rows]


def _hands(db: Session, reviews: Sequence[Review]) -> Mapping[int, set[int | None]]:
    """Return who must not decide each review: what `people_of` asks for one."""
    # Snapshots hold whole captions and are not loaded with their reviews.
    frozen, sent = aliased(Source), aliased(Source)
    rows = db.execute(
        select(Review.id, sent.uploaded_by_id)
        .join(frozen, frozen.id == Review.snapshot["source_id"].as_integer())
        .join(sent, and_(sent.lecture_id == frozen.lecture_id, sent.sha256 == frozen.sha256))
        .where(Review.id.in_(each.id for each in reviews))
    )
    uploaded: dict[int, set[int | None]] = {}
    for review_id, user_id in rows:
        uploaded.setdefault(review_id, set()).add(user_id)
    changed: dict[int, set[int | None]] = {}
    lectures = [each.lecture_id for each in reviews]
    for lecture_id, user_id in db.execute(
        select(PendingChange.lecture_id, PendingChange.made_by_id).where(PendingChange.lecture_id.in_(lectures))
    ):
        changed.setdefault(lecture_id, set()).add(user_id)
    return {
        each.id: hands_of(each, [*uploaded.get(each.id, ()), *changed.get(each.lecture_id, ())])
        for each in reviews
    }
