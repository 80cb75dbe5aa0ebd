"""Reads of what waits for the encoders: how far each lecture is, what keeps it, when it will be done.

A fixed number of queries however long the line is. Not here: the arithmetic (`forecast.py`), claiming (the kernel).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from sqlalchemy import Integer, case, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.kernel.clock import utc_now
from app.kernel.jobs.model import Job, JobState, Priority
from app.media.forecast import Forecast, OpenEncode, busy_s, forecast, speed_of
from app.media.models import Source
from app.media.queries import CHUNK_KIND, ENCODE_KIND

#: Work of this long ago tells how fast it goes.
SPEED_WINDOW: Final = timedelta(minutes=10)
_OPEN: Final = (JobState.QUEUED, JobState.RUNNING)
#: By then the chunks are made.
_LAST_STEPS: Final = frozenset({"package", "publish"})


@dataclass(frozen=True, slots=True)
class Steps:
    """The chunks of one encode, as far as they are handed out."""

    total: int = 0
    done: int = 0
    running: int = 0
    #: Share of the whole.
    share: float = 0.0
    #: Why the ones that wait were put back.
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """One open encode and where it stands."""

    job: Job
    steps: Steps
    duration_s: float | None
    #: Share of its work that is done, 0 to 1.
    fraction: float
    forecast: Forecast

    @property
    def obstacle(self) -> str:
        """What keeps it, in a sentence; empty while nothing does."""
        own = self.job.error_message if self.job.state is JobState.QUEUED else None
        return own or self.steps.obstacle


@dataclass(frozen=True, slots=True)
class Lineup:
    """Open encodes in the order in which they are likely to be done."""

    places: Sequence[Place] = ()
    #: Seconds of lecture made in a second by all workers; None while that is not known.
    speed: float | None = None
    by_job: Mapping[int, Place] = field(default_factory=dict)


def get_lineup(db: Session, *, at_least: int = Priority.RENEWAL) -> Lineup:
    """Load the open encodes of a priority and above."""
    is_wanted = Job.kind == ENCODE_KIND, Job.state.in_(_OPEN), Job.priority >= at_least
    jobs = db.scalars(select(Job).where(*is_wanted)).all()
    if not jobs:
        return Lineup()
    steps = _steps_of_open(db)
    pieces = _made_lately(db)
    sources = {job.id: int(job.payload["source_id"]) for job in jobs}
    lengths = _lengths(db, {*sources.values(), *(source_id for source_id, _ in pieces.shares)})
    speed = speed_of([(share, lengths.get(source_id)) for source_id, share in pieces.shares], pieces.busy_s)
    fractions = {job.id: _fraction(job, steps.get(job.id, Steps())) for job in jobs}
    found = forecast(
        [OpenEncode(job.id, job.priority, job.fair_key, _left(lengths.get(sources[job.id]), fractions[job.id]))
         for job in jobs],
        speed,
    )  # fmt: skip
    places = [
        Place(job, steps.get(job.id, Steps()), lengths.get(sources[job.id]), fractions[job.id], found[job.id])
        for job in sorted(jobs, key=lambda job: (job.state is JobState.QUEUED, -job.priority, job.id))
    ]
    return Lineup(places, speed, {place.job.id: place for place in places})


def _left(length_s: float | None, fraction: float) -> float | None:
    return None if length_s is None else length_s * (1 - fraction)


def _fraction(job: Job, steps: Steps) -> float:
    if job.state is JobState.RUNNING and not job.is_delegated:
        return 1.0 if job.step in _LAST_STEPS else 0.0
    return min(1.0, job.progress + steps.share)


def _steps_of_open(db: Session) -> Mapping[int, Steps]:
    parent, child = aliased(Job), aliased(Job)
    is_done, is_running = child.state == JobState.SUCCEEDED, child.state == JobState.RUNNING
    waits = case((child.state == JobState.QUEUED, child.error_message))
    rows = db.execute(
        select(
            child.parent_id, func.count(), func.sum(cast(is_done, Integer)), func.sum(cast(is_running, Integer)),
            func.sum(child.weight * child.progress), func.max(waits),
        )
        .join(parent, child.parent_id == parent.id)
        # Steps of an earlier attempt count as found done, if they were.
        .where(parent.kind == ENCODE_KIND, parent.state.in_(_OPEN), child.created_at >= parent.started_at)
        .group_by(child.parent_id)
    )  # fmt: skip
    return {
        parent_id: Steps(total, done, running, share or 0.0, obstacle or "")
        for parent_id, total, done, running, share, obstacle in rows
        if parent_id is not None
    }


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What was made lately: (source, share of its lecture), and how long anybody was at it."""

    shares: Sequence[tuple[int, float]]
    busy_s: float


def _made_lately(db: Session) -> _Pieces:
    now = utc_now()
    since = now - SPEED_WINDOW
    parent, child = aliased(Job), aliased(Job)
    made = case((child.state == JobState.RUNNING, child.weight * child.progress), else_=child.weight)
    is_recent = (child.state == JobState.SUCCEEDED) & (child.finished_at >= since)
    rows = db.execute(
        select(parent.id, made, child.started_at, child.finished_at)
        .join(parent, child.parent_id == parent.id)
        .where(child.kind == CHUNK_KIND, or_(is_recent, child.state == JobState.RUNNING))
    ).all()
    if not rows:
        return _Pieces((), 0.0)
    parents = db.execute(select(Job.id, Job.payload).where(Job.id.in_({row[0] for row in rows})))
    sources = {parent_id: int(payload["source_id"]) for parent_id, payload in parents}
    shares: dict[int, float] = defaultdict(float)
    for parent_id, share, _, _ in rows:
        shares[sources[parent_id]] += share or 0.0
    return _Pieces(list(shares.items()), busy_s((max(since, begun), ended or now) for _, _, begun, ended in rows))


def _lengths(db: Session, source_ids: Iterable[int]) -> Mapping[int, float]:
    rows = db.execute(
        select(Source.id, Source.media_info["duration_s"].as_float()).where(Source.id.in_(list(source_ids)))
    )
    return {source_id: length_s for source_id, length_s in rows if length_s is not None}
