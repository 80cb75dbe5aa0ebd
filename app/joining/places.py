"""A place that has members: an institution or a unit, seen alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import Membership, Role
from app.kernel.actor import Actor
from app.kernel.errors import NotFound
from app.library.places import Institution, Unit

#: The one key that is no role by itself: a curator who looks after the members of a unit.
LEAD: Final = "lead"
#: What a member of a place may be, in the order pages show it.
INSTITUTION_KEYS: Final = ("contributor", "reviewer", "institution_admin")
UNIT_KEYS: Final = ("curator", LEAD)


@dataclass(frozen=True, slots=True)
class Place:
    """An institution or a unit as its members' page needs it."""

    public_id: str
    name: str
    region_code: str
    institution_id: int | None = None
    unit_id: int | None = None

    @property
    def is_institution(self) -> bool:
        """Has lectures and a quota."""
        return self.institution_id is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """What a member may be here."""
        return INSTITUTION_KEYS if self.is_institution else UNIT_KEYS

    @property
    def admin_key(self) -> str:
        """What the last one of may never leave."""
        return "institution_admin" if self.is_institution else LEAD

    def columns(self) -> dict[str, int | None]:
        """Return the two columns by which rows refer to a place."""
        return {"institution_id": self.institution_id, "unit_id": self.unit_id}

    def of(
        self, institution: InstrumentedAttribute[int | None], unit: InstrumentedAttribute[int | None]
    ) -> ColumnElement[bool]:
        """Return the condition that a row is of this place."""
        return institution == self.institution_id if self.is_institution else unit == self.unit_id

    def members(self) -> ColumnElement[bool]:
        """Return the condition on memberships that are held here today, resting ones included."""
        roles = [Role.CURATOR] if not self.is_institution else [Role(key) for key in INSTITUTION_KEYS]
        here = self.of(Membership.institution_id, Membership.unit_id)
        return and_(here, Membership.role.in_(roles), Membership.ended_at.is_(None))


def place_of_institution(institution: Institution) -> Place:
    """Return an institution as a place."""
    return Place(institution.public_id, institution.name, institution.region_code, institution_id=institution.id)


def place_of_unit(unit: Unit) -> Place:
    """Return a unit as a place."""
    return Place(unit.public_id, unit.name, unit.region_code, unit_id=unit.id)


def load_place(db: Session, public_id: str, *, lock: bool = False) -> Place:
    """Return the place of a public id; locked, its members change one after the other.

    Raises:
        NotFound: when there is none.
    """
    institutions = select(Institution).where(Institution.public_id == public_id)
    institution = db.scalars(institutions.with_for_update() if lock else institutions).first()
    if institution is not None:
        return place_of_institution(institution)
    units = select(Unit).where(Unit.public_id == public_id)
    unit = db.scalars(units.with_for_update() if lock else units).first()
    if unit is None:
        raise NotFound(place=public_id)
    return place_of_unit(unit)


def place_by_id(db: Session, institution_id: int | None, unit_id: int | None) -> Place:
    """Return the place that two columns of a row name."""
    if institution_id is not None:
        return place_of_institution(db.get_one(Institution, institution_id))
    return place_of_unit(db.get_one(Unit, unit_id))


def list_managed(db: Session, actor: Actor) -> list[Place]:
    """Return the places whose members the actor looks after, by name."""
    institutions = db.scalars(select(Institution).where(Institution.id.in_(actor.institution_ids("institution_admin"))))
    leads = [grant.unit_id for grant in actor.grants if grant.is_responsible and grant.unit_id is not None]
    units = db.scalars(select(Unit).where(Unit.id.in_(leads)))
    found = [*map(place_of_institution, institutions), *map(place_of_unit, units)]
    return sorted(found, key=lambda place: place.name)
