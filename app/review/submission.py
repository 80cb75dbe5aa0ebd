"""Writes of the people a lecture belongs to: sending in, recalling, giving up changes, the shelf without levels."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.orm import Session

from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.kernel.errors import Conflict, InvalidInput, NotPermitted, StaleVersion
from app.kernel.ids import new_public_id
from app.kernel.sentences import Sentence, too_long
from app.library import pending
from app.library.models import Lecture, LectureState
from app.library.services import get_lecture_for_edit, touch
from app.media.queries import waiting_set
from app.review import shelving
from app.review.models import REASON_MAX, Commitment, Review, ReviewKind
from app.review.readiness import Candidate, get_candidate, is_complete, may_return_to_shelf, missing_for, with_answers
from app.review.readiness import find_hits as find_hits  # noqa: PLC0414 - whoever publishes screens as well
from app.review.rulebook import rulebook
from app.review.rules import current_rule, required_levels
from app.review.screening import Hit
from app.review.snapshots import freeze
from app.review.states import Action, ReviewState, first_state, next_state
from app.review.working_days import due_after

log = structlog.get_logger(__name__)

#: Lectures under one signature.
BATCH_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """A lecture to send in: as the actor saw it, with answers to words of the list by `Hit.key`."""

    public_id: str
    version: int
    answers: Mapping[str, str] = field(default_factory=dict)


def submit(
    db: Session, actor: Actor, wishes: Sequence[Wish], *, checks: Collection[str], is_signed: bool
) -> list[Review]:
    """Send lectures in for review under one signature: all of them or, with every reason told, none.

    A lecture that was sent in already by the same person, unchanged, is taken as done.

    Raises:
        InvalidInput: fields `checks`, `signature`, `lecture-<public id>`, `answer-<public id>-<number>`.
        StaleVersion: when a lecture was saved since the actor read it.
    """
    if actor.user_id is None:
        raise NotPermitted("只有登录的老师能送审。", code="nobody_signs")
    if not wishes or len(wishes) > BATCH_MAX:
        raise InvalidInput(fields={"lectures": Sentence("一次送审 1 到 %(limit)d 讲。", limit=BATCH_MAX)})
    problems: dict[str, str] = {}
    if {check.key for check in rulebook().checks} - set(checks):
        problems["checks"] = "请逐项自查，每一项都勾上。"
    if not is_signed:
        problems["signature"] = "请签署承诺。"
    done: list[Review] = []
    ready: list[tuple[Wish, Candidate]] = []
    for wish in wishes:
        candidate = get_candidate(db, actor, wish.public_id)
        review = shelving.find_open(db, candidate.lecture.id)
        if review is not None and review.submitted_by_id == actor.user_id:
            done.append(review)
            continue
        problems.update(_problems_of(db, candidate, wish, review))
        ready.append((wish, candidate))
    if problems:
        raise InvalidInput("还不能送审，请看看下面的说明。", code="not_ready_to_submit", fields=problems)
    if ready:
        commitment = _sign(db, actor)
        done += [_open(db, actor, wish, candidate, commitment) for wish, candidate in ready]
    return done


def _problems_of(db: Session, candidate: Candidate, wish: Wish, review: Review | None) -> dict[str, str]:
    """Return what keeps a lecture from being sent in, by the name of the field on the page."""
    lecture = candidate.lecture
    if lecture.version != wish.version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=wish.version)
    told = find_obstacle(db, candidate, review)
    return {f"lecture-{wish.public_id}": told} if told else _answer_problems(candidate, wish)


def find_obstacle(db: Session, candidate: Candidate, review: Review | None) -> str:
    """Return the first thing that no answer of the sender's helps against, or nothing; `review` is the open one."""
    lecture = candidate.lecture
    last = shelving.last_closed(db, lecture.id)
    was_rejected = last is not None and last.state is ReviewState.REJECTED
    obstacles = (
        (review is not None, "这一讲已经在审核了。"),
        (not candidate.levels and lecture.state is not LectureState.PUBLISHED, "本机构不需要送审，请直接发布。"),
        (bool(candidate.missing), next(iter(candidate.missing.values()), "")),
        (not candidate.changed, "和已经通过的完全一样，不用再送审。"),
        (was_rejected and not changed_since(candidate, last), "这一讲没有通过审核，要改过以后才能再送。"),
    )
    told = next((sentence for is_so, sentence in obstacles if is_so), "")
    if not told and candidate.hard_hits:
        return _forbidden(candidate.hard_hits[0])
    return told


def _forbidden(hit: Hit) -> Sentence:
    return Sentence("有不能使用的词“%(word)s”（%(category)s），请先改掉。", word=hit.word, category=hit.category)


def changed_since(candidate: Candidate, review: Review | None) -> bool:
    """Tell whether a lecture is not what it was in a review."""
    return review is None or review.digests != candidate.frozen.digests


def _answer_problems(candidate: Candidate, wish: Wish) -> dict[str, str]:
    problems: dict[str, str] = {}
    for number, hit in enumerate(candidate.soft_hits):
        answer, name = wish.answers.get(hit.key, "").strip(), f"answer-{wish.public_id}-{number}"
        if not answer:
            problems[name] = Sentence("请用一句话说明为什么用“%(word)s”。", word=hit.word)
        elif len(answer) > REASON_MAX:
            problems[name] = too_long("说明", REASON_MAX, answer)
    return problems


def _sign(db: Session, actor: Actor) -> Commitment:
    assert actor.user_id is not None
    book = rulebook()
    commitment = Commitment(
        signed_by_id=actor.user_id, signed_name=actor.display_name, signed_at=utc_now(), words=book.commitment.zh,
        words_version=book.commitment_version, checks=[check.zh for check in book.checks],
    )  # fmt: skip
    db.add(commitment)
    db.flush()
    return commitment


