"""The demo's reviews: its institutions publish by themselves, but one, where a change waits at the first level.

Safe to repeat: what is there already stays as people left it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import User
from app.kernel.actor import Actor, Grant
from app.library.models import Lecture, LectureState
from app.library.parts import LectureFields, text_of
from app.library.services import edit_lecture
from app.review import rules, submission
from app.review.models import ReviewRule
from app.review.rulebook import rulebook
from app.review.submission import Wish

WITHOUT_LEVELS = "演示：自己发布，不分级"
WITH_LEVELS = "按规范三审（演示）"
ADDED = "学完以后，请在社区课堂上给老师看一看。"


def skip_levels(db: Session, seeder: Actor, institution_ids: list[int]) -> None:
    """Let the demo's institutions publish by themselves where nobody decided otherwise."""
    for institution_id in institution_ids:
        if rules.current_rule(db, institution_id) is None:
            rules.put_rule(db, seeder, institution_id, levels=0, reason=WITHOUT_LEVELS)


def add_review(db: Session, seeder: Actor, institution_id: int, author_login: str) -> None:
    """Give one institution its levels, and send in a change of one of its lectures."""
    was_there = select(ReviewRule.id).where(
        ReviewRule.institution_id == institution_id, ReviewRule.reason == WITH_LEVELS
    )
    lecture = db.scalars(
        select(Lecture)
        .where(Lecture.institution_id == institution_id, Lecture.state == LectureState.PUBLISHED)
        .options(selectinload(Lecture.terms))
        .order_by(Lecture.id)
        .limit(1)
    ).first()
    if db.scalar(was_there) is not None or lecture is None:
        return
    rules.put_rule(db, seeder, institution_id, levels=len(rulebook().levels), reason=WITH_LEVELS)
    user = db.scalars(select(User).where(User.login == author_login)).one()
    author = Actor(user.id, user.public_id, user.display_name, (Grant("institution_admin", institution_id),))
    said = text_of(lecture)
    fields = LectureFields(
        said.title, f"{said.description}{ADDED}", said.teacher, said.tags, said.resource_type, said.licence, said.terms
    )
    edit_lecture(db, author, lecture.public_id, fields, expected_version=lecture.version)
    wish = Wish(lecture.public_id, lecture.version)
    submission.submit(db, author, [wish], checks={each.key for each in rulebook().checks}, is_signed=True)
