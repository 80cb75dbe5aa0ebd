"""Tables of beacons, of sums by day, of how far they are counted, and of certificates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base

PLAY_KEY_MAX = 24
REASON_MAX = 200


class PlayBeacon(Base):
    """What a player told of a play at one moment: everything so far, so that a lost beacon loses nothing but time."""

    __tablename__ = "play_beacon"
    __table_args__ = (
        UniqueConstraint("play_key", "number"),
        Index("ix_play_beacon_lecture_id_received_at", "lecture_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    play_key: Mapped[str] = mapped_column(String(PLAY_KEY_MAX))
    number: Mapped[int]
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    #: No foreign key: playlists stand in another room, and one that is gone was still played.
    playlist_id: Mapped[int | None]
    played_s: Mapped[int]
    #: Seconds of the lecture heard at least once.
    covered_s: Mapped[int]
    is_listening: Mapped[bool]
    received_at: Mapped[datetime] = mapped_column(index=True)


class WatchDay(Base):
    """Sums of one lecture on one day of Asia/Shanghai, by playlist (0 for none) and by the region of its centre."""

    __tablename__ = "watch_day"
    __table_args__ = (UniqueConstraint("lecture_id", "day", "playlist_id", "region_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    day: Mapped[date]
    playlist_id: Mapped[int] = mapped_column(default=0)
    region_code: Mapped[str] = mapped_column(String(12), default="")
    plays: Mapped[int]
    listens: Mapped[int]
    completions: Mapped[int]
    watched_s: Mapped[int]


class WatchMark(Base):
    """One row: beacons received before this are counted; and how far what is made of the sums has come."""

    __tablename__ = "watch_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    counted_until: Mapped[datetime]
    #: The day of Asia/Shanghai on which use.py did its work last.
    use_counted_on: Mapped[date | None]


class Certificate(Base):
    """What a teacher's lectures of one institution did in a year, as it was printed; never changed afterwards."""

    __tablename__ = "certificate"
    __table_args__ = (
        Index("ix_certificate_user_id_year", "user_id", "year"),
        Index("ix_certificate_institution_id_year", "institution_id", "year"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    #: Printed, with a QR code; whoever has it may ask whether the certificate is true.
    code: Mapped[str] = mapped_column(String(20), unique=True)
    #: Names the wish, so that a form sent twice issues one.
    key: Mapped[str] = mapped_column(String(48), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    year: Mapped[int]
    holder_name: Mapped[str] = mapped_column(String(60))
    institution_name: Mapped[str] = mapped_column(String(120))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    issued_at: Mapped[datetime]
    #: A newer one of the same year was issued.
    replaced_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    revoked_reason: Mapped[str] = mapped_column(String(REASON_MAX), default="")
