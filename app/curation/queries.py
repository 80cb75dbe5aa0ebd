"""Reads of playlists: the desk of the curators, the page of the residents, the way from a code to a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist, PlaylistItem, PlaylistState
from app.catalogue.queries import LectureCard, list_cards
from app.curation import policies
from app.curation.items import UNDO_LASTS
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound, Withdrawn
from app.library.models import Lecture, LectureState
from app.library.places import Unit

PER_PAGE = 20
#: Removed lectures the desk offers to bring back.
UNDO_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PlaylistRow:
    """A line of a list of playlists. `cover` is the card of its first public lecture."""

    public_id: str
    short_code: str
    title: str
    intro: str
    unit_name: str
    state: PlaylistState
    lecture_count: int
    updated_at: datetime
    cover: LectureCard | None = None


@dataclass(frozen=True, slots=True)
class PlaylistPage:
    """One page of such lines."""

    rows: tuple[PlaylistRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Item:
    """A lecture in a playlist; `card` is None while it is not public: the desk says so, residents see nothing of it."""

    lecture_public_id: str
    lecture_title: str
    position: int
    note: str
    card: LectureCard | None


@dataclass(frozen=True, slots=True)
class FullPlaylist:
    """A playlist with everything its pages show."""

    public_id: str
    short_code: str
    title: str
    intro: str
    state: PlaylistState
    version: int
    updated_at: datetime
    unit_name: str
    unit_phone: str
    items: tuple[Item, ...]
    removed: tuple[Item, ...] = ()

    @property
    def shown(self) -> tuple[LectureCard, ...]:
        """Cards of the lectures residents can watch, in order."""
        return tuple(item.card for item in self.items if item.card is not None)

    @property
    def away_count(self) -> int:
        """How many of its lectures residents cannot watch now."""
        return len(self.items) - len(self.shown)

    @property
    def total_duration_s(self) -> float:
        """How long watching all of it takes."""
        return sum(card.duration_s or 0.0 for card in self.shown)

    @property
    def is_published(self) -> bool:
        """Open to everybody right now."""
        return self.state is PlaylistState.PUBLISHED


def list_units_of(db: Session, actor: Actor) -> Sequence[Unit]:
    """Units the actor may make playlists for; the operator sees all."""
    statement = select(Unit).order_by(Unit.name)
    if not actor.is_operator:
        statement = statement.where(Unit.id.in_(actor.unit_ids("curator")))
    return db.scalars(statement).all()


def list_playlists(db: Session, actor: Actor, *, page: int = 1, per_page: int = PER_PAGE) -> PlaylistPage:
    """Return the playlists the actor may edit, last changed first. Two queries."""
    mine = [] if actor.is_operator else [Playlist.unit_id.in_(actor.unit_ids("curator"))]
    total = db.scalar(select(func.count()).select_from(Playlist).where(*mine)) or 0
    statement = select(Playlist, Unit.name, _count_items()).join(Unit, Unit.id == Playlist.unit_id).where(*mine)
    statement = statement.order_by(Playlist.updated_at.desc(), Playlist.id.desc())
    rows = db.execute(statement.limit(per_page).offset((page - 1) * per_page))
    lines = tuple(_row(playlist, unit_name, count) for playlist, unit_name, count in rows)
    return PlaylistPage(lines, total, page, max(1, -(-total // per_page)))


def list_public_playlists(db: Session, *, page: int = 1, per_page: int = PER_PAGE) -> PlaylistPage:
    """Return published playlists with their covers, newest first. Five queries."""
    public = Playlist.state == PlaylistState.PUBLISHED
    total = db.scalar(select(func.count()).select_from(Playlist).where(public)) or 0
    statement = select(Playlist, Unit.name, _count_items(public_only=True)).join(Unit, Unit.id == Playlist.unit_id)
    statement = statement.where(public).order_by(Playlist.published_at.desc(), Playlist.id.desc())
    found = db.execute(statement.limit(per_page).offset((page - 1) * per_page)).all()
    places = (
        select(PlaylistItem.playlist_id, PlaylistItem.lecture_id)
        .join(Lecture, Lecture.id == PlaylistItem.lecture_id)
        .where(
            PlaylistItem.playlist_id.in_([playlist.id for playlist, _, _ in found]),
            PlaylistItem.removed_at.is_(None), Lecture.state == LectureState.PUBLISHED,
        )
        .order_by(PlaylistItem.position.desc())
    )
    # Backwards, so that the first lecture of each playlist is the one that stays.
    firsts: dict[int, int] = {row.playlist_id: row.lecture_id for row in db.execute(places)}
    covers = {card.id: card for card in list_cards(db, sorted(set(firsts.values())))}
    lines = tuple(
        _row(playlist, unit_name, count, covers.get(firsts.get(playlist.id, 0))) for playlist, unit_name, count in found
    )
    return PlaylistPage(lines, total, page, max(1, -(-total // per_page)))


def get_for_desk(db: Session, actor: Actor, public_id: str) -> FullPlaylist:
    """Load a playlist for those who arrange it, with what was removed lately. Four queries.

    Raises:
        NotFound: none, or another centre's.
    """
    playlist, unit = _load(db, public_id)
    if not policies.can_edit_playlist(actor, playlist):
        raise NotFound(public_id=public_id)
    return _full(db, playlist, unit)


def get_public(db: Session, public_id: str) -> FullPlaylist:
    """Load a playlist for residents: public lectures only. Four queries.

    Raises:
        NotFound: none, or a draft.
        Withdrawn: it was public once.
    """
    playlist, unit = _load(db, public_id)
    if playlist.state is PlaylistState.WITHDRAWN:
        raise Withdrawn("这个播单已经撤回。", code="playlist_withdrawn", title=playlist.title)
    if playlist.state is not PlaylistState.PUBLISHED:
        raise NotFound(public_id=public_id)
    full = _full(db, playlist, unit)
    shown = [item for item in full.items if item.card is not None]
    items = tuple(
        Item(item.lecture_public_id, item.lecture_title, position, item.note, item.card)
        for position, item in enumerate(shown, start=1)
    )
    return FullPlaylist(
        full.public_id, full.short_code, full.title, full.intro, full.state, full.version, full.updated_at,
        full.unit_name, full.unit_phone, items,
    )


def find_by_code(db: Session, short_code: str) -> str | None:
    """Return the public id behind a poster's code; drafts have none yet."""
    return db.scalar(
        select(Playlist.public_id).where(Playlist.short_code == short_code, Playlist.state != PlaylistState.DRAFT)
    )


