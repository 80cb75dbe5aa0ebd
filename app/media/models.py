"""Tables of sources, of the subtitles found in them, media sets and renditions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel.db import Base

SUBTITLE_TITLE_MAX = 60


class Source(Base):
    """An uploaded master, kept under a key named by its content."""

    __tablename__ = "source"

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    storage_key: Mapped[str] = mapped_column(String(200), index=True)
    #: What probing found, for the teacher's page; null until probed.
    media_info: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    #: What looking through the file found, or why that was not possible (`app/media/preflight.py`); null until then.
    preflight: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    #: The lecture's media are cut out of a finished set instead of encoded (`app/media/cutting.py`): which stretch of
    #: which set. The master is then the whole original's.
    cut: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    #: When the master of a replaced file was given up (`app/media/versions.py`); the row stays, the bytes do not.
    master_dropped_at: Mapped[datetime | None]


class CaptionDraft(Base):
    """Subtitles that were inside a source, until its teacher keeps them as a caption or deletes them.

    The row outlives the decision, so that the same file never offers the same words again.
    """

    __tablename__ = "caption_draft"
    __table_args__ = (UniqueConstraint("source_id", "stream_index"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    stream_index: Mapped[int]
    #: One of the languages of captions, or empty where that is not known.
    language: Mapped[str] = mapped_column(String(16))
    #: What the file calls them; often empty.
    title: Mapped[str] = mapped_column(String(SUBTITLE_TITLE_MAX))
    #: Emptied when decided.
    webvtt: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]


class MediaSet(Base):
    """Everything one plan made of one source."""

    __tablename__ = "media_set"
    __table_args__ = (
        # A lecture may come back to a file it had: another source, the same plan.
        UniqueConstraint("source_id", "digest"),
        Index(
            "uq_media_set_current",
            "lecture_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"))
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    recipe: Mapped[str] = mapped_column(String(60))
    is_current: Mapped[bool] = mapped_column(default=False)
    duration_s: Mapped[float]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    #: Names of objects under the prefix; None where the lecture has no such thing (audio has no poster).
    master_name: Mapped[str] = mapped_column(String(80))
    saver_name: Mapped[str] = mapped_column(String(80))
    audio_name: Mapped[str | None] = mapped_column(String(80))
    mp4_name: Mapped[str | None] = mapped_column(String(80))
    m4a_name: Mapped[str | None] = mapped_column(String(80))
    poster_name: Mapped[str | None] = mapped_column(String(80))
    storyboard_name: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    #: When another set became the one residents get; null for that one. It may still be watched for a while.
    replaced_at: Mapped[datetime | None]

    source: Mapped[Source] = relationship(lazy="raise")
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="media_set", lazy="raise", order_by="Rendition.bandwidth_bps", cascade="all, delete-orphan"
    )

    @property
    def is_audio_only(self) -> bool:
        """A lecture to listen to."""
        return self.mp4_name is None

    @property
    def has_ai_label(self) -> bool:
        """The source says that it holds AI-generated content (GB 45438); needs the source loaded."""
        return bool((self.source.media_info or {}).get("aigc"))


class GrowingSet(Base):
    """A lecture's first set while it is being made: what can be watched already. Gone when the set is recorded."""

    __tablename__ = "growing_set"

    lecture_id: Mapped[int] = mapped_column(ForeignKey("lecture.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    is_audio_only: Mapped[bool]
    #: Heights of the rungs to come by name, for the player's choices.
    heights_px: Mapped[dict[str, int]] = mapped_column(JSON)
    duration_s: Mapped[float]
    available_s: Mapped[float]
    updated_at: Mapped[datetime]

    source: Mapped[Source] = relationship(lazy="raise")

    @property
    def has_ai_label(self) -> bool:
        """As of a finished set; needs the source loaded."""
        return bool((self.source.media_info or {}).get("aigc"))


class Rendition(Base):
    """One encoded variant of a set; bit rates are measured from what was written."""

    __tablename__ = "rendition"

    id: Mapped[int] = mapped_column(primary_key=True)
    media_set_id: Mapped[int] = mapped_column(ForeignKey("media_set.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(20))
    manifest_name: Mapped[str] = mapped_column(String(80))
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    bandwidth_bps: Mapped[int]
    average_bandwidth_bps: Mapped[int]
    codecs: Mapped[str] = mapped_column(String(60))
    size_bytes: Mapped[int] = mapped_column(BigInteger)

    media_set: Mapped[MediaSet] = relationship(back_populates="renditions", lazy="raise")
