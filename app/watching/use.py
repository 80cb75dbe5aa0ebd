"""How much lectures and playlists are used, as the catalogue orders by it: made anew once a day.

The number that is kept moves only when the true one is more than a tenth away from it, so that one play more is no
reason to write thousands of documents of the search index again; the first ten plays are exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.catalogue.documents import KIND, PLAYLIST
from app.catalogue.jobs import note_changes
from app.catalogue.models import UseCount
from app.watching.models import WatchDay, WatchMark
from app.watching.rules import UseRules, use_rules

log = structlog.get_logger(__name__)

Subject = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Use:
    """What is kept of one thing."""

    plays: int
    is_finished: bool


def settle_use_if_due(db: Session, today: date) -> None:
    """Do the day's counting unless it is done; the mark of `app.watching.jobs` remembers."""
    mark = db.get(WatchMark, 1)
    if mark is not None and mark.use_counted_on != today:
        mark.use_counted_on = today
        settle_use(db, today)


def settle_use(db: Session, today: date) -> int:
    """Count the plays of the last days, today not among them, and have the documents written that move by it.

    Returns:
        How many things moved; the same plays again move nothing.
    """
    rule = use_rules()
    kept = {(row.kind, row.subject_id): Use(row.plays, row.is_finished) for row in db.scalars(select(UseCount))}
    found = dict(_counted(db, today - timedelta(days=rule.days), today, kept, rule))
    moved = {subject for subject in kept.keys() | found.keys() if kept.get(subject) != found.get(subject)}
    for kind, subject_id in sorted(moved):
        db.execute(delete(UseCount).where(UseCount.kind == kind, UseCount.subject_id == subject_id))
    db.add_all(
        UseCount(kind=kind, subject_id=number, plays=found[kind, number].plays,
                 is_finished=found[kind, number].is_finished)
        for kind, number in sorted(moved & found.keys())
    )  # fmt: skip
    if moved:
        note_changes(db, sorted(moved))
    log.info("use_counted", used=len(found), moved=len(moved))
    return len(moved)


def _counted(
    db: Session, first: date, today: date, kept: Mapping[Subject, Use], rule: UseRules
) -> Iterator[tuple[Subject, Use]]:
    in_time = (WatchDay.day >= first, WatchDay.day < today)
    of_kind: list[tuple[str, InstrumentedAttribute[int], tuple[ColumnElement[bool], ...]]] = [
        (KIND, WatchDay.lecture_id, in_time), (PLAYLIST, WatchDay.playlist_id, (*in_time, WatchDay.playlist_id > 0)),
    ]  # fmt: skip
    for kind, column, wanted in of_kind:
        sums = select(column, func.sum(WatchDay.plays), func.sum(WatchDay.completions)).where(*wanted).group_by(column)
        for subject_id, plays, completions in db.execute(sums):
            if plays:
                before = kept.get((kind, subject_id), Use(0, is_finished=False))
                # A playlist is not watched to its end: its lectures are.
                is_whole = kind == KIND and is_finished(int(plays), int(completions), before, rule)
                yield (kind, subject_id), Use(steadied(int(plays), before.plays, rule), is_whole)


def steadied(plays: int, before: int, rule: UseRules) -> int:
    """Return the number to keep: the one from before while the true one is near it; pure."""
    return before if before and abs(plays - before) * 100 <= before * rule.steady_percent else plays


def is_finished(plays: int, completions: int, before: Use, rule: UseRules) -> bool:
    """Return whether a lecture is mostly watched to the end; what was so stays so a little below the line. Pure."""
    share = rule.finished_kept_share if before.is_finished else rule.finished_share
    return plays >= rule.finished_min_plays and completions >= share * plays
