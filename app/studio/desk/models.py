"""Tables of batches: which files were chosen together, and the lecture each of them became."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base
from app.library.models import TITLE_MAX, Lecture
from app.library.places import Institution

PATH_MAX = 400
KEY_MAX = 64


class Batch(Base):
    """Files one person chose together for one institution."""

    __tablename__ = "batch"
    __table_args__ = (UniqueConstraint("user_id", "key"), Index("ix_batch_user_id_id", "user_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    #: Made by the browser before the first request, so that sending it again changes nothing.
    key: Mapped[str] = mapped_column(String(KEY_MAX))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    #: What the folder or the course is called, for the list of batches.
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    created_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship(lazy="raise")


class BatchRow(Base):
    """One file of a batch. Name and size recognise it when the folder is chosen again."""

    __tablename__ = "batch_row"
    __table_args__ = (
        UniqueConstraint("batch_id", "path"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(PATH_MAX))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int]

    lecture: Mapped[Lecture] = relationship(lazy="raise")
