"""Tables of the captions desk: drafts, and who has proofread what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base

KEY_MAX = 24


class CaptionEdit(Base):
    """That people work on a caption; `lines` are those of a draft, and null while there is none.

    The row stays when the draft was put on the lecture: a machine never replaces what somebody worked on.
    """

    __tablename__ = "caption_edit"
    __table_args__ = (UniqueConstraint("lecture_id", "language"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    #: Grows with every change of the draft and guards against lost updates.
    version: Mapped[int] = mapped_column(default=0)
    #: Names the change that made this version, so that one sent again after a lost answer is known.
    last_key: Mapped[str] = mapped_column(String(KEY_MAX), default="")
    #: [start in ms, end in ms, text, settings] of each line.
    lines: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    #: Content of the caption the draft was begun from; empty when there was none.
    base_sha256: Mapped[str] = mapped_column(String(64), default="")
    edited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    edited_name: Mapped[str] = mapped_column(String(60), default="")
    updated_at: Mapped[datetime]


class CaptionProof(Base):
    """Somebody has compared a caption, word by word, with what is said. Never changed, never deleted by people."""

    __tablename__ = "caption_proof"
    __table_args__ = (Index("ix_caption_proof_lecture_id_language", "lecture_id", "language", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(16))
    #: The text that was proofread; another text is not.
    sha256: Mapped[str] = mapped_column(String(64))
    line_count: Mapped[int]
    lecture_version: Mapped[int]
    #: It was a machine's until then.
    was_machine: Mapped[bool]
    proofread_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    proofread_name: Mapped[str] = mapped_column(String(60))
    proofread_at: Mapped[datetime]
