"""The list of my institution's lectures: filtered by what is going on with them and by how far their review is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from app.kernel.actor import Actor
from app.kernel.jobs.model import Job, JobState, Priority
from app.library.models import Lecture, LectureOwner, LectureState
from app.media.models import MediaSet
from app.media.queries import ENCODE_KIND, current_sets, poster_path
from app.review.stages import Stage, stage_of
from app.studio.models import Upload, UploadState
from app.studio.progress import Progress
from app.studio.queries import FINISH_KIND, get_progress_of_many

PAGE_SIZE: Final = 20
_CONTRIBUTING: Final = ("contributor", "institution_admin")


class StudioState(StrEnum):
    """What the list shows at a glance."""

    DRAFT = "draft"
    PROCESSING = "processing"
    READY = "ready"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class StudioRow:
    """One line of the list."""

    public_id: str
    title: str
    teacher: str
    institution_name: str
    state: StudioState
    stage: Stage
    progress: Progress | None
    duration_s: float | None
    poster_path: str | None
    is_audio: bool
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StudioList:
    """One page of the list; counts are of the same text, each under the other filter."""

    rows: Sequence[StudioRow]
    counts: Mapping[StudioState, int]
    stages: Mapping[Stage, int]
    total: int
    page: int
    page_count: int

    #: Nothing of any state or stage.
    is_empty: bool


def list_lectures(
    db: Session, actor: Actor, *, text: str = "", state: StudioState | None = None, stage: Stage | None = None,
    page: int = 1,
) -> StudioList:
    """Page through the lectures of the actor's institutions, the ones changed last first."""
    scope = _scope(actor, text)
    counts = _count(db, scope)
    by_state = {each: sum(counts[each, other] for other in Stage if stage in {None, other}) for each in StudioState}
    by_stage = {each: sum(counts[other, each] for other in StudioState if state in {None, other}) for each in Stage}
    total = sum(by_state.values()) if state is None else by_state[state]
    page_count = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), page_count)
    statement = select(Lecture, _state_case, stage_of).where(scope).options(joinedload(Lecture.institution))
    if state is not None:
        statement = statement.where(_state_case == state.value)
    if stage is not None:
        statement = statement.where(stage_of == stage.value)
    statement = statement.order_by(Lecture.updated_at.desc(), Lecture.id.desc())
    found = db.execute(statement.offset((page - 1) * PAGE_SIZE).limit(PAGE_SIZE)).all()
    sets = current_sets(db, [lecture.id for lecture, *_ in found])
    moving = get_progress_of_many(db, [lecture.id for lecture, key, _ in found if key in _MOVING])
    rows = [
        _row(lecture, StudioState(key), Stage(way), sets.get(lecture.id), moving.get(lecture.id))
        for lecture, key, way in found
    ]
    return StudioList(rows, by_state, by_stage, total, page, page_count, is_empty=not any(counts.values()))


def _count(db: Session, scope: ColumnElement[bool]) -> Counter[tuple[StudioState, Stage]]:
    # Grouped from outside: PostgreSQL does not see that two expressions with parameters are one.
    each = select(_state_case.label("state"), stage_of.label("stage")).select_from(Lecture).where(scope).subquery()
    counting = select(each.c.state, each.c.stage, func.count()).group_by(each.c.state, each.c.stage)
    return Counter({(StudioState(state), Stage(stage)): count for state, stage, count in db.execute(counting)})


def _scope(actor: Actor, text: str) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [Lecture.deleted_at.is_(None)]
    if not actor.is_operator:
        shared = select(LectureOwner.lecture_id).where(
            LectureOwner.institution_id.in_(actor.institution_ids("institution_admin"))
        )
        own = Lecture.institution_id.in_(actor.institution_ids(*_CONTRIBUTING))
        conditions.append(or_(own, Lecture.id.in_(shared)))
    conditions.extend(
        or_(Lecture.title.icontains(word, autoescape=True), Lecture.teacher.icontains(word, autoescape=True))
        for word in text.split()[:8]
    )
    return and_(literal(value=True), *conditions)


def _newest(column: InstrumentedAttribute[Any], *conditions: ColumnElement[bool]) -> ColumnElement[Any]:
    table = column.class_
    return select(column).where(*conditions).order_by(table.id.desc()).limit(1).correlate(Lecture).scalar_subquery()


def _state_expression() -> ColumnElement[str]:
    """The same decision as `_progress` takes, for a whole list in one statement."""
    subject = literal("lecture:") + cast(Lecture.id, String)
    upload = _newest(Upload.state, Upload.lecture_id == Lecture.id)
    finishing = _newest(Job.state, Job.subject == subject, Job.kind == FINISH_KIND)
    asked_for = Job.priority > Priority.RENEWAL
    encoding = _newest(Job.state, Job.subject == subject, Job.kind == ENCODE_KIND, asked_for)
    sets = select(MediaSet.id).where(MediaSet.lecture_id == Lecture.id, MediaSet.is_current)
    return case(
        (Lecture.state == LectureState.WITHDRAWN, StudioState.WITHDRAWN.value),
        (Lecture.state == LectureState.PUBLISHED, StudioState.PUBLISHED.value),
        (and_(upload == UploadState.FINISHING, finishing == JobState.FAILED), StudioState.FAILED.value),
        (upload == UploadState.FINISHING, StudioState.PROCESSING.value),
        (encoding.in_([JobState.QUEUED, JobState.RUNNING]), StudioState.PROCESSING.value),
        (encoding == JobState.FAILED, StudioState.FAILED.value),
        (sets.correlate(Lecture).exists(), StudioState.READY.value),
        else_=StudioState.DRAFT.value,
    )


#: States whose rows say more than their name.
_MOVING: Final = frozenset({StudioState.PROCESSING, StudioState.FAILED, StudioState.DRAFT})
_state_case: Final = _state_expression()


def _row(
    lecture: Lecture, state: StudioState, stage: Stage, media_set: MediaSet | None, progress: Progress | None
) -> StudioRow:
    return StudioRow(
        public_id=lecture.public_id, title=lecture.title, teacher=lecture.teacher,
        institution_name=lecture.institution.name, state=state, stage=stage, updated_at=lecture.updated_at,
        progress=progress,
        duration_s=media_set.duration_s if media_set else None,
        poster_path=poster_path(lecture, media_set),
        is_audio=media_set.is_audio_only if media_set else False,
    )
