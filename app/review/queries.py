"""Reads of reviewers: the queue, one review with everything its page shows, the board of deadlines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import NotFound
from app.library.beside import Beside
from app.library.green_grants import is_hurried
from app.library.models import Lecture
from app.library.places import Institution
from app.media.models import MediaSet
from app.media.queries import set_of_source
from app.review import policies
from app.review.models import Commitment, Decision, Review, ReviewComment, ReviewEvent, ReviewOpening
from app.review.reach import get_reach, seated_at, within
from app.review.rulebook import rulebook
from app.review.services import people_of, undo_obstacle
from app.review.snapshots import PARTS, Difference, beside_in, differences
from app.review.states import Action, ReviewState, at_level

PAGE_SIZE: Final = 20


class Desk(StrEnum):
    """What a reviewer looks through."""

    MINE = "mine"
    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    public_id: str
    title: str
    teacher: str
    institution_name: str
    resource_type: str
    kind: str
    state: ReviewState
    level: int
    changed: Sequence[str]
    hit_count: int
    submitted_at: datetime
    due_at: datetime | None
    is_opened: bool
    #: Opened through the green channel: goes first.
    is_green: bool = False

    @property
    def is_overdue(self) -> bool:
        """Should have left its level."""
        return self.due_at is not None and self.due_at < utc_now()


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue, with how many there are at each desk."""

    rows: Sequence[QueueRow]
    counts: Mapping[Desk, int]
    page: int
    page_count: int


