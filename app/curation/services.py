"""Writes to playlists: making, wording, publishing, withdrawing. Their items: items.py."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import INTRO_MAX, TITLE_MAX, Playlist, PlaylistItem, PlaylistState
from app.curation import policies
from app.curation.events import PlaylistChanged, PlaylistPublished, PlaylistWithdrawn
from app.curation.typed_text import clean
from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted, StaleVersion, Unavailable
from app.kernel.ids import new_public_id, new_short_code
from app.kernel.sentences import too_long
from app.library.models import Lecture, LectureState
from app.library.places import Unit

log = structlog.get_logger(__name__)

_CODE_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class PlaylistFields:
    """What a person types about a playlist."""

    title: str
    intro: str = ""


def create_playlist(db: Session, actor: Actor, unit_id: int, fields: PlaylistFields) -> Playlist:
    """Begin a draft in the name of a centre.

    Raises:
        NotPermitted: when the actor does not curate for the centre.
        InvalidInput: with a sentence per wrong field.
    """
    if not policies.can_curate_for(actor, unit_id):
        raise NotPermitted(unit_id=unit_id)
    if db.get(Unit, unit_id) is None:
        raise InvalidInput(fields={"unit": "请选择播单由哪个中心发布。"})
    title, intro = _checked(fields)
    now = utc_now()
    playlist = Playlist(
        public_id=new_public_id(), short_code=_unused_code(db), unit_id=unit_id, title=title, intro=intro,
        state=PlaylistState.DRAFT, version=1, created_by_id=actor.user_id, created_at=now, updated_at=now,
    )
    db.add(playlist)
    db.flush()
    log.info("playlist_created", playlist_id=playlist.id, unit_id=unit_id)
    return playlist


def edit_playlist(
    db: Session, actor: Actor, public_id: str, fields: PlaylistFields, *, expected_version: int
) -> Playlist:
    """Change title and introduction."""
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    playlist.title, playlist.intro = _checked(fields)
    touch(db, playlist)
    return playlist


def publish_playlist(db: Session, actor: Actor, public_id: str, *, expected_version: int) -> Playlist:
    """Show a playlist to everybody; a second click changes nothing.

    Raises:
        Conflict: when none of its lectures is public.
    """
    playlist = load_for_edit(db, actor, public_id, expected_version=None)
    if playlist.state is PlaylistState.PUBLISHED:
        return playlist
    check_version(playlist, expected_version)
    if not _count_public(db, playlist):
        raise Conflict("播单里还没有能看的课，请先加几讲再发布。", code="empty_playlist", playlist_id=playlist.id)
    playlist.state, playlist.published_at, playlist.withdrawn_at = PlaylistState.PUBLISHED, utc_now(), None
    touch(db, playlist)
    outbox.emit(db, PlaylistPublished(playlist.id))
    log.info("playlist_published", playlist_id=playlist.id)
    return playlist


def withdraw_playlist(db: Session, actor: Actor, public_id: str, *, expected_version: int) -> Playlist:
    """Take a playlist back; its code keeps leading to a page that says so.

    Raises:
        Conflict: when it is not public.
    """
    playlist = load_for_edit(db, actor, public_id, expected_version=expected_version)
    if playlist.state is not PlaylistState.PUBLISHED:
        raise Conflict("这个播单现在没有公开，不用撤回。", code="not_published", playlist_id=playlist.id)
    playlist.state, playlist.withdrawn_at = PlaylistState.WITHDRAWN, utc_now()
    touch(db, playlist)
    outbox.emit(db, PlaylistWithdrawn(playlist.id))
    log.info("playlist_withdrawn", playlist_id=playlist.id)
    return playlist


def load_for_edit(db: Session, actor: Actor, public_id: str, *, expected_version: int | None) -> Playlist:
    """Load a playlist the actor may edit, its row locked where the database can.

    Raises:
        NotFound: when there is none, or it is another centre's (whose desk is nobody else's business).
        StaleVersion: when somebody saved since the actor read it.
    """
    playlist = db.scalars(select(Playlist).where(Playlist.public_id == public_id).with_for_update()).first()
    if playlist is None or not policies.can_edit_playlist(actor, playlist):
        raise NotFound(public_id=public_id)
    if expected_version is not None:
        check_version(playlist, expected_version)
    return playlist


def check_version(playlist: Playlist, expected_version: int) -> None:
    """Raise StaleVersion when somebody saved since the actor read the playlist."""
    if playlist.version != expected_version:
        raise StaleVersion(playlist_id=playlist.id, version=playlist.version, expected=expected_version)


def touch(db: Session, playlist: Playlist) -> None:
    """Count a change, and tell listeners when it shows in public."""
    playlist.version += 1
    playlist.updated_at = utc_now()
    if playlist.state is PlaylistState.PUBLISHED:
        outbox.emit(db, PlaylistChanged(playlist.id))


def _checked(fields: PlaylistFields) -> tuple[str, str]:
    problems: dict[str, str] = {}
    title, intro = clean(fields.title), clean(fields.intro, keep_lines=True)
    if not title:
        problems["title"] = "请写播单的名字。"
    elif len(title) > TITLE_MAX:
        problems["title"] = too_long("名字", TITLE_MAX, title)
    if len(intro) > INTRO_MAX:
        problems["intro"] = too_long("介绍", INTRO_MAX, intro)
    if problems:
        raise InvalidInput(fields=problems)
    return title, intro


def _count_public(db: Session, playlist: Playlist) -> int:
    statement = (
        select(func.count())
        .select_from(PlaylistItem)
        .join(Lecture, Lecture.id == PlaylistItem.lecture_id)
        .where(
            PlaylistItem.playlist_id == playlist.id, PlaylistItem.removed_at.is_(None),
            Lecture.state == LectureState.PUBLISHED,
        )
    )
    return db.scalar(statement) or 0


def _unused_code(db: Session) -> str:
    for _attempt in range(_CODE_ATTEMPTS):
        code = new_short_code()
        if db.scalar(select(Playlist.id).where(Playlist.short_code == code)) is None:
            return code
    raise Unavailable(code="no_short_code_left")
