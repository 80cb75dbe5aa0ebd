"""Which lectures somebody could send in now; what speaks against each is in `readiness`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.kernel.actor import Actor
from app.library.models import Lecture, LectureOwner, LectureState, PendingChange
from app.library.parts import LectureFields
from app.library.policies import can_edit_lecture
from app.media.models import MediaSet
from app.review.models import Review, ReviewRule
from app.review.readiness import missing_for
from app.review.rulebook import rulebook
from app.review.stages import Stage, stage_of
from app.review.submission import BATCH_MAX

#: Stages that somebody else has to end first.
_UNDER_WAY: Final = frozenset({Stage.LEVEL_1, Stage.LEVEL_2, Stage.LEVEL_3, Stage.RECHECK})


class Chance(StrEnum):
    """Whether a lecture could be sent in now."""

    READY = "ready"
    NOT_YET = "not_yet"
    UNDER_WAY = "under_way"
    SHELVED = "shelved"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The chance of a lecture, and a sentence for each thing it lacks."""

    chance: Chance
    lacks: Sequence[str] = ()


def list_outlooks(
    db: Session, actor: Actor, lectures: Sequence[Lecture], said: Mapping[int, LectureFields]
) -> Mapping[int, Outlook]:
    """Say by id which of many lectures could be sent in, in one statement; `said` is what they say to their people.

    What takes a look at everything a lecture says (the words on the negative list) is told where it is signed.
    """
    has_media = select(MediaSet.id).where(MediaSet.lecture_id == Lecture.id).exists()
    asked = select(Lecture.id, stage_of, has_media).where(Lecture.id.in_([lecture.id for lecture in lectures]))
    found = {number: (Stage(stage), bool(has_one)) for number, stage, has_one in db.execute(asked)}
    outlooks = {}
    for lecture in lectures:
        stage, has_one = found[lecture.id]
        outlooks[lecture.id] = _outlook(actor, lecture, said[lecture.id], stage, has_media=has_one)
    return outlooks


def _outlook(actor: Actor, lecture: Lecture, said: LectureFields, stage: Stage, *, has_media: bool) -> Outlook:
    if stage in _UNDER_WAY:
        return Outlook(Chance.UNDER_WAY)
    if stage is Stage.SHELVED:
        return Outlook(Chance.SHELVED)
    if not can_edit_lecture(actor, lecture):
        return Outlook(Chance.NOT_YET, ["这一讲由同事建立，您可以查看，不能修改。"])
    lacks = list(missing_for(said, has_media=has_media).values())
    return Outlook(Chance.NOT_YET if lacks else Chance.READY, lacks)


def count_submittable(db: Session, actor: Actor) -> int:
    """Return how many lectures `list_submittable` has to choose from."""
    return db.scalar(select(func.count()).select_from(_submittable(actor).subquery())) or 0


def list_submittable(db: Session, actor: Actor) -> Sequence[Lecture]:
    """Return lectures with a video that wait for nothing but being sent in by the actor, the newest first.

    No more than go under one signature; `count_submittable` tells of the others.
    """
    statement = _submittable(actor).options(joinedload(Lecture.institution)).order_by(Lecture.updated_at.desc())
    return db.scalars(statement.limit(BATCH_MAX)).all()


def _submittable(actor: Actor) -> Select[Lecture]:
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
        administered = actor.institution_ids("institution_admin")
        own = and_(
            Lecture.created_by_id == actor.user_id, Lecture.institution_id.in_(actor.institution_ids("contributor"))
        )
        shared = select(LectureOwner.lecture_id).where(LectureOwner.institution_id.in_(administered))
        statement = statement.where(or_(Lecture.institution_id.in_(administered), own, Lecture.id.in_(shared)))
    return statement
