"""The change log that index copies follow, what comparing them found, how much is used; and the tables of playlists."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, text_enum

TITLE_MAX, INTRO_MAX, NOTE_MAX, ITEMS_MAX = 120, 1000, 500, 100
SHORT_CODE_DIGITS = 7
MACHINE_MAX = 64


class IndexChange(Base):
    """A thing whose document is to be written again; `id` is the number a copy of the index has as its checkpoint."""

    __tablename__ = "index_change"
    # Numbers must never be given twice, even after pruning.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), default="lecture", server_default="lecture")
    #: Of the kind; the column is called as when there was only one.
    subject_id: Mapped[int] = mapped_column("lecture_id", index=True)
    created_at: Mapped[datetime]


class UseCount(Base):
    """How much a thing was used in the last ninety days, as sorting by it and the index see it (app.watching.use)."""

    __tablename__ = "use_count"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    #: Within a tenth; kept as it is while the true number is that near.
    plays: Mapped[int]
    #: Watched often enough to tell, and mostly to the end.
    is_finished: Mapped[bool]


class IndexComparison(Base):
    """What a comparison of a machine's index with the database found, and whether it could be mended."""

    __tablename__ = "index_comparison"

    id: Mapped[int] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    #: By the name it has in the network.
    machine: Mapped[str] = mapped_column(String(MACHINE_MAX), default="", server_default="")
    took_s: Mapped[float]
    documents: Mapped[int]
    #: Public lectures without a document, with another document than theirs, and documents of nothing public.
    missing: Mapped[int]
    stale: Mapped[int]
    superfluous: Mapped[int]
    #: The first document ids of each kind of drift.
    examples: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: The index could not be read, and was built anew.
    is_rebuilt: Mapped[bool]

    @property
    def drift(self) -> int:
        """Everything that was not as it should be."""
        return self.missing + self.stale + self.superfluous


class PlaylistState(StrEnum):
    """Where a playlist stands; a withdrawn one may be published again, for its posters still hang somewhere."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Playlist(Base):
    """A centre's ordered list of lectures. `public_id` and `short_code` are on paper: they never change."""

    __tablename__ = "playlist"
    __table_args__ = (
        CheckConstraint("length(trim(title)) > 0", name="title_not_blank"),
        CheckConstraint("state <> 'published' OR published_at IS NOT NULL", name="published_has_time"),
        Index("ix_playlist_unit_id_updated_at", "unit_id", "updated_at", "id"),
        Index("ix_playlist_state_published_at", "state", "published_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(20), unique=True)
    short_code: Mapped[str] = mapped_column(String(SHORT_CODE_DIGITS), unique=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    intro: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[PlaylistState] = mapped_column(text_enum(PlaylistState), default=PlaylistState.DRAFT)
    #: Grows with every change and guards against lost updates.
    version: Mapped[int] = mapped_column(default=1)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class PlaylistItem(Base):
    """A lecture in a playlist; a removed one is kept for a while, so that removing can be undone."""

    __tablename__ = "playlist_item"
    __table_args__ = (
        UniqueConstraint("playlist_id", "lecture_id"),
        Index("ix_playlist_item_playlist_id_position", "playlist_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    playlist_id: Mapped[int] = mapped_column(ForeignKey("playlist.id", ondelete="CASCADE"))
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), index=True)
    #: 1 … n without gaps among the items that are not removed; a removed item remembers its old place.
    position: Mapped[int]
    note: Mapped[str] = mapped_column(String(NOTE_MAX), default="")
    removed_at: Mapped[datetime | None]