def _open(db: Session, actor: Actor, wish: Wish, candidate: Candidate, commitment: Commitment) -> Review:
    lecture = candidate.lecture
    is_shown = lecture.state is LectureState.PUBLISHED
    review = open_review(
        db, actor, candidate, kind=ReviewKind.CHANGE if is_shown else ReviewKind.FIRST, commitment_id=commitment.id
    )
    review.hits = with_answers(candidate.soft_hits, wish.answers)
    if review.state is ReviewState.PASSED:  # changes that waited when the institution's levels were taken away
        shelving.close(review, ReviewState.PASSED)
        shelving.put_on_shelf(db, lecture, review)
    shelving.note(db, actor, lecture, Action.SUBMIT, before=lecture.state.value, review=review, why=candidate.rule_note)
    return review


def open_review(
    db: Session, actor: Actor, candidate: Candidate, *, kind: ReviewKind, commitment_id: int | None,
    submitted_by: tuple[int | None, str] | None = None,
) -> Review:  # fmt: skip
    """Add the row of a review at its first level and hold the lecture."""
    lecture, now = candidate.lecture, utc_now()
    by_id, by_name = submitted_by or (actor.user_id, actor.display_name)
    levels = candidate.levels
    review = Review(
        public_id=new_public_id(), lecture_id=lecture.id, kind=kind, state=first_state(levels), levels=levels,
        rule_note=candidate.rule_note, lecture_version=lecture.version, submitted_by_id=by_id, submitted_name=by_name,
        made_by_id=lecture.created_by_id or by_id, submitted_at=now, commitment_id=commitment_id,
        digests=candidate.frozen.digests, changed=list(candidate.changed), hits=[], level_since=now,
        due_at=due_after(now, rulebook().level(1).days) if levels else None, snapshot=candidate.frozen.snapshot,
    )  # fmt: skip
    db.add(review)
    lecture.is_held = True
    db.flush()
    log.info("review_opened", lecture_id=lecture.id, review_id=review.id, kind=kind.value, levels=levels)
    return review


def recall(db: Session, actor: Actor, public_id: str) -> Review:
    """Take back what the actor sent in a few minutes ago; taking it back twice is fine.

    Raises:
        Conflict: when it is too late, or nothing of it is open.
        NotPermitted: when somebody else sent it in.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    review = shelving.find_open(db, lecture.id)
    if review is None:
        last = shelving.last_closed(db, lecture.id)
        if last is not None and last.state is ReviewState.RECALLED and last.submitted_by_id == actor.user_id:
            return last
        raise Conflict("这一讲没有在审核，不用撤回。", code="nothing_to_recall", lecture_id=lecture.id)
    if review.submitted_by_id != actor.user_id or review.kind is ReviewKind.RECHECK:
        raise NotPermitted("只有送审的人能撤回。", code="not_the_sender", lecture_id=lecture.id)
    if utc_now() - review.submitted_at > rulebook().second_thoughts:
        raise Conflict("送审已经超过十分钟，不能撤回；需要修改，请联系审核人退回。", code="too_late_to_recall")
    before = review.state.value
    shelving.close(review, next_state(review.state, Action.RECALL, levels=review.levels))
    if lecture.state is not LectureState.PUBLISHED:
        shelving.unhold(db, lecture)
    shelving.note(db, actor, lecture, Action.RECALL, before=before, review=review)
    return review


def discard_changes(db: Session, actor: Actor, public_id: str, *, expected_version: int) -> None:
    """Give up what was changed of a lecture on the shelf; residents keep what they see.

    Raises:
        Conflict: while the changes are under review.
    """
    lecture = get_lecture_for_edit(db, actor, public_id)
    if lecture.version != expected_version:
        raise StaleVersion(lecture_id=lecture.id, version=lecture.version, expected=expected_version)
    if shelving.find_open(db, lecture.id) is not None:
        raise Conflict("改动正在审核，不能放弃；十分钟内可以先撤回。", code="under_review", lecture_id=lecture.id)
    pending.drop_pending(db, lecture.id)
    media = waiting_set(db, lecture.id)
    if media is not None:
        media.replaced_at = utc_now()
    touch(db, lecture)


def shelve(db: Session, actor: Actor, lecture: Lecture) -> Review:
    """Put a lecture on the shelf without a review of its own: no levels are needed, or it was passed and withdrawn.

    Raises:
        Conflict: when a review is needed first.
        InvalidInput: with a sentence for each thing that is missing, or the word that may not be used.
    """
    frozen = freeze(db, lecture)
    levels = required_levels(db, lecture.institution_id)
    if levels and not may_return_to_shelf(db, lecture, frozen):
        raise Conflict("本机构的课要通过审核才能公开，请点“送审”。", code="review_needed", lecture_id=lecture.id)
    missing = missing_for(pending.working_text(db, lecture), has_media=is_complete(db, lecture, frozen))
    if missing:
        raise InvalidInput("还差几样才能发布。", code="not_ready_to_publish", fields=missing, lecture_id=lecture.id)
    hard = [hit for hit in find_hits(db, frozen) if hit.severity == "hard"]
    if hard:
        sentence = _forbidden(hard[0])
        raise InvalidInput(sentence, code="negative_word", fields={"media": sentence}, lecture_id=lecture.id)
    passed = shelving.last_passed(db, lecture.id)
    if levels and passed is not None:
        before = lecture.state.value
        shelving.put_on_shelf(db, lecture, passed)
        shelving.note(db, actor, lecture, Action.SHELVE, before=before, review=None)
        return passed
    rule = current_rule(db, lecture.institution_id)
    return shelving.shelve_unreviewed(db, actor, lecture, frozen, rule_note=rule.reason if rule is not None else "")
