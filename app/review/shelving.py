"""Onto the shelf and off it: the ends of reviews, and the lines of the history.

Only services of this room and the studio's publish and withdraw call these; they have asked the policy.
"""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.ids import new_public_id
from app.library import pending
from app.library.events import LectureChanged, LecturePublished, LectureWithdrawn
from app.library.models import Lecture, LectureState
from app.media.queries import set_of_source, waiting_set
from app.media.services import make_current
from app.review.events import ReviewMoved
from app.review.models import REASON_MAX, Review, ReviewEvent, ReviewKind
from app.review.snapshots import Frozen, thaw
from app.review.states import Action, ReviewState

log = structlog.get_logger(__name__)


def note(
    db: Session, actor: Actor, lecture: Lecture, action: Action, *, before: str, review: Review | None, why: str = ""
) -> None:
    """Add a line to the history of a lecture and tell other rooms."""
    after = review.state.value if review is not None else lecture.state.value
    event = ReviewEvent(
        lecture_id=lecture.id, review_id=review.id if review is not None else None, at=utc_now(),
        actor_id=actor.user_id, actor_name=actor.display_name, lecture_version=lecture.version, action=action,
        from_state=before, to_state=after, why=why[:REASON_MAX],
    )  # fmt: skip
    db.add(event)
    if review is not None and review.levels:
        outbox.emit(db, ReviewMoved(review.id, lecture.id, action.value, after))
    log.info("review_moved", lecture_id=lecture.id, action=action.value, before=before, after=after)


def put_on_shelf(db: Session, lecture: Lecture, review: Review) -> None:
    """Show residents exactly what was passed; a first time under a new date, a change under the old one."""
    pending.put_copy(db, lecture, thaw(review.snapshot))
    source_id = review.snapshot["source_id"]
    media = set_of_source(db, source_id) if source_id is not None else None
    if media is not None and not media.is_current:
        make_current(db, media)
    now, was_shown = utc_now(), lecture.state is LectureState.PUBLISHED
    lecture.state, lecture.published_at = LectureState.PUBLISHED, lecture.published_at or now
    lecture.withdrawn_at, lecture.withdrawn_reason = None, ""
    lecture.version, lecture.updated_at = lecture.version + 1, now
    # Without levels nothing waits, unless something did when the rule changed.
    lecture.is_held = review.levels > 0 or bool(pending.list_pending(db, lecture.id))
    outbox.emit(db, LectureChanged(lecture.id) if was_shown else LecturePublished(lecture.id))


def shelve_unreviewed(db: Session, actor: Actor, lecture: Lecture, frozen: Frozen, *, rule_note: str) -> Review:
    """Record that an institution without levels puts a lecture on the shelf itself, and do it."""
    now = utc_now()
    review = Review(
        public_id=new_public_id(), lecture_id=lecture.id, kind=ReviewKind.FIRST, state=ReviewState.PASSED, levels=0,
        rule_note=rule_note, lecture_version=lecture.version, submitted_by_id=actor.user_id,
        submitted_name=actor.display_name, made_by_id=lecture.created_by_id, submitted_at=now, digests=frozen.digests,
        changed=[], hits=[], level_since=now, closed_at=now, snapshot=frozen.snapshot,
    )  # fmt: skip
    db.add(review)
    db.flush()
    before = lecture.state.value
    put_on_shelf(db, lecture, review)
    note(db, actor, lecture, Action.SHELVE, before=before, review=review, why=rule_note)
    return review


def take_off_shelf(db: Session, actor: Actor, lecture: Lecture, *, reason: str) -> None:
    """Withdraw a published lecture (出库): its address tells why, an open review of it is called off."""
    now, before = utc_now(), lecture.state.value
    review = find_open(db, lecture.id)
    if review is not None:
        close(review, ReviewState.RECALLED)
        note(db, actor, lecture, Action.RECALL, before=before, review=review, why=reason)
    lecture.state, lecture.withdrawn_at, lecture.withdrawn_reason = LectureState.WITHDRAWN, now, reason
    lecture.version, lecture.updated_at = lecture.version + 1, now
    unhold(db, lecture)
    note(db, actor, lecture, Action.WITHDRAW, before=before, review=None, why=reason)
    outbox.emit(db, LectureWithdrawn(lecture.id))


def unhold(db: Session, lecture: Lecture) -> None:
    """Let a lecture nobody sees be worked on again: what waited becomes what it is."""
    pending.release(db, lecture)
    media = waiting_set(db, lecture.id)
    if media is not None:
        make_current(db, media)


def close(review: Review, state: ReviewState) -> None:
    """End a review."""
    review.state, review.closed_at, review.due_at = state, utc_now(), None


def find_open(db: Session, lecture_id: int) -> Review | None:
    """Return the review a lecture is in."""
    return db.scalars(select(Review).where(Review.lecture_id == lecture_id, Review.closed_at.is_(None))).first()


def last_passed(db: Session, lecture_id: int) -> Review | None:
    """Return the review whose content residents see, or saw last."""
    passed = select(Review).where(Review.lecture_id == lecture_id, Review.state == ReviewState.PASSED)
    return db.scalars(passed.order_by(Review.closed_at.desc(), Review.id.desc()).limit(1)).first()


def last_closed(db: Session, lecture_id: int) -> Review | None:
    """Return the review that ended last."""
    closed = select(Review).where(Review.lecture_id == lecture_id, Review.closed_at.is_not(None))
    return db.scalars(closed.order_by(Review.closed_at.desc(), Review.id.desc()).limit(1)).first()
