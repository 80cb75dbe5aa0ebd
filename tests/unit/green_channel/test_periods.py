"""Days as typed and moments as kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.green_channel.periods import begin_of, end_of, first_day, last_day, read_day


def test_a_period_begins_and_ends_at_midnight_in_china() -> None:
    day = date(2027, 3, 1)
    assert begin_of(day) == datetime(2027, 2, 28, 16, 0, tzinfo=UTC)
    assert end_of(day) == datetime(2027, 3, 1, 16, 0, tzinfo=UTC)
    assert (first_day(begin_of(day)), last_day(end_of(day))) == (day, day)


@pytest.mark.parametrize("text", ["2027-03-01", "2027/3/1", "2027.3.1", " 2027年3月1日 "])
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert read_day(text) == date(2027, 3, 1)


@pytest.mark.parametrize(
    "text", ["", "明天", "2027-02-30", "27-03-01", "2027-03", "２０２７-03-01", "-2027-3-1", "1e3-1-1"]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert read_day(text) is None
