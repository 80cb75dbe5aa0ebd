"""Tables of regions, institutions and units: where things are and who stands above whom."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, text_enum


class RegionLevel(StrEnum):
    """Levels of GB/T 2260 that we hold."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class Region(Base):
    """An administrative region; names repeat (two 铁西区), so only the code identifies it."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(60))
    level: Mapped[RegionLevel] = mapped_column(text_enum(RegionLevel))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    parent: Mapped[Region | None] = relationship(remote_side=[code], lazy="raise")


class Institution(Base):
    """A school, university or other body that owns lectures."""

    __tablename__ = "institution"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    name_en: Mapped[str] = mapped_column(String(160), default="")
    type_key: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    region: Mapped[Region] = relationship(lazy="raise")


class UnitKind(StrEnum):
    """Bodies that report or guide."""

    BUREAU = "bureau"
    CENTRE = "centre"
    COLLEGE = "college"
    COMMUNITY = "community"
    OTHER = "other"


class Unit(Base):
    """A body in the activity week and its service: a city bureau, a guidance centre, a college, a community centre.

    Functional zones that report without a GB/T 2260 code are units too, tied to the regions they lie in.
    """

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[UnitKind] = mapped_column(text_enum(UnitKind))
    name: Mapped[str] = mapped_column(String(120), unique=True)
    aliases: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: Where its office is; what it is responsible for is in unit_region.
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    contact_phone: Mapped[str] = mapped_column(String(40), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class Line(StrEnum):
    """The two chains in which units report upward."""

    ADMINISTRATIVE = "administrative"
    PROFESSIONAL = "professional"


class UnitSuperior(Base):
    """In one line, one unit stands under another for a time."""

    __tablename__ = "unit_superior"
    __table_args__ = (
        CheckConstraint("unit_id <> superior_id", name="not_its_own_superior"),
        Index("uq_unit_superior", "unit_id", "line", "superior_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    superior_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    line: Mapped[Line] = mapped_column(text_enum(Line))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class RegionDuty(StrEnum):
    """What a unit does for a region: to guide is not to administer."""

    ADMINISTERS = "administers"
    GUIDES = "guides"
    SERVES = "serves"


class UnitRegion(Base):
    """A unit's duty for a region."""

    __tablename__ = "unit_region"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), primary_key=True)
    duty: Mapped[RegionDuty] = mapped_column(text_enum(RegionDuty), primary_key=True)
