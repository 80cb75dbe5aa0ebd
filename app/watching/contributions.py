"""What the lectures somebody made for an institution did in a year: the figures a certificate prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist, PlaylistItem, PlaylistState
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.media.models import MediaSet
from app.watching.counting import day_start, local_day
from app.watching.models import WatchDay

#: More titles than these make the certificate a catalogue; the rest is counted.
TITLES_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Contribution:
    """A year somebody may have a certificate for."""

    institution: Institution
    year: int
    lectures: int


def list_contributions(db: Session, actor: Actor) -> Sequence[Contribution]:
    """Return the actor's institutions and the years since a lecture they made was on the shelf, newest year first."""
    first = func.min(Lecture.published_at)
    rows = db.execute(
        select(Institution, first, func.count())
        .join(Lecture, Lecture.institution_id == Institution.id)
        .where(
            Lecture.created_by_id == actor.user_id, Lecture.state == LectureState.PUBLISHED,
            Lecture.institution_id.in_(actor.institution_ids()),
        )
        .group_by(Institution.id)
        .order_by(Institution.name)
    ).all()
    this_year = local_day(utc_now()).year
    found = [
        Contribution(institution, year, count)
        for institution, since, count in rows
        for year in range(this_year, local_day(since).year - 1 if since is not None else this_year, -1)
    ]
    return sorted(found, key=lambda each: -each.year)


def year_figures(db: Session, user_id: int, institution_id: int, year: int) -> dict[str, Any]:
    """Return the figures of a year as they are now; those of a year that is not over go up to today."""
    until = min(local_day(utc_now()), date(year, 12, 31))
    begin, end = day_start(date(year, 1, 1)), day_start(date(year + 1, 1, 1))
    mine = and_(
        Lecture.created_by_id == user_id, Lecture.institution_id == institution_id,
        Lecture.state == LectureState.PUBLISHED, Lecture.published_at < end,
    )  # fmt: skip
    rows = db.execute(
        select(Lecture.title, Lecture.published_at, func.coalesce(MediaSet.duration_s, 0.0))
        .outerjoin(MediaSet, and_(MediaSet.lecture_id == Lecture.id, MediaSet.is_current))
        .where(mine)
        .order_by(Lecture.published_at, Lecture.id)
    ).all()
    plays, watched_s, completions = _watched(db, mine, year)
    playlists, centres = _used(db, mine)
    titles = [title for title, _, _ in rows]
    return {
        "until": until.isoformat(), "lectures": len(rows),
        "new_lectures": sum(1 for row in rows if _is_in(row[1], begin)),
        "duration_min": round(sum(row[2] for row in rows) / 60), "plays": plays, "watched_min": round(watched_s / 60),
        "completions": completions, "playlists": playlists, "centres": centres, "titles": titles[:TITLES_MAX],
    }  # fmt: skip


def _is_in(published_at: datetime | None, begin: datetime) -> bool:
    return published_at is not None and published_at.astimezone(UTC) >= begin


def _watched(db: Session, mine: ColumnElement[bool], year: int) -> tuple[int, int, int]:
    row = db.execute(
        select(func.sum(WatchDay.plays), func.sum(WatchDay.watched_s), func.sum(WatchDay.completions)).where(
            WatchDay.lecture_id.in_(select(Lecture.id).where(mine)),
            WatchDay.day.between(date(year, 1, 1), date(year, 12, 31)),
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)


def _used(db: Session, mine: ColumnElement[bool]) -> tuple[int, int]:
    """Return how many published playlists of how many centres have a lecture of these in them."""
    row = db.execute(
        select(func.count(Playlist.id.distinct()), func.count(Playlist.unit_id.distinct()))
        .join(PlaylistItem, PlaylistItem.playlist_id == Playlist.id)
        .where(
            PlaylistItem.lecture_id.in_(select(Lecture.id).where(mine)), PlaylistItem.removed_at.is_(None),
            Playlist.state == PlaylistState.PUBLISHED,
        )
    ).one()
    return int(row[0]), int(row[1])