def list_reviews(db: Session, actor: Actor, *, desk: Desk = Desk.MINE, text: str = "", page: int = 1) -> Queue:
    """Page through the reviews within the actor's reach, the most urgent first."""
    reach = get_reach(db, actor)
    is_open = Review.closed_at.is_(None)
    own_decision = Decision.reviewer_id == actor.user_id, Decision.undone_at.is_(None)
    decided = select(Decision.id).where(Decision.review_id == Review.id, *own_decision).exists()
    numbers = [level.number for level in rulebook().levels]
    turns = [and_(Review.state == at_level(number), seated_at(reach, number)) for number in numbers]
    not_own = and_(Review.submitted_by_id != actor.user_id, Review.made_by_id != actor.user_id, ~decided)
    conditions = {
        Desk.MINE: and_(is_open, or_(*turns), not_own),
        Desk.OPEN: and_(is_open, within(reach)),
        Desk.DONE: and_(decided, within(reach)),
    }
    typed = [
        or_(Lecture.title.icontains(word, autoescape=True), Institution.name.icontains(word, autoescape=True),
            Lecture.teacher.icontains(word, autoescape=True))
        for word in text.split()[:8]
    ]  # fmt: skip
    counts = {each: count_reviews(db, and_(condition, *typed)) for each, condition in conditions.items()}
    page_count = max(1, -(-counts[desk] // PAGE_SIZE))
    page = min(max(page, 1), page_count)
    # What is late is late for everybody; of the rest the green channel goes first.
    is_green, is_late = is_hurried(), case((Review.due_at < utc_now(), 0), else_=1)
    urgent = (is_late, is_green.desc(), Review.due_at, Review.id)
    order = (Review.closed_at.desc(), Review.id.desc()) if desk is Desk.DONE else urgent
    openings = ReviewOpening.review_id == Review.id, ReviewOpening.user_id == actor.user_id
    statement = (
        select(Review, select(func.max(ReviewOpening.level)).where(*openings).scalar_subquery(), is_green)
        .join(Review.lecture)
        .join(Lecture.institution)
        .where(conditions[desk], *typed)
        .options(joinedload(Review.lecture).joinedload(Lecture.institution))
        .order_by(*order)
    )
    found = db.execute(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    rows = [queue_row(review, opened or 0, is_green=is_first) for review, opened, is_first in found]
    return Queue(rows, counts, page, page_count)


def count_reviews(db: Session, condition: ColumnElement[bool]) -> int:
    """Count reviews by a condition on them, their lectures and institutions."""
    counting = select(func.count(Review.id)).join(Review.lecture).join(Lecture.institution)
    return db.scalar(counting.where(condition)) or 0


def queue_row(review: Review, opened_level: int, *, is_green: bool = False) -> QueueRow:
    """Return a review (its lecture and institution loaded) as a line."""
    lecture = review.lecture
    return QueueRow(
        public_id=review.public_id, title=lecture.title, teacher=lecture.teacher,
        institution_name=lecture.institution.name, resource_type=lecture.resource_type, kind=review.kind.value,
        state=review.state, level=review.state.level, changed=review.changed, hit_count=len(review.hits),
        submitted_at=review.submitted_at, due_at=review.due_at,
        is_opened=review.state.level > 0 and opened_level == review.state.level, is_green=is_green,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything the page of one review shows."""

    review: Review
    lecture: Lecture
    commitment: Commitment | None
    decisions: Sequence[Decision]
    #: Of earlier reviews too: whoever returned it looks whether it was mended.
    comments: Sequence[ReviewComment]
    events: Sequence[ReviewEvent]
    media: MediaSet | None
    #: Parts this level has not passed before as they are.
    to_review: Sequence[str]
    differences: Sequence[Difference]
    #: What the level said last about this lecture, to begin from.
    former_scores: Mapping[str, int]
    may_decide: bool
    #: Why not, when the actor has the seat.
    is_own_work: bool
    undo_until: datetime | None

    @property
    def beside(self) -> Beside:
        """Cover and handouts as they were sent in."""
        return beside_in(self.review.snapshot) or Beside()

    @property
    def is_all_to_review(self) -> bool:
        """Nothing of it was passed before by this level."""
        return len(self.to_review) == len(PARTS)


def get_case(db: Session, actor: Actor, public_id: str) -> CasePage:
    """Load a review for its page.

    Raises:
        NotFound: none, or not within the actor's reach.
    """
    reach = get_reach(db, actor)
    review = db.scalars(
        select(Review)
        .where(Review.public_id == public_id)
        .options(
            joinedload(Review.lecture).joinedload(Lecture.institution).joinedload(Institution.region),
            joinedload(Review.lecture).selectinload(Lecture.terms),
            joinedload(Review.lecture).selectinload(Lecture.captions),
            joinedload(Review.lecture).selectinload(Lecture.chapters),
            selectinload(Review.decisions),
        )
    ).first()
    if review is None or not policies.can_see_reviews_of(reach, review.lecture.institution):
        raise NotFound(public_id=public_id)
    lecture, level = review.lecture, review.state.level
    has_seat = bool(level) and policies.holds_seat(reach, rulebook().level(level), lecture.institution)
    is_own = policies.is_own_work(actor, people_of(db, review))
    earlier = _earlier(db, review)
    source_id = review.snapshot["source_id"]
    return CasePage(
        review=review,
        lecture=lecture,
        commitment=db.get(Commitment, review.commitment_id) if review.commitment_id else None,
        decisions=review.decisions,
        comments=list_comments(db, lecture.id),
        events=list_events(db, lecture.id),
        media=set_of_source(db, source_id) if source_id is not None else None,
        to_review=_uncovered(review, earlier, level) if level else review.changed,
        differences=differences(review.snapshot, _snapshot_before(db, earlier, review)),
        former_scores=next((each.scores for _, each in earlier if each.level == level and each.scores), {}),
        may_decide=has_seat and not is_own,
        is_own_work=has_seat and is_own,
        undo_until=_undo_until(db, actor, review),
    )


def _earlier(db: Session, review: Review) -> list[tuple[Review, Decision]]:
    """Return what was said of the same lecture before, the newest first."""
    statement = (
        select(Review, Decision)
        .join(Decision, Decision.review_id == Review.id)
        .where(Review.lecture_id == review.lecture_id, Review.id < review.id, Decision.undone_at.is_(None))
        .order_by(Review.id.desc(), Decision.id.desc())
    )
    return [(row[0], row[1]) for row in db.execute(statement)]


def _uncovered(review: Review, earlier: Sequence[tuple[Review, Decision]], level: int) -> list[str]:
    """Return the parts that were not passed at the level before exactly as they are now."""
    if review.kind == "recheck":
        return list(review.changed)
    passed = {
        (part, digest)
        for former, decision in earlier
        if decision.level == level and decision.verdict is Action.PASS
        for part, digest in former.digests.items()
    }
    return [part for part, digest in review.digests.items() if (part, digest) not in passed]


def _snapshot_before(
    db: Session, earlier: Sequence[tuple[Review, Decision]], review: Review
) -> Mapping[str, Any] | None:
    """Return what the diff is against: the version somebody reviewed last, or else the one residents see."""
    shown = Review.lecture_id == review.lecture_id, Review.id < review.id, Review.state == ReviewState.PASSED
    former = next((each for each, _ in earlier), None)
    former = former or db.scalars(select(Review).where(*shown).order_by(Review.id.desc()).limit(1)).first()
    return former.snapshot if former is not None else None


def _undo_until(db: Session, actor: Actor, review: Review) -> datetime | None:
    standing = [each for each in review.decisions if each.undone_at is None]
    if not standing or standing[-1].reviewer_id != actor.user_id or undo_obstacle(db, review, standing[-1]):
        return None
    return standing[-1].decided_at + rulebook().second_thoughts


def list_comments(db: Session, lecture_id: int, review_id: int | None = None) -> Sequence[ReviewComment]:
    """Return the remarks of one review, or of all of a lecture, in the order of their time."""
    statement = select(ReviewComment).join(Review, Review.id == ReviewComment.review_id)
    statement = statement.where(Review.lecture_id == lecture_id)
    if review_id is not None:
        statement = statement.where(Review.id == review_id)
    return db.scalars(statement.order_by(ReviewComment.at_s.is_(None), ReviewComment.at_s, ReviewComment.id)).all()


def list_events(db: Session, lecture_id: int) -> Sequence[ReviewEvent]:
    """Return the history of a lecture, the newest first."""
    return db.scalars(
        select(ReviewEvent).where(ReviewEvent.lecture_id == lecture_id).order_by(ReviewEvent.id.desc())
    ).all()
