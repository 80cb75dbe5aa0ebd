"""Tables of notices, of what people chose, and of whose digests are stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum
from app.notices.kinds import MailMode, NoticeKind


class Notice(Base):
    """One line for one person."""

    __tablename__ = "notice"
    __table_args__ = (
        # A fact told twice is one notice.
        Index("uq_notice_user_id_key", "user_id", "key", unique=True),
        Index("ix_notice_list", "user_id", "happened_at", "id"),
        # What every page of a signed-in person counts.
        Index(
            "ix_notice_unread", "user_id",
            sqlite_where=text("read_at IS NULL AND is_shown"), postgresql_where=text("read_at IS NULL AND is_shown"),
        ),
        Index(
            "ix_notice_digest", "digest", "user_id",
            sqlite_where=text("digest IS NOT NULL"), postgresql_where=text("digest IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind))
    key: Mapped[str] = mapped_column(String(120))
    #: Titles, levels, reasons and public ids as they were: a list of notices reads one table.
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: How many of its kind it stands for.
    count: Mapped[int] = mapped_column(default=1)
    happened_at: Mapped[datetime] = mapped_column(index=True)
    read_at: Mapped[datetime | None]
    #: In the bell; false where its person wants it by mail alone.
    is_shown: Mapped[bool] = mapped_column(default=True)
    #: The digest it waits for, daily or weekly; None when it waits for none, or went out.
    digest: Mapped[MailMode | None] = mapped_column(text_enum(MailMode))


class NoticeChoice(Base):
    """What a person wants of one kind; without a row what `kinds.SPECS` says."""

    __tablename__ = "notice_choice"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(text_enum(NoticeKind), primary_key=True)
    is_shown: Mapped[bool]
    mail: Mapped[MailMode] = mapped_column(text_enum(MailMode))


class DigestStop(Base):
    """A person who gets no digests, whatever the choices of single kinds say."""

    __tablename__ = "notice_digest_stop"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    stopped_at: Mapped[datetime]
