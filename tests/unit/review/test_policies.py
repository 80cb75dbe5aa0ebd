"""Who sits at which level, for every role at the lecture's place, beside it and far from it."""

from __future__ import annotations

import pytest

from app.kernel.actor import NOBODY, Actor, Grant
from app.library.places import Institution
from app.review.policies import Reach, can_see_reviews_of, is_own_work, seats
from app.review.rulebook import rulebook

HERE = Institution(id=1, region_code="210103")
CITY, OTHER_CITY = frozenset({"210100", "210103"}), frozenset({"210200", "210202"})


def reach(role: str, *, institution_id: int | None = None, unit_id: int | None = None, codes=frozenset()) -> Reach:
    return Reach(Actor(7, "x", "x", (Grant(role, institution_id, unit_id),)), codes)


#: who -> (levels they decide at, may read)
CASES = {
    "reviewer here": (reach("reviewer", institution_id=1), [1], True),
    "reviewer there": (reach("reviewer", institution_id=2), [], False),
    "admin here": (reach("institution_admin", institution_id=1), [2], True),
    "admin there": (reach("institution_admin", institution_id=2), [], False),
    "contributor here": (reach("contributor", institution_id=1), [], False),
    "curator": (reach("curator", unit_id=1), [], False),
    "officer of the city": (reach("officer", unit_id=1, codes=CITY), [3], True),
    "officer of another city": (reach("officer", unit_id=2, codes=OTHER_CITY), [], False),
    "operator": (reach("operator"), [3], True),
    "nobody": (Reach(NOBODY), [], False),
}


@pytest.mark.parametrize("who", CASES)
def test_seats(who: str) -> None:
    given, levels, may_read = CASES[who]
    assert seats(given, HERE) == levels
    assert can_see_reviews_of(given, HERE) is may_read


def test_own_work_and_no_person_are_out() -> None:
    assert is_own_work(Actor(7), {7, 8})
    assert is_own_work(NOBODY, set())
    assert not is_own_work(Actor(9), {7, None})


def test_the_policy_data_says_what_the_norm_asks() -> None:
    book = rulebook()
    assert [each.name_zh for each in book.aspects] == [
        "政治性", "导向性", "科学性", "适用性", "规范性", "时效性", "公益性",
    ]  # fmt: skip
    assert (len(book.levels), book.levels_required, book.second_thoughts.total_seconds()) == (3, 3, 600)
    assert all(level.days > 0 and level.who for level in book.levels)
