"""Popular queries: which they are (made anew at night), and reading them cheaply."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.asking.marks import HIDDEN_QUERIES, number_of
from app.asking.models import AskedDay, HiddenQuery, PopularQuery
from app.asking.rules import rules
from app.asking.typed import squeeze

#: How long a process goes on with the list it has read.
KEEP_S = 60.0
#: Says which of some texts must not be offered: words of the negative list, which another room keeps.
Screen = Callable[[Session, Sequence[str]], frozenset[str]]


def _week(day: date) -> tuple[int, int]:
    return day.isocalendar()[:2]


def weeks_of(rows: Sequence[tuple[date, str, int]]) -> dict[str, dict[tuple[int, int], int]]:
    """Return for each text in how many buckets its askers were, week by week; pure."""
    seen: dict[str, dict[tuple[int, int], int]] = defaultdict(lambda: defaultdict(int))
    for day, text, bits in rows:
        seen[text][_week(day)] |= bits
    return {text: {week: bits.bit_count() for week, bits in weeks.items()} for text, weeks in seen.items()}


def settle(db: Session, today: date, *, screen: Screen, finds: Callable[[str], bool]) -> int:
    """Make the list anew and forget what few asked; return how many are popular.

    Args:
        db: session.
        today: in Asia/Shanghai.
        screen: which texts must not be offered.
        finds: whether a query still finds something.
    """
    rule = rules()
    first = today - timedelta(days=7 * rule.weeks)
    db.execute(delete(AskedDay).where(AskedDay.day < first))
    rows = [(row[0], row[1], row[2]) for row in db.execute(select(AskedDay.day, AskedDay.text, AskedDay.seen))]
    by_week = weeks_of(rows)
    for day, text, _ in rows:
        if _week(day) != _week(today) and by_week[text][_week(day)] < rule.askers_min:
            db.execute(delete(AskedDay).where(AskedDay.day == day, AskedDay.text == text))
    asked = {
        text: sum(count for count in weeks.values() if count >= rule.askers_min)
        for text, weeks in by_week.items()
        if max(weeks.values()) >= rule.askers_min
    }
    bad = screen(db, list(asked)) if asked else frozenset()
    best = sorted((text for text in asked if text not in bad), key=lambda text: (-asked[text], text))
    kept = [text for text in best[: rule.popular_kept] if finds(text)]
    db.execute(delete(PopularQuery))
    db.add_all(PopularQuery(text=text, askers=asked[text]) for text in kept)
    db.flush()
    return len(kept)


def list_popular(db: Session) -> tuple[str, ...]:
    """Return the popular queries that may be offered, the most asked first."""
    hidden = set(db.scalars(select(HiddenQuery.key)))
    found = db.scalars(select(PopularQuery.text).order_by(PopularQuery.askers.desc(), PopularQuery.text))
    return tuple(text for text in found if squeeze(text) not in hidden)


class PopularList:
    """The list as one process holds it: read from the database once a minute, and when the operator hid something."""

    def __init__(self) -> None:
        self._texts: tuple[str, ...] = ()
        self._read_s = float("-inf")
        self._followed = 0

    def texts(self, db: Session) -> tuple[str, ...]:
        """Return popular queries, the most asked first; one row is read by its key to see whether they still hold."""
        number = number_of(db, HIDDEN_QUERIES)
        if number != self._followed or time.monotonic() - self._read_s > KEEP_S:
            self._texts, self._read_s, self._followed = list_popular(db), time.monotonic(), number
        return self._texts
