"""Writes of reviewers: opening, remarks, decisions, taking one's own back, looking at the shelf again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from app.kernel import outbox
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotFound, NotPermitted
from app.kernel.sentences import Sentence, too_long
from app.library.events import LectureWithdrawn
from app.library.models import Lecture, LectureState, PendingChange
from app.media.models import Source
from app.review import policies, shelving
from app.review.models import (
    COMMENT_MAX,
    REASON_MAX,
    Decision,
    Review,
    ReviewComment,
    ReviewKind,
    ReviewOpening,
)
from app.review.policies import Reach
from app.review.reach import get_reach
from app.review.rulebook import rulebook
from app.review.snapshots import freeze
from app.review.states import VERDICTS, Action, ReviewState, next_state
from app.review.working_days import due_after

log = structlog.get_logger(__name__)

SCORE_MIN, SCORE_MAX = 1, 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reviewer says: pass, return or reject, why, and 1 to 5 for each aspect."""

    action: Action
    reason: str = ""
    scores: Mapping[str, int] = field(default_factory=dict)


def note_opening(db: Session, actor: Actor, public_id: str) -> None:
    """Remember that somebody who may decide has opened the review at its level; to others it is only reading."""
    reach = get_reach(db, actor)
    review = _load(db, reach, public_id)
    level = review.state.level
    if not level or actor.user_id is None or not _may_decide(db, reach, review):
        return
    key = (review.id, level, actor.user_id)
    if db.get(ReviewOpening, key) is None:
        db.add(ReviewOpening(review_id=review.id, level=level, user_id=actor.user_id, opened_at=utc_now()))


def decide(db: Session, actor: Actor, public_id: str, verdict: Verdict, *, at_level: int) -> Review:
    """Say pass, return or reject at the level the actor saw; saying the same again changes nothing.

    Raises:
        NotPermitted: without the seat, or for one's own work.
        Conflict: when the review has moved on.
        InvalidInput: `reason`, `scores`.
    """
    reach = get_reach(db, actor)
    review = _load(db, reach, public_id)
    mine = next((each for each in _standing(review) if each.reviewer_id == actor.user_id), None)
    if mine is not None and (mine.level, mine.verdict) == (at_level, verdict.action):
        return review
    if review.state.level != at_level or verdict.action not in VERDICTS:
        raise Conflict("这一级刚才已经有了结论，请刷新看看最新的情况。", code="moved_on", review_id=review.id)
    _require_seat(db, reach, review)
    _check_verdict(verdict)
    assert actor.user_id is not None
    assert review.submitted_by_id is not None
    assert review.made_by_id is not None
    decision = Decision(
        review_id=review.id, submitted_by_id=review.submitted_by_id, made_by_id=review.made_by_id, level=at_level,
        reviewer_id=actor.user_id, reviewer_name=actor.display_name, verdict=verdict.action,
        reason=verdict.reason.strip(), scores=dict(verdict.scores), decided_at=utc_now(),
    )  # fmt: skip
    db.add(decision)
    try:
        db.flush()
    except IntegrityError as error:  # two at the same moment: the database lets one of them through
        raise Conflict("这一级刚才已经有了结论，请刷新看看最新的情况。", code="moved_on") from error
    _move(db, actor, review, verdict)
    return review


def _check_verdict(verdict: Verdict) -> None:
    problems: dict[str, str] = {}
    reason = verdict.reason.strip()
    if verdict.action is not Action.PASS and not reason:
        problems["reason"] = "请写明理由，老师要照着改。"
    elif len(reason) > REASON_MAX:
        problems["reason"] = too_long("理由", REASON_MAX, reason)
    keys = {aspect.key for aspect in rulebook().aspects}
    in_range = all(SCORE_MIN <= score <= SCORE_MAX for score in verdict.scores.values())
    is_scored = set(verdict.scores) == keys and in_range
    if verdict.action is Action.PASS and not is_scored:
        problems["scores"] = "请给七项都打分，1 到 5 分。"
    if problems:
        raise InvalidInput(fields=problems)


