"""The change log that index copies follow."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class IndexChange(Base):
    """A lecture whose document is to be written again; `id` is the number an index stores as its checkpoint."""

    __tablename__ = "index_change"
    # Numbers must never be given twice, even after pruning.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(index=True)
    created_at: Mapped[datetime]
