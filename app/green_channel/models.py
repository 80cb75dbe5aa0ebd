"""The table of what was done with grants. The grants themselves stand on the library's shelf."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum
from app.library.green_grants import END_REASON_MAX


class GrantAction(StrEnum):
    """What people do to a grant."""

    OPENED = "opened"
    CHANGED = "changed"
    ENDED = "ended"


class GreenGrantEvent(Base):
    """One line of a grant's history; the history only grows."""

    __tablename__ = "green_grant_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    grant_id: Mapped[int] = mapped_column(ForeignKey("green_grant.id"), index=True)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    actor_name: Mapped[str] = mapped_column(String(60))
    action: Mapped[GrantAction] = mapped_column(text_enum(GrantAction))
    why: Mapped[str] = mapped_column(String(END_REASON_MAX), default="")
    #: Field -> [before, after] of a change.
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
