"""The demo's audience: who made its lectures, and a month of plays, so that figures and certificates have content.

Safe to repeat: a lecture that has figures keeps them.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.catalogue.playlists import Playlist
from app.demo.people import COUNTY
from app.kernel.clock import utc_now
from app.library.models import Lecture, LectureState
from app.watching.counting import local_day
from app.watching.models import WatchDay

DAYS = 30
#: Plays of a day of the week, Monday first: in community rooms people watch from Monday to Friday.
_WEEK = (9, 7, 8, 6, 8, 3, 2)


def name_makers(db: Session, makers: dict[int, str]) -> None:
    """Say of every lecture of an institution that one of its people made it, where nobody did."""
    for institution_id, login in makers.items():
        user_id = db.scalars(select(User.id).where(User.login == login)).one()
        nobodys = Lecture.institution_id == institution_id, Lecture.created_by_id.is_(None)
        db.execute(update(Lecture).where(*nobodys, Lecture.state != LectureState.DRAFT).values(created_by_id=user_id))


def add_plays(db: Session, playlist_title: str) -> None:
    """Let the demo's lectures be watched at home, and in the community centre's playlist."""
    if db.scalar(select(WatchDay.id).limit(1)) is not None:
        return
    today = local_day(utc_now())
    playlist_id = db.scalar(select(Playlist.id).where(Playlist.title == playlist_title)) or 0
    lectures = db.scalars(select(Lecture).where(Lecture.state == LectureState.PUBLISHED).order_by(Lecture.id)).all()
    for place, lecture in enumerate(lectures):
        for back in range(1, DAYS + 1):
            day = today - timedelta(days=back)
            plays = max(1, _WEEK[day.weekday()] * (3 + (place * 5 + back) % 4) // 4)
            db.add(_row(lecture.id, plays, day=day))
            if place < 3 and day.weekday() < 5:
                db.add(_row(lecture.id, 2, day=day, playlist_id=playlist_id, region_code=COUNTY))


def _row(lecture_id: int, plays: int, **where: object) -> WatchDay:
    completions = plays * 2 // 3
    return WatchDay(
        lecture_id=lecture_id, plays=plays, listens=plays // 4, completions=completions,
        watched_s=completions * 40 + plays * 12, **where,
    )  # fmt: skip
