"""Deadlines in working days of China: until the end of the n-th one after a moment. Which days those are is data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from config.policies import read_working_days

ZONE: Final = ZoneInfo("Asia/Shanghai")
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@cache
def _exceptions() -> Mapping[date, bool]:
    """Return the days that are not what their weekday says, and whether people work on them."""
    found: dict[date, bool] = {}
    for year in read_working_days()["year"]:
        for first, last in year["off"]:
            day = date.fromisoformat(first)
            while day <= date.fromisoformat(last):
                found[day] = False
                day += _DAY
        found |= {date.fromisoformat(day): True for day in year["work"]}
    return found


def is_working_day(day: date) -> bool:
    """Tell whether people work on a day."""
    return _exceptions().get(day, day.weekday() < _SATURDAY)


def due_after(moment: datetime, days: int) -> datetime:
    """Return the end of the n-th working day after the day of a moment."""
    day = moment.astimezone(ZONE).date()
    for _ in range(days):
        day += _DAY
        while not is_working_day(day):
            day += _DAY
    return datetime.combine(day + _DAY, time(), ZONE).astimezone(UTC)


def days_left(now: datetime, due_at: datetime) -> int:
    """Return how many working days follow today up to a deadline: 0 on its last day; below 0, how many have passed."""
    today, last = now.astimezone(ZONE).date(), (due_at - timedelta(microseconds=1)).astimezone(ZONE).date()
    if last >= today:
        return _count(today, last)
    return -_count(last, today)


def _count(after: date, until: date) -> int:
    return sum(is_working_day(after + number * _DAY) for number in range(1, (until - after).days + 1))
