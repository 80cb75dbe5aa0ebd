"""Reads of who is watching one lecture, somebody's, an institution's: totals, bars, lectures, places, playlists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from app.catalogue.playlists import Playlist, PlaylistItem, PlaylistState
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound, NotPermitted
from app.library.models import Lecture, LectureOwner, LectureState
from app.library.places import Institution, Region, Unit
from app.watching import policies
from app.watching.counting import Sums, local_day
from app.watching.models import WatchDay, WatchMark
from app.watching.periods import Bucket, Period, buckets, first_day
from app.watching.privacy import Told, withhold
from app.watching.rules import rules

PAGE_SIZE = 30
_SUMS = (
    func.sum(WatchDay.plays), func.sum(WatchDay.listens), func.sum(WatchDay.completions), func.sum(WatchDay.watched_s),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LectureFigures:
    """One lecture of a list."""

    public_id: str
    title: str
    is_public: bool
    sums: Sums


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """A region as far as it is told; `code` is empty for plays of which no place is known."""

    code: str
    name_zh: str
    name_en: str
    plays: Told


@dataclass(frozen=True, slots=True)
class PlaylistFigures:
    """A centre's playlist that has a lecture of ours in it."""

    public_id: str
    title: str
    unit_name: str
    plays: Told


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything a page of figures shows."""

    period: Period
    start: date
    today: date
    totals: Sums
    bars: Sequence[Bucket]
    lectures: Sequence[LectureFigures]
    lecture_count: int
    page: int
    page_count: int
    places: Sequence[PlaceFigures]
    playlists: Sequence[PlaylistFigures]


def of_mine(actor: Actor) -> ColumnElement[bool]:
    """Say of a lecture that the actor made it and still is of its institution."""
    mine = Lecture.created_by_id == actor.user_id
    return mine if actor.is_operator else mine & Lecture.institution_id.in_(actor.institution_ids())


def of_institution(institution_id: int) -> ColumnElement[bool]:
    """Say of a lecture that an institution owns it or made it with others."""
    shared = select(LectureOwner.lecture_id).where(LectureOwner.institution_id == institution_id)
    return (Lecture.institution_id == institution_id) | Lecture.id.in_(shared)


def get_institution(db: Session, actor: Actor, public_id: str) -> Institution:
    """Load an institution whose figures the actor may see.

    Raises:
        NotFound: when there is none.
        NotPermitted: when the actor is no admin of it.
    """
    institution = db.scalars(select(Institution).where(Institution.public_id == public_id)).first()
    if institution is None:
        raise NotFound(institution=public_id)
    if not policies.can_see_figures_of(actor, institution.id):
        raise NotPermitted(institution_id=institution.id)
    return institution


def list_institutions(db: Session, actor: Actor) -> Sequence[Institution]:
    """Return the institutions whose figures the actor may see; the operator finds them through the lectures."""
    ids = actor.institution_ids("institution_admin")
    if not ids:
        return []
    return db.scalars(select(Institution).where(Institution.id.in_(ids)).order_by(Institution.name)).all()


def get_lecture(db: Session, actor: Actor, public_id: str) -> Lecture:
    """Load a lecture whose figures the actor may see; NotFound for every other."""
    lecture = db.scalars(select(Lecture).where(Lecture.public_id == public_id)).first()
    if lecture is None or not policies.can_see_figures(actor, lecture):
        raise NotFound(public_id=public_id)
    return lecture


def get_figures(db: Session, scope: ColumnElement[bool], period: Period, *, page: int = 1) -> Figures:
    """Sum up the lectures of a scope; the number of queries does not depend on how many there are."""
    today = local_day(utc_now())
    start = first_day(period, today)
    chosen = select(Lecture.id).where(scope)
    counted = WatchDay.lecture_id.in_(chosen), WatchDay.day >= start
    by_day = {
        row[0]: _sums(row[1:])
        for row in db.execute(select(WatchDay.day, *_SUMS).where(*counted).group_by(WatchDay.day))
    }
    bars = buckets(period, today, by_day)
    lecture_count = db.scalar(select(func.count()).select_from(Lecture).where(scope, _was_public())) or 0
    page_count = max(1, -(-lecture_count // PAGE_SIZE))
    page = min(max(1, page), page_count)
    return Figures(
        period=period, start=start, today=today, totals=_total(each.sums for each in bars), bars=bars,
        lectures=list_lectures(db, scope, start, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE),
        lecture_count=lecture_count, page=page, page_count=page_count,
        places=_places(db, counted),
        playlists=_playlists(db, chosen.scalar_subquery(), start, sum(each.sums.plays for each in bars)),
    )  # fmt: skip


def list_lectures(
    db: Session, scope: ColumnElement[bool], start: date, *, limit: int, offset: int = 0
) -> list[LectureFigures]:
    """Return the lectures of a scope that are or were on the shelf, the most played first."""
    joined = (Lecture.id == WatchDay.lecture_id) & (WatchDay.day >= start)
    plays = func.coalesce(func.sum(WatchDay.plays), 0)
    statement = (
        select(Lecture.public_id, Lecture.title, Lecture.state, *_SUMS)
        .outerjoin(WatchDay, joined)
        .where(scope, _was_public())
        .group_by(Lecture.id, Lecture.public_id, Lecture.title, Lecture.state)
        .order_by(plays.desc(), Lecture.title, Lecture.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        LectureFigures(row[0], row[1], row[2] is LectureState.PUBLISHED, _sums(row[3:]))
        for row in db.execute(statement)
    ]


def counted_until(db: Session) -> WatchMark | None:
    """Return how far plays are counted; None before the first time."""
    return db.get(WatchMark, 1)


def _was_public() -> ColumnElement[bool]:
    return Lecture.published_at.is_not(None)


def _sums(row: Sequence[int | None] | Row[tuple[int | None, ...]]) -> Sums:
    plays, listens, completions, watched_s = (int(each or 0) for each in row)
    return Sums(plays, listens, completions, watched_s)


def _total(each: Iterable[Sums]) -> Sums:
    total = Sums()
    for sums in each:
        total.plays += sums.plays
        total.listens += sums.listens
        total.completions += sums.completions
        total.watched_s += sums.watched_s
    return total


def _places(db: Session, counted: tuple[ColumnElement[bool], ...]) -> list[PlaceFigures]:
    plays = func.sum(WatchDay.plays)
    rows = db.execute(select(WatchDay.region_code, plays).where(*counted).group_by(WatchDay.region_code))
    counts = {code: int(count) for code, count in rows}
    told = withhold(counts, rules().withheld_below, first="")
    # A region with the city it lies in: names of districts repeat.
    regions = {row.code: row for row in db.scalars(select(Region))} if counts else {}
    found = []
    for code in sorted(counts, key=lambda each: (not each, -counts[each], each)):
        region = regions.get(code)
        city = regions.get(region.parent_code or "") if region is not None and region.level == "county" else None
        names = [each for each in (city, region) if each is not None]
        found.append(
            PlaceFigures(
                code, "".join(each.name_zh for each in names), ", ".join(each.name_en for each in reversed(names)),
                told[code],
            )
        )
    return found


def _playlists(
    db: Session, lecture_ids: ColumnElement[int], start: date, total: int
) -> list[PlaylistFigures]:
    """Return published playlists that have lectures of a scope in them, played or not."""
    plays = (
        select(WatchDay.playlist_id, func.sum(WatchDay.plays).label("plays"))
        .where(WatchDay.lecture_id.in_(lecture_ids), WatchDay.day >= start)
        .group_by(WatchDay.playlist_id)
        .subquery()
    )
    used = select(PlaylistItem.playlist_id).where(
        PlaylistItem.lecture_id.in_(lecture_ids), PlaylistItem.removed_at.is_(None)
    )
    statement = (
        select(Playlist.id, Playlist.public_id, Playlist.title, Unit.name, func.coalesce(plays.c.plays, 0))
        .join(Unit, Unit.id == Playlist.unit_id)
        .outerjoin(plays, plays.c.playlist_id == Playlist.id)
        .where(Playlist.id.in_(used), Playlist.state == PlaylistState.PUBLISHED)
        .order_by(func.coalesce(plays.c.plays, 0).desc(), Playlist.title)
        .limit(100)
    )
    rows = db.execute(statement).all()
    counts = {row[0]: int(row[4]) for row in rows}
    told = withhold({**counts, 0: total - sum(counts.values())}, rules().withheld_below, first=0)
    return [PlaylistFigures(public_id, title, unit, told[each]) for each, public_id, title, unit, _plays in rows]
