"""The way of a review as a table: which act leads from where to where. Pure; who may act is in policies."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from app.kernel.errors import Conflict

LEVELS_MAX: Final = 3


class ReviewState(StrEnum):
    """Where a review stands; the last four are ends."""

    LEVEL_1 = "level_1"
    LEVEL_2 = "level_2"
    LEVEL_3 = "level_3"
    PASSED = "passed"
    RETURNED = "returned"
    REJECTED = "rejected"
    RECALLED = "recalled"

    @property
    def level(self) -> int:
        """The level it waits at; 0 when it has ended."""
        return int(self.value[-1]) if self.value.startswith("level_") else 0


class Action(StrEnum):
    """What people do to a review, or to a lecture's place on the shelf."""

    SUBMIT = "submit"
    PASS = "pass"  # noqa: S105 - a verdict
    RETURN = "return"
    REJECT = "reject"
    RECALL = "recall"
    UNDO = "undo"
    #: Put on the shelf by an institution without levels, or again after a withdrawal (入库).
    SHELVE = "shelve"
    WITHDRAW = "withdraw"
    #: Looked at again although nothing changed (复核).
    RECHECK = "recheck"


VERDICTS: Final = frozenset({Action.PASS, Action.RETURN, Action.REJECT})


def at_level(level: int) -> ReviewState:
    """Return the state of waiting at a level."""
    return ReviewState(f"level_{level}")


def first_state(levels: int) -> ReviewState:
    """Return where a submission begins."""
    return at_level(1) if levels else ReviewState.PASSED


def next_state(state: ReviewState, action: Action, *, levels: int, decided_level: int = 0) -> ReviewState:
    """Return where an act leads; `decided_level` is that of the decision an UNDO takes back.

    Raises:
        Conflict: when the act is not possible in this state.
    """
    if action in {Action.RETURN, Action.REJECT, Action.RECALL} and state.level:
        ends = {Action.RETURN: ReviewState.RETURNED, Action.REJECT: ReviewState.REJECTED}
        return ends.get(action, ReviewState.RECALLED)
    if action is Action.PASS and state.level:
        return ReviewState.PASSED if state.level >= levels else at_level(state.level + 1)
    undoes_last = decided_level and state in {
        at_level(min(decided_level + 1, LEVELS_MAX)), ReviewState.PASSED, ReviewState.RETURNED, ReviewState.REJECTED,
    }  # fmt: skip
    if action is Action.UNDO and undoes_last and decided_level != state.level:
        return at_level(decided_level)
    sentence = "这份送审现在不能这样处理，请刷新看看最新的情况。"
    raise Conflict(sentence, code="not_possible_now", state=state, action=action)
