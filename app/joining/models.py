"""Tables of applications with their papers and messages, invitations, what happened to members, hand-overs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Role, User
from app.kernel.db import Base, text_enum
from app.kernel.mail.address import ADDRESS_MAX
from app.library.places import Institution, Region, Unit

NAME_MAX, PERSON_MAX, POST_MAX, PHONE_MAX, EMAIL_MAX = 120, 60, 60, 40, ADDRESS_MAX
STATEMENT_MAX, WORDS_MAX, REASON_MAX, FILENAME_MAX = 1000, 1000, 500, 120
ONE_PLACE = "(institution_id IS NULL) <> (unit_id IS NULL)"


class ApplicantKind(StrEnum):
    """What the applicant wants to be here."""

    #: Gives lectures.
    INSTITUTION = "institution"
    #: Arranges them for residents.
    CENTRE = "centre"


class ApplicationState(StrEnum):
    """Where an application stands; the last three are ends."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    #: The officer has asked something.
    QUESTIONED = "questioned"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def is_open_to_applicant(self) -> bool:
        """The applicant may still change what is written and attached."""
        return self in {ApplicationState.DRAFT, ApplicationState.QUESTIONED}

    @property
    def is_in_hand(self) -> bool:
        """The officer may decide."""
        return self in {ApplicationState.SUBMITTED, ApplicationState.QUESTIONED}


class Application(Base):
    """What an institution or a centre sent in; a refused one is forgotten with everything that belongs to it."""

    __tablename__ = "joining_application"
    __table_args__ = (
        CheckConstraint("length(trim(name)) > 0", name="name_not_blank"),
        CheckConstraint("state <> 'refused' OR length(trim(reason)) > 0", name="refusal_has_reason"),
        CheckConstraint("state <> 'accepted' OR (" + ONE_PLACE + ")", name="accepted_has_place"),
        Index("ix_joining_application_state_submitted_at", "state", "submitted_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    receipt_hash: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[ApplicantKind] = mapped_column(text_enum(ApplicantKind))
    name: Mapped[str] = mapped_column(String(NAME_MAX), index=True)
    type_key: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"), index=True)
    credit_code: Mapped[str] = mapped_column(String(18), default="", index=True)
    #: Shown to residents beside lectures; may be empty.
    public_phone: Mapped[str] = mapped_column(String(PHONE_MAX), default="")
    person_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    person_post: Mapped[str] = mapped_column(String(POST_MAX))
    person_phone: Mapped[str] = mapped_column(String(PHONE_MAX))
    person_email: Mapped[str] = mapped_column(String(EMAIL_MAX), default="")
    statement: Mapped[str] = mapped_column(Text, default="")
    consent_version: Mapped[str] = mapped_column(String(20))
    consented_at: Mapped[datetime]
    state: Mapped[ApplicationState] = mapped_column(text_enum(ApplicationState), default=ApplicationState.DRAFT)
    #: Grows with every change on either side and guards against lost ones.
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None] = mapped_column(index=True)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    decided_by_name: Mapped[str] = mapped_column(String(PERSON_MAX), default="")
    reason: Mapped[str] = mapped_column(String(REASON_MAX), default="")
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))

    region: Mapped[Region] = relationship(lazy="raise")
    papers: Mapped[list[Paper]] = relationship(lazy="raise", order_by="Paper.id")
    messages: Mapped[list[Message]] = relationship(lazy="raise", order_by="Message.id")


class MessageKind(StrEnum):
    """What a line of an application's history tells."""

    SUBMITTED = "submitted"
    QUESTION = "question"
    ANSWER = "answer"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    #: A refusal was taken back.
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Message(Base):
    """One line of an application's history, with the words of whoever acted."""

    __tablename__ = "joining_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("joining_application.id", ondelete="CASCADE"), index=True)
    kind: Mapped[MessageKind] = mapped_column(text_enum(MessageKind))
    #: Null for the applicant.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    author_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    words: Mapped[str] = mapped_column(String(WORDS_MAX), default="")
    at: Mapped[datetime]


class Paper(Base):
    """A file attached to an application; its bytes lie in the store, for officers and the applicant only."""

    __tablename__ = "joining_paper"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="size_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("joining_application.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(FILENAME_MAX))
    kind: Mapped[str] = mapped_column(String(8))
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class Invitation(Base):
    """A way in for one person; what opens it is known only as a hash."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint(ONE_PLACE, name="one_place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    is_responsible: Mapped[bool] = mapped_column(default=False)
    #: Whom it is for, and where a mail went; the address is emptied when it is used or over.
    person_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    email: Mapped[str] = mapped_column(String(EMAIL_MAX), default="")
    #: The application whose acceptance it belongs to.
    application_id: Mapped[int | None] = mapped_column(
        ForeignKey("joining_application.id", ondelete="SET NULL"), index=True
    )
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_by_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revoked_at: Mapped[datetime | None]

    institution: Mapped[Institution | None] = relationship(lazy="raise")
    unit: Mapped[Unit | None] = relationship(lazy="raise")


class MemberAct(StrEnum):
    """What was done about a member."""

    JOINED = "joined"
    ROLES_CHANGED = "roles_changed"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    LEFT = "left"
    RETURNED = "returned"


class MemberEvent(Base):
    """One line of a place's history of members."""

    __tablename__ = "member_event"
    __table_args__ = (CheckConstraint(ONE_PLACE, name="one_place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    act: Mapped[MemberAct] = mapped_column(text_enum(MemberAct))
    #: The keys of roles before and after, where they changed.
    roles_before: Mapped[list[Any]] = mapped_column(JSON, default=list)
    roles_after: Mapped[list[Any]] = mapped_column(JSON, default=list)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    by_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    at: Mapped[datetime]

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise")


class Handover(Base):
    """One member's work given to a colleague; what moved is kept, so that it can be taken back."""

    __tablename__ = "handover"
    __table_args__ = (
        CheckConstraint(ONE_PLACE, name="one_place"),
        CheckConstraint("from_user_id <> to_user_id", name="to_somebody_else"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    from_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    to_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    #: Ids by kind of thing, and the roles that ended and began.
    moved: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    by_name: Mapped[str] = mapped_column(String(PERSON_MAX))
    made_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    from_user: Mapped[User] = relationship(foreign_keys=[from_user_id], lazy="raise")
    to_user: Mapped[User] = relationship(foreign_keys=[to_user_id], lazy="raise")
