"""The table of the way: every act in every state, with every number of levels, against a table written by hand."""

from __future__ import annotations

import itertools

import pytest

from app.kernel.errors import Conflict
from app.review.states import Action, ReviewState, first_state, next_state

L1, L2, L3 = ReviewState.LEVEL_1, ReviewState.LEVEL_2, ReviewState.LEVEL_3
PASSED, RETURNED, REJECTED, RECALLED = (
    ReviewState.PASSED, ReviewState.RETURNED, ReviewState.REJECTED, ReviewState.RECALLED,
)  # fmt: skip

#: (state, act, levels) -> where it leads; everything that is not here is refused.
ALLOWED = {
    **{(state, Action.RETURN, n): RETURNED for n, state in itertools.product((1, 2, 3), (L1, L2, L3))},
    **{(state, Action.REJECT, n): REJECTED for n, state in itertools.product((1, 2, 3), (L1, L2, L3))},
    **{(state, Action.RECALL, n): RECALLED for n, state in itertools.product((1, 2, 3), (L1, L2, L3))},
    (L1, Action.PASS, 1): PASSED, (L1, Action.PASS, 2): L2, (L1, Action.PASS, 3): L2,
    (L2, Action.PASS, 1): PASSED, (L2, Action.PASS, 2): PASSED, (L2, Action.PASS, 3): L3,
    (L3, Action.PASS, 1): PASSED, (L3, Action.PASS, 2): PASSED, (L3, Action.PASS, 3): PASSED,
}  # fmt: skip
#: (state, level of the decision taken back) -> where it leads.
UNDONE = {
    (L2, 1): L1, (PASSED, 1): L1, (RETURNED, 1): L1, (REJECTED, 1): L1,
    (L3, 2): L2, (PASSED, 2): L2, (RETURNED, 2): L2, (REJECTED, 2): L2,
    (PASSED, 3): L3, (RETURNED, 3): L3, (REJECTED, 3): L3,
}  # fmt: skip


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("action", [each for each in Action if each is not Action.UNDO])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_every_act_in_every_state(state: ReviewState, action: Action, levels: int) -> None:
    expected = ALLOWED.get((state, action, levels))
    if expected is None:
        with pytest.raises(Conflict):
            next_state(state, action, levels=levels)
    else:
        assert next_state(state, action, levels=levels) is expected


@pytest.mark.parametrize("state", ReviewState)
@pytest.mark.parametrize("decided_level", [0, 1, 2, 3])
def test_what_can_be_taken_back(state: ReviewState, decided_level: int) -> None:
    expected = UNDONE.get((state, decided_level))
    if expected is None:
        with pytest.raises(Conflict):
            next_state(state, Action.UNDO, levels=3, decided_level=decided_level)
    else:
        assert next_state(state, Action.UNDO, levels=3, decided_level=decided_level) is expected


def test_where_a_submission_begins() -> None:
    assert [first_state(levels) for levels in range(4)] == [PASSED, L1, L1, L1]
