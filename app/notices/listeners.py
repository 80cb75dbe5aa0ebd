"""From facts of lectures and accounts to notices: who is told, and what with. Others: joining_facts, green_facts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.accounts.events import AccountChanged
from app.kernel.ids import new_public_id
from app.kernel.outbox import Subscriptions
from app.library.events import LectureWithdrawn
from app.library.models import Lecture
from app.media.events import MediaFailed, MediaReady
from app.media.models import Source
from app.notices import green_facts, joining_facts
from app.notices.kinds import NoticeKind
from app.notices.letters import Letterhead
from app.notices.services import tell
from app.review.events import ReviewMoved
from app.review.models import Review, ReviewComment, ReviewEvent, ReviewKind, ReviewOpening
from app.review.seat_holders import list_seat_holders
from app.review.states import Action, ReviewState


def subscribe(subscriptions: Subscriptions, head: Letterhead) -> None:
    """Listen to what people want to know of."""

    def review_moved(db: Session, event: ReviewMoved) -> None:
        _tell_of_review(db, head, event)

    def media_ready(db: Session, event: MediaReady) -> None:
        _tell_of_media(db, head, event.source_id, NoticeKind.MEDIA_READY, {})

    def media_failed(db: Session, event: MediaFailed) -> None:
        _tell_of_media(db, head, event.source_id, NoticeKind.MEDIA_FAILED, {"why": event.why, "who": "系统"})

    def withdrawn(db: Session, event: LectureWithdrawn) -> None:
        _tell_of_withdrawal(db, head, event.lecture_id)

    def account_changed(db: Session, event: AccountChanged) -> None:
        # Each is news, also the second of its kind.
        key = f"account:{event.what}:{new_public_id()}"
        tell(db, head, {event.user_id}, NoticeKind.ACCOUNT, {"what": event.what}, key=key)

    joining_facts.subscribe(subscriptions, head)
    green_facts.subscribe(subscriptions, head)
    subscriptions.listen(AccountChanged, account_changed)
    subscriptions.listen(ReviewMoved, review_moved)
    subscriptions.listen(MediaReady, media_ready)
    subscriptions.listen(MediaFailed, media_failed)
    subscriptions.listen(LectureWithdrawn, withdrawn)


def _tell_of_review(db: Session, head: Letterhead, event: ReviewMoved) -> None:
    review = db.scalars(
        select(Review)
        .where(Review.id == event.review_id)
        .options(joinedload(Review.lecture).joinedload(Lecture.institution), selectinload(Review.decisions))
    ).first()
    line = db.scalars(
        select(ReviewEvent)
        .where(ReviewEvent.review_id == event.review_id, ReviewEvent.action == Action(event.action),
               ReviewEvent.to_state == event.state)
        .order_by(ReviewEvent.id.desc())
    ).first()  # fmt: skip
    if review is None or line is None:
        return
    facts = _facts(review.lecture, review)
    key = f"review-event:{line.id}"
    owners = {review.submitted_by_id, review.lecture.created_by_id} - {line.actor_id}
    kind, told = _for_owners(db, review, line)
    if kind is not None:
        tell(db, head, owners, kind, facts | told, key=key)
    if line.action is Action.RECALL:
        opened = set(db.scalars(select(ReviewOpening.user_id).where(ReviewOpening.review_id == review.id)))
        tell(db, head, opened - {line.actor_id}, NoticeKind.CASE_RECALLED, facts, key=key)
    # The state as it is now: somebody may have been faster than this delivery, and the turn is another's already.
    is_new_turn = line.action in {Action.SUBMIT, Action.PASS, Action.RECHECK} and review.state.value == event.state
    if is_new_turn and review.state.level:
        turn = {"level": review.state.level}
        tell(db, head, list_seat_holders(db, review), NoticeKind.CASE, facts | turn, key=f"{key}:case")


def _for_owners(db: Session, review: Review, line: ReviewEvent) -> tuple[NoticeKind | None, dict[str, Any]]:
    """Return what the people of a lecture are told, if anything, and with which facts."""
    level = ReviewState(line.from_state).level if line.from_state in set(ReviewState) else 0
    if line.action in {Action.RETURN, Action.REJECT}:
        # Remarks are shown to them from now on.
        remarks = db.scalar(select(func.count(ReviewComment.id)).where(ReviewComment.review_id == review.id)) or 0
        kind = NoticeKind.RETURNED if line.action is Action.RETURN else NoticeKind.REJECTED
        return kind, {"level": level, "why": line.why, "who": line.actor_name, "remarks": remarks}
    if line.action is Action.PASS and line.to_state == ReviewState.PASSED and review.kind is not ReviewKind.RECHECK:
        return NoticeKind.PUBLISHED, {}
    passed = "rechecked" if line.to_state == ReviewState.PASSED else "pass"
    what = {Action.PASS: passed, Action.UNDO: "undo", Action.RECHECK: "recheck"}.get(line.action)
    if what is None:
        return None, {}
    if line.action is Action.UNDO:
        level = ReviewState(line.to_state).level
    return NoticeKind.PROGRESS, {"what": what, "level": level}


def _tell_of_media(db: Session, head: Letterhead, source_id: int, kind: NoticeKind, told: dict[str, Any]) -> None:
    source = db.get(Source, source_id)
    lecture = db.get(Lecture, source.lecture_id) if source is not None else None
    if source is None or lecture is None:
        return
    owner = source.uploaded_by_id or lecture.created_by_id
    tell(db, head, {owner}, kind, _facts(lecture) | told, key=f"{kind}:{source.id}")


def _tell_of_withdrawal(db: Session, head: Letterhead, lecture_id: int) -> None:
    line = db.scalars(
        select(ReviewEvent).where(ReviewEvent.lecture_id == lecture_id).order_by(ReviewEvent.id.desc()).limit(1)
    ).first()
    lecture = db.get(Lecture, lecture_id)
    if lecture is None or line is None or line.action is not Action.WITHDRAW:
        return  # an undone decision takes it out of the index too, and is told as such
    told = {"why": line.why, "who": line.actor_name}
    owners = {lecture.created_by_id} - {line.actor_id}
    tell(db, head, owners, NoticeKind.WITHDRAWN, _facts(lecture) | told, key=f"review-event:{line.id}")


def _facts(lecture: Lecture, review: Review | None = None) -> dict[str, Any]:
    facts: dict[str, Any] = {"title": lecture.title, "lecture": lecture.public_id}
    return facts | {"review": review.public_id} if review is not None else facts
