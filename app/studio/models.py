"""The table of files on their way; their bytes lie in the scratch folder (`parts`), never in the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base, text_enum
from app.library.models import Lecture


class UploadState(StrEnum):
    """Life of an upload; the last two are final."""

    RECEIVING = "receiving"
    #: All bytes are here; a job takes them into the store.
    FINISHING = "finishing"
    DONE = "done"
    ABORTED = "aborted"


class Upload(Base):
    """One file being sent for one lecture."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("offset_bytes >= 0 AND offset_bytes <= size_bytes", name="offset_within_size"),
        Index("ix_upload_lecture_id", "lecture_id", "id"),
        Index("ix_upload_state_updated_at", "state", "updated_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    #: The sender's own mark of the file (name, size, time), so that it is recognised when chosen again.
    fingerprint: Mapped[str] = mapped_column(String(200), default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    #: Bytes acknowledged so far; the length of the part file may be ahead of it after a crash, never behind.
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    #: Known only when one process received every byte; otherwise the finishing job reads the file once.
    sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[UploadState] = mapped_column(text_enum(UploadState), default=UploadState.RECEIVING)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lecture: Mapped[Lecture] = relationship(lazy="raise")
