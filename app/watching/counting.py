"""From beacons to sums: which plays there were on a day, and what of them is plausible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, cast, delete, func, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist
from app.library.places import Unit
from app.media.models import MediaSet
from app.watching.models import PlayBeacon, WatchDay
from app.watching.rules import Rules, rules

ZONE: Final = ZoneInfo("Asia/Shanghai")
#: A play belongs to the day of its first beacon, and to no other however long it lasts.
LONGEST_PLAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Play:
    """All beacons of one play, taken together."""

    first_at: datetime
    last_at: datetime
    played_s: int
    covered_s: int
    is_listening: bool = False
    playlist_id: int = 0


@dataclass(slots=True)
class Sums:
    """What a day, a place or a playlist amounts to."""

    plays: int = 0
    listens: int = 0
    completions: int = 0
    watched_s: int = 0

    def add(self, play: Play, watched_s: int, *, is_complete: bool) -> None:
        """Count one play."""
        self.plays += 1
        self.listens += play.is_listening
        self.completions += is_complete
        self.watched_s += watched_s


def watched_s(play: Play, rule: Rules) -> int:
    """Return the seconds of a play that can be true: no more than passed between its first beacon and its last."""
    passed_s = (play.last_at - play.first_at).total_seconds() + rule.slack_s
    return max(0, min(play.played_s, int(passed_s)))


def is_complete(play: Play, duration_s: float, rule: Rules) -> bool:
    """Return whether a play went through (nearly) the whole lecture, as far as its time allows."""
    covered_s = min(play.covered_s, watched_s(play, rule) * rule.max_rate)
    return duration_s > 0 and covered_s >= rule.complete_share * duration_s


def local_day(moment: datetime) -> date:
    """Return the day of a moment in Asia/Shanghai."""
    return moment.astimezone(ZONE).date()


def day_start(day: date) -> datetime:
    """Return when a day of Asia/Shanghai begins."""
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def count_day(db: Session, lecture_id: int, day: date) -> None:
    """Make the sums of a lecture's day anew from its beacons; the same beacons always give the same sums."""
    rule = rules()
    duration_s = db.scalar(
        select(func.max(MediaSet.duration_s)).where(MediaSet.lecture_id == lecture_id, MediaSet.is_current)
    )
    sums: dict[int, Sums] = {}
    for play in _plays(db, lecture_id, day):
        seconds = watched_s(play, rule)
        if seconds >= min(rule.min_play_s, 0.5 * (duration_s or rule.min_play_s)):
            complete = is_complete(play, duration_s or 0.0, rule)
            sums.setdefault(play.playlist_id, Sums()).add(play, seconds, is_complete=complete)
    regions = _regions(db, sums.keys())
    db.execute(delete(WatchDay).where(WatchDay.lecture_id == lecture_id, WatchDay.day == day))
    db.add_all(
        WatchDay(
            lecture_id=lecture_id, day=day, playlist_id=playlist_id, region_code=regions.get(playlist_id, ""),
            plays=each.plays, listens=each.listens, completions=each.completions, watched_s=each.watched_s,
        )
        for playlist_id, each in sums.items()
    )  # fmt: skip
    db.flush()


def _plays(db: Session, lecture_id: int, day: date) -> Iterable[Play]:
    begin, end = day_start(day), day_start(day + timedelta(days=1))
    first_at = func.min(PlayBeacon.received_at)
    statement = (
        select(
            first_at, func.max(PlayBeacon.received_at), func.max(PlayBeacon.played_s),
            func.max(PlayBeacon.covered_s), func.max(cast(PlayBeacon.is_listening, Integer)),
            func.max(PlayBeacon.playlist_id),
        )
        .where(
            PlayBeacon.lecture_id == lecture_id,
            PlayBeacon.received_at >= begin - LONGEST_PLAY,
            PlayBeacon.received_at < end + LONGEST_PLAY,
        )
        .group_by(PlayBeacon.play_key)
        .having(first_at >= begin, first_at < end)
    )  # fmt: skip
    for first, last, played_s, covered_s, is_listening, playlist_id in db.execute(statement):
        yield Play(first, last, played_s, covered_s, bool(is_listening), playlist_id or 0)


def _regions(db: Session, playlist_ids: Iterable[int]) -> dict[int, str]:
    """Return where the centres of playlists are: all that is known of a place, and only where a playlist was used."""
    wanted = [each for each in playlist_ids if each]
    if not wanted:
        return {}
    joined = select(Playlist.id, Unit.region_code).join(Unit, Unit.id == Playlist.unit_id)
    return {row[0]: row[1] for row in db.execute(joined.where(Playlist.id.in_(wanted)))}
