"""Who appoints the person who answers for a unit: from above downward, as the two lines of the norm go.

An education authority's officer is appointed by the authority of a region around it (教育行政部门逐级管理). Who answers
for a centre, a college or a community is appointed by any officer of its region: the authority, or the centre that
guides it. Nobody appoints for their own unit here; whoever answers for it invites its members.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from app.accounts.models import Membership, Role, User
from app.joining import invitations
from app.joining.invitations import NewInvitation
from app.joining.models import Invitation
from app.joining.places import place_of_unit
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.library.places import Region, RegionDuty, Unit, UnitKind, UnitRegion
from app.review.reach import get_reach, regions_within

PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit as the officer's list shows it."""

    public_id: str
    name: str
    kind: UnitKind
    region: Region
    #: Who answers for it now.
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Units:
    """One page of the list."""

    rows: Sequence[UnitLine]
    page: int
    page_count: int


def appoint(db: Session, actor: Actor, unit_id: str, *, person_name: str, email: str, token: str) -> Invitation:
    """Invite somebody to answer for a unit below: an authority's officer, or the head of another unit.

    Raises:
        NotFound: when there is none, or it is not the actor's to appoint for.
        InvalidInput: with a sentence per wrong field.
    """
    unit = db.scalars(select(Unit).where(Unit.public_id == unit_id, _is_below(db, actor))).first()
    if unit is None:
        raise NotFound(unit=unit_id)
    name, address = invitations.checked_person(person_name, email)
    is_authority = unit.kind is UnitKind.BUREAU
    role = Role.OFFICER if is_authority else Role.CURATOR
    new = NewInvitation(role, name, address, is_responsible=not is_authority)
    return invitations.put(db, place_of_unit(unit), new, token=token, by=actor)


def list_units(db: Session, actor: Actor, *, text: str = "", page: int = 1) -> Units:
    """Page through the units the actor may appoint for, by region. At most eight queries."""
    wanted = [_is_below(db, actor)]
    if text:
        wanted.append(Unit.name.contains(text, autoescape=True))
    count = db.scalar(select(func.count()).select_from(Unit).where(*wanted)) or 0
    page_count = max(1, -(-count // PAGE_SIZE))
    page = min(max(1, page), page_count)
    statement = select(Unit, Region).join(Region, Region.code == Unit.region_code).where(*wanted)
    statement = statement.order_by(Unit.region_code, Unit.name).offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)
    found = [(unit, region) for unit, region in db.execute(statement)]
    names = _names(db, [unit.id for unit, _ in found])
    rows = [UnitLine(unit.public_id, unit.name, unit.kind, region, names.get(unit.id, [])) for unit, region in found]
    return Units(rows, page, page_count)


def _is_below(db: Session, actor: Actor) -> ColumnElement[bool]:
    """Return the condition on Unit that the actor may appoint for it."""
    if actor.is_operator:
        return true()
    own_units = actor.unit_ids("officer")
    administers = UnitRegion.duty == RegionDuty.ADMINISTERS
    own = set(db.scalars(select(UnitRegion.region_code).where(UnitRegion.unit_id.in_(own_units), administers)))
    lower = regions_within(db, own) - own
    of_unit = UnitRegion.unit_id == Unit.id, administers
    is_lower = select(UnitRegion.unit_id).where(*of_unit, UnitRegion.region_code.in_(lower)).exists()
    is_wider = select(UnitRegion.unit_id).where(*of_unit, UnitRegion.region_code.not_in(lower)).exists()
    reach = get_reach(db, actor).region_codes
    return and_(
        Unit.id.not_in(own_units),
        or_(
            and_(Unit.kind == UnitKind.BUREAU, is_lower, ~is_wider),
            and_(Unit.kind != UnitKind.BUREAU, Unit.region_code.in_(reach)),
        ),
    )


def _names(db: Session, unit_ids: Sequence[int]) -> Mapping[int, list[str]]:
    answers = or_(Membership.role == Role.OFFICER, Membership.is_responsible.is_(True))
    is_held = Membership.ended_at.is_(None), Membership.suspended_at.is_(None), User.is_active.is_(True)
    rows = db.execute(
        select(Membership.unit_id, User.display_name)
        .join(User, User.id == Membership.user_id)
        .where(Membership.unit_id.in_(unit_ids), answers, *is_held)
        .order_by(User.id)
    )
    found: dict[int, list[str]] = {}
    for unit_id, name in rows:
        if unit_id is not None and name not in found.setdefault(unit_id, []):
            found[unit_id].append(name)
    return found
