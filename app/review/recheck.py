"""Looking at the shelf again (复核): what was reviewed too long ago, and sending it round once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, NotFound, NotPermitted
from app.library.models import Lecture, LectureState
from app.library.places import Institution
from app.review import policies, shelving
from app.review.models import Review, ReviewKind
from app.review.reach import get_reach, within
from app.review.readiness import Candidate
from app.review.rulebook import rulebook
from app.review.rules import current_rule, required_levels
from app.review.snapshots import PARTS, freeze
from app.review.states import Action, ReviewState
from app.review.submission import open_review


@dataclass(frozen=True, slots=True)
class Stale:
    """A lecture on the shelf whose last review is long ago, or that has none."""

    public_id: str
    title: str
    institution_name: str
    reviewed_at: datetime | None


def _stale(db: Session, actor: Actor) -> Select[Lecture, datetime | None]:
    newest = (
        select(Review.lecture_id, func.max(Review.closed_at).label("reviewed_at"))
        .where(Review.state == ReviewState.PASSED)
        .group_by(Review.lecture_id)
        .subquery()
    )
    is_open = select(Review.id).where(Review.lecture_id == Lecture.id, Review.closed_at.is_(None)).exists()
    limit = utc_now() - rulebook().recheck_after
    since = func.coalesce(newest.c.reviewed_at, Lecture.published_at)
    return (
        select(Lecture, newest.c.reviewed_at)
        .join(Institution, Institution.id == Lecture.institution_id)
        .outerjoin(newest, newest.c.lecture_id == Lecture.id)
        .where(Lecture.state == LectureState.PUBLISHED, Lecture.is_held, since < limit, ~is_open)
        .where(within(get_reach(db, actor)))
        .options(joinedload(Lecture.institution))
        .order_by(since, Lecture.id)
    )


def list_stale(db: Session, actor: Actor, *, limit: int = 50) -> tuple[Sequence[Stale], int]:
    """Return the lectures longest without a review within the actor's reach, and how many there are."""
    statement = _stale(db, actor)
    count = db.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    rows = [
        Stale(lecture.public_id, lecture.title, lecture.institution.name, reviewed_at)
        for lecture, reviewed_at in db.execute(statement.limit(limit))
    ]
    return rows, count


def start_recheck(db: Session, actor: Actor, public_id: str) -> Review:
    """Send a lecture on the shelf round again, as whoever sent it in last; one that is open already is fine.

    Raises:
        Conflict: when the institution needs no levels, or the lecture is not on the shelf.
    """
    lecture = db.scalars(
        select(Lecture)
        .where(Lecture.public_id == public_id)
        .options(joinedload(Lecture.institution), selectinload(Lecture.terms))
        .with_for_update(of=Lecture)
    ).first()
    if lecture is None or not policies.can_see_reviews_of(get_reach(db, actor), lecture.institution):
        raise NotFound(public_id=public_id)
    open_one = shelving.find_open(db, lecture.id)
    if open_one is not None:
        return open_one
    levels, rule = required_levels(db, lecture.institution_id), current_rule(db, lecture.institution_id)
    if lecture.state is not LectureState.PUBLISHED or not levels:
        raise Conflict("这一讲不需要复核。", code="no_recheck", lecture_id=lecture.id)
    last = shelving.last_passed(db, lecture.id)
    sender = (last.submitted_by_id, last.submitted_name) if last is not None else (lecture.created_by_id, "")
    if sender[0] is None:
        sender = (actor.user_id, actor.display_name)
    if sender[0] is None:
        raise NotPermitted
    candidate = Candidate(
        lecture=lecture, title=lecture.title, frozen=freeze(db, lecture), passed=last, changed=PARTS, missing={},
        hits=[], levels=levels, rule_note=rule.reason if rule is not None else "",
    )  # fmt: skip
    review = open_review(
        db, actor, candidate, kind=ReviewKind.RECHECK, commitment_id=None, submitted_by=(sender[0], sender[1] or "—")
    )
    shelving.note(db, actor, lecture, Action.RECHECK, before=lecture.state.value, review=review)
    return review
