"""What the people of a lecture are told on its page in the studio: where it stands, what waits, what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library.models import Lecture, LectureState
from app.library.pending import list_pending
from app.media.queries import current_set, waiting_set
from app.review import shelving
from app.review.deadlines import usual_days
from app.review.models import Decision, Review, ReviewComment, ReviewEvent, ReviewKind
from app.review.queries import list_comments, list_events
from app.review.rulebook import rulebook
from app.review.rules import current_rule, required_levels
from app.review.snapshots import freeze
from app.review.states import ReviewState

if TYPE_CHECKING:
    from app.review.models import ReviewRule


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a lecture stands in its review."""

    levels: int
    rule: ReviewRule | None
    #: The review it is in, or the last one that said something.
    review: Review | None
    refusal: Decision | None
    comments: Sequence[ReviewComment]
    events: Sequence[ReviewEvent]
    #: What the level at hand took lately, in days; None while there are too few to speak of.
    usual_days: float | None
    due_days: int
    recall_until: datetime | None
    #: Parts on the shelf that were changed and not passed: "text", "chapters", "beside", "caption:zh-CN", "media".
    waiting: Sequence[str]
    #: May be put on the shelf without another review.
    is_free: bool

    @property
    def is_open(self) -> bool:
        """Under review right now."""
        return self.review is not None and self.review.closed_at is None


def get_standing(db: Session, actor: Actor, lecture: Lecture) -> Standing:
    """Say where a lecture stands (its terms must be loaded)."""
    levels, now = required_levels(db, lecture.institution_id), utc_now()
    review = shelving.find_open(db, lecture.id) or shelving.last_closed(db, lecture.id)
    level = review.state.level if review is not None else 0
    waiting = list(list_pending(db, lecture.id)) if lecture.is_held else []
    current, newer = current_set(db, lecture.id), waiting_set(db, lecture.id)
    if newer is not None and current is not None:
        waiting.append("media")
    refusal = None
    if review is not None and review.state in {ReviewState.RETURNED, ReviewState.REJECTED}:
        db.refresh(review, ["decisions"])
        refusal = next((each for each in reversed(review.decisions) if each.undone_at is None), None)
    recall_until = None
    is_mine = review is not None and review.submitted_by_id == actor.user_id and review.kind is not ReviewKind.RECHECK
    if review is not None and is_mine and level and now - review.submitted_at < rulebook().second_thoughts:
        recall_until = review.submitted_at + rulebook().second_thoughts
    is_withdrawn = lecture.state is LectureState.WITHDRAWN
    passed = shelving.last_passed(db, lecture.id) if is_withdrawn else None
    comes_back = passed is not None and passed.digests == freeze(db, lecture).digests
    return Standing(
        levels=levels,
        rule=current_rule(db, lecture.institution_id),
        review=review,
        refusal=refusal,
        comments=list_comments(db, lecture.id, review.id) if review is not None else [],
        events=list_events(db, lecture.id),
        # The last level is the same people for every institution.
        usual_days=usual_days(db, level, institution_id=lecture.institution_id if level < 3 else None),
        due_days=rulebook().level(level).days if level else 0,
        recall_until=recall_until,
        waiting=waiting,
        is_free=levels == 0 or comes_back,
    )
