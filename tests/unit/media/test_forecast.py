"""How long it will take: what goes first counts, what is not known is not guessed at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.media.forecast import OpenEncode, busy_s, forecast, rounded_s, speed_of

A, B, C = "institution:1", "institution:2", "institution:3"


def test_own_work_and_what_lies_before_it_in_the_own_queue() -> None:
    found = forecast([OpenEncode(1, 10, A, 600.0), OpenEncode(2, 10, A, 1200.0)], speed=2.0)
    assert (found[1].remaining_s, found[2].remaining_s) == (300, 900)
    assert (found[1].ahead, found[2].ahead) == (0, 1)


def test_higher_priorities_go_first_whatever_their_age() -> None:
    found = forecast([OpenEncode(1, 10, A, 600.0), OpenEncode(2, 20, B, 60.0)], speed=1.0)
    assert found[2].remaining_s == 60
    assert (found[1].remaining_s, found[1].ahead) == (660, 1)


def test_a_small_institution_waits_for_its_turns_only() -> None:
    thirty = [OpenEncode(number, 10, A, 2700.0) for number in range(30)]
    found = forecast([*thirty, OpenEncode(99, 10, B, 300.0)], speed=1.0)
    assert found[99].remaining_s == 600, "as much of the large one as of its own"
    assert found[99].ahead == 0
    assert found[0].remaining_s == 3000
    assert found[29].remaining_s == 30 * 2700 + 300, "the small one is through long before"


def test_three_take_turns() -> None:
    found = forecast([OpenEncode(1, 10, A, 100.0), OpenEncode(2, 10, B, 50.0), OpenEncode(3, 10, C, 500.0)], speed=1.0)
    assert [found[number].remaining_s for number in (1, 2, 3)] == [250, 150, 650]


@pytest.mark.parametrize("speed", [None, 0.0])
def test_nothing_is_said_while_nothing_was_made(speed: float | None) -> None:
    assert forecast([OpenEncode(1, 10, A, 600.0)], speed)[1].remaining_s is None


def test_a_file_nobody_has_looked_into_has_no_time_but_takes_some() -> None:
    found = forecast([OpenEncode(1, 10, A, None), OpenEncode(2, 10, A, 600.0)], speed=1.0)
    assert found[1].remaining_s is None
    assert found[2].remaining_s == 1200, "the unknown one counts like those that are known"


def test_what_lies_days_ahead_is_not_told() -> None:
    assert forecast([OpenEncode(1, 10, A, 1e6)], speed=1.0)[1].remaining_s is None


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 10, 20]), st.sampled_from([A, B, C]), st.floats(0, 5000)), min_size=1, max_size=12
    )
)
def test_the_last_one_is_done_when_all_is_done(rows: list[tuple[int, str, float]]) -> None:
    encodes = [OpenEncode(number, *row) for number, row in enumerate(rows)]
    told = [each.remaining_s for each in forecast(encodes, speed=1.0).values()]
    assert all(remaining_s is not None for remaining_s in told)
    assert max(told) == pytest.approx(sum(row[2] for row in rows))


def test_time_counts_once_however_many_work_and_pauses_do_not() -> None:
    noon = datetime(2026, 11, 30, 4, tzinfo=UTC)

    def span(begin_s: int, end_s: int) -> tuple[datetime, datetime]:
        return noon + timedelta(seconds=begin_s), noon + timedelta(seconds=end_s)

    assert busy_s([span(600, 630), span(0, 60), span(30, 90), span(40, 50)]) == 120
    assert busy_s([]) == 0


def test_speed_counts_shares_of_lectures_that_are_still_there() -> None:
    assert speed_of([(0.5, 1200.0), (0.25, 400.0), (0.9, None)], 350.0) == 2.0
    assert speed_of([], 600.0) is None
    assert speed_of([(0.0, 600.0)], 600.0) is None
    assert speed_of([(0.5, 600.0)], 0.0) is None


@pytest.mark.parametrize(
    ("exact_s", "shown_s"),
    [(1, 60), (61, 60), (91, 120), (720, 600), (800, 900), (3700, 3600), (4100, 4500), (84_800, 24 * 3600)],
)
def test_long_times_are_told_coarsely(exact_s: float, shown_s: float) -> None:
    assert rounded_s(exact_s) == shown_s
