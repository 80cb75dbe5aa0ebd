"""What every room may ask of playlists: their cards, and which lecture comes before and after in one.

They stand on this row because the lecture page shows the way through a playlist, and the search finds them. Their
tables: models.py. Writing and arranging: app.curation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Row, Select, exists, func, select
from sqlalchemy.orm import Session

from app.catalogue.models import (
    INTRO_MAX,
    ITEMS_MAX,
    NOTE_MAX,
    TITLE_MAX,
    Playlist,
    PlaylistItem,
    PlaylistState,
)
from app.catalogue.queries import Highlights, LectureCard, list_cards
from app.library.models import Lecture, LectureState, LectureTerm, Term
from app.library.places import Unit

__all__ = [
    "INTRO_MAX",
    "ITEMS_MAX",
    "NOTE_MAX",
    "TITLE_MAX",
    "Playlist",
    "PlaylistCard",
    "PlaylistContext",
    "PlaylistItem",
    "PlaylistState",
    "is_shown",
    "list_newest_playlists",
    "list_playlist_cards",
    "playlist_context",
    "public_lectures",
    "public_titles",
    "subjects_of",
]


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

    id: int
    public_id: str
    title: str
    intro: str
    unit_name: str
    lecture_count: int
    cover: LectureCard
    highlights: Highlights = field(default_factory=dict)


def list_newest_playlists(db: Session, *, limit: int) -> list[PlaylistCard]:
    """Return the playlists published last that have something to play, with their covers. Four queries."""
    newest = _with_unit().order_by(Playlist.published_at.desc(), Playlist.id.desc()).limit(limit)
    return _cards(db, db.execute(newest).all(), {})


def list_playlist_cards(
    db: Session, playlist_ids: Sequence[int], highlights: Mapping[int, Highlights] | None = None
) -> list[PlaylistCard]:
    """Return cards of those playlists residents get right now, in the order asked for. Four queries."""
    if not playlist_ids:
        return []
    rows = {row[0].id: row for row in db.execute(_with_unit().where(Playlist.id.in_(playlist_ids)))}
    return _cards(db, [rows[each] for each in playlist_ids if each in rows], highlights or {})


def _with_unit() -> Select[Playlist, str]:
    return select(Playlist, Unit.name).join(Unit, Unit.id == Playlist.unit_id).where(*is_shown())


def _cards(
    db: Session, found: Sequence[Row[Playlist, str]], highlights: Mapping[int, Highlights]
) -> list[PlaylistCard]:
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
            id=playlist.id,
            public_id=playlist.public_id,
            title=playlist.title,
            intro=playlist.intro,
            unit_name=unit_name,
            lecture_count=len(lecture_ids[playlist.id]),
            cover=covers[lecture_ids[playlist.id][0]],
            highlights=highlights.get(playlist.id, {}),
        )
        for playlist, unit_name in found
        if lecture_ids[playlist.id]
    ]


def is_shown() -> tuple[ColumnElement[bool], ...]:
    """Say of a playlist that residents get it: published, and with something to play."""
    plays_something = exists().where(PlaylistItem.playlist_id == Playlist.id, *_is_played())
    return Playlist.state == PlaylistState.PUBLISHED, plays_something


def _is_played() -> tuple[ColumnElement[bool], ...]:
    """Say of an item that residents get it: neither removed nor of a lecture that is not public."""
    return (
        PlaylistItem.removed_at.is_(None),
        Lecture.id == PlaylistItem.lecture_id,
        Lecture.state == LectureState.PUBLISHED,
    )


def public_titles(db: Session, titles: Collection[str]) -> Collection[str]:
    """Return which of these are titles of playlists that residents get. At most one query."""
    if not titles:
        return ()
    return db.scalars(select(Playlist.title).where(Playlist.title.in_(titles), *is_shown()).distinct()).all()


def subjects_of(db: Session, playlist_ids: Sequence[int]) -> Mapping[int, Mapping[str, tuple[str, ...]]]:
    """Return what playlists are about: terms, by scheme, of at least half of their public lectures. Two queries."""
    played = select(PlaylistItem.playlist_id, PlaylistItem.lecture_id).where(
        PlaylistItem.playlist_id.in_(playlist_ids), exists().where(*_is_played())
    )
    lectures = Counter(playlist_id for playlist_id, _ in db.execute(played))
    item = played.subquery()
    carried = db.execute(
        select(item.c.playlist_id, Term.scheme, Term.key, func.count())
        .join(LectureTerm, LectureTerm.lecture_id == item.c.lecture_id)
        .join(Term, Term.id == LectureTerm.term_id)
        .group_by(item.c.playlist_id, Term.scheme, Term.key, Term.position)
        .order_by(item.c.playlist_id, Term.position)
    )
    found: dict[int, dict[str, tuple[str, ...]]] = {playlist_id: {} for playlist_id in playlist_ids}
    for playlist_id, scheme, key, count in carried:
        if 2 * count >= lectures[playlist_id]:
            terms = found[playlist_id]
            terms[scheme] = (*terms.get(scheme, ()), key)
    return found


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
