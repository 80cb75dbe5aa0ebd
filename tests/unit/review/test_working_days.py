"""Deadlines in working days: weekends, holidays, weekends worked instead, and the day as China counts it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.review.working_days import days_left, due_after, is_working_day


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("begun", "days", "last"),
    [
        ("2026-11-23T09:00", 2, "2026-11-25"),  # a Monday
        ("2026-11-26T23:30", 2, "2026-11-30"),  # Thursday night: Friday, Monday
        ("2026-11-28T10:00", 1, "2026-11-30"),  # on a Saturday
        ("2026-09-30T10:00", 2, "2026-10-09"),  # a week of holidays; then Thursday and Friday
        ("2026-10-09T10:00", 1, "2026-10-10"),  # a Saturday that is worked
        ("2027-01-01T10:00", 1, "2027-01-04"),  # no data of that year yet: its weekends
    ],
)
def test_a_deadline_is_the_end_of_the_nth_working_day(begun: str, days: int, last: str):
    midnight = at(f"{last}T00:00") + timedelta(days=1)
    assert due_after(at(begun), days) == midnight


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-24T08:00", 2), ("2026-11-25T23:59", 1), ("2026-11-26T23:59", 0), ("2026-11-27T00:01", -1),
        ("2026-11-29T12:00", -1), ("2026-11-30T12:00", -2),
    ],
)  # fmt: skip
def test_what_is_left_and_what_is_over_count_working_days(now: str, left: int):
    assert days_left(at(now), due_after(at("2026-11-24T10:00"), 2)) == left


def test_holidays_and_worked_weekends_are_data():
    assert not is_working_day(date(2026, 10, 1))
    assert is_working_day(date(2026, 10, 10))
    assert not is_working_day(date(2026, 10, 11))
