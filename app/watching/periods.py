"""The stretches of time figures are asked for, and the bars they are shown in; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.watching.counting import Sums

DAYS: Final = 30
MONTHS: Final = 12


class Period(StrEnum):
    """What is offered: 30 days by day, or twelve months by month."""

    DAYS = "days"
    YEAR = "year"

    @classmethod
    def read(cls, text: str) -> Period:
        """Return the period of an address; anything else is the shorter one."""
        return cls.YEAR if text == cls.YEAR else cls.DAYS


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bar: a day, or a month named by its first day."""

    start: date
    sums: Sums


def first_day(period: Period, today: date) -> date:
    """Return the first day of a period that ends today."""
    if period is Period.DAYS:
        return today - timedelta(days=DAYS - 1)
    months = today.year * 12 + today.month - MONTHS
    return date(months // 12, months % 12 + 1, 1)


def buckets(period: Period, today: date, by_day: Mapping[date, Sums]) -> list[Bucket]:
    """Return all bars of a period, empty ones too, oldest first."""
    found: dict[date, Sums] = {}
    day = first_day(period, today)
    while day <= today:
        total = found.setdefault(day if period is Period.DAYS else day.replace(day=1), Sums())
        sums = by_day.get(day, Sums())
        total.plays += sums.plays
        total.listens += sums.listens
        total.completions += sums.completions
        total.watched_s += sums.watched_s
        day += timedelta(days=1)
    return [Bucket(start, sums) for start, sums in found.items()]
