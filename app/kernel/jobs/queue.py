"""Every write to the jobs table; each function works in the caller's transaction.

Claiming is one UPDATE … RETURNING (SQLite ≥ 3.35, PostgreSQL with SKIP LOCKED). Results are recorded only while the
lease is still the worker's own, so a worker that was thought dead can never overwrite its successor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ScalarSelect, func, nulls_first, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel.clock import utc_now
from app.kernel.db import insert_for
from app.kernel.errors import Conflict, NotFound
from app.kernel.ids import new_token
from app.kernel.jobs import steps
from app.kernel.jobs.model import Claim, Job, JobState, Priority

log = structlog.get_logger(__name__)

#: Seconds before attempt 2, 3, 4 …; the last repeats.
BACKOFF_S: Sequence[float] = (5, 30, 120, 600)

#: A worker that dies is seldom the fault of what it was doing; only what is always there when one dies is given up.
MOST_LOST = 10

LANE_MEDIA, LANE_DEFAULT = "media", "default"
#: Looking through a source takes as long as reading it: here it delays no small work, and chunks never starve it.
LANE_ANALYSIS = "analysis"
#: A mail server that does not answer holds up nothing but mail.
LANE_MAIL = "mail"
LANES = (LANE_MEDIA, LANE_DEFAULT, LANE_ANALYSIS, LANE_MAIL)


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to add; fields as in `Job`."""

    kind: str
    _: KW_ONLY
    lane: str
    key: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    fair_key: str = ""
    priority: int = Priority.NORMAL
    max_attempts: int = 3
    parent_id: int | None = None
    weight: float = 0.0
    rank: int = 0


def enqueue(db: Session, *jobs: NewJob) -> None:
    """Add jobs, but none for whose key one already waits."""
    now = utc_now()
    state = {"state": JobState.QUEUED, "run_after": now, "created_at": now}
    rows = [{each.name: getattr(job, each.name) for each in fields(job)} | state for job in jobs]
    if rows:
        # Hundreds of steps are handed out at once, while somebody waits for the first of them.
        db.execute(insert_for(db, Job).on_conflict_do_nothing(), rows)


def has_waiting(db: Session, lane: str) -> bool:
    """Tell whether a lane has a job that may be begun now; takes no lock, so another worker may be faster."""
    waiting = select(Job.id).where(Job.lane == lane, Job.state == JobState.QUEUED, Job.run_after <= utc_now())
    return db.scalar(waiting.limit(1)) is not None


