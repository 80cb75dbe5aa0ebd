"""Numbers that order by use: exact while small, steady while the true one is near, nothing told of few plays."""

import pytest

from app.watching.rules import use_rules
from app.watching.use import Use, is_finished, steadied


@pytest.mark.parametrize(
    ("plays", "before", "kept"),
    [(1, 0, 1), (6, 5, 6), (9, 10, 10), (8, 10, 8), (110, 100, 100), (111, 100, 111), (90, 100, 100), (89, 100, 89)],
)
def test_the_number_moves_when_the_true_one_is_a_tenth_away(plays: int, before: int, kept: int) -> None:
    assert steadied(plays, before, use_rules()) == kept


def test_watched_to_the_end_needs_enough_plays_and_does_not_flicker() -> None:
    rule, new, known = use_rules(), Use(0, is_finished=False), Use(40, is_finished=True)
    least = rule.finished_min_plays
    assert not is_finished(least - 1, least - 1, known, rule)
    assert is_finished(least, least, new, rule)
    below = int(40 * (rule.finished_share + rule.finished_kept_share) / 2)
    assert (is_finished(40, below, new, rule), is_finished(40, below, known, rule)) == (False, True)
    assert not is_finished(40, 0, known, rule)
