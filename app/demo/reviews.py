"""The demo's reviews: its institutions publish by themselves, but one, where changes wait, are late, were returned.

Safe to repeat: what is there already stays as people left it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.demo.acting import actor_of, add_sentence, decide_as, send_in
from app.kernel.actor import Actor
from app.kernel.clock import utc_now
from app.library.models import Lecture, LectureState
from app.review import rules, services
from app.review.models import ReviewRule
from app.review.rulebook import rulebook
from app.review.services import Verdict
from app.review.states import Action

WITHOUT_LEVELS = "演示：自己发布，不分级"
WITH_LEVELS = "按规范三审（演示）"
ADDED = "学完以后，请在社区课堂上给老师看一看。"
LATE, RETURNED = "有不明白的地方，请到社区活动室来问。", "全部学会以后，您就是师傅。"
#: So long ago a late one should have been decided.
_OVERDUE: Final = timedelta(days=6)


def skip_levels(db: Session, seeder: Actor, institution_ids: list[int]) -> None:
    """Let the demo's institutions publish by themselves where nobody decided otherwise."""
    for institution_id in institution_ids:
        if rules.current_rule(db, institution_id) is None:
            rules.put_rule(db, seeder, institution_id, levels=0, reason=WITHOUT_LEVELS)


def is_reviewed(db: Session, institution_id: int) -> bool:
    """Tell whether an institution got its levels at an earlier start."""
    by_us = ReviewRule.institution_id == institution_id, ReviewRule.reason == WITH_LEVELS
    return db.scalar(select(ReviewRule.id).where(*by_us).limit(1)) is not None


def add_review(db: Session, seeder: Actor, institution_id: int, author_login: str) -> None:
    """Give one institution its levels, and send in a change of one of its lectures."""
    lectures = list_shown(db, institution_id)
    if is_reviewed(db, institution_id) or not lectures:
        return
    rules.put_rule(db, seeder, institution_id, levels=len(rulebook().levels), reason=WITH_LEVELS)
    author = actor_of(db, author_login)
    add_sentence(db, author, lectures[0], ADDED)
    send_in(db, author, lectures[0])


def add_more_reviews(db: Session, institution_id: int, author_login: str, reviewers: Sequence[str]) -> None:
    """Leave one change late at the second level, and have another returned with a remark; once all were passed."""
    lectures, author = list_shown(db, institution_id)[1:3], actor_of(db, author_login)
    for lecture, sentence in zip(lectures, (LATE, RETURNED), strict=False):
        add_sentence(db, author, lecture, sentence)
        review = send_in(db, author, lecture)
        if sentence == LATE:
            decide_as(db, reviewers[:1], review)
            review.due_at = utc_now() - _OVERDUE
        else:
            first = actor_of(db, reviewers[0])
            services.add_comment(db, first, review.public_id, words="这一句说得太满，请改一改。", at_s=12.0)
            verdict = Verdict(Action.RETURN, reason="介绍里最后一句不合适，请改了再送。")
            services.decide(db, first, review.public_id, verdict, at_level=1)


def list_shown(db: Session, institution_id: int) -> Sequence[Lecture]:
    """Return what an institution shows, with the terms an edit needs."""
    shown = Lecture.institution_id == institution_id, Lecture.state == LectureState.PUBLISHED
    statement = select(Lecture).where(*shown).options(selectinload(Lecture.terms)).order_by(Lecture.id)
    return db.scalars(statement).all()