def claim(db: Session, lane: str, *, worker: str, lease_s: float) -> Claim | None:
    """Take the next job of a lane: by priority, then the institution served longest ago, then age.

    A step is as old as its parent; steps of one parent go by their rank.
    """
    now = utc_now()
    row = db.scalars(
        update(Job)
        .where(Job.id == _next_in_line(lane, now), Job.state == JobState.QUEUED)
        .values(
            state=JobState.RUNNING,
            lease=new_token(),
            lease_until=now + timedelta(seconds=lease_s),
            worker=worker,
            attempts=Job.attempts + 1,
            started_at=now,
            step="",
            progress=0.0,
            error_code=None,
            error_message=None,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).first()
    return Claim.of(row) if row is not None else None


def _next_in_line(lane: str, now: datetime) -> ScalarSelect[int]:
    waiting, served = aliased(Job), aliased(Job)
    last_served = (
        select(func.max(served.started_at))
        .where(served.fair_key == waiting.fair_key)
        .correlate(waiting)
        .scalar_subquery()
    )
    age = func.coalesce(waiting.parent_id, waiting.id)
    return (
        select(waiting.id)
        .where(waiting.lane == lane, waiting.state == JobState.QUEUED, waiting.run_after <= now)
        .order_by(waiting.priority.desc(), nulls_first(last_served), age, waiting.rank, waiting.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=waiting)
        .scalar_subquery()
    )


def note_obstacle(db: Session, lane: str, *, code: str, message: str) -> None:
    """Tell of the job next in line why this worker leaves it; whoever takes it clears that again."""
    is_news = or_(Job.error_code.is_(None), Job.error_code != code)
    db.execute(
        update(Job)
        .where(Job.id == _next_in_line(lane, utc_now()), Job.state == JobState.QUEUED, is_news)
        .values(error_code=code, error_message=message)
        .execution_options(synchronize_session=False)
    )


def heartbeat(db: Session, claim_: Claim, *, lease_s: float, step: str, progress: float) -> bool:
    """Extend the lease and store progress. Return False when the job is no longer ours or is to be cancelled."""
    row = db.execute(
        update(Job)
        .where(Job.id == claim_.job_id, Job.state == JobState.RUNNING, Job.lease == claim_.lease)
        .values(lease_until=utc_now() + timedelta(seconds=lease_s), step=step, progress=progress)
        .returning(Job.cancel_requested)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None and not row[0]


def finish(db: Session, claim_: Claim, state: JobState, *, code: str | None = None, message: str | None = None) -> bool:
    """Record a final state. Return False (and change nothing) when the lease is no longer ours."""
    values: dict[str, Any] = {
        "state": state,
        "lease": None,
        "lease_until": None,
        "finished_at": utc_now(),
        "error_code": code,
        "error_message": message,
    }
    if state is JobState.SUCCEEDED:
        values["progress"] = 1.0
    return _update_own(db, claim_, values)


def put_back(db: Session, claim_: Claim, *, code: str, message: str) -> bool:
    """Queue the job again after a transient failure, later and later."""
    delay_s = BACKOFF_S[min(claim_.attempt, len(BACKOFF_S)) - 1]
    return _update_own(
        db,
        claim_,
        {
            "state": JobState.QUEUED,
            "lease": None,
            "lease_until": None,
            "run_after": utc_now() + timedelta(seconds=delay_s),
            "error_code": code,
            "error_message": message,
        },
    )


def postpone(db: Session, claim_: Claim, delay_s: float) -> bool:
    """Queue the job again as if it had not been taken: the attempt and its institution's turn do not count."""
    values = {
        "state": JobState.QUEUED,
        "lease": None,
        "lease_until": None,
        "started_at": None,
        "attempts": claim_.attempt - 1,
        "run_after": utc_now() + timedelta(seconds=delay_s),
    }
    return _update_own(db, claim_, values)


def _update_own(db: Session, claim_: Claim, values: dict[str, Any]) -> bool:
    row = db.execute(
        update(Job)
        .where(Job.id == claim_.job_id, Job.state == JobState.RUNNING, Job.lease == claim_.lease)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).first()
    return row is not None


def sweep_expired(db: Session) -> tuple[int, list[Job]]:
    """Requeue jobs whose worker fell silent; those out of attempts fail. Return (requeued, failed rows)."""
    now = utc_now()
    silent = select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now).with_for_update(skip_locked=True)
    requeued, failed = 0, []
    for job in db.scalars(silent).all():
        job.lease, job.lease_until = None, None
        if job.cancel_requested:
            job.state, job.finished_at = JobState.CANCELLED, now
        elif job.attempts >= max(job.max_attempts, MOST_LOST):
            job.state, job.finished_at = JobState.FAILED, now
            job.error_code, job.error_message = "worker_lost", "处理程序多次意外中断，请稍后重试。"
            failed.append(job)
        else:
            job.state, job.run_after = JobState.QUEUED, now
            requeued += 1
        log.warning("job_lease_expired", job_id=job.id, kind=job.kind, attempts=job.attempts, state=job.state)
    return requeued, failed


def running_attempts(db: Session) -> frozenset[tuple[int, int]]:
    """Return (job id, attempt) of everything under way; all other attempts are over."""
    rows = db.execute(select(Job.id, Job.attempts).where(Job.state == JobState.RUNNING))
    return frozenset((job_id, attempt) for job_id, attempt in rows)


def request_cancel(db: Session, job_id: int) -> None:
    """Cancel a waiting job at once, with all its steps; ask a running one to stop at its next heartbeat."""
    job = db.get(Job, job_id)
    if job is None:
        raise NotFound(job_id=job_id)
    if job.state is JobState.QUEUED or job.is_delegated:
        job.state, job.finished_at = JobState.CANCELLED, utc_now()
        steps.cancel_all(db, job.id)
    elif job.state is JobState.RUNNING:
        job.cancel_requested = True


def retry(db: Session, job_id: int) -> None:
    """Queue a failed or cancelled job again, with fresh attempts.

    Raises:
        Conflict: when it is neither.
    """
    job = db.get(Job, job_id)
    if job is None:
        raise NotFound(job_id=job_id)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise Conflict("这个任务不需要重试。", code="job_not_retryable", job_id=job_id, state=job.state)
    job.state, job.run_after, job.finished_at = JobState.QUEUED, utc_now(), None
    job.attempts, job.cancel_requested, job.progress = 0, False, 0.0


def find_latest(db: Session, subject: str, kind: str) -> Job | None:
    """The newest job of a kind on a subject."""
    return db.scalars(
        select(Job).where(Job.subject == subject, Job.kind == kind).order_by(Job.id.desc()).limit(1)
    ).first()


def open_subjects(db: Session, lane: str) -> frozenset[str]:
    """What jobs of a lane that have not ended work on."""
    is_open = Job.state.in_([JobState.QUEUED, JobState.RUNNING])
    return frozenset(db.scalars(select(Job.subject).where(Job.lane == lane, is_open).distinct()))


def count_by_state(db: Session) -> dict[tuple[str, JobState], int]:
    """How many jobs each lane has in each state."""
    rows = db.execute(select(Job.lane, Job.state, func.count()).group_by(Job.lane, Job.state))
    return {(lane, state): count for lane, state, count in rows}