def _move(db: Session, actor: Actor, review: Review, verdict: Verdict) -> None:
    """Take the consequences of a decision that is written down."""
    lecture, before, now = review.lecture, review.state.value, utc_now()
    after = next_state(review.state, verdict.action, levels=review.levels)
    review.level_since = now
    if after.level:
        review.state, review.due_at = after, due_after(now, rulebook().level(after.level).days)
    else:
        shelving.close(review, after)
    if after is ReviewState.PASSED and review.kind is not ReviewKind.RECHECK:
        shelving.put_on_shelf(db, lecture, review)
    elif after is ReviewState.REJECTED and review.kind is ReviewKind.RECHECK:
        shelving.note(db, actor, lecture, verdict.action, before=before, review=review, why=verdict.reason.strip())
        shelving.take_off_shelf(db, actor, lecture, reason=verdict.reason.strip()[:200])
        return
    elif not after.level and after is not ReviewState.PASSED and lecture.state is not LectureState.PUBLISHED:
        shelving.unhold(db, lecture)
    shelving.note(db, actor, lecture, verdict.action, before=before, review=review, why=verdict.reason.strip())


def undo(db: Session, actor: Actor, public_id: str) -> Review:
    """Take the actor's own last decision back, for ten minutes and while the next level has not begun.

    Raises:
        Conflict: when it is too late, the next one has begun, or residents see a change already.
    """
    review = _load(db, get_reach(db, actor), public_id)
    standing = _standing(review)
    last = standing[-1] if standing else None
    if last is None or last.reviewer_id != actor.user_id:
        raise Conflict("没有可以撤销的结论。", code="nothing_to_undo", review_id=review.id)
    obstacle = undo_obstacle(db, review, last)
    if obstacle:
        raise Conflict(obstacle, code="too_late_to_undo", review_id=review.id)
    before, lecture = review.state.value, review.lecture
    after = next_state(review.state, Action.UNDO, levels=review.levels, decided_level=last.level)
    if review.state is ReviewState.PASSED and review.kind is ReviewKind.FIRST:
        lecture.state, lecture.published_at = LectureState.DRAFT, None
        lecture.version += 1
        outbox.emit(db, LectureWithdrawn(lecture.id))  # out of the index; there is no tombstone of what was never there
    last.undone_at = utc_now()
    review.state, review.closed_at = after, None
    review.due_at = due_after(review.submitted_at, rulebook().level(after.level).days)
    lecture.is_held = True
    db.flush()
    shelving.note(db, actor, lecture, Action.UNDO, before=before, review=review)
    return review


def undo_obstacle(db: Session, review: Review, last: Decision) -> str:
    """Say why a decision can no longer be taken back; nothing when it can."""
    if utc_now() - last.decided_at > rulebook().second_thoughts:
        return "已经超过十分钟，不能撤销。"
    begun = select(ReviewOpening.user_id).where(
        ReviewOpening.review_id == review.id,
        ReviewOpening.level > last.level,
        ReviewOpening.opened_at > last.decided_at,
    )
    if db.scalar(begun.limit(1)) is not None:
        return "下一级已经开始审核，不能撤销。"
    if review.state.level:
        return ""
    newest = db.scalar(select(Review.id).where(Review.lecture_id == review.lecture_id).order_by(Review.id.desc()))
    if newest != review.id:
        return "老师已经重新送审，不能撤销。"
    lecture = review.lecture
    is_shown_anew = review.state is ReviewState.PASSED and review.kind is ReviewKind.CHANGE
    is_gone = lecture.state is LectureState.WITHDRAWN or lecture.deleted_at is not None
    if is_shown_anew or is_gone or freeze(db, lecture).digests != review.digests:
        return "结论已经生效，不能撤销；需要时请下架，或请老师修改后再送审。"
    return ""


def add_comment(db: Session, actor: Actor, public_id: str, *, words: str, at_s: float | None) -> ReviewComment:
    """Write a remark at the level the review is at; the same words at the same place are written once.

    Raises:
        InvalidInput: `words`, `at`.
    """
    reach = get_reach(db, actor)
    review = _load(db, reach, public_id)
    _require_seat(db, reach, review)
    cleaned = "".join(letter if letter.isprintable() else " " for letter in words).strip()
    if not cleaned:
        raise InvalidInput(fields={"words": "请写下意见。"})
    if len(cleaned) > COMMENT_MAX:
        raise InvalidInput(fields={"words": too_long("意见", COMMENT_MAX, cleaned)})
    assert actor.user_id is not None
    values = {"review_id": review.id, "level": review.state.level, "author_id": actor.user_id, "words": cleaned}
    comment = db.scalars(select(ReviewComment).filter_by(**values, at_s=at_s)).first()
    if comment is None:
        comment = ReviewComment(**values, at_s=at_s, author_name=actor.display_name, created_at=utc_now())
        db.add(comment)
        db.flush()
    return comment


