"""Tables of users, memberships and sign-in sessions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, text_enum


class Role(StrEnum):
    """What a membership lets a user do; where is the membership's institution or unit."""

    CONTRIBUTOR = "contributor"
    INSTITUTION_ADMIN = "institution_admin"
    REVIEWER = "reviewer"
    CURATOR = "curator"
    OFFICER = "officer"
    OPERATOR = "operator"


INSTITUTION_ROLES = frozenset({Role.CONTRIBUTOR, Role.INSTITUTION_ADMIN, Role.REVIEWER})
UNIT_ROLES = frozenset({Role.CURATOR, Role.OFFICER})


class User(Base):
    """A person who can sign in; real names live with the institution, here only what pages must show."""

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    #: What they type to sign in, lower case.
    login: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True)
    #: Where mail goes; only ever one that was confirmed by mail, and none for many. Offices share theirs: not unique.
    mail_address: Mapped[str | None] = mapped_column(String(254), index=True)
    created_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", lazy="raise")


class Membership(Base):
    """A role held by a user at one place for a time."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint(
            "(role IN ('contributor', 'institution_admin', 'reviewer')"
            " AND institution_id IS NOT NULL AND unit_id IS NULL)"
            " OR (role IN ('curator', 'officer') AND unit_id IS NOT NULL AND institution_id IS NULL)"
            " OR (role = 'operator' AND institution_id IS NULL AND unit_id IS NULL)",
            name="place_fits_role",
        ),
        Index(
            "uq_membership_current",
            "user_id",
            "role",
            text("coalesce(institution_id, 0)"),
            text("coalesce(unit_id, 0)"),
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    #: Set while the role rests: it counts for nothing, and what its holder made stays theirs.
    suspended_at: Mapped[datetime | None]
    #: Answers for the place by name (负责人).
    is_responsible: Mapped[bool] = mapped_column(default=False, server_default=false())

    user: Mapped[User] = relationship(back_populates="memberships", lazy="raise")


class Purpose(StrEnum):
    """What a session is good for."""

    BROWSER = "browser"
    #: A program that sends files; it opens nothing else.
    UPLOAD = "upload"


class LoginSession(Base):
    """One signed-in browser or program; that holds the token, the table only its hash."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    #: When a code of the phone was given in it; sessions of roles that ask for one end without.
    second_factor_at: Mapped[datetime | None]
    #: Of a browser what it calls itself, of a program what its owner calls it.
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    purpose: Mapped[Purpose] = mapped_column(
        text_enum(Purpose), default=Purpose.BROWSER, server_default=Purpose.BROWSER.value
    )
