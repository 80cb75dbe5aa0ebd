"""How much an institution may use: a table of its own, one row in force at a time. How much it uses: app.studio."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.db import Base

QUOTA_REASON_MAX = 500


class InstitutionQuota(Base):
    """What an institution may use from one moment to another; no row, or null, is no limit."""

    __tablename__ = "institution_quota"
    __table_args__ = (
        CheckConstraint("storage_bytes IS NULL OR storage_bytes > 0", name="storage_positive"),
        CheckConstraint("monthly_hours IS NULL OR monthly_hours > 0", name="hours_positive"),
        Index(
            "uq_institution_quota_current", "institution_id", unique=True,
            sqlite_where=text("valid_to IS NULL"), postgresql_where=text("valid_to IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    #: Sources and media together.
    storage_bytes: Mapped[int | None] = mapped_column(BigInteger)
    #: Hours of lectures uploaded in a calendar month of Asia/Shanghai.
    monthly_hours: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(QUOTA_REASON_MAX), default="")
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    set_by_name: Mapped[str] = mapped_column(String(60))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


def find_quota(db: Session, institution_id: int, *, lock: bool = False) -> InstitutionQuota | None:
    """Return what is in force for an institution; locked, two uploads cannot both take the last room."""
    current = InstitutionQuota.institution_id == institution_id, InstitutionQuota.valid_to.is_(None)
    statement = select(InstitutionQuota).where(*current)
    return db.scalars(statement.with_for_update() if lock else statement).first()
