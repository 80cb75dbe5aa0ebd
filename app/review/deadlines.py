"""How long reviews take and which are late: the board, and what owners are told to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library.models import Lecture
from app.review.models import Decision, Review
from app.review.policies import Reach
from app.review.queries import PAGE_SIZE, QueueRow, count_reviews, queue_row
from app.review.reach import get_reach, within
from app.review.rulebook import rulebook
from app.review.states import at_level
from app.review.turns import names_of_turns
from app.review.working_days import due_after


@dataclass(frozen=True, slots=True)
class LevelLoad:
    """How one level is doing within the actor's reach."""

    level: int
    waiting: int
    overdue: int
    soon: int
    oldest_since: datetime | None
    median_days: float | None


@dataclass(frozen=True, slots=True)
class DueRow:
    """A review that is late or soon due, and who may decide it."""

    row: QueueRow
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Board:
    """How reviews stand within the actor's reach."""

    loads: Sequence[LevelLoad]
    #: The first PAGE_SIZE that should have moved on, the latest first, and as many that are due soon.
    overdue: Sequence[DueRow]
    soon: Sequence[DueRow]


def get_board(db: Session, actor: Actor) -> Board:
    """Return the load of each level, what should have moved on and what must soon, and whose turn it is."""
    reach, now = get_reach(db, actor), utc_now()
    soon_until = due_after(now, rulebook().due_soon_days)
    loads = []
    for level in rulebook().levels:
        scope = and_(Review.state == at_level(level.number), Review.closed_at.is_(None), within(reach))
        counting = select(func.count(Review.id), func.min(Review.level_since)).join(Review.lecture)
        waiting, oldest = db.execute(counting.join(Lecture.institution).where(scope)).one()
        overdue = count_reviews(db, and_(scope, Review.due_at < now))
        soon = count_reviews(db, and_(scope, Review.due_at >= now, Review.due_at <= soon_until))
        loads.append(LevelLoad(level.number, waiting, overdue, soon, oldest, usual_days(db, level.number)))
    late = _list_due(db, reach, Review.due_at < now)
    near = _list_due(db, reach, and_(Review.due_at >= now, Review.due_at <= soon_until))
    names = names_of_turns(db, [*late, *near])
    rows = [[DueRow(queue_row(each, 0), names[each.id]) for each in part] for part in (late, near)]
    return Board(loads, *rows)


def _list_due(db: Session, reach: Reach, is_due: ColumnElement[bool]) -> Sequence[Review]:
    statement = (
        select(Review)
        .join(Review.lecture)
        .join(Lecture.institution)
        .where(Review.closed_at.is_(None), is_due, within(reach))
        .options(joinedload(Review.lecture).joinedload(Lecture.institution), selectinload(Review.decisions))
        .order_by(Review.due_at, Review.id)
        .limit(PAGE_SIZE)
    )
    return db.scalars(statement).all()


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
