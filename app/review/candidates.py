"""Which lectures somebody could send in now; what speaks against each is in `readiness`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.kernel.actor import Actor
from app.library.models import Lecture, LectureState, PendingChange
from app.media.models import MediaSet
from app.review.models import Review, ReviewRule
from app.review.rulebook import rulebook

LIMIT: Final = 60


def list_submittable(db: Session, actor: Actor) -> Sequence[Lecture]:
    """Return the actor's lectures with a video that wait for nothing but being sent in, the newest first."""
    exempt = select(ReviewRule.institution_id).where(ReviewRule.valid_to.is_(None), ReviewRule.levels == 0)
    under_review = select(Review.lecture_id).where(Review.closed_at.is_(None))
    waits = MediaSet.lecture_id == Lecture.id, ~MediaSet.is_current, MediaSet.replaced_at.is_(None)
    changed = or_(
        select(PendingChange.part).where(PendingChange.lecture_id == Lecture.id).exists(),
        select(MediaSet.id).where(*waits).exists(),
    )
    has_video = select(MediaSet.id).where(MediaSet.lecture_id == Lecture.id, MediaSet.is_current).exists()
    statement = select(Lecture).where(
        has_video,
        Lecture.deleted_at.is_(None),
        Lecture.id.not_in(under_review),
        or_(
            and_(Lecture.state != LectureState.PUBLISHED, Lecture.institution_id.not_in(exempt)),
            and_(Lecture.state == LectureState.PUBLISHED, changed),
        ),
    )
    if not rulebook().levels_required:
        ruled = select(ReviewRule.institution_id).where(ReviewRule.valid_to.is_(None), ReviewRule.levels > 0)
        statement = statement.where(Lecture.institution_id.in_(ruled))
    if not actor.is_operator:
        own = and_(
            Lecture.created_by_id == actor.user_id, Lecture.institution_id.in_(actor.institution_ids("contributor"))
        )
        statement = statement.where(or_(Lecture.institution_id.in_(actor.institution_ids("institution_admin")), own))
    statement = statement.options(joinedload(Lecture.institution)).order_by(Lecture.updated_at.desc())
    return db.scalars(statement.limit(LIMIT)).all()