def get_short_code(db: Session, actor: Actor, public_id: str) -> tuple[str, bool]:
    """Return (short code, is public) of a playlist the actor may see.

    Raises:
        NotFound: none, or a draft of others.
    """
    playlist, _unit = _load(db, public_id)
    is_draft = playlist.state is PlaylistState.DRAFT
    if is_draft and not policies.can_edit_playlist(actor, playlist):
        raise NotFound(public_id=public_id)
    return playlist.short_code, not is_draft


def _load(db: Session, public_id: str) -> tuple[Playlist, Unit]:
    row = db.execute(
        select(Playlist, Unit).join(Unit, Unit.id == Playlist.unit_id).where(Playlist.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound(public_id=public_id)
    return row[0], row[1]


def _full(db: Session, playlist: Playlist, unit: Unit) -> FullPlaylist:
    rows = db.execute(
        select(PlaylistItem, Lecture.public_id, Lecture.title)
        .join(Lecture, Lecture.id == PlaylistItem.lecture_id)
        .where(PlaylistItem.playlist_id == playlist.id)
        .order_by(PlaylistItem.position, PlaylistItem.id)
    ).all()
    cards = {card.id: card for card in list_cards(db, [item.lecture_id for item, _, _ in rows])}
    active, removed = [], []
    for item, public_id, title in rows:
        shown = Item(public_id, title, item.position, item.note, cards.get(item.lecture_id))
        if item.removed_at is None:
            active.append(shown)
        elif item.removed_at >= utc_now() - UNDO_LASTS:
            removed.append((item.removed_at, shown))
    removed.sort(key=lambda pair: pair[0], reverse=True)
    return FullPlaylist(
        public_id=playlist.public_id, short_code=playlist.short_code, title=playlist.title, intro=playlist.intro,
        state=playlist.state, version=playlist.version, updated_at=playlist.updated_at, unit_name=unit.name,
        unit_phone=unit.contact_phone, items=tuple(active),
        removed=tuple(item for _, item in removed[:UNDO_SHOWN]),
    )


def _count_items(*, public_only: bool = False) -> ScalarSelect[int]:
    statement = (
        select(func.count())
        .select_from(PlaylistItem)
        .where(PlaylistItem.playlist_id == Playlist.id, PlaylistItem.removed_at.is_(None))
        .correlate(Playlist)
    )
    if public_only:
        statement = statement.join(Lecture, Lecture.id == PlaylistItem.lecture_id).where(
            Lecture.state == LectureState.PUBLISHED
        )
    return statement.scalar_subquery()


def _row(playlist: Playlist, unit_name: str, count: int, cover: LectureCard | None = None) -> PlaylistRow:
    return PlaylistRow(
        public_id=playlist.public_id, short_code=playlist.short_code, title=playlist.title, intro=playlist.intro,
        unit_name=unit_name, state=playlist.state, lecture_count=count, updated_at=playlist.updated_at, cover=cover,
    )
