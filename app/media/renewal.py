"""Encoding anew what was encoded by rules no longer in force. Residents keep the old set until the new one is whole.

Not here: the swap (`services.record_media_set`), the old set's end (`sweeping`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import structlog
from sqlalchemy import Select, String, cast, exists, func, literal, select
from sqlalchemy.orm import Session, aliased

import media_pipeline
from app.kernel.db import reading, unit_of_work
from app.kernel.jobs import queue
from app.kernel.jobs.engine import JobContext, JobKind
from app.kernel.jobs.model import Job, JobState, Priority
from app.library.models import Lecture, LectureState
from app.media.models import MediaSet, Source
from app.media.queries import ENCODE_KIND
from app.media.services import enqueue_encode
from config.policies import read_ladder

log = structlog.get_logger(__name__)

RENEW_KIND: Final = "renew_media"
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class Extent:
    """How much there is to encode."""

    lectures: int
    duration_s: float


@cache
def recipe_in_force() -> str:
    """Return the recipe by which this release encodes."""
    return media_pipeline.recipe_of(media_pipeline.parse_policy(read_ladder()))


def measure_outdated(db: Session, *, institution_id: int | None = None) -> Extent:
    """Return how many lectures have a set made by another recipe while nobody works on them."""
    wanted = _outdated(institution_id).with_only_columns(func.count(), func.sum(MediaSet.duration_s))
    count, duration_s = db.execute(wanted).one()
    return Extent(count, float(duration_s or 0))


def queue_renewals(db: Session, *, institution_id: int | None = None, limit: int) -> Extent:
    """Queue the encode of outdated lectures, the oldest sets first, behind all that somebody waits for.

    Once queued a lecture is not counted as outdated: asking again queues only what is left.
    """
    found = db.execute(_outdated(institution_id).order_by(MediaSet.created_at, MediaSet.id).limit(limit)).all()
    for lecture, source_id, _ in found:
        enqueue_encode(db, lecture, source_id, priority=Priority.RENEWAL)
    extent = Extent(len(found), sum(duration_s for *_, duration_s in found))
    log.info("renewals_queued", lectures=extent.lectures, duration_s=extent.duration_s, recipe=recipe_in_force())
    return extent


def queue_all(*, institution_id: int | None = None, limit: int | None = None) -> Extent:
    """Queue outdated lectures batch by batch, each in a transaction of its own: others write meanwhile."""
    with reading() as db:
        there = measure_outdated(db, institution_id=institution_id).lectures
    # Counted before: what fails at once and is outdated again must not be queued for ever.
    left, duration_s, done = min(there, limit if limit is not None else there), 0.0, 0
    while left > 0:
        with unit_of_work() as db:
            batch = queue_renewals(db, institution_id=institution_id, limit=min(left, BATCH))
        if not batch.lectures:
            break
        left, done, duration_s = left - batch.lectures, done + batch.lectures, duration_s + batch.duration_s
    return Extent(done, duration_s)


def request_renewals(db: Session) -> None:
    """Leave queueing everything outdated to a job, as the operator's button asks."""
    queue.enqueue(db, queue.NewJob(RENEW_KIND, lane=queue.LANE_DEFAULT, key=RENEW_KIND))


def job_kind() -> JobKind:
    """Return what the worker must know of it."""

    def handle(_context: JobContext) -> None:
        queue_all()

    return JobKind(RENEW_KIND, queue.LANE_DEFAULT, handle)


def _outdated(institution_id: int | None) -> Select[Lecture, int, float]:
    """Select lectures with source id and duration; withdrawn ones wait until they are shown again."""
    newer = aliased(Source)
    open_encode = exists().where(
        Job.kind == ENCODE_KIND,
        Job.subject == literal("lecture:") + cast(Lecture.id, String),
        Job.state.in_([JobState.QUEUED, JobState.RUNNING]),
    )
    statement = (
        select(Lecture, MediaSet.source_id, MediaSet.duration_s)
        .join(MediaSet, MediaSet.lecture_id == Lecture.id)
        .join(Source, Source.id == MediaSet.source_id)
        .where(
            MediaSet.is_current,
            MediaSet.recipe != recipe_in_force(),
            Lecture.state != LectureState.WITHDRAWN,
            # What was cut out of another lecture has no frames of its own; it is cut anew when its teacher asks.
            Source.cut.is_(None),
            # A newer file that did not become a set is its teacher's business.
            ~exists().where(newer.lecture_id == Lecture.id, newer.id > MediaSet.source_id),
            ~open_encode,
        )
    )
    return statement if institution_id is None else statement.where(Lecture.institution_id == institution_id)
