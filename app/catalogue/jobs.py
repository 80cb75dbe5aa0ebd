"""Keeping the index true: listeners note in the change log what is to be written again; following.py applies it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.documents import KIND, PLAYLIST
from app.catalogue.models import IndexChange, PlaylistItem
from app.kernel import outbox
from app.kernel.clock import utc_now
from app.library.events import LectureChanged, LecturePublished, LectureWithdrawn

#: An entry of the log that is no document's: every copy that passes it is to be compared with the database.
COMPARISON: Final = "comparison"
_NUMBERING_LOCK: Final = 5_100_001


class OfPlaylist(Protocol):
    """A fact about a playlist; the room that writes playlists announces it."""

    @property
    def playlist_id(self) -> int:
        """Which."""


def note_lecture(db: Session, event: LecturePublished | LectureChanged | LectureWithdrawn) -> None:
    """Listen to lecture events: log the change, also of the playlists that play it: they are about what it is about."""
    with_it = select(PlaylistItem.playlist_id).where(
        PlaylistItem.lecture_id == event.lecture_id, PlaylistItem.removed_at.is_(None)
    )
    playlists = db.scalars(with_it.order_by(PlaylistItem.playlist_id))
    subjects = [(KIND, event.lecture_id), *((PLAYLIST, each) for each in playlists)]
    note_changes(db, subjects)


def note_playlist(db: Session, event: OfPlaylist) -> None:
    """Listen to playlist events."""
    note_changes(db, [(PLAYLIST, event.playlist_id)])


def note_changes(db: Session, subjects: Iterable[tuple[str, int]]) -> None:
    """Log that documents of these (kind, id) are to be written again; every copy of the index finds it there."""
    if db.get_bind().dialect.name == "postgresql":
        # Numbers must become visible in their order, or a copy that saw the later one would never look for the
        # earlier. SQLite has one writer at a time anyway.
        db.execute(select(func.pg_advisory_xact_lock(_NUMBERING_LOCK)))
    now = utc_now()
    db.add_all(IndexChange(kind=kind, subject_id=subject_id, created_at=now) for kind, subject_id in subjects)


def subscribe(subscriptions: outbox.Subscriptions) -> None:
    """Listen to what changes the catalogue."""
    subscriptions.listen(LecturePublished, note_lecture)
    subscriptions.listen(LectureChanged, note_lecture)
    subscriptions.listen(LectureWithdrawn, note_lecture)
