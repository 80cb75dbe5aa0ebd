"""Acting as the demo's people, and passing a lecture's reviews as they would."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import User
from app.kernel.actor import Actor, Grant
from app.library.models import Lecture
from app.library.parts import LectureFields, text_of
from app.library.services import edit_lecture
from app.review import services, submission
from app.review.models import Review
from app.review.rulebook import rulebook
from app.review.services import Verdict
from app.review.states import Action
from app.review.submission import Wish


def actor_of(db: Session, login: str) -> Actor:
    """Return a demo account as the one who acts."""
    user = db.scalars(select(User).where(User.login == login).options(selectinload(User.memberships))).one()
    grants = tuple(
        Grant(each.role, each.institution_id, each.unit_id, is_responsible=each.is_responsible)
        for each in user.memberships
        if each.ended_at is None and each.suspended_at is None
    )
    return Actor(user.id, user.public_id, user.display_name, grants)


def add_sentence(db: Session, actor: Actor, lecture: Lecture, sentence: str) -> None:
    """Let somebody add a sentence to what is said of a lecture (its terms must be loaded)."""
    said = text_of(lecture)
    fields = LectureFields(
        said.title, f"{said.description}{sentence}", said.teacher, said.tags, said.resource_type, said.licence,
        said.terms,
    )  # fmt: skip
    edit_lecture(db, actor, lecture.public_id, fields, expected_version=lecture.version)


def send_in(db: Session, author: Actor, lecture: Lecture) -> Review:
    """Send a lecture in with everything checked and signed."""
    checks = {each.key for each in rulebook().checks}
    wish = Wish(lecture.public_id, lecture.version, {})
    return submission.submit(db, author, [wish], checks=checks, is_signed=True)[0]


def decide_as(db: Session, logins: Sequence[str], review: Review) -> None:
    """Pass the first levels of a review, one person each."""
    verdict = Verdict(Action.PASS, scores={aspect.key: 5 for aspect in rulebook().aspects})
    for level, login in enumerate(logins, start=1):
        services.decide(db, actor_of(db, login), review.public_id, verdict, at_level=level)
