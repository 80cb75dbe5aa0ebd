"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask

from app.web import formats

AFTERNOON = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)


@pytest.fixture
def chinese(app: Flask):
    with app.test_request_context("/"):
        yield


@pytest.fixture
def english(app: Flask):
    with app.test_request_context("/", headers={"Cookie": "ui=normal.auto.standard.en"}):
        yield


@pytest.mark.parametrize(
    ("duration_s", "words", "on_player"),
    [(0, "0秒", "0:00"), (45, "45秒", "0:45"), (742, "12分钟", "12:22"), (3569.6, "1小时", "59:30"),
     (3753, "1小时3分钟", "1:02:33"), (59.7, "1分钟", "1:00"), (7200, "2小时", "2:00:00")],
)
@pytest.mark.usefixtures("chinese")
def test_durations(duration_s, words, on_player):
    assert formats.duration(duration_s) == words
    assert formats.clock(duration_s) == on_player


@pytest.mark.usefixtures("english")
def test_durations_in_english():
    assert formats.duration(742) == "12 min"
    assert formats.duration(3753) == "1 h 3 min"


@pytest.mark.usefixtures("chinese")
def test_times_are_those_of_shanghai():
    assert formats.local_time(AFTERNOON) == "2026年11月23日 14:05"
    assert formats.local_date(datetime(2026, 11, 23, 17, tzinfo=UTC)) == "2026年11月24日"
    assert formats.local_date(date(2026, 1, 2)) == "2026年1月2日"
    assert formats.machine_time(AFTERNOON) == "2026-11-23T14:05:00+08:00"


@pytest.mark.usefixtures("english")
def test_times_in_english():
    assert formats.local_time(AFTERNOON) == "23 Nov 2026, 14:05"
    assert formats.local_date(AFTERNOON) == "23 November 2026"


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        formats.local_time(datetime(2026, 11, 23, 6, 5))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "约 0 B"), (999, "约 999 B"), (11 * 1024**2, "约 11 MB"), (int(1.26 * 1024**3), "约 1.3 GB"),
     (1020 * 1024**2, "约 1 GB"), (78_400_000, "约 75 MB")],
)
@pytest.mark.usefixtures("chinese")
def test_sizes(size_bytes, text):
    assert formats.file_size(size_bytes) == text


@pytest.mark.usefixtures("chinese")
def test_numbers_and_exact_sizes():
    assert formats.number(12408) == "12,408"
    assert formats.file_size(2048, about=False) == "2 KB"


@pytest.mark.usefixtures("chinese")
def test_marks_between_values():
    assert [formats.mark(each) for each in formats.MARKS] == list(formats.MARKS)


@pytest.mark.usefixtures("english")
def test_marks_between_values_in_english():
    listed = formats.mark("、").join(["elders", "farmers"])
    assert "For" + formats.mark("：") + listed == "For: elders, farmers"
