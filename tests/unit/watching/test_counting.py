"""What a play amounts to, what is told of small numbers, which bars a period has: pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import InvalidInput, TooLarge
from app.kernel.sheets import write_csv
from app.watching.beacons import read_beacons
from app.watching.counting import Play, Sums, day_start, is_complete, local_day, watched_s
from app.watching.periods import Period, buckets, first_day
from app.watching.privacy import Precision, Told, withhold
from app.watching.rules import is_bot, rules

BEGAN = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
GOOD = b'[{"p":"AAAAAAAAAAAAAAAA","n":0,"l":"abcdefgh2345","s":61,"c":55}]'


def play(passed_s: int, played_s: int, covered_s: int = 0) -> Play:
    return Play(BEGAN, BEGAN + timedelta(seconds=passed_s), played_s, covered_s)


@pytest.mark.parametrize(
    ("passed_s", "played_s", "expected"), [(600, 590, 590), (600, 6000, 620), (0, 5000, 20), (0, 0, 0), (60, 60, 60)]
)
def test_no_more_seconds_than_passed(passed_s: int, played_s: int, expected: int) -> None:
    assert watched_s(play(passed_s, played_s), rules()) == expected


def test_nine_tenths_are_the_end_when_there_was_time_for_them() -> None:
    assert is_complete(play(600, 600, 545), 600, rules())
    assert not is_complete(play(600, 600, 530), 600, rules())
    assert not is_complete(play(60, 600, 600), 600, rules()), "600 seconds do not go into one minute"
    assert not is_complete(play(600, 600, 600), 0, rules())


def test_days_are_those_of_the_readers() -> None:
    assert local_day(datetime(2026, 11, 28, 16, 30, tzinfo=UTC)) == date(2026, 11, 29)
    assert day_start(date(2026, 11, 29)) == datetime(2026, 11, 28, 16, tzinfo=UTC)


def test_periods_begin_where_their_bars_do() -> None:
    today = date(2026, 3, 31)
    assert first_day(Period.DAYS, today) == date(2026, 3, 2)
    assert first_day(Period.YEAR, today) == date(2025, 4, 1)
    by_day = {date(2026, 3, 1): Sums(plays=2), date(2026, 3, 31): Sums(plays=3)}
    assert [each.sums.plays for each in buckets(Period.YEAR, today, by_day)] == [0] * 11 + [5]
    assert len(buckets(Period.DAYS, today, by_day)) == 30
    assert Period.read("'; --") is Period.DAYS


def test_small_numbers_are_told_as_few() -> None:
    told = withhold({"a": 20, "b": 4, "c": 1, "d": 0, "": 7}, 5)
    assert told["b"] == told["c"] == Told(5, Precision.FEW)
    assert told["a"] == Told(20)
    assert told["d"] == Told(0)


def test_one_small_number_alone_cannot_be_worked_out() -> None:
    told = withhold({"a": 20, "b": 3, "c": 8}, 5)
    assert told == {"a": Told(20), "b": Told(5, Precision.FEW), "c": Told(5, Precision.AT_LEAST)}


def test_what_stands_for_the_rest_is_withheld_first() -> None:
    assert withhold({"a": 20, "b": 3, "": 90}, 5, first="")[""] == Told(5, Precision.AT_LEAST)


@given(st.dictionaries(st.integers(), st.integers(0, 30), min_size=2, max_size=6))
def test_no_small_number_is_the_total_without_the_others(counts: dict[int, int]) -> None:
    told = withhold(counts, 5)
    hidden = [key for key, each in told.items() if each.precision is not Precision.EXACT]
    others = [key for key in counts if counts[key] and key not in hidden]
    assert len(hidden) != 1 or not others, (counts, told)
    assert all(told[key].precision is not Precision.EXACT for key in counts if 0 < counts[key] < 5)


def test_a_good_beacon() -> None:
    beacon = read_beacons(GOOD)[0]
    assert (beacon.play_key, beacon.number, beacon.lecture, beacon.played_s, beacon.covered_s) == (
        "A" * 16, 0, "abcdefgh2345", 61, 55,
    )  # fmt: skip
    assert len(GOOD) < 120, "a beacon a minute costs next to nothing"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"[1]", b"\xff\xfe", b"[" * 1000, b"NaN", GOOD[:-1],
        b"[" + b",".join([GOOD[1:-1]] * 9) + b"]",
        *(GOOD.replace(old, new) for old, new in [
            (b'"n":0', b'"n":-1'), (b'"n":0', b'"n":true'), (b'"n":0', b'"n":1e3'), (b'"n":0', b'"n":99999'),
            (b'"s":61', b'"s":86401'), (b'"s":61', b'"s":"61"'), (b'"s":61', b'"s":NaN'), (b'"c":55', b'"x":55'),
            (b"AAAAAAAAAAAAAAAA", b"A"), (b"AAAAAAAAAAAAAAAA", b"A" * 25), (b"AAAAAAAAAAAAAAAA", b"../../etc/passwd"),
            (b"abcdefgh2345", b"'; DROP"), (b'"c":55', b'"c":55,"q":1'), (b'"c":55', b'"c":55,"name":"x"'),
        ]),
    ],
)  # fmt: skip
def test_any_other_body_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_beacons(body)


def test_a_long_body_is_not_even_read() -> None:
    with pytest.raises(TooLarge):
        read_beacons(b" " * 3000)


@given(st.binary(max_size=300))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_beacons(body)


def test_programs_that_say_so_do_not_watch() -> None:
    assert is_bot("Mozilla/5.0 (compatible; Baiduspider/2.0)")
    assert is_bot("")
    assert not is_bot("Mozilla/5.0 (Linux; Android 9; MI 8) AppleWebKit/537.36 Chrome/75.0 Mobile Safari/537.36")


def test_texts_are_never_formulas() -> None:
    assert write_csv([["讲座"], ["=HYPERLINK(1)"], ["+1"], [3]]).decode("utf-8-sig").split() == [
        "讲座", "'=HYPERLINK(1)", "'+1", "3",
    ]  # fmt: skip
