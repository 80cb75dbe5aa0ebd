"""Tables of green-channel grants and where each lecture stands, and what every room may ask of them.

They stand on this shelf because the encode queue, the review queue, cards and the lecture's page ask them. Granting,
checking the promises and the register: app.green_channel.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.kernel.clock import utc_now
from app.kernel.db import Base
from app.library.models import Course, Lecture, Term
from app.library.places import Institution, Region

GRANT_TITLE_MAX, GRANT_NOTE_MAX, CONTACT_NAME_MAX, CONTACT_PHONE_MAX, END_REASON_MAX = 120, 500, 60, 40, 200


class GreenGrant(Base):
    """An institution opens courses and lectures to communities for a time. Never deleted: it runs out or is ended."""

    __tablename__ = "green_grant"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("ended_at IS NULL OR length(trim(ended_reason)) > 0", name="end_has_reason"),
        Index("ix_green_grant_institution_id_ends_at", "institution_id", "ends_at"),
        Index("ix_green_grant_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    #: Given by the form, so that sending it twice opens once.
    key: Mapped[str] = mapped_column(String(40), unique=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    title: Mapped[str] = mapped_column(String(GRANT_TITLE_MAX))
    note: Mapped[str] = mapped_column(String(GRANT_NOTE_MAX), default="")
    licence: Mapped[str] = mapped_column(String(40))
    contact_name: Mapped[str] = mapped_column(String(CONTACT_NAME_MAX))
    contact_phone: Mapped[str] = mapped_column(String(CONTACT_PHONE_MAX))
    starts_at: Mapped[datetime]
    #: The first moment after the period.
    ends_at: Mapped[datetime]
    #: Grows with every change and guards against lost updates.
    version: Mapped[int] = mapped_column(default=1)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    #: Ended before its time.
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(String(END_REASON_MAX), default="")

    institution: Mapped[Institution] = relationship(lazy="raise")
    items: Mapped[list[GreenGrantItem]] = relationship(
        back_populates="grant", lazy="raise", order_by="GreenGrantItem.id", cascade="all, delete-orphan"
    )
    regions: Mapped[list[Region]] = relationship(
        secondary="green_grant_region", lazy="raise", order_by=Region.code, viewonly=True
    )
    audiences: Mapped[list[Term]] = relationship(
        secondary="green_grant_audience", lazy="raise", order_by=Term.position, viewonly=True
    )

    @property
    def last_moment(self) -> datetime:
        """When it stops or stopped holding."""
        return self.ends_at if self.ended_at is None else min(self.ended_at, self.ends_at)

    def holds_at(self, moment: datetime) -> bool:
        """Is in its period and not ended."""
        return self.starts_at <= moment < self.last_moment


class GreenGrantItem(Base):
    """A course (with whatever is in it) or a single lecture that a grant opens."""

    __tablename__ = "green_grant_item"
    __table_args__ = (
        CheckConstraint("(course_id IS NULL) <> (lecture_id IS NULL)", name="one_thing"),
        UniqueConstraint("grant_id", "course_id"),
        UniqueConstraint("grant_id", "lecture_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("green_grant.id", ondelete="CASCADE"))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("course.id"), index=True)
    lecture_id: Mapped[int | None] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), index=True)

    grant: Mapped[GreenGrant] = relationship(back_populates="items", lazy="raise")
    course: Mapped[Course | None] = relationship(lazy="raise")
    lecture: Mapped[Lecture | None] = relationship(lazy="raise")


class GreenGrantRegion(Base):
    """A region whose communities a grant is for; the province stands for all of it."""

    __tablename__ = "green_grant_region"

    grant_id: Mapped[int] = mapped_column(ForeignKey("green_grant.id", ondelete="CASCADE"), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), primary_key=True, index=True)


class GreenGrantAudience(Base):
    """An audience a grant is for."""

    __tablename__ = "green_grant_audience"

    grant_id: Mapped[int] = mapped_column(ForeignKey("green_grant.id", ondelete="CASCADE"), primary_key=True)
    term_id: Mapped[int] = mapped_column(ForeignKey("term.id"), primary_key=True, index=True)


class GreenStanding(Base):
    """What the last check found of a lecture that is or was opened; written by app.green_channel alone."""

    __tablename__ = "green_standing"
    __table_args__ = (Index("ix_green_standing_is_shown_ends_at", "is_shown", "ends_at"),)

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    #: The grant in force, else the next one, else the last one; null when it was taken out of all.
    grant_id: Mapped[int | None] = mapped_column(ForeignKey("green_grant.id"), index=True)
    #: When that grant holds. Readers compare it with the clock, so the badge ends with its period, not with a sweep.
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: Every promise is kept.
    is_kept: Mapped[bool] = mapped_column(default=False)
    #: What other rooms were told last: the badge is there.
    is_shown: Mapped[bool] = mapped_column(default=False)
    #: The promises that are not kept, with cause and values (app/green_channel/promises.py).
    broken: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: Objects of the set with this digest that the store did not have when it was asked last.
    files_digest: Mapped[str] = mapped_column(String(64), default="")
    missing_files: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: Since when `is_shown` is what it is.
    changed_at: Mapped[datetime]
    checked_at: Mapped[datetime] = mapped_column(index=True)


def has_badge(now: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition on Lecture that it carries the badge: every promise kept and its grant in force."""
    moment = now or utc_now()
    kept = select(GreenStanding.lecture_id).where(
        GreenStanding.lecture_id == Lecture.id,
        GreenStanding.is_kept,
        GreenStanding.starts_at <= moment,
        GreenStanding.ends_at > moment,
    )
    return kept.correlate(Lecture).exists()


def is_hurried(now: datetime | None = None) -> ColumnElement[bool]:
    """Return the condition on Lecture that it goes first in queues: a grant of it holds, or is going to."""
    covers = or_(GreenGrantItem.lecture_id == Lecture.id, GreenGrantItem.course_id == Lecture.course_id)
    opening = select(GreenGrantItem.id).where(
        GreenGrantItem.grant_id == GreenGrant.id,
        covers,
        GreenGrant.ended_at.is_(None),
        GreenGrant.ends_at > (now or utc_now()),
    )
    return opening.correlate(Lecture).exists()


def goes_first(db: Session, lecture_id: int) -> bool:
    """Tell of one lecture what `is_hurried` says in queries."""
    return db.scalar(select(Lecture.id).where(Lecture.id == lecture_id, is_hurried())) is not None


def badges_among(db: Session, lecture_ids: Iterable[int]) -> frozenset[int]:
    """Return which of these lectures carry the badge now. One query."""
    return frozenset(db.scalars(select(Lecture.id).where(Lecture.id.in_(list(lecture_ids)), has_badge())))
