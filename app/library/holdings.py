"""Tables of what institutions and lectures hold beside words and media: defaults for new drafts, attachments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base
from app.library.models import TEACHER_MAX

FILENAME_MAX = 200


class InstitutionDefaults(Base):
    """What new drafts of an institution say before anybody typed; empty texts say nothing."""

    __tablename__ = "institution_defaults"

    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(default=1)
    teacher: Mapped[str] = mapped_column(String(TEACHER_MAX), default="")
    language: Mapped[str] = mapped_column(String(16), default="zh-CN")
    resource_type: Mapped[str] = mapped_column(String(40), default="micro_course")
    licence: Mapped[str] = mapped_column(String(40), default="platform_public_good")
    tags: Mapped[list[Any]] = mapped_column(JSON, default=list)
    #: Pairs of scheme and key of terms.
    terms: Mapped[list[Any]] = mapped_column(JSON, default=list)
    updated_at: Mapped[datetime]


class Attachment(Base):
    """A handout or the slides of a lecture; the bytes lie in the store under a key named by their content."""

    __tablename__ = "attachment"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="size_positive"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(FILENAME_MAX))
    #: One of the kinds in `media/files_beside.py`, told by the content, never by the name.
    kind: Mapped[str] = mapped_column(String(16))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
