"""Days as people write them and moments as rows keep them: a period ends with the last minute of its last day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

LOCAL_ZONE: Final = ZoneInfo("Asia/Shanghai")
#: Between the numbers stand marks or the characters for year, month and day.
_DAY: Final = re.compile(r"([0-9]{4})[-/.\u5e74]([0-9]{1,2})[-/.\u6708]([0-9]{1,2})\u65e5?")


def begin_of(day: date) -> datetime:
    """Return the first moment of a day in China."""
    return datetime.combine(day, time(), LOCAL_ZONE).astimezone(UTC)


def end_of(day: date) -> datetime:
    """Return the first moment after a day."""
    return begin_of(day + timedelta(days=1))


def last_day(end: datetime) -> date:
    """Return the last day before a moment: reverse of `end_of`."""
    return (end - timedelta(microseconds=1)).astimezone(LOCAL_ZONE).date()


def first_day(start: datetime) -> date:
    """Return the day a moment lies in."""
    return start.astimezone(LOCAL_ZONE).date()


def read_day(text: str) -> date | None:
    """Read a day as browsers send it and people type it: 2027-03-01, 2027/3/1, 2027年3月1日; None when it is none."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
