"""The table of outgoing mail, and what callers hand in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum
from app.kernel.mail.address import ADDRESS_MAX

SUBJECT_MAX = 120


class MailState(StrEnum):
    """Life of an outgoing mail; all but the first are ends (a failed one may be tried again by a person)."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    #: Its time was over before it could be sent, as with a link that opens nothing any more.
    EXPIRED = "expired"
    #: There is no way out here: the operator has set none.
    NOT_CONFIGURED = "not_configured"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person; `html` is optional and says the same as `text`."""

    to: str
    subject: str
    text: str
    html: str = ""
    #: Opens without signing in and stops mail of this kind by a POST (RFC 8058); empty for mail that was asked for.
    unsubscribe_url: str = ""
    #: Not sent any more after this.
    expires_at: datetime | None = None


class OutgoingMail(Base):
    """A letter on its way; its words are forgotten as soon as they are not needed."""

    __tablename__ = "outgoing_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Left half of its Message-ID: sent twice, it is still one mail to whoever receives it.
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    #: What it is for, e.g. "digest:17:2026-11-28"; handing in the same again changes nothing.
    key: Mapped[str] = mapped_column(String(200), unique=True)
    to: Mapped[str] = mapped_column("to_address", String(ADDRESS_MAX))
    subject: Mapped[str] = mapped_column(String(SUBJECT_MAX))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    unsubscribe_url: Mapped[str] = mapped_column(String(500))
    state: Mapped[MailState] = mapped_column(text_enum(MailState), default=MailState.WAITING)
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime | None]
    #: When it came to its end.
    ended_at: Mapped[datetime | None]
