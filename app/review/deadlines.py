"""How long reviews take and which are late: the board, and what owners are told to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, joinedload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library.models import Lecture
from app.review.models import Decision, Review
from app.review.queries import PAGE_SIZE, QueueRow, count_reviews, queue_row
from app.review.reach import get_reach, within
from app.review.rulebook import rulebook
from app.review.states import at_level


@dataclass(frozen=True, slots=True)
class LevelLoad:
    """How one level is doing within the actor's reach."""

    level: int
    waiting: int
    overdue: int
    oldest_since: datetime | None
    median_days: float | None


def get_board(db: Session, actor: Actor) -> tuple[Sequence[LevelLoad], Sequence[QueueRow]]:
    """Return the load of each level and the reviews that should have moved on."""
    reach, now = get_reach(db, actor), utc_now()
    loads = []
    for level in rulebook().levels:
        scope = and_(Review.state == at_level(level.number), Review.closed_at.is_(None), within(reach))
        counting = select(func.count(Review.id), func.min(Review.level_since)).join(Review.lecture)
        waiting, oldest = db.execute(counting.join(Lecture.institution).where(scope)).one()
        overdue = count_reviews(db, and_(scope, Review.due_at < now))
        loads.append(LevelLoad(level.number, waiting, overdue, oldest, usual_days(db, level.number)))
    statement = (
        select(Review)
        .join(Review.lecture)
        .join(Lecture.institution)
        .where(Review.closed_at.is_(None), Review.due_at < now, within(reach))
        .options(joinedload(Review.lecture).joinedload(Lecture.institution))
        .order_by(Review.due_at)
        .limit(PAGE_SIZE)
    )
    return loads, [queue_row(review, 0) for review in db.scalars(statement)]


def usual_days(db: Session, level: int, *, institution_id: int | None = None) -> float | None:
    """Return the median of days a level took for the last decisions; None while there are too few to speak of."""
    statement = (
        select(Decision.review_id, Decision.decided_at, Review.submitted_at)
        .join(Review, Review.id == Decision.review_id)
        .join(Review.lecture)
        .where(Decision.level == level, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(50)
    )
    if institution_id is not None:
        statement = statement.where(Lecture.institution_id == institution_id)
    rows = db.execute(statement).all()
    if len(rows) < 3:
        return None
    before: dict[int, datetime] = {}
    ids = [row[0] for row in rows]
    earlier = select(Decision.review_id, Decision.decided_at).where(
        Decision.review_id.in_(ids), Decision.level == level - 1, Decision.undone_at.is_(None)
    )
    before = {row[0]: row[1] for row in db.execute(earlier)}
    took: list[timedelta] = [decided - before.get(review_id, submitted) for review_id, decided, submitted in rows]
    return median(each.total_seconds() for each in took) / 86400
