"""Lectures, playlists and people for the tests of curation, admin and the API."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.catalogue.playlists import Playlist
from app.curation import items, services
from app.kernel import outbox
from app.kernel.actor import Actor, Grant
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.library.events import LecturePublished
from app.library.models import Lecture, LectureState, Term
from app.library.places import Institution
from app.media.models import MediaSet, Source
from tests.fixtures.app import make_institution, make_unit, make_user

_numbers = itertools.count(1)

TITLES = (
    "冬季养生：三九天怎么进补",
    "手机字太小，三步调大",
    "八段锦完整教学",
    "防骗：陌生电话的五个套路",
    "太极入门第一讲",
    "书法：从握笔开始",
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What `stock_shelf` put there; plain values, usable after the session ended."""

    unit_id: int
    unit_public_id: str
    unit_name: str
    curator_login: str
    curator: Actor
    operator_login: str
    lectures: tuple[str, ...]


def make_lecture(
    db: Session,
    institution: Institution,
    title: str,
    *,
    state: LectureState = LectureState.PUBLISHED,
    duration_s: float = 600.0,
    poster_name: str | None = "poster.jpg",
    audience: str | None = None,
) -> Lecture:
    """Add a lecture with a current media set (no files)."""
    number, now = next(_numbers), utc_now()
    lecture = Lecture(
        public_id=new_public_id(), institution_id=institution.id, title=title, teacher="周老师",
        description=f"{title}。", tags=[], state=state, created_at=now, updated_at=now,
        published_at=None if state is LectureState.DRAFT else now - timedelta(minutes=number), terms=[], captions=[],
    )  # fmt: skip
    if audience is not None:
        lecture.terms.append(db.scalars(select(Term).where(Term.scheme == "audience", Term.key == audience)).one())
    db.add(lecture)
    db.flush()
    digest = hashlib.sha256(lecture.public_id.encode()).hexdigest()
    source = Source(
        lecture_id=lecture.id, filename="master.mp4", sha256=digest, size_bytes=1000, storage_key=f"sources/{digest}",
        created_at=now,
    )  # fmt: skip
    db.add(source)
    db.flush()
    media_set = MediaSet(
        lecture_id=lecture.id, source_id=source.id, digest=digest, recipe="test", is_current=True,
        duration_s=duration_s, size_bytes=500, master_name="master.m3u8", saver_name="saver.m3u8",
        audio_name="audio.m3u8", mp4_name="lecture.mp4", m4a_name="lecture.m4a", poster_name=poster_name,
        storyboard_name=None, created_at=now, renditions=[],
    )  # fmt: skip
    db.add(media_set)
    if state is LectureState.PUBLISHED:
        outbox.emit(db, LecturePublished(lecture.id))
    return lecture


def stock_shelf(db: Session) -> Shelf:
    """Add a centre with its curator, an operator, and six public lectures."""
    unit = make_unit(db, name=f"沈河区社区教育中心{next(_numbers)}")
    user = make_user(db, Role.CURATOR, unit_id=unit.id)
    operator = make_user(db, Role.OPERATOR)
    institution = make_institution(db, name=f"滨海市老年大学{next(_numbers)}")
    lectures = [make_lecture(db, institution, title, duration_s=300.0 + 60 * n) for n, title in enumerate(TITLES)]
    actor = Actor(user.id, user.public_id, user.display_name, (Grant("curator", unit_id=unit.id),))
    return Shelf(
        unit.id,
        unit.public_id,
        unit.name,
        user.login,
        actor,
        operator.login,
        tuple(lecture.public_id for lecture in lectures),
    )


def make_playlist(
    db: Session, shelf: Shelf, *, title: str = "冬季养生一周", count: int = 3, is_published: bool = False
) -> Playlist:
    """Add a playlist of the shelf's first lectures through the services."""
    playlist = services.create_playlist(db, shelf.curator, shelf.unit_id, services.PlaylistFields(title, "每天一讲。"))
    for lecture in shelf.lectures[:count]:
        items.add_item(db, shelf.curator, playlist.public_id, lecture, expected_version=playlist.version)
    if is_published:
        services.publish_playlist(db, shelf.curator, playlist.public_id, expected_version=playlist.version)
    return playlist
