"""Taking beacons in: rows are appended and nothing else is done while a player waits."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist, PlaylistState
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.db import insert_for
from app.library.models import Lecture, LectureState
from app.library.policies import can_view_work_on
from app.watching.beacons import Beacon
from app.watching.models import PlayBeacon


def take_beacons(db: Session, actor: Actor, beacons: Sequence[Beacon]) -> int:
    """Keep what is told of lectures on the shelf by others than their own people; return how many were considered.

    The same beacon again adds nothing; what names no lecture of ours is left out without a word.
    """
    wanted = select(Lecture).where(
        Lecture.public_id.in_({each.lecture for each in beacons}), Lecture.state == LectureState.PUBLISHED
    )
    lectures = {row.public_id: row for row in db.scalars(wanted) if not can_view_work_on(actor, row)}
    if not lectures:
        return 0
    playlists = _playlists(db, {each.playlist for each in beacons if each.playlist})
    now = utc_now()
    rows = [
        {
            "play_key": each.play_key, "number": each.number, "lecture_id": lectures[each.lecture].id,
            "playlist_id": playlists.get(each.playlist), "played_s": each.played_s, "covered_s": each.covered_s,
            "is_listening": each.is_listening, "received_at": now,
        }
        for each in beacons
        if each.lecture in lectures
    ]  # fmt: skip
    db.execute(insert_for(db, PlayBeacon).values(rows).on_conflict_do_nothing())
    return len(rows)


def _playlists(db: Session, names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    wanted = Playlist.public_id.in_(names), Playlist.state == PlaylistState.PUBLISHED
    return {row[0]: row[1] for row in db.execute(select(Playlist.public_id, Playlist.id).where(*wanted))}