def remove_comment(db: Session, actor: Actor, public_id: str, comment_id: int) -> None:
    """Take one's own remark away while one has not decided; one that is gone is fine."""
    reach = get_reach(db, actor)
    review = _load(db, reach, public_id)
    comment = db.get(ReviewComment, comment_id)
    if comment is None or comment.review_id != review.id:
        return
    if comment.author_id != actor.user_id or comment.level != review.state.level:  # what was acted on stays
        raise NotPermitted("只能删除自己在这一级写的意见。", code="not_own_comment", comment_id=comment_id)
    db.delete(comment)


def pass_many(db: Session, actor: Actor, public_ids: Collection[str], *, score: int) -> list[Review]:
    """Pass several micro-courses at once with one score for every aspect; each must have been opened at its level.

    Raises:
        InvalidInput: naming the first one that may not be passed so.
    """
    if not public_ids:
        raise InvalidInput("请先勾选要通过的微课。", code="nothing_chosen")
    reach = get_reach(db, actor)
    verdict = Verdict(Action.PASS, scores={aspect.key: score for aspect in rulebook().aspects})
    passed = []
    for public_id in public_ids:
        review = _load(db, reach, public_id)
        level, title = review.state.level, review.snapshot["text"]["title"]
        is_opened = db.get(ReviewOpening, (review.id, level, actor.user_id)) is not None
        if review.snapshot["text"]["resource_type"] != "micro_course" or not is_opened or review.hits:
            sentence = "《%(title)s》不能成批通过：只限自己打开看过、没有敏感词提示的微课。"
            raise InvalidInput(Sentence(sentence, title=title), code="not_for_a_batch", review_id=review.id)
        passed.append(decide(db, actor, public_id, verdict, at_level=level))
    return passed


def _load(db: Session, reach: Reach, public_id: str) -> Review:
    review = db.scalars(
        select(Review)
        .where(Review.public_id == public_id)
        .options(
            joinedload(Review.lecture).joinedload(Lecture.institution),
            joinedload(Review.lecture).selectinload(Lecture.terms),
            selectinload(Review.decisions),
        )
        .with_for_update(of=Review)
    ).first()
    if review is None or not policies.can_see_reviews_of(reach, review.lecture.institution):
        raise NotFound(public_id=public_id)
    return review


def _standing(review: Review) -> Sequence[Decision]:
    return [each for each in review.decisions if each.undone_at is None]


def people_of(db: Session, review: Review) -> set[int | None]:
    """Return everybody who had a hand in what is reviewed, or has decided about it."""
    # Going back to an old file does not make it another person's.
    frozen = select(Source.sha256).where(Source.id == review.snapshot["source_id"]).scalar_subquery()
    uploaded = select(Source.uploaded_by_id).where(Source.lecture_id == review.lecture_id, Source.sha256 == frozen)
    changed = select(PendingChange.made_by_id).where(PendingChange.lecture_id == review.lecture_id)
    return hands_of(review, [*db.scalars(uploaded), *db.scalars(changed)])


def hands_of(review: Review, others: Iterable[int | None]) -> set[int | None]:
    """Return who made, sent in or decided a review, with those who uploaded or changed what it is about."""
    # Who took a lecture over from a colleague answers for it as if they had made it.
    keeper = review.lecture.created_by_id
    hands = {review.submitted_by_id, review.made_by_id, keeper, *others}
    return (hands - {None}) | {each.reviewer_id for each in _standing(review)}


def _may_decide(db: Session, reach: Reach, review: Review) -> bool:
    level = review.state.level
    has_seat = bool(level) and policies.holds_seat(reach, rulebook().level(level), review.lecture.institution)
    return has_seat and not policies.is_own_work(reach.actor, people_of(db, review))


def _require_seat(db: Session, reach: Reach, review: Review) -> None:
    level = review.state.level
    if not level:
        raise Conflict("这份送审已经有了结论。", code="moved_on", review_id=review.id)
    if not policies.holds_seat(reach, rulebook().level(level), review.lecture.institution):
        raise NotPermitted("这一级不由您审核。", code="no_seat", review_id=review.id)
    if policies.is_own_work(reach.actor, people_of(db, review)):
        sentence = "三审要由三个不同的人来做，制作、送审和已经审过的人不能再审。"
        raise NotPermitted(sentence, code="not_another_person", review_id=review.id)
