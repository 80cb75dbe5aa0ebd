"""How far each of many lectures is in its review, as one SQL expression: for lists that filter and count by it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, case, or_, select

from app.library.models import Lecture, LectureState, PendingChange
from app.media.models import MediaSet
from app.review.models import Review, ReviewKind
from app.review.states import ReviewState


class Stage(StrEnum):
    """Where a lecture is between its maker and the shelf, in the order of the way."""

    #: Never sent in, or taken back.
    NOT_SENT = "not_sent"
    LEVEL_1 = "level_1"
    LEVEL_2 = "level_2"
    LEVEL_3 = "level_3"
    RETURNED = "returned"
    REJECTED = "rejected"
    SHELVED = "shelved"
    #: On the shelf, with changes that nobody has sent in.
    CHANGED = "changed"
    #: On the shelf, looked at again (复核).
    RECHECK = "recheck"
    WITHDRAWN = "withdrawn"


#: What says more than that a lecture is a draft, published or withdrawn.
UNDER_WAY: Final = frozenset(Stage) - {Stage.NOT_SENT, Stage.SHELVED, Stage.WITHDRAWN}


def _stage_expression() -> ColumnElement[str]:
    of_lecture = select(Review.state).where(Review.lecture_id == Lecture.id)
    still_open = of_lecture.where(Review.closed_at.is_(None)).correlate(Lecture)
    under_way = still_open.scalar_subquery()
    is_recheck = still_open.where(Review.kind == ReviewKind.RECHECK).exists()
    closed = of_lecture.where(Review.closed_at.is_not(None)).correlate(Lecture)
    last = closed.order_by(Review.closed_at.desc(), Review.id.desc()).limit(1).scalar_subquery()
    waiting_set = MediaSet.lecture_id == Lecture.id, ~MediaSet.is_current, MediaSet.replaced_at.is_(None)
    waits = and_(
        Lecture.is_held,
        or_(
            select(PendingChange.part).where(PendingChange.lecture_id == Lecture.id).correlate(Lecture).exists(),
            select(MediaSet.id).where(*waiting_set).correlate(Lecture).exists(),
        ),
    )
    # What was refused says nothing any more once the changes it was about were given up.
    is_refusal_over = and_(Lecture.state == LectureState.PUBLISHED, ~waits)
    return case(
        (is_recheck, Stage.RECHECK.value),
        (under_way == ReviewState.LEVEL_1, Stage.LEVEL_1.value),
        (under_way == ReviewState.LEVEL_2, Stage.LEVEL_2.value),
        (under_way == ReviewState.LEVEL_3, Stage.LEVEL_3.value),
        (is_refusal_over, Stage.SHELVED.value),
        (last == ReviewState.RETURNED, Stage.RETURNED.value),
        (last == ReviewState.REJECTED, Stage.REJECTED.value),
        (Lecture.state == LectureState.WITHDRAWN, Stage.WITHDRAWN.value),
        (Lecture.state == LectureState.PUBLISHED, Stage.CHANGED.value),
        else_=Stage.NOT_SENT.value,
    )


#: A lecture's stage in any statement that selects from `Lecture`.
stage_of: Final = _stage_expression()
