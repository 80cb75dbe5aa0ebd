"""Tables of what proves who somebody is, besides the password: links sent by mail, second factors, other sign-ins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum
from app.kernel.mail.address import ADDRESS_MAX


class LinkPurpose(StrEnum):
    """What a link sent to a person is good for."""

    RESET = "reset"
    CONFIRM_MAIL = "confirm_mail"


class AccountLink(Base):
    """A link good for one use and a short time; the mail holds the token, the table only its hash."""

    __tablename__ = "account_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(text_enum(LinkPurpose))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: The address to confirm.
    mail_address: Mapped[str | None] = mapped_column(String(ADDRESS_MAX))
    #: Who gave it out by hand; None where it was mailed.
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SecondFactor(Base):
    """The secret a person's phone makes codes of, sealed with the key of this installation."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    #: Counts from the first code that was right.
    confirmed_at: Mapped[datetime | None]
    #: The time step of the last code taken: it and older ones are never taken again.
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """One of ten codes on paper for a lost phone, good for one use."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None]


class ExternalIdentity(Base):
    """Somebody as another house's sign-in knows them, linked by the person while signed in here."""

    __tablename__ = "external_identity"
    __table_args__ = (
        Index("uq_external_identity_subject", "provider", "issuer", "subject", unique=True),
        Index("uq_external_identity_user", "provider", "issuer", "user_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    provider: Mapped[str] = mapped_column(String(20))
    issuer: Mapped[str] = mapped_column(String(300))
    #: Never a mail address: those change hands.
    subject: Mapped[str] = mapped_column(String(255))
    linked_at: Mapped[datetime]
