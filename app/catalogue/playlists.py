"""Tables of playlists and what every room may ask of them: which lecture comes before and after in one.

They stand on this row because the lecture page shows the way through a playlist. Writing and arranging: app.curation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.catalogue.queries import LectureCard, list_cards
from app.kernel.db import Base, text_enum
from app.library.models import Lecture, LectureState
from app.library.places import Unit

TITLE_MAX, INTRO_MAX, NOTE_MAX, ITEMS_MAX = 120, 1000, 500, 100
SHORT_CODE_DIGITS = 7


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


@dataclass(frozen=True, slots=True)
class PlaylistContext:
    """Where a lecture stands in a public playlist. Positions count public lectures only: 1 … count."""

    title: str
    public_id: str
    position: int
    count: int
    previous_position: int | None
    previous_title: str
    next_position: int | None
    next_title: str
    #: The centre that made it, and whom to ask there.
    unit_name: str = ""
    unit_phone: str = ""


@dataclass(frozen=True, slots=True)
class PlaylistCard:
    """What a list shows of a public playlist; `cover` is its first public lecture."""

    public_id: str
    title: str
    intro: str
    unit_name: str
    lecture_count: int
    cover: LectureCard


def list_newest_playlists(db: Session, *, limit: int) -> list[PlaylistCard]:
    """Return the playlists published last that have something to play, with their covers. Four queries."""
    found = db.execute(
        select(Playlist, Unit.name)
        .join(Unit, Unit.id == Playlist.unit_id)
        .where(
            Playlist.state == PlaylistState.PUBLISHED,
            exists().where(PlaylistItem.playlist_id == Playlist.id, *_is_played()),
        )
        .order_by(Playlist.published_at.desc(), Playlist.id.desc())
        .limit(limit)
    ).all()
    lecture_ids: dict[int, list[int]] = {playlist.id: [] for playlist, _ in found}
    for playlist_id, lecture_id in db.execute(
        select(PlaylistItem.playlist_id, PlaylistItem.lecture_id)
        .where(PlaylistItem.playlist_id.in_(lecture_ids), exists().where(*_is_played()))
        .order_by(PlaylistItem.position)
    ):
        lecture_ids[playlist_id].append(lecture_id)
    covers = {card.id: card for card in list_cards(db, [ids[0] for ids in lecture_ids.values() if ids])}
    return [
        PlaylistCard(
            public_id=playlist.public_id,
            title=playlist.title,
            intro=playlist.intro,
            unit_name=unit_name,
            lecture_count=len(lecture_ids[playlist.id]),
            cover=covers[lecture_ids[playlist.id][0]],
        )
        for playlist, unit_name in found
        if lecture_ids[playlist.id]
    ]


def _is_played() -> tuple[ColumnElement[bool], ...]:
    """Say of an item that residents get it: neither removed nor of a lecture that is not public."""
    return (
        PlaylistItem.removed_at.is_(None),
        Lecture.id == PlaylistItem.lecture_id,
        Lecture.state == LectureState.PUBLISHED,
    )


def public_lectures(db: Session, playlist_public_id: str) -> list[tuple[str, str, str]]:
    """Return (playlist title, lecture public id, lecture title) of what a public playlist plays. One query."""
    rows = db.execute(
        select(Playlist.title, Lecture.public_id, Lecture.title)
        .join(PlaylistItem, PlaylistItem.playlist_id == Playlist.id)
        .join(Lecture, Lecture.id == PlaylistItem.lecture_id)
        .where(
            Playlist.public_id == playlist_public_id,
            Playlist.state == PlaylistState.PUBLISHED,
            PlaylistItem.removed_at.is_(None),
            Lecture.state == LectureState.PUBLISHED,
        )
        .order_by(PlaylistItem.position)
    )
    return [(title, lecture_id, lecture_title) for title, lecture_id, lecture_title in rows]


def playlist_context(
    db: Session, playlist_public_id: str, position: int, *, lecture_public_id: str | None = None
) -> PlaylistContext | None:
    """Return what comes before and after the lecture at `position`, or None when there is no such place.

    Args:
        db: session.
        playlist_public_id: from the address.
        position: counts the public lectures of the playlist from 1.
        lecture_public_id: the lecture really shown. Links stay in histories while curators rearrange: when the
            lecture has moved, its present position is used; when it left the playlist, there is no context.
    """
    rows = public_lectures(db, playlist_public_id)
    if lecture_public_id is not None:
        places = [place for place, (_, public_id, _) in enumerate(rows, start=1) if public_id == lecture_public_id]
        if not places:
            return None
        position = places[0]
    if not 1 <= position <= len(rows):
        return None
    unit = db.execute(
        select(Unit.name, Unit.contact_phone)
        .join(Playlist, Playlist.unit_id == Unit.id)
        .where(Playlist.public_id == playlist_public_id)
    ).one()
    has_previous, has_next = position > 1, position < len(rows)
    return PlaylistContext(
        title=rows[0][0],
        public_id=playlist_public_id,
        position=position,
        count=len(rows),
        previous_position=position - 1 if has_previous else None,
        previous_title=rows[position - 2][2] if has_previous else "",
        next_position=position + 1 if has_next else None,
        next_title=rows[position][2] if has_next else "",
        unit_name=unit.name,
        unit_phone=unit.contact_phone,
    )
