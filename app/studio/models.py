"""The table of files on their way and, where a store keeps their bytes part by part, what lies there.

The bytes themselves are with an `intake`, never in the database.
"""

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
    #: All bytes are here; a job takes them into the store. A partial upload waits here for the others.
    FINISHING = "finishing"
    DONE = "done"
    ABORTED = "aborted"


class UploadKind(StrEnum):
    """How tus speaks of it: a file, a piece of a file, a file made of pieces."""

    WHOLE = "whole"
    PARTIAL = "partial"
    FINAL = "final"


class Upload(Base):
    """One file being sent for one lecture, or one piece of such a file."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="size_positive"),
        CheckConstraint("offset_bytes >= 0 AND offset_bytes <= size_bytes", name="offset_within_size"),
        CheckConstraint("(kind = 'partial') = (lecture_id IS NULL)", name="lecture_unless_partial"),
        Index("ix_upload_lecture_id", "lecture_id", "id"),
        Index("ix_upload_state_updated_at", "state", "updated_at"),
        Index("ix_upload_user_id_created_at", "user_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    kind: Mapped[UploadKind] = mapped_column(
        text_enum(UploadKind), default=UploadKind.WHOLE, server_default=UploadKind.WHOLE.value
    )
    #: A piece belongs to a lecture only through the file it becomes part of.
    lecture_id: Mapped[int | None] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    final_id: Mapped[int | None] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), index=True)
    #: Place among the pieces of the file.
    position: Mapped[int | None]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    filename: Mapped[str] = mapped_column(String(255))
    #: The sender's own mark of the file (its size, first and last bytes), so that it is recognised when chosen again.
    fingerprint: Mapped[str] = mapped_column(String(200), default="")
    #: Upload-Metadata as it was sent; the protocol wants it back.
    metadata_header: Mapped[str] = mapped_column(String(4000), default="", server_default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    #: Bytes acknowledged so far; what the intake holds may be ahead of it after a crash, never behind.
    offset_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    #: Known only when one process received every byte; otherwise the finishing job reads the file once.
    sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[UploadState] = mapped_column(text_enum(UploadState), default=UploadState.RECEIVING)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    lecture: Mapped[Lecture | None] = relationship(lazy="raise")
    final: Mapped[Upload | None] = relationship(lazy="raise", remote_side="Upload.id", back_populates="partials")
    partials: Mapped[list[Upload]] = relationship(
        lazy="raise", order_by="Upload.position", back_populates="final", passive_deletes=True
    )


class UploadIntake(Base):
    """Who writes to an upload whose bytes go to a store; made with its first bytes."""

    __tablename__ = "upload_intake"

    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True)
    #: Given out once each, so that a writer who lost the upload cannot overwrite a piece of its successor.
    next_number: Mapped[int] = mapped_column(default=1)
    #: Secret of the request that writes now, and until when it holds the upload without a sign of life.
    writer: Mapped[str | None] = mapped_column(String(200))
    writer_until: Mapped[datetime | None]


class UploadPiece(Base):
    """Bytes of an upload that are durable, in an object of their own in the store."""

    __tablename__ = "upload_piece"
    __table_args__ = (CheckConstraint("size_bytes > 0", name="size_positive"),)

    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    offset_bytes: Mapped[int] = mapped_column(BigInteger)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
