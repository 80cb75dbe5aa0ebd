"""Writes to the items of a playlist: adding, ordering, noting, removing and taking the removal back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import ITEMS_MAX, NOTE_MAX, Playlist, PlaylistItem
from app.curation.services import load_for_edit, touch
from app.curation.typed_text import clean
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound
from app.kernel.sentences import Sentence, too_long
from app.library.models import Lecture, LectureState

log = structlog.get_logger(__name__)

#: How long a removed item can be brought back.
UNDO_LASTS = timedelta(days=1)


def add_item(
    db: Session, actor: Actor, public_id: str, lecture_public_id: str, *, expected_version: int
) -> PlaylistItem:
    """Put a public lecture at the end; one removed before comes back with its note.

    Raises:
        NotFound: when there is no such public lecture.
        Conflict: when it is already in, or the playlist is full.
    """
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    lecture_id = db.scalar(
        select(Lecture.id).where(Lecture.public_id == lecture_public_id, Lecture.state == LectureState.PUBLISHED)
    )
    if lecture_id is None:
        raise NotFound("没有找到这一讲，它可能刚刚下架。", code="no_such_lecture", lecture=lecture_public_id)
    items = _active(db, playlist)
    _require_room(playlist, items)
    item = db.scalars(
        select(PlaylistItem).where(PlaylistItem.playlist_id == playlist.id, PlaylistItem.lecture_id == lecture_id)
    ).first()
    if item is not None and item.removed_at is None:
        raise Conflict("这一讲已经在播单里了。", code="already_in_playlist", playlist_id=playlist.id)
    if item is None:
        item = PlaylistItem(playlist_id=playlist.id, lecture_id=lecture_id, note="")
        db.add(item)
    item.removed_at = None
    _number([*items, item])
    touch(db, playlist)
    return item


def move_item(
    db: Session, actor: Actor, public_id: str, lecture_public_id: str, *, to: str | int, expected_version: int
) -> None:
    """Move an item "up", "down" or to a position (1 is first; too far means the end)."""
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    items = _active(db, playlist)
    item = _find(db, items, lecture_public_id)
    steps = {"up": item.position - 1, "down": item.position + 1}
    if isinstance(to, str) and to not in steps:
        raise InvalidInput(code="bad_move", to=to)
    wanted = steps[to] if isinstance(to, str) else to
    place = min(max(1, wanted), len(items))
    if place == item.position:
        return
    items.remove(item)
    items.insert(place - 1, item)
    _number(items)
    touch(db, playlist)


def set_note(
    db: Session, actor: Actor, public_id: str, lecture_public_id: str, note: str, *, expected_version: int
) -> None:
    """Write the sentence that goes with a lecture; an empty one takes it away."""
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    item = _find(db, _active(db, playlist), lecture_public_id)
    cleaned = clean(note, keep_lines=True)
    if len(cleaned) > NOTE_MAX:
        raise InvalidInput(fields={"note": too_long("留言", NOTE_MAX, cleaned)})
    if cleaned != item.note:
        item.note = cleaned
        touch(db, playlist)


def remove_item(db: Session, actor: Actor, public_id: str, lecture_public_id: str, *, expected_version: int) -> None:
    """Take an item out; `restore_item` puts it back while `UNDO_LASTS`."""
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    items = _active(db, playlist)
    item = _find(db, items, lecture_public_id)
    now = utc_now()
    db.execute(
        delete(PlaylistItem).where(
            PlaylistItem.playlist_id == playlist.id, PlaylistItem.removed_at < now - UNDO_LASTS
        )
    )
    item.removed_at = now
    items.remove(item)
    _number(items)
    touch(db, playlist)
    log.info("playlist_item_removed", playlist_id=playlist.id, lecture_id=item.lecture_id)


def restore_item(db: Session, actor: Actor, public_id: str, lecture_public_id: str, *, expected_version: int) -> None:
    """Undo a removal: the item returns to its old place with its note.

    Raises:
        NotFound: when nothing of that lecture was removed lately.
    """
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    item = db.scalars(
        select(PlaylistItem)
        .join(Lecture, Lecture.id == PlaylistItem.lecture_id)
        .where(
            PlaylistItem.playlist_id == playlist.id, Lecture.public_id == lecture_public_id,
            PlaylistItem.removed_at >= utc_now() - UNDO_LASTS,
        )
    ).first()
    if item is None:
        raise NotFound("这一讲已经不能撤销了，请重新添加。", code="nothing_to_undo")
    items = _active(db, playlist)
    _require_room(playlist, items)
    item.removed_at = None
    items.insert(min(item.position, len(items) + 1) - 1, item)
    _number(items)
    touch(db, playlist)


def _active(db: Session, playlist: Playlist) -> list[PlaylistItem]:
    statement = (
        select(PlaylistItem)
        .where(PlaylistItem.playlist_id == playlist.id, PlaylistItem.removed_at.is_(None))
        .order_by(PlaylistItem.position, PlaylistItem.id)
    )
    return list(db.scalars(statement))


def _find(db: Session, items: Sequence[PlaylistItem], lecture_public_id: str) -> PlaylistItem:
    lecture_id = db.scalar(select(Lecture.id).where(Lecture.public_id == lecture_public_id))
    for item in items:
        if item.lecture_id == lecture_id:
            return item
    raise NotFound("这一讲不在播单里。", code="no_such_item", lecture=lecture_public_id)


def _number(items: Sequence[PlaylistItem]) -> None:
    for position, item in enumerate(items, start=1):
        item.position = position


def _require_room(playlist: Playlist, items: Sequence[PlaylistItem]) -> None:
    if len(items) >= ITEMS_MAX:
        sentence = Sentence("一个播单最多 %(limit)d 讲，请另做一个播单。", limit=ITEMS_MAX)
        raise Conflict(sentence, code="playlist_full", playlist_id=playlist.id)
