"""Reads of the operator: the lectures that wait for the encoders or did not get through. Owns no tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, case, exists, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.kernel.clock import utc_now
from app.kernel.errors import NotFound
from app.kernel.jobs.engine import NO_ROOM
from app.kernel.jobs.model import Job, JobState, Priority
from app.kernel.jobs.queue import LANE_MEDIA
from app.library.models import Lecture
from app.media.lineup import Place, get_lineup
from app.media.queries import ENCODE_KIND

PAGE_SIZE: Final = 20
#: Work that waits this long while nobody works has no worker.
_UNATTENDED_AFTER: Final = timedelta(minutes=1)
_OPEN: Final = (JobState.QUEUED, JobState.RUNNING)
_STOPPED: Final = (JobState.FAILED, JobState.CANCELLED)


class QueueView(StrEnum):
    """The two halves of the page."""

    OPEN = "open"
    STOPPED = "stopped"


class LineState(StrEnum):
    """How one lecture stands."""

    WAITING = "waiting"
    WORKING = "working"
    CANCELLING = "cancelling"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One lecture on the page."""

    job_id: int
    title: str
    institution: str
    state: LineState
    #: Made anew by the rules now in force; residents have the old set meanwhile.
    is_renewal: bool
    queued_at: datetime
    duration_s: float | None = None
    chunks_done: int = 0
    chunks_total: int = 0
    percent: int | None = None
    remaining_s: float | None = None
    ahead: int = 0
    #: What keeps or stopped it, in a sentence.
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of one half."""

    lines: Sequence[QueueLine]
    counts: Mapping[QueueView, int]
    page: int
    page_count: int
    #: Seconds of lecture all workers make in a second; None while nothing was made in the last minutes.
    speed: float | None
    #: Work waits and no worker takes it.
    is_unattended: bool
    #: A worker leaves the work because its disk is nearly full.
    is_without_room: bool


def list_queue(db: Session, view: QueueView = QueueView.OPEN, *, page: int = 1, size: int = PAGE_SIZE) -> QueuePage:
    """Load one page; a fixed number of queries however long the queue is."""
    lineup = get_lineup(db)
    stopped = db.scalar(select(func.count()).where(*_is_stopped(Job))) or 0
    counts = {QueueView.OPEN: len(lineup.places), QueueView.STOPPED: stopped}
    page_count = max(1, -(-counts[view] // size))
    page = min(max(page, 1), page_count)
    first = (page - 1) * size
    if view is QueueView.OPEN:
        places = lineup.places[first : first + size]
        lectures = _lectures(db, [place.job for place in places])
        lines = [_open_line(place, lectures.get(place.job.subject)) for place in places]
    else:
        newest = select(Job).where(*_is_stopped(Job)).order_by(Job.finished_at.desc(), Job.id.desc())
        jobs = db.scalars(newest.offset(first).limit(size)).all()
        lectures = _lectures(db, jobs)
        lines = [_stopped_line(job, lectures.get(job.subject)) for job in jobs]
    is_unattended, is_without_room = _attendance(db)
    return QueuePage(lines, counts, page, page_count, lineup.speed, is_unattended, is_without_room)


def get_title(db: Session, job_id: int) -> str:
    """Return what the lecture of an encode is called.

    Raises:
        NotFound: no such encode.
    """
    job = db.get(Job, job_id)
    if job is None or job.kind != ENCODE_KIND:
        raise NotFound(job_id=job_id)
    lecture = _lectures(db, [job]).get(job.subject)
    return lecture.title if lecture is not None else job.subject


def _is_stopped(job: type[Job]) -> tuple[ColumnElement[bool], ...]:
    """Select encodes that ended without a set and were not asked for again."""
    newer = aliased(Job)
    followed = exists().where(newer.subject == job.subject, newer.kind == ENCODE_KIND, newer.id > job.id)
    return job.kind == ENCODE_KIND, job.state.in_(_STOPPED), ~followed


def _lectures(db: Session, jobs: Iterable[Job]) -> Mapping[str, Lecture]:
    by_id = {int(job.subject[8:]): job.subject for job in jobs if job.subject.startswith("lecture:")}
    statement = select(Lecture).where(Lecture.id.in_(by_id)).options(joinedload(Lecture.institution))
    return {by_id[lecture.id]: lecture for lecture in db.scalars(statement)}


def _open_line(place: Place, lecture: Lecture | None) -> QueueLine:
    job = place.job
    is_working = job.state is JobState.RUNNING
    state = LineState.WORKING if is_working else LineState.WAITING
    return QueueLine(
        job_id=job.id,
        title=lecture.title if lecture is not None else job.subject,
        institution=lecture.institution.name if lecture is not None else "",
        state=LineState.CANCELLING if job.cancel_requested else state,
        is_renewal=job.priority <= Priority.RENEWAL,
        queued_at=job.created_at,
        duration_s=place.duration_s,
        chunks_done=place.steps.done,
        chunks_total=place.steps.total,
        percent=int(100 * place.fraction) if is_working or place.steps.total else None,
        remaining_s=place.forecast.remaining_s,
        ahead=place.forecast.ahead,
        reason=place.obstacle,
    )


def _stopped_line(job: Job, lecture: Lecture | None) -> QueueLine:
    return QueueLine(
        job_id=job.id,
        title=lecture.title if lecture is not None else job.subject,
        institution=lecture.institution.name if lecture is not None else "",
        state=LineState.FAILED if job.state is JobState.FAILED else LineState.CANCELLED,
        is_renewal=job.priority <= Priority.RENEWAL,
        queued_at=job.created_at,
        reason=job.error_message or "" if job.state is JobState.FAILED else "",
    )


def _attendance(db: Session) -> tuple[bool, bool]:
    """Return whether no worker is there, and whether one is there without room."""
    is_held = (Job.state == JobState.RUNNING) & Job.lease.is_not(None)
    is_waiting = Job.state == JobState.QUEUED
    held, waiting_since, without_room = db.execute(
        select(
            func.count(case((is_held, 1))),
            func.min(case((is_waiting, Job.run_after))),
            func.count(case((is_waiting & (Job.error_code == NO_ROOM), 1))),
        ).where(Job.lane == LANE_MEDIA, Job.state.in_(_OPEN))
    ).one()
    is_late = waiting_since is not None and waiting_since < utc_now() - _UNATTENDED_AFTER
    return is_late and not held and not without_room, without_room > 0
